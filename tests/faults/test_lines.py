"""Poor lines between the program and the system."""

from __future__ import annotations

import subprocess

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.sizes import sized
from tests.faults.toxics import ToxicLine

pytestmark = pytest.mark.timeout(sized(900, 0))  # a machine may be busy; what is slow is not wrong


TOXICS = sized(
    "latency:0.1:0.08 bandwidth:4000 slicer:1 reset:0.4 limit:150 slow-close:0.2 down:1.5",
    "latency:0.5:0.4 bandwidth:1000 slicer:1 reset:0.4 slow-close:0.5 down:30"
    " limit:1 limit:150 limit:300 limit:600",
)


@pytest.mark.parametrize("toxic", TOXICS.split())
def test_a_poor_line_loses_and_doubles_nothing(tmp_path, server, toxic, reached):
    """However the line mistreats its bytes, every row is delivered once."""
    driver = Driver(tmp_path, Plan(rows=sized(24, 500), faults=0, quiesce_s=0.3))
    with ToxicLine(server.port, toxic) as line:
        driver.prepare(server, line.base_url)
        process = driver.start()
        try:
            process.wait(timeout=sized(20, 240))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        on_the_line = server.created()
        if line.heal():
            verdict = driver.settled(server)

    reached("rows", verdict.rows)
    reached("created_before_it_healed", on_the_line)
    reached("lost_or_doubled", len(verdict.lost) + len(verdict.duplicated))
    assert line.connections > 0
    assert verdict.problems() == {}
