"""Numbers as a workbook shows them, for formats that add what a number cannot hold.

A phone or postcode typed as a number loses its zeros; a format such as `00000` shows them again.
Only formats made of digits, signs and words around padded digits are followed: `0000000`, `"+"0`,
`(000) 000-0000`, `"KD-"00000`. Amounts, dates and everything else keep the plain number; where that
is another number than the one shown (percentages, thousands, fractions), `differs` says so.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

BUILT_IN = {9: "0%", 10: "0.00%", 12: "# ?/?", 13: "# ??/??", 46: "[h]:mm:ss"}
"""Formats that workbooks name by number only and that show another number than the cell holds."""
BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)})

_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CURRENCY = re.compile(r"\[\$[^\]-]")
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.', re.DOTALL)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0#?],+(?![0#?,])")
_FRACTION = re.compile(r"[0#?] */ *[0#?\d]")
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)|([0#?])|([-+() .,:])|(.)', re.DOTALL)
_SIGNS = frozenset("+-() /0123456789")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_EXACT_BELOW = 1e15
"""A workbook keeps 15 digits of a number."""
_WHOLE_BELOW = 2.0**53
_LONGEST = 1e30
_NO_DAY = 60
_LAST_DAY = 2_958_466
_Part = tuple[str, str]


@cache
def is_noted(code: str) -> bool:
    """Return whether a cell of this format may be shown as something else than its number."""
    return adds_to_numbers(code) or differs(code)


def adds_to_numbers(code: str) -> bool:
    """Return whether a format shows digits or signs that the number itself does not hold."""
    return any(_adds(section) for section in _sections(code))


def differs(code: str) -> bool:
    """Return whether a format shows another number than the cell holds, or none: `0%`, `0,`."""
    if not code.strip(" ;") or _ELAPSED.search(code):
        return True
    bare = _BRACKETS.sub("", _QUOTED.sub("", code))
    if is_date(code):
        return False
    fraction = _FRACTION.search(bare)
    return bool("%" in bare or _THOUSANDS.search(bare) or fraction or _named(code))


@cache
def is_date(code: str) -> bool:
    """Return whether a format shows a date or a time of day."""
    bare = _BRACKETS.sub("", _QUOTED.sub("", code)).lower()
    return bare not in {"general", "standard"} and re.search(r"[ymdhs]", bare) is not None


def shown(number: str, code: str) -> str | None:
    """Return a whole number as the format shows it; None if the format is not followed.

    Args:
        number: The cell's value as stored in the file, `123` or `4.917E+10`.
        code: The format, `0000000`.
    """
    try:
        value = float(number)
    except ValueError:
        return None
    if not 0 <= value < _EXACT_BELOW or value != int(value):
        return None
    section = _section_for(value, code)
    parts = _parts(section)
    if parts is None or not _adds(section):
        return None
    digits = str(int(value))
    if zeros := _zeros(section):
        return digits.zfill(zeros)
    slots = sum(1 for kind, _ in parts if kind == "digit")
    return _filled(parts, digits, slots)


def elapsed(number: str, code: str) -> str | None:
    """Return a duration as hours, minutes, seconds, `25:30:00`; None if the format shows none."""
    if not _ELAPSED.search(code):
        return None
    try:
        seconds = round(float(number) * 86_400)
    except (ValueError, OverflowError):
        return None
    hours, rest = divmod(abs(seconds), 3_600)
    return f"{'-' if seconds < 0 else ''}{hours:02}:{rest // 60:02}:{rest % 60:02}"


def moment(value: float, *, from_1904: bool) -> str | None:
    """Return the date or time that a number of days stands for; None beyond the calendar.

    Returns:
        `1990-01-02`, `1990-01-02 12:00:00`, or `12:00:00` for less than one day.
    """
    if not 0 <= value < (_LAST_DAY - 1_462 if from_1904 else _LAST_DAY):
        return None
    days = value + 1_462 if from_1904 else value
    # The calendar from 1900 has a 29th of February that never was.
    first = datetime(1899, 12, 31) if days < _NO_DAY else datetime(1899, 12, 30)  # noqa: DTZ001
    at = first + timedelta(milliseconds=round(days * 86_400_000))
    time = at.strftime("%H:%M:%S") + (f".{at.microsecond // 1_000:03}" if at.microsecond else "")
    if value < 1:
        return time
    return f"{at:%Y-%m-%d}" if time == "00:00:00" else f"{at:%Y-%m-%d} {time}"


def kept_digits(number: str) -> str | None:
    """Return a number that is too long for the parser with the digits that the workbook keeps.

    Returns:
        Its own digits where the file spells them out, else 15 and zeros, as they are shown; None
        for a number of which the parser knows all digits.
    """
    try:
        value = float(number)
    except ValueError:
        return None
    if not _WHOLE_BELOW < abs(value) < _LONGEST:
        return None
    if number.lstrip("-").isdecimal():
        return number
    mantissa, _, exponent = f"{value:.14e}".partition("e")
    sign, digits = ("-" if value < 0 else ""), mantissa.lstrip("-").replace(".", "")
    return f"{sign}{digits}{'0' * (int(exponent) - 14)}"


def _filled(parts: list[_Part], digits: str, slots: int) -> str:
    """Put digits into the slots from the right; what is too long goes to the first slot."""
    first = digits[: max(0, len(digits) - slots + 1)] if len(digits) >= slots else ""
    padded = digits.rjust(slots, "\0")[-slots:] if slots else ""
    out, at = [], 0
    for kind, text in parts:
        if kind != "digit":
            out.append(text)
            continue
        digit = padded[at]
        if at == 0 and len(digits) > slots:
            out.append(first)
        elif digit != "\0":
            out.append(digit)
        elif text == "0":
            out.append("0")
        at += 1
    return "".join(out)


def _zeros(section: str) -> int:
    """Return how many digits a section of nothing but zeros shows at least; 0 for others."""
    return len(section) if not section.strip("0") else 0


@cache
def _sections(code: str) -> list[str]:
    return re.findall(r'(?:"[^"]*"|\\.|[^;"\\])+', code) or [code]


def _section_for(value: float, code: str) -> str:
    sections = _sections(code)
    if "[" not in code:
        return sections[0]
    for section in sections:
        condition = _CONDITION.search(section)
        if condition and _COMPARE[condition[1]](value, float(condition[2])):
            return section
    plain = [section for section in sections if not _CONDITION.search(section)]
    return plain[0] if plain else sections[-1]


@cache
def _parts(section: str) -> list[_Part] | None:
    """Return slots, signs and words of one section; None if it has anything else in it."""
    if _CURRENCY.search(section):
        return None
    parts: list[_Part] = []
    for token in _TOKEN.finditer(_BRACKETS.sub("", section)):
        quoted, escaped, padding, fill, slot, sign, other = token.groups()
        if slot:
            parts.append(("digit", slot))
        elif padding or fill:
            continue
        elif other or sign in {".", ",", ":"}:
            return None
        else:
            literal = next(text for text in (quoted, escaped, sign) if text is not None)
            parts.append(("sign" if set(literal) <= _SIGNS else "word", literal))
    return parts


@cache
def _adds(section: str) -> bool:
    parts = _parts(section)
    if not parts:
        return False
    zeros = sum(1 for part in parts if part == ("digit", "0"))
    slots = sum(1 for kind, _ in parts if kind == "digit")
    if any(kind == "word" for kind, _ in parts):
        return zeros > 1  # with fewer it is a unit beside an amount
    literal = any(kind == "sign" and text.strip() for kind, text in parts)
    # A dash or a pair of brackets alone is a way to show amounts, not a phone number.
    several = slots > 1 or any(kind == "sign" and "+" in text for kind, text in parts)
    return zeros > 1 or (literal and several)


def _named(code: str) -> bool:
    """Return whether words stand before the digits of whole numbers, as in `"KD-"0`."""
    parts = _parts(_sections(code)[0])
    if not parts:
        return False
    before = next((n for n, (kind, _) in enumerate(parts) if kind == "digit"), 0)
    return any(kind == "word" for kind, _ in parts[:before])
