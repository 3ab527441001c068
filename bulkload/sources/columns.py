"""What is known about a column: what it is about, and what was seen in it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Flag, auto

import polars as pl

from bulkload.sources.source import ROW_NUMBER
from bulkload.sources.traces import (
    DATE,
    DATE_WORDS,
    DIGITS,
    IDENTIFIER_WORDS,
    NUMBER,
    PHONE_START,
    PHONE_WORDS,
)

SHOWN = 5
"""Places named in a finding."""
MOSTLY = 0.9
HALF = 0.5
ENOUGH = 20
"""Cells below which nothing is said about what is usual in a column."""


class Role(Flag):
    """What a column is about."""

    NONE = 0
    NUMBERS = auto()
    DATES = auto()
    IDENTIFIERS = auto()
    """Phones, postcodes, cards: digits that are not counted with."""
    PHONES = auto()


@dataclass(slots=True)
class Seen:
    """How often one trace was met in one column, and where first."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, hits: pl.DataFrame, column: str) -> None:
        """Count rows that have the trace."""
        self.count += hits.height
        missing = SHOWN - len(self.rows)
        if missing > 0:
            self.rows += hits[ROW_NUMBER].head(missing).to_list()
            self.texts += [str(text) for text in hits[column].head(missing)]


@dataclass(slots=True)
class Column:
    """A column as it is being watched."""

    name: str
    position: int
    role: Role = Role.NONE
    usual: str = ""
    """Pattern that nearly all of its first cells match."""
    has_fixed_width: bool = False
    """Codes of mostly one length, in which lost zeros can be told."""
    filled: int = 0
    traces: dict[str, Seen] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    zero_led: int = 0
    short: dict[int, Seen] = field(default_factory=dict)

    def seen(self, code: str) -> Seen:
        """Return what was seen of one trace."""
        return self.traces.setdefault(code, Seen())


def _share(cells: pl.Series, pattern: str) -> float:
    return len(cells.str.contains(pattern).arg_true()) / max(1, len(cells))


def recognise(column: Column, cells: pl.Series) -> None:
    """Tell from the header and the first cells what a column is about."""
    header = pl.Series([column.name.casefold()])
    trimmed = cells.str.strip_chars()
    if _share(trimmed, r"^[+(']?\d") > HALF:
        column.role |= Role.NUMBERS
    if _share(header, IDENTIFIER_WORDS):
        column.role |= Role.IDENTIFIERS
    if _share(header, PHONE_WORDS) or _share(trimmed, PHONE_START):
        column.role |= Role.PHONES
    if _share(header, DATE_WORDS) or _share(trimmed, DATE) > HALF:
        column.role |= Role.DATES
    digits = trimmed.filter(trimmed.str.contains(DIGITS))
    if Role.IDENTIFIERS in column.role and len(digits) > HALF * len(cells):
        usual = digits.str.len_bytes().mode()[0]
        column.has_fixed_width = _share(digits, f"^.{{{usual}}}$") > HALF
    for pattern in (DATE, NUMBER):
        share = _share(trimmed, pattern)
        if len(cells) >= ENOUGH and share >= MOSTLY:
            column.usual = pattern
            break
