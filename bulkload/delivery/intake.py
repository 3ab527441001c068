"""Where payloads begin: what is known of each row decides where it starts."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bulkload.connectors.base import Promise
from bulkload.delivery.directory import Directory
from bulkload.delivery.entries import RowEntry, RowState, Standing
from bulkload.delivery.exchange import Exchange
from bulkload.delivery.jobs import Board, Job
from bulkload.delivery.reconcile import Reconciler
from bulkload.delivery.sending import Sender
from bulkload.records import Action, Payload

CHUNK_ROWS = 256
MOST_READY = 512
MOST_UNDECIDED = 10_000
"""Rows that may wait for look-ups before no more are taken in."""


class Intake:
    """Takes payloads in, a chunk at a time, as fast as the workers need them."""

    def __init__(
        self, exchange: Exchange, board: Board, sender: Sender, reconciler: Reconciler
    ) -> None:
        self._exchange = exchange
        self._board = board
        self._journal = board.journal
        self._sender = sender
        self._reconciler = reconciler
        self._same: Counter[bytes] = Counter()
        self._has_directory = False

    async def run(self, payloads: Iterable[Payload]) -> None:
        """Take everything in."""
        chunks = _Chunks(payloads)
        while chunk := await chunks.next():
            await self._room()
            jobs = [self._job(payload) for payload in chunk]
            self._board.unfinished += len(jobs)
            standings = self._journal.standings([(job.row_number, job.keys) for job in jobs])
            placed = await asyncio.gather(
                *(
                    self._placed(job, standing)
                    for job, standing in zip(jobs, standings, strict=True)
                )
            )
            fresh = [job for job, done in zip(jobs, placed, strict=True) if not done]
            await self._look_around(fresh, are_all=chunks.exhausted)
            for job in fresh:
                self._board.go(job)
        self._board.all_taken_in = True
        self._board.end_if_empty()

    async def _room(self) -> None:
        board = self._board
        while board.ready.qsize() > MOST_READY or board.unfinished > MOST_UNDECIDED:
            board.room.clear()
            await board.room.wait()

    def _job(self, payload: Payload) -> Job:
        occurrence = 0
        if not payload.key:
            occurrence = self._same[payload.digest]
            self._same[payload.digest] += 1
        keys = self._journal.keys(payload, occurrence)
        return Job(payload, keys, RowEntry(payload.row_number, RowState.PENDING))

    async def _placed(self, job: Job, standing: Standing) -> bool:
        """Place a job of which something is known; return False if it is fresh."""
        if standing.entry is not None:
            job.entry = standing.entry
            job.sends = standing.entry.attempts
            if job.entry.state is RowState.DONE:
                self._board.hand_over(job, job.entry)
                return True
            if job.entry.is_open:
                await self._resumed(job, standing)
                return True
        if standing.held_by is not None:
            job.holder, job.holder_in_review = standing.held_by, standing.held_in_review
            await self._reconciler.take(job)
            return True
        return await self._sender.known(job, standing)

    async def _resumed(self, job: Job, standing: Standing) -> None:
        """Place a row that an earlier process of this run left open."""
        last = standing.last_attempt
        if job.entry.state is RowState.APPLIED or last is None:
            self._board.go(job)
            return
        job.sends = last.n
        job.may_be_applied = True
        job.why = "the run was interrupted"
        harmless = self._exchange.promises.create in (Promise.UPSERT, Promise.UNIQUE)
        if last.operation == "create" and self._exchange.promises.create is Promise.KEYED:
            job.idempotency_key, job.key_made_s = last.idempotency_key, last.sent_s
            harmless = self._sender.key_is_fresh(job)
        if harmless or last.operation != "create":
            self._board.go(job)
        else:
            await self._reconciler.take(job)

    async def _look_around(self, fresh: Sequence[Job], *, are_all: bool) -> None:
        """Find out who is there already, once, before the first request that needs to know."""
        if self._has_directory or not any(self._needs_directory(job) for job in fresh):
            return
        few = are_all and len(fresh) <= self._exchange.options.snapshot_above
        directory = Directory(self._exchange, snapshot=self._exchange.promises.can_list and not few)
        await directory.load()
        self._sender.directory = directory
        self._has_directory = True

    def _needs_directory(self, job: Job) -> bool:
        promise = self._exchange.promises.create
        if job.payload.action is Action.CREATE:
            return self._exchange.options.check_existing and promise is not Promise.UNIQUE
        if job.payload.action is Action.UPSERT and promise is Promise.UPSERT:
            return self._exchange.options.skip_unchanged and not job.remote_id
        return not job.remote_id


class _Chunks:
    """Cuts payloads into chunks; a generator works in a thread, since it validates as it goes."""

    def __init__(self, payloads: Iterable[Payload]) -> None:
        self._is_sequence = isinstance(payloads, Sequence)
        self._iterator: Iterator[Payload] = iter(payloads)
        self.exhausted = False

    async def next(self) -> list[Payload]:
        """Return the next chunk; empty at the end."""
        chunk = self._take() if self._is_sequence else await asyncio.to_thread(self._take)
        self.exhausted = len(chunk) < CHUNK_ROWS
        return chunk

    def _take(self) -> list[Payload]:
        return list(itertools.islice(self._iterator, CHUNK_ROWS))
