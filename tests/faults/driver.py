"""Kills the real command line at random moments and starts it again, until the work is done.

    driver = Driver(folder, Plan(kills=50, rows=1000))
    outcome = driver.run()          Outcome: the checker's verdict and what was seen on the way

The program is `python -m bulkload import`, its server is a process of its own, and the only thing
they share with this module are files that anyone may read.
"""

from __future__ import annotations

import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.faults.checker import Line, Verdict, check, read_creations, read_results
from tests.faults.endpoints import JWT, PROGRAM
from tests.faults.instructions import Script, mix_of
from tests.faults.process import ROOT, RunningServer

MAPPING = """\
bulkload: 1
connector: loyaltydog
fields:
  email: {column: email}
  phone: {column: phone}
  firstName: {column: first_name}
"""
SETTINGS = """\
default: faults
profiles:
  faults:
    connector: loyaltydog
    program: {program}
    base_url: {base_url}
    token: ${{FAULTS_TOKEN}}
    options: {{limits: none}}
"""
MOST_LIVES_AFTER_KILLS = 40
LIFE_LIMIT_S = 240.0
UNDECIDED = ("intent", "unknown", "submitted")
RESUMABLE = (4, 75, -signal.SIGKILL)
"""Exit codes after which the same command is to be run again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a campaign."""

    kills: int = 50
    rows: int = 1000
    faults: float = 0.25
    """Share of the creates to which something is done."""
    seed: int = 0
    concurrency: int = 8
    rate: str = "200/s"
    quiesce_s: float = 0.5
    late_s: float = 0.15
    """How late a create takes effect at most; below `quiesce_s`, or the promise does not hold."""
    on_unknown: str = "reconcile"
    token: str = JWT
    minutes: float = math.inf
    """After so long no more is killed; what was planned and not done shows in the figures."""
    broken: str = ""
    """Name of a deliberately broken part, for controls; empty for the real program."""
    flags: tuple[str, ...] = ()
    """Further words of the command line."""
    mix: Mapping[str, float] = field(default_factory=dict)
    """Instead of the usual mix of faults: share by instruction."""


@dataclass(slots=True)
class Outcome:
    """What a campaign found."""

    verdict: Verdict
    kills: int = 0
    lives: int = 0
    """Processes that were started."""
    seconds: float = 0.0
    in_flight: list[int] = field(default_factory=list)
    """Rows with a request of the killed life under way, as the journal knows it, after each kill."""
    unknown: list[int] = field(default_factory=list)
    """All rows of unknown outcome after each kill: under way, or waiting to be looked up."""
    corrupt: int = 0
    """Kills after which the journal was not whole."""
    unfinished: str = ""
    """The last words of the program, if it never came to an end."""
    injected: dict[str, int] = field(default_factory=dict)
    exit_codes: list[int] = field(default_factory=list)
    """Of the lives that ended by themselves."""

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return self.verdict.kept and not self.corrupt and not self.unfinished


