"""Parts of an .xlsx file beside its sheets: names, visibility, formats, texts that sheets share."""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring, iterparse

from bulkload.cells import ROWS_NAME
from bulkload.sources.marks import BookMarks, looks_like_moment
from bulkload.sources.number_format import BUILT_IN, BUILT_IN_DATES, is_date, is_noted

_LARGEST_PART = 64 << 20
_PIECE = 1 << 20
MOMENT_HINT = re.compile(rb" 00:00:00\s*<|1899-12-3")
"""What a text must contain, as XML, to look like a date or time that the parser spelled."""


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
        _read_styles(_root(archive, styles), marks)
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


def _hints(opened: IO[bytes]) -> bool:
    before = b""
    while piece := opened.read(_PIECE):
        if MOMENT_HINT.search(before + piece):
            return True
        before = piece[-64:]
    return False


def _moments(opened: IO[bytes]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    number = 0
    for _, element in iterparse(opened, events=("end",), forbid_dtd=True):
        if _tag(element) == "si":
            text = text_of(element)
            if looks_like_moment(text):
                found[str(number).encode()] = text
            number += 1
            element.clear()
    return found


def text_of(element: Element) -> str:
    """Return the text of a shared or inline string: its runs, without reading aids."""
    runs = (run for run in element if _tag(run) in {"t", "r"})
    return "".join(
        part.text or ""
        for run in runs
        for part in ([run] if _tag(run) == "t" else run)
        if _tag(part) == "t"
    )


def _root(archive: zipfile.ZipFile, part: str) -> Element:
    if archive.getinfo(part).file_size > _LARGEST_PART:
        raise ParseError(f"{part} is too large")
    with archive.open(part) as opened:
        root: Element = fromstring(opened.read(_LARGEST_PART), forbid_dtd=True)
    return root


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _read_styles(styles: Element, marks: BookMarks) -> None:
    codes = {str(number): code for number, code in BUILT_IN.items()}
    for element in styles.iter():
        if _tag(element) == "numFmt":
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
    dates = {str(number) for number in BUILT_IN_DATES if str(number) not in codes}
    dates |= {number for number, code in codes.items() if is_date(code)}
    noted = {number for number, code in codes.items() if is_noted(code)}
    shows_dates = set()
    for element in styles.iter():
        if _tag(element) == "cellXfs":
            for style, one in enumerate(element):
                number = one.get("numFmtId", "")
                if number in noted:
                    marks.formats[style] = codes[number]
                if number in dates:
                    shows_dates.add(style)
    marks.dates = frozenset(shows_dates)
