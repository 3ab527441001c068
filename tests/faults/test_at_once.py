"""Two runs over one journal: one works, the other says who does."""

from __future__ import annotations

import time

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.instructions import Mix, Script
from tests.faults.process import RunningServer
from tests.faults.sizes import sized

pytestmark = pytest.mark.timeout(sized(900, 0))  # a machine may be busy; what is slow is not wrong


def test_two_runs_never_work_on_one_journal(tmp_path, server, reached):
    """The second run names the first one's process and ends at once; the first is undisturbed."""
    driver = Driver(tmp_path, Plan(rows=480, concurrency=2, faults=0))
    driver.prepare(server)
    # The first one is kept at work however long the second one takes to start.
    server.follow(Script(mix=Mix(0, {"slow:0.5": 1.0})))
    first = driver.start()
    driver.wait_for_posts(server, first, 1)
    second = driver.start()
    started = time.monotonic()

    assert second.wait(timeout=100) not in (0, 1, 70)
    reached("seconds_until_refused_max", round(time.monotonic() - started, 2))
    assert first.poll() is None
    assert str(first.pid) in driver.said()
    server.follow(Script())
    assert first.wait(timeout=300) == 0
    assert driver.settled(server).kept


def test_of_runs_that_start_together_one_wins(tmp_path, reached):
    """Whoever comes first delivers; the others change nothing."""
    races = sized(1, 100)
    refused = 0
    for number in range(races):
        place = tmp_path / str(number)
        place.mkdir()
        with RunningServer(place / "creations.jsonl") as server:
            driver = Driver(place, Plan(rows=40, rate="40/s", faults=0))
            driver.prepare(server)

            codes = [process.wait(timeout=300) for process in [driver.start() for _ in range(3)]]

            # One that starts after the winner has ended has nothing left to do.
            assert codes.count(0) >= 1
            assert set(codes) <= {0, 4}
            assert server.stats()["creates"] == 40
            assert driver.settled(server).kept
            refused += codes.count(4)
    reached("races", races)
    reached("refused", refused)
