"""What a payload asks for once its customer is there: points, stamps, consents.

Never repeated without proof; each has an intent and an answer of its own.
"""

from __future__ import annotations

import dataclasses
import random
import uuid
from dataclasses import dataclass

from bulkload.connectors.base import Effect, EffectRefusedError, Promise
from bulkload.delivery.entries import Attempt, RowState
from bulkload.delivery.exchange import Exchange
from bulkload.delivery.heard import Heard
from bulkload.delivery.jobs import Board, Job
from bulkload.delivery.policy import Event, Next, kind_of, rule_for
from bulkload.records import Status
from bulkload.wire import Request

_OPEN = "intent"
_DONE = "done"


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    pause_s: float = 0.0
    signed_in: bool = False


class Effects:
    """Carries out the effects of a job whose customer is there."""

    def __init__(self, exchange: Exchange, board: Board, jitter: random.Random) -> None:
        self._exchange = exchange
        self._board = board
        self._jitter = jitter

    async def run(self, job: Job) -> None:
        """Carry out what is outstanding, in order, and finish the job."""
        effects = self._exchange.connector.effects(job.payload, job.entry.remote_id)
        before = self._board.journal.effects(job.row_number)
        for step, effect in enumerate(effects):
            state, key, sent_s = before.get(step, ("", "", 0))
            if state == _DONE:
                continue
            if state == _OPEN and not self._repeatable(effect, sent_s):
                await self._undecided(job, effect)
                return
            if not await self._carried_out(job, step, effect, key):
                return
        status = job.entry.status
        if status is Status.UNCHANGED:
            status = Status.UPDATED
        await self._board.finish(job, status, deliver=True)

    def _repeatable(self, effect: Effect, sent_s: int) -> bool:
        if effect.promise is Promise.CREATE:
            return False
        if effect.promise is Promise.KEYED:
            age = self._exchange.clock.epoch_s() - sent_s
            return 0 <= age < self._exchange.promises.key_lifetime_s / 2
        return True

    async def _carried_out(self, job: Job, step: int, effect: Effect, key: str) -> bool:
        """Send one effect until it is decided; return whether the job goes on."""
        key = key or str(uuid.UUID(int=self._jitter.getrandbits(128), version=4))
        tries = _Tries()
        while True:
            try:
                request = await self._request(effect, key)
            except EffectRefusedError as error:
                await self._refused(job, effect, error.what)
                return False
            if request is None:
                await self._answered(job, step, effect, Attempt(0, effect.name, key, 0), _DONE)
                return True
            await self._exchange.passage()
            with self._board.undisturbed():
                decided = await self._once(job, step, effect, request, key=key, tries=tries)
            if decided is not None:
                return decided
            await self._exchange.clock.sleep(tries.pause_s)

    async def _once(
        self, job: Job, step: int, effect: Effect, request: Request, *, key: str, tries: _Tries
    ) -> bool | None:
        """Send an effect once; return whether the job goes on, None to try again."""
        credentials = self._exchange.credentials
        version = credentials.version if credentials else 0
        heard, attempt = await self._sent(job, step, effect, request, key)
        event = Event.APPLIED if heard.event is Event.NO_ID else heard.event
        rule = rule_for(event, kind_of(effect.promise))
        if rule.next in (Next.DONE, Next.POLL):
            await self._answered(job, step, effect, attempt, _DONE)
            return True
        perhaps_applied = rule.next in (Next.REPLAY, Next.UNKNOWN)
        state = _OPEN if perhaps_applied else ""
        await self._answered(job, step, effect, attempt, state)
        if rule.next is Next.STOP:
            raise self._exchange.stop(request, heard)
        if rule.next in (Next.RETRY, Next.REPLAY, Next.REFRESH):
            tries.failures += rule.is_attempt
            tries.pause_s = self._exchange.pause_s(rule.wait, tries.failures, heard)
            if rule.next is Next.REFRESH:
                await self._exchange.renew(version, again=tries.signed_in)
                tries.signed_in = True
            if tries.failures < self._exchange.options.attempts:
                return None
            if not perhaps_applied:
                self._board.give_up(job)
                return False
        if perhaps_applied:
            await self._undecided(job, effect)
        else:
            await self._refused(job, effect, heard.words, heard.status)
        return False

    async def _refused(
        self, job: Job, effect: Effect, words: str, http_status: int | None = None
    ) -> None:
        await self._board.finish(
            job,
            Status.FAILED,
            found=True,
            http_status=http_status,
            message=f"the customer is {job.entry.status.value}, but `{effect.name}` was refused:"
            f" {words}",
        )

    async def _request(self, effect: Effect, key: str) -> Request | None:
        request: Request | None = effect.request
        if effect.then is not None:
            request = effect.then(await self._exchange.read(effect.request))
        if request is not None and effect.key_header:
            headers = {**request.headers, effect.key_header: key}
            request = dataclasses.replace(request, headers=headers)
        return request

    async def _sent(
        self, job: Job, step: int, effect: Effect, request: Request, key: str
    ) -> tuple[Heard, Attempt]:
        job.sends += 1
        now_s = int(self._exchange.clock.epoch_s())
        attempt = Attempt(job.sends, effect.name, key, now_s)
        journal = self._board.journal
        await journal.effect_intent(job.move(RowState.APPLIED), step, effect.name, attempt)
        heard = await self._exchange.send(request)
        answered = dataclasses.replace(
            attempt,
            outcome=heard.event.value,
            http_status=heard.status,
            exception=heard.error.exception if heard.error else None,
        )
        return heard, answered

    async def _answered(
        self, job: Job, step: int, effect: Effect, attempt: Attempt, state: str
    ) -> None:
        journal = self._board.journal
        await journal.effect_answer(job.row_number, step, effect.name, state, attempt)

    async def _undecided(self, job: Job, effect: Effect) -> None:
        await self._board.finish(
            job,
            Status.REVIEW,
            message=f"the customer is {job.entry.status.value}; whether `{effect.name}` was applied"
            " cannot be proven",
        )
