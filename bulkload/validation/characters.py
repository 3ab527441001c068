r"""Which characters may stand in a cell, written once for Python and for Polars.

Both engines read the classes below the same way; `\s` and `str.strip()` are not used anywhere in
this room because Python and Rust disagree about U+001C to U+001F.
"""

from __future__ import annotations

import re

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode White_Space: what Polars' `strip_chars()` takes off."""

CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
"""C0 and C1, but for tab and line breaks, which free text may hold."""

INVISIBLES = r"\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069"
"""Zero-width space, word joiner, byte order mark, and what turns the direction of text.

The joiners U+200C and U+200D stay: Persian and Sinhala names and family emoji need them.
"""

_CONTROL = re.compile(f"[{CONTROLS}]")
_UNSEEN = re.compile(f"[{CONTROLS}{INVISIBLES}\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = re.compile(f"[{INVISIBLES}\ud800-\udfff]")


def stripped(text: str) -> str:
    """Return the text without White_Space around it."""
    return text.strip(SPACES)


def is_blank(text: str | None) -> bool:
    """Whether a cell says nothing: none, empty, or White_Space alone."""
    return text is None or not text.strip(SPACES)


def control_character(text: str) -> str:
    """Return the first control character as `U+0007`; empty if there is none."""
    return _named(_CONTROL.search(text))


def invisible_character(text: str) -> str:
    """Return the first character that cannot be seen as `U+200B`; empty if there is none."""
    return _named(_INVISIBLE.search(text))


def is_seen(text: str) -> bool:
    """Whether the text holds neither control characters nor others that cannot be seen."""
    return not _UNSEEN.search(text)


def is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8: it holds no lone surrogate."""
    return text.isascii() or not _SURROGATE.search(text)


def _named(found: re.Match[str] | None) -> str:
    return f"U+{ord(found.group()):04X}" if found else ""
