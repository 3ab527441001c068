"""A payload on its way, and the board on which all of them move.

ready      may be sent
waiting    for a pause to end, or for another row of the same customer
unknown    for the time when a look-up can tell
finished   its result is on its way to the caller
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import random
import uuid
from collections import deque
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bulkload.delivery.clock import Clock
from bulkload.delivery.entries import Attempt, RowEntry, RowState, may_move
from bulkload.delivery.run_journal import RunJournal
from bulkload.records import Payload, Result, Status


@dataclass(slots=True)
class Job:
    """One payload and where it stands."""

    payload: Payload
    keys: tuple[bytes, ...]
    entry: RowEntry
    sends: int = 0
    """Requests that have left for it, over all processes."""
    failures: int = 0
    """Attempts used up, in this process."""
    cost: int = 0
    """Tokens of the retry quota that it took."""
    idempotency_key: str = ""
    key_made_s: float = -math.inf
    """Unix time of the first send with that key."""
    remote_id: str = ""
    """Of the customer, where an earlier run knows it."""
    may_be_applied: bool = False
    """A request of this row has left whose effect is not known."""
    conflict: bool = False
    """The system said that the customer is there."""
    look_now: bool = False
    """What its last answer proves makes waiting for the quiet time needless."""
    holder: tuple[int, int] | None = None
    """Run and row that left the same customer undecided."""
    holder_in_review: bool = False
    absent: bool = False
    """It has been looked for, and nobody was there."""
    last_sent: float = -math.inf
    """Monotonic."""
    looks: int = 0
    """Look-ups that found nobody."""
    waited_behind: bool = False
    """Another row of the same customer went first; what that one did has to be asked for."""
    signed_in_again: bool = False
    why: str = ""
    """What came back last, in words."""

    @property
    def row_number(self) -> int:
        """Of the payload."""
        return self.payload.row_number

    def move(self, state: RowState, **changes: Any) -> RowEntry:
        """Change the entry; what is decided stays decided."""
        if not may_move(self.entry.state, state):
            raise AssertionError(f"row {self.row_number}: {self.entry.state} cannot become {state}")
        self.entry = dataclasses.replace(self.entry, state=state, attempts=self.sends, **changes)
        return self.entry

    def fresh_key(self, jitter: random.Random) -> str:
        """Make a new idempotency key."""
        self.idempotency_key = str(uuid.UUID(int=jitter.getrandbits(128), version=4))
        self.key_made_s = -math.inf
        return self.idempotency_key


class Board:
    """Where jobs wait, and how they leave."""

    def __init__(self, journal: RunJournal, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock
        self.ready: asyncio.Queue[Job] = asyncio.Queue()
        self.finished: asyncio.Queue[Result | BaseException | None] = asyncio.Queue()
        """Results, what ended the run early, and None once every job has left."""
        self.in_flight: set[asyncio.Task[Any] | None] = set()
        """Workers between an intent and its answer: they are not disturbed."""
        self.fresh: set[int] = set()
        """Ready rows whose first turn is still to come, by number."""
        self.all_taken_in = False
        self.settling: set[asyncio.Future[None]] = set()
        """Results on their way to the disk."""
        self.unfinished = 0
        """Jobs taken in and not finished."""
        self.given_up = 0
        self.given_up_why = ""
        self.room = asyncio.Event()
        self.room.set()
        self._held: dict[bytes, Job] = {}
        self._behind: dict[int, deque[Job]] = {}
        self._timers: set[asyncio.Task[None]] = set()

    def end_if_empty(self) -> None:
        """Tell the caller when the last job has left."""
        if self.all_taken_in and self.unfinished == 0:
            self.finished.put_nowait(None)

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Mark the current worker as one that waits for an answer."""
        worker = asyncio.current_task()
        self.in_flight.add(worker)
        try:
            yield
        finally:
            self.in_flight.discard(worker)

    def go(self, job: Job) -> None:
        """Make a job ready, or let it wait behind the row that speaks of the same customer."""
        ahead = next((h for k in job.keys if (h := self._held.get(k)) and h is not job), None)
        if ahead is not None:
            job.waited_behind = True
            self._behind.setdefault(ahead.row_number, deque()).append(job)
            return
        for key in job.keys:
            self._held[key] = job
        self.fresh.add(job.row_number)
        self.ready.put_nowait(job)

    def go_later(self, job: Job, seconds: float) -> None:
        """Make a job ready after a pause."""
        if seconds <= 0:
            self.ready.put_nowait(job)
            return

        async def later() -> None:
            await self.clock.sleep(seconds)
            self.ready.put_nowait(job)

        self.start(later())

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the workers until the board closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    def close(self) -> None:
        """Forget all pauses."""
        for task in self._timers:
            task.cancel()

    async def note(
        self, job: Job, state: RowState, attempt: Attempt | None, **changes: Any
    ) -> None:
        """Write that a job goes on: pending again, unknown, submitted, applied."""
        await self.journal.answer(job.move(state, **changes), job.keys, attempt)

    async def finish(
        self,
        job: Job,
        status: Status,
        attempt: Attempt | None = None,
        *,
        deliver: bool = False,
        found: bool = False,
        http_status: int | None = None,
        message: str = "",
        remote_id: str = "",
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Write a job's result; it is handed over once it is on disk.

        The caller does not wait for that: the intent that it writes next shares the commit.

        Args:
            job: The job.
            status: How it ended.
            attempt: The send that decided it, if one did.
            deliver: Whether later runs are to know this customer by this content.
            found: Whether later runs are to know that this customer is there.
            http_status: Of the deciding answer.
            message: For people, without contact data.
            remote_id: Of the customer.
            extra: Further columns.
        """
        entry = job.move(
            RowState.DONE,
            status=status,
            remote_id=remote_id or job.entry.remote_id,
            http_status=http_status if http_status is not None else job.entry.http_status,
            message=message,
            extra={**job.entry.extra, **(extra or {})},
        )
        digest = self.journal.digest(job.payload) if deliver else b"" if found else None
        written = self.journal.answer(entry, job.keys, attempt, digest=digest)
        self.settling.add(written)
        written.add_done_callback(lambda done: self._settled(job, entry, done))

    def _settled(self, job: Job, entry: RowEntry, done: asyncio.Future[None]) -> None:
        self.settling.discard(done)
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            self.finished.put_nowait(error)
        else:
            self.hand_over(job, entry)

    def hand_over(self, job: Job, entry: RowEntry) -> None:
        """Give a decided row's result to the caller, and way to the rows behind it."""
        self.finished.put_nowait(entry.result(job.payload.key))
        self._leave(job)

    def give_up(self, job: Job) -> None:
        """Leave a row pending: this run cannot send it, the next one tries again."""
        self.given_up += 1
        self.given_up_why = job.why
        entry = dataclasses.replace(job.entry, state=RowState.PENDING, message=job.why)
        self.finished.put_nowait(entry.result(job.payload.key))
        self._leave(job)

    def _leave(self, job: Job) -> None:
        self.unfinished -= 1
        self.room.set()
        self.end_if_empty()
        for key in job.keys:
            if self._held.get(key) is job:
                del self._held[key]
        for follower in self._behind.pop(job.row_number, ()):
            self.go(follower)
