r"""A workbook parsed by a process of its own.

    archive looked at -> child process parses the sheet -> rows in a file -> frame
                      \-> marks of the sheet, read meanwhile

The child is limited in memory and time; whatever it dies of becomes one sentence here.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import polars as pl
from defusedxml.common import DefusedXmlException

from bulkload.errors import BadInputError, did_you_mean
from bulkload.scratch import Scratch
from bulkload.sources.archive import UNREADABLE, Archive, inspect_archive, protected
from bulkload.sources.binary_marks import (
    binary_moment_texts,
    read_binary_book,
    read_binary_sheet,
)
from bulkload.sources.book_parts import mended_sheet, moment_texts, read_book
from bulkload.sources.marks import BookMarks, SheetMarks
from bulkload.sources.open_document import read_open_document
from bulkload.sources.sheet_marks import far_cell, read_sheet
from bulkload.sources.source import SourceOptions
from bulkload.sources.stream import FileBytes

_SECONDS_PER_MB = 2.0
_LEAST_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Parsed:
    """One sheet as the parser gave it, and its marks."""

    rows: pl.DataFrame
    """Every row from the first on, every used column; null is an empty cell."""
    archive: Archive
    answer: dict[str, Any]
    """sheets, sheet, hidden, first_column: what the child saw."""
    marked: Marked


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of a workbook and of one of its sheets."""

    book: BookMarks = field(default_factory=BookMarks)
    marks: SheetMarks = field(default_factory=SheetMarks)
    sheet: str = ""
    complete: bool = False
    """Whether everything could be read; if not, only the values are known."""


def parse_sheet(content: FileBytes, options: SourceOptions) -> Parsed:
    """Parse the named sheet, or the first that is visible and not empty.

    Raises:
        BadInputError: The workbook is hostile, damaged, protected, or has no such sheet.
    """
    archive = inspect_archive(content, options)
    with Scratch() as scratch:
        place = scratch.path / "rows.arrow"
        path = _on_disk(content, scratch.path)
        options = replace(options, sheet=options.sheet or _mended(path, archive))
        child = _start(path, place, options, content.size_bytes, archive.format)
        try:
            marked = _marks(path, archive, options.sheet)
            answer = _answer(child, path, content, options)
        finally:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    pipe.close()
        if not answer["sheets"]:
            raise _damaged(content.shown, "it lists no sheets")
        if not answer["sheet"]:
            raise BadInputError(
                f"`{content.shown}` is empty", fix="choose another sheet with --sheet"
            )
        if archive.format == "xls":
            marked = _old_marks(answer)
        elif answer["sheet"] != marked.sheet:
            marked = _marks(path, archive, answer["sheet"])
        rows = pl.read_ipc(place)
    return Parsed(rows, archive, answer, marked)


def _on_disk(content: FileBytes, folder: Path) -> str:
    """Return a path for the child, also for standard input."""
    if content.spooled is None:
        return content.shown
    copy = folder / "book"
    copy.write_bytes(content.read_all())
    return str(copy)


