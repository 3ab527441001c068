"""Marks of an OpenDocument sheet: its cells carry the text that a person sees beside the value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse

from bulkload.sources.headers import cell_name
from bulkload.sources.marks import BookMarks, Place, SheetMarks, is_whole

_DIGITS_AND_SIGNS = re.compile(r"[+(]?\d[\d +()/-]*")
_WORD_BEFORE = re.compile(r"[^\W\d_][^\d]*\d+")
_FRACTION = re.compile(r"(\d+ )?\d+/\d+")
_ERROR = re.compile(r"#\S+|Err:\d+")
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_MOST_COPIES = 500_000
"""Copies of cells that are looked at; empty ones, of which sheets end in a million, do not count."""
_MOST_SPACES = 1_000
_CELLS = {"table-cell", "covered-table-cell"}
_OUT_OF_SIGHT = {"collapse", "filter"}


@dataclass(slots=True)
class _Reader:
    """What was seen so far of one document."""

    sheet: str
    marks: SheetMarks = field(default_factory=SheetMarks)
    names: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    hidden_styles: set[str] = field(default_factory=set)
    row: int = 1
    wanted: bool = False
    copies: int = 0

    def start(self, tag: str, element: Element) -> None:
        """Take note of where a sheet begins."""
        if tag == "table":
            name = _get(element, "name")
            if _get(element, "style-name") in self.hidden_styles:
                self.hidden.append(name)
            elif not self.sheet:
                self.sheet = name
            self.wanted = name == self.sheet
            self.names.append(name)
            self.row = 1

    def end(self, tag: str, element: Element) -> None:
        """Take note of a whole row, column or style."""
        if tag == "table-row":
            repeated = int(_get(element, "number-rows-repeated") or 1)
            if self.wanted:
                self._read_row(element, repeated)
            self.row += repeated
            element.clear()
        elif tag == "table-column" and self.wanted:
            if _get(element, "visibility") in _OUT_OF_SIGHT:
                self.marks.hidden_columns += int(_get(element, "number-columns-repeated") or 1)
        elif tag == "style":
            if any(_get(one, "display") == "false" for one in element if _is(one, "table")):
                self.hidden_styles.add(_get(element, "name"))
        elif tag == "table":
            element.clear()

    def _read_row(self, element: Element, repeated: int) -> None:
        column, seen = 1, False
        for cell in element:
            if _local(cell.tag) not in _CELLS:
                continue
            copies = int(_get(cell, "number-columns-repeated") or 1)
            if len(cell) or _get(cell, "formula") or _get(cell, "value-type"):
                seen = True
                self.copies += repeated * copies - 1
                if self.copies > _MOST_COPIES:
                    raise ParseError("too many copies of cells")
                for row in range(self.row, self.row + repeated):
                    for place in range(column, column + copies):
                        _cell(cell, (row, place), self.marks)
            _merged(cell, self.row, column, self.marks)
            column += copies
        if seen and _get(element, "visibility") in _OUT_OF_SIGHT:
            self.marks.hidden_rows += repeated


def read_open_document(opened: IO[bytes], sheet: str) -> tuple[BookMarks, SheetMarks, str]:
    """Collect the marks of one sheet, of the first visible one if the name is empty; and its name.

    Raises:
        ParseError: It is no XML, or repeats cells without end.
    """
    reader = _Reader(sheet)
    for event, element in iterparse(opened, events=("start", "end"), forbid_dtd=True):
        tag = _local(element.tag)
        if event == "start":
            reader.start(tag, element)
        else:
            reader.end(tag, element)
    book = BookMarks(sheets=dict.fromkeys(reader.names, ""), hidden=tuple(reader.hidden))
    return book, reader.marks, reader.sheet


def _merged(cell: Element, row: int, column: int, marks: SheetMarks) -> None:
    wide = int(_get(cell, "number-columns-spanned") or 1)
    high = int(_get(cell, "number-rows-spanned") or 1)
    if wide > 1 or high > 1:
        last = cell_name(column + wide - 1, row + high - 1)
        marks.merged.append(f"{cell_name(column, row)}:{last}")


def _cell(cell: Element, place: Place, marks: SheetMarks) -> None:
    text = "\n".join(_paragraph(one) for one in cell if _local(one.tag) == "p")
    kinds = {value for name, value in cell.items() if _local(name) == "value-type"}
    formula = _get(cell, "formula")
    if "error" in kinds or (formula and _ERROR.fullmatch(text.strip())):
        marks.errors[place] = text.strip()
    elif formula and not kinds and not text:
        marks.formulas.append(place)
    elif "string" in kinds:
        marks.text(place, _get(cell, "string-value") or text)
    elif "boolean" in kinds:
        marks.exact[place] = _get(cell, "boolean-value")
    elif "time" in kinds:
        marks.exact[place] = _duration(_get(cell, "time-value"))
    elif "date" in kinds:
        date = _get(cell, "date-value")
        if "." in date:
            marks.exact[place] = date[: len("2026-01-02T03:04:05.123")].replace("T", " ")
    elif "percentage" in kinds:
        marks.not_shown[place] = text.strip()
    elif "float" in kinds:
        _number(_get(cell, "value"), text.strip(), place, marks)


def _number(value: str, text: str, place: Place, marks: SheetMarks) -> None:
    if text.isalpha() and value in {"0", "1"}:
        marks.exact[place] = "true" if value == "1" else "false"
        return
    if marks.long_number(place, value):
        return
    if is_whole(value):
        value = str(int(float(value)))
    digits = "".join(c for c in text if c.isdigit())
    # Only what shows the same number: a rounded amount or a date is another matter.
    same = value.isdigit() and digits.lstrip("0") == value.lstrip("0")
    plain = _DIGITS_AND_SIGNS.fullmatch(text)
    if same and text == value:
        return
    if same and plain:
        if not re.fullmatch(r"\d{1,3}([ \u00a0\u202f]\d{3})+", text):
            marks.shown[place] = text
    elif same and len(digits) > len(value) and not set(text) & set(".,"):
        marks.shown[place] = text
    elif (same and _WORD_BEFORE.fullmatch(text)) or (
        (plain and is_whole(value) and not same and text.isdigit())
        or (_FRACTION.fullmatch(text) and not is_whole(value))
    ):
        marks.not_shown[place] = text


def _duration(value: str) -> str:
    found = _DURATION.fullmatch(value)
    if not found:
        return value
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:5])
    rest = f".{found[6][:3]}" if int(found[6] or 0) else ""
    return f"{found[1]}{24 * days + hours:02}:{minutes:02}:{seconds:02}{rest}"


def _paragraph(element: Element) -> str:
    parts = [element.text or ""]
    for one in element:
        tag = _local(one.tag)
        if tag == "s":
            parts.append(" " * min(int(_get(one, "c") or 1), _MOST_SPACES))
        elif tag in {"tab", "line-break"}:
            parts.append("\t" if tag == "tab" else "\n")
        else:
            parts.append(_paragraph(one))
        parts.append(one.tail or "")
    return "".join(parts)


def _is(element: Element, family: str) -> bool:
    return _local(element.tag) == f"{family}-properties"


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _get(element: Element, name: str) -> str:
    return next((value for key, value in element.items() if _local(key) == name), "")
