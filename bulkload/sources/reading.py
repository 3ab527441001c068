"""A source over one table: what every format has in common once its cells are text."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from bulkload.ahead import Ahead
from bulkload.cells import ROW_COLUMN, unguarded_expr
from bulkload.records import Finding
from bulkload.sources.forensics import Watcher
from bulkload.sources.source import (
    OWN_PREFIX,
    ROW_NUMBER,
    Batch,
    Source,
    SourceOptions,
)
from bulkload.sources.stream import FileBytes

_SHOWN = 5
"""Places named in a finding."""


class Table(Protocol):
    """Rows under headers, own columns and blank rows still among them."""

    @property
    def positions(self) -> Mapping[str, int]:
        """Column of each header as a spreadsheet counts, from 1; missing ones stand in order."""

    @property
    def controls(self) -> bool:
        """Whether the last batch may hold control characters."""

    @property
    def wide(self) -> bool:
        """Whether the last batch may hold traces beyond ASCII."""

    def batches(self) -> Iterator[Batch]:
        """Yield all rows in file order; it can be called again."""

    def findings(self) -> list[Finding]:
        """Return what the table itself is odd about; complete after its batches."""


@dataclass(kw_only=True)
class FileSource(Source):
    """One table of one file."""

    content: FileBytes = field(repr=False)
    table: Table = field(repr=False)
    options: SourceOptions
    found: list[Finding] = field(default_factory=list)
    _is_watched: bool = field(init=False, default=False)
    """All rows have been looked at for traces of damage."""
    _begun: Ahead[Batch] | None = field(init=False, default=None, repr=False)
    """What the next reading goes on from."""
    _under_way: set[Ahead[Batch]] = field(init=False, default_factory=set, repr=False)
    """Readings that have a thread; who iterates them may be kept alive by an exception."""

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the file's bytes."""
        return self.content.sha256

    @property
    def is_unchanged(self) -> bool:
        """Whether the file on disk is still the one that was opened."""
        return self.content.is_unchanged

    @property
    def findings(self) -> list[Finding]:
        """What a person should know about the file; complete after the batches are read."""
        return list(self.found)

    def read_ahead(self) -> None:
        """Begin to read and to find the digest, each in a thread of its own."""
        self._begun = self._reading()
        self.content.hash_ahead()

    def batches(self) -> Iterator[Batch]:
        """Yield all rows in file order; it can be called again.

        While one batch is used, the next is read in a thread of its own.
        """
        reading, self._begun = self._begun, None
        if reading is None:
            if self.content.spooled is not None:
                # It has one place, from which one reading at a time can go on.
                self._end_readings()
            reading = self._reading()
        try:
            yield from reading
        finally:
            reading.close()
            self._under_way.discard(reading)

    def _reading(self) -> Ahead[Batch]:
        reading = Ahead(self._batches(), thread="bulkload-read")
        self._under_way.add(reading)
        return reading

    def _batches(self) -> Generator[Batch]:
        # The same rows have the same traces: who reads them again need not look for them again.
        is_watching = self.options.forensics and not self._is_watched
        watcher = Watcher(self.headers, self.table.positions, enabled=is_watching)
        blank = _BlankRows()
        for batch in self.table.batches():
            rows = batch.rows.drop(self.own_columns) if self.own_columns else batch.rows
            rows = blank.without(rows)
            if self.own_columns and self.format == "csv":
                rows.columns = [ROW_NUMBER, *self.headers]
                rows = rows.with_columns(unguarded_expr(pl.col(self.headers)))
            watcher.see(rows, controls=self.table.controls, wide=self.table.wide)
            batch = Batch(rows, batch.malformed)  # noqa: PLW2901  # the table's own is not needed
            if rows.height or batch.malformed:
                yield batch
            # It fills memory until the next one is there.
            del rows, batch
        if not self._is_watched:
            self.found = [*self.table.findings(), *blank.findings(), *watcher.findings()]
            self._is_watched = True

    def close(self) -> None:
        """Let go of files; the source cannot be read afterwards."""
        self._begun = None
        self._end_readings()
        self.content.close()

    def _end_readings(self) -> None:
        while self._under_way:
            self._under_way.pop().close()


def own_columns(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that bulkload wrote itself, if this is a rejects file."""
    if ROW_COLUMN not in headers:
        return ()
    return tuple(header for header in headers if header.startswith(OWN_PREFIX))


@dataclass(slots=True)
class _BlankRows:
    """Rows without any text are no customers; they are counted and left out."""

    count: int = 0
    places: list[str] = field(default_factory=list)

    def without(self, rows: pl.DataFrame) -> pl.DataFrame:
        cells = [name for name in rows.columns if name != ROW_NUMBER]
        if not cells or any(not rows[name].null_count() for name in cells):
            return rows
        blank = pl.all_horizontal(pl.col(cells).is_null())
        numbers = rows.filter(blank)[ROW_NUMBER]
        if not len(numbers):
            return rows
        self.count += len(numbers)
        room = _SHOWN - len(self.places)
        self.places += [f"A{number}" for number in numbers.head(max(0, room))]
        return rows.filter(~blank)

    def findings(self) -> list[Finding]:
        return [Finding("blank-rows", "", tuple(self.places), self.count)] if self.count else []
