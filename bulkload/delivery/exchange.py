"""One request after another to one system: paced, counted, paused while the system is unwell.

passage()   wait for health and for a slot          before the intent
send()      one exchange, understood                after the intent
read()      a read, repeated until it is readable   look-ups, pages, probes
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace

from bulkload.connectors.base import AnnouncesLimits, Connector, Meaning
from bulkload.delivery.clock import Clock
from bulkload.delivery.credentials import Credentials, refused
from bulkload.delivery.crowd import Crowd
from bulkload.delivery.health import Breaker, Health, Refusals, RetryQuota, RetryShare
from bulkload.delivery.heard import Heard, failing, put_off, stopped_by, unanswered, unreached
from bulkload.delivery.options import DeliveryOptions, Tick, Watcher
from bulkload.delivery.pacing import Pacer, windows_of
from bulkload.delivery.policy import (
    FAILURES,
    OVERLOADS,
    Event,
    Kind,
    Next,
    Wait,
    event_of,
    event_of_error,
    rule_for,
)
from bulkload.delivery.retry import THROTTLE_BASE_S, backoff_s, retry_after_s
from bulkload.errors import BulkloadError
from bulkload.wire import Request, Response, Wire, WireError

READS_TRY_HARDER = 2
"""Reads may fail so many times more often than writes: they change nothing."""
LONGEST_HEEDED_S = 60.0
TOLD_FROM_S = 10.0
"""Waits shorter than this are not worth a sentence."""


class Exchange:
    """Everything that one run says to one system goes through here."""

    def __init__(
        self,
        connector: Connector,
        wire: Wire,
        *,
        options: DeliveryOptions,
        clock: Clock,
        jitter: random.Random,
        credentials: Credentials | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.connector = connector
        self.wire = wire
        self.options = options
        self.clock = clock
        self.jitter = jitter
        self.watcher = watcher or Watcher()
        self.quota = RetryQuota()
        self.share = RetryShare()
        self.crowd = Crowd(options.concurrency)
        self.breaker = Breaker()
        self._refused = {False: Refusals(), True: Refusals()}
        """By whether it only reads: a look-up that is let through says nothing about creates."""
        self.credentials = credentials
        self.promises = connector.promises()
        windows = windows_of(self.promises.limits, options.rate, options.headroom)
        self.pacer = Pacer(windows, clock)
        self._under_way = 0
        self._began = clock.monotonic()
        self._tick = Tick(0.0)
        self._healing = asyncio.Lock()
        self._ever_reached = False
        self._ending: BulkloadError | None = None

    async def passage(self) -> None:
        """Wait until a request may leave.

        Raises:
            UnreachableError: The system has been unwell for too long, or asks for too long a pause.
        """
        self.check_end()
        while self.breaker.health(self.clock.monotonic()) is not Health.WELL:
            await self._heal()
        await self._slot()

    def check_end(self) -> None:
        """Raise what an earlier answer said about the whole run.

        Raises:
            UnreachableError: The system asks for a longer pause than the run may take, or has let
                nothing through for so long.
        """
        if self._ending is not None:
            raise self._ending

    async def send(self, request: Request) -> Heard:
        """Send one request now and say what came back; the caller has waited for `passage`."""
        began = self.clock.monotonic()
        self._second(began).sent += 1
        self.share.sent(began)
        self._under_way += 1
        under_way = self._under_way
        try:
            response = await self.wire.send(request)
        except WireError as error:
            heard = Heard(event_of_error(error), error=error)
        else:
            heard = self._understood(request, response)
        finally:
            self._under_way -= 1
        if heard.event in OVERLOADS:
            self.crowd.overloaded()
        elif heard.response is not None and heard.event is not Event.THROTTLED:
            self.crowd.answered(under_way)
        self._learn(heard, began, only_reads=request.method == "GET")
        return heard

    async def read(self, request: Request) -> Response:
        """Send a read until its answer can be read.

        Raises:
            UnreachableError: It failed too often.
            BulkloadError: No request can succeed.
        """
        attempt = 0
        signed_in = False
        while True:
            await self.passage()
            version = self.credentials.version if self.credentials else 0
            heard = await self.send(request)
            rule = rule_for(heard.event, Kind.READ)
            if rule.next is Next.DONE and heard.response is not None:
                self.quota.succeeded()
                return heard.response
            if rule.next is Next.REFRESH:
                await self.renew(version, again=signed_in)
                signed_in = True
                continue
            if rule.next is Next.STOP:
                raise self.stop(request, heard)
            attempt += rule.is_attempt
            if attempt >= self.patience * READS_TRY_HARDER:
                raise unanswered(self.wire.base_url, heard.words)
            await self.clock.sleep(self.pause_s(rule.wait, attempt, heard))

    async def renew(self, version: int, *, again: bool) -> None:
        """Sign in again after a 401; a second 401 with the new token ends the run.

        Raises:
            CredentialsError: There is nothing better to sign in with.
        """
        if self.credentials is None or again:
            raise refused(self.wire)
        await self.credentials.renew(self.wire, version)

    @property
    def patience(self) -> int:
        """Attempts before giving up: fewer while no request has reached the system."""
        return self.options.attempts if self._ever_reached else min(2, self.options.attempts)

    def pause_s(self, wait: Wait, attempt: int, heard: Heard) -> float:
        """Return the pause before the next try.

        Raises:
            UnreachableError: There is to be none: it would be longer than the run may wait.
        """
        self.check_end()
        if wait is Wait.NONE:
            return 0.0
        if wait is Wait.SERVER:
            if heard.retry_after_s is not None:
                # Those who were sent away together should not come back together.
                return heard.retry_after_s * (1 + self.jitter.uniform(0.0, 0.1))
            return backoff_s(attempt, self.jitter, base_s=THROTTLE_BASE_S)
        return backoff_s(attempt, self.jitter)

    def flush(self) -> None:
        """Hand the last second of the timeline over."""
        if self._tick.sent or self._tick.latencies_ms:
            self.watcher.tick(self._tick)
            self._tick = Tick(self.clock.monotonic() - self._began)

    def retried(self) -> None:
        """Note that a row is sent again."""
        now = self.clock.monotonic()
        self._second(now).retried += 1
        self.share.retried(now)

    async def _slot(self) -> None:
        wait = self.pacer.wait_s()
        if wait >= TOLD_FROM_S:
            self.say_wait(wait, "the system's limit is reached")
        await self.pacer.slot()

    def _understood(self, request: Request, response: Response) -> Heard:
        meaning = self._without_secrets(self.connector.meaning(request, response))
        event = event_of(response, meaning, not_applied_on_503=self.promises.not_applied_on_503)
        asked = None
        if event in (Event.THROTTLED, Event.UNAVAILABLE):
            asked = retry_after_s(response.headers, epoch_s=self.clock.epoch_s())
            if asked is None:
                # Some systems say it in a header of their own.
                asked = meaning.retry_after_s
        self._heed(response)
        return Heard(event, response, meaning, retry_after_s=asked)

    def _heed(self, response: Response) -> None:
        """Stop before the limit that the answer announces, where that is a short wait.

        Long windows are left to the limits that the connector declares: a moment misread would
        stand still for hours.
        """
        if not isinstance(self.connector, AnnouncesLimits):
            return
        told = self.connector.observe(response, now_epoch_s=self.clock.epoch_s())
        if told is None or told.remaining is None or not told.reset_s:
            return
        reserve = self.options.headroom * (told.limit or 0)
        if told.remaining <= reserve and told.reset_s <= LONGEST_HEEDED_S:
            self.pacer.close_for(told.reset_s)

    def _without_secrets(self, meaning: Meaning) -> Meaning:
        if not meaning.message and not meaning.problems:
            return meaning
        hidden_in = self.credentials.hidden_in if self.credentials else str
        problems = tuple(replace(p, message=hidden_in(p.message)) for p in meaning.problems)
        return replace(meaning, message=hidden_in(meaning.message), problems=problems)

    def _learn(self, heard: Heard, began: float, *, only_reads: bool) -> None:
        now = self.clock.monotonic()
        tick = self._second(now)
        if heard.response is not None:
            if heard.event is not Event.THROTTLED:
                self.pacer.pace.accepted(now)
                self._refused[True].accepted()
                if not only_reads:
                    self._refused[False].accepted()
            tick.latencies_ms.append((now - began) * 1000)
        if heard.event is not Event.NOT_SENT:
            self._ever_reached = True
        self.breaker.called(now, failed=heard.event in FAILURES)
        refused_s = 0.0
        if heard.event is Event.APPLIED:
            tick.applied += 1
        elif heard.event is Event.THROTTLED:
            tick.throttled += 1
            refused_s = self._refused[only_reads].refused(now, sent=began)
            self._slow_down(now, began, heard.retry_after_s)
        asked_s = heard.retry_after_s or 0.0
        if refused_s + asked_s > self.options.max_wait_s:
            self._ending = put_off(
                self.wire.base_url, asked_s, refused_s, heard.words, epoch_s=self.clock.epoch_s()
            )

    def _slow_down(self, now: float, began: float, asked_s: float | None) -> None:
        self.pacer.pace.throttled(now, sent=began, pause_s=asked_s)
        if asked_s is None:
            return
        self.pacer.close_for(asked_s)
        if TOLD_FROM_S <= asked_s <= self.options.max_wait_s:
            self.say_wait(asked_s, "the system asks to slow down")

    async def _heal(self) -> None:
        async with self._healing:
            now = self.clock.monotonic()
            health = self.breaker.health(now)
            if health is not Health.WELL and not self._ever_reached:
                raise unreached(self.wire.base_url)
            if health is Health.GONE:
                raise failing(self.wire.base_url)
            if health is Health.PAUSED:
                wait = self.breaker.wait_s(now)
                self.say_wait(wait, "half of the recent requests failed")
                await self.clock.sleep(wait)
            elif health is Health.PROBING:
                await self._slot()
                self._second(now).sent += 1
                self.breaker.probed(self.clock.monotonic(), failed=not await self._probe())

    async def _probe(self) -> bool:
        request = self.connector.whoami()
        try:
            response = await self.wire.send(request)
        except WireError:
            return False
        return event_of(response, self.connector.meaning(request, response)) not in FAILURES

    def stop(self, request: Request, heard: Heard) -> BulkloadError:
        """Return the error for an answer after which no request can succeed."""
        return stopped_by(heard, request, self.wire.base_url)

    def say_wait(self, wait_s: float, why: str) -> None:
        """Tell the user until when something waits, and why."""
        until = time.strftime("%H:%M:%S", time.localtime(self.clock.epoch_s() + wait_s))
        self.watcher.say(f"{why}: waiting {wait_s:.0f} s, until {until}")

    def _second(self, now: float) -> Tick:
        at_s = now - self._began
        if at_s - self._tick.at_s >= 1.0:
            self.flush()
            self._tick = Tick(float(int(at_s)))
        return self._tick
