"""One run's part of the journal.

standings(...)   what is known of these rows and their customers
intent(...)      on disk before the first byte leaves
answer(...)      on disk before the next thing is done with that row
results()        the results file, in row order, at any time
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bulkload.delivery import schema
from bulkload.delivery.entries import (
    Attempt,
    Delivered,
    RowEntry,
    RowState,
    RunSummary,
    Standing,
    key_digests,
    sealed_digest,
)
from bulkload.delivery.writer import Statement
from bulkload.records import Action, Payload, Result, Status

if TYPE_CHECKING:
    from bulkload.delivery.journal import Journal

_KEYS_IN_A_QUESTION = 400
FORGETS = "new"
"""Among a run's facts: that it starts over."""


class RunJournal:
    """One run's part of the journal."""

    def __init__(self, journal: Journal, summary: RunSummary, *, resumed: bool) -> None:
        self.journal = journal
        self.summary = summary
        self.run_id = summary.run_id
        self.number = summary.number
        self.resumed = resumed
        """Whether an earlier process had begun this run."""
        self.delivered_before = 0
        """Payloads so far that an earlier run had delivered."""
        self.delivered_before_s = 0
        """Unix time of the newest of those deliveries."""
        self.forgets_deliveries = bool(summary.facts.get(FORGETS))
        """Whether what earlier runs delivered is asked from the system instead of believed."""

    def keys(self, payload: Payload, occurrence: int = 0) -> tuple[bytes, ...]:
        """Return what the payload's customer is called in the journal."""
        secret, target = self.journal.secret, self.summary.binding.target
        return key_digests(secret, target, payload, occurrence)

    def digest(self, payload: Payload) -> bytes:
        """Return what the payload's content is called in the journal."""
        return sealed_digest(self.journal.secret, payload)

    def standings(self, wanted: Sequence[tuple[int, tuple[bytes, ...]]]) -> list[Standing]:
        """Return what is known of rows and their customers, in the same order.

        Args:
            wanted: Row numbers in ascending order, each with its keys.
        """
        if not wanted:
            return []
        between = (self.number, wanted[0][0], wanted[-1][0])
        rows = {c[0]: RowEntry.of(c) for c in self.journal.ask(schema.ROWS_BETWEEN, between)}
        keys = [key for _, row_keys in wanted for key in row_keys]
        delivered = self._by_key(schema.DELIVERED, keys)
        held = self._by_key(schema.HELD, keys)
        found = []
        for row_number, row_keys in wanted:
            known = next((delivered[key] for key in row_keys if key in delivered), None)
            holders = {held[key][1:] for key in row_keys if key in held}
            holder = min((h for h in holders if h[:2] != (self.number, row_number)), default=None)
            entry = rows.get(row_number)
            found.append(
                Standing(
                    entry,
                    Delivered.of(known) if known else None,
                    holder[:2] if holder else None,
                    bool(holder and holder[2]),
                    self.last_attempt(row_number) if entry and entry.is_open else None,
                )
            )
        return found

    def settled(self, payloads: Iterable[Payload]) -> Iterator[Payload]:
        """Yield those payloads for which nothing will be sent any more.

        A journal that knows nobody answers at once, without looking at any payload.
        """
        if not self.journal.ask(schema.KNOWS_ANY, (self.number,))[0][0]:
            return
        remaining = iter(payloads)
        while chunk := list(itertools.islice(remaining, _KEYS_IN_A_QUESTION)):
            wanted = [(payload.row_number, self.keys(payload)) for payload in chunk]
            for payload, standing in zip(chunk, self.standings(wanted), strict=True):
                if self._is_settled(payload, standing):
                    yield payload

    def brings_nothing(self, payload: Payload, before: Delivered) -> bool:
        """Whether a customer who was delivered has no need of this payload."""
        return payload.action is Action.CREATE or before.digest == self.digest(payload)

    def _is_settled(self, payload: Payload, standing: Standing) -> bool:
        if standing.entry is not None:
            return standing.entry.state is RowState.DONE
        if standing.delivered is None or standing.held_by is not None or self.forgets_deliveries:
            return False
        return self.brings_nothing(payload, standing.delivered)

    def last_attempt(self, row_number: int) -> Attempt | None:
        """Return the newest send of a row; None if it was never sent."""
        found = self.journal.ask(schema.LAST_ATTEMPT, (self.number, row_number))
        return Attempt(*found[0]) if found else None

    def first_sent_s(self, row_number: int) -> int:
        """Return the Unix time of a row's first send; 0 if it was never sent."""
        found = self.journal.ask(schema.FIRST_SENT, (self.number, row_number))
        return int(found[0][0] or 0)

    def effects(self, row_number: int) -> dict[int, tuple[str, str, int]]:
        """Return state, idempotency key and time of sending of a row's effects, by step."""
        found = self.journal.ask(schema.EFFECTS_OF, (self.number, row_number))
        return {step: (state, key, sent_s) for step, state, key, sent_s in found}

    def intent(
        self, entry: RowEntry, keys: Iterable[bytes], attempt: Attempt
    ) -> asyncio.Future[None]:
        """Note that a request is about to leave; it may once the future is done."""
        row_number = entry.row_number
        change = [self._put(entry), self._put_attempt(row_number, attempt)]
        change += [(schema.OPEN_KEY, schema.checked(key, self.number, row_number)) for key in keys]
        return self.journal.writer.put(change)

    def answer(
        self,
        entry: RowEntry,
        keys: Iterable[bytes],
        attempt: Attempt | None = None,
        *,
        digest: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Note where a row stands after an answer, a look-up or a decision.

        Args:
            entry: The row as it stands.
            keys: Of its customer.
            attempt: The send that was answered, with its outcome; None if nothing had been sent.
            digest: Of the payload, where later runs are to know the customer as delivered; empty
                where they are to know that it is there.
        """
        row_number = entry.row_number
        change = [self._put(entry)]
        if attempt is not None:
            change.append(self._close_attempt(row_number, attempt))
        if entry.lets_go and entry.attempts:
            change += [(schema.CLOSE_KEY, (key, self.number, row_number)) for key in keys]
        if digest is not None:
            now = int(self.journal.clock.epoch_s())
            told = (entry.remote_id, digest, now, self.number, row_number)
            change += [(schema.PUT_DELIVERED, schema.checked(key, *told)) for key in keys]
        return self.journal.writer.put(change, urgent=False)

    def effect_intent(
        self, entry: RowEntry, step: int, name: str, attempt: Attempt
    ) -> asyncio.Future[None]:
        """Note that the request of an effect is about to leave."""
        row_number = entry.row_number
        return self.journal.writer.put(
            [
                self._put(entry),
                self._put_attempt(row_number, attempt),
                self._put_effect(row_number, step, name, "intent", attempt),
            ]
        )

    def effect_answer(
        self, row_number: int, step: int, name: str, state: str, attempt: Attempt
    ) -> asyncio.Future[None]:
        """Note where an effect stands after an answer: done, open, or not begun (empty)."""
        change = [self._put_effect(row_number, step, name, state, attempt)]
        if attempt.n:
            change.append(self._close_attempt(row_number, attempt))
        return self.journal.writer.put(change)

    async def settle_other(
        self, holder: tuple[int, int], keys: Iterable[bytes], remote_id: str | None
    ) -> None:
        """Decide the row of an interrupted run that held a customer of this one.

        Args:
            holder: Run and row.
            keys: Of the customer.
            remote_id: Who was found; None if nobody is there, so that the row was never applied.
        """
        run, row_number = holder
        keys = tuple(keys)
        found = self.journal.ask(schema.ROWS_BETWEEN, (run, row_number, row_number))
        entry = RowEntry.of(found[0])
        change: list[Statement] = [(schema.CLOSE_KEY, (key, *holder)) for key in keys]
        if entry.state is not RowState.DONE:
            entry = dataclasses.replace(entry, state=RowState.PENDING)
            if remote_id is not None:
                entry = dataclasses.replace(
                    entry,
                    state=RowState.DONE,
                    status=Status.CREATED,
                    remote_id=remote_id,
                    message="found by look-up in a later run",
                )
            change.append((schema.PUT_ROW, schema.checked(run, *entry.columns)))
        if remote_id is not None:
            # In the same commit: a customer who is neither held nor known would be created again.
            told = (remote_id, b"", int(self.journal.clock.epoch_s()), run, row_number)
            change += [(schema.PUT_DELIVERED, schema.checked(key, *told)) for key in keys]
        await self.journal.writer.put(change)

    def judged(self, rows: int, counts: Mapping[Status, int]) -> None:
        """Record how many rows the source has, and how many of them are not sent, by status."""
        said = json.dumps({status.value: number for status, number in counts.items() if number})
        self.journal.write([(schema.JUDGE_RUN, (rows, said, self.number))])

    def results(self) -> Iterator[Result]:
        """Return the results so far, in row order; their keys are not in the journal."""
        return self.journal.results(self.run_id)

    def finish(self, *, rows: int | None = None) -> bool:
        """Mark the run as complete if no row of it is open; return whether it is.

        Args:
            rows: Rows of the source, so that the counts can be checked later.
        """
        undecided = self.journal.ask(schema.UNDECIDED, (self.number,))[0][0]
        if undecided:
            return False
        now = int(self.journal.clock.epoch_s())
        self.journal.write([(schema.FINISH_RUN, (now, rows, self.number))])
        return True

    def sent_ages_s(self, within_s: float, most: int) -> list[float]:
        """Return how long ago requests of any run left, the oldest first; never below 0."""
        now = self.journal.clock.epoch_s()
        found = self.journal.ask(schema.SENT_SINCE, (int(now - within_s), most))
        return sorted((max(0.0, now - sent_s) for (sent_s,) in found), reverse=True)

    def withdraw(self) -> None:
        """Take back a run of which nothing was ever sent: nobody is to go on with it."""
        self.journal.write([(schema.WITHDRAW_RUN, (self.number,))])

    def _by_key(self, question: str, keys: list[bytes]) -> dict[bytes, tuple[Any, ...]]:
        found: dict[bytes, tuple[Any, ...]] = {}
        for start in range(0, len(keys), _KEYS_IN_A_QUESTION):
            part = keys[start : start + _KEYS_IN_A_QUESTION]
            marks = ", ".join("?" * len(part))
            found |= {row[0]: row for row in self.journal.ask(f"{question} ({marks})", part)}
        return found

    def _put(self, entry: RowEntry) -> Statement:
        return schema.PUT_ROW, schema.checked(self.number, *entry.columns)

    def _put_attempt(self, row_number: int, attempt: Attempt) -> Statement:
        return schema.PUT_ATTEMPT, self._line(row_number, attempt)

    def _close_attempt(self, row_number: int, attempt: Attempt) -> Statement:
        *_, outcome, http_status, exception, crc = self._line(row_number, attempt)
        place = (self.number, row_number, attempt.n)
        return schema.CLOSE_ATTEMPT, (outcome, http_status, exception, crc, *place)

    def _line(self, row_number: int, attempt: Attempt) -> tuple[Any, ...]:
        return schema.checked(
            self.number, row_number, attempt.n, attempt.operation, attempt.idempotency_key,
            attempt.sent_s, attempt.outcome, attempt.http_status, attempt.exception,
        )  # fmt: skip

    def _put_effect(
        self, row_number: int, step: int, name: str, state: str, attempt: Attempt
    ) -> Statement:
        key, sent_s = attempt.idempotency_key, attempt.sent_s
        line = schema.checked(self.number, row_number, step, name, state, key, sent_s)
        return schema.PUT_EFFECT, line
