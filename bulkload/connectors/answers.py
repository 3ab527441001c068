"""Reading answers that may be anything: ids, waits, and the vendor's words without contact data."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_ID = 128
LONGEST_MESSAGE = 300

_EMAIL = re.compile(r"([^\s@]{1,256})@([^\s@]{1,256})")
_NUMBER = re.compile(r"(?<![\w.-])\+?\(?\d(?:[ ().\-/]{0,2}\d){6,18}(?![\w])")
_TAKEN = re.compile(
    r"already (?:exists?|been taken|taken|in use|registered|used)|duplicate|has been taken",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\b(?:eyJ[\w-]{5,}(?:\.[\w-]*){0,4}|ld_(?:live|test)_\w+)")


def masked(text: str) -> str:
    """Return the vendor's words as one line without contact data, at most 300 characters.

    E-mail addresses become `a***@e***`, numbers of seven digits and more keep their last two;
    what looks like a token is taken out.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:4000]).split())
    line = _TOKEN.sub("***", line)
    line = _EMAIL.sub(lambda m: f"{_initial(m[1])}***@{_initial(m[2])}***", line)
    line = _NUMBER.sub(lambda m: f"***{re.sub(r'[^0-9]', '', m[0])[-2:]}", line)
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def says_taken(text: str) -> bool:
    """Whether the words say that another customer holds the key."""
    return bool(_TAKEN.search(text))


def usable_id(value: Any) -> str:
    """Return an id as text; empty for anything that cannot be put in a path and found again."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    fits = 0 < len(text) <= LONGEST_ID and text.isprintable() and not text.isspace()
    return text if fits and text.strip() == text and text != "null" else ""


def text_of(value: Any) -> str:
    """Return a text or whole number as text; empty for everything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def id_of(body: Any, *names: str) -> str:
    """Return the first usable id among `names` of a JSON object; empty if it has none."""
    if not isinstance(body, Mapping):
        return ""
    return next((found for name in names if (found := usable_id(body.get(name)))), "")


def retry_after_s(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """Return the seconds for which `Retry-After` asks; None if it is absent or unreadable.

    A date is judged by the answer's own `Date`, so that a wrong clock here does no harm; `now` (by
    default the local clock, UTC) stands in where the answer has none.

    Source: RFC 9110 section 10.2.3.
    """
    asked = headers.get("retry-after", "").strip()
    if not asked:
        return None
    if asked.isascii() and asked.isdigit():
        return float(asked[:12])
    until, since = _date(asked), _date(headers.get("date", ""))
    if until is None:
        return None
    return max(0.0, (until - (since or now or dt.datetime.now(dt.UTC))).total_seconds())


def seconds_of(text: str | None, *, now_epoch_s: float) -> float | None:
    """Return the seconds until a reset that is written as a delay or as a moment (Unix s or ms)."""
    value = whole(text)
    if value is None:
        return None
    if value > 100_000_000_000:  # noqa: PLR2004 - a moment in milliseconds
        return max(0.0, value / 1000 - now_epoch_s)
    if value > 100_000_000:  # noqa: PLR2004 - a moment in seconds
        return max(0.0, value - now_epoch_s)
    return float(value)


def whole(text: str | None) -> int | None:
    """Return a header's number, the first of a list (`100, 100;w=60`); None if it has none."""
    digits = re.match(r"\s*(\d{1,15})(?:\.\d+)?\s*(?:[,;]|$)", text or "")
    return int(digits[1]) if digits else None


def _initial(text: str) -> str:
    return next((c for c in text if c.isalnum()), "")


def _date(text: str) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
