"""The durable record of intents and answers, one file per profile.

Journal.open(path)          locked, checked, one writing thread
  begin(...) -> RunJournal  a new run, or the unfinished one of the same source and mapping
    standings(...)          what is known of these rows and their customers
    intent(...)             on disk before the first byte leaves
    answer(...)             on disk before the next thing is done with that row
    results()               the results file, in row order, at any time
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from bulkload.delivery import schema
from bulkload.delivery.clock import Clock, SystemClock
from bulkload.delivery.entries import (
    Attempt,
    Binding,
    Delivered,
    RowEntry,
    RowState,
    RunSummary,
    Standing,
    key_digests,
    sealed_digest,
)
from bulkload.delivery.lock import HolderLock
from bulkload.delivery.opening import (
    Connect,
    connect_read_only,
    connect_sqlite,
    create,
    damaged,
    open_checked,
)
from bulkload.delivery.writer import (
    Change,
    Commits,
    InlineWriter,
    Statement,
    ThreadWriter,
    Writer,
)
from bulkload.errors import BadInputError
from bulkload.records import Payload, Result, Status

_PAGE_ROWS = 5000
_KEYS_IN_A_QUESTION = 400


class Journal:
    """One profile's journal; a context manager."""

    synchronous: ClassVar[str] = "FULL"
    """With NORMAL a power cut takes back commits that had returned, intents among them."""

    def __init__(self, path: Path, writer: Writer, clock: Clock, lock: HolderLock | None) -> None:
        self.path = path
        self.clock = clock
        self.writer = writer
        self._lock = lock
        self.secret: bytes = self.ask("SELECT secret FROM journal")[0][0]

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        clock: Clock | None = None,
        connect: Connect = connect_sqlite,
        make_writer: Callable[[Commits], Writer] = ThreadWriter,
    ) -> Self:
        """Open or make the journal at `path` and lock it.

        Raises:
            BadInputError: It is damaged, lost, foreign, or of another version.
            JournalBusyError: Another run holds it.
        """
        path, clock = Path(path).absolute(), clock or SystemClock()
        lock = HolderLock(path.with_name(path.name + ".lock"))
        lock.acquire()
        try:
            writer = make_writer(cls._opened(path, clock, connect, lock))
        except BaseException:
            lock.release()
            raise
        return cls(path, writer, clock, lock)

    @classmethod
    def read(cls, path: str | Path, *, clock: Clock | None = None) -> Self:
        """Open the journal for reading only, also while a run writes it.

        Raises:
            BadInputError: It is damaged, foreign, or of another version.
        """
        path = Path(path).absolute()
        connection = open_checked(path, connect_read_only)
        writer = InlineWriter(Commits(connection, 0, lambda _count: None))
        return cls(path, writer, clock or SystemClock(), None)

    @classmethod
    def _opened(cls, path: Path, clock: Clock, connect: Connect, lock: HolderLock) -> Commits:
        sealed = lock.sealed
        if not path.exists() or (path.stat().st_size == 0 and sealed == 0):
            if sealed > 0:
                raise BadInputError(
                    "the journal is gone, but its .lock file says that there was one;"
                    " nothing was sent",
                    where=str(path),
                    fix="put it back, or remove the .lock file as well: then customers who are there"
                    " already are found by comparing with the system before anything is sent",
                )
            connection = create(path, connect, synchronous=cls.synchronous, epoch_s=clock.epoch_s())
        else:
            connection = open_checked(path, connect, synchronous=cls.synchronous)
        count = connection.execute("SELECT commits FROM journal").fetchone()[0]
        if count < sealed:
            connection.close()
            raise damaged(path, f"its last {sealed - count} commits are missing")
        return Commits(connection, count, lock.seal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is waiting, then let go of file and lock."""
        self.writer.close()
        if self._lock is not None:
            self._lock.release()

    def begin(
        self,
        *,
        source_sha256: str,
        mapping_sha256: str,
        target: str,
        facts: Mapping[str, Any] | None = None,
        new: bool = False,
    ) -> RunJournal:
        """Return the unfinished run of exactly this, or a new one.

        Args:
            source_sha256: Of the file.
            mapping_sha256: Of the mapping document.
            target: Whatever else the run is bound to: connector, host, program, action.
            facts: JSON for people and for `resume`: names and paths, never a secret.
            new: Begin a new run even if there is an unfinished one.
        """
        binding = Binding(source_sha256, mapping_sha256, target)
        if not new:
            unfinished = self.ask(
                "SELECT run_id FROM run WHERE state = 'open' AND source_sha256 = ?"
                " AND mapping_sha256 = ? AND target = ? ORDER BY number DESC LIMIT 1",
                (source_sha256, mapping_sha256, target),
            )
            if unfinished:
                return RunJournal(self, self.run(unfinished[0][0]), resumed=True)
        now = int(self.clock.epoch_s())
        stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        run_id = f"{stamp}-{secrets.token_hex(2)}"
        self.write(
            [
                (
                    "INSERT INTO run VALUES (NULL, ?, ?, NULL, 'open', ?, ?, ?, ?, NULL)",
                    (run_id, now, *binding.columns, json.dumps(dict(facts or {}))),
                )
            ]
        )
        return RunJournal(self, self.run(run_id), resumed=False)

    def resume(self, run_id: str) -> RunJournal:
        """Return a run by its id, to go on with it."""
        return RunJournal(self, self.run(run_id), resumed=True)

    def runs(self) -> list[RunSummary]:
        """Return all runs, the newest first."""
        counts: dict[int, dict[Status, int]] = {}
        for number, status, rows in self.ask(
            "SELECT run, status, count(*) FROM row GROUP BY run, status"
        ):
            counts.setdefault(number, {})[Status(status)] = rows
        return [
            RunSummary.of(columns, counts.get(columns[0], {}))
            for columns in self.ask("SELECT * FROM run ORDER BY number DESC")
        ]

    def run(self, run_id: str) -> RunSummary:
        """Return one run by its id, or by an unmistakable beginning of it.

        Raises:
            BadInputError: There is none, or more than one.
        """
        found = [run for run in self.runs() if run.run_id.startswith(run_id)]
        exact = [run for run in found if run.run_id == run_id]
        if len(exact or found) != 1:
            raise BadInputError(
                f"there is no run `{run_id}`" if not found else f"`{run_id}` fits several runs",
                where=str(self.path),
                fix="`bulkload runs` lists them",
            )
        return (exact or found)[0]

    def results(self, run_id: str) -> Iterator[Result]:
        """Return the results of a run in row order; their keys are not in the journal."""
        number, after = self.run(run_id).number, -1
        while page := self.ask(
            "SELECT row_number, state, status, remote_id, http_status, attempts, message, extra"
            " FROM row WHERE run = ? AND row_number > ? ORDER BY row_number LIMIT ?",
            (number, after, _PAGE_ROWS),
        ):
            after = page[-1][0]
            yield from (RowEntry.of(columns).result() for columns in page)

    def ask(self, question: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that answer an SQL question."""
        return self.writer.ask(
            lambda connection: [tuple(r) for r in connection.execute(question, tuple(parameters))]
        )

    def write(self, change: Change) -> None:
        """Write a change and wait until it is on disk."""
        self.writer.write(change)


class RunJournal:
    """One run's part of the journal."""

    def __init__(self, journal: Journal, summary: RunSummary, *, resumed: bool) -> None:
        self.journal = journal
        self.summary = summary
        self.run_id = summary.run_id
        self.number = summary.number
        self.resumed = resumed
        """Whether an earlier process had begun this run."""
        self.delivered_before = 0
        """Payloads so far that an earlier run had delivered."""
        self.delivered_before_s = 0
        """Unix time of the newest of those deliveries."""
        self.use_delivered = True

    def keys(self, payload: Payload, occurrence: int = 0) -> tuple[bytes, ...]:
        """Return what the payload's customer is called in the journal."""
        secret, target = self.journal.secret, self.summary.binding.target
        return key_digests(secret, target, payload, occurrence)

    def digest(self, payload: Payload) -> bytes:
        """Return what the payload's content is called in the journal."""
        return sealed_digest(self.journal.secret, payload)

    def standings(self, wanted: Sequence[tuple[int, tuple[bytes, ...]]]) -> list[Standing]:
        """Return what is known of rows and their customers, in the same order.

        Args:
            wanted: Row numbers in ascending order, each with its keys.
        """
        if not wanted:
            return []
        rows = {
            columns[0]: RowEntry.of(columns)
            for columns in self.journal.ask(
                "SELECT row_number, state, status, remote_id, http_status, attempts, message, extra"
                " FROM row WHERE run = ? AND row_number BETWEEN ? AND ?",
                (self.number, wanted[0][0], wanted[-1][0]),
            )
        }
        keys = [key for _, row_keys in wanted for key in row_keys]
        delivered = self._by_key("SELECT d.*, r.run_id FROM delivered d JOIN run r ON r.number = d.run WHERE key IN", keys)  # fmt: skip
        held = self._by_key(schema.HELD, keys)
        found = []
        for row_number, row_keys in wanted:
            known = next((delivered[key] for key in row_keys if key in delivered), None)
            holders = {held[key][1:] for key in row_keys if key in held}
            holder = min((h for h in holders if h[:2] != (self.number, row_number)), default=None)
            entry = rows.get(row_number)
            found.append(
                Standing(
                    entry,
                    Delivered.of(known) if known and self.use_delivered else None,
                    holder[:2] if holder else None,
                    bool(holder and holder[2]),
                    self.last_attempt(row_number) if entry and entry.is_open else None,
                )
            )
        return found

    def _by_key(self, question: str, keys: list[bytes]) -> dict[bytes, tuple[Any, ...]]:
        found: dict[bytes, tuple[Any, ...]] = {}
        for start in range(0, len(keys), _KEYS_IN_A_QUESTION):
            part = keys[start : start + _KEYS_IN_A_QUESTION]
            marks = ", ".join("?" * len(part))
            found |= {row[0]: row for row in self.journal.ask(f"{question} ({marks})", part)}
        return found

    def last_attempt(self, row_number: int, run: int | None = None) -> Attempt | None:
        """Return the newest send of a row; None if it was never sent."""
        found = self.journal.ask(
            "SELECT n, operation, idempotency_key, sent_s, outcome FROM attempt"
            " WHERE run = ? AND row_number = ? ORDER BY n DESC LIMIT 1",
            (self.number if run is None else run, row_number),
        )
        return Attempt(*found[0]) if found else None

    def first_sent_s(self, row_number: int) -> int:
        """Return the Unix time of a row's first send; 0 if it was never sent."""
        found = self.journal.ask(
            "SELECT min(sent_s) FROM attempt WHERE run = ? AND row_number = ?",
            (self.number, row_number),
        )
        return int(found[0][0] or 0)

    def effects(self, row_number: int) -> dict[int, tuple[str, str, int]]:
        """Return state, idempotency key and time of sending of a row's effects, by step."""
        return {
            step: (state, key, sent_s)
            for step, state, key, sent_s in self.journal.ask(
                "SELECT step, state, idempotency_key, sent_s FROM effect"
                " WHERE run = ? AND row_number = ?",
                (self.number, row_number),
            )
        }

    def effect_intent(
        self, entry: RowEntry, step: int, name: str, attempt: Attempt
    ) -> asyncio.Future[None]:
        """Note that the request of an effect is about to leave."""
        row_number = entry.row_number
        return self.journal.writer.put(
            [
                self._put(entry),
                self._put_attempt(row_number, attempt),
                self._put_effect(row_number, step, name, "intent", attempt),
            ]
        )

    def effect_answer(
        self, row_number: int, step: int, name: str, state: str, attempt: Attempt
    ) -> asyncio.Future[None]:
        """Note where an effect stands after an answer: done, open, or not begun (empty)."""
        change = [self._put_effect(row_number, step, name, state, attempt)]
        if attempt.n:
            change.append(self._close_attempt(row_number, attempt))
        return self.journal.writer.put(change)

    async def settle_other(
        self, holder: tuple[int, int], keys: Iterable[bytes], remote_id: str | None
    ) -> None:
        """Decide the row of an interrupted run that held a customer of this one.

        Args:
            holder: Run and row.
            keys: Of the customer.
            remote_id: Who was found; None if nobody is there, so that the row was never applied.
        """
        if remote_id is None:
            change: list[Statement] = [(schema.RELEASE_OTHER, holder)]
        else:
            change = [(schema.DECIDE_OTHER, (remote_id, *holder))]
        change += [(schema.CLOSE_KEY, (key, *holder)) for key in keys]
        await self.journal.writer.put(change)

    def intent(
        self, entry: RowEntry, keys: Iterable[bytes], attempt: Attempt
    ) -> asyncio.Future[None]:
        """Note that a request is about to leave; it may once the future is done."""
        change: list[Statement] = [
            self._put(entry),
            (
                schema.PUT_ATTEMPT,
                (self.number, entry.row_number, attempt.n, attempt.operation,
                 attempt.idempotency_key, attempt.sent_s),
            ),
        ]  # fmt: skip
        change += [(schema.OPEN_KEY, (key, self.number, entry.row_number)) for key in keys]
        return self.journal.writer.put(change)

    def answer(
        self,
        entry: RowEntry,
        keys: Iterable[bytes],
        attempt: Attempt | None = None,
        *,
        digest: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Note where a row stands after an answer, a look-up or a decision.

        Args:
            entry: The row as it stands.
            keys: Of its customer.
            attempt: The send that was answered, with its outcome; None if nothing had been sent.
            digest: Of the payload; given where later runs are to know the customer as delivered.
        """
        change: list[Statement] = [self._put(entry)]
        if attempt is not None:
            change.append(self._close_attempt(entry.row_number, attempt))
        if entry.lets_go:
            change += [(schema.CLOSE_KEY, (key, self.number, entry.row_number)) for key in keys]
        if digest is not None:
            now = int(self.journal.clock.epoch_s())
            change += [
                (schema.PUT_DELIVERED, (key, entry.remote_id, digest, now, self.number, entry.row_number))
                for key in keys
            ]  # fmt: skip
        return self.journal.writer.put(change, urgent=False)

    def note(self, rows: Iterable[tuple[int, Status]]) -> None:
        """Record rows that are not sent at all: rejected, duplicate, skipped."""
        change = [
            self._put(RowEntry(row_number, RowState.DONE, status)) for row_number, status in rows
        ]
        if change:
            self.journal.write(change)

    def results(self) -> Iterator[Result]:
        """Return the results so far, in row order; their keys are not in the journal."""
        return self.journal.results(self.run_id)

    def finish(self, *, rows: int | None = None) -> bool:
        """Mark the run as complete if no row of it is open; return whether it is.

        Args:
            rows: Rows of the source, so that the counts can be checked later.
        """
        undecided = self.journal.ask(
            "SELECT count(*) FROM row WHERE run = ? AND state != 'done'", (self.number,)
        )[0][0]
        if undecided:
            return False
        now = int(self.journal.clock.epoch_s())
        self.journal.write([(schema.FINISH_RUN, (now, rows, self.number))])
        return True

    def _put(self, entry: RowEntry) -> Statement:
        return schema.PUT_ROW, (self.number, *entry.columns)

    def _put_attempt(self, row_number: int, attempt: Attempt) -> Statement:
        return schema.PUT_ATTEMPT, (
            self.number, row_number, attempt.n, attempt.operation, attempt.idempotency_key,
            attempt.sent_s,
        )  # fmt: skip

    def _close_attempt(self, row_number: int, attempt: Attempt) -> Statement:
        return schema.CLOSE_ATTEMPT, (
            attempt.outcome, attempt.http_status, attempt.exception, self.number, row_number,
            attempt.n,
        )  # fmt: skip

    def _put_effect(
        self, row_number: int, step: int, name: str, state: str, attempt: Attempt
    ) -> Statement:
        return schema.PUT_EFFECT, (
            self.number, row_number, step, name, state, attempt.idempotency_key, attempt.sent_s
        )  # fmt: skip
