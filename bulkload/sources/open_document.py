"""Marks of an OpenDocument sheet: its cells carry the text that a person sees beside the value."""

from __future__ import annotations

import re
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from bulkload.sources.sheet_marks import SheetMarks

_DIGITS_AND_SIGNS = re.compile(r"[+(]?\d[\d +()/-]*")
_ERROR = re.compile(r"#\S+|Err:\d+")
_MOST_REPEATED = 1_000
"""Copies of one row with marks that are looked at; sheets end in a million empty copies."""


def read_open_document(opened: IO[bytes], sheet: str) -> tuple[SheetMarks, list[str]]:
    """Collect the marks of one sheet, of the first one if the name is empty; and all names."""
    marks, row = SheetMarks(), 1
    names: list[str] = []
    wanted = False
    for event, element in iterparse(opened, events=("start", "end"), forbid_dtd=True):
        tag = _local(element.tag)
        if event == "start":
            if tag == "table":
                name = _get(element, "name")
                wanted = name == sheet or (not sheet and not names)
                names.append(name)
                row = 1
            continue
        if tag == "table-row":
            repeated = int(_get(element, "number-rows-repeated") or 1)
            if wanted:
                _row(element, row, repeated, marks)
            row += repeated
            element.clear()
        elif tag == "table":
            element.clear()
    return marks, names


def _row(element: Element, row: int, repeated: int, marks: SheetMarks) -> None:
    column, seen = 1, False
    for cell in element:
        tag = _local(cell.tag)
        if tag not in {"table-cell", "covered-table-cell"}:
            continue
        copies = int(_get(cell, "number-columns-repeated") or 1)
        if len(cell):
            seen = True
            marks.first_column = min(marks.first_column or column, column)
            places = [
                (row + down, column + right)
                for down in range(min(repeated, _MOST_REPEATED))
                for right in range(min(copies, _MOST_REPEATED))
            ]
            _cell(cell, places, marks)
        column += copies
    if seen and _get(element, "visibility") in {"collapse", "filter"}:
        marks.hidden_rows += min(repeated, _MOST_REPEATED)


def _cell(cell: Element, places: list[tuple[int, int]], marks: SheetMarks) -> None:
    text = "".join(cell.itertext()).strip()
    kinds = {value for name, value in cell.items() if _local(name) == "value-type"}
    if "error" in kinds or (_get(cell, "formula") and _ERROR.fullmatch(text)):
        marks.errors |= dict.fromkeys(places, text)
        return
    value = _get(cell, "value")
    if "float" not in kinds or not _DIGITS_AND_SIGNS.fullmatch(text):
        return
    digits = re.sub(r"\D", "", text)
    # Only what shows the same number: a rounded amount or a date is another matter.
    same = value.isdigit() and digits.lstrip("0") == value.lstrip("0")
    if same and text != value and not re.fullmatch(r"\d{1,3}( \d{3})+", text):
        marks.shown |= dict.fromkeys(places, text)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _get(element: Element, name: str) -> str:
    return next((value for key, value in element.items() if _local(key) == name), "")
