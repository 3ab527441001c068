"""When a row is sent once more: after its pause, in turn, and within the quota and the share of retries."""

from __future__ import annotations

import asyncio

from bulkload.delivery.exchange import Exchange
from bulkload.delivery.heard import Heard
from bulkload.delivery.jobs import Board, Job
from bulkload.delivery.policy import Rule

RETRY_PAUSE_S = 1.0


class Resending:
    """Makes rows ready again, one after the other, as many as are allowed."""

    def __init__(self, exchange: Exchange, board: Board) -> None:
        self._exchange = exchange
        self._board = board
        self._retry_turn = asyncio.Lock()

    def again(self, job: Job, rule: Rule, heard: Heard) -> None:
        """Send a job once more, after a pause and if the quota allows it."""
        pause = self._exchange.pause_s(rule.wait, job.failures, heard)
        self._board.start(self._when_allowed(job, rule.cost, pause))

    async def _when_allowed(self, job: Job, cost: int, pause_s: float) -> None:
        clock = self._exchange.clock
        await clock.sleep(pause_s)
        async with self._retry_turn:
            while not self._may_retry(cost):
                await clock.sleep(RETRY_PAUSE_S)
        job.cost += cost
        self._exchange.retried()
        self._board.go_later(job, 0.0)

    def _may_retry(self, cost: int) -> bool:
        """Take tokens for a retry, if the share of retries and the quota allow one now.

        The share keeps retries from taking the place of rows that wait for their first request;
        once there are none, holding back would only make the run longer.
        """
        now = self._exchange.clock.monotonic()
        if self._board.fresh and not self._exchange.share.allows(now):
            return False
        return self._exchange.quota.take(cost, now)
