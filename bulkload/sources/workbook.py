"""A sheet of a workbook as a source: headers, rows, and what a person should know about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

import polars as pl

from bulkload.cells import FORMULA_ERRORS, ROW_COLUMN
from bulkload.errors import BadInputError
from bulkload.records import Finding, Reject
from bulkload.sources.archive import Archive
from bulkload.sources.headers import cell_name, column_letters, column_names, find_header
from bulkload.sources.marks import MOST_PROBLEMS, SheetMarks, column_number
from bulkload.sources.parsing import Marked, Parsed, parse_sheet
from bulkload.sources.reading import own_columns
from bulkload.sources.source import ROW_NUMBER, Batch, Malformed, SourceOptions
from bulkload.sources.stream import FileBytes

_HEAD_ROWS = 100
_SHOWN = 5
_LAST_ROW = 1_048_576
_TEXTS = {"at": pl.UInt32, "text": pl.String}
_FIRST_DAY_1904 = "1904-01-01 "


@dataclass(slots=True)
class SheetTable:
    """Rows of one sheet, and the cells that have no value to load."""

    rows: pl.DataFrame
    headers: tuple[str, ...]
    refused: dict[int, list[Reject]]
    """By row number, for rows with cells that have no value."""
    batch_rows: int
    positions: dict[str, int]
    controls: bool = True
    wide: bool = True
    found: list[Finding] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """Return what is odd about the sheet."""
        return list(self.found)

    def batches(self) -> Iterator[Batch]:
        """Yield the rows."""
        for rows in self.rows.iter_slices(self.batch_rows):
            if not self.refused:
                yield Batch(rows)
                continue
            bad = pl.col(ROW_NUMBER).is_in(list(self.refused))
            malformed = tuple(
                self._malformed(number, tuple(cell or "" for cell in cells))
                for number, *cells in rows.filter(bad).iter_rows()
            )
            yield Batch(rows.filter(~bad), malformed)

    def _malformed(self, number: int, cells: tuple[str, ...]) -> Malformed:
        first, *more = self.refused[number]
        told = {reject.column: reject.cell for reject in (first, *more)}
        # An error stays where it is, so that the row is not taken for one without that cell.
        own = own_columns(self.headers)
        cells = tuple(
            told.get(header) or cell
            for header, cell in zip(self.headers, cells, strict=True)
            if header not in own
        )
        return Malformed(number, "\t".join(cells), cells, first, tuple(more))


@dataclass(slots=True)
class Workbook:
    """One sheet, parsed."""

    archive: Archive
    sheet: str
    sheets: list[str]
    table: SheetTable
    header_row: int

    def description(self) -> dict[str, object]:
        """Return what was detected, for the report."""
        return {"sheets": self.sheets, "sheet": self.sheet, "header_row": self.header_row}


def open_workbook(content: FileBytes, options: SourceOptions) -> Workbook:
    """Parse one sheet: the named one, or the first that is visible and not empty.

    Raises:
        BadInputError: The workbook is hostile, damaged, protected, or has no such sheet or rows.
    """
    parsed = parse_sheet(content, options)
    return _table(parsed, content.shown, options)


def _table(parsed: Parsed, shown: str, options: SourceOptions) -> Workbook:
    answer, marks = parsed.answer, parsed.marked.marks
    if marks.problems > MOST_PROBLEMS:
        raise BadInputError(
            f"`{shown}` has more than {MOST_PROBLEMS:,} cells with an error or an uncalculated formula",
            fix="open it in a spreadsheet program, let it calculate, mend the formulas and save it",
        )
    left: int = answer["first_column"]
    rows = _as_shown(_down_to_marks(parsed.rows, marks), parsed.marked, left)
    skip = options.skip_rows or 0
    head = [[cell or "" for cell in row] for row in rows.slice(skip, _HEAD_ROWS).iter_rows()]
    at = -1 if options.no_header else skip + _header_index(head, rows, options, shown, skip)
    first = at + 1 if at >= 0 else skip
    data = rows.slice(first)
    filled = [data[name].null_count() < data.height for name in data.columns]
    if not any(filled) and max(_marked_rows(marks), default=0) <= first:
        raise BadInputError(
            f"`{shown}` has headers but no rows", fix="export it again, or choose another --sheet"
        )
    cells = list(rows.row(at)) if at >= 0 else [None] * rows.width
    kept = [n for n, cell in enumerate(cells) if filled[n] or (cell or "").strip()]
    if len(kept) > options.max_columns:
        raise BadInputError(
            f"`{shown}` has {len(kept):,} columns; at most {options.max_columns:,} are read",
            fix="delete columns that are not needed, or raise --max-columns",
        )
    headers, findings = column_names([cells[n] or "" for n in kept], at + 1)
    if options.no_header:
        headers, findings = tuple(column_letters(n + left) for n in kept), []
    data = data.select(rows.columns[n] for n in kept)
    data.columns = list(headers)
    data = data.with_row_index(ROW_NUMBER, first + 1).cast({ROW_NUMBER: pl.UInt32})
    places = {n + left: header for n, header in zip(kept, headers, strict=True)}
    findings += _sheet_findings(answer, parsed.marked, at + 1, places)
    if ROW_COLUMN in headers:
        _mark_kept_errors(data, places, marks)
    refused = _refused_rows(marks, places, first + 1)
    table = SheetTable(
        data,
        headers,
        refused,
        options.batch_rows,
        {header: column for column, header in places.items()},
        found=findings,
    )
    return Workbook(parsed.archive, answer["sheet"], answer["sheets"], table, at + 1)


def _header_index(
    head: list[list[str]], rows: pl.DataFrame, options: SourceOptions, shown: str, skip: int
) -> int:
    if options.header_row:
        if not skip < options.header_row <= rows.height:
            raise BadInputError(
                f"`{shown}` has no row {options.header_row}, which should hold the headers",
                fix="look at `bulkload inspect`, or leave --header-row out",
            )
        return options.header_row - 1 - skip
    # A stray cell far to the right does not make the table wider.
    usual = sorted(sum(1 for cell in row if cell.strip()) for row in head)
    width = max(1, usual[len(usual) // 2]) if usual else 1
    return find_header(head, max(width, min(rows.width, usual[-1] if usual else 1)))


def _marked_rows(marks: SheetMarks) -> list[int]:
    return [row for row, _ in (*marks.formulas, *marks.errors)]


def _down_to_marks(rows: pl.DataFrame, marks: SheetMarks) -> pl.DataFrame:
    """Add the rows at the end in which no cell has a value, although some should."""
    last = max((row for row in _marked_rows(marks) if row <= _LAST_ROW), default=0)
    missing = last - rows.height
    return pl.concat([rows, rows.clear(missing)]) if missing > 0 else rows


def _as_shown(rows: pl.DataFrame, marked: Marked, left: int) -> pl.DataFrame:
    """Put the text that a person sees in place of the parser's."""
    if marked.book.days_from_1904:
        # A time of day comes with the first day of the calendar before it.
        time = pl.all().str.starts_with(_FIRST_DAY_1904)
        rows = rows.select(
            pl.when(time).then(pl.all().str.slice(len(_FIRST_DAY_1904))).otherwise(pl.all())
        )
    for texts in (marked.marks.shown, marked.marks.exact):
        for column, (numbers, shown) in texts.columns.items():
            if 0 <= column - left < rows.width:
                told = pl.DataFrame({"at": numbers, "text": shown}, schema=_TEXTS)
                told = told.filter(pl.col("at").is_between(1, rows.height))
                name = rows.columns[column - left]
                changed = rows[name].scatter(told["at"] - 1, told["text"])
                rows = rows.with_columns(changed.alias(name))
    return rows


