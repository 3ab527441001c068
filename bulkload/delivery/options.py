"""How a run delivers, as the caller wishes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bulkload.delivery.pacing import Rate


class OnUnknown(StrEnum):
    """What happens to a row whose outcome is unknown."""

    RECONCILE = "reconcile"
    """It is looked up once the request can no longer be applied, and sent again if nobody is there."""
    REVIEW = "review"
    """A person looks; it is never sent again."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Every wish has a default that is safe for the known systems."""

    rate: Rate | None = None
    """At most this, besides the system's own limits."""
    concurrency: int = 8
    """Requests under way at once."""
    on_unknown: OnUnknown = OnUnknown.RECONCILE
    quiesce_s: float = 90.0
    """After this time a request that was sent can no longer be applied; look-ups wait for it."""
    second_look_s: float = 5.0
    """Between the two look-ups that both must find nobody before a row is sent again."""
    check_existing: bool = True
    """Compare with the customers who are there already before the first create."""
    lane: str = "single"
    """`bulk`: rows go in batches where the system takes them; another word names a lane that the
    connector opens only on request."""
    skip_unchanged: bool = False
    """Ask what the system holds before an upsert, and send nothing where nothing differs."""
    headroom: float = 0.0
    """Share of every limit of the system that is left to others, 0 up to (not including) 1."""
    max_wait_s: float = 900.0
    """Longest pause that a system may ask for, and longest time for which it may let nothing
    through; beyond it the run stops and can be resumed."""
    attempts: int = 5
    """Requests per row that may fail before the row is given up for this run."""
    snapshot_above: int = 20
    """From so many look-ups on, all customers are paged through instead."""
    stop_grace_s: float = 25.0
    """Longest wait for answers that are under way when the run is to stop."""


@dataclass(slots=True)
class Tick:
    """What happened within one second of sending."""

    at_s: float
    """Since the start."""
    sent: int = 0
    applied: int = 0
    throttled: int = 0
    retried: int = 0
    latencies_ms: list[float] = dataclasses.field(default_factory=list)

    @property
    def latency_ms_p50(self) -> float:
        """Median time to an answer; 0 without any."""
        if not self.latencies_ms:
            return 0.0
        return sorted(self.latencies_ms)[len(self.latencies_ms) // 2]


@dataclass(slots=True)
class Watcher:
    """What a caller may hear while rows are delivered; every part may be replaced."""

    say: Callable[[str], None] = lambda _sentence: None
    """A sentence that the user should read now: the run waits, and until when."""
    tick: Callable[[Tick], None] = lambda _tick: None
    """Each second of sending, once it is over."""
