"""Names for columns, from whatever stands in the header row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bulkload.records import Finding
from bulkload.sources.source import ROW_NUMBER

_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f\x7f]")
_DATA_LIKE = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}|\+?\d[\d ./-]{5,}|\d+([.,]\d+)?")


def column_names(cells: Sequence[str], row_number: int) -> tuple[tuple[str, ...], list[Finding]]:
    """Return one unique name per column, and what was odd about the header row.

    Space around a name, line breaks, no-break spaces and invisible characters are taken off; a
    blank one becomes `column_3`; the second `Email` becomes `Email (2)`, and so does a `row_number`,
    which is the name of what rows are counted in.
    """
    names: list[str] = []
    findings: list[Finding] = []
    for position, cell in enumerate(cells, start=1):
        place = (cell_name(position, row_number),)
        name = _SPACES.sub(" ", _INVISIBLE.sub("", cell)).strip()
        if name != cell.strip(" ") and name:
            findings.append(Finding("header-cleaned", name, place, 1, (cell,)))
        if not name:
            name = f"column_{position}"
            findings.append(Finding("header-blank", name, place, 1))
        original, copy = name, 2
        while name in names or name == ROW_NUMBER:
            name, copy = f"{original} ({copy})", copy + 1
        if original == ROW_NUMBER:
            findings.append(Finding("header-reserved", name, place, 1, (original,)))
        elif name != original:
            findings.append(Finding("header-duplicate", name, place, 1, (original,)))
        names.append(name)
    looks = [cell for cell in cells if _DATA_LIKE.fullmatch(cell.strip())]
    if looks:
        place = (cell_name(1, row_number),)
        findings.append(Finding("header-looks-like-data", "", place, len(looks), tuple(looks[:3])))
    return tuple(names), findings


def free_names(names: Sequence[str]) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the names that a format tells, with none that rows are counted in; and which was."""
    free = list(names)
    findings: list[Finding] = []
    if ROW_NUMBER in free:
        name, copy = ROW_NUMBER, 2
        while name in free:
            name, copy = f"{ROW_NUMBER} ({copy})", copy + 1
        free[free.index(ROW_NUMBER)] = name
        findings.append(Finding("header-reserved", name, (), 1, (ROW_NUMBER,)))
    return tuple(free), findings


def cell_name(position: int, row_number: int) -> str:
    """Return a cell's place as a spreadsheet names it: column 3, row 17 is `C17`."""
    return f"{column_letters(position)}{row_number}"


def column_letters(position: int) -> str:
    """Return a column's letters: 1 is `A`, 27 is `AA`."""
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def find_header(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the index of the row that names the columns, below any preamble.

    It is the first row of about the table's width in which at least half of the cells are filled.
    """
    needed = max(1, -(-width // 2))
    for index, cells in enumerate(rows):
        filled = sum(1 for cell in cells if cell.strip())
        if filled >= needed:
            return index
    return 0
