"""Where a sheet has its headers, found without reading the rest of the workbook."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import IO

from bulkload.cells import ROW_COLUMN
from bulkload.reports.package import Package, Sheet, UnpatchableWorkbookError
from bulkload.reports.sheets import column_number

_CHUNK_BYTES = 1 << 16
_MAX_ROW_BYTES = 16 << 20
_ROWS_LOOKED_AT = 100


def find_header(
    package: Package, sheet: Sheet, headers: Sequence[str]
) -> tuple[int, dict[int, str]]:
    """Return the row that holds the headers, and its texts by column counted from 1.

    Args:
        package: The workbook.
        sheet: Its sheet.
        headers: As the source names them. The row that has most of them is meant; where several
            have as many, the first.
    """
    with package.archive.open(sheet.path) as part:
        rows = list(itertools.islice(_rows(part), _ROWS_LOOKED_AT))
    shared = {value for _, cells in rows for value in cells.values() if isinstance(value, int)}
    strings = _shared_strings(package, shared) if shared else {}
    best = 1
    found: dict[int, str] = {}
    wanted = set(headers) | {ROW_COLUMN}
    for number, cells in rows:
        texts = {
            column: strings.get(value, "") if isinstance(value, int) else value
            for column, value in cells.items()
        }
        texts = {column: text for column, text in sorted(texts.items()) if text}
        if not found or len(wanted & set(texts.values())) > len(wanted & set(found.values())):
            best, found = number, texts
    return best, found


def _rows(part: IO[bytes]) -> Iterator[tuple[int, dict[int, int | str]]]:
    """Yield the first rows: a shared text as its number, any other as it stands."""
    read = b""
    opened = re.compile(rb"<((?:\w+:)?)row\b([^>]*[^/])>")
    while True:
        while (start := opened.search(read)) and (
            end := re.search(b"</" + start[1] + b"row>", read[start.end() :])
        ):
            number = re.search(rb'\sr="(\d+)"', start[2])
            if number is None:
                raise UnpatchableWorkbookError("a row has no number")
            content = read[start.end() : start.end() + end.start()]
            yield int(number[1]), _cells(content.decode())
            read = read[start.end() + end.end() :]
        chunk = part.read(_CHUNK_BYTES)
        if not chunk:
            return
        read += chunk
        if len(read) > _MAX_ROW_BYTES:
            raise UnpatchableWorkbookError("a row is too long")


def _cells(row: str) -> dict[int, int | str]:
    texts: dict[int, int | str] = {}
    for cell in re.finditer(r"<((?:\w+:)?)c\b([^>]*?)(?:/>|>(.*?)</\1c>)", row, re.DOTALL):
        place = re.search(r'\sr="([A-Z]+)\d+"', cell[2])
        if place is None:
            raise UnpatchableWorkbookError("a cell has no place")
        column, content = column_number(place[1]), cell[3] or ""
        value = re.search(r"<(?:\w+:)?v\b[^>]*>(.*?)</", content, re.DOTALL)
        if re.search(r'\st="s"', cell[2]) and value:
            texts[column] = int(value[1])
        elif re.search(r'\st="inlineStr"', cell[2]):
            texts[column] = _joined(content)
        elif value:
            texts[column] = _plain(value[1])
    return texts


def _shared_strings(package: Package, wanted: set[int]) -> dict[int, str]:
    path = package.related(package.workbook_path, "sharedStrings")
    if path is None:
        raise UnpatchableWorkbookError("the shared texts are missing")
    found: dict[int, str] = {}
    number, rest = 0, b""
    with package.archive.open(path) as part:
        while len(found) < len(wanted) and (chunk := part.read(_CHUNK_BYTES)):
            *items, rest = re.split(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>", rest + chunk)
            for item in items:
                if number in wanted:
                    found[number] = _joined(item.decode())
                number += 1
    return found


def _joined(content: str) -> str:
    # Phonetic guides (rPh) are no part of the text.
    bare = re.sub(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", "", content, flags=re.DOTALL)
    return "".join(
        _plain(text)
        for text in re.findall(r"<(?:\w+:)?t(?:\s[^>]*)?>(.*?)</(?:\w+:)?t>", bare, re.DOTALL)
    )


def _plain(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), html.unescape(text))
