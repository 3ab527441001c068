"""The durable record of intents and answers, one file per profile.

Journal.open(path)          locked, checked, one writing thread
  begin(...) -> RunJournal  a new run, or the unfinished one of the same source and mapping
    standings(...)          what is known of these rows and their customers
    intent(...)             on disk before the first byte leaves
    answer(...)             on disk before the next thing is done with that row
    results()               the results file, in row order, at any time
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from bulkload.delivery import schema
from bulkload.delivery.clock import Clock, SystemClock
from bulkload.delivery.disks import Mounts, refuse_network, system_mounts
from bulkload.delivery.entries import Binding, RowEntry, RunSummary
from bulkload.delivery.lock import HolderLock
from bulkload.delivery.opening import (
    Connect,
    connect_read_only,
    connect_sqlite,
    create,
    damaged,
    fingerprint_of,
    open_checked,
)
from bulkload.delivery.run_journal import FORGETS, RunJournal
from bulkload.delivery.writer import Change, Commits, InlineWriter, ThreadWriter, Writer
from bulkload.errors import BadInputError
from bulkload.records import Result, Status

_PAGE_ROWS = 5000


class Journal:
    """One profile's journal; a context manager."""

    synchronous: ClassVar[str] = "FULL"
    """With NORMAL a power cut takes back commits that had returned, intents among them."""
    run_class: ClassVar[type[RunJournal]] = RunJournal

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
        mounts: Mounts = system_mounts,
    ) -> Self:
        """Open or make the journal at `path` and lock it.

        Raises:
            BadInputError: It is damaged, lost, foreign, of another version, or on a network disk.
            JournalBusyError: Another run holds it.
        """
        path, clock = Path(path).absolute(), clock or SystemClock()
        refuse_network(path, mounts)
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
            connection = open_checked(
                path, connect, synchronous=cls.synchronous, fingerprint=lock.fingerprint
            )
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
            self._lock.release(fingerprint_of(self.path) if self.path.exists() else "")

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
            new: Begin a new run even if there is an unfinished one, and ask the system instead of
                believing what earlier runs delivered.
        """
        binding = Binding(source_sha256, mapping_sha256, target)
        if not new:
            unfinished = self.ask(schema.UNFINISHED, binding.columns)
            if unfinished:
                return self.resume(unfinished[0][0])
        now = int(self.clock.epoch_s())
        stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        run_id = f"{stamp}-{secrets.token_hex(2)}"
        said = json.dumps({**(facts or {}), FORGETS: new})
        self.write([(schema.PUT_RUN, (run_id, now, *binding.columns, said))])
        return self.run_class(self, self.run(run_id), resumed=False)

    def resume(self, run_id: str) -> RunJournal:
        """Return a run by its id, to go on with it."""
        return self.run_class(self, self.run(run_id), resumed=True)

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
        while page := self.ask(schema.ROWS_AFTER, (number, after, _PAGE_ROWS)):
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
