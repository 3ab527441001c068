"""Small mappings and rows for tests."""

from __future__ import annotations

from typing import Any

import polars as pl

from bulkload.mapping import BoundMapping, parse_mapping
from bulkload.records import Field, Kind, Schema

SCHEMA = Schema(
    name="TestCustomer",
    fields=(
        Field("id"),
        Field("name"),
        Field("email", Kind.EMAIL),
        Field("phone", Kind.PHONE),
        Field("points", Kind.INTEGER),
        Field("spent", Kind.NUMBER),
        Field("born", Kind.DATE),
        Field("active", Kind.BOOLEAN),
        Field("tags", Kind.LIST),
        Field("extra", Kind.JSON),
        Field("consents.email", Kind.BOOLEAN),
        Field("consents.policyVersion"),
    ),
    open_prefixes=("custom.",),
    one_of=("email", "phone"),
    keys=("id", "email", "phone"),
)
ANY = "one_of: []\n"


def rows(**columns: list[str | None] | str | None) -> pl.DataFrame:
    """Return a frame as sources give it: every cell text."""
    cells = {
        name.replace("__", " "): pl.Series(
            column if isinstance(column, list) else [column], dtype=pl.String
        )
        for name, column in columns.items()
    }
    height = max((len(column) for column in cells.values()), default=1)
    numbers = pl.Series(range(2, height + 2), dtype=pl.UInt32)
    return pl.DataFrame({"row_number": numbers, **cells})


def bound(text: str, frame: pl.DataFrame) -> BoundMapping:
    """Bind a mapping to the columns of a frame."""
    return parse_mapping(text).bind(frame.columns[1:], SCHEMA, source="list.csv")


def records(text: str, frame: pl.DataFrame) -> dict[str, list[Any]]:
    """Apply a mapping; return the columns of the records without their row numbers."""
    return bound(text, frame).apply(frame).drop("row_number").to_dict(as_series=False)


def one(text: str, **cells: str | None) -> dict[str, Any]:
    """Apply a mapping that needs no contact to one row."""
    return {name: column[0] for name, column in records(ANY + text, rows(**cells)).items()}