def _refused_rows(marks: SheetMarks, places: dict[int, str], first: int) -> dict[int, list[Reject]]:
    found = [(place, "formula-without-value", "") for place in marks.formulas]
    found += [(place, "cell-error", text) for place, text in marks.errors.items()]
    refused: dict[int, list[Reject]] = {}
    for (row, column), code, cell in sorted(found):
        if row >= first and column in places:
            reject = Reject(row, code, column=places[column], cell=cell)
            refused.setdefault(row, []).append(reject)
    return refused


def _mark_kept_errors(data: pl.DataFrame, places: dict[int, str], marks: SheetMarks) -> None:
    """Take errors for errors that bulkload itself wrote as text into a workbook to correct."""
    for column, header in places.items():
        kept = data.filter(pl.col(header).is_in(sorted(FORMULA_ERRORS)))
        for row, text in kept.select(ROW_NUMBER, header).iter_rows():
            marks.errors[row, column] = text


def _sheet_findings(
    answer: dict[str, Any],
    marked: Marked,
    header_row: int,
    places: dict[int, str],
) -> list[Finding]:
    book, marks = marked.book, marked.marks
    found = [] if marked.complete else [Finding("formats-not-read")]
    name = answer["sheet"]
    hidden = [one for one in (book.hidden or answer["hidden"]) if one != name]
    others = [one for one in answer["sheets"] if one != name and one not in hidden]
    if others:
        details = {"sheet": name}
        found.append(Finding("sheets-more", "", (), len(others), tuple(others[:_SHOWN]), details))
    if hidden:
        found.append(Finding("sheets-hidden", "", (), len(hidden), tuple(hidden[:_SHOWN])))
    if book.days_from_1904:
        found.append(Finding("dates-1904"))
    if marks.hidden_rows:
        found.append(Finding("rows-hidden", "", (), marks.hidden_rows))
    if marks.hidden_columns:
        count = min(marks.hidden_columns, max(places, default=1))
        found.append(Finding("columns-hidden", "", (), count))
    found += _merged(marks, header_row)
    for code, texts in (
        ("numbers-as-shown", marks.shown),
        ("numbers-not-as-shown", marks.not_shown),
    ):
        for column in sorted(texts.columns.keys() & places.keys()):
            numbers, shown = texts.columns[column]
            below = ((row, text) for row, text in zip(numbers, shown, strict=True))
            few = nsmallest(_SHOWN, (one for one in below if one[0] > header_row))
            if not few:
                continue
            count = sum(row > header_row for row in numbers)
            named = tuple(cell_name(column, row) for row, _ in few)
            examples = tuple(text for _, text in few)
            details = {"format": few[0][1]}
            found.append(Finding(code, places[column], named, count, examples, details))
    return found


def _merged(marks: SheetMarks, header_row: int) -> list[Finding]:
    heads: list[str] = []
    cells: list[str] = []
    for ref in marks.merged:
        first = ref.partition(":")[0]
        letters = first.rstrip("0123456789")
        row = int(first[len(letters) :])
        if column_number(letters):
            (heads if row <= header_row else cells).append(ref)
    found = []
    if heads:
        found.append(
            Finding("header-merged", "", tuple(heads[:_SHOWN]), len(heads), tuple(heads[:_SHOWN]))
        )
    if cells:
        found.append(
            Finding("cells-merged", "", tuple(cells[:_SHOWN]), len(cells), tuple(cells[:_SHOWN]))
        )
    return found
