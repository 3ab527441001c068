"""Marks of an .xlsx sheet, read from its XML as it streams by.

Number formats that add digits, formulas without a value, error cells, hidden rows and columns,
merged cells. They are collected by searching for tags, which costs little more than unpacking the
sheet. A sheet that is written in an unusual way (prefixed tags, cells without a place) is brought
into the usual one on the way, tag by tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import ParseError

from bulkload.sources.book_parts import hints_at_moment, text_of
from bulkload.sources.headers import column_letters
from bulkload.sources.marks import MOST_PROBLEMS, BookMarks, Place, SheetMarks, column_number

_PIECE = 1 << 20
_FEW_STYLES = 64
"""Up to here a pattern that names each style is faster than one for all."""
_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_FORMULA_OF = rb"(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?\s*"
_NO_VALUE = re.compile(
    rb"<c ([^>]*)>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_FORMULA = re.compile(rb"<f[ >/]")
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>\s*' + _FORMULA_OF + rb"<v>([^<]*)</v>")
_VALUE = rb'<c ((?=[^>]*\bs="(?:%s)")[^>]*)>\s*' + _FORMULA_OF + rb"<v>([^<]*)</v>"
_LONG = rb"(?:[1-9]\d{15,}|[1-9](?:\.\d+)?[Ee]\+?\d\d)"
_LONG_NUMBER = re.compile(rb"<v>-?" + _LONG)
_LONG_CELL = re.compile(rb"<c ([^>]*)>\s*" + _FORMULA_OF + rb"<v>(-?" + _LONG + rb"[^<]*)</v>")
_NEGATIVE = re.compile(rb"<c ([^>]*)>\s*" + _FORMULA_OF + rb"<v>(-[^<]*)</v>")
_SHARED = re.compile(rb'<c ([^>]*\bt="s"[^>]*)>\s*' + _FORMULA_OF + rb"<v>(\d+)</v>")
_OWN_TEXT = re.compile(rb'<c ([^>]*\bt="(?:inlineStr|str)"[^>]*)>(.*?)</c>', re.DOTALL)
_HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')
_COLUMN = re.compile(rb"<col\b[^>]*>")
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]+\d+(?::[A-Z]+\d+)?)"')
_FAR = re.compile(rb' r="([A-Z]{3}\d{1,7}|[A-Z]{1,2}\d{7})"')
_TEXT_TYPES = re.compile(rb'\bt="(?:s|str|inlineStr|b|e|d)"')
_FIRST_CELL = re.compile(rb"<([\w.-]+:)?c(\s[^>]*)?>")
_PLACED = re.compile(rb"<(row|c)((?:\s[^<>]*)?/?)>")
_QUOTED_ONCE = re.compile(rb"=\s*'([^'\"<>]*)'")
_ROW_NUMBER = re.compile(rb'\br="(\d+)"')


def read_sheet(opened: IO[bytes], book: BookMarks, moments: dict[bytes, str]) -> SheetMarks:
    """Collect the marks of one sheet.

    Args:
        opened: The sheet's XML.
        book: Whose formats its cells have.
        moments: Shared texts that look like dates of the parser's, by their number.
    """
    marks = SheetMarks()
    few = len(book.formats) <= _FEW_STYLES
    styles = b"|".join(str(style).encode() for style in book.formats) if few else rb"\d+"
    numbers = re.compile(_VALUE % styles) if book.formats else None
    before = last = b""
    for piece in _pieces(_blocks(opened)):
        if _FORMULA.search(piece) and marks.problems <= MOST_PROBLEMS:
            marks.formulas += [
                place
                for found in _NO_VALUE.finditer(piece)
                if not _TEXT_TYPES.search(found[1]) and (place := _place(found[1]))
            ]
        # The text of every error begins with this sign; looking for it costs next to nothing.
        if b"#" in piece and marks.problems <= MOST_PROBLEMS:
            marks.errors |= {
                place: text.decode("utf-8", "replace") for _, place, text in _cells(_ERROR, piece)
            }
        if numbers is not None:
            _numbers(_cells(numbers, piece), book, marks)
        _rare_numbers(piece, book, marks)
        _texts(piece, moments, marks)
        if b' hidden="' in piece:
            marks.hidden_rows += len(_HIDDEN_ROW.findall(piece))
            marks.hidden_columns += sum(_hidden_columns(tag) for tag in _COLUMN.findall(piece))
        before, last = last, piece
    # Merged cells are listed after the last row.
    marks.merged += [ref.decode() for ref in _MERGED.findall(before + last)]
    return marks


def far_cell(opened: IO[bytes]) -> str:
    """Return a cell that lies far outside of any honest table, `XFD1048576`; empty without one."""
    for piece in _pieces(_blocks(opened)):
        found = _FAR.search(piece)
        if found:
            return found[1].decode()
    return ""


def _rare_numbers(piece: bytes, book: BookMarks, marks: SheetMarks) -> None:
    """Look for numbers that hardly any sheet has; the search is cheap where there are none."""
    if _LONG_NUMBER.search(piece):
        for attributes, place, number in _cells(_LONG_CELL, piece):
            if not _TEXT_TYPES.search(attributes):
                marks.long_number(place, number.decode("ascii", "replace"))
    if book.dates and not book.days_from_1904 and b"<v>-" in piece:
        for attributes, place, number in _cells(_NEGATIVE, piece):
            style = _STYLE.search(attributes)
            if style and int(style[1]) in book.dates:
                marks.number(place, number.decode("ascii", "replace"), "yyyy")


def _texts(piece: bytes, moments: dict[bytes, str], marks: SheetMarks) -> None:
    """Look for texts that the parser's own dates look like; most sheets have none."""
    if moments:
        for _, place, number in _cells(_SHARED, piece):
            if number in moments:
                marks.exact[place] = moments[number]
    if hints_at_moment(piece):
        for _, place, content in _cells(_OWN_TEXT, piece):
            marks.text(place, text_of(content.rpartition(b"</f>")[2]))


