"""How the system is doing.

Breaker                  pauses sending while half of it fails
Refusals                 for how long nothing has been let through
RetryQuota, RetryShare   end storms of retries
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

WINDOW_S = 30.0
FEWEST_CALLS = 20
FAILING_SHARE = 0.5
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 300.0
PROBES = 3
PAUSES_WITHOUT_PROBE = 3
"""Pauses in a row after which not even a read succeeded, and the run ends."""
PAUSES_WITHOUT_SUCCESS = 10
"""The same, where reads succeed and writes do not."""

QUOTA_TOKENS = 500.0
REFILL_PER_SUCCESS = 1.0
TRICKLE_PER_S = 0.5
"""So that the last rows of a run, with no fresh ones left to succeed, are retried at all."""

SHARE_WINDOW_S = 120.0
RETRY_SHARE = 0.1
FREE_RETRIES = 10
"""In every window, however few requests there were."""


class Health(StrEnum):
    """What the breaker lets through."""

    WELL = "well"
    PAUSED = "paused"
    PROBING = "probing"
    """Reads only, until enough of them succeed."""
    GONE = "gone"
    """Paused too often without one success; the run stops and can be resumed."""


class Breaker:
    """Pauses sending when half of the recent calls fail. Pure: it is told the time.

    It never decides about rows: they wait.

    Source: thresholds between resilience4j's (50 % of 100 calls, 60 s) and Polly's (10 % of 100 in
    30 s); probes are reads, since a create as a probe could be applied twice.
    """

    def __init__(self) -> None:
        self._calls: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._until = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._pauses = 0
        self._silent = 0
        self._probes_left = 0

    def health(self, now: float) -> Health:
        """Return what may be sent now."""
        if self._silent > PAUSES_WITHOUT_PROBE or self._pauses > PAUSES_WITHOUT_SUCCESS:
            return Health.GONE
        if self._probes_left == 0:
            return Health.WELL
        return Health.PAUSED if now < self._until else Health.PROBING

    def wait_s(self, now: float) -> float:
        """Return how long the pause still lasts."""
        return max(0.0, self._until - now)

    def called(self, now: float, *, failed: bool) -> None:
        """Note how a call went."""
        if self._probes_left:
            return  # answers to what was under way when the pause began
        self._calls.append((now, failed))
        self._failures += failed
        while self._calls and self._calls[0][0] < now - WINDOW_S:
            self._failures -= self._calls.popleft()[1]
        if not failed:
            self._pauses = 0
            self._pause_s = FIRST_PAUSE_S
        elif len(self._calls) >= FEWEST_CALLS and self._failures >= FAILING_SHARE * len(
            self._calls
        ):
            self._pause(now)

    def probed(self, now: float, *, failed: bool) -> None:
        """Note how a probe went."""
        if failed:
            self._pause(now)
            return
        self._silent = 0
        self._probes_left -= 1
        if self._probes_left == 0:
            self._calls.clear()
            self._failures = 0

    def _pause(self, now: float) -> None:
        self._until = now + self._pause_s
        self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)
        self._pauses += 1
        self._silent += 1
        self._probes_left = PROBES


class Refusals:
    """For how long a system has refused everything for its pace. Pure: it is told the time."""

    def __init__(self) -> None:
        self._since: float | None = None

    def accepted(self) -> None:
        """Note that something was let through."""
        self._since = None

    def refused(self, now: float, *, sent: float) -> float:
        """Note a refusal, and return the seconds since the first one after which nothing came through.

        Args:
            now: Monotonic seconds.
            sent: When the refused request left; one that was under way when the first refusal came
                in adds nothing to it.
        """
        if self._since is None:
            self._since = now
        return max(0.0, sent - self._since)


class RetryQuota:
    """Tokens that every retry costs and every success gives back. Pure: it is told the time.

    Source: retry quota of the AWS SDKs (500 tokens, 5 for a retry, 10 for a time-out, 14 in the new
    mode); the trickle is ours.
    """

    def __init__(self, tokens: float = QUOTA_TOKENS) -> None:
        self._most = tokens
        self._tokens = tokens
        self._at = 0.0

    def take(self, cost: int, now: float) -> bool:
        """Take `cost` tokens; return whether there were enough."""
        self._trickle(now)
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def succeeded(self, cost: int = 0) -> None:
        """Note a success; `cost` is what its retries had taken."""
        self._tokens = min(self._most, self._tokens + cost + REFILL_PER_SUCCESS)

    @property
    def tokens(self) -> float:
        """What is left."""
        return self._tokens

    def _trickle(self, now: float) -> None:
        if self._at:
            self._tokens = min(self._most, self._tokens + TRICKLE_PER_S * (now - self._at))
        self._at = now


class RetryShare:
    """Of the requests of two minutes at most a tenth are retries. Pure: it is told the time.

    Source: the per-client retry budget in Site Reliability Engineering, chapter 21 (a ratio of
    10 %); the few that are always free are ours.
    """

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque()
        """Second, requests, retries."""
        self._requests = 0
        self._retries = 0

    def sent(self, now: float) -> None:
        """Note that a request leaves, the first of its row or not."""
        self._second(now)[1] += 1
        self._requests += 1

    def retried(self, now: float) -> None:
        """Note that a row is to be sent again."""
        self._second(now)[2] += 1
        self._retries += 1

    def allows(self, now: float) -> bool:
        """Whether one more retry keeps within the share."""
        self._second(now)
        return self._retries < max(FREE_RETRIES, int(RETRY_SHARE * self._requests))

    def _second(self, now: float) -> list[int]:
        second = int(now)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
            while self._seconds[0][0] <= second - SHARE_WINDOW_S:
                _, requests, retries = self._seconds.popleft()
                self._requests -= requests
                self._retries -= retries
        return self._seconds[-1]
