"""Numbers as a workbook shows them, for formats that add what a number cannot hold.

A phone or postcode typed as a number loses its zeros; a format such as `00000` shows them again.
Only formats made of digits and signs are followed: `0000000`, `"+"0`, `(000) 000-0000`. Amounts,
percentages, dates and everything else keep the plain number.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)|([0#?])|([-+() /.,:])|(.)', re.DOTALL)
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
_Part = tuple[str, str]


def adds_to_numbers(code: str) -> bool:
    """Return whether a format shows digits or signs that the number itself does not hold."""
    return any(_adds(section) for section in _sections(code))


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
    if value != int(value) or not 0 <= value < _EXACT_BELOW:
        return None
    section = _section_for(value, code)
    parts = _parts(section)
    if parts is None or not _adds(section):
        return None
    digits = str(int(value))
    slots = sum(1 for kind, _ in parts if kind == "digit")
    return _filled(parts, digits, slots)


def _filled(parts: list[_Part], digits: str, slots: int) -> str:
    """Put digits into the slots from the right; what is too long goes to the first slot."""
    first = digits[: max(0, len(digits) - slots + 1)] if len(digits) >= slots else ""
    padded = digits.rjust(slots, "\0")[-slots:] if slots else ""
    out, at = [], 0
    for kind, text in parts:
        if kind == "literal":
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


def _sections(code: str) -> list[str]:
    return re.findall(r'(?:"[^"]*"|\\.|[^;"\\])+', code) or [code]


def _section_for(value: float, code: str) -> str:
    sections = _sections(code)
    for section in sections:
        condition = _CONDITION.search(section)
        if condition and _COMPARE[condition[1]](value, float(condition[2])):
            return section
    plain = [section for section in sections if not _CONDITION.search(section)]
    return plain[0] if plain else sections[-1]


def _parts(section: str) -> list[_Part] | None:
    """Return slots and literals of one section; None if it has anything else in it."""
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
            if not set(literal) <= _SIGNS:
                return None
            parts.append(("literal", literal))
    return parts


def _adds(section: str) -> bool:
    parts = _parts(section)
    if not parts:
        return False
    zeros = sum(1 for kind, text in parts if (kind, text) == ("digit", "0"))
    slots = sum(1 for kind, _ in parts if kind == "digit")
    literal = any(kind == "literal" and text.strip() for kind, text in parts)
    # A dash or a pair of brackets alone is a way to show amounts, not a phone number.
    several = slots > 1 or any(kind == "literal" and "+" in text for kind, text in parts)
    return zeros > 1 or (literal and several)
