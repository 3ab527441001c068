"""Time, as delivery knows it: passed in, so that tests decide how fast it goes."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks and a way to wait."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow; every wait and limit is measured with it."""

    def epoch_s(self) -> float:
        """Return Unix time in seconds; it may jump and is only for people and other machines."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def epoch_s(self) -> float:
        """Return `time.time()`."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in the event loop."""
        await asyncio.sleep(seconds)


def utc_text(epoch_s: float) -> str:
    """Return Unix time as ISO 8601, UTC, whole seconds, `Z`."""
    moment = dt.datetime.fromtimestamp(int(epoch_s), dt.UTC)
    return moment.isoformat().replace("+00:00", "Z")
