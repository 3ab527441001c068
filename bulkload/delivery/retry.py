"""When to try again: the server's word, full jitter, and a quota that ends a storm of retries."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

BASE_S = 0.5
THROTTLE_BASE_S = 1.0
LONGEST_S = 30.0
LONGEST_DIGITS = 9


def backoff_s(attempt: int, jitter: random.Random, *, base_s: float = BASE_S) -> float:
    """Return the pause before attempt `attempt + 1`: uniform in [0, min(30, base * 2**attempt)].

    Source: "full jitter" in M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
    """
    return jitter.uniform(0.0, min(LONGEST_S, base_s * 2.0 ** min(attempt, 20)))


def retry_after_s(headers: Mapping[str, str], *, epoch_s: float) -> float | None:
    """Return the seconds for which an answer asks to wait; None if it does not, or unreadably.

    Args:
        headers: Of the answer, names in lower case.
        epoch_s: Local Unix time, for a date in an answer without a `Date` of its own.

    Returns:
        0 or more, possibly infinite; the caller decides how long is too long.

    Source: RFC 9110 section 10.2.3 (delay-seconds or HTTP-date).
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        digits = asked.lstrip("0")
        return float(digits or 0) if len(digits) <= LONGEST_DIGITS else math.inf
    until = _moment(asked)
    if until is None:
        return None
    since = _moment(headers.get("date", "").strip())
    # The server's own clock is the one its date was made with.
    now = since or dt.datetime.fromtimestamp(epoch_s, dt.UTC)
    return max(0.0, (until - now).total_seconds())


def _moment(text: str) -> dt.datetime | None:
    if not text[:3].isalpha():
        return None
    try:
        found = parsedate_to_datetime(text)
        aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        return aware.astimezone(dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
