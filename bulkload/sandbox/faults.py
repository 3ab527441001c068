"""Faults on order: which calls get a wrong answer, a late one or none, decided by a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong with one call."""

    TOO_MANY = "429"
    """Refused with the system's own 429; nothing is applied."""
    FAIL_BEFORE = "500-before"
    FAIL_AFTER = "500-after"
    """Applied, then answered 500."""
    DROP = "drop"
    """Applied, then the connection is reset without an answer."""
    LATE = "late"
    """The connection is reset at once; applied `late_s` afterwards."""
    SLOW = "slow"
    """Applied; the answer drips out over `slow_s`."""


@dataclass(frozen=True)
class FaultPlan:
    """How often each fault happens. The rates exclude one another: one call, one fault at most."""

    rates: Mapping[Fault, float] = field(default_factory=dict)
    """Shares from 0 to 1; together at most 1."""
    late_s: float = 0.15
    slow_s: float = 0.5
    retry_after_s: int = 1
    """What a 429 on order asks for."""
    writes_only: bool = False
    """Spare GET calls."""

    def __post_init__(self) -> None:
        if any(not 0 <= rate <= 1 for rate in self.rates.values()) or sum(self.rates.values()) > 1:
            raise ValueError("each fault needs a rate from 0% to 100%, all together at most 100%")

    @classmethod
    def parse(cls, text: str) -> FaultPlan:
        """Read `429=5%,drop=0.05,late_s=0.3,writes=only`.

        Raises:
            ValueError: an unknown fault or something that is no rate.
        """
        rates: dict[Fault, float] = {}
        more: dict[str, float] = {}
        writes_only = False
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = (piece.strip() for piece in part.partition("="))
            if (name, value) == ("writes", "only"):
                writes_only = True
            elif name in ("late_s", "slow_s", "retry_after_s"):
                more[name] = _number(part, value)
            elif name in tuple(Fault):
                rates[Fault(name)] = _rate(part, value)
            else:
                raise ValueError(f"{part!r}: no such fault; there are {', '.join(Fault)}")
        return cls(
            rates,
            late_s=more.get("late_s", cls.late_s),
            slow_s=more.get("slow_s", cls.slow_s),
            retry_after_s=int(more.get("retry_after_s", cls.retry_after_s)),
            writes_only=writes_only,
        )

    def draw(self, chance: random.Random, *, is_read: bool) -> Fault | None:
        """Decide the fate of one call."""
        if not self.rates or (is_read and self.writes_only):
            return None
        point = chance.random()
        for fault, rate in self.rates.items():
            if point < rate:
                return fault
            point -= rate
        return None


def _number(part: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 86_400:  # noqa: PLR2004 - a day; neither NaN nor infinity passes
        raise ValueError(f"{part!r} must end in a number of seconds")
    return number


def _rate(part: str, value: str) -> float:
    try:
        return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        raise ValueError(f"{part!r} must end in a share like 5% or 0.05") from None
