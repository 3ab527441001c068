# ruff: noqa: T201  # a command prints
"""Looks for a cell that the fast path accepts otherwise than the exact path.

    python -m tests.fuzz_fast_path --rows 1000000 --seed 7

Each kind of field gets cells that are plausible, mangled and hostile. Every cell goes through the
exact path, which asks Pydantic, email-validator and phonenumbers, and through the tiers; verdict,
body and key must be the same. Exit status 1 if there is one difference.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from bulkload.records import Action, Field, Kind, Reject
from bulkload.validation.fast.tiers import Tiers
from bulkload.validation.fast.twins import Twin, twin_of
from bulkload.validation.odd import OddRows
from bulkload.validation.remembered import Contacts
from bulkload.validation.source_cells import SourceCells
from tests.fuzz_cells import CELLS, mangled, phone

TwinOf = Callable[[Field, Container[str]], Twin]
BATCH = 25_000


def fields_of(kind: Kind) -> tuple[Field, ...]:
    """Return fields of one kind that differ in their rules."""
    name = "group.value"
    match kind:
        case Kind.INTEGER:
            return (
                Field(name, kind),
                Field(name, kind, minimum=0, maximum=20_000),
                Field(name, kind, minimum=-5),
                Field(name, kind, minimum=0),
            )
        case Kind.NUMBER:
            return Field(name, kind), Field(name, kind, minimum=-1, maximum=1000)
        case Kind.CHOICE:
            choices = ("gold", "Gold", 'a"b\\', "é", "1", "on hold")
            return Field(name, kind, choices=choices), Field(name, kind, max_length=6)
        case Kind.PHONE:
            return Field(name, kind), Field(name, kind, region="DE"), Field(name, kind, region="US")
        case Kind.TEXT | Kind.EMAIL | Kind.URL:
            return Field(name, kind), Field(name, kind, max_length=20)
        case _:
            return (Field(name, kind),)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out for one kind."""

    kind: Kind
    rows: int
    exact: int
    """Rows that the exact path accepts."""
    fast: int
    """Rows that the tiers accept."""
    differences: tuple[str, ...]


def compare(kind: Kind, rows: int, seed: int, twins: TwinOf = twin_of) -> Comparison:
    """Send cells of one kind down both paths."""
    chooses = random.Random(f"{kind}-{seed}")
    exact = fast = done = 0
    differences: list[str] = []
    fields = fields_of(kind)
    while done < rows:
        count = min(BATCH, rows - done, -(-rows // len(fields)))
        field = fields[done // BATCH % len(fields)] if rows > BATCH else fields[seed % len(fields)]
        records = _records(field, count, chooses)
        accepted, by_exact, found = _compare(field, records, twins)
        exact, fast, done = exact + by_exact, fast + accepted, done + count
        differences += found
    return Comparison(kind, done, exact, fast, tuple(differences))


def compare_cells(field: Field, cells: Sequence[str]) -> list[str]:
    """Send these cells of one field down both paths; return the differences."""
    numbers = pl.Series("row_number", range(2, len(cells) + 2), dtype=pl.UInt32)
    texts = pl.Series(field.name, cells, dtype=pl.String)
    return _compare(field, pl.DataFrame([numbers, texts]), twin_of)[2]


def _compare(field: Field, records: pl.DataFrame, twins: TwinOf) -> tuple[int, int, list[str]]:
    rules: dict[str, Any] = {
        "one_of": (),
        "keys": (field.name,),
        "action": Action.CREATE,
    }
    tiers = Tiers((field,), records.columns, **rules, bodies=True, twin_of=twins)
    sifted = tiers.sift(records)
    asks = OddRows((field,), schema_name="Fuzz", **rules, contacts=Contacts(remember=False))
    knows = OddRows((field,), schema_name="Fuzz", **rules, contacts=Contacts())
    expected = _verdicts(asks, records)
    found = _verdicts(knows, sifted.odd)
    found |= {row[0]: row for row in sifted.payloads.iter_rows()}
    cells = {row[0]: row[1:] for row in records.iter_rows()}
    differences = [
        f"{field.kind.value} {cells[number]!r}: exact {expected.get(number)}, fast {found.get(number)}"
        for number in cells
        if expected.get(number) != found.get(number)
    ]
    return sifted.payloads.height, sum(isinstance(v, tuple) for v in expected.values()), differences


def _verdicts(path: OddRows, records: pl.DataFrame) -> dict[int, tuple[Any, ...] | list[Reject]]:
    judged = path.judge(records, SourceCells(records, records["row_number"]))
    verdicts: dict[int, tuple[Any, ...] | list[Reject]] = {
        row[0]: row for row in zip(*judged.payloads.values(), strict=True)
    }
    for reject in judged.rejects:
        problems = verdicts.setdefault(reject.row_number, [])
        assert isinstance(problems, list)
        problems.append(reject)
    return verdicts


def _records(field: Field, count: int, chooses: random.Random) -> pl.DataFrame:
    numbers = pl.Series("row_number", range(2, count + 2), dtype=pl.UInt32)
    columns: dict[str, list[str | None]] = {}
    if field.kind is Kind.PHONE:
        pairs = [phone(chooses) for _ in range(count)]
        columns[field.name] = [written for written, _ in pairs]
        if chooses.random() < 0.7:
            columns[f"{field.name}@region"] = [region for _, region in pairs]
    else:
        make = CELLS[field.kind]
        columns[field.name] = [mangled(make(chooses), chooses) for _ in range(count)]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).insert_column(0, numbers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_fast_path", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="cells of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", type=Kind, action="append", choices=list(Kind))
    wanted = parser.parse_args(arguments)
    failed = False
    print(
        f"{'kind':10}{'cells':>10}{'exact accepts':>15}{'fast accepts':>14}{'differences':>13}{'s':>8}"
    )
    started = time.perf_counter()
    for kind in wanted.kind or list(Kind):
        found = compare(kind, wanted.rows, wanted.seed)
        seconds, started = time.perf_counter() - started, time.perf_counter()
        print(
            f"{found.kind.value:10}{found.rows:>10,}{found.exact:>15,}{found.fast:>14,}"
            f"{len(found.differences):>13,}{seconds:>8.1f}"
        )
        for difference in found.differences[:10]:
            print("   ", difference)
        failed |= bool(found.differences)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
