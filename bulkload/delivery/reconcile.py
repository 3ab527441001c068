"""Rows of unknown outcome: wait until the request can no longer be applied, then look twice.

    one customer    the row is created (or existing), with that id
    nobody, twice   it is sent again
    several, or no key to look up by    a person looks: review

Assumptions, printed in the README: a request is not applied later than `quiesce_s` after it was
sent (A1), and a look-up after that time sees it (A2). With `on_unknown=review` neither is needed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping

from bulkload.connectors.base import FindsOwn, Promise
from bulkload.delivery.directory import Match, look_up, match, usable_keys
from bulkload.delivery.entries import RowState
from bulkload.delivery.exchange import TOLD_FROM_S, Exchange
from bulkload.delivery.jobs import Board, Job
from bulkload.delivery.options import OnUnknown
from bulkload.delivery.paging import Paging
from bulkload.records import Action, Customer, Status

LOOKS = 2
REFERENCE = "reference"
"""bulkload's own reference, in systems that keep one with the customer."""
CREATED_SKEW_S = 300.0
"""How far the system's clock may be off when it says when a customer was created."""
_CREATED_NAMES = ("createdAt", "created_at", "created")


class Reconciler:
    """Decides rows of unknown outcome beside the workers; it never holds them up.

    Args:
        exchange: Where to look.
        board: Where decided rows leave, and released ones become ready.
    """

    def __init__(self, exchange: Exchange, board: Board) -> None:
        self._exchange = exchange
        self._board = board
        self._options = exchange.options
        self._began = exchange.clock.monotonic()
        self._due: list[tuple[float, int, Job]] = []
        self._news = asyncio.Event()
        self._is_told = False
        """The user knows that rows wait; more of them wait behind the first."""

    @property
    def waiting(self) -> int:
        """Rows that wait to be looked up."""
        return len(self._due)

    async def take(self, job: Job) -> None:
        """Take a row whose outcome is unknown, or whose customer the system says is there."""
        if not usable_keys(self._exchange, job.payload) and not self._own(job):
            await self._review(job, "the row has no e-mail or phone to look it up by")
        elif self._options.on_unknown is OnUnknown.REVIEW and job.may_be_applied:
            await self._review(job, "its answer was lost")
        else:
            self._wait(job, self._quiet_at(job))

    def _quiet_at(self, job: Job) -> float:
        """Return when no request for this customer can be applied any more.

        What an earlier process sent has an unknown age, since clocks jump: it counts from the
        start of this one.
        """
        if job.holder_in_review or job.look_now:
            return self._exchange.clock.monotonic()
        return max(job.last_sent, self._began) + self._options.quiesce_s

    def _wait(self, job: Job, due: float) -> None:
        self._due.append((due, job.row_number, job))
        self._news.set()

    async def run(self) -> None:
        """Look rows up as they become due, for ever."""
        clock = self._exchange.clock
        while True:
            now = clock.monotonic()
            ready = [entry for entry in self._due if entry[0] <= now]
            if ready:
                self._due = [entry for entry in self._due if entry[0] > now]
                await self._look([job for _, _, job in sorted(ready, key=lambda e: e[:2])])
                continue
            self._news.clear()
            if not self._due:
                await self._news.wait()
                continue
            wait_s = min(entry[0] for entry in self._due) - now
            if wait_s >= TOLD_FROM_S and not self._is_told:
                self._is_told = True
                self._exchange.say_wait(
                    wait_s, "an answer is missing; its row is looked up when it can change no more"
                )
            await clock.sleep(wait_s)

    async def _look(self, jobs: list[Job]) -> None:
        # Where bulkload's own reference proves who created a customer, no list can replace it.
        by_list = self._exchange.promises.can_list and not any(self._own(job) for job in jobs)
        if by_list and len(jobs) > self._options.snapshot_above:
            jobs = await self._walk(jobs)
        gate = asyncio.Semaphore(max(1, self._options.concurrency // 2))

        async def one(job: Job) -> None:
            async with gate:
                await self._decide(job, await self._asked(job))

        try:
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    group.create_task(one(job))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _walk(self, jobs: list[Job]) -> list[Job]:
        """Look many rows up with one walk through all customers; return those it cannot decide."""
        wanted: dict[tuple[str, str], list[Job]] = {}
        for job in jobs:
            for key in job.payload.keys.items():
                wanted.setdefault(key, []).append(job)
        found: dict[int, dict[str, Match]] = {}
        paging = Paging(self._exchange)
        async for customer in paging.customers(strict=False):
            keys = self._exchange.connector.keys_of(customer)
            for job in {id(j): j for key in keys.items() for j in wanted.get(key, ())}.values():
                one = match(job.payload, customer, keys)
                if one is not None:
                    found.setdefault(job.row_number, {})[one.remote_id] = one
        # A list that hides somebody proves nobody's absence.
        left = [job for job in jobs if paging.missing and job.row_number not in found]
        for job in jobs:
            if job not in left:
                await self._decide(job, list(found.get(job.row_number, {}).values()))
        return left

    async def _asked(self, job: Job) -> list[Match]:
        """Look one row up; the second time by another key, if it has one."""
        connector = self._exchange.connector
        if isinstance(connector, FindsOwn) and (own := connector.find_own(job.payload)):
            response = await self._exchange.read(own)
            found = connector.customers(response)
            if found or not job.conflict:
                return [Match(c.remote_id, REFERENCE, "", c) for c in found]
            # Somebody else holds one of its keys.
            return await look_up(self._exchange, job.payload)
        names = usable_keys(self._exchange, job.payload)
        return await look_up(self._exchange, job.payload, (names[job.looks % len(names)],))

    def _own(self, job: Job) -> bool:
        connector = self._exchange.connector
        return isinstance(connector, FindsOwn) and connector.find_own(job.payload) is not None

    async def _decide(self, job: Job, found: list[Match]) -> None:
        if len(found) > 1:
            ids = ", ".join(one.remote_id for one in found[:5])
            await self._review(job, f"several customers have its keys: {ids}")
        elif found and found[0].contradicts and job.may_be_applied:
            await self._review(
                job,
                f"customer {found[0].remote_id} has its {found[0].key}"
                f" but another {found[0].contradicts}",
            )
        elif found:
            await self._there(job, found[0])
        else:
            await self._nobody(job)

    async def _there(self, job: Job, found: Match) -> None:
        if job.holder is not None:
            if not job.holder_in_review:
                await self._board.journal.settle_other(job.holder, job.keys, found.remote_id)
            status, message = Status.EXISTING, "an interrupted run had created the customer"
        elif not job.may_be_applied or (self._own(job) and found.key != REFERENCE):
            status, message = (
                Status.EXISTING,
                f"a customer with the same {found.key} was there before",
            )
        elif self._older(job, found.customer):
            status, message = Status.EXISTING, "the customer is older than the request"
        else:
            status = Status.CREATED
            message = "found by look-up after its answer was lost"
        if status is Status.EXISTING and job.payload.action is not Action.CREATE:
            job.remote_id, job.holder, job.conflict = found.remote_id, None, False
            self._board.go_later(job, 0.0)
            return
        effects = self._exchange.connector.effects(job.payload, found.remote_id)
        if effects and status is Status.CREATED:
            await self._board.note(
                job, RowState.APPLIED, None, status=status, remote_id=found.remote_id
            )
            self._board.go_later(job, 0.0)
            return
        await self._board.finish(
            job,
            status,
            deliver=status is Status.CREATED,
            found=status is Status.EXISTING,
            remote_id=found.remote_id,
            message=message,
        )

    async def _nobody(self, job: Job) -> None:
        job.looks += 1
        if job.looks < LOOKS and not job.holder_in_review:
            self._wait(job, self._exchange.clock.monotonic() + self._options.second_look_s)
            return
        job.looks = 0
        if job.holder is not None and (
            job.holder_in_review or self._options.on_unknown is OnUnknown.REVIEW
        ):
            await self._review(job, "an earlier run left this customer undecided")
            return
        if job.holder is not None:
            await self._board.journal.settle_other(job.holder, job.keys, None)
            job.holder = None
            self._board.go_later(job, 0.0)
            return
        keyed = self._exchange.promises.create is Promise.KEYED
        if job.conflict and not job.may_be_applied and not keyed:
            await self._fail(job, "the system says that the customer is there, but shows none")
        elif job.failures >= self._options.attempts:
            await self._fail(job, f"sent {job.failures} times without effect: {job.why}")
        else:
            await self._release(job)

    async def _release(self, job: Job) -> None:
        """Let a row be sent again.

        That nobody is shown proves only after the quiet time that no request of it was applied.
        Before, it may only be repeated as it was, where that is harmless.
        """
        job.conflict, job.absent = False, True
        if self._exchange.clock.monotonic() >= job.last_sent + self._options.quiesce_s:
            job.may_be_applied = False
            job.idempotency_key = ""  # what the system remembers under the old one is a failure
        if not job.may_be_applied:
            await self._board.note(job, RowState.PENDING, None)
        self._exchange.retried()
        self._board.go_later(job, 0.0)

    async def _fail(self, job: Job, why: str) -> None:
        await self._board.finish(job, Status.FAILED, message=why)

    async def _review(self, job: Job, why: str) -> None:
        suffix = f" ({job.why})" if job.why else ""
        await self._board.finish(
            job,
            Status.REVIEW,
            message=f"it cannot be proven whether the customer was created: {why}{suffix}",
        )

    def _older(self, job: Job, customer: Customer | None) -> bool:
        attempt = self._board.journal.last_attempt(job.row_number)
        created_s = _created_s(customer.fields) if customer else None
        if attempt is None or created_s is None:
            return False
        first = self._board.journal.first_sent_s(job.row_number)
        return created_s < first - CREATED_SKEW_S


def was_created_since(customer: Customer, since_s: float) -> bool:
    """Whether the system says that it created the customer then or later; False if it does not."""
    created_s = _created_s(customer.fields)
    return created_s is not None and created_s >= since_s - CREATED_SKEW_S


def _created_s(fields: Mapping[str, object]) -> float | None:
    """Return the Unix time at which the system says that it created a customer."""
    for name in _CREATED_NAMES:
        value = fields.get(name)
        if isinstance(value, str):
            try:
                moment = dt.datetime.fromisoformat(value)
            except ValueError:
                continue
            return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    return None
