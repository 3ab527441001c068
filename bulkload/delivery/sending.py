"""What happens to one ready job: who is it, intent, request, answer, and what the table says next."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Protocol

from bulkload.connectors.base import Promise
from bulkload.delivery.clock import utc_text
from bulkload.delivery.directory import Directory, Match, only_id, several, usable_keys, was_there
from bulkload.delivery.effects import Effects
from bulkload.delivery.entries import Attempt, RowState, Standing
from bulkload.delivery.exchange import Exchange
from bulkload.delivery.heard import Heard
from bulkload.delivery.jobs import Board, Job
from bulkload.delivery.policy import Event, Kind, Next, Rule, kind_of, rule_for
from bulkload.delivery.reconcile import was_created_since
from bulkload.delivery.resending import Resending
from bulkload.records import Action, Customer, Status
from bulkload.wire import Request

KEY_MARGIN_S = 3600.0
"""A key this close to the end of its life is not relied on."""
MORE_THAN_ONCE = 2


class TakesUnknown(Protocol):
    """Where rows of unknown outcome go."""

    async def take(self, job: Job) -> None:
        """Look the row up when that can tell."""


class Sender:
    """Sends jobs; one instance serves all workers of a run."""

    def __init__(
        self,
        exchange: Exchange,
        board: Board,
        unknown: TakesUnknown,
        jitter: random.Random,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._exchange = exchange
        self._connector = exchange.connector
        self._board = board
        self._unknown = unknown
        self._jitter = jitter
        self._is_stopping = is_stopping
        self._effects = Effects(exchange, board, jitter)
        self._resending = Resending(exchange, board)
        self.directory: Directory | None = None

    async def advance(self, job: Job) -> None:
        """Take a ready job one step further."""
        self._board.fresh.discard(job.row_number)
        if job.waited_behind:
            job.waited_behind = False
            standing = self._board.journal.standings([(job.row_number, job.keys)])[0]
            if standing.held_by is not None:
                job.holder, job.holder_in_review = standing.held_by, standing.held_in_review
                await self._unknown.take(job)
                return
            if await self.known(job, standing):
                return
        if job.entry.state is RowState.APPLIED:
            await self._effects.run(job)
        elif self._is_create(job):
            await self._create(job)
        else:
            await self._change(job)

    async def known(self, job: Job, standing: Standing) -> bool:
        """Settle a row whose customer an earlier run delivered; return whether that was possible."""
        before = standing.delivered
        forgets = self._board.journal.forgets_deliveries
        if before is None or (forgets and usable_keys(self._exchange, job.payload)):
            return False
        journal = self._board.journal
        if not journal.brings_nothing(job.payload, before):
            job.remote_id = before.remote_id
            return False
        same = before.digest == journal.digest(job.payload)
        journal.delivered_before += 1
        journal.delivered_before_s = max(journal.delivered_before_s, before.at_s)
        verb = "delivered" if before.digest else "found"
        await self._board.finish(
            job,
            Status.UNCHANGED if same else Status.EXISTING,
            remote_id=before.remote_id,
            message=f"{verb} on {utc_text(before.at_s)} by run {before.run_id} (row {before.row_number})"
            + ("" if same or not before.digest else ", with other values"),
        )
        return True

    def _is_create(self, job: Job) -> bool:
        if job.payload.action is Action.CREATE or job.absent:
            return True
        upserts = self._exchange.promises.create is Promise.UPSERT
        asks_first = self._exchange.options.skip_unchanged
        return job.payload.action is Action.UPSERT and upserts and not asks_first

    async def _create(self, job: Job) -> None:
        kind = kind_of(self._exchange.promises.create)
        fresh = not (job.may_be_applied or job.absent)
        if fresh and self.directory is not None and job.payload.action is Action.CREATE:
            if there := await self.directory.who(job.payload):
                await self._board.finish(
                    job,
                    Status.EXISTING,
                    found=len(there) == 1,
                    remote_id=only_id(there),
                    message=was_there(there),
                )
                return
            job.absent = True
        await self._exchange.passage()
        if self._is_stopping():
            return
        if not self.key_is_fresh(job):
            if job.may_be_applied and kind is Kind.KEYED:
                # Under another key it would be another create.
                job.look_now = False
                await self._unknown.take(job)
                return
            job.fresh_key(self._jitter)
        request = self._connector.create(job.payload, idempotency_key=job.idempotency_key)
        await self._send(job, "create", request, kind)

    async def _change(self, job: Job) -> None:
        there = [Match(job.remote_id, "")] if job.remote_id else await self._who(job)
        if not there and job.payload.action is Action.UPSERT:
            job.absent = True
            await self._create(job)
        elif len(there) != 1:
            await self._board.finish(
                job,
                Status.FAILED,
                message=several(there) if there else "there is no such customer to update",
            )
        else:
            current = await self._current(there[0].remote_id)
            if current is None:
                job.remote_id = ""
                job.why = "the customer has gone"
                await self._board.finish(job, Status.FAILED, message=job.why)
                return
            await self._update(job, current)

    async def _update(self, job: Job, current: Customer) -> None:
        await self._exchange.passage()
        if self._is_stopping():
            return
        # A changed body under an old key would be refused, and what changed elsewhere decides it.
        key = job.fresh_key(self._jitter)
        request = self._connector.update(job.payload, current, idempotency_key=key)
        job.remote_id = current.remote_id
        if request is not None:
            await self._send(job, "update", request, Kind.UPSERT)
            return
        status = Status.UPDATED if job.may_be_applied else Status.UNCHANGED
        await self._applied(job, status, current.remote_id, None, None)

    async def _who(self, job: Job) -> list[Match]:
        if self.directory is None:
            self.directory = Directory(self._exchange, snapshot=False)
        return await self.directory.who(job.payload)

    async def _current(self, remote_id: str) -> Customer | None:
        response = await self._exchange.read(self._connector.get(remote_id))
        found = self._connector.customers(response)
        return found[0] if found else None

    async def _send(self, job: Job, operation: str, request: Request, kind: Kind) -> None:
        with self._board.undisturbed():
            await self._sent(job, operation, request, kind)

    async def _sent(self, job: Job, operation: str, request: Request, kind: Kind) -> None:
        credentials = self._exchange.credentials
        version = credentials.version if credentials else 0
        job.sends += 1
        now_s = self._exchange.clock.epoch_s()
        attempt = Attempt(job.sends, operation, job.idempotency_key, int(now_s))
        if job.key_made_s < 0:
            job.key_made_s = now_s
        await self._board.journal.intent(job.move(RowState.INTENT), job.keys, attempt)
        # The commit has returned: from here on bytes may leave.
        job.last_sent = self._exchange.clock.monotonic()
        heard = await self._exchange.send(request)
        meaning = heard.meaning
        if heard.event is Event.APPLIED and not (meaning and (meaning.remote_id or job.remote_id)):
            heard = dataclasses.replace(heard, event=Event.NO_ID)
        rule = rule_for(heard.event, kind)
        attempt = dataclasses.replace(
            attempt,
            outcome=heard.event.value,
            http_status=heard.status,
            exception=heard.error.exception if heard.error else None,
        )
        job.why = heard.words
        if rule.next is Next.DONE:
            assert meaning is not None  # noqa: S101 - an answer without a meaning is no APPLIED
            self._exchange.quota.succeeded(job.cost)
            job.cost = 0
            status = self._status(job, operation, meaning.status, heard)
            await self._applied(job, status, meaning.remote_id or job.remote_id, attempt, heard)
        elif rule.next is Next.FAIL:
            await self._board.finish(
                job, Status.FAILED, attempt, http_status=heard.status, message=heard.refusal
            )
        elif rule.next is Next.STOP:
            proven = heard.status is None or heard.status < 500  # noqa: PLR2004
            after = RowState.PENDING if proven or kind is not Kind.CREATE else RowState.UNKNOWN
            await self._board.note(job, after, attempt)
            raise self._exchange.stop(request, heard)
        else:
            await self._go_on(job, rule, heard, attempt, kind=kind, version=version)

    def _status(self, job: Job, operation: str, said: Status, heard: Heard) -> Status:
        """Return what an upsert did: one sent twice updates the customer that it created itself."""
        if operation != "create" or said is not Status.UPDATED or job.sends < MORE_THAN_ONCE:
            return said
        since_s = self._board.journal.first_sent_s(job.row_number)
        shown = self._connector.customers(heard.response) if heard.response else ()
        ours = any(was_created_since(customer, since_s) for customer in shown)
        return Status.CREATED if ours else said

    async def _go_on(
        self, job: Job, rule: Rule, heard: Heard, attempt: Attempt, *, kind: Kind, version: int
    ) -> None:
        job.failures += rule.is_attempt
        status = heard.status
        if rule.next in (Next.RETRY, Next.REFRESH):
            after = RowState.UNKNOWN if job.may_be_applied else RowState.PENDING
            await self._board.note(job, after, attempt, http_status=status)
            if rule.next is Next.REFRESH:
                await self._exchange.renew(version, again=job.signed_in_again)
                job.signed_in_again = True
                self._board.go_later(job, 0.0)
                return
            self._exchange.check_end()
            if job.failures >= self._exchange.patience:
                self._board.give_up(job)
            else:
                self._resending.again(job, rule, heard)
            return
        job.conflict = heard.event is Event.CONFLICT
        # A conflict says that this request was not applied; an earlier one may have been.
        job.look_now = rule.next is Next.LOOK_UP and not (job.conflict and job.may_be_applied)
        job.look_now = job.look_now or (job.conflict and kind is Kind.UNIQUE)
        job.may_be_applied = job.may_be_applied or not job.conflict
        after = RowState.SUBMITTED if rule.next is Next.POLL else RowState.UNKNOWN
        await self._board.note(job, after, attempt, http_status=status)
        if rule.next is Next.REPLAY and job.failures < self._exchange.options.attempts:
            self._resending.again(job, rule, heard)
        else:
            await self._unknown.take(job)

    async def _applied(
        self,
        job: Job,
        status: Status,
        remote_id: str,
        attempt: Attempt | None,
        heard: Heard | None,
    ) -> None:
        extra = dict(heard.meaning.extra) if heard and heard.meaning else {}
        http_status = heard.status if heard else None
        if self._connector.effects(job.payload, remote_id):
            await self._board.note(
                job, RowState.APPLIED, attempt, status=status, remote_id=remote_id,
                http_status=http_status, extra=extra,
            )  # fmt: skip
            await self._effects.run(job)
            return
        await self._board.finish(
            job, status, attempt, deliver=True, http_status=http_status,
            remote_id=remote_id, extra=extra,
        )  # fmt: skip

    def key_is_fresh(self, job: Job) -> bool:
        """Whether the idempotency key still gives the first answer again."""
        if not job.idempotency_key:
            return False
        lifetime = self._exchange.promises.key_lifetime_s
        if not lifetime or job.key_made_s < 0:
            return True
        # A clock that was set back makes an age that nobody can rely on.
        age = self._exchange.clock.epoch_s() - job.key_made_s
        return 0 <= age < lifetime - min(KEY_MARGIN_S, lifetime / 2)
