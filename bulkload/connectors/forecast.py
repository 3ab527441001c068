"""How long a number of calls takes under a system's limits, and which quota ends the run first.

Pure arithmetic over what the connector declares and what the journal counts. A pace (a minute) only
slows a run down; a hard quota (a month) stops it, and the forecast says after how many calls and
until when. Limits are given in full to bulkload unless headroom is kept for the shop's own traffic.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bulkload.connectors.base import Limit

LONG_WINDOW_S = 600.0
"""From here on a window that is full is worth a sentence of its own."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will happen to so many calls."""

    calls: int
    duration_s: float
    """Until the last call that no hard quota forbids."""
    slowest: str = ""
    """Name of the limit that sets the pace; empty if none does."""
    stops_after: int | None = None
    """Calls until a hard quota ends the run; None if it does not."""
    stopped_by: str = ""
    resumes_utc: str = ""
    """When the quota that ends the run renews, ISO 8601; empty if the run is not ended."""
    pauses: tuple[str, ...] = ()
    """Names of long windows that fill up on the way, so that the run waits inside."""

    @property
    def text(self) -> str:
        """Say it in one or two sentences."""
        said = f"{self.calls:,} calls, about {spoken_s(self.duration_s)}"
        if self.slowest:
            said += f" (the limit per {self.slowest} sets the pace)"
        if self.stops_after is not None:
            said += (
                f". The quota per {self.stopped_by} ends the run after {self.stops_after:,} calls;"
                f" the same command goes on from {self.resumes_utc}"
            )
        return said


def forecast(
    calls: int,
    limits: Sequence[Limit],
    already_used: Mapping[str, int] | None = None,
    *,
    now: dt.datetime,
    headroom: float = 0.0,
    bulk: bool = False,
) -> Forecast:
    """Return what becomes of `calls` requests that start now.

    Args:
        calls: Requests to send.
        limits: As the connector declares them.
        already_used: Calls in the running window by the limit's name, from the journal.
        now: Aware UTC.
        headroom: Share of every limit that is left alone, 0 up to (not including) 1.
        bulk: Whether these are calls of the bulk lane, which has limits of its own.

    Raises:
        ValueError: A number is out of its range.
    """
    if calls < 0 or not 0 <= headroom < 1:
        raise ValueError("calls must be 0 or more, headroom from 0 up to 1")
    used = already_used or {}
    counted = [limit for limit in limits if limit.bulk is bulk]
    sendable, ending = calls, None
    for limit in counted:
        left = max(0, _allowed(limit, headroom) - used.get(limit.name, 0))
        if limit.hard and left < sendable:
            sendable, ending = left, limit
    paces = [limit for limit in counted if not limit.hard]
    waits = {limit.name: _wait_s(limit, sendable, used, headroom) for limit in paces}
    slowest = max(waits, key=lambda name: waits[name], default="")
    duration_s = waits.get(slowest, 0.0)
    return Forecast(
        calls=calls,
        duration_s=duration_s,
        slowest=slowest if duration_s >= 1 else "",
        stops_after=sendable if ending else None,
        stopped_by=ending.name if ending else "",
        resumes_utc=_renewal(ending, now) if ending else "",
        pauses=tuple(
            limit.name
            for limit in paces
            if limit.per_s >= LONG_WINDOW_S
            and sendable > _allowed(limit, headroom) - used.get(limit.name, 0)
        ),
    )


def spoken_s(seconds: float) -> str:
    """Return a duration in words: `3 s`, `12 min`, `5 h 20 min`, `2 days 4 h`."""
    whole = max(1, round(seconds))
    for size, name, below, below_name in (
        (86_400, "days", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {below_name}" if rest else "")
    return f"{whole} s"


def _allowed(limit: Limit, headroom: float) -> int:
    return int(limit.calls * (1 - headroom))


def _wait_s(limit: Limit, calls: int, used: Mapping[str, int], headroom: float) -> float:
    """Return when the last call may leave: what is left of this window at once, the rest window by window."""
    allowed = max(1, _allowed(limit, headroom))
    left = max(0, allowed - used.get(limit.name, 0))
    if calls <= left:
        # Within one window calls are spread evenly where the window is short.
        return calls * limit.per_s / allowed if limit.per_s < LONG_WINDOW_S else 0.0
    if limit.per_s < LONG_WINDOW_S:
        return (calls + used.get(limit.name, 0)) * limit.per_s / allowed
    windows = -(-(calls - left) // allowed)
    return windows * limit.per_s


def _renewal(limit: Limit, now: dt.datetime) -> str:
    if limit.calendar_month:
        days = calendar.monthrange(now.year, now.month)[1]
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        moment = first + dt.timedelta(days=days)
    else:
        moment = now + dt.timedelta(seconds=limit.per_s)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
