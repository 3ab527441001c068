"""How fast requests leave: windows that are never exceeded, and a pace that gives way to 429s.

Rate      what the user says, `20/s`
Gcra      one window, pure: when may the next request go?
Pacer     all windows of one system, and what its answers teach
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from bulkload.delivery.clock import Clock
from bulkload.errors import BulkloadError

UNITS_S = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "m": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}  # fmt: skip
CATCH_UP_S = 0.1
"""How far a late request may be made up for by hurrying the next ones."""
EVEN_UP_TO_S = 60.0
"""Windows up to this long are filled evenly; longer ones as fast as the shorter ones allow."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` requests in any window of `per_s` seconds."""

    calls: int
    per_s: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `20/s`, `100/min`, `1000/h` or `300/10s`.

        Raises:
            BulkloadError: The text is not a rate.
        """
        found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{0,6})\s*([a-z]+)\s*", text.lower())
        unit_s = UNITS_S.get(found[3]) if found else None
        if not found or unit_s is None or int(found[1]) < 1 or found[2] == "0":
            raise BulkloadError(
                f"`{text}` is not a rate", where="--rate", fix="write it like 20/s or 100/min"
            )
        return cls(int(found[1]), unit_s * int(found[2] or 1))

    @property
    def per_second(self) -> float:
        """Requests a second, over the whole window."""
        return self.calls / self.per_s


class Gcra:
    """One window: evenly spaced slots, and never more than `calls` in any `per_s` seconds.

    Pure: it is told the time. A request that is late may be made up for within `CATCH_UP_S`, but
    the record of the last `calls` departures keeps every window within the rate all the same.

    Source: generic cell rate algorithm, ITU-T I.371; a sliding log of departures on top.
    """

    def __init__(self, rate: Rate, *, even: bool = True) -> None:
        self.rate = rate
        self._even = even
        self._due = -math.inf
        self._departures: deque[float] = deque(maxlen=rate.calls)

    def wait_s(self, now: float) -> float:
        """Return how long the next request has to wait; 0 if it may go now."""
        wait = self._due - now if self._even else 0.0
        if len(self._departures) == self.rate.calls:
            wait = max(wait, self._departures[0] + self.rate.per_s - now)
        return max(0.0, wait)

    def depart(self, now: float) -> None:
        """Note that a request goes now."""
        self._departures.append(now)
        self._due = max(self._due, now - CATCH_UP_S) + self.rate.per_s / self.rate.calls

    @property
    def used(self) -> int:
        """Departures on record, at most `rate.calls`."""
        return len(self._departures)


class Pacer:
    """Lets requests go in the order in which they ask, as fast as every window allows.

    Args:
        windows: Limits that hold together.
        clock: Only its monotonic side is used.
    """

    def __init__(self, windows: Sequence[Rate], clock: Clock) -> None:
        self._clock = clock
        self._windows = [Gcra(rate, even=rate.per_s <= EVEN_UP_TO_S) for rate in windows]
        self._closed_until = -math.inf
        self._turn = asyncio.Lock()
        self.on_long_wait: Callable[[float], None] = lambda _seconds: None

    async def slot(self) -> None:
        """Wait until a request may leave."""
        async with self._turn:
            while (wait := self.wait_s()) > 0:
                await self._clock.sleep(wait)
            now = self._clock.monotonic()
            for window in self._windows:
                window.depart(now)

    def wait_s(self) -> float:
        """Return how long the next request has to wait."""
        now = self._clock.monotonic()
        waits = [window.wait_s(now) for window in self._windows]
        return max([self._closed_until - now, 0.0, *waits])

    def close_for(self, seconds: float) -> None:
        """Let nothing go for some time: the system asked for it, or is not well."""
        self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)
