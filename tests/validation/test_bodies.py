"""Bodies of few members and of many are the bytes that the exact path sends."""

from __future__ import annotations

import time

import polars as pl
import pytest

from bulkload.records import Field, Kind
from bulkload.validation import Judge


def judged(count: int, *, exact_only: bool) -> tuple[pl.DataFrame, float]:
    """Return the payloads of rows that say some of their fields, and how long they took."""
    fields = [
        Field(
            f"{'group.' if n % 3 else ''}f{n}",
            Kind.INTEGER if n % 5 == 1 else Kind.TEXT,
            clear_when_blank=n % 7 == 2,
        )
        for n in range(count)
    ]
    rows = range(40)
    records = pl.DataFrame(
        {
            "row_number": pl.Series(rows, dtype=pl.UInt32) + 2,
            **{
                field.name: [None if (row * (n + 3)) % 4 else str(row) for row in rows]
                for n, field in enumerate(fields)
            },
        },
        schema_overrides={field.name: pl.String for field in fields},
    )
    judge = Judge(fields, schema_name="many", one_of=(), keys=(), exact_only=exact_only)
    started = time.perf_counter()
    payloads = judge.split(records, records).payloads.sort("row_number")
    return payloads.select("row_number", "body"), time.perf_counter() - started


@pytest.mark.parametrize("count", [1, 2, 3, 8, 24, 25, 60])
def test_bodies_are_those_of_the_exact_path(count: int) -> None:
    """Whichever members a row leaves out, and wherever the first one stands."""
    assert judged(count, exact_only=False)[0].equals(judged(count, exact_only=True)[0])


def test_many_fields_take_no_more_than_their_share() -> None:
    """Work that grows with the square of the fields would take minutes here, not a second."""
    found, took_s = judged(600, exact_only=False)

    assert found.height == 40
    assert took_s < 20