class Driver:
    """One campaign in one folder."""

    rows_in_a_call = 1
    longer_s = 0.05
    """How long a life may go on after its share of creates, at most."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.random = random.Random(plan.seed)
        self.source = folder / "customers.csv"
        self.out = folder / "out"
        self.state = folder / "state"
        self.expected: dict[int, str] = {}
        self.under_way: set[str] = set()
        """Rows that earlier lives have left under way."""

    def prepare(self, server: RunningServer, base_url: str = "") -> None:
        """Write source, mapping and settings, and tell the server what to do wrong.

        Args:
            server: The oracle.
            base_url: Where the program is to connect, if not to the server itself.
        """
        lines = ["email,phone,first_name"]
        for number in range(self.plan.rows):
            email = f"customer{number}@example.com"
            lines.append(f"{email},+49151{20_000_000 + number},Name{number}")
            self.expected[number + 2] = email
        self.source.write_text("\n".join(lines) + "\n")
        (self.folder / "mapping.yaml").write_text(MAPPING)
        settings = SETTINGS.format(program=PROGRAM, base_url=base_url or server.base_url)
        (self.folder / "bulkload.yaml").write_text(settings)
        plan = self.plan
        mix = mix_of(plan.faults, plan.seed, plan.late_s)
        if plan.mix:
            mix = type(mix)(plan.seed, dict(plan.mix))
        server.follow(Script(mix=mix))

    def command(self) -> list[str]:
        """Return the command line under test."""
        plan = self.plan
        program = ["-m", "bulkload"]
        if plan.broken:
            program = ["-m", "tests.faults.broken", plan.broken]
        options = {
            "--mapping": "mapping.yaml",
            "--out": str(self.out),
            "--rate": plan.rate,
            "--concurrency": str(plan.concurrency),
            "--quiesce": str(plan.quiesce_s),
            "--on-unknown": plan.on_unknown,
        }
        said = [word for option in options.items() for word in option]
        return [sys.executable, *program, "import", self.source.name, *said, "--yes", *plan.flags]

    def start(self, *before: str) -> subprocess.Popen[bytes]:
        """Start one life of the program, with words before its command line (`strace -f`)."""
        return self._started([*before, *self.command()])

    def start_command(self, *words: str) -> subprocess.Popen[bytes]:
        """Start another command of the program: `resume`, `export`."""
        return self._started([sys.executable, "-m", "bulkload", *words])

    def start_into_pipe(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start one life that speaks into a pipe; return it with the end to read from."""
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as pipe:
            return self._started(self.command(), pipe), reading

    def _started(
        self, words: list[str], output: IO[bytes] | None = None
    ) -> subprocess.Popen[bytes]:
        environment = {
            **{name: text for name, text in os.environ.items() if "BULKLOAD" not in name},
            "FAULTS_TOKEN": self.plan.token,
            "BULKLOAD_STATE_DIR": str(self.state),
            "BULKLOAD_CONFIG_DIR": str(self.folder / "config"),
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / "said.txt").open("ab") as said:
            return subprocess.Popen(
                words,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output or said,
                stderr=subprocess.STDOUT,
            )

    def server(self) -> RunningServer:
        """Return the oracle, started."""
        return RunningServer(self.folder / "creations.jsonl")

    def run(self) -> Outcome:
        """Kill as often as planned, then let it finish, then check."""
        started = time.monotonic()
        with self.server() as server:
            self.prepare(server)
            outcome = Outcome(Verdict())
            last = started + 60 * self.plan.minutes
            while (
                outcome.kills < self.plan.kills
                and time.monotonic() < last
                and not outcome.unfinished
            ):
                self.one_life(server, outcome)
            if not outcome.unfinished:
                self.finish(outcome)
            server.settle()
            outcome.injected = server.stats()["injected"]
        outcome.seconds = time.monotonic() - started
        outcome.verdict = self.verdict()
        return outcome

    def one_life(self, server: RunningServer, outcome: Outcome) -> None:
        """Start the program and kill it; a life that ends first does not count as killed."""
        process = self.start()
        outcome.lives += 1
        if self.random.random() < 0.3:
            time.sleep(self.random.uniform(0.05, 2.0))
        else:
            self.wait_for_creates(server, process, outcome)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            outcome.kills += 1
        elif process.returncode in (0, 1):
            # Nothing is left to do; starting it again and again is also a way to duplicate.
            outcome.exit_codes.append(process.returncode)
            outcome.kills += 1
        else:
            outcome.exit_codes.append(process.returncode)
            if process.returncode not in RESUMABLE:
                outcome.unfinished = self.said()[-2000:] or "it said nothing"
        process.wait()
        self.look_at_journal(outcome)

    def wait_for_creates(
        self, server: RunningServer, process: subprocess.Popen[bytes], outcome: Outcome
    ) -> None:
        """Wait until this life has sent its random share of what is left, and a moment longer."""
        before = server.stats()["creates"]
        left = max(self.plan.rows - server.created(), 1)
        share = 2 * left / max(self.plan.kills - outcome.kills, 1) / self.rows_in_a_call
        wanted = before + self.random.randrange(int(share) + 2)
        deadline = time.monotonic() + LIFE_LIMIT_S
        while process.poll() is None and time.monotonic() < deadline:
            if server.stats()["creates"] > wanted:
                break
            time.sleep(0.005)
        time.sleep(self.random.uniform(0, self.longer_s))

    def finish(self, outcome: Outcome) -> None:
        """Start the program until it says that nothing is left to do."""
        for _ in range(MOST_LIVES_AFTER_KILLS):
            process = self.start()
            outcome.lives += 1
            try:
                code = process.wait(timeout=LIFE_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            outcome.exit_codes.append(code)
            if code in (0, 1):
                return
            if code not in RESUMABLE:
                break
        outcome.unfinished = self.said()[-2000:] or "it said nothing"

    def wait_for_posts(
        self, server: RunningServer, process: subprocess.Popen[bytes], posts: int
    ) -> None:
        """Wait until so many creates have been sent, or the process has ended."""
        while process.poll() is None and server.stats()["creates"] < posts:
            time.sleep(0.01)

    def settled(self, server: RunningServer) -> Verdict:
        """Let the program come to its end and return the verdict."""
        outcome = Outcome(Verdict())
        self.finish(outcome)
        assert not outcome.unfinished, outcome.unfinished
        server.settle()
        return self.verdict()

    def said(self) -> str:
        """Return everything that the program has said so far."""
        return (self.folder / "said.txt").read_text(errors="replace")

    def states(self) -> dict[str, int]:
        """Return how many rows the journal knows in each state, while no program runs."""
        path = self.journal()
        assert path is not None
        connection = sqlite3.connect(path)
        try:
            return dict(connection.execute("SELECT state, count(*) FROM row GROUP BY state"))
        finally:
            connection.close()

    def journal(self) -> Path | None:
        """Return the journal's file; None before there is one."""
        return next(iter(self.state.glob("journals/*.sqlite")), None)

    def look_at_journal(self, outcome: Outcome) -> None:
        """Note how much is unknown, and whether the journal is whole, without changing it."""
        path = self.journal()
        if path is None:
            return
        copied = self.folder / "copy"
        copied.mkdir(exist_ok=True)
        for old in copied.iterdir():
            old.unlink()
        for part in path.parent.glob(path.name + "*"):
            (copied / part.name).write_bytes(part.read_bytes())
        connection = sqlite3.connect(copied / path.name)
        try:
            question = "SELECT run || '/' || row_number, state FROM row WHERE state != 'done'"
            states = dict(connection.execute(question))
            whole = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        except sqlite3.DatabaseError as error:
            # Killed while it was being made: there is no table yet, and nothing was sent.
            whole, states = "no such table" in str(error), {}
        finally:
            connection.close()
        outcome.corrupt += not whole
        under_way = {row for row, state in states.items() if state == "intent"}
        outcome.in_flight.append(len(under_way - self.under_way))
        outcome.unknown.append(sum(state in UNDECIDED for state in states.values()))
        self.under_way = under_way

    def verdict(self) -> Verdict:
        """Compare the server's log, the journal and the results file."""
        path = self.journal()
        journal = journal_lines(path) if path else []
        results = self.out / "results.csv"
        told = read_results(results) if results.exists() else []
        created = read_creations(self.folder / "creations.jsonl")
        return check(self.expected, created, journal, told)


def journal_lines(path: Path) -> list[Line]:
    """Return what a journal knows of the rows of its newest run."""
    from bulkload.delivery.journal import Journal

    with Journal.read(path) as journal:
        newest = journal.runs()[0].run_id
        return [
            Line(result.row_number, str(result.status), result.remote_id)
            for result in journal.results(newest)
        ]
