"""In the order of the program's system calls, the intent is on disk before the create leaves."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.sizes import sized

pytestmark = pytest.mark.timeout(sized(900, 0))  # a machine may be busy; what is slow is not wrong


def _creates_and_violations(folder, server, plan):
    """Run under strace; return how many creates left, and how many before their intent was synced."""
    driver = Driver(folder, plan)
    driver.prepare(server)
    trace = folder / "trace"
    calls = "trace=fdatasync,fsync,pwrite64,sendto,write,sendmsg"
    process = driver.start("strace", "-f", "-qq", "-o", str(trace), "-s", "5000", "-e", calls)
    assert process.wait(timeout=sized(300, 3600)) == 0

    creates = violations = 0
    written = synced = False
    with trace.open(errors="replace") as lines:
        for line in lines:
            if "pwrite64(" in line and "intent" in line:
                written, synced = True, False
            elif re.search(r"fdatasync|fsync", line) and "= 0" in line:
                synced = written
            elif '"POST /v2/loyalty' in line:
                creates += 1
                violations += not synced
                written = synced = False
    return creates, violations


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_create_leaves_before_its_intent_is_on_disk(tmp_path, server, reached):
    """Between any two creates stand the writing of an intent and the sync after it."""
    rows = sized(60, 1000)

    creates, violations = _creates_and_violations(
        tmp_path, server, Plan(rows=rows, faults=0, concurrency=1)
    )

    reached("creates", creates)
    reached("violations", violations)
    assert (creates, violations) == (rows, 0)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_trace_shows_a_program_without_intents(tmp_path, server):
    """Without intents every create is seen to leave too early."""
    plan = Plan(rows=20, faults=0, concurrency=1, broken="no_intent")

    creates, violations = _creates_and_violations(tmp_path, server, plan)

    assert creates == violations == 20
