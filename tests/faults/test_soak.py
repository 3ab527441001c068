"""A long run takes no more memory and no more open files at its end than after its beginning."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.sizes import FULL, sized

pytestmark = [
    pytest.mark.timeout(sized(900, 0)),
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux for the memory"),
]
PAGE_BYTES = 4096


def _memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def test_memory_and_open_files_stay_flat(tmp_path, server, reached):
    """From a tenth of the rows on, memory grows by less than a tenth, open files not at all."""
    rows = sized(2000, 1_000_000)
    driver = Driver(tmp_path, Plan(rows=rows, faults=0, rate="100000/s", concurrency=16))
    driver.prepare(server)
    process = driver.start()
    memory_bytes, files = [], []
    while process.poll() is None:
        created = server.stats()["created"]
        if rows / 10 <= created < rows:
            try:
                files.append(len(list(Path(f"/proc/{process.pid}/fd").iterdir())))
                memory_bytes.append(_memory_bytes(process.pid))
            except OSError:
                break
        time.sleep(sized(0.05, 2.0))
    assert process.wait() == 0
    assert driver.verdict().kept

    tenth = max(1, len(memory_bytes) // 10)
    first, last = max(memory_bytes[:tenth]), max(memory_bytes[-tenth:])
    reached("rows", rows)
    reached("megabytes_after_a_tenth", first // 1_000_000)
    reached("megabytes_at_the_end", last // 1_000_000)
    reached("growth_percent", round(100 * (last / first - 1), 1))
    reached("open_files_max", max(files))
    assert max(files) <= min(files) + 16, "connections come and go, and nothing else"
    if FULL:
        assert last <= 1.1 * first
