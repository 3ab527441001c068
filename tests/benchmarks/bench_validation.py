# ruff: noqa: T201  # figures are printed
"""How long a dry run takes beside reading alone and beside other ways to check the same file.

    python -m pytest -s -m benchmark tests/benchmarks/bench_validation.py

Every contender is a whole process: start-up, reading, checking and all files that it writes. The
peers come with `pip install --group bench`. Set in the environment:

    BULKLOAD_BENCH_ROWS     sizes of the files, `100000,1000000,5000000`
    BULKLOAD_BENCH_BAD      percent of bad rows; `3o` has 15 % odd rows besides, `0,1,3,10,3o`
    BULKLOAD_BENCH_PYTHON   the interpreter that has the peers, if it is another one
    BULKLOAD_BENCH_FOLDER   where the files are kept from run to run
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks import peers
from tests.benchmarks.customers import MAPPING, write

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(36_000)]

ROWS = [int(size) for size in os.environ.get("BULKLOAD_BENCH_ROWS", "100000,1000000").split(",")]
BAD = os.environ.get("BULKLOAD_BENCH_BAD", "3o,0,1,3,10").split(",")
PYTHON = os.environ.get("BULKLOAD_BENCH_PYTHON", sys.executable)
FOLDER = Path(os.environ.get("BULKLOAD_BENCH_FOLDER", tempfile.gettempdir())) / "bulkload-bench"
ROOT = Path(__file__).parents[2]
ROUNDS = 3
SLOW = {"naive", "frictionless"}
"""Run once, and on files of the headline sort alone: they take minutes."""
UNCHECKED = {
    "read": "checks nothing",
    "naive": "no duplicates, no rejects file, one message a field from the library",
    "frictionless": "no phones, no normalised values, no duplicates, no payloads",
    "pandera": "patterns only: no phones, no normalised values, no duplicates, no payloads",
    "dataframely": "patterns only: no phones, no normalised values, no duplicates, no payloads",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def run(command: list[str]) -> Ran:
    """Run a process to its end and measure all of it, its children's processor time included."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - started
    assert process.returncode in {0, 1}, (command, process.returncode)
    return Ran(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)


def median(runs: list[Ran]) -> Ran:
    """Return the run with the middle wall time."""
    middle = statistics.median_low(ran.wall_s for ran in runs)
    return next(ran for ran in runs if ran.wall_s == middle)


def source(rows: int, bad: str) -> Path:
    """Return a customers file, written once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"customers-{rows}-{bad}.csv"
    if not path.exists():
        part = path.with_suffix(".part")
        write(part, rows, bad_percent=float(bad.removesuffix("o")), odd=bad.endswith("o"))
        part.replace(path)
    return path


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("rows", ROWS)
def test_dry_run_beside_its_peers(rows: int, bad: str, tmp_path: Path) -> None:
    """Print rows per second, processor time and memory of every contender on one file."""
    path = source(rows, bad)
    mapping = tmp_path / "benchmark.yaml"
    mapping.write_text(MAPPING)
    bulkload = [sys.executable, "-m", "bulkload"]
    dry_run = [*bulkload, "validate", str(path), "--mapping", str(mapping), "--json"]
    contenders = {
        "read": [PYTHON, "-m", "tests.benchmarks.peers", "read", str(path)],
        "bulkload": [*dry_run, "--out", str(tmp_path / "out")],
        "payloads": [sys.executable, "-m", "tests.benchmarks.payloads", str(path), str(mapping)],
        "start-up": [*bulkload, "validate", "samples/customers.csv", "--out", str(tmp_path / "s")],
    }
    headline = bad == BAD[0]
    for name in peers.PEERS.keys() - {"read"} if headline else ():
        contenders[name] = [PYTHON, "-m", "tests.benchmarks.peers", name, str(path)]

    print(f"\n{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB, bad rows: {bad}")
    print(
        f"{'':14}{'s':>8}{'x read':>8}{'rows/s':>12}{'CPU s':>8}{'peak MB':>9}  bad rows, remarks"
    )
    runs: dict[str, list[Ran]] = {}
    for round_ in range(ROUNDS):
        for name, command in contenders.items():
            if not (round_ and name in SLOW):
                runs.setdefault(name, []).append(run(command))
    read_s = median(runs["read"]).wall_s
    for name in contenders:
        ran = median(runs[name])
        print(
            f"{name:14}{ran.wall_s:>8.2f}{ran.wall_s / read_s:>8.1f}{rows / ran.wall_s:>12,.0f}"
            f"{ran.cpu_s:>8.2f}{ran.peak_mb:>9.0f}  {_bad_rows(name, ran.said)}"
        )


def _bad_rows(name: str, said: str) -> str:
    if name == "start-up":
        return "the whole command on 300 rows"
    found = json.loads(said)
    if name == "bulkload":
        counts = found["counts"]["by_status"]
        return f"{counts['rejected'] + counts['duplicate']}; everything, with reports"
    if name == "payloads":
        return (
            f"{found['bad']}; bulkload's verdicts and bodies, {found['bytes'] / 1e6:.0f} MB of them"
        )
    return f"{found.get('missing') or found['bad']}; {UNCHECKED[name]}"
