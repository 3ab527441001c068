"""Payloads become results, safely.

take in     known already? undecided from before? else ready
workers     passage, intent, send, answer                       sending.py
beside      rows of unknown outcome are looked up               reconcile.py
hand over   results in the order in which they are decided
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

from bulkload.connectors.base import Connector, HasBulkLane, Promise
from bulkload.delivery.bulk import BulkSender
from bulkload.delivery.clock import Clock, SystemClock
from bulkload.delivery.credentials import Credentials
from bulkload.delivery.exchange import Exchange
from bulkload.delivery.intake import Intake
from bulkload.delivery.jobs import Board
from bulkload.delivery.options import DeliveryOptions, Watcher
from bulkload.delivery.paging import Paging
from bulkload.delivery.reconcile import Reconciler
from bulkload.delivery.run_journal import RunJournal
from bulkload.delivery.sending import Sender
from bulkload.delivery.stopping import Stop
from bulkload.errors import BulkloadError, JournalStoppedError, UnreachableError
from bulkload.records import Customer, Payload, Result
from bulkload.wire import Wire

MOST_REMEMBERED = 10_000
"""Requests of earlier processes that are counted against today's windows."""


async def upload(
    payloads: Iterable[Payload],
    *,
    connector: Connector,
    wire: Wire,
    journal: RunJournal,
    options: DeliveryOptions | None = None,
    clock: Clock | None = None,
    jitter: random.Random | None = None,
    credentials: Credentials | None = None,
    watcher: Watcher | None = None,
    stop: Stop | None = None,
) -> AsyncIterator[Result]:
    """Deliver payloads and yield their results as they are decided.

    Args:
        payloads: In row order; a generator is advanced in a thread, a sequence is taken as it is.
        connector: Makes the requests and reads the answers.
        wire: Sends them.
        journal: The run; what it has decided already is not sent again.
        options: Wishes.
        clock: Time.
        jitter: Randomness.
        credentials: To sign in and to renew tokens; without them a 401 ends the run.
        watcher: Hears what the run waits for.
        stop: Once asked, no request leaves any more, and the iteration ends with its error.

    Yields:
        One result per payload; `pending` for rows that this run could not send.

    Raises:
        UnreachableError: The system gave up, or rows are left pending; the run can be resumed.
        CredentialsError: The system refuses the credentials.
        JournalStoppedError: The journal could not be written.
        InterruptedRunError: `stop` was asked.
    """
    exchange = Exchange(
        connector,
        wire,
        options=options or DeliveryOptions(),
        clock=clock or SystemClock(),
        jitter=jitter or random.Random(),  # noqa: S311 - spreads retries, guards nothing
        credentials=credentials,
        watcher=watcher,
    )
    delivery = Delivery(exchange, journal, stop or Stop())
    try:
        async for result in delivery.results(payloads):
            yield result
    finally:
        await delivery.end()


async def customers(
    connector: Connector,
    wire: Wire,
    *,
    options: DeliveryOptions | None = None,
    clock: Clock | None = None,
    credentials: Credentials | None = None,
    watcher: Watcher | None = None,
) -> AsyncIterator[Customer]:
    """Page through all customers; each is given once.

    Raises:
        UnreachableError: The list cannot be read to its end, or its total is never reached.
        CredentialsError: The system refuses the credentials.
    """
    exchange = Exchange(
        connector,
        wire,
        options=options or DeliveryOptions(),
        clock=clock or SystemClock(),
        jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        credentials=credentials,
        watcher=watcher,
    )
    if credentials is not None:
        await credentials.ensure(wire)
    async for customer in Paging(exchange).customers():
        yield customer


