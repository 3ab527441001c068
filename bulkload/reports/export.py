"""Tables written in one pass over rows whose columns are not known before the last row.

    write(rows) -> parts on disk (one per call) -> close(): the union of their columns -> .csv .xlsx .parquet

The parts keep memory at that of one call, whatever the number of rows. They lie in a folder of their
own beside the final file, readable by the owner only, and are gone when the writer is closed or left.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import polars as pl

from bulkload.cells import ROW_COLUMN, guarded, guarded_expr
from bulkload.errors import BulkloadError
from bulkload.records import Customer
from bulkload.reports import sheets
from bulkload.reports.atomic import atomic_file, sweep
from bulkload.reports.rejects import quoted, quoted_expr
from bulkload.reports.sheets import (
    MAX_COLUMNS,
    column_widths,
    refuse_too_long,
    sheet_name,
    too_many_columns,
    unused_name,
)
from bulkload.scratch import hold

if TYPE_CHECKING:
    from xlsxwriter import Workbook

FORMATS = (".csv", ".xlsx", ".parquet")
_BATCH_ROWS = 10_000
_TEXT_STAYS_TEXT = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class ExportWriter:
    """Writes rows to a .csv, .xlsx or .parquet file, atomically and with bounded memory.

    Strings stay strings in every format: a phone keeps its `+`, `=HYPERLINK(...)` stays text. In a
    .csv file cells that look like formulas get an apostrophe; if there is any, a last column
    `bulkload_row` tells the reader to take the apostrophes off again. A workbook has a frozen
    header row and goes on in a second sheet after 1,048,576 rows.

    A context manager: the file gets its name when the block ends without an error. Without a row
    there is still a file, with the columns that were named.
    """

    def __init__(
        self,
        path: Path | str,
        columns: Sequence[str] = (),
        *,
        sheet: str = "customers",
        reversible: bool = True,
    ) -> None:
        """Begin a file.

        Args:
            path: Its name; the ending chooses the format.
            columns: Columns that come first, in this order; others follow as they are met.
            sheet: Name of the sheet in a workbook.
            reversible: Whether the reader must be able to tell guarded cells of a .csv file; if not,
                no column is added.

        Raises:
            BulkloadError: The ending is none of .csv, .xlsx and .parquet, or the folder is missing.
        """
        self.path = Path(path)
        if self.path.suffix.lower() not in FORMATS:
            raise BulkloadError(
                f"`{self.path.name}` must end in .csv, .xlsx or .parquet",
                fix="choose the format by the ending, for example `customers.xlsx`",
            )
        if not self.path.parent.is_dir():
            raise BulkloadError(
                f"`{self.path}` cannot be written: there is no such folder",
                fix=f"create the folder `{self.path.parent}` first",
            )
        self.rows = 0
        """Rows written."""
        self._columns = dict.fromkeys(columns)
        self._sheet = sheet
        self._reversible = reversible
        self._waiting: list[Mapping[str, Any]] = []
        self._parts: list[Path] = []
        self._folder: Path | None = None
        self._hold = -1

    def write(self, rows: pl.DataFrame | Iterable[Mapping[str, Any]]) -> None:
        """Append rows: a frame, or mappings from column to a value, written as its text."""
        if isinstance(rows, pl.DataFrame):
            self._spool_waiting()
            self._spool(rows)
            return
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) >= _BATCH_ROWS:
                self._spool_waiting()

    def close(self) -> None:
        """Write the final file."""
        try:
            self._spool_waiting()
            columns = list(self._columns)
            with atomic_file(self.path) as file:
                match self.path.suffix.lower():
                    case ".csv":
                        self._write_csv(file, columns)
                    case ".xlsx":
                        self._write_xlsx(file, columns)
                    case _:
                        self._write_parquet(file, columns)
        finally:
            self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()

    def _spool_waiting(self) -> None:
        if self._waiting:
            columns = list(dict.fromkeys(name for row in self._waiting for name in row))
            series = [self._series(name) for name in columns]
            self._waiting = []
            self._spool(pl.DataFrame(series))

    def _series(self, name: str) -> pl.Series:
        values = [row.get(name) for row in self._waiting]
        return pl.Series(name, [cell_text(value) for value in values], dtype=pl.String)

    def _spool(self, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            self._columns |= dict.fromkeys(rows.columns)
            return
        self._columns |= dict.fromkeys(rows.columns)
        self.rows += rows.height
        part = self._own_folder() / f"{len(self._parts)}.arrow"
        rows.write_ipc(part, compression="lz4")
        self._parts.append(part)

    def _own_folder(self) -> Path:
        """Return the folder beside the file where its parts wait; made when it is first needed."""
        if self._folder is None:
            sweep(self.path)
            # mkdtemp makes it 0700, so that what lies in it is nobody else's whatever its mode.
            self._folder = Path(
                tempfile.mkdtemp(
                    prefix=f".{self.path.name}.", suffix=".parts", dir=self.path.parent
                )
            )
            self._hold = hold(self._folder)
        return self._folder

    def _frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        for part in self._parts:
            rows = pl.read_ipc(part)
            missing = [pl.lit(None, pl.String).alias(c) for c in columns if c not in rows.columns]
            yield rows.with_columns(missing).select(columns)

    def _write_csv(self, file: BinaryIO, columns: Sequence[str]) -> None:
        names = [guarded(name) for name in columns]
        marked = self._reversible and (names != list(columns) or self._any_guarded(columns))
        header = [*names, ROW_COLUMN] if marked else names
        file.write(
            b"\xef\xbb\xbf" + ",".join(quoted(name, ",") for name in header).encode() + b"\r\n"
        )
        row_number = 2
        for rows in self._frames(columns):
            cells = [
                pl.col(name).cast(pl.String).fill_null("")
                if kind.is_integer()
                else quoted_expr(guarded_expr(pl.col(name)), ",")
                for name, kind in rows.schema.items()
            ]
            if marked:
                cells.append(pl.int_range(row_number, row_number + rows.height).cast(pl.String))
            lines = rows.select(pl.concat_str(cells, separator=",")).to_series().to_list()
            # A single empty cell must not become an empty line, which readers leave out.
            file.writelines(f"{line or chr(34) * 2}\r\n".encode() for line in lines)
            row_number += rows.height

    def _any_guarded(self, columns: Sequence[str]) -> bool:
        strings = pl.selectors.string()
        return any(
            any(rows.select((guarded_expr(strings) != strings).any()).row(0))
            for rows in self._frames(columns)
        )

    def _write_xlsx(self, file: BinaryIO, columns: Sequence[str]) -> None:
        import xlsxwriter  # not above: most runs write no table of their own

        if len(columns) > MAX_COLUMNS:
            raise too_many_columns(len(columns))
        empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        options = {"constant_memory": True, "tmpdir": str(self._own_folder()), **_TEXT_STAYS_TEXT}
        workbook = xlsxwriter.Workbook(file, options)
        written = _Sheets(workbook, self._sheet, columns)
        try:
            for rows in self._frames(columns) if self._parts else [empty]:
                written.write(rows)
        finally:
            workbook.close()

    def _write_parquet(self, file: BinaryIO, columns: Sequence[str]) -> None:
        if not self._parts:
            pl.DataFrame(schema=dict.fromkeys(columns, pl.String)).write_parquet(file)
            return
        frames = [pl.scan_ipc(part) for part in self._parts]
        pl.concat(frames, how="diagonal").select(columns).sink_parquet(file)

    def _discard(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            if self._hold >= 0:
                os.close(self._hold)
            self._folder = None


class _Sheets:
    """Rows on one sheet after the other, each with a frozen header and a filter."""

    def __init__(self, workbook: Workbook, name: str, columns: Sequence[str]) -> None:
        self._workbook = workbook
        self._name = name
        self._columns = columns
        self._text = workbook.add_format({"num_format": "@"})
        self._bold = workbook.add_format({"num_format": "@", "bold": True})
        self._sheet: Any = None
        self._names: list[str] = []
        self._next_row = 0

    def write(self, rows: pl.DataFrame) -> None:
        """Append rows; null is no cell at all."""
        if self._sheet is None:
            self._begin(rows)
        refuse_too_long(rows, self._next_row + 1)
        for row in rows.iter_rows():
            if self._next_row == sheets.MAX_ROWS:
                self._begin(rows)
            for column, value in enumerate(row):
                if isinstance(value, str):
                    self._sheet.write_string(self._next_row, column, value, self._text)
                elif value is not None:
                    self._sheet.write_number(self._next_row, column, value)
            self._next_row += 1
        self._sheet.autofilter(0, 0, max(self._next_row - 1, 0), max(len(self._columns) - 1, 0))

    def _begin(self, sample: pl.DataFrame) -> None:
        taken = {used.casefold() for used in self._names}
        self._names.append(unused_name(sheet_name(self._name), taken))
        self._sheet = self._workbook.add_worksheet(self._names[-1])
        self._sheet.freeze_panes(1, 0)
        for column, width in enumerate(column_widths(self._columns, sample)):
            self._sheet.set_column(column, column, width, self._text)
        for column, name in enumerate(self._columns):
            self._sheet.write_string(0, column, name, self._bold)
        self._next_row = 1


def flat(customer: Customer) -> dict[str, str | None]:
    """Return a customer as one row of text cells.

    Nested objects become dotted columns (`customFields.birthday`), lists JSON text, booleans `true`
    and `false`, null an empty cell, everything else its own text. `id` comes first.
    """
    row: dict[str, str | None] = {"id": customer.remote_id}
    _flatten(customer.fields, "", row)
    return row


def _flatten(values: Mapping[str, Any], prefix: str, row: dict[str, str | None]) -> None:
    for name, value in values.items():
        column = prefix + name
        if isinstance(value, Mapping) and value:
            _flatten(value, f"{column}.", row)
        elif column != "id" or not row["id"]:
            row[column] = cell_text(value)


def cell_text(value: Any) -> str | None:
    """Return a JSON value as the text of a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
