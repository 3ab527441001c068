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


def _shares(cells: pl.Series, *patterns: str) -> list[float]:
    """Return the share of cells that match each pattern, found by one pass over them."""
    cell = pl.col("cell")
    hits = pl.DataFrame({"cell": cells}).select_seq(
        cell.str.contains(pattern).sum().alias(str(number))
        for number, pattern in enumerate(patterns)
    )
    return [count / max(1, len(cells)) for count in hits.row(0)]


def recognise(column: Column, cells: pl.Series) -> None:
    """Tell from the header and the first cells what a column is about."""
    header = pl.Series([column.name.casefold()])
    is_identifier, is_phone, is_date = _shares(header, IDENTIFIER_WORDS, PHONE_WORDS, DATE_WORDS)
    trimmed = cells.str.strip_chars()
    begun, phones, dates, numbers = _shares(trimmed, r"^[+(']?\d", PHONE_START, DATE, NUMBER)
    if begun > HALF:
        column.role |= Role.NUMBERS
    if is_identifier:
        column.role |= Role.IDENTIFIERS
    if is_phone or phones:
        column.role |= Role.PHONES
    if is_date or dates > HALF:
        column.role |= Role.DATES
    if Role.IDENTIFIERS in column.role:
        digits = trimmed.filter(trimmed.str.contains(DIGITS))
        if len(digits) > HALF * len(cells):
            usual = digits.str.len_bytes().mode()[0]
            column.has_fixed_width = _shares(digits, f"^.{{{usual}}}$")[0] > HALF
    for pattern, share in ((DATE, dates), (NUMBER, numbers)):
        if len(cells) >= ENOUGH and share >= MOSTLY:
            column.usual = pattern
            break
