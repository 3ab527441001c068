r"""Cell text made safe for the places it is written to, and read back unchanged.

A spreadsheet takes a CSV cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a
formula. `guarded` puts one apostrophe before such a text, `unguarded` takes it off again:
`unguarded(guarded(text)) == text` for every text. A phone number such as `+49 171 1234567` begins
with a plus sign and is left alone.

The pair is for CSV only. A workbook has cells that are strings whatever they begin with, so nothing
is guarded there and nothing may be taken off.

Only `re` is imported here; the Polars twins of the pair import Polars' names for types alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

OWN_PREFIX = "bulkload_"
"""Headers that begin with this were written by bulkload and are no columns of the user."""
ROW_COLUMN = "bulkload_row"
"""The row number that a rejected row had in its source."""
PROBLEMS_COLUMN = "bulkload_problems"
"""All problems of that row, as sentences."""

ROWS_NAME = "bulkload_rows"
"""Name in a workbook for the sheet in which problems were marked, so that it is the one read again."""

# Spaces, byte order marks, zero-width characters and quotes are skipped by one spreadsheet or
# another before it looks for a formula; apostrophes are counted as lead so that a text which
# has the guard already gets a second one and comes back with the first.
_LEAD = r"""[ \u00A0\u200B\uFEFF"\n]*"""
_TRIGGER = r"[=+\-@\t\r\x00\uFF1D\uFF0B\uFF0D\uFF20]"
_FORMULA_LIKE = rf"^'*{_LEAD}{_TRIGGER}"
_GUARD = rf"^'+{_LEAD}{_TRIGGER}"
_PHONE = r"^\+[0-9][0-9 ().-]{4,20}$"

_formula_like = re.compile(_FORMULA_LIKE)
_guard = re.compile(_GUARD)
_phone = re.compile(_PHONE)

FORMULA_ERRORS = frozenset(
    {
        *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!"),
        *("#CALC!", "#FIELD!", "#BLOCKED!", "#GETTING_DATA"),
        *("#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!"),
        *("#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡NUM!", "#¡DIV/0!", "#¡NULO!", "#N/D", "#RIF!"),
        *("#VALORE!", "#NOME?", "#VALOR!", "#NÚM!", "#NULO!", "#VERW!", "#WAARDE!", "#NAAM?"),
        *("#GETAL!", "#N/B", "#DEEL/0!", "#LEEG!", "#ADR!", "#ARG!", "#NAZWA?", "#LICZBA!"),
        *("#DZIEL/0!", "#ZERO!"),
    }
)
"""What spreadsheet programs show, and write into CSV, for the error of a formula: in English, then in
German, French, Spanish, Italian, Portuguese, Dutch and Polish. Each begins with `#`."""


def guarded(text: str) -> str:
    """Return `text` with one apostrophe before it if a spreadsheet could take it for a formula."""
    if _formula_like.match(text) and not (_phone.match(text) and not text.endswith("\n")):
        return "'" + text
    return text


def unguarded(text: str) -> str:
    """Return what `guarded` was given."""
    return text[1:] if _guard.match(text) else text


def guarded_expr(cell: pl.Expr) -> pl.Expr:
    """Return `guarded` as a Polars expression over a String column; null stays null."""
    import polars as pl

    formula_like = cell.str.contains(_rust(_FORMULA_LIKE)) & ~cell.str.contains(_rust(_PHONE))
    return pl.when(formula_like).then(pl.concat_str(pl.lit("'"), cell)).otherwise(cell)


def unguarded_expr(cell: pl.Expr) -> pl.Expr:
    """Return `unguarded` as a Polars expression over a String column; null stays null."""
    import polars as pl

    return pl.when(cell.str.contains(_rust(_GUARD))).then(cell.str.slice(1)).otherwise(cell)


def _rust(pattern: str) -> str:
    """Return a pattern of this module as Rust's regex crate writes it."""
    return re.sub(r"\\u([0-9A-F]{4})", r"\\u{\1}", pattern)


def printable(text: str) -> str:
    r"""Return `text` as one line that can do nothing to a terminal or a log.

    Control characters, line ends, characters that turn the direction of writing and code points
    without a meaning are shown as escapes: `\x1b`, `\n`, `\u202e`. Everything else is unchanged.
    """
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    # A no-break space is no danger; it is only invisible, as it is in the cell.
    if character.isprintable() or character in "\u00a0\u3000\u2009\u202f":
        return character
    return character.encode("unicode_escape").decode("ascii")


def masked(text: str) -> str:
    """Return the shape of a text without what it says: `Ada.K@x.de` becomes `Xxx.X@x.xx`.

    Letters and digits are hidden, signs and spaces stay, because they are what is usually wrong.
    """
    return text.translate(_MASK) if text.isascii() else "".join(map(_hidden, text))


_MASK = {
    **dict.fromkeys(range(ord("0"), ord("9") + 1), "9"),
    **dict.fromkeys(range(ord("A"), ord("Z") + 1), "X"),
    **dict.fromkeys(range(ord("a"), ord("z") + 1), "x"),
}
"""`_hidden` for ASCII."""


def _hidden(character: str) -> str:
    if character.isnumeric():
        return "9"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character
