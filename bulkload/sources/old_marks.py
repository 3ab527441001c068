"""Marks of an .xls sheet, in the process that parses it."""

from __future__ import annotations

import io
from typing import Any

from bulkload.sources.headers import cell_name
from bulkload.sources.marks import SheetMarks
from bulkload.sources.number_format import is_noted


def read_old(content: bytes, sheet: str) -> dict[str, Any]:
    """Return what an .xls workbook and one sheet of it say besides values, as JSON can hold it.

    Returns:
        `hidden`: names of sheets; `days_from_1904`; `marks`: of the sheet.

    Raises:
        Exception: Any kind, if the file is damaged.
    """
    import xlrd

    book = xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=io.StringIO())
    return {
        "hidden": [one.name for one in book.sheets() if one.visibility],
        "days_from_1904": book.datemode == 1,
        "marks": _marks(book, book.sheet_by_name(sheet)).document(),
    }


def _marks(book: Any, sheet: Any) -> SheetMarks:
    import xlrd

    marks = SheetMarks()
    formats = [book.format_map[one.format_key].format_str for one in book.xf_list]
    noted = [is_noted(code) for code in formats]
    for row in range(sheet.nrows):
        kinds, values = sheet.row_types(row), sheet.row_values(row)
        for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            place = row + 1, column + 1
            if kind in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}:
                style = sheet.cell_xf_index(row, column)
                if noted[style]:
                    marks.number(place, repr(value), formats[style])
                elif kind == xlrd.XL_CELL_DATE and value < 0 and not book.datemode:
                    marks.number(place, repr(value), "yyyy")
                marks.long_number(place, repr(value))
            elif kind == xlrd.XL_CELL_TEXT:
                marks.text(place, value)
            elif kind == xlrd.XL_CELL_ERROR:
                marks.errors[place] = xlrd.error_text_from_code.get(value, "#UNKNOWN!")
    marks.hidden_rows = sum(
        bool(one.hidden) for row, one in sheet.rowinfo_map.items() if row < sheet.nrows
    )
    marks.hidden_columns = sum(
        bool(one.hidden) for column, one in sheet.colinfo_map.items() if column < sheet.ncols
    )
    marks.merged = [
        f"{cell_name(left + 1, top + 1)}:{cell_name(right, bottom)}"
        for top, bottom, left, right in sheet.merged_cells
    ]
    return marks
