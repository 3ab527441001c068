"""Polars' CSV reader with everything that guesses switched off."""

from __future__ import annotations

import codecs
import inspect
from collections.abc import Sequence
from typing import Any

import polars as pl

# The flag was renamed between the versions of Polars that are supported.
_EMPTY_IS_NULL = "empty_string_is_null" in inspect.signature(pl.read_csv).parameters

# Polars takes a mark off, and unpacks what begins like gzip, zstd or zlib: `x^2,...` is text.
MISREAD = (codecs.BOM_UTF8, b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"x\x01", b"x^", b"x\x9c", b"x\xda")
"""Beginnings of text that Polars would not read as it stands."""


def read_cells(
    text: bytes,
    columns: Sequence[str],
    separator: str,
    *,
    quote: str | None,
    line_end: str,
    empty_is_null: bool = False,
) -> pl.DataFrame:
    """Return the cells of delimited text as strings, one row per record, no header.

    Args:
        text: UTF-8.
        columns: Names for the cells of a record, from the left.
        separator: One ASCII character.
        quote: One ASCII character; None where no cell is quoted.
        line_end: Carriage returns before a line feed are taken off as well.
        empty_is_null: Unquoted empty cells are null instead of empty.

    Raises:
        pl.exceptions.PolarsError: A record has more cells than columns, the text is not UTF-8, or
            begins in a way that Polars takes for something else.
    """
    if text.startswith(MISREAD):
        raise pl.exceptions.ComputeError("the text begins like a compressed file or with a mark")
    schema = dict.fromkeys(columns, pl.String)
    if not text:
        return pl.DataFrame(schema=schema)
    how: dict[str, Any] = (
        {"empty_string_is_null": empty_is_null}
        if _EMPTY_IS_NULL
        else {"missing_utf8_is_empty_string": not empty_is_null}
    )
    return pl.read_csv(
        text,
        has_header=False,
        schema=schema,
        separator=separator,
        quote_char=quote,
        eol_char=line_end,
        raise_if_empty=False,
        **how,
    )
