"""Exports that are killed while they page: a file that is there is complete."""

from __future__ import annotations

import csv
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.instructions import Mix, Script
from tests.faults.sizes import sized

pytestmark = pytest.mark.timeout(sized(900, 0))  # a machine may be busy; what is slow is not wrong


def _emails(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sorted(row["email"] for row in csv.DictReader(file))


def test_an_export_that_is_killed_leaves_no_half_file(tmp_path, server, reached):
    """Dead at any page, nothing or the whole is there; the next one gives every customer once."""
    kills, rows = sized((3, 300), (50, 1500))
    driver = Driver(tmp_path, Plan(rows=rows, faults=0, rate="2000/s"))
    driver.prepare(server)
    assert driver.settled(server).kept
    server.follow(Script(mix=Mix(0, {"slow:0.2": 1.0}, method="GET")))
    path, everybody = tmp_path / "all.csv", sorted(driver.expected.values())
    randomness, killed, present = random.Random(1), 0, 0
    while killed < kills:
        process = driver.start_command("export", "--to", path.name)
        time.sleep(randomness.uniform(0.3, 2.5))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if path.exists():
            present += 1
            assert _emails(path) == everybody
            path.unlink()

    assert driver.start_command("export", "--to", path.name).wait(timeout=300) == 0
    assert _emails(path) == everybody
    assert [p.name for p in tmp_path.iterdir() if "all.csv" in p.name] == [path.name]
    reached("kills", killed)
    reached("torn", 0)
    reached("customers", rows)


def test_an_export_waits_for_faults_to_pass(tmp_path, server, reached):
    """Answers that break off, refusals and errors between the pages lose and double nobody."""
    rows = sized(300, 2000)
    driver = Driver(tmp_path, Plan(rows=rows, faults=0, rate="2000/s"))
    driver.prepare(server)
    assert driver.settled(server).kept
    steps = ["return-429-after:0", "return-500", "ok", "truncate", "drop-answer"]
    server.plan(steps, method="GET", route="list")

    assert driver.start_command("export", "--to", "all.csv").wait(timeout=300) == 0
    assert _emails(tmp_path / "all.csv") == sorted(driver.expected.values())
    assert server.stats()["left"] == 0
    reached("injected", len(steps) - 1)
