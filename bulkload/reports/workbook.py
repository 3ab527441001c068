"""rejects.xlsx: the user's own workbook with the problems marked in it, to be mended and imported.

    an .xlsx source     its archive, copied; one sheet streamed through `marking`, small parts amended
    any other source    its cells written into a plain workbook first, which is then marked the same way

Cells with a problem are coloured and carry a comment in plain words; a sheet `Problems` lists all and
links to each; columns whose values are known have a drop-down; a hidden column `bulkload_row` keeps
the number that each row had, wherever it is sorted to. Everything else of the workbook is copied.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import polars as pl

from bulkload.cells import ROW_COLUMN
from bulkload.messages.phrases import phrase
from bulkload.records import Reject, Status
from bulkload.reports.annotate import Annotation, annotate
from bulkload.reports.atomic import atomic_file, disk_errors
from bulkload.reports.package import UnpatchableWorkbookError
from bulkload.reports.rejects import MalformedRow
from bulkload.reports.sheets import PlainSheet, PlainWorkbook, sheet_name
from bulkload.reports.table import Rows, Table


def write_workbook(
    path: Path | str, table: Table, rejects: Callable[[], Iterable[Reject]], language: str = "en"
) -> list[str]:
    """Write rejects.xlsx.

    Args:
        path: The final name.
        table: The source.
        rejects: Gives all rejects by ascending row number, each time from the first.
        language: Of comments and the sheet of problems.

    Returns:
        Sentences that the user should read: what could not be kept or was left out.

    Raises:
        BulkloadError: A cell does not fit into a workbook, or the file cannot be written.
    """
    path = Path(path)
    notes: list[str] = []
    if table.format == "xlsx":
        try:
            return _write_marked(path, table, rejects, language)
        except (UnpatchableWorkbookError, zipfile.BadZipFile, UnicodeDecodeError) as error:
            notes.append(phrase("note-made-anew", language, source=table.name, reason=error))
    return notes + _write_anew(path, table, rejects, language)


def _write_marked(
    path: Path, table: Table, rejects: Callable[[], Iterable[Reject]], language: str
) -> list[str]:
    wanted = Annotation(
        headers=table.headers,
        rejects=rejects,
        sheet=table.sheet,
        choices=table.choices,
        language=language,
    )
    if not table.path:
        raise UnpatchableWorkbookError("it is no single file on disk")
    try:
        opened = zipfile.ZipFile(table.path)
    except OSError as error:
        raise UnpatchableWorkbookError((error.strerror or str(error)).lower()) from error
    with opened as source, atomic_file(path) as file:
        return annotate(source, file, wanted)


def _write_anew(
    path: Path, table: Table, rejects: Callable[[], Iterable[Reject]], language: str
) -> list[str]:
    rows = {reject.row_number for reject in rejects() if reject.status is not Status.SKIPPED}
    with disk_errors(path), tempfile.TemporaryFile(dir=path.parent) as plain:
        places = _write_plain(plain, table, rows)
        wanted = Annotation(
            headers=table.headers,
            rejects=rejects,
            choices=table.choices,
            places=places,
            keep_identity=True,
            language=language,
        )
        with zipfile.ZipFile(plain) as source, atomic_file(path) as file:
            notes = annotate(source, file, wanted)
    if not table.is_whole:
        found = {"rejected": len(places), "rows": table.rows}
        notes.append(phrase("note-only-rejected", language, **found))
    return notes


def _write_plain(file: BinaryIO, table: Table, rejected: set[int]) -> dict[int, int]:
    """Write the cells into a plain workbook; return the sheet's row by row number of the rejected."""
    places: dict[int, int] = {}
    columns = [*table.headers, ROW_COLUMN]
    wanted = pl.Series(sorted(rejected), dtype=pl.UInt32).implode()
    is_rejected = pl.col(ROW_COLUMN).is_in(wanted)
    sheet: PlainSheet | None = None
    # It is read back at once; packing it would only cost time.
    with PlainWorkbook(file, compressed=False) as workbook:
        for batch in table.batches():
            rows = _with_malformed(batch, table.headers).select(columns)
            if not table.is_whole:
                rows = rows.filter(is_rejected)
            name = sheet_name(table.sheet or Path(table.name).stem)
            sheet = sheet or workbook.sheet(name, columns, rows)
            rows = rows.head(sheet.room)
            at = rows.with_row_index("at", offset=sheet.last_row + 1).filter(is_rejected)
            places.update(at.select(ROW_COLUMN, "at").iter_rows())
            sheet.write(rows)
        if sheet is not None:
            sheet.close()
    return places


def _with_malformed(batch: Rows, headers: Sequence[str]) -> pl.DataFrame:
    rows = batch.rows.rename({"row_number": ROW_COLUMN})
    if not batch.malformed:
        return rows
    kinds = {ROW_COLUMN: pl.UInt32, **dict.fromkeys(headers, pl.String)}
    malformed = pl.DataFrame(
        [(bad.row_number, *_as_cells(bad, len(headers))) for bad in batch.malformed],
        schema=kinds,
        orient="row",
    )
    return pl.concat([rows.select(list(kinds)), malformed]).sort(ROW_COLUMN)


def _as_cells(bad: MalformedRow, width: int) -> list[str | None]:
    # With more cells than columns, or fewer, nobody knows which is which: the row stands whole in its
    # first cell, where it is refused until somebody has mended it.
    cells: list[str | None] = list(bad.cells if len(bad.cells) == width else [bad.text])
    return cells + [None] * (width - len(cells))
