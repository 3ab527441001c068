"""Asked to stop, told that nobody listens: the program ends soon, and goes on later."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.instructions import Mix, Script
from tests.faults.process import RunningServer
from tests.faults.sizes import sized

pytestmark = pytest.mark.timeout(sized(900, 0))  # a machine may be busy; what is slow is not wrong


TIMES = sized(1, 50)


def _places(folder: Path):
    """Give a fresh folder and a fresh server for every time."""
    for number in range(TIMES):
        place = folder / str(number)
        place.mkdir()
        with RunningServer(place / "creations.jsonl") as server:
            yield place, server


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
def test_a_signal_lets_what_is_under_way_arrive(tmp_path, number, reached):
    """Asked to stop, it records every answer under way, says how to go on, and can go on."""
    slowest = 0.0
    for place, server in _places(tmp_path):
        driver = Driver(place, Plan(rows=100, rate="200/s", faults=0))
        driver.prepare(server)
        server.follow(Script(mix=Mix(0, {"slow:0.3": 1.0})))
        process = driver.start()
        driver.wait_for_posts(server, process, 20)
        process.send_signal(number)
        asked = time.monotonic()

        assert process.wait(timeout=100) == 128 + number
        slowest = max(slowest, time.monotonic() - asked)
        assert driver.states().get("intent", 0) == 0
        assert "again" in driver.said() or "resume" in driver.said()
        server.follow(Script())
        assert driver.settled(server).kept
    reached("times", TIMES)
    reached("seconds_to_the_end_max", round(slowest, 2))
    assert slowest < 30


def test_a_second_signal_ends_it_at_once(tmp_path, reached):
    """Asked twice, it does not wait for answers, and still nothing is sent twice."""
    slowest = 0.0
    for place, server in _places(tmp_path):
        driver = Driver(place, Plan(rows=60, rate="200/s", faults=0))
        driver.prepare(server)
        server.follow(Script(mix=Mix(0, {"slow:30": 0.5})))
        process = driver.start()
        driver.wait_for_posts(server, process, 10)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()

        assert process.wait(timeout=100) == 130
        slowest = max(slowest, time.monotonic() - asked)
        server.follow(Script())
        assert driver.settled(server).kept
    reached("times", TIMES)
    reached("seconds_to_the_end_max", round(slowest, 2))
    assert slowest < 15


@pytest.mark.parametrize("posts", [pytest.param(0, id="at-once"), pytest.param(20, id="later")])
def test_an_output_that_nobody_takes_loses_nothing(tmp_path, posts, reached):
    """With its output closed it ends without claiming success, and what is left goes on later."""
    codes = set()
    for place, server in _places(tmp_path):
        driver = Driver(place, Plan(rows=60, rate="400/s"))
        driver.prepare(server)
        process, reading = driver.start_into_pipe()
        driver.wait_for_posts(server, process, posts)
        os.close(reading)

        codes.add(process.wait(timeout=300))
        assert driver.settled(server).kept
    reached("times", TIMES)
    reached("exit_codes", " ".join(map(str, sorted(codes))))
    assert codes == {141}
