"""rejects.csv: the rows that are not sent, as they stood in the source, and why.

The original cells come first, under their own headers, byte for byte apart from the apostrophe before
what looks like a formula; then `bulkload_row` (the row number in the source) and `bulkload_problems`
(every problem of that row, in sentences). Corrected, the file is a source for the same mapping: the
reader takes the two columns and the apostrophes off again.

UTF-8 with a byte order mark, so that Excel shows names in every language; CRLF line ends.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import polars as pl

from bulkload import messages
from bulkload.cells import PROBLEMS_COLUMN, ROW_COLUMN, guarded, guarded_expr, printable
from bulkload.records import Reject, Status
from bulkload.reports.atomic import atomic_file

_MOST_KEPT = 2_000
_WRITTEN = (Status.REJECTED, Status.DUPLICATE, Status.FAILED, Status.REVIEW)


class MalformedRow(Protocol):
    """A row that could not be cut into cells, as `sources` hands it over."""

    @property
    def row_number(self) -> int:
        """Physical first line of the row."""

    @property
    def text(self) -> str:
        """The row as it stands in the source."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells as far as they could be cut."""

    @property
    def rejects(self) -> Sequence[Reject]:
        """What is wrong with it."""


class RejectsWriter:
    """Writes rejects.csv batch by batch; without a reject there is no file.

    A context manager: the file gets its name when the block ends without an error.
    """

    def __init__(
        self,
        path: Path | str,
        headers: Sequence[str],
        *,
        delimiter: str = ",",
        language: str = "en",
    ) -> None:
        self.path = Path(path)
        self.rows = 0
        """Rows written."""
        self._headers = tuple(headers)
        self._delimiter = delimiter
        self._language = language
        self._guarded = [guarded_expr(pl.col(h)).alias(h) for h in headers]
        cells = [quoted_expr(pl.col(h), delimiter) for h in headers]
        self._joined = pl.concat_str(cells, separator=delimiter) if cells else pl.lit("")
        self._said: dict[tuple[object, ...], str] = {}
        """Problems as they are written, by what they say: the same mistake mostly comes again."""
        self._stack = contextlib.ExitStack()
        self._file: BinaryIO | None = None

    def write(
        self,
        rows: pl.DataFrame,
        rejects: Sequence[Reject],
        malformed: Iterable[MalformedRow] = (),
    ) -> None:
        """Write those rows of a batch that have a reject, in order of their row numbers.

        Args:
            rows: The batch as the source gave it: `row_number`, then every header as String.
            rejects: All problems of its rows, in any order. Those with the status `skipped` are
                left out; they need nobody.
            malformed: Rows that are not in `rows`. They are written as they were cut, even if that
                is too many cells or too few, so that they stay refused until somebody has mended them.
        """
        by_row: defaultdict[int, list[Reject]] = defaultdict(list)
        for reject in rejects:
            if reject.status in _WRITTEN:
                by_row[reject.row_number].append(reject)
        lines: dict[int, str] = {}
        for bad in malformed:
            by_row[bad.row_number] += bad.rejects
            lines[bad.row_number] = self._malformed_line(bad)
        if not by_row:
            return
        lines |= self._lines(rows, by_row)
        d = self._delimiter
        written = [
            f"{lines[number]}{d}{number}{d}{self._problems(number, by_row[number])}\r\n"
            for number in sorted(lines)
        ]
        self._open().write("".join(written).encode())
        self.rows += len(lines)

    def close(self) -> None:
        """Give the file its name; nothing if no row was written."""
        self._file = None
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file = None
        self._stack.__exit__(kind, error, traceback)

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._stack.enter_context(atomic_file(self.path))
            names = [guarded(header) for header in self._headers]
            row = self._delimiter.join(
                quoted(name, self._delimiter) for name in [*names, ROW_COLUMN, PROBLEMS_COLUMN]
            )
            self._file.write(b"\xef\xbb\xbf" + row.encode() + b"\r\n")
        return self._file

    def _lines(self, rows: pl.DataFrame, wanted: Iterable[int]) -> dict[int, str]:
        if not self._headers:
            return {}
        numbers = pl.Series(list(wanted), dtype=pl.UInt32)
        bad = rows.filter(pl.col("row_number").is_in(numbers.implode()))
        lines = bad.with_columns(self._guarded).select("row_number", self._joined)
        return dict(zip(*(column.to_list() for column in lines), strict=True))

    def _malformed_line(self, bad: MalformedRow) -> str:
        cells = bad.cells or (bad.text,)
        return self._delimiter.join(
            quoted(guarded(cell), self._delimiter) if cell else "" for cell in cells
        )

    def _problems(self, row_number: int, rejects: Sequence[Reject]) -> str:
        said = tuple(
            [(one.code, one.column, one.field, one.cell, *one.details.items()) for one in rejects]
        )
        problems = self._said.get(said)
        if problems is None:
            text = sentences(rejects, self._language)
            problems = quoted(guarded(text), self._delimiter)
            # A sentence with the row number in it is of that row alone.
            if str(row_number) not in text:
                if len(self._said) >= _MOST_KEPT:
                    self._said.clear()
                self._said[said] = problems
        return problems


def sentences(rejects: Sequence[Reject], language: str = "en") -> str:
    """Return all problems of one row as one text, numbered if there are several."""
    texts = [sentence(reject, language) for reject in rejects]
    if len(texts) == 1:
        return texts[0]
    return " ".join(f"({number}) {text}" for number, text in enumerate(texts, start=1))


def sentence(reject: Reject, language: str = "en") -> str:
    """Return what is wrong and how to mend it, as one or two sentences with their full stops.

    Characters of the cell that cannot be seen, or that turn the text round, are spelled out.
    """
    cell = printable(reject.cell)
    visible = reject if cell == reject.cell else replace(reject, cell=cell)
    parts = messages.what_and_fix(visible, language)
    return " ".join(
        part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part
    )


def quoted(text: str, delimiter: str) -> str:
    """Return a text as one cell of a CSV file; the empty text in quotes, apart from a missing cell."""
    if text and not any(c in text for c in (delimiter, '"', "\r", "\n")) and text.strip() == text:
        return text
    return '"' + text.replace('"', '""') + '"'


def quoted_expr(cell: pl.Expr, delimiter: str) -> pl.Expr:
    """Return `quoted` as a Polars expression; null becomes a missing cell, nothing at all.

    The cell is evaluated several times: better a column than what makes one.
    """
    needs = cell.str.contains(rf'[\x{{{ord(delimiter):x}}}"\r\n]|^\s|\s$|^$')
    inside = pl.concat_str(pl.lit('"'), cell.str.replace_all('"', '""', literal=True), pl.lit('"'))
    return pl.when(needs).then(inside).otherwise(cell).fill_null("")
