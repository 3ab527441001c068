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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from bulkload.connectors.base import Limit
from bulkload.delivery.clock import Clock
from bulkload.errors import BulkloadError

UNITS_S = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "m": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}  # fmt: skip
CATCH_UP_S = 0.1
"""How far a late request may be made up for by hurrying the next ones."""
EVEN_UP_TO_S = 60.0
"""Windows up to this long are filled evenly; longer ones as fast as the shorter ones allow."""

MEMORY_S = 10.0
"""Over which the accepted rate is measured, unless a long pause asks for more."""
LONGEST_MEMORY_S = 1200.0
LEVEL_AFTER_S = 45.0
"""From the end of a pause until the pace is back at the limit."""
LATE_ANSWERS_S = 1.0
"""After a cut, answers to what had left before it still come in."""
CUT = 0.3
CUT_AFTER_PAUSE = 0.05
LOWEST_PER_S = 0.05
UNMEASURED_PER_S = 1.0
"""The pace after a refusal before which nothing was let through: it says that there is a limit, and
nothing about its height. Each further one halves it."""
LONGEST_SLEEP_S = 1.0
"""The pace is looked at again at least so often while requests wait for it."""
NEARLY_ALL = 0.8
JUST_BELOW = 0.97


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
        found = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([0-9]{0,6})\s*([a-z]+)\s*", text.lower())
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


class Pace:
    """What the system's refusals teach about its limit. Pure: it is told the time.

    A refusal sets the limit to what was accepted lately. After the pause that the system asks for
    (or a deeper cut, where it asks for none) the pace rises steeply at first, levels off below the
    limit, and only later tries beyond it, ever faster: the limit may have been lifted.

    Source: the shape is TCP CUBIC's (RFC 9438), as in the adaptive mode of the AWS SDKs.
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._limit_per_s = math.inf
        self._depth = 0.0
        self._cut = -math.inf
        self._rises_from = -math.inf
        self._left = -math.inf
        """When the latest request left."""
        self._accepted: deque[list[float]] = deque()
        self._measured = (0.0, 1.0)
        """Requests accepted before the last cut, and the seconds it took."""

    def per_s(self, now: float) -> float:
        """Return the pace in requests a second; infinite until the first refusal."""
        if self._limit_per_s == math.inf:
            return math.inf
        rising = (now - self._rises_from - LEVEL_AFTER_S) / LEVEL_AFTER_S
        return self._limit_per_s * (1.0 + self._depth * rising**3)

    def wait_s(self, now: float) -> float:
        """Return how long the next request has to wait."""
        return max(0.0, self._left + 1.0 / self.per_s(now) - now)

    def depart(self, now: float) -> None:
        """Note that a request goes now."""
        self._left = now

    def accepted(self, now: float) -> None:
        """Note that a request was not refused for its pace."""
        second = float(int(now))
        if self._accepted and self._accepted[-1][0] == second:
            self._accepted[-1][1] += 1
        else:
            self._accepted.append([second, 1.0])
        while self._accepted[0][0] < now - LONGEST_MEMORY_S:
            self._accepted.popleft()
        if now < max(self._rises_from, self._cut + LATE_ANSWERS_S):
            # It had left before the cut: the limit is at least as high as what was let through.
            counted, took_s = self._measured
            self._measured = (counted + 1, took_s)
            self._limit_per_s = max(self._limit_per_s, (counted + 1) / took_s)

    def throttled(self, now: float, *, sent: float, pause_s: float | None) -> None:
        """Note a refusal; those of requests that left before the last cut teach nothing new.

        Args:
            now: Monotonic seconds.
            sent: When the refused request left.
            pause_s: What the system asked for; None if it named no time.
        """
        if sent <= self._cut:
            return
        window_s = max(MEMORY_S, 3 * (pause_s or 0.0))
        since = max(self._began, now - min(window_s, LONGEST_MEMORY_S))
        counted = sum(count for second, count in self._accepted if second >= int(since))
        self._measured = (counted, max(1.0, now - since))
        measured = counted / max(1.0, now - since)
        tried = self.per_s(now)
        # A pace that was nearly all accepted was only just too fast; pauses blur what is measured.
        near = tried < math.inf and measured >= NEARLY_ALL * tried
        if not counted:
            measured = min(UNMEASURED_PER_S, tried / 2)
        self._limit_per_s = max(LOWEST_PER_S, JUST_BELOW * tried if near else measured)
        self._depth = CUT if pause_s is None else CUT_AFTER_PAUSE
        self._cut = now
        self._rises_from = now + (pause_s or 0.0)


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
        self.pace = Pace(clock.monotonic())

    async def slot(self) -> None:
        """Wait until a request may leave."""
        async with self._turn:
            while (wait := self.wait_s()) > 0:
                await self._clock.sleep(min(wait, LONGEST_SLEEP_S))
            now = self._clock.monotonic()
            self.pace.depart(now)
            for window in self._windows:
                window.depart(now)

    def wait_s(self) -> float:
        """Return how long the next request has to wait."""
        now = self._clock.monotonic()
        waits = [window.wait_s(now) for window in self._windows]
        return max([self._closed_until - now, self.pace.wait_s(now), 0.0, *waits])

    def close_for(self, seconds: float) -> None:
        """Let nothing go for some time: the system asked for it, or is not well."""
        self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)

    @property
    def longest_window_s(self) -> float:
        """Length of the longest window that earlier processes may have used up."""
        return max((w.rate.per_s for w in self._windows if w.rate.per_s >= EVEN_UP_TO_S), default=0)

    def remember(self, ages_s: Sequence[float]) -> None:
        """Count requests of earlier processes, by how long ago they left, the oldest first."""
        now = self._clock.monotonic()
        for window in self._windows:
            if window.rate.per_s >= EVEN_UP_TO_S:
                for age_s in ages_s:
                    window.depart(now - age_s)


def windows_of(limits: tuple[Limit, ...], rate: Rate | None, headroom: float = 0.0) -> list[Rate]:
    """Return the windows to keep: the system's paces, less the headroom, and the user's rate.

    Hard quotas are not paced: they are spent as they are needed, and end the run when used up.
    """
    windows = [
        Rate(max(1, int(limit.calls * (1 - headroom))), limit.per_s)
        for limit in limits
        if not limit.hard and not limit.bulk
    ]
    return [*windows, rate] if rate else windows
