"""The exact check of every kind: from a cell's text to the value that is sent, or a refusal.

Each function takes the text of a cell that is not blank. What it returns is what goes into the
body; what it raises carries one of our codes. Nothing here guesses: a text that can be read in
two ways is refused.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import AnyHttpUrl, TypeAdapter, ValidationError

from bulkload.cells import FORMULA_ERRORS
from bulkload.records import Kind
from bulkload.validation.characters import (
    SPACES,
    control_character,
    invisible_character,
    is_seen,
    stripped,
)
from bulkload.validation.refusals import refusal

HEX_ID = r"^[0-9a-fA-F]{24}$"
DEEPEST_JSON = 32
LONGEST_URL = 2083
MOST_DIGITS = 15
"""Decimal digits that any JSON reader keeps exactly."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(?:\.0{1,2})?")
_LONG_INTEGER = re.compile(r"[+-]?[0-9]{19,}")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[., '\u2019\xa0\u202f_][0-9]{3})+(?:[.,][0-9]+)?")
_FRACTION = re.compile(r"[+-]?[0-9]+[.,][0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def text(cell: str) -> str:
    """Return the cell unchanged; nobody is called `#REF!`."""
    if is_seen(cell):
        if stripped(cell) in FORMULA_ERRORS:
            raise refusal("cell-error")
        return cell
    unseen = control_character(cell)
    if unseen:
        raise refusal("text-control-character", character=unseen)
    raise refusal("text-invisible-character", character=invisible_character(cell))


def integer(cell: str) -> int:
    """Return a whole number; `12.0` is 12, `52.000` and `52,620` are refused."""
    spelled = stripped(cell)
    if _INTEGER.fullmatch(spelled):
        return int(spelled.partition(".")[0])
    if _GROUPED.fullmatch(spelled):
        raise refusal("number-ambiguous")
    if _LONG_INTEGER.fullmatch(spelled):
        raise refusal("integer-too-large", maximum="999999999999999999")
    raise refusal("integer-fraction" if _FRACTION.fullmatch(spelled) else "integer-invalid")


def number(cell: str) -> int | float:
    """Return a number with a decimal point; at most 15 digits, so that none of them is lost."""
    spelled = stripped(cell)
    if not _NUMBER.fullmatch(spelled):
        comma = "," in spelled and (_GROUPED.fullmatch(spelled) or _FRACTION.fullmatch(spelled))
        raise refusal(
            "number-ambiguous" if comma or _GROUPED.fullmatch(spelled) else "number-invalid"
        )
    whole, _, fraction = spelled.partition(".")
    fraction = fraction.rstrip("0")
    if len((whole.lstrip("+-") + fraction).lstrip("0")) > MOST_DIGITS:
        raise refusal("number-too-precise", maximum=str(MOST_DIGITS))
    return float(f"{whole}.{fraction}") if fraction else int(whole)


def date(cell: str) -> str:
    """Return `YYYY-MM-DD` if the calendar has that day."""
    spelled = stripped(cell)
    if not _DATE.fullmatch(spelled):
        raise refusal("date-invalid")
    try:
        return dt.date.fromisoformat(spelled).isoformat()
    except ValueError:
        raise refusal("date-not-in-calendar") from None


def instant(cell: str) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS`, with `Z` or an offset only if the cell has one."""
    spelled = stripped(cell)
    if not _DATETIME.fullmatch(spelled):
        raise refusal("datetime-invalid")
    try:
        moment = dt.datetime.fromisoformat(spelled)
    except ValueError:
        raise refusal("date-not-in-calendar") from None
    return moment.isoformat().replace("+00:00", "Z")


def url(cell: str) -> str:
    """Return the address of a web page as the cell has it."""
    spelled = stripped(text(cell))
    if len(spelled) > LONGEST_URL or any(character in SPACES for character in spelled):
        raise refusal("url-invalid")
    try:
        _URL.validate_python(spelled)
    except ValidationError:
        raise refusal("url-invalid") from None
    return spelled


def array(cell: str) -> list[Any]:
    """Return the list that the cell spells in JSON."""
    try:
        read = json_value(cell)
    except ValueError:
        raise refusal("list-invalid") from None
    if not isinstance(read, list):
        raise refusal("list-invalid")
    return read


def json_value(cell: str) -> Any:
    """Return what the cell spells in JSON: no key twice, no NaN, 32 levels at most."""
    try:
        read = json.loads(cell, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise refusal("json-invalid") from None
    _check_json(read, DEEPEST_JSON)
    return read


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key stands twice")
    return read


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _check_json(value: Any, levels: int) -> None:
    if levels < 0 or (isinstance(value, float) and not math.isfinite(value)):
        raise refusal("json-invalid")
    if isinstance(value, str):
        text(value)
    elif isinstance(value, list):
        for inner in value:
            _check_json(inner, levels - 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            text(key)
            _check_json(inner, levels - 1)


CHECKS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TEXT: text,
    Kind.INTEGER: integer,
    Kind.NUMBER: number,
    Kind.DATE: date,
    Kind.DATETIME: instant,
    Kind.BOOLEAN: stripped,
    Kind.CHOICE: stripped,
    Kind.HEX_ID: stripped,
    Kind.URL: url,
    Kind.LIST: array,
    Kind.JSON: json_value,
}
"""What runs before Pydantic's own check of the type; e-mail and phone have modules of their own."""
