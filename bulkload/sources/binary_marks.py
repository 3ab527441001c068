"""Marks of an .xlsb sheet: the records of its parts, one after the other.

The parts are those of an .xlsx file with records ([MS-XLSB], section 2.1.4) in place of tags. The
parser gives the values; of each cell only its place, kind and style are read here, and the number
where its format shows something else.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

from bulkload.sources.book_parts import part_names, plain_name
from bulkload.sources.headers import cell_name
from bulkload.sources.marks import MOST_PROBLEMS, BookMarks, Place, SheetMarks, looks_like_moment
from bulkload.sources.number_format import BUILT_IN, BUILT_IN_DATES, is_date, is_noted, moment

_LARGEST = 16 << 20
_PIECE = 1 << 20
_WHOLE_BELOW = 2.0**53
_STRING, _FORMAT, _STYLE = 19, 44, 47
_BOOK, _SHEET, _STYLES, _STYLES_END = 153, 156, 617, 618
_ROW_HIDDEN, _COLUMN_HIDDEN = 0x10, 1
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


def read_binary_book(archive: zipfile.ZipFile) -> BookMarks:
    """Return the names, visibility and formats of a workbook.

    Raises:
        KeyError, ParseError, struct.error: Its parts are not as they should be.
    """
    names = part_names(archive)
    with archive.open(names["xl/_rels/workbook.bin.rels"]) as opened:
        links = fromstring(opened.read(_LARGEST), forbid_dtd=True)
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    marks = BookMarks()
    hidden = []
    with archive.open(names["xl/workbook.bin"]) as opened:
        for kind, data in _records(opened):
            if kind == _BOOK:
                marks.days_from_1904 = bool(data[0] & 1)
            elif kind == _SHEET:
                link, end = _wide_text(data, 8)
                name, _ = _wide_text(data, end)
                part = posixpath.normpath(posixpath.join("xl", targets.get(link, "")))
                marks.sheets[name] = names.get(plain_name(part), "")
                if data[0] & 3:
                    hidden.append(name)
    marks.hidden = tuple(hidden)
    if styles := names.get("xl/styles.bin"):
        with archive.open(styles) as opened:
            _read_styles(opened, marks)
    return marks


def binary_moment_texts(archive: zipfile.ZipFile) -> dict[int, str]:
    """Return the shared texts that the parser's own dates look like, by their number."""
    part = part_names(archive).get("xl/sharedstrings.bin")
    if part is None:
        return {}
    found: dict[int, str] = {}
    number = 0
    with archive.open(part) as opened:
        for kind, data in _records(opened):
            if kind == _STRING:
                text, _ = _wide_text(data, 1)
                if looks_like_moment(text):
                    found[number] = text
                number += 1
    return found


def read_binary_sheet(opened: IO[bytes], book: BookMarks, moments: dict[int, str]) -> SheetMarks:
    """Collect the marks of one sheet.

    Raises:
        ParseError, struct.error: It is damaged.
    """
    sheet = _Sheet(book, moments)
    for kind, data in _records(opened):
        read = _READ.get(kind)
        if read is not None:
            read(sheet, data)
    return sheet.marks


