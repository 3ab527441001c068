"""What the journal holds, as values: rows, attempts, runs, and the names of customers in it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from bulkload.delivery.clock import utc_text
from bulkload.records import Payload, Result, Status

_DIGEST_BYTES = 16


class RowState(StrEnum):
    """Where a row stands between its payload and its result."""

    PENDING = "pending"
    """Nothing is under way; it may be sent."""
    INTENT = "intent"
    """A request is leaving or under way. Found in a journal at start, it means UNKNOWN."""
    UNKNOWN = "unknown"
    """Applied or not: only a look-up can tell."""
    SUBMITTED = "submitted"
    """The system has queued it."""
    APPLIED = "applied"
    """The customer is there; effects (points, stamps) are outstanding."""
    DONE = "done"
    """Decided; `status` says how."""


_MOVES: Mapping[RowState, frozenset[RowState]] = {
    RowState.PENDING: frozenset(RowState) - {RowState.UNKNOWN, RowState.SUBMITTED},
    RowState.INTENT: frozenset(RowState),
    RowState.UNKNOWN: frozenset(RowState),
    RowState.SUBMITTED: frozenset(RowState),
    RowState.APPLIED: frozenset({RowState.APPLIED, RowState.DONE}),
    RowState.DONE: frozenset(),
}


def may_move(before: RowState, after: RowState) -> bool:
    """Whether a row may go from one state to another; what is decided stays decided."""
    return after in _MOVES[before]


@dataclass(frozen=True, slots=True)
class RowEntry:
    """One row of a run."""

    row_number: int
    state: RowState
    status: Status = Status.PENDING
    remote_id: str = ""
    http_status: int | None = None
    attempts: int = 0
    """Requests that have left for it."""
    message: str = ""
    extra: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, columns: tuple[Any, ...]) -> Self:
        """Read a row of the table."""
        row_number, state, status, remote_id, http_status, attempts, message, extra = columns
        return cls(
            row_number, RowState(state), Status(status), remote_id, http_status, attempts, message,
            json.loads(extra) if extra else {},
        )  # fmt: skip

    @property
    def columns(self) -> tuple[Any, ...]:
        """The row of the table, without the run."""
        extra = json.dumps(dict(self.extra)) if self.extra else ""
        return (
            self.row_number, self.state.value, self.status.value, self.remote_id,
            self.http_status, self.attempts, self.message, extra,
        )  # fmt: skip

    @property
    def is_open(self) -> bool:
        """Whether a request may be under way or its outcome unknown."""
        return self.state not in (RowState.DONE, RowState.PENDING)

    @property
    def lets_go(self) -> bool:
        """Whether another row may speak of the same customer from here on."""
        if self.state is RowState.DONE:
            return self.status is not Status.REVIEW
        return self.state is RowState.PENDING

    def result(self, key: str = "") -> Result:
        """Return the row's result; `pending` while it is not decided."""
        return Result(
            self.row_number, key, self.status if self.state is RowState.DONE else Status.PENDING,
            self.remote_id, self.http_status, self.attempts, self.message, self.extra,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a row."""

    n: int
    """Counts from 1, over all processes."""
    operation: str
    """`create`, `update`, or the name of an effect."""
    idempotency_key: str
    sent_s: int
    """Unix time."""
    outcome: str | None = None
    http_status: int | None = None
    exception: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A customer whom a run has delivered or found."""

    remote_id: str
    digest: bytes
    """Of the payload; empty if the customer was found, not sent."""
    at_s: int
    run_id: str
    row_number: int

    @classmethod
    def of(cls, columns: tuple[Any, ...]) -> Self:
        """Read a row of the table, joined with the run's id."""
        _, remote_id, digest, at_s, run_id, row_number = columns
        return cls(remote_id, digest, at_s, run_id, row_number)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a row before anything is done with it."""

    entry: RowEntry | None
    """From an earlier process of the same run."""
    delivered: Delivered | None
    held_by: tuple[int, int] | None
    """Run and row under which the same customer is undecided."""
    held_in_review: bool
    """Whether that row was left for a person."""
    last_attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class Binding:
    """What a run belongs to; with any of it changed it is another run."""

    source_sha256: str
    mapping_sha256: str
    target: str

    @property
    def columns(self) -> tuple[str, str, str]:
        """In the order of the table."""
        return self.target, self.source_sha256, self.mapping_sha256


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as `bulkload runs` shows it."""

    number: int
    run_id: str
    started_utc: str
    finished_utc: str
    """Empty while the run is not complete."""
    binding: Binding
    facts: Mapping[str, Any]
    rows: int | None
    """Rows of the source, once known."""
    counts: Mapping[Status, int]
    """Rows by status, those that were not sent among them; undecided ones are `pending`."""

    @classmethod
    def of(cls, columns: tuple[Any, ...], counts: Mapping[Status, int]) -> Self:
        """Read a row of the table, with the rows that were sent counted by status."""
        number, run_id, started_s, finished_s, _, target, source, mapping, facts, rows, judged = (
            columns
        )
        all_counts = {Status(k): n for k, n in json.loads(judged or "{}").items()} | dict(counts)
        decided = sum(n for status, n in all_counts.items() if status is not Status.PENDING)
        if rows is not None:
            all_counts[Status.PENDING] = rows - decided
        return cls(
            number, run_id, utc_text(started_s), utc_text(finished_s) if finished_s else "",
            Binding(source, mapping, target), json.loads(facts), rows,
            {status: n for status, n in all_counts.items() if n},
        )  # fmt: skip

    @property
    def is_complete(self) -> bool:
        """Whether every row is decided."""
        return bool(self.finished_utc)


def key_digests(
    secret: bytes, target: str, payload: Payload, occurrence: int = 0
) -> tuple[bytes, ...]:
    """Return what a payload's customer is called in the journal: one HMAC per key.

    A payload without keys is called by its content and by how many of the same came before it.
    """
    named = [f"{name}\0{value}" for name, value in payload.keys.items() if value]
    if not named:
        named = [f"\0{occurrence}\0{payload.digest.hex()}"]
    return tuple(
        hashlib.blake2b(
            f"{target}\0{name}".encode(), key=secret, digest_size=_DIGEST_BYTES
        ).digest()
        for name in named
    )


def sealed_digest(secret: bytes, payload: Payload) -> bytes:
    """Return what a payload's content is called in the journal."""
    return hashlib.blake2b(payload.digest, key=secret, digest_size=_DIGEST_BYTES).digest()
