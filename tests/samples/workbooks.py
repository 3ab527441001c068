"""The samples as workbooks: one tidy, one as a person has worked in it for years."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.samples.generate import HEADERS, Row

CREATED = dt.datetime(2026, 11, 21, tzinfo=dt.UTC).replace(tzinfo=None)
WIDTHS = (14, 16, 32, 20, 16, 12, 10, 10, 11, 10, 34)
AS_TYPED_NUMBERS = 40
"""Rows of the messy workbook in which card numbers and birthdays are numbers, as Excel makes them."""


def _workbook(path: Path) -> Any:
    workbook = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    workbook.set_properties({"title": "Customers", "created": CREATED})
    return workbook


def write_clean(path: Path, rows: list[Row]) -> None:
    """Write the clean sample: every cell text, header frozen."""
    with _workbook(path) as workbook:
        sheet = workbook.add_worksheet("Customers")
        bold = workbook.add_format({"bold": True})
        for column, header in enumerate(HEADERS):
            sheet.write_string(0, column, header, bold)
            sheet.set_column(column, column, WIDTHS[column])
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for column, header in enumerate(HEADERS):
                if row[header]:
                    sheet.write_string(number, column, row[header])


def write_messy(path: Path, rows: list[Row]) -> None:
    """Write the messy sample: colours, widths, a hidden row, typed cells, a second sheet."""
    with _workbook(path) as workbook:
        sheet = workbook.add_worksheet("Kunden 2026")
        header_format = workbook.add_format(
            {
                "bold": True,
                "bg_color": "#1F4E78",
                "font_color": "#FFFFFF",
                "border": 1,
                "text_wrap": True,
            }
        )
        banded = workbook.add_format({"bg_color": "#DDEBF7"})
        marked = workbook.add_format({"bg_color": "#FFF2CC", "italic": True})
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        card = workbook.add_format({"num_format": "000000"})
        for column, header in enumerate(HEADERS):
            sheet.write_string(0, column, header, header_format)
            sheet.set_column(column, column, WIDTHS[column])
        sheet.set_row(0, 30)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(rows), len(HEADERS) - 1)
        for number, row in enumerate(rows, start=1):
            style = marked if row["Notes"] else banded if number % 2 else None
            typed = number <= AS_TYPED_NUMBERS
            for column, header in enumerate(HEADERS):
                cell = row[header].replace("\x07", "")
                born = _date(cell) if typed and header == "Birthday" else None
                if born:
                    sheet.write_datetime(number, column, born, day)
                elif typed and header == "Card no.":
                    sheet.write_number(number, column, int(cell), card)
                elif cell:
                    sheet.write_string(number, column, cell, style)
                else:
                    sheet.write_blank(number, column, None, style)
        sheet.write_comment("G12", "Asked her about this, will call back")
        sheet.set_row(30, None, None, {"hidden": True})
        notes = workbook.add_worksheet("Notizen")
        notes.merge_range("A1:D1", "Do not delete! Ask Sabine before sorting.", marked)
        notes.write_string("A3", "Updated by")
        notes.write_string("B3", "front desk")


def _date(cell: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(cell, "%d/%m/%Y")  # noqa: DTZ007 - a birthday has no zone
    except ValueError:
        return None
