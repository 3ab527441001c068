"""An event loop whose clock jumps to the next timer: hours of waiting take no time at all."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")
LONGEST_S = 30 * 86_400.0


class _Selector(selectors.DefaultSelector):
    """Advances the clock instead of waiting."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what is ready; if nothing is, be there when the next timer is due."""
        events: list[Any] = super().select(0)
        if not events:
            if timeout is None:
                raise AssertionError("everything waits and no timer is set: a deadlock")
            self.now += timeout
            if self.now > LONGEST_S:
                raise AssertionError("still at work after a simulated month")
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs coroutines in simulated time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        # A nanosecond, asyncio's own, is lost in a float after half a year: no timer would be due.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return simulated seconds."""
        return self._virtual.now


class VirtualClock:
    """Delivery's clock on a virtual loop; its wall clock can be set."""

    def __init__(self, loop: VirtualLoop, epoch_s: float = 1_790_000_000.0) -> None:
        self._loop = loop
        self.offset_s = epoch_s - loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    def epoch_s(self) -> float:
        return self._loop.time() + self.offset_s

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        self.offset_s += seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run(work: Coroutine[Any, Any, Answer], loop: VirtualLoop) -> Answer:
    """Run one coroutine to its end, in simulated time."""
    return loop.run_until_complete(work)
