"""What the parser of a workbook does not tell, read from the sheet's XML as it streams by.

Number formats that add digits, formulas without a value, error cells, hidden rows and columns,
merged cells. The parser is the authority on values; here only marks are collected, by searching
for tags, which costs little more than unpacking the sheet.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from bulkload.cells import ROWS_NAME
from bulkload.sources.number_format import adds_to_numbers, shown

_PIECE = 1 << 20
_MANY = 100_000
"""Marks of one kind that are remembered; a sheet with more is broken throughout."""
_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_NO_VALUE = re.compile(
    rb"<c ([^>]*)>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_FORMULA = re.compile(rb"<f[ >/]")
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>\s*(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?\s*<v>([^<]*)</v>')
_VALUE = rb'<c ((?=[^>]*\bs="(?:%s)")[^>]*)>\s*(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?\s*<v>([^<]*)</v>'
_HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')
_COLUMN = re.compile(rb"<col\b[^>]*>")
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]+\d+(?::[A-Z]+\d+)?)"')
_FAR = re.compile(rb' r="([A-Z]{3}\d{1,7}|[A-Z]{1,2}\d{7})"')
_TEXT_TYPES = re.compile(rb'\bt="(?:s|str|inlineStr|b|e|d)"')


@dataclass(slots=True)
class BookMarks:
    """What a workbook says of itself."""

    sheets: dict[str, str] = field(default_factory=dict)
    """Part in the archive by sheet name."""
    hidden: tuple[str, ...] = ()
    days_from_1904: bool = False
    formats: dict[int, str] = field(default_factory=dict)
    """Format code by cell style, only those that add to numbers."""


@dataclass(slots=True)
class SheetMarks:
    """What stands in one sheet besides values; rows and columns count from 1."""

    first_column: int = 0
    """0: no cell was seen."""
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    """Text by (row, column) of numbers whose format adds to them."""
    not_shown: dict[tuple[int, int], str] = field(default_factory=dict)
    """Format by (row, column) of numbers that it does not suit: fractions, 16 digits and more."""
    formulas: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: int = 0
    hidden_columns: int = 0
    merged: list[str] = field(default_factory=list)


def read_book(archive: zipfile.ZipFile) -> BookMarks:
    """Return the names, visibility and formats of a workbook; empty where it is not as expected."""
    names = set(archive.namelist())
    marks = BookMarks()
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return marks
    book, links = _root(archive, "xl/workbook.xml"), _root(archive, "xl/_rels/workbook.xml.rels")
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    hidden = []
    for element in book.iter():
        tag = _tag(element)
        if tag == "workbookPr":
            marks.days_from_1904 = element.get("date1904") in {"1", "true"}
        elif tag == "sheet":
            name = element.get("name", "")
            link = next((v for k, v in element.items() if k.endswith("}id")), None)
            target = targets.get(link, "")
            marks.sheets[name] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if element.get("state") in {"hidden", "veryHidden"}:
                hidden.append(name)
    marks.hidden = tuple(hidden)
    if "xl/styles.xml" in names:
        marks.formats = _formats(_root(archive, "xl/styles.xml"))
    return marks


def mended_sheet(archive: zipfile.ZipFile) -> str | None:
    """Return the sheet in which bulkload marked problems, if there is one under that name."""
    if "xl/workbook.xml" not in archive.namelist():
        return None
    elements = list(_root(archive, "xl/workbook.xml").iter())
    for element in elements:
        if _tag(element) == "definedName" and element.get("name") == ROWS_NAME:
            name = (element.text or "").rpartition("!")[0].strip("'").replace("''", "'")
            sheets = [sheet.get("name") for sheet in elements if _tag(sheet) == "sheet"]
            return name if name in sheets else None
    return None


def _root(archive: zipfile.ZipFile, part: str) -> Element:
    with archive.open(part) as opened:
        root: Element = fromstring(opened.read(16 << 20), forbid_dtd=True)
    return root


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _formats(styles: Element) -> dict[int, str]:
    codes: dict[str, str] = {}
    found: dict[int, str] = {}
    for element in styles.iter():
        if _tag(element) == "numFmt":
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
    for element in styles.iter():
        if _tag(element) == "cellXfs":
            for style, one in enumerate(element):
                code = codes.get(one.get("numFmtId", ""), "")
                if code and adds_to_numbers(code):
                    found[style] = code
    return found


def read_sheet(opened: IO[bytes], formats: dict[int, str]) -> SheetMarks:
    """Collect the marks of one sheet."""
    marks = SheetMarks()
    styles = b"|".join(str(style).encode() for style in formats)
    numbers = re.compile(_VALUE % styles) if formats else None
    before = last = b""
    for piece in _pieces(opened):
        _first_column(piece, marks)
        if _FORMULA.search(piece) and len(marks.formulas) < _MANY:
            marks.formulas += [
                place
                for found in _NO_VALUE.finditer(piece)
                if not _TEXT_TYPES.search(found[1]) and (place := _place(found[1]))
            ]
        # The text of every error begins with this sign; looking for it costs next to nothing.
        if b"#" in piece and len(marks.errors) < _MANY:
            marks.errors |= {
                place: found[2].decode("utf-8", "replace")
                for found in _ERROR.finditer(piece)
                if (place := _place(found[1]))
            }
        if numbers is not None:
            _numbers(numbers.finditer(piece), formats, marks)
        if b' hidden="' in piece:
            marks.hidden_rows += len(_HIDDEN_ROW.findall(piece))
            marks.hidden_columns += sum(_hidden_columns(tag) for tag in _COLUMN.findall(piece))
        before, last = last, piece
    # Merged cells are listed after the last row.
    marks.merged += [ref.decode() for ref in _MERGED.findall(before + last)]
    return marks


def far_cell(opened: IO[bytes]) -> str:
    """Return a cell that lies far outside of any honest table, `XFD1048576`; empty without one."""
    for piece in _pieces(opened):
        found = _FAR.search(piece)
        if found:
            return found[1].decode()
    return ""


def _pieces(opened: IO[bytes]) -> Iterator[bytes]:
    """Yield the XML in pieces that no cell is cut by."""
    rest = b""
    while block := opened.read(_PIECE):
        text = rest + block
        cut = max(text.rfind(b"<c "), text.rfind(b"<row"), text.rfind(b"</row>"))
        if cut <= 0:
            cut = len(text) if len(text) > 8 * _PIECE else 0
        rest = text[cut:]
        if cut:
            yield text[:cut]
    yield rest


def _numbers(found: Iterator[re.Match[bytes]], formats: dict[int, str], marks: SheetMarks) -> None:
    for cell in found:
        style, place = _STYLE.search(cell[1]), _place(cell[1])
        if style is None or place is None or _TEXT_TYPES.search(cell[1]):
            continue
        text = shown(cell[2].decode("ascii", "replace"), formats[int(style[1])])
        if text is not None:
            marks.shown[place] = text
        else:
            marks.not_shown[place] = formats[int(style[1])]


def _first_column(piece: bytes, marks: SheetMarks) -> None:
    """Find the leftmost column in use: cheap, because column A mostly settles it at once."""
    for column in range(1, marks.first_column or 27):
        if re.search(rb'<c [^>]*?\br="%c\d' % (64 + column), piece):
            marks.first_column = column
            return
        if column == 1 and not marks.first_column and b"<c " not in piece:
            return


def _place(attributes: bytes) -> tuple[int, int] | None:
    found = _CELL.search(attributes)
    return (int(found[2]), column_number(found[1].decode())) if found else None


def column_number(letters: str) -> int:
    """Return 1 for `A`, 27 for `AA`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _hidden_columns(tag: bytes) -> int:
    if not re.search(rb'\bhidden="(?:1|true)"', tag):
        return 0
    low, high = re.search(rb'\bmin="(\d+)"', tag), re.search(rb'\bmax="(\d+)"', tag)
    return int(high[1]) - int(low[1]) + 1 if low and high else 1
