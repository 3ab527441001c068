"""Parts of an .xlsx file beside its sheets: names, visibility, formats, texts that sheets share."""

from __future__ import annotations

import posixpath
import re
import zipfile
from html import unescape
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring, iterparse

from bulkload.cells import ROWS_NAME
from bulkload.sources.marks import BookMarks, looks_like_moment
from bulkload.sources.number_format import BUILT_IN, BUILT_IN_DATES, is_date, is_noted

_LARGEST_PART = 16 << 20
_LARGEST_TEXT = 16 << 20
_MOST_STYLES = 100_000
"""Spreadsheet programs allow 65,490."""
_PIECE = 1 << 20
_BEFORE_STRINGS = (b"<?xml", b"<sst", b"\xef\xbb\xbf<", b"\r", b"\n")
_PREFIX = re.compile(rb"<([\w.-]+):sst\b")
_RUN = re.compile(rb"<(?:[\w.-]+:)?[tv](?:\s[^>]*)?>([^<]*)</")
_READING_AID = re.compile(rb"<(?:[\w.-]+:)?rPh\b.*?</(?:[\w.-]+:)?rPh>", re.DOTALL)


def part_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the archive's names by the names that parts refer to each other by.

    Spreadsheet programs do not care about case, and some packers write backslashes.
    """
    return {plain_name(name): name for name in archive.namelist()}


def plain_name(name: str) -> str:
    """Return a part's name as it is compared."""
    return name.replace("\\", "/").lstrip("/").lower()


def read_book(archive: zipfile.ZipFile) -> BookMarks:
    """Return the names, visibility and formats of a workbook.

    Raises:
        KeyError: It has no such parts.
        ParseError: They are no XML.
    """
    names = part_names(archive)
    marks = BookMarks()
    book = _root(archive, names["xl/workbook.xml"])
    links = _root(archive, names["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    hidden = []
    for element in book.iter():
        tag = _tag(element)
        if tag == "workbookPr":
            marks.days_from_1904 = element.get("date1904") in {"1", "true"}
        elif tag == "sheet":
            name = element.get("name", "")
            link = next((v for k, v in element.items() if k.endswith("}id")), None)
            part = posixpath.normpath(posixpath.join("xl", targets.get(link, "")))
            marks.sheets[name] = names.get(plain_name(part), "")
            if element.get("state") in {"hidden", "veryHidden"}:
                hidden.append(name)
    marks.hidden = tuple(hidden)
    if styles := names.get("xl/styles.xml"):
        with archive.open(styles) as opened:
            _read_styles(opened, marks)
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


def moment_texts(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """Return the shared texts that the parser's own dates look like, by their number in digits."""
    part = part_names(archive).get("xl/sharedstrings.xml")
    if part is None:
        return {}
    with archive.open(part) as opened:
        if not _hints(opened):
            return {}
    with archive.open(part) as opened:
        return _moments(opened)


def hints_at_moment(xml: bytes) -> bool:
    """Return whether a text in it may look like a date or time that the parser spelled."""
    return b" 00:00:00" in xml or b"1899-12-3" in xml


def _hints(opened: IO[bytes]) -> bool:
    before = b""
    while piece := opened.read(_PIECE):
        if hints_at_moment(before + piece):
            return True
        before = piece[-64:]
    return False


def _moments(opened: IO[bytes]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    number = 0
    rest = b""
    tag = b"<si"
    while piece := opened.read(_PIECE):
        if not rest and (prefix := _PREFIX.search(piece)):
            tag = b"<%s:si" % prefix[1]
        begun = (rest + piece).split(tag)
        rest = tag + begun.pop() if len(begun) > 1 else begun.pop()
        if len(rest) > _LARGEST_TEXT:
            raise ParseError("a text without end")
        for string in begun:
            number = _moment(string, number, found)
    for string in rest.split(tag):
        number = _moment(string, number, found)
    return found


def _moment(string: bytes, number: int, found: dict[bytes, str]) -> int:
    """Keep one string if it looks like a moment; return the number of the next one."""
    if not string or string.startswith(_BEFORE_STRINGS):
        return number
    if hints_at_moment(string):
        text = text_of(string)
        if looks_like_moment(text):
            found[str(number).encode()] = text
    return number + 1


def text_of(string: bytes) -> str:
    """Return the text of a shared or inline string: its runs, without reading aids."""
    runs = _RUN.findall(_READING_AID.sub(b"", string))
    return unescape(b"".join(runs).decode("utf-8", "replace"))


def _root(archive: zipfile.ZipFile, part: str) -> Element:
    if archive.getinfo(part).file_size > _LARGEST_PART:
        raise ParseError(f"{part} is too large")
    with archive.open(part) as opened:
        root: Element = fromstring(opened.read(_LARGEST_PART), forbid_dtd=True)
    return root


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _read_styles(opened: IO[bytes], marks: BookMarks) -> None:
    codes = {str(number): code for number, code in BUILT_IN.items()}
    styles: list[str] = []
    counted = False
    root: Element | None = None
    for event, element in iterparse(opened, events=("start", "end"), forbid_dtd=True):
        tag = _tag(element)
        if root is None:
            root = element
        if tag == "cellXfs":
            counted = event == "start"
        elif event == "start":
            continue
        elif tag == "numFmt":
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
        elif tag == "xf" and counted:
            styles.append(element.get("numFmtId", ""))
            if len(styles) > _MOST_STYLES:
                raise ParseError("too many styles")
        if tag in {"xf", "font", "dxf", "cellStyle"}:
            root.clear()
    dates = {str(number) for number in BUILT_IN_DATES if str(number) not in codes}
    dates |= {number for number, code in codes.items() if is_date(code)}
    noted = {number for number, code in codes.items() if is_noted(code)}
    marks.formats = {n: codes[number] for n, number in enumerate(styles) if number in noted}
    marks.dates = frozenset(n for n, number in enumerate(styles) if number in dates)
