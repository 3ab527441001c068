"""Marks the problems of one sheet in a copy of its workbook.

small parts amended (names, relations, comments) -> other parts copied -> the sheet streamed -> formats, Problems
"""

from __future__ import annotations

import io
import itertools
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, BinaryIO, cast

from bulkload.cells import ROW_COLUMN, ROWS_NAME, printable
from bulkload.messages.phrases import phrase
from bulkload.records import Reject, Status
from bulkload.reports import marking, sheet_tail
from bulkload.reports.comments import MAX_COMMENTS, add_comments
from bulkload.reports.header import find_header
from bulkload.reports.package import Package, Sheet, UnpatchableWorkbookError
from bulkload.reports.problems import (
    MAX_LINKS,
    Problem,
    drop_downs,
    name_place,
    own_formats,
    reserve_sheet,
    write_sheet,
)
from bulkload.reports.rejects import sentences
from bulkload.reports.sheets import column_number, letters, place
from bulkload.reports.styles import Styles

_LONGEST_CELL = 200
"""Characters of a cell that are repeated in a comment."""
_GATHERED_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What to mark where."""

    headers: Sequence[str]
    rejects: Callable[[], Iterable[Reject]]
    """All rejects by ascending row number, each time from the first."""
    sheet: str | None = None
    """None: the first."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Drop-downs, by header."""
    places: Mapping[int, int] | None = None
    """Row of the sheet by row number; None: they are the same, as in a workbook that is the source."""
    keep_identity: bool = False
    """The sheet has its `bulkload_row` already."""
    language: str = "en"


