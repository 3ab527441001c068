"""How long reading takes beside the library that it stands on, in one run.

    python -m pytest -s -m benchmark tests/benchmarks/bench_reading.py

Each side runs in processes of its own, in turn, and each time is taken inside, imports excluded;
printed are medians, the processor time of the process and its children, and the highest resident
size of the process (of the largest child where there is one). Other work on the machine shows most
in the wall time. `BULKLOAD_BENCH_ROWS` sets the rows of the text files,
`BULKLOAD_BENCH_ROUNDS` how often each side runs.
"""

from __future__ import annotations

import csv
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]

ROWS = int(os.environ.get("BULKLOAD_BENCH_ROWS", "1000000"))
SHEET_ROWS = 200_000
ROUNDS = int(os.environ.get("BULKLOAD_BENCH_ROUNDS", "5"))
HEADERS = (
    *("external_id", "first_name", "last_name", "email", "phone", "country", "points"),
    *("birthdate", "tier", "referrer_id", "marketing_consent", "sms_consent"),
)
FIRST = ("James", "Mary", "José", "Zoë", "Jürgen", "Łukasz", "Anna", "Robert")
LAST = ("Smith", "Müller", "O'Connor", "McDonald, Jr.", 'Dwayne "Rock" J', *("Jones", "Weber") * 20)

MEASURE = """
import json, resource, sys, time
import polars as pl
from bulkload.sources import SourceOptions, open_source
side, path = sys.argv[1], sys.argv[2]

def read(forensics):
    rows = malformed = 0
    with open_source(path, SourceOptions(forensics=forensics)) as source:
        for batch in source.batches():
            rows += batch.rows.height
            malformed += len(batch.malformed)
    return rows, malformed

def cpu():
    own, children = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

started, busy = time.perf_counter(), cpu()
if side == "polars-csv":
    found = pl.read_csv(path, infer_schema=False).height, 0
elif side == "polars-excel":
    found = pl.read_excel(path, infer_schema_length=0).height, 0
else:
    found = read(side == "bulkload-forensics")
wall, busy = time.perf_counter() - started, cpu() - busy
own = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps({"s": wall, "cpu": busy, "mb": int(own[0].split()[1]) // 1024, "child_mb": child, "found": found}))
"""


def write_text(path: Path, rows: int, malformed_share: float = 0.0) -> Path:
    """Write seeded customers, a share of their lines malformed."""
    chance = random.Random(1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADERS)
        for number in range(rows):
            row = customer(number, chance)
            if chance.random() >= malformed_share:
                writer.writerow(row)
            else:
                broken = ([*row, "x"], row[:-1], [f'{row[0]}"', *row[1:]])[number % 3]
                file.write(",".join(cell.replace(",", " ") for cell in broken) + "\n")
    return path


def customer(number: int, chance: random.Random) -> list[str]:
    """Return the cells of one customer, about 110 bytes."""
    first = chance.choice(FIRST)
    return [
        f"C{number:08d}", first, chance.choice(LAST), f"{first.lower()}.{number}@example.com",
        f"+49{chance.randrange(10**9, 10**10)}", "DE", str(chance.randrange(10_000)),
        f"{chance.randrange(1950, 2005)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}",
        "gold", f"{chance.randrange(16**24):024x}", "yes", "no" if number % 3 else "",
    ]  # fmt: skip


def write_sheet(path: Path) -> Path:
    """Write seeded customers as text cells, points as numbers."""
    chance = random.Random(1)
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        for number in range(SHEET_ROWS):
            for column, cell in enumerate(customer(number, chance)):
                if column == HEADERS.index("points"):
                    sheet.write_number(number + 1, column, int(cell))
                else:
                    sheet.write_string(number + 1, column, cell)
    return path


def compare(
    title: str, path: Path, reference: str, *sides: str, reference_path: Path | None = None
) -> None:
    """Measure every side in turn and print medians beside the reference."""
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in (reference, *sides)}
    for _ in range(ROUNDS):
        for side, found in runs.items():
            file = reference_path or path if side == reference else path
            command = [sys.executable, "-c", MEASURE, side, str(file)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout))
    print(f"\n{title}, {path.stat().st_size >> 20} MB")  # noqa: T201
    middle = {
        side: {key: statistics.median(run[key] for run in found) for key in ("s", "cpu", "mb", "child_mb")}
        for side, found in runs.items()
    }  # fmt: skip
    best = min(run["s"] for run in runs[reference])
    for side, one in middle.items():
        quickest = min(run["s"] for run in runs[side])
        print(  # noqa: T201
            f"  {side:20} {one['s']:6.2f} s  {one['s'] / middle[reference]['s']:5.2f} x"
            f"   best {quickest:5.2f} s {quickest / best:5.2f} x"
            f"   cpu {one['cpu']:5.2f} s {one['cpu'] / middle[reference]['cpu']:5.2f} x"
            f"   peak {one['mb']:5.0f} MB  child {one['child_mb']:5.0f} MB   {runs[side][0]['found']}"
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files lie."""
    return tmp_path_factory.mktemp("reading")


def test_clean_text(folder: Path) -> None:
    """Text batches with row numbers and structural check, beside Polars alone."""
    path = write_text(folder / "clean.csv", ROWS)
    compare(f"{ROWS:,} rows", path, "polars-csv", "bulkload", "bulkload-forensics")


def test_malformed_text(folder: Path) -> None:
    """One row in a hundred malformed; the reference reads the clean file, for it reads no other."""
    clean = folder / "clean.csv"
    if not clean.exists():
        write_text(clean, ROWS)
    path = write_text(folder / "malformed.csv", ROWS, 0.01)
    compare(
        f"{ROWS:,} rows, 1 % malformed (Polars: the clean file)",
        path,
        "polars-csv",
        "bulkload",
        "bulkload-forensics",
        reference_path=clean,
    )


def test_memory_is_flat(folder: Path) -> None:
    """Ten times the rows need no more memory."""
    clean = folder / "clean.csv"
    if not clean.exists():
        write_text(clean, ROWS)
    head, _, body = clean.read_bytes().partition(b"\n")
    for factor in (1, 10):
        path = folder / "long.csv"
        with path.open("wb") as file:
            file.write(head + b"\n")
            for _ in range(factor):
                file.write(body)
        compare(f"{ROWS * factor:,} rows", path, "bulkload", "bulkload-forensics")
        path.unlink()


def test_workbook(folder: Path) -> None:
    """A workbook's sheet, child process included, beside Polars alone."""
    path = write_sheet(folder / "sheet.xlsx")
    compare(f"{SHEET_ROWS:,} rows", path, "polars-excel", "bulkload", "bulkload-forensics")