def _cells(wanted: re.Pattern[bytes], piece: bytes) -> Iterator[tuple[bytes, Place, bytes]]:
    """Yield attributes, place and content of each cell that says where it stands."""
    for found in wanted.finditer(piece):
        place = _place(found[1])
        if place:
            yield found[1], place, found[2]


def _blocks(opened: IO[bytes]) -> Iterator[bytes]:
    """Yield the XML with tags without prefix, double quotes, and the place of each cell."""
    first = opened.read(_PIECE)
    cell = _FIRST_CELL.search(first)
    blocks = _read_on(first, opened)
    if cell is None:
        return blocks
    prefix, attributes = cell[1] or b"", cell[2] or b""
    places = _CELL.search(attributes.replace(b"'", b'"'))
    if not prefix and b"'" not in attributes and places:
        return blocks
    return _as_usual(blocks, prefix, quotes=b"'" in attributes, places=not places)


def _read_on(first: bytes, opened: IO[bytes]) -> Iterator[bytes]:
    while first:
        yield first
        first = opened.read(_PIECE)


def _as_usual(
    blocks: Iterator[bytes], prefix: bytes, *, quotes: bool, places: bool
) -> Iterator[bytes]:
    """Bring the XML of an unusual sheet into the usual form.

    Args:
        blocks: Its bytes.
        prefix: Of its tags, `x:`.
        quotes: Whether its attributes stand between single quotes.
        places: Whether its cells do not say where they stand.
    """
    row = column = 0

    def placed(tag: re.Match[bytes]) -> bytes:
        nonlocal row, column
        name, attributes = tag.groups()
        if name == b"row":
            found = _ROW_NUMBER.search(attributes)
            row, column = (int(found[1]) if found else row + 1), 0
            return tag[0]
        place = _place(attributes)
        column = place[1] if place else column + 1
        if place:
            return tag[0]
        return b'<c r="%s%d"%s>' % (column_letters(column).encode(), row, attributes)

    rest = b""
    for block in blocks:
        text = rest + block
        cut = text.rfind(b">") + 1
        text, rest = text[:cut], text[cut:]
        if prefix:
            text = text.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
        if quotes:
            text = _QUOTED_ONCE.sub(rb'="\1"', text)
        yield _PLACED.sub(placed, text) if places else text
        if len(rest) > 8 * _PIECE:
            raise ParseError("a tag without end")
    yield rest


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the XML in pieces that no cell is cut by."""
    rest = b""
    for block in blocks:
        text = rest + block
        cut = max(text.rfind(b"<c "), text.rfind(b"<row"), text.rfind(b"</row>"))
        if cut <= 0:
            cut = len(text) if len(text) > 8 * _PIECE else 0
        rest = text[cut:]
        if cut:
            yield text[:cut]
    yield rest


def _numbers(
    found: Iterator[tuple[bytes, Place, bytes]], book: BookMarks, marks: SheetMarks
) -> None:
    for attributes, place, number in found:
        style = _STYLE.search(attributes)
        if style and not _TEXT_TYPES.search(attributes):
            code = book.formats.get(int(style[1]))
            if code is not None:
                marks.number(place, number.decode("ascii", "replace"), code)


def _place(attributes: bytes) -> Place | None:
    found = _CELL.search(attributes)
    return (int(found[2]), column_number(found[1].decode())) if found else None


def _hidden_columns(tag: bytes) -> int:
    if not re.search(rb'\bhidden="(?:1|true)"', tag):
        return 0
    low, high = re.search(rb'\bmin="(\d+)"', tag), re.search(rb'\bmax="(\d+)"', tag)
    return int(high[1]) - int(low[1]) + 1 if low and high else 1
