"""How many calls a caller may make, counted in fixed windows that begin with the first call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bulkload.sandbox.store import Store

MONTH = 0.0
"""As `Quota.per_s`: the calendar month, UTC."""


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `calls` in one window of `per_s` seconds."""

    name: str
    calls: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands with one quota after a call."""

    quota: Quota
    remaining: int
    resets_at: float
    refused: bool = False


def spend(store: Store, caller: str, quotas: Sequence[Quota], now: float) -> list[Standing]:
    """Count one call against every quota, unless one of them is used up: then against none.

    Returns:
        One standing a quota, in their order; the one used up is marked as refused.
    """
    standings = []
    for quota in quotas:
        start, calls = store.spent(caller, quota.name)
        begins, ends = _window(quota, start, now)
        if begins != start:
            calls = 0
        left = quota.calls - calls
        standings.append(Standing(quota, max(left, 0), ends, refused=left < 1))
    if any(standing.refused for standing in standings):
        return standings
    counted = []
    for standing in standings:
        quota = standing.quota
        begins = _window(quota, store.spent(caller, quota.name)[0], now)[0]
        left = standing.remaining - 1
        store.spend(caller, quota.name, begins, quota.calls - left)
        counted.append(Standing(quota, left, standing.resets_at))
    return counted


def _window(quota: Quota, start: float, now: float) -> tuple[float, float]:
    if quota.per_s == MONTH:
        first = datetime.fromtimestamp(now, UTC).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        december = first.month == 12  # noqa: PLR2004 - the last month
        following = first.replace(
            year=first.year + december, month=1 if december else first.month + 1
        )
        return first.timestamp(), following.timestamp()
    begins = start if start <= now < start + quota.per_s else now
    return begins, begins + quota.per_s
