"""A run on the toy system in simulated time, with everything that can be varied."""

import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bulkload.connectors.base import Promise
from bulkload.delivery import (
    Credentials,
    DeliveryOptions,
    Journal,
    RunJournal,
    Stop,
    Watcher,
    upload,
)
from bulkload.delivery.opening import connect_sqlite
from bulkload.delivery.writer import InlineWriter
from bulkload.records import Payload, Result
from bulkload.wire import Wire, WireOptions
from tests.delivery.toy import Toy, ToyServer
from tests.delivery.virtual_time import VirtualClock, VirtualLoop, run

QUICK = DeliveryOptions(concurrency=4, quiesce_s=60.0, second_look_s=5.0)


class QuickJournal(Journal):
    """Does not wait for the disk: what these tests ask about is not a power cut."""

    synchronous = "OFF"


@dataclass
class Rig:
    """One journal and one server, for as many runs as a test needs."""

    folder: Path
    promise: Promise = Promise.CREATE
    plan: Sequence[str] = ()
    options: DeliveryOptions = QUICK
    connector: Toy | None = None
    seed: int = 1
    source: str = "source"
    token: str = ""
    new: bool = False
    connect: Callable[[str], Any] = connect_sqlite
    journal_class: type[Journal] = QuickJournal
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    said: list[str] = field(default_factory=list)
    ticks: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ToyServer(self.promise, self.plan)
        self.connector = self.connector or Toy(self.promise)
        self.clock = VirtualClock(self.loop)
        self.last_run = ""
        self.failure: BaseException | None = None

    def open(self) -> Journal:
        return self.journal_class.open(
            self.folder / "journal.sqlite",
            clock=self.clock,
            connect=self.connect,
            make_writer=InlineWriter,
        )

    def deliver(
        self, rows: Iterable[Payload], *, stop: Stop | None = None, **changes: Any
    ) -> list[Result]:
        """Deliver rows in one process' life; what ended it is kept in `failure`."""
        self.failure = None
        options = replace(self.options, **changes)
        with self.open() as journal:
            run_journal = journal.begin(
                source_sha256=self.source, mapping_sha256="mapping", target="toy", new=self.new
            )
            self.last_run = run_journal.run_id
            results: list[Result] = []
            try:
                run(self._upload(rows, run_journal, options, results, stop), self.loop)
                run_journal.finish()
            except Exception as error:  # noqa: BLE001 - tests look at it
                self.failure = error
            self.run_journal = run_journal
            self.journaled = list(journal.results(run_journal.run_id))
        return sorted(results, key=lambda r: r.row_number)

    async def _upload(
        self,
        rows: Iterable[Payload],
        run_journal: RunJournal,
        options: DeliveryOptions,
        results: list[Result],
        stop: Stop | None,
    ) -> None:
        assert self.connector is not None
        credentials = Credentials(self.connector, self.token or "token")
        wire = Wire(
            "http://toy.example",
            authorization=credentials.headers,
            transport=self.server,
            options=WireOptions(),
        )
        async with wire:
            async for result in upload(
                rows,
                connector=self.connector,
                wire=wire,
                journal=run_journal,
                options=options,
                clock=self.clock,
                jitter=random.Random(self.seed),
                credentials=credentials,
                watcher=Watcher(say=self.said.append, tick=self.ticks.append),
                stop=stop,
            ):
                results.append(result)  # noqa: PERF401 - what arrives before an error counts

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Look into the journal's file."""
        connection = sqlite3.connect(self.folder / "journal.sqlite")
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()
