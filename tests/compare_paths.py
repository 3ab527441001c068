# ruff: noqa: T201  # a command prints
"""Judges a whole customers file by the fast path and by the exact path alone, and compares.

    python -m tests.compare_paths --rows 1000000

Payloads (bodies, actions, keys) and rejects must be the same to the last byte. The file has 15 %
odd and 3 % bad rows. Exit status 1 if there is one difference.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from bulkload.records import Field, Kind, Reject
from bulkload.validation import Judge
from tests.benchmarks.customers import HEADERS, TIERS, customers

BATCH = 40_000
FIELDS = (
    Field("firstName", columns=("first_name",), max_length=100),
    Field("lastName", columns=("last_name",), max_length=100),
    Field("email", Kind.EMAIL, columns=("email",)),
    Field("phone", Kind.PHONE, columns=("phone",)),
    Field("points", Kind.INTEGER, columns=("points",), minimum=0),
    Field("referrerId", Kind.HEX_ID, columns=("referrer_id",)),
    Field("customFields.externalId", columns=("external_id",)),
    Field("customFields.birthdate", Kind.DATE, columns=("birthdate",)),
    Field("customFields.tier", Kind.CHOICE, columns=("tier",), choices=TIERS),
    Field("initialConsentGranted.mail", Kind.BOOLEAN, columns=("marketing_consent",)),
    Field("initialConsentGranted.sms", Kind.BOOLEAN, columns=("sms_consent",)),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came out."""

    rows: int
    sent: int
    rejects: int
    differences: tuple[str, ...]


def compare(rows: int, *, seed: int = 42) -> Compared:
    """Judge `rows` customers both ways."""
    fast, exact = _judge(exact_only=False), _judge(exact_only=True)
    sent = rejects = done = 0
    differences: list[str] = []
    for batch in _batches(rows, seed):
        found, expected = (one.finish(one.prepare(batch, _Columns())) for one in (fast, exact))
        if not found.payloads.sort("row_number").equals(expected.payloads.sort("row_number")):
            differences += _of_payloads(found.payloads, expected.payloads)
        differences += _of_rejects(found.rejects, expected.rejects)
        done += batch.height
        sent += found.payloads.height
        rejects += len(found.rejects)
    return Compared(done, sent, rejects, tuple(differences))


class _Columns:
    """A mapping that takes every column as it stands."""

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            "row_number",
            *(pl.col(field.columns[0]).alias(field.name) for field in FIELDS),
            pl.col("country").alias("phone@region"),
        )

    skim = apply

    def read(self, rows: pl.DataFrame) -> tuple[()]:
        return ()


def _judge(*, exact_only: bool) -> Judge:
    contacts = ("email", "phone")
    return Judge(
        FIELDS, schema_name="Compared", one_of=contacts, keys=contacts, exact_only=exact_only
    )


def _batches(rows: int, seed: int) -> Iterator[pl.DataFrame]:
    source = customers(rows, bad_percent=3, odd=True, seed=seed)
    first = 2
    while cells := list(islice(source, BATCH)):
        frame = pl.DataFrame(cells, schema=dict.fromkeys(HEADERS, pl.String), orient="row")
        yield frame.with_row_index("row_number", first)
        first += len(cells)


def _of_payloads(found: pl.DataFrame, expected: pl.DataFrame) -> list[str]:
    rows = {row[0]: row for row in expected.iter_rows()}
    others = {row[0]: row for row in found.iter_rows()}
    return [
        f"row {number}: exact {rows.get(number)}, fast {others.get(number)}"
        for number in sorted(rows.keys() | others.keys())
        if rows.get(number) != others.get(number)
    ]


def _of_rejects(found: Sequence[Reject], expected: Sequence[Reject]) -> list[str]:
    if found == expected:
        return []
    return [f"only exact: {one}" for one in expected if one not in found] + [
        f"only fast: {one}" for one in found if one not in expected
    ]


def main() -> int:
    """Compare and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.compare_paths", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=42)
    wanted = parser.parse_args()
    found = compare(wanted.rows, seed=wanted.seed)
    print(
        f"{found.rows:,} rows, {found.sent:,} payloads, {found.rejects:,} rejects, "
        f"{len(found.differences):,} differences"
    )
    for difference in found.differences[:20]:
        print("   ", difference)
    return int(bool(found.differences))


if __name__ == "__main__":
    sys.exit(main())