class Delivery:
    """One upload under way."""

    def __init__(self, exchange: Exchange, journal: RunJournal, stop: Stop) -> None:
        self._exchange = exchange
        self._stop = stop
        self._board = Board(journal, exchange.clock)
        self._reconciler = Reconciler(exchange, self._board)
        self._sender = Sender(
            exchange, self._board, self._reconciler, exchange.jitter, lambda: stop.is_asked
        )
        self._intake = Intake(exchange, self._board, self._sender, self._reconciler)
        self._bulk = self._bulk_sender()
        self._workers: list[asyncio.Task[None]] = []
        self._others: list[asyncio.Task[None]] = []

    async def results(self, payloads: Iterable[Payload]) -> AsyncIterator[Result]:
        """Start everything and yield results until all rows are decided."""
        if self._exchange.credentials is not None:
            await self._exchange.credentials.ensure(self._exchange.wire)
        self._refuse_repetition()
        pacer, journal = self._exchange.pacer, self._board.journal
        if window_s := pacer.longest_window_s:
            pacer.remember(journal.sent_ages_s(window_s, MOST_REMEMBERED))
        self._others = [
            self._started(self._intake.run(payloads)),
            self._started(self._reconciler.run()),
            self._started(self._listen()),
        ]
        self._workers = [self._started(self._work()) for _ in range(self._concurrency)]
        if self._bulk is not None:
            self._workers.append(self._started(self._bulk.run()))
        finished = self._board.finished
        while (item := await finished.get()) is not None:
            if isinstance(item, Result):
                yield item
                continue
            if not isinstance(item, JournalStoppedError | AssertionError) and isinstance(
                item, Exception
            ):
                await self._drain()
                while not finished.empty():
                    if isinstance(late := finished.get_nowait(), Result):
                        yield late
            raise item
        self._exchange.flush()
        if self._board.given_up:
            raise UnreachableError(
                f"{self._board.given_up} rows could not be sent ({self._board.given_up_why})",
                where=self._exchange.wire.base_url,
                fix="run the same command again: it continues where it stopped",
            )

    async def end(self) -> None:
        """Cancel whatever still runs; rows under way stay intents."""
        self._board.close()
        tasks = [*self._others, *self._workers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refuse_repetition(self) -> None:
        """Refuse to forget deliveries where the system could not be asked about them."""
        promises = self._exchange.promises
        harmless = promises.create in (Promise.UPSERT, Promise.UNIQUE)
        if self._board.journal.forgets_deliveries and not (
            harmless or self._exchange.options.check_existing
        ):
            raise BulkloadError(
                "starting over could create customers a second time",
                where="--new",
                fix="leave out --no-check-existing, so that those who are there are found",
            )

    def _bulk_sender(self) -> BulkSender | None:
        """Return what sends batches, if that is wished.

        Raises:
            BulkloadError: The system has no such lane, or repeating a batch would do harm there.
        """
        lane = self._exchange.options.lane
        if lane == "single":
            return None
        connector = self._exchange.connector
        if not isinstance(connector, HasBulkLane) or (
            self._exchange.promises.create is not Promise.UPSERT
        ):
            raise BulkloadError(
                f"{connector.name} has no bulk lane", where="--lane", fix="leave it out"
            )
        return BulkSender(
            self._exchange,
            self._board,
            self._sender,
            connector.bulk_lane("" if lane == "bulk" else lane),
            lambda: self._stop.is_asked,
        )

    @property
    def _concurrency(self) -> int:
        return self._exchange.options.concurrency

    def _started(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._board.finished.put_nowait(error)

    async def _work(self) -> None:
        ready = self._board.ready if self._bulk is None else self._bulk.singly
        while not self._stop.is_asked:
            job = await ready.get()
            await self._exchange.crowd.enter()
            try:
                await self._sender.advance(job)
            finally:
                self._exchange.crowd.leave()

    async def _listen(self) -> None:
        await self._stop.asked()
        raise self._stop.error()

    async def _drain(self) -> None:
        """Let no further request leave, and wait for the answers under way."""
        self._stop.ask()
        self._board.close()
        for task in self._others:
            task.cancel()
        for task in self._workers:
            if task not in self._board.in_flight:
                task.cancel()
        under_way = [task for task in self._workers if not task.done()]
        if under_way:
            await asyncio.wait(under_way, timeout=self._exchange.options.stop_grace_s)
        if self._board.settling:
            await asyncio.wait(self._board.settling)
