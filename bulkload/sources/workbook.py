"""A sheet of a workbook as a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import fastexcel
import polars as pl

from bulkload.errors import BadInputError
from bulkload.records import Finding
from bulkload.sources.headers import column_names, find_header
from bulkload.sources.reading import FileSource, own_columns
from bulkload.sources.source import ROW_NUMBER, Batch, SourceOptions
from bulkload.sources.stream import FileBytes


@dataclass(slots=True)
class SheetTable:
    """Rows of one sheet."""

    rows: pl.DataFrame
    found: list[Finding] = field(default_factory=list)

    def batches(self) -> Iterator[Batch]:
        """Yield all rows."""
        yield Batch(self.rows)

    def findings(self) -> list[Finding]:
        """Return what is odd about the sheet."""
        return self.found


def open_workbook(content: FileBytes, options: SourceOptions) -> FileSource:
    """Open one sheet."""
    book = fastexcel.read_excel(content.read_all())
    sheet = options.sheet or book.sheet_names[0]
    frame = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    head = [[cell or "" for cell in row] for row in frame.head(100).iter_rows()]
    if not head:
        raise BadInputError(f"`{content.shown}` is empty", fix="choose another sheet with --sheet")
    at = find_header(head, frame.width)
    headers, findings = column_names(head[at], at + 1)
    if frame.height < at + 2:
        raise BadInputError(f"`{content.shown}` has headers but no rows", fix="export it again")
    rows = frame.with_row_index(ROW_NUMBER, 1).slice(at + 1)
    rows.columns = [ROW_NUMBER, *headers]
    rows = rows.with_columns(pl.col(ROW_NUMBER).cast(pl.UInt32))
    own = own_columns(headers)
    return FileSource(
        name=Path(content.shown).name,
        path=content.shown,
        format="xlsx",
        size_bytes=content.size_bytes,
        headers=tuple(header for header in headers if header not in own),
        own_columns=own,
        sheet=sheet,
        description={"sheets": list(book.sheet_names)},
        content=content,
        table=SheetTable(rows, findings),
        options=options,
    )
