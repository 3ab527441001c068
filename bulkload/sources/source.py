"""What a source is: named text with headers, read in batches of numbered rows.

    open_source(path) -> Source -> batches() -> Batch(rows, malformed)

Every cell is the exact text of the file; an empty cell is null. A row that cannot be cut into cells,
or has a cell without a value, is a `Malformed` with its own text, never an exception and never a guess.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import polars as pl

from bulkload.records import Finding, Reject

ROW_NUMBER = "row_number"
OWN_PREFIX = "bulkload_"
"""Columns with this prefix were written by bulkload itself into a rejects file."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to read a source where the file alone does not say it; None means: find out."""

    encoding: str | None = None
    """A Python codec name, `cp1252`."""
    delimiter: str | None = None
    quote: str | None = None
    """One character; an empty string means that no cell is quoted."""
    skip_rows: int | None = None
    """Physical lines (or sheet rows) above everything else that are not looked at."""
    header_row: int | None = None
    """Row number of the headers, counting from 1 as a spreadsheet does."""
    no_header: bool = False
    """The first row is a customer; columns are called `A`, `B`, ..."""
    sheet: str | None = None
    """Name of the sheet of a workbook."""
    format: str | None = None
    """`csv`, `xlsx`, `parquet`, ...: what the file is, whatever it is called."""
    batch_rows: int = 100_000
    """At most this many rows in a batch of a format that has no blocks of its own."""
    block_bytes: int = 8 << 20
    """Text is read in blocks of about this size."""
    forensics: bool = True
    """Look for traces of damage while reading."""
    max_cell_bytes: int = 1 << 20
    max_row_bytes: int = 8 << 20
    max_columns: int = 2_000
    max_workbook_bytes: int = 1 << 30
    """Uncompressed size of all parts of a workbook."""
    max_workbook_ratio: int = 100
    """Uncompressed to compressed size of one part of a workbook above 100 kB."""
    memory_bytes: int = 2 << 30
    """Address space of the process that parses a workbook."""
    time_s: float | None = None
    """CPU and wall time of the process that parses a workbook; None: by its size."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A row that could not be cut into cells, and why."""

    row_number: int
    text: str
    """The row as it stands in the file, without its line end."""
    cells: tuple[str, ...]
    """The closest guess at its cells, for people who mend it."""
    reject: Reject
    more: tuple[Reject, ...] = ()
    """What else is wrong with the row."""

    @property
    def rejects(self) -> tuple[Reject, ...]:
        """Every reason why the row is not loaded."""
        return (self.reject, *self.more)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a source, in file order."""

    rows: pl.DataFrame
    """`row_number` UInt32, then every header as String; null is an empty cell."""
    malformed: tuple[Malformed, ...] = ()


@dataclass(kw_only=True)
class Source(ABC):
    """A readable file: what it is, and its rows."""

    name: str
    path: str
    format: str
    size_bytes: int
    headers: tuple[str, ...]
    is_one_file: bool = False
    """Whether `path` leads to a file that holds all of it: not to standard input, nor to several."""
    sheet: str | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    """Dialect, encoding, sheets: what was detected, for the report."""
    own_columns: tuple[str, ...] = ()
    """Columns that bulkload wrote into a rejects file; they are taken off from headers and rows."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Hexadecimal digest of the file's bytes."""

    @property
    @abstractmethod
    def is_unchanged(self) -> bool:
        """Whether what is on disk is still what was opened."""

    @property
    @abstractmethod
    def findings(self) -> list[Finding]:
        """What a person should know about the file; complete after the batches are read."""

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Yield all rows in file order; it can be called again."""

    @abstractmethod
    def read_ahead(self) -> None:
        """Begin to read and to hash in threads; the next `batches` goes on from there."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files; the source cannot be read afterwards."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def empty_rows(headers: Sequence[str]) -> pl.DataFrame:
    """Return a frame of no rows with the columns that `Batch.rows` has."""
    return pl.DataFrame(schema={ROW_NUMBER: pl.UInt32, **dict.fromkeys(headers, pl.String)})
