"""How many requests may be under way at once: fewer while the system is late or fails."""

from __future__ import annotations

import asyncio
from collections import deque

CUT = 0.9
LIVELY = 2
"""The limit rises where it is what holds requests back: at least half of it is in use."""


class Crowd:
    """Lets workers in, up to a limit that gives way and comes back by itself.

    Args:
        most: Where the limit begins, and what it never exceeds; it never falls below 1.

    Source: `AIMDLimit` of Netflix's concurrency-limits (times 0.9 on a drop, plus 1 on a success
    with `inflight * 2 >= limit`).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.limit = float(most)
        """The whole part counts; fractions let small limits give way as gently as large ones."""

    async def enter(self) -> None:
        """Wait for a place and take it."""
        while self._inside >= int(self.limit):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._let_in()
                raise
        self._inside += 1

    def leave(self) -> None:
        """Give the place to the next one."""
        self._inside -= 1
        self._let_in()

    def answered(self, under_way: int) -> None:
        """Note an answer of a system that is well.

        Args:
            under_way: Requests that were under way when this one left, itself among them.
        """
        if self.limit < self._most and under_way * LIVELY >= self.limit:
            self.limit = min(self._most, self.limit + 1)
            self._let_in()

    def overloaded(self) -> None:
        """Note that an answer came too late, or was an error of the system's own."""
        self.limit = max(1.0, CUT * self.limit)

    def _let_in(self) -> None:
        free = int(self.limit) - self._inside
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
