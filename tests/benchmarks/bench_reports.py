# ruff: noqa: T201  # a benchmark prints
"""How long the reports of a large run take, and how much memory.

    python -m pytest -s -m benchmark tests/benchmarks/bench_reports.py

Each side runs in a process of its own, in turn; printed are medians of the wall and processor time
and the highest resident size; other work on the machine shows most in the wall time. The workbook of 200,000 rows x 12 columns with 6,000 problems stands beside the same
sheet written plainly, by bulkload and by xlsxwriter. The run of 1,000,000 rows with 30,000 rejects is
everything that reports do in it: rejects.csv, results.csv, rejects.xlsx, report.html, report.json.
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bulkload import reports
from bulkload.records import Counts, Reject, Result, RunReport, Status

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]

SHEET_ROWS, SHEET_PROBLEMS = 200_000, 6_000
RUN_ROWS, RUN_PROBLEMS = 1_000_000, 30_000
BATCH_ROWS = 20_000
ROUNDS = 3
HEADERS = [f"Column {number}" for number in range(12)]


@dataclass(frozen=True)
class Batch:
    """Some rows of a source."""

    rows: pl.DataFrame
    malformed: tuple[Any, ...] = ()


def batches(rows: int) -> Iterator[Batch]:
    """Rows whose texts all differ."""
    for start in range(2, rows + 2, BATCH_ROWS):
        numbers = pl.int_range(
            start, min(start + BATCH_ROWS, rows + 2), dtype=pl.UInt32, eager=True
        )
        cells = [pl.format("value {} of {}", numbers, pl.lit(name)).alias(name) for name in HEADERS]
        yield Batch(pl.select(numbers.alias("row_number"), *cells))


def problems(rows: int, number: int) -> list[Reject]:
    """Rejects spread over all rows and columns."""
    chance = random.Random(1)
    return [
        Reject(row, "phone-too-short", chance.choice(HEADERS), "phone", "0171/12", {"region": "DE"})
        for row in sorted(chance.sample(range(2, rows + 2), number))
    ]


def table(rows: int, path: Path | None = None) -> reports.Table:
    """The source as the workbook needs it."""
    return reports.Table(
        headers=HEADERS,
        batches=lambda: batches(rows),
        path=str(path or "customers.csv"),
        format="xlsx" if path else "csv",
        rows=rows,
    )


def plain(folder: Path) -> None:
    """The sheet as an export."""
    with reports.ExportWriter(folder / "plain.xlsx") as writer:
        for batch in batches(SHEET_ROWS):
            writer.write(batch.rows.drop("row_number"))


def xlsxwriter(folder: Path) -> None:
    """The sheet by xlsxwriter, streaming, with nothing but strings."""
    import xlsxwriter as library

    safe = {f"strings_to_{kind}": False for kind in ("formulas", "urls", "numbers")}
    with library.Workbook(folder / "peer.xlsx", {"constant_memory": True, **safe}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        row = 0
        for batch in batches(SHEET_ROWS):
            for cells in batch.rows.drop("row_number").iter_rows():
                row += 1
                for column, cell in enumerate(cells):
                    sheet.write_string(row, column, cell)


def marked(folder: Path) -> None:
    """The user's workbook, marked."""
    rejects = problems(SHEET_ROWS, SHEET_PROBLEMS)
    source = table(SHEET_ROWS, folder / "plain.xlsx")
    reports.write_workbook(folder / "rejects.xlsx", source, lambda: rejects)


def from_cells(folder: Path) -> None:
    """The workbook made from the cells of a text file."""
    rejects = problems(SHEET_ROWS, SHEET_PROBLEMS)
    reports.write_workbook(folder / "cells.xlsx", table(SHEET_ROWS), lambda: rejects)


def run(folder: Path) -> None:
    """Everything that reports do in a large run."""
    by_batch: dict[int, list[Reject]] = {}
    for reject in problems(RUN_ROWS, RUN_PROBLEMS):
        by_batch.setdefault((reject.row_number - 2) // BATCH_ROWS, []).append(reject)
    counter, log, delivered = reports.CauseCounter(), reports.RejectLog(), reports.Delivered()
    with reports.RejectsWriter(folder / "rejects.csv", HEADERS) as writer:
        for number, batch in enumerate(batches(RUN_ROWS)):
            rejects = by_batch.get(number, [])
            writer.write(batch.rows, rejects)
            counter.add(rejects)
            log.add(rejects)
    results = (
        Result(row, f"ada{row}@example.com", Status.CREATED, f"{row:024x}", 201, 1)
        for row in range(2, RUN_ROWS - RUN_PROBLEMS + 2)
    )
    reports.write_results(folder / "results.csv", delivered.watch(results))
    counts = Counts(rows=RUN_ROWS)
    counts.add(Status.REJECTED, RUN_PROBLEMS)
    counts.add(Status.CREATED, RUN_ROWS - RUN_PROBLEMS)
    report = RunReport("r", "import", dry_run=False, started_utc="2026-01-05T12:00:00Z")
    report.counts, report.causes = counts, counter.causes()
    reports.write_all(
        folder,
        report,
        rejects=lambda: log,
        table=table(RUN_ROWS),
        delivered=delivered,
        rendering=reports.Rendering(workbook="always"),
    )
    log.close()


def generate(folder: Path) -> None:
    """Nothing but the rows of the large run, to be taken off."""
    assert folder
    for batch in batches(RUN_ROWS):
        assert batch.rows.height


SIDES: dict[str, Callable[[Path], None]] = {
    side.__name__: side for side in (plain, xlsxwriter, marked, from_cells, generate, run)
}


def test_figures(tmp_path: Path) -> None:
    """Prints the time and memory of every side."""
    taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in SIDES}
    for _ in range(ROUNDS):
        for name in SIDES:
            command = [sys.executable, "-m", "tests.benchmarks.bench_reports", name, str(tmp_path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            taken[name].append(tuple(map(float, done.stdout.split())))
    print()
    middle: dict[str, tuple[float, float]] = {}
    for name, figures in taken.items():
        seconds, worked, megabytes = zip(*figures, strict=True)
        middle[name] = statistics.median(seconds), statistics.median(worked)
        print(
            f"{name:12} {middle[name][0]:7.2f} s {middle[name][1]:7.2f} CPU s {max(megabytes):7.0f} MB"
        )
    for name in ("marked", "from_cells"):
        for peer in ("plain", "xlsxwriter"):
            wall, cpu = (middle[name][n] / middle[peer][n] for n in (0, 1))
            print(f"{name} = {wall:.2f} x {peer} ({cpu:.2f} x its CPU time)")


if __name__ == "__main__":
    started, worked = time.perf_counter(), time.process_time()
    SIDES[sys.argv[1]](Path(sys.argv[2]))
    elapsed, worked = time.perf_counter() - started, time.process_time() - worked
    print(elapsed, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
