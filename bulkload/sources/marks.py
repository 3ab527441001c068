"""What the parser of a workbook does not tell, whatever the format: collected beside its values.

The parser is the authority on values. Marks say where a person sees something else than the value,
and where there is no value to load.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import Any, Self

from bulkload.sources.number_format import elapsed, is_date, kept_digits, shown

MOST_PROBLEMS = 100_000
"""Cells without a value that are remembered; a sheet with more is broken throughout."""
Place = tuple[int, int]
"""Row and column, both from 1."""
_LIKE_MOMENT = re.compile(r"1899-12-3.*|.{10} 00:00:00|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.DOTALL)
_NO_DATE = "########"
"""What a spreadsheet program shows for a day before its first."""


@dataclass(slots=True)
class BookMarks:
    """What a workbook says of itself."""

    sheets: dict[str, str] = field(default_factory=dict)
    """Part in the archive by sheet name."""
    hidden: tuple[str, ...] = ()
    days_from_1904: bool = False
    formats: dict[int, str] = field(default_factory=dict)
    """Format code by cell style, only those that may show something else than the number."""
    dates: frozenset[int] = frozenset()
    """Cell styles that show dates."""


class Texts:
    """Texts of many cells by column, as compact as they come: a sheet may have a million."""

    def __init__(self) -> None:
        self.columns: dict[int, tuple[array[int], list[str]]] = {}
        """Rows and texts, in the order in which they were told."""

    def __setitem__(self, place: Place, text: str) -> None:
        row, column = place
        found = self.columns.get(column)
        if found is None:
            found = self.columns[column] = (array("I"), [])
        found[0].append(row)
        found[1].append(text)

    def document(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        return {str(column): [list(rows), texts] for column, (rows, texts) in self.columns.items()}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Return what `document` gave."""
        made = cls()
        for column, (rows, texts) in document.items():
            made.columns[int(column)] = (array("I", rows), texts)
        return made


@dataclass(slots=True)
class SheetMarks:
    """What stands in one sheet besides values; rows and columns count from 1."""

    shown: Texts = field(default_factory=Texts)
    """Text by place of numbers whose format adds to them."""
    not_shown: Texts = field(default_factory=Texts)
    """Format by place of numbers that it does not suit: fractions, percentages, too many digits."""
    exact: Texts = field(default_factory=Texts)
    """Text by place of cells that the parser spells in a way of its own."""
    formulas: list[Place] = field(default_factory=list)
    """Formulas without a value."""
    errors: dict[Place, str] = field(default_factory=dict)
    hidden_rows: int = 0
    hidden_columns: int = 0
    merged: list[str] = field(default_factory=list)

    def number(self, place: Place, stored: str, code: str) -> None:
        """Take note of a number that its format shows as something else."""
        text = shown(stored, code)
        if text is not None:
            self.shown[place] = text
        elif (duration := elapsed(stored, code)) is not None:
            self.exact[place] = duration
        elif is_date(code):
            if stored.startswith("-"):
                self.errors[place] = _NO_DATE
        elif not ("/" in code and is_whole(stored)):
            self.not_shown[place] = code

    def long_number(self, place: Place, stored: str) -> bool:
        """Take note of a number beyond 2^53, of which the parser makes up the last digits."""
        text = kept_digits(stored)
        if text is not None:
            self.exact[place] = text
        return text is not None

    @property
    def problems(self) -> int:
        """How many cells have no value to load."""
        return len(self.formulas) + len(self.errors)

    def text(self, place: Place, text: str) -> None:
        """Take note of a text that the parser's own moments look like."""
        if looks_like_moment(text):
            self.exact[place] = text

    def document(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        return {
            "shown": self.shown.document(),
            "not_shown": self.not_shown.document(),
            "exact": self.exact.document(),
            "formulas": self.formulas,
            "errors": [[*place, text] for place, text in self.errors.items()],
            "hidden_rows": self.hidden_rows,
            "hidden_columns": self.hidden_columns,
            "merged": self.merged,
        }

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Return what `document` gave."""
        return cls(
            shown=Texts.of(document["shown"]),
            not_shown=Texts.of(document["not_shown"]),
            exact=Texts.of(document["exact"]),
            formulas=[(row, column) for row, column in document["formulas"]],
            errors={(row, column): text for row, column, text in document["errors"]},
            hidden_rows=document["hidden_rows"],
            hidden_columns=document["hidden_columns"],
            merged=document["merged"],
        )


def looks_like_moment(text: str) -> bool:
    """Return whether a text could be taken for a date or time that the parser spelled."""
    return _LIKE_MOMENT.fullmatch(text) is not None


def is_whole(stored: str) -> bool:
    """Return whether a stored number is a whole one."""
    try:
        return float(stored).is_integer()
    except ValueError:
        return False


def column_number(letters: str) -> int:
    """Return 1 for `A`, 27 for `AA`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
