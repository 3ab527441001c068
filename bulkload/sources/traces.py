r"""What damage looks like, as patterns of Rust's regex crate."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_NO_WIDTH = r"\x{00AD}\x{200B}-\x{200D}\x{2060}\x{FEFF}"
_ODD_SPACES = r"\x{00A0}\x{2007}\x{202F}"
# What the bytes 80 to 9F are in Windows' western code page, as code points.
_SECOND_BYTES = (
    r"\x{0080}-\x{00BF}\x{0152}\x{0153}\x{0160}\x{0161}\x{0178}\x{017D}\x{017E}\x{0192}\x{02C6}"
    r"\x{02DC}\x{2013}-\x{201E}\x{2020}-\x{2026}\x{2030}\x{2039}\x{203A}\x{20AC}\x{2122}"
)


@dataclass(frozen=True, slots=True)
class Trace:
    """A pattern that speaks for itself wherever it stands."""

    code: str
    pattern: str
    wide: bool
    """Only text beyond ASCII can match."""
    mapping_line: str = ""


TRACES = (
    Trace(
        "invisible-characters",
        f"[{_NO_WIDTH}{_ODD_SPACES}]",
        wide=True,
        mapping_line=(
            f"replace: [{{pattern: '[{_NO_WIDTH}]', with: ''}}, "
            f"{{pattern: '[{_ODD_SPACES}]', with: ' '}}]"
        ),
    ),
    Trace(
        "direction-characters",
        r"[\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]",
        wide=True,
        mapping_line=(
            r"replace: [{pattern: '[\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]', with: ''}]"
        ),
    ),
    Trace("mojibake", f"[ÃÂÅÄ][{_SECOND_BYTES}]|â€|Ð[{_SECOND_BYTES}]Ñ?", wide=True),
    Trace("replacement-character", r"\x{FFFD}", wide=True),
    Trace(
        "control-characters",
        r"(?-u)[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]",
        wide=False,
        mapping_line=r"replace: [{pattern: '[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]', with: ''}]",
    ),
)

WIDE_TRACES = "|".join(trace.pattern for trace in TRACES if trace.wide)

_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_PRINTABLE = bytes(byte for byte in range(128) if byte not in _CONTROLS)
_LEADS = tuple(bytes([byte]) for byte in b"\xc2\xe2\xef\xc6\xcb")
_MISREAD_PAIRS = tuple(lead.encode() + b"\xc5" for lead in "ÂÃÄÅÐ")


def possible_traces(text: bytes) -> tuple[bool, bool]:
    """Return whether UTF-8 text may hold control characters, and one of the wide traces.

    False is certain. Every wide trace has a character of U+0080 to U+00BF, U+2000 to U+2FFF, U+FEFF
    or U+FFFD, or one of the few others that can stand behind a misread first byte; letters of names
    mostly have not.
    """
    # What is left without plain ASCII is short, and what was side by side is still.
    left = text.translate(None, _PRINTABLE)
    wide = left.translate(None, _CONTROLS)
    controls = len(wide) != len(left)
    if not any(mark in wide for mark in _LEADS + _MISREAD_PAIRS):
        return controls, False
    found = pl.Series([wide.decode("utf-8", "replace")]).str.contains(WIDE_TRACES)
    return controls, bool(found[0])


SCIENTIFIC = r"^\s*[+-]?\d([.,]\d+)?[eE][+]?\d+\s*$"
SUSPICIOUS_NUMBER = SCIENTIFIC + r"|[.,]0{1,2}\s*$|^\s*\d{16}"
DIGITS_LOST = r"^\s*\d{15}0+\s*$"
DIGITS = r"^\d+$"
NUMBER = r"^\s*[+-]?\d[\d.,' \x{00A0}\x{202F}]*([eE][+-]?\d+)?\s*$"
UNSUSPICIOUS_NUMBER = r"(?-u)^(?:[+-][0-9][0-9' ]*|[0-9][0-9' ]{0,14})$"
"""What is a number and in no way a suspicious one; not all such numbers."""
PHONE = r"^\s*\+?\s*\(?\d[\d\s().,'/\x{00A0}\x{2010}-\x{2013}\x{202F}-]*((ext\.?|x)\s*\d+\s*)?$"
PHONE_START = r"^(\+|00)\d|^\(\d+\)"
PHONE_WORDS = r"tel|phone|fono|mobil|handy|gsm|cell|fax"
DATE = r"^\s*\d{1,2}[/-]\d{1,2}[/-](\d{4}|\d{2})\b|^\s*\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})\b"
DAY_FIRST = r"^\s*(1[3-9]|2\d|3[01])[/.-]\d{1,2}[/.-]\d{2,4}\b"
MONTH_FIRST = r"^\s*\d{1,2}[/.-](1[3-9]|2\d|3[01])[/.-]\d{2,4}\b"
SERIAL = r"^\s*[1-5]\d{4}([.,]\d+)?\s*$"
DATES = f"{DATE}|{SERIAL}"
TOTAL = (
    r"(?i)^\s*(grand |sub)?(totals?|sum|summe|gesamt|gesamtsumme|insgesamt|zwischensumme|somme|"
    r"suma|totale|razem|totaal|total general)\s*:?\s*$"
)
IDENTIFIER_WORDS = (
    r"tel|phone|fono|mobil|handy|gsm|cell|plz|zip|post|\bcap\b|\bcp\b|kod|code|card|karte|tarjeta|"
    r"carte|carta|\bid\b|_id\b|\bnr\b|number|nummer|num[eé]ro|ean|barcode|external|kunde"
)
DATE_WORDS = (
    r"date|datum|birth|geb|fecha|\bdata\b|naiss|nascita|nascimento|urodz|\bdob\b|since|seit"
)
