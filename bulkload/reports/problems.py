"""The sheet `Problems`: every problem of the workbook in one list, each with a link to its cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from bulkload import messages
from bulkload.messages.phrases import phrase
from bulkload.records import Reject
from bulkload.reports.package import Package, Sheet, UnpatchableWorkbookError, appended
from bulkload.reports.sheets import (
    NAMESPACE,
    RELATIONS,
    attribute,
    escaped,
    letters,
    place,
    unused_name,
)
from bulkload.reports.styles import Styles

MAX_LINKS = 65_000
"""A sheet holds 65,530 links."""
_NAME = "bulkload_problems"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_HEADER_ROW = 3
_FIRST_LIST_COLUMN = 8
_WIDTHS = (9, 8, 22, 34, 62, 62, 26)
_LONGEST_LITERAL = 255
_LINE_POINTS = 15


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the sheet: a reject and its cell."""

    row: int
    column: int
    reject: Reject


def reserve_sheet(package: Package, language: str) -> Sheet:
    """Return the sheet of problems: the one of the last time, or a new one at the end."""
    workbook = package.text(package.workbook_path)
    known = re.search(rf'<(?:\w+:)?definedName\b[^>]*\bname="{_NAME}"[^>]*>([^<]+)<', workbook)
    if known is not None:
        name = known[1].rpartition("!")[0].strip("'")
        for sheet in package.sheets:
            if sheet.name == name:
                return sheet
    taken = {sheet.name.casefold() for sheet in package.sheets}
    name = unused_name(phrase("sheet-problems", language), taken)
    path = package.unused_path("xl/worksheets/bulkloadProblems.xml")
    package.declare(path, _SHEET_TYPE)
    relation = package.relate(package.workbook_path, "worksheet", path)
    tag = _prefix(workbook)
    number = max([0, *map(int, re.findall(r'\bsheetId="(\d+)"', workbook))]) + 1
    workbook = appended(
        workbook,
        "sheets",
        f'<{tag}sheet xmlns:r="{RELATIONS}" name="{attribute(name)}" sheetId="{number}"'
        f' r:id="{relation}"/>',
    )
    package.change(package.workbook_path, workbook)
    name_place(package, _NAME, place(name, "A1"))
    return Sheet(len(package.sheets), name, path)


def write_sheet(
    target: IO[bytes],
    problems: Iterable[Problem],
    *,
    of: Sheet,
    styles: tuple[int, int, int, int],
    lists: Sequence[Sequence[str]],
    totals: tuple[int, int],
    language: str,
) -> None:
    """Write the sheet of problems.

    Args:
        target: Where its XML goes.
        problems: At most `MAX_LINKS`.
        of: The sheet in which the problems are.
        styles: Formats of text, long text, headings and links, from `own_formats`.
        lists: Choices that were too long for a formula, one hidden column each.
        totals: Number of problems and of rows that have one.
        language: Of the headings.
    """
    text, wrapped, heading, link = styles
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(_WIDTHS, start=1)
    )
    if lists:
        last = _FIRST_LIST_COLUMN + len(lists) - 1
        columns += (
            f'<col min="{_FIRST_LIST_COLUMN}" max="{last}" width="9" hidden="1" customWidth="1"/>'
        )
    hint = phrase("problems-hint", language, problems=totals[0], rows=totals[1])
    titles = [phrase(f"problems-{name}", language) for name in _TITLES]
    target.write(
        (
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{NAMESPACE}">'
            f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{_HEADER_ROW}" '
            f'topLeftCell="A{_HEADER_ROW + 1}" activePane="bottomLeft" state="frozen"/></sheetView>'
            f"</sheetViews><cols>{columns}</cols><sheetData>"
            f'<row r="1">{_cell(1, 1, hint, heading)}{_list_cells(1, lists, text)}</row>'
            f'<row r="2">{_list_cells(2, lists, text)}</row>'
            f'<row r="{_HEADER_ROW}">'
            + "".join(_cell(_HEADER_ROW, n, t, heading) for n, t in enumerate(titles, start=1))
            + f"{_list_cells(_HEADER_ROW, lists, text)}</row>"
        ).encode()
    )
    links = []
    row = _HEADER_ROW
    for row, problem in enumerate(problems, start=_HEADER_ROW + 1):
        reject = problem.reject
        cell = f"{letters(problem.column)}{problem.row}"
        links.append(
            f'<hyperlink ref="A{row}" location="{attribute(place(of.name, cell).replace("$", ""))}"/>'
        )
        texts = (
            reject.column,
            reject.cell,
            *messages.what_and_fix(reject, language),
            reject.code,
        )
        formats = (text, wrapped, wrapped, wrapped, text)
        target.write(
            (
                f'<row r="{row}" ht="{_height(texts)}" customHeight="1">{_cell(row, 1, cell, link)}'
                f'<c r="B{row}" s="{text}"><v>{reject.row_number}</v></c>'
                + "".join(
                    _cell(row, n, t, style)
                    for n, (t, style) in enumerate(zip(texts, formats, strict=True), start=3)
                )
                + f"{_list_cells(row, lists, text)}</row>"
            ).encode()
        )
    for rest in range(row + 1, max((len(values) for values in lists), default=0) + 1):
        target.write(f'<row r="{rest}">{_list_cells(rest, lists, text)}</row>'.encode())
    filtered = f'<autoFilter ref="A{_HEADER_ROW}:G{max(row, _HEADER_ROW)}"/>'
    linked = f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else ""
    setup = '<pageSetup orientation="landscape" fitToHeight="0"/>'
    target.write(f"</sheetData>{filtered}{linked}{setup}</worksheet>".encode())