def _start(
    path: str, place: Path, options: SourceOptions, size_bytes: int, kind: str
) -> subprocess.Popen[str]:
    seconds = max(_LEAST_SECONDS, size_bytes / 1e6 * _SECONDS_PER_MB)
    request = {
        "path": str(Path(path).resolve()),
        "rows": str(place),
        "sheet": options.sheet,
        "kind": kind,
        "max_cell_bytes": options.max_cell_bytes,
        "memory_bytes": options.memory_bytes,
        "time_s": math.ceil(options.time_s or seconds),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "bulkload.sources.workbook_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    try:
        if child.stdin:
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
    except BrokenPipeError:
        pass  # its end is noticed where its answer is read
    return child


def _answer(
    child: subprocess.Popen[str],
    path: str,
    content: FileBytes,
    options: SourceOptions,
) -> dict[str, Any]:
    """Return what the child says, or raise the sentence for what it died of."""
    seconds = max(_LEAST_SECONDS, content.size_bytes / 1e6 * _SECONDS_PER_MB)
    shown = content.shown
    try:
        spoken, _ = child.communicate(timeout=options.time_s or seconds)
    except subprocess.TimeoutExpired:
        raise _refused(shown, "it takes too long to read") from None
    answer: dict[str, Any] = json.loads(spoken) if spoken.endswith("\n") else {"error": "died"}
    error = answer.get("error", "")
    if not error:
        return answer
    if error == "no-sheet":
        names = answer["sheets"]
        have = ", ".join(f"`{name}`" for name in names)
        fix = did_you_mean(str(options.sheet), names) + f"it has: {have}"
        raise BadInputError(f"`{shown}` has no sheet `{options.sheet}`", fix=fix)
    if error == "long-cell":
        raise _refused(
            shown,
            f"a cell holds {answer['bytes']:,} bytes; at most {options.max_cell_bytes:,} are read",
        )
    if error in {"died", "memory"} or "capacity" in answer.get("why", ""):
        far = _farthest(path)
        why = (
            f"cell {far} stretches it to more cells than memory has room for"
            if far
            else (
                f"it needs more than {options.memory_bytes >> 20:,} MB of memory or too much time"
            )
        )
        raise _refused(shown, why)
    if error == "password" or "assword" in answer.get("why", ""):
        raise protected(shown)
    raise _damaged(shown, "its sheet cannot be read", _one_line(answer["why"]))


def _damaged(shown: str, why: str, where: str = "") -> BadInputError:
    return BadInputError(
        f"`{shown}` is damaged: {why}",
        where=where,
        fix="open it in a spreadsheet program and save it again",
    )


def _one_line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    return "".join(c if c.isprintable() else " " for c in first)[:200]


def _refused(shown: str, why: str) -> BadInputError:
    return BadInputError(
        f"`{shown}` was refused: {why}",
        fix="delete what lies outside of the table and save it again, or save it as .csv",
    )


def _farthest(path: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    with archive.open(name) as opened:
                        far = far_cell(opened)
                    if far:
                        return far
    except UNREADABLE:
        pass
    return ""


def _mended(path: str, archive: Archive) -> str | None:
    """Return the sheet in which bulkload marked problems, if this is a workbook that comes back."""
    if archive.format not in {"xlsx", "xlsm"}:
        return None
    try:
        with zipfile.ZipFile(path) as opened:
            return mended_sheet(opened)
    except (*UNREADABLE, ParseError):
        return None
    except DefusedXmlException:
        return None


def _old_marks(answer: dict[str, Any]) -> Marked:
    """Return the marks that the child has read: those of .xls need a parser of their own."""
    old = answer["old"]
    if old is None:
        return Marked(sheet=answer["sheet"])
    book = BookMarks(hidden=tuple(old["hidden"]), days_from_1904=old["days_from_1904"])
    return Marked(book, SheetMarks.of(old["marks"]), answer["sheet"], complete=True)


def _marks(path: str, archive: Archive, sheet: str | None) -> Marked:
    """Read the marks of a sheet while the child parses; what is broken, the child will say."""
    if archive.format == "xls":
        return Marked()
    try:
        with zipfile.ZipFile(path) as opened:
            if archive.format == "ods":
                with opened.open("content.xml") as stream:
                    return Marked(*read_open_document(stream, sheet or ""), complete=True)
            binary = archive.format == "xlsb"
            book = read_binary_book(opened) if binary else read_book(opened)
            name = sheet or next((one for one in book.sheets if one not in book.hidden), "")
            with opened.open(book.sheets[name]) as stream:
                if binary:
                    marks = read_binary_sheet(stream, book, binary_moment_texts(opened))
                else:
                    marks = read_sheet(stream, book, moment_texts(opened))
            return Marked(book, marks, name, complete=True)
    except (*UNREADABLE, ParseError, DefusedXmlException, IndexError):
        return Marked(sheet=sheet or "")
