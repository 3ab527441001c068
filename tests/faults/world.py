"""One small import in simulated time, with as many lives as it takes.

    with World(rows=12, seed=7) as world:
        world.network.script = ...
        world.live(crash_at=17)       a life that ends at the 17th boundary; None: it may finish
        world.live()
        world.verdict()               the checker's, over server, journal and results

A boundary is a place where a process can die and the outside could tell: before and after each
commit of the journal, before and after a request leaves, before its answer is read. What the next
life finds is a copy of the disk from that moment; nothing that the dying one still did is in it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bulkload import delivery
from bulkload.connectors import connector_for
from bulkload.connectors.base import Connector, Promise, Promises
from bulkload.connectors.loyaltydog import LoyaltyDog
from bulkload.delivery import Journal
from bulkload.delivery.writer import Change, Commits, InlineWriter
from bulkload.errors import BulkloadError
from bulkload.records import Payload, Result
from bulkload.wire import Wire, WireOptions
from tests.faults.checker import Line, Verdict, check
from tests.faults.endpoints import HASHED_KEY, JWT, PROGRAM
from tests.faults.simulation import Crash, SimulatedClock, SimulatedLoop, SimulatedNetwork

NAME = "journal.sqlite"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - folders of its own are made in it
QUIET = delivery.DeliveryOptions(concurrency=4, quiesce_s=90.0)


class CrashingWriter(InlineWriter):
    """Writes at once, with a boundary before and after every commit."""

    def __init__(self, commits: Commits, boundary: Callable[[str], None]) -> None:
        super().__init__(commits)
        self._boundary = boundary

    def put(self, change: Change, *, urgent: bool = True) -> asyncio.Future[None]:
        """Write a change in a commit of its own."""
        self._boundary("before commit")
        done = super().put(change, urgent=urgent)
        self._boundary("after commit")
        return done

    def write(self, change: Change) -> None:
        """Write a change in a commit of its own."""
        self._boundary("before commit")
        super().write(change)
        self._boundary("after commit")


@dataclass(frozen=True)
class Promising(LoyaltyDog):
    """LoyaltyDog as it would be if its creates were safe to repeat in another way."""

    promise: Promise = Promise.CREATE

    def promises(self) -> Promises:
        """Say what the simulated server does about duplicates."""
        return dataclasses.replace(super().promises(), create=self.promise)


def connector_of(promise: Promise) -> Connector:
    """Return a connector whose system promises this about creates sent twice."""
    if promise in (Promise.CREATE, Promise.KEYED):
        kind = "ld" if promise is Promise.KEYED else "jwt"
        return connector_for(
            "loyaltydog", program=PROGRAM, options={"limits": "none", "token_kind": kind}
        )
    return Promising(PROGRAM, unlimited=True, promise=promise)


DUPLICATES: Mapping[Promise, str] = {Promise.UPSERT: "update", Promise.UNIQUE: "refuse"}


@dataclass(slots=True)
class Life:
    """How one life ended."""

    crashed: bool = False
    error: BulkloadError | None = None
    boundaries: int = 0
    under_way: int = 0
    """Rows with a request of this life on its way when it crashed, as the journal knows it."""
    results: list[Result] = field(default_factory=list)


class World:
    """A server, a network, a disk and a clock, and the rows that are to be delivered."""

    def __init__(
        self,
        rows: int,
        *,
        seed: int = 0,
        promise: Promise = Promise.CREATE,
        options: delivery.DeliveryOptions = QUIET,
        journal: type[Journal] = Journal,
    ) -> None:
        self.loop = SimulatedLoop()
        self.clock = SimulatedClock(self.loop)
        self.network = SimulatedNetwork(self.loop, seed)
        self.network.server.duplicates = DUPLICATES.get(promise, "allow")
        self.random = random.Random(f"client {seed}")
        self.promise = promise
        self.options = options
        self.journal = journal
        self._born = rows
        self._renumber(list(range(1, rows + 1)))
        self.lives: list[Life] = []
        self.run_id = ""
        """Of the latest life."""
        where = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(dir=where))
        self._life_folder = self._folder / "0"
        self._life_folder.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.network.settle()
        self.loop.close()
        shutil.rmtree(self._folder)

    @property
    def expected(self) -> dict[int, str]:
        """E-mail by row number."""
        return {payload.row_number: payload.keys["email"] for payload in self.payloads}

    def live(self, *, crash_at: int | None = None, crash_after_s: float | None = None) -> Life:
        """Run the import once, until it ends or the process dies.

        Args:
            crash_at: Number of the boundary, from 1, at which the process dies.
            crash_after_s: Seconds after which it dies.
        """
        life = Life()
        under_way_before = self.under_way()
        self.lives.append(life)
        next_folder = self._folder / str(len(self.lives))

        def boundary(_what: str) -> None:
            if life.crashed:
                return
            life.boundaries += 1
            if life.boundaries == crash_at:
                die()

        def die() -> None:
            life.crashed = True
            transport.dead = True
            shutil.copytree(self._life_folder, next_folder)
            raise Crash

        transport = self.network.transport(boundary)
        timer = self.loop.call_later(crash_after_s, die) if crash_after_s is not None else None
        before = asyncio.all_tasks(self.loop)
        journal: Journal | None = None
        try:
            journal = self.journal.open(
                self._life_folder / NAME,
                clock=self.clock,
                make_writer=lambda commits: CrashingWriter(commits, boundary),
            )
            self.loop.run(self._deliver(journal, transport, life))
        except Crash:
            pass
        except BulkloadError as error:
            life.error = error
        finally:
            if timer is not None:
                timer.cancel()
            self._bury(before)
            if journal is not None:
                journal.close()
        if life.crashed:
            self._life_folder = next_folder
            life.under_way = len(self.under_way() - under_way_before)
        return life

    def finish(self, most_lives: int = 20) -> None:
        """Start it again until a life comes to its end."""
        for _ in range(most_lives):
            if self.live().error is None:
                return
        raise AssertionError(f"never finished: {self.lives[-1].error}")

    def _bury(self, before: set[asyncio.Task[Any]]) -> None:
        """End the tasks of a life; what has left for the server goes on."""
        while tasks := asyncio.all_tasks(self.loop) - before - self.network.server.pending:
            for task in tasks:
                task.cancel()
            try:
                self.loop.run(_ended(tasks))
            except Crash:
                continue  # it is raised again by whoever waited for the task that died

    async def _deliver(self, journal: Journal, transport: Any, life: Life) -> None:
        run = journal.begin(source_sha256=str(self._people), mapping_sha256="m", target="t")
        connector = connector_of(self.promise)
        token = HASHED_KEY if self.promise is Promise.KEYED else JWT
        self.run_id = run.run_id
        async with Wire(
            "http://faults.invalid",
            authorization=lambda: connector.authorization(token),
            options=WireOptions(),
            transport=transport,
        ) as wire:
            async for result in delivery.upload(
                self.payloads,
                connector=connector,
                wire=wire,
                journal=run,
                options=self.options,
                clock=self.clock,
                jitter=self.random,
            ):
                life.results.append(result)
        run.finish()

    def insert_row(self, place: int) -> None:
        """Add a customer who was not in the source yet; the rows below get new numbers."""
        self._born += 1
        self._renumber([*self._people[:place], self._born, *self._people[place:]])

    def reverse_rows(self) -> None:
        """Turn the source upside down."""
        self._renumber(self._people[::-1])

    def _renumber(self, people: list[int]) -> None:
        self._people = people
        self.payloads = [_payload(number, who) for number, who in enumerate(people, start=2)]

    def decided(self) -> dict[tuple[int, int], str]:
        """Return the id of every row that is done, by run and row number."""
        if not (self._life_folder / NAME).exists():
            return {}
        question = "SELECT run, row_number, remote_id FROM row WHERE state = 'done'"
        with Journal.read(self._life_folder / NAME) as journal:
            return {(run, row): remote_id for run, row, remote_id in journal.ask(question)}

    def forget_journal(self) -> None:
        """Lose the journal and its lock."""
        for path in self._life_folder.iterdir():
            path.unlink()

    def under_way(self) -> set[int]:
        """Return the rows of which the journal only knows that a request was about to leave."""
        return {row for row, state in self.states().items() if state == "intent"}

    def states(self) -> dict[int, str]:
        """Return where the journal of the next life says that each row stands."""
        if not (self._life_folder / NAME).exists():
            return {}
        with Journal.read(self._life_folder / NAME) as journal:
            return {row: state for row, state in journal.ask("SELECT row_number, state FROM row")}  # noqa: C416 - typed

    def lines(self) -> list[Line]:
        """Return what the journal says of every row."""
        with Journal.open(
            self._life_folder / NAME, clock=self.clock, make_writer=InlineWriter
        ) as journal:
            return [
                Line(result.row_number, str(result.status), result.remote_id)
                for result in journal.results(self.run_id)
            ]

    def verdict(self) -> Verdict:
        """Compare server and journal; results are what the journal says."""
        self.network.settle()
        lines = self.lines()
        return check(self.expected, self.network.created(), lines, lines)


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.wait(tasks)


def _payload(number: int, who: int) -> Payload:
    keys = {"email": f"c{who}@example.com", "phone": f"+49151{20_000_000 + who}"}
    return Payload(number, keys, json.dumps({**keys, "firstName": f"N{who}"}).encode())
