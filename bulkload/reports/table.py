"""The source as the workbook of rejects needs it, and what is kept of it while it goes by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from bulkload.reports.rejects import MalformedRow

MAX_WHOLE_ROWS = 10_000
"""A source that is no workbook is written out whole up to this; beyond, only its rejected rows: among
more rows nobody looks for them, and all others stand in the source."""


class Rows(Protocol):
    """Some rows of a source, as `sources` hands them over."""

    @property
    def rows(self) -> pl.DataFrame:
        """`row_number`, then every header as String."""

    @property
    def malformed(self) -> Sequence[MalformedRow]:
        """Rows that could not be cut into cells."""


class RejectedRows:
    """The rejected rows of a source while they go by, up to a number that a workbook is made for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._batches: list[Rows] | None = []

    def add(self, batch: Rows, numbers: Collection[int]) -> None:
        """Keep the rows of a batch with these numbers, and those that could not be cut."""
        self._count += len(numbers) + len(batch.malformed)
        if self._batches is None or self._count > self._most:
            self._batches = None
        elif numbers or batch.malformed:
            few = batch.rows.filter(pl.col("row_number").is_in(list(numbers)))
            # A filtered frame keeps all the text of its batch in memory; a copy does not.
            copy = pl.DataFrame(few.to_dict(as_series=False), schema=few.schema)
            self._batches.append(_Kept(copy, batch.malformed))

    def forget(self) -> None:
        """Give up: further rows are rejected that went by long ago."""
        self._batches = None

    def batches(self, source_rows: int) -> Sequence[Rows] | None:
        """Return what a workbook needs of a source with so many rows; None if that is not here."""
        return self._batches if source_rows > MAX_WHOLE_ROWS else None


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: pl.DataFrame
    malformed: Sequence[MalformedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The source as the workbook needs it."""

    headers: Sequence[str]
    batches: Callable[[], Iterable[Rows]]
    """All rows of the source in order; called at most once. Of more than `MAX_WHOLE_ROWS` rows those
    that are rejected are enough."""
    name: str = ""
    """What people call it."""
    path: str = ""
    """Of a workbook that can be marked; empty where there is none on disk."""
    format: str = "csv"
    sheet: str | None = None
    rows: int = 0
    """How many rows the source has."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What may stand in a column, by header: drop-downs."""

    @property
    def is_whole(self) -> bool:
        """Whether all rows are to be written, not only the rejected ones."""
        return self.rows <= MAX_WHOLE_ROWS