_TITLES = ("cell", "row", "column", "text", "what", "fix", "code")


def own_formats(styles: Styles) -> tuple[int, int, int, int]:
    """Add the formats of the sheet of problems: text, long text, headings, links."""
    return (
        styles.own(),
        styles.own(wrap=True),
        styles.own(font='<b/><sz val="11"/><name val="Calibri"/>'),
        styles.own(font='<u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/>'),
    )


def drop_downs(
    choices: Mapping[int, Sequence[str]], problems: Sheet
) -> tuple[dict[int, str], list[Sequence[str]]]:
    """Return the formula of each column's drop-down as XML text, and the lists it refers to.

    A short list stands in the formula itself; a long one, or one with a comma, in a hidden column of
    the sheet of problems.
    """
    formulas: dict[int, str] = {}
    lists: list[Sequence[str]] = []
    for column, values in choices.items():
        literal = ",".join(values)
        if len(literal) <= _LONGEST_LITERAL and not any("," in v or v != v.strip() for v in values):
            formulas[column] = escaped('"' + literal.replace('"', '""') + '"')
        else:
            name = letters(_FIRST_LIST_COLUMN + len(lists))
            formulas[column] = escaped(place(problems.name, f"{name}1:{name}{len(values)}"))
            lists.append(values)
    return formulas, lists


def _height(texts: Sequence[str]) -> int:
    """Return the height of a row in points; not every spreadsheet finds it out by itself."""
    widths = _WIDTHS[2:]
    lines = max(-(-len(text) // (width - 2)) for text, width in zip(texts, widths, strict=True))
    return _LINE_POINTS * max(1, lines)


def _list_cells(row: int, lists: Sequence[Sequence[str]], style: int) -> str:
    return "".join(
        _cell(row, _FIRST_LIST_COLUMN + number, values[row - 1], style)
        for number, values in enumerate(lists)
        if row <= len(values)
    )


def _cell(row: int, column: int, text: str, style: int) -> str:
    return (
        f'<c r="{letters(column)}{row}" s="{style}" t="inlineStr"><is>'
        f'<t xml:space="preserve">{escaped(text)}</t></is></c>'
    )


def _prefix(workbook: str) -> str:
    found = re.search(r"<(\w+:)?workbook\b", workbook)
    if found is None:
        raise UnpatchableWorkbookError("the workbook cannot be read")
    return found[1] or ""


def name_place(package: Package, name: str, place: str) -> None:
    """Give a place of the workbook a hidden name, instead of the place that had it."""
    workbook = package.text(package.workbook_path)
    tag = _prefix(workbook)
    entry = f'<{tag}definedName name="{name}" hidden="1">{escaped(place)}</{tag}definedName>'
    known = rf'<{tag}definedName\b[^>]*\bname="{name}"[^>]*>[^<]*</{tag}definedName>'
    workbook = re.sub(known, "", workbook)
    if re.search(rf"<{tag}definedNames\b", workbook):
        package.change(package.workbook_path, appended(workbook, "definedNames", entry))
        return
    later = "calcPr|oleSize|customWorkbookViews|pivotCaches|smartTagPr|smartTagTypes|webPublishing"
    found = re.search(
        rf"<{tag}(?:{later}|fileRecoveryPr|webPublishObjects|extLst)\b|</{tag}workbook>", workbook
    )
    if found is None:
        raise UnpatchableWorkbookError("the workbook has no end")
    names = f"<{tag}definedNames>{entry}</{tag}definedNames>"
    package.change(
        package.workbook_path, workbook[: found.start()] + names + workbook[found.start() :]
    )
