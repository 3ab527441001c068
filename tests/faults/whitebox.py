"""The real command line, which dies by SIGKILL at a named point of its work.

    python -m tests.faults.whitebox "before commit" 3 import customers.csv ...

    driver = WhiteboxDriver(folder, Plan(rows=60))
    found = kill_at_every_point(folder, times=20)

Kills at random moments seldom fall between two statements. These do: at the nth passing of a point.
"""

from __future__ import annotations

import functools
import inspect
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bulkload import reports
from bulkload.delivery import Journal, RunJournal
from bulkload.delivery.jobs import Board
from bulkload.delivery.reconcile import Reconciler
from bulkload.delivery.writer import Commits
from bulkload.wire import Request, Wire
from tests.faults.driver import RESUMABLE, Driver, Plan
from tests.faults.process import RunningServer

POINTS = (
    "run begun",
    "intent asked",
    "before commit",
    "committed, not sealed",
    "after commit",
    "before sending",
    "answered",
    "answer asked",
    "result handed over",
    "before looking up",
    "looked up",
    "before finishing",
    "finished",
    "before results",
    "before renaming",
    "renamed",
)
ONCE = frozenset({"run begun", "before finishing", "finished", "before results"})
"""Points that a life passes at most once; the others have a random number."""
MIX = {"drop-answer": 0.1, "hang-up": 0.05, "500-after-apply": 0.1}


def die_at(point: str, nth: int) -> None:
    """Let this process die at the nth passing of a point."""
    left = nth

    def passing(name: str) -> None:
        nonlocal left
        if name != point:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _around(Journal, "begin", passing, after="run begun")
    _around(RunJournal, "intent", passing, before="intent asked")
    _around(RunJournal, "answer", passing, before="answer asked")
    _around(RunJournal, "finish", passing, before="before finishing", after="finished")
    _around(Commits, "_commit", passing, before="before commit", after="after commit")
    _around(Board, "hand_over", passing, before="result handed over")
    _around(Reconciler, "_look", passing, before="before looking up")
    _around(Reconciler, "_decide", passing, before="looked up")
    _around(reports, "write_results", passing, before="before results")
    _around(Path, "replace", passing, before="before renaming", after="renamed")
    _seal(passing)
    _send(passing)


def _around(
    owner: Any, name: str, passing: Callable[[str], None], *, before: str = "", after: str = ""
) -> None:
    plain = getattr(owner, name)

    @functools.wraps(plain)
    def watched(*arguments: Any, **named: Any) -> Any:
        passing(before)
        answer = plain(*arguments, **named)
        if inspect.isawaitable(answer) and after:
            raise TypeError(f"{name} is asynchronous: what comes after it would be too early")
        passing(after)
        return answer

    setattr(owner, name, watched)


def _seal(passing: Callable[[str], None]) -> None:
    plain = Commits.__init__

    def watched(commits: Commits, connection: Any, count: int, seal: Callable[[int], None]) -> None:
        def sealed(number: int) -> None:
            passing("committed, not sealed")
            seal(number)

        plain(commits, connection, count, sealed)

    Commits.__init__ = watched  # type: ignore[method-assign,assignment]


def _send(passing: Callable[[str], None]) -> None:
    plain = Wire.send

    async def watched(wire: Wire, request: Request) -> Any:
        if request.method == "GET":
            return await plain(wire, request)
        passing("before sending")
        answer = await plain(wire, request)
        passing("answered")
        return answer

    Wire.send = watched  # type: ignore[method-assign,assignment]


class WhiteboxDriver(Driver):
    """Starts lives that die at a point."""

    point = POINTS[0]
    nth = 1

    def command(self) -> list[str]:
        """Return the command line under test, which dies at the point."""
        words = super().command()
        return [
            *(words[0], "-m", "tests.faults.whitebox", self.point, str(self.nth)),
            *words[words.index("import") :],
        ]


@dataclass(slots=True)
class Found:
    """What the kills did."""

    hits: Counter[str] = field(default_factory=Counter)
    """Lives that ended at each point."""
    rows: int = 0
    problems: Counter[str] = field(default_factory=Counter)


def kill_at_every_point(folder: Path, *, times: int, rows: int = 60, seed: int = 0) -> Found:
    """Import again and again, each life dying at another point, until each was hit so often."""
    found, randomness, rounds = Found(), random.Random(seed), 0
    while min(found.hits[point] for point in POINTS) < times:
        rounds += 1
        assert rounds <= 20 + 10 * times, f"points that no life comes to: {_missed(found)}"
        place = folder / str(rounds)
        place.mkdir()
        plan = Plan(rows=rows, seed=rounds, mix=MIX, concurrency=4)
        driver = WhiteboxDriver(place, plan)
        with RunningServer(place / "creations.jsonl") as server:
            driver.prepare(server)
            _one_import(driver, randomness, found.hits)
            server.settle()
        verdict = driver.verdict()
        found.rows += verdict.rows
        found.problems += Counter(verdict.problems())
    return found


def _one_import(driver: WhiteboxDriver, randomness: random.Random, hits: Counter[str]) -> None:
    for _ in range(10 * len(POINTS)):
        fewest = min(hits[point] for point in POINTS)
        driver.point = next(point for point in POINTS if hits[point] == fewest)
        driver.nth = 1 if driver.point in ONCE else randomness.randint(1, 5)
        code = driver.start().wait()
        if code == -signal.SIGKILL:
            hits[driver.point] += 1
        elif code in (0, 1):
            return
        elif code not in RESUMABLE:
            raise AssertionError(driver.said()[-2000:])
    raise AssertionError("it never came to its end")


def _missed(found: Found) -> list[str]:
    return [point for point in POINTS if not found.hits[point]]


def main() -> None:
    """Be `bulkload`, and die where the first two arguments say."""
    point, nth = sys.argv.pop(1), int(sys.argv.pop(1))
    if point not in POINTS:
        sys.exit(f"points: {', '.join(POINTS)}")
    die_at(point, nth)
    from bulkload.__main__ import main as bulkload

    bulkload()


if __name__ == "__main__":
    main()