@dataclass(slots=True)
class _Sheet:
    """What was seen so far of one sheet."""

    book: BookMarks
    moments: dict[int, str]
    marks: SheetMarks = field(default_factory=SheetMarks)
    row: int = 0

    def begin_row(self, data: bytes) -> None:
        self.row = int.from_bytes(data[:4], "little") + 1
        self.marks.hidden_rows += bool(data[11] & _ROW_HIDDEN)

    def packed_number(self, data: bytes) -> None:
        value = _rk(data[8:12])
        self._number(value, data)
        style = int.from_bytes(data[4:7], "little")
        if style in self.book.dates:  # the parser takes those that are packed for numbers
            spelled = moment(value, from_1904=self.book.days_from_1904)
            if spelled is not None:
                self.marks.exact[self._place(data)] = spelled

    def number(self, data: bytes) -> None:
        (value,) = struct.unpack_from("<d", data, 8)
        self._number(value, data)

    def error(self, data: bytes) -> None:
        if self.marks.problems <= MOST_PROBLEMS:
            self.marks.errors[self._place(data)] = _ERRORS.get(data[8], "#UNKNOWN!")

    def shared_text(self, data: bytes) -> None:
        text = self.moments.get(int.from_bytes(data[8:12], "little")) if self.moments else None
        if text is not None:
            self.marks.exact[self._place(data)] = text

    def text(self, data: bytes) -> None:
        self.marks.text(self._place(data), _wide_text(data, 8)[0])

    def columns(self, data: bytes) -> None:
        first, last = struct.unpack_from("<II", data)
        self.marks.hidden_columns += last - first + 1 if data[16] & _COLUMN_HIDDEN else 0

    def merged(self, data: bytes) -> None:
        top, bottom, left, right = (n + 1 for n in struct.unpack_from("<IIII", data))
        self.marks.merged.append(f"{cell_name(left, top)}:{cell_name(right, bottom)}")

    def _number(self, value: float, data: bytes) -> None:
        style = int.from_bytes(data[4:7], "little")
        code = self.book.formats.get(style)
        if code is not None:
            self.marks.number(self._place(data), repr(value), code)
        elif value < 0 and style in self.book.dates and not self.book.days_from_1904:
            self.marks.number(self._place(data), repr(value), "yyyy")
        if abs(value) > _WHOLE_BELOW:
            self.marks.long_number(self._place(data), repr(value))

    def _place(self, data: bytes) -> Place:
        return self.row, int.from_bytes(data[:4], "little") + 1


_READ: dict[int, Callable[[_Sheet, bytes], None]] = {
    0: _Sheet.begin_row,
    2: _Sheet.packed_number,
    3: _Sheet.error,
    5: _Sheet.number,
    6: _Sheet.text,
    7: _Sheet.shared_text,
    8: _Sheet.text,
    9: _Sheet.number,
    11: _Sheet.error,
    60: _Sheet.columns,
    176: _Sheet.merged,
}
"""By kind of record; cells of a formula come after those without."""


def _rk(data: bytes) -> float:
    """Return a number that was packed into four bytes."""
    packed = int.from_bytes(data, "little")
    value: float
    if packed & 2:
        value = int.from_bytes(data, "little", signed=True) >> 2
    else:
        (value,) = struct.unpack("<d", b"\0\0\0\0" + (packed & ~3).to_bytes(4, "little"))
    return value / 100 if packed & 1 else float(value)


def _wide_text(data: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", data, at)
    if length == 0xFFFF_FFFF:  # noqa: PLR2004 - no text at all
        return "", at + 4
    end = at + 4 + 2 * length
    return data[at + 4 : end].decode("utf-16-le", "replace"), end


def _read_styles(opened: IO[bytes], marks: BookMarks) -> None:
    codes = dict(BUILT_IN)
    dates = set(BUILT_IN_DATES)
    styles: list[int] = []
    counted = False
    for kind, data in _records(opened):
        if kind == _FORMAT:
            number = int.from_bytes(data[:2], "little")
            codes[number], _ = _wide_text(data, 2)
            (dates.add if is_date(codes[number]) else dates.discard)(number)
        elif kind in {_STYLES, _STYLES_END}:
            counted = kind == _STYLES
        elif kind == _STYLE and counted:
            styles.append(int.from_bytes(data[2:4], "little"))
    noted = {number for number, code in codes.items() if is_noted(code)}
    marks.formats = {n: codes[one] for n, one in enumerate(styles) if one in noted}
    marks.dates = frozenset(n for n, one in enumerate(styles) if one in dates)


def _records(opened: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of each record; what is shorter than a cell is filled up."""
    rest, at = opened.read(_PIECE), 0
    while True:
        if len(rest) - at < 6:  # noqa: PLR2004 - the longest head of a record
            rest, at = rest[at:] + opened.read(_PIECE), 0
            if not rest:
                return
        head = rest[at : at + 6]
        kind, used = head[0], 1
        if kind & 0x80:
            kind, used = (kind & 0x7F) | (head[1] & 0x7F) << 7, 2
        size = shift = 0
        while True:
            part = head[used]
            used += 1
            size |= (part & 0x7F) << shift
            shift += 7
            if part < 0x80 or shift > 21:  # noqa: PLR2004 - seven bits each, four of them
                break
        at += used
        if size > _LARGEST:
            raise ParseError("a record of an impossible size")
        while len(rest) - at < size:
            more = opened.read(max(_PIECE, size))
            if not more:
                raise ParseError("the last record is cut off")
            rest, at = rest[at:] + more, 0
        yield kind, rest[at : at + size]
        at += size
