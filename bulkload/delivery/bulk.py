"""The bulk lane: many rows in one call, worked off by the system in order, told row by row.

    gather     ready rows that the lane takes; all others go singly
    submit     an intent for every row, one request, 202 with a job
    poll       until the job is finished
    decide     each row by its own outcome; what the report leaves open goes singly

Only where sending the same row twice is harmless (upserts), so nothing needs to be proven: a batch
whose answer is lost, or whose process was killed, is simply submitted again.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Sequence

from bulkload.connectors.base import (
    UNTOLD,
    BulkBatch,
    BulkLane,
    BulkProgress,
    Meaning,
    Outcome,
)
from bulkload.delivery.entries import Attempt, RowState
from bulkload.delivery.exchange import Exchange
from bulkload.delivery.heard import Heard
from bulkload.delivery.jobs import Board, Job
from bulkload.delivery.policy import Event, Kind, Next, Rule, rule_for
from bulkload.delivery.sending import Sender
from bulkload.errors import UnreachableError
from bulkload.records import Action, Status

OPERATION = "bulk"
GATHER_PAUSE_S = 0.02
FIRST_POLL_S = 0.25
LONGEST_POLL_S = 20.0
LONGEST_JOB_S = 3600.0
"""A job that takes longer ends the run, which can be resumed: its rows are then submitted again."""
TOO_LARGE = 413
FEW_PAGES = 4
DECIDED_TOGETHER = 256


class BulkSender:
    """Takes ready rows in batches; rows that the lane does not take wait in `singly`."""

    def __init__(
        self,
        exchange: Exchange,
        board: Board,
        sender: Sender,
        lane: BulkLane,
        is_stopping: Callable[[], bool],
    ) -> None:
        self.singly: asyncio.Queue[Job] = asyncio.Queue()
        self._exchange = exchange
        self._board = board
        self._sender = sender
        self._lane = lane
        self._is_stopping = is_stopping
        self._looked = False
        self._there: set[tuple[str, str]] | None = None
        """Keys of everybody who was there before the first batch; None if they are too many."""
        self._apart: set[int] = set()
        """Rows that go singly, whatever the lane takes."""

    async def run(self) -> None:
        """Send batches for ever; cancelled at the end of the run."""
        while not self._is_stopping():
            jobs = await self._gathered()
            if not self._looked:
                self._looked = True
                await self._look_around()
            by_row = {job.row_number: job for job in jobs}
            for batch in self._lane.batches([job.payload for job in jobs]):
                await self._deliver(batch, [by_row[p.row_number] for p in batch.payloads])

    async def _look_around(self) -> None:
        """Note who is there already, where they are few; the lane's reports may not tell."""
        connector, cursor = self._exchange.connector, None
        there: set[tuple[str, str]] = set()
        while True:
            response = await self._exchange.read(connector.page(cursor))
            page = connector.page_of(cursor, response)
            if page.total is None or page.total > FEW_PAGES * self._exchange.promises.page_size:
                return
            there.update(key for c in page.customers for key in connector.keys_of(c).items())
            cursor = page.next_cursor
            if cursor is None:
                self._there = there
                return

    async def _gathered(self) -> list[Job]:
        """Return ready rows: as many as come without a pause, at least one."""
        ready, taken = self._board.ready, list[Job]()
        while True:
            if not ready.empty():
                job = ready.get_nowait()
            elif not taken:
                job = await ready.get()
            elif self._board.all_taken_in or self._board.unfinished >= self._lane.max_rows:
                return taken
            else:
                await self._exchange.clock.sleep(GATHER_PAUSE_S)
                continue
            self._board.room.set()
            self._board.fresh.discard(job.row_number)
            if not self._takes(job):
                self.singly.put_nowait(job)
            elif not await self._was_there(job):
                taken.append(job)
                if len(taken) >= self._lane.max_rows:
                    return taken

    def _takes(self, job: Job) -> bool:
        if job.row_number in self._apart or job.waited_behind:
            return False
        if job.payload.action is Action.UPDATE or job.entry.state is RowState.APPLIED:
            return False
        if job.payload.action is Action.UPSERT and self._exchange.options.skip_unchanged:
            return False
        effects = self._exchange.connector.effects(job.payload, "")
        return not effects and self._lane.takes(job.payload)

    async def _was_there(self, job: Job) -> bool:
        """Settle a row whose customer the first walk through all customers has shown."""
        directory = self._sender.directory
        if directory is None or job.payload.action is not Action.CREATE or job.may_be_applied:
            return False
        there = await directory.who(job.payload)
        if there:
            self._apart.add(job.row_number)
            self.singly.put_nowait(job)
        return bool(there)

    async def _deliver(self, batch: BulkBatch, jobs: Sequence[Job]) -> None:
        """Submit one batch until its job is finished, or its rows have left it otherwise."""
        failures, signed_in = 0, False
        while True:
            await self._exchange.passage()
            if self._is_stopping():
                return
            credentials = self._exchange.credentials
            version = credentials.version if credentials else 0
            with self._board.undisturbed():
                heard, rule = await self._submitted(batch, jobs)
            if rule.next is Next.POLL and heard.meaning is not None:
                await self._poll(batch, jobs, heard.meaning.job)
                return
            if rule.next is Next.STOP:
                raise self._exchange.stop(batch.request, heard)
            if rule.next is Next.FAIL:
                await self._refused(batch, jobs, heard)
                return
            if rule.next is Next.REFRESH:
                await self._exchange.renew(version, again=signed_in)
                signed_in = True
                continue
            failures += rule.is_attempt
            self._exchange.check_end()
            if failures >= self._exchange.patience:
                for job in jobs:
                    self._board.give_up(job)
                return
            await self._exchange.clock.sleep(self._exchange.pause_s(rule.wait, failures, heard))

    async def _submitted(self, batch: BulkBatch, jobs: Sequence[Job]) -> tuple[Heard, Rule]:
        """Write an intent for every row, send the batch, and write down what came back."""
        attempts = [await self._begun(job) for job in jobs]
        await asyncio.gather(
            *(
                self._board.journal.intent(job.move(RowState.INTENT), job.keys, attempt)
                for job, attempt in zip(jobs, attempts, strict=True)
            )
        )
        # Every commit has returned: from here on bytes may leave.
        heard = await self._exchange.send(batch.request)
        rule = rule_for(heard.event, Kind.UPSERT)
        if heard.event in (Event.APPLIED, Event.NO_ID) or (
            rule.next is Next.POLL and not (heard.meaning and heard.meaning.job)
        ):
            # Queued without a job to ask for: submitting again is the only way to hear more.
            rule = rule_for(Event.LOST, Kind.UPSERT)
        after = RowState.SUBMITTED if rule.next is Next.POLL else RowState.UNKNOWN
        if rule.next in (Next.RETRY, Next.REFRESH, Next.FAIL, Next.STOP):
            after = RowState.PENDING
        await asyncio.gather(
            *(
                self._board.note(job, after, _answered(attempt, heard), http_status=heard.status)
                for job, attempt in zip(jobs, attempts, strict=True)
            )
        )
        for job in jobs:
            job.why = heard.words
        return heard, rule

    async def _begun(self, job: Job) -> Attempt:
        job.sends += 1
        job.last_sent = self._exchange.clock.monotonic()
        return Attempt(job.sends, OPERATION, "", int(self._exchange.clock.epoch_s()))

    async def _refused(self, batch: BulkBatch, jobs: Sequence[Job], heard: Heard) -> None:
        """Halve a batch that is too large; let every row of another hear its own refusal."""
        halves = self._lane.halves(batch) if heard.status == TOO_LARGE else (batch,)
        if len(halves) == 1:
            self._send_singly(jobs)
            return
        by_row = {job.row_number: job for job in jobs}
        for half in halves:
            await self._deliver(half, [by_row[payload.row_number] for payload in half.payloads])

    async def _poll(self, batch: BulkBatch, jobs: Sequence[Job], bulk_job: str) -> None:
        clock, pause = self._exchange.clock, FIRST_POLL_S
        began = clock.monotonic()
        while clock.monotonic() - began < LONGEST_JOB_S:
            if self._is_stopping():
                return
            await clock.sleep(pause)
            pause = min(LONGEST_POLL_S, pause * 1.5)
            response = await self._exchange.read(self._lane.poll(bulk_job))
            progress = self._lane.progress(batch, response)
            if progress.finished:
                await self._decide(jobs, progress)
                return
        raise UnreachableError(
            f"the bulk job {bulk_job} is not finished after an hour",
            where=self._exchange.wire.base_url,
            fix="run the same command again: its rows are submitted again, which changes nothing",
        )

    async def _decide(self, jobs: Sequence[Job], progress: BulkProgress) -> None:
        open_rows: list[Job] = []
        for start in range(0, len(jobs), DECIDED_TOGETHER):
            decided = []
            for job in jobs[start : start + DECIDED_TOGETHER]:
                meaning = progress.outcomes.get(job.row_number)
                if meaning is None or meaning.outcome not in (Outcome.APPLIED, Outcome.REFUSED):
                    open_rows.append(job)
                else:
                    decided.append(self._finished(job, meaning))
            await asyncio.gather(*decided)
        self._send_singly(open_rows)

    async def _finished(self, job: Job, meaning: Meaning) -> None:
        if meaning.outcome is Outcome.REFUSED:
            await self._board.finish(job, Status.FAILED, message=meaning.message)
            return
        if meaning.message == UNTOLD and self._there is not None:
            was_there = not self._there.isdisjoint(job.payload.keys.items())
            status = Status.UPDATED if was_there else Status.CREATED
            meaning = dataclasses.replace(meaning, status=status, message="")
        self._exchange.quota.succeeded()
        await self._board.finish(
            job,
            meaning.status,
            deliver=True,
            remote_id=meaning.remote_id,
            message=meaning.message,
            extra=meaning.extra,
        )

    def _send_singly(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._apart.add(job.row_number)
            self.singly.put_nowait(job)


def _answered(attempt: Attempt, heard: Heard) -> Attempt:
    return dataclasses.replace(
        attempt,
        outcome=heard.event.value,
        http_status=heard.status,
        exception=heard.error.exception if heard.error else None,
    )