def annotate(source: zipfile.ZipFile, file: BinaryIO, wanted: Annotation) -> list[str]:
    """Write a copy of a workbook with problems marked.

    Args:
        source: The workbook.
        file: Where the copy goes.
        wanted: What to mark.

    Returns:
        Sentences that the user should read.

    Raises:
        UnpatchableWorkbookError: The workbook is written in an unusual way.
    """
    package = Package(source)
    sheet = package.sheet(wanted.sheet)
    header_row, header = find_header(package, sheet, wanted.headers)
    columns = _Columns(header, wanted.headers)
    styles_path = package.related(package.workbook_path, "styles")
    if styles_path is None:
        raise UnpatchableWorkbookError("there are no formats")
    styles = Styles(package.text(styles_path))
    formats = own_formats(styles)
    problems = reserve_sheet(package, wanted.language)
    name_place(package, ROWS_NAME, place(sheet.name, f"{letters(columns.identity)}{header_row}"))
    texts, totals = _comments(wanted, columns)
    drawing = add_comments(package, sheet, texts)
    choices = {columns[h]: v for h, v in wanted.choices.items() if v and h in columns.known}
    formulas, lists = drop_downs(choices, problems)
    _widen_tables(package, sheet, header_row, columns.identity)
    tail = _Tail(
        package=package,
        sheet=sheet,
        identity=columns.identity,
        header_row=header_row,
        drawing=drawing,
        formulas=formulas,
    )
    marks = marking.Marks(
        styles=styles,
        header_row=header_row,
        identity=columns.identity,
        has_identity=columns.has_identity,
        keep_identity=wanted.keep_identity,
        cells=_cells(wanted, columns),
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        late = {sheet.path, styles_path, problems.path, package.workbook_path}
        _copy(package, target, late)
        with source.open(sheet.path) as read, _part(target, sheet.path) as out:
            marking.Marker(marks).run(read, out, tail)
        target.writestr(package.workbook_path, package.text(package.workbook_path))
        target.writestr(styles_path, styles.text())
        with _part(target, problems.path) as out:
            write_sheet(
                out,
                itertools.islice(_problems(wanted, columns), MAX_LINKS),
                of=sheet,
                styles=formats,
                lists=lists,
                totals=totals,
                language=wanted.language,
            )
    return _notes(totals[0], len(texts), wanted.language)


def _part(archive: zipfile.ZipFile, path: str) -> IO[bytes]:
    """Begin a part of the archive; small writes are gathered, for each that reaches it is packed."""
    part = cast("io.RawIOBase", archive.open(path, "w", force_zip64=True))
    return io.BufferedWriter(part, _GATHERED_BYTES)


class _Columns:
    """Which column of the sheet a header means, and where the identity stands."""

    def __init__(self, texts: Mapping[int, str], headers: Sequence[str]) -> None:
        own = [column for column, text in texts.items() if text == ROW_COLUMN]
        self.has_identity = bool(own)
        by_text: dict[str, int] = {
            text: column for column, text in sorted(texts.items(), reverse=True)
        }
        self.known = {h: by_text.get(h, n) for n, h in enumerate(headers, start=1)}
        last = max([len(headers), *texts.keys()])
        self.identity = own[0] if own else last + 1

    def __getitem__(self, header: str) -> int:
        # A problem of the whole row, or of several columns together, is shown at its first cell.
        return self.known.get(header, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """Amends what follows the rows of a sheet."""

    package: Package
    sheet: Sheet
    identity: int
    header_row: int
    drawing: str | None
    """Relation to the comments' boxes that the sheet does not name yet."""
    formulas: Mapping[int, str]
    """Drop-downs by column."""

    def __call__(self, tail: str, tag: str, last_row: int) -> str:
        tail, filtered = sheet_tail.with_wider_filter(tail, tag, self.identity)
        if filtered is not None:
            self._widen_filter_name(filtered)
        first = self.header_row + 1
        ranges = [
            (f"{letters(column)}{first}:{letters(column)}{max(last_row, first)}", formula)
            for column, formula in self.formulas.items()
        ]
        tail = sheet_tail.with_validations(tail, tag, ranges)
        return sheet_tail.with_drawing(tail, tag, self.drawing) if self.drawing else tail

    def _widen_filter_name(self, ref: str) -> None:
        workbook = self.package.text(self.package.workbook_path)
        position = self.sheet.position
        pattern = (
            r'(<(?:\w+:)?definedName\b(?=[^>]*\bname="_xlnm\._FilterDatabase")'
            rf'(?=[^>]*\blocalSheetId="{position}")[^>]*>)[^<]*<'
        )
        spoken = place(self.sheet.name, ref).replace("&", "&amp;").replace("<", "&lt;")
        changed = re.sub(pattern, lambda found: f"{found[1]}{spoken}<", workbook)
        self.package.change(self.package.workbook_path, changed)


def _copy(package: Package, target: zipfile.ZipFile, late: set[str]) -> None:
    names = package.archive.namelist()
    for name in names:
        if name in late:
            continue
        if name in package.changed:
            target.writestr(name, package.changed[name])
        elif not name.endswith("/"):
            with (
                package.archive.open(name) as read,
                target.open(name, "w", force_zip64=True) as out,
            ):
                shutil.copyfileobj(read, out, 1 << 20)
    for name in package.changed:
        if name not in names and name not in late:
            target.writestr(name, package.changed[name])


def _problems(wanted: Annotation, columns: _Columns) -> Iterator[Problem]:
    for reject in wanted.rejects():
        if reject.status is Status.SKIPPED:
            continue
        row = reject.row_number
        if wanted.places is not None:
            row = wanted.places.get(row, 0)
        if row:
            cell = printable(reject.cell[: _LONGEST_CELL + 1])
            if len(reject.cell) > _LONGEST_CELL:
                cell = cell[:_LONGEST_CELL] + "…"
            seen = reject if cell == reject.cell else replace(reject, cell=cell)
            yield Problem(row, columns[reject.column], seen)


def _cells(wanted: Annotation, columns: _Columns) -> Iterator[tuple[int, Iterable[int]]]:
    for row, found in itertools.groupby(_problems(wanted, columns), lambda problem: problem.row):
        yield row, {problem.column for problem in found}


def _comments(
    wanted: Annotation, columns: _Columns
) -> tuple[dict[tuple[int, int], str], tuple[int, int]]:
    """Return the first comments by place, and the numbers of problems and of rows."""
    texts: dict[tuple[int, int], str] = {}
    problems = rows = 0
    for row, found in itertools.groupby(_problems(wanted, columns), lambda problem: problem.row):
        by_column: dict[int, list[Reject]] = {}
        for problem in found:
            by_column.setdefault(problem.column, []).append(problem.reject)
            problems += 1
        rows += 1
        for column, rejects in by_column.items():
            if len(texts) < MAX_COMMENTS:
                texts[row, column] = sentences(rejects, wanted.language)
    return texts, (problems, rows)


def _widen_tables(package: Package, sheet: Sheet, header_row: int, identity: int) -> None:
    """Take the identity into a table that ends beside it, so that it is sorted along."""
    for path in package.all_related(sheet.path, "table"):
        text = package.text(path)
        found = re.search(r'\sref="([A-Z]+)(\d+):([A-Z]+)(\d+)"', text)
        if found is None or int(found[2]) != header_row:
            continue
        if column_number(found[3]) != identity - 1:
            continue
        old, last = found[3] + found[4] + '"', letters(identity) + found[4] + '"'
        text = text.replace(f":{old}", f":{last}")
        ids = [int(n) for n in re.findall(r"<(?:\w+:)?tableColumn\b[^>]*?\sid=\"(\d+)\"", text)]
        tag = re.search(r"<(\w+:)?table\b", text)
        prefix = (tag[1] or "") if tag else ""
        entry = f'<{prefix}tableColumn id="{max(ids, default=0) + 1}" name="{ROW_COLUMN}"/>'
        text = text.replace(f"</{prefix}tableColumns>", f"{entry}</{prefix}tableColumns>")
        text = re.sub(
            rf'(<{prefix}tableColumns\b[^>]*?\scount=")\d+', rf"\g<1>{len(ids) + 1}", text
        )
        package.change(path, text)


def _notes(problems: int, comments: int, language: str) -> list[str]:
    notes = []
    if comments >= MAX_COMMENTS:
        notes.append(phrase("note-comments", language, comments=MAX_COMMENTS))
    if problems > MAX_LINKS:
        notes.append(phrase("note-links", language, links=MAX_LINKS, problems=problems))
    return notes
