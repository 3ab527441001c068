"""What delivery needs to know of a system, and nothing about how to send.

A connector is pure: it makes requests and reads answers. It never opens a connection, waits or
retries; delivery does, by what the connector declares in its `Promises`. A new system is one file
that fulfils `Connector`, named in `connectors/__init__.py`.

    payload  -> create() / update()   -> wire.Request
    answer   -> meaning()             -> Meaning
    key      -> find()                -> wire.Request, read by customers()
    cursor   -> page()                -> wire.Request, read by page_of()

What only some systems can do is a protocol of its own, asked for with `isinstance`: `FindsOwn`,
`Deletes`, `DeclaresFields`, `AnnouncesLimits`, `HasBulkLane`, `CountsSideEffects`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from bulkload.errors import BulkloadError
from bulkload.records import Action, Customer, Field, Payload, Schema, Severity, Status
from bulkload.wire import Request, Response


class Promise(StrEnum):
    """What the system promises about a create that is sent twice."""

    CREATE = "create"
    """Nothing: twice sent is twice created."""
    KEYED = "keyed"
    """The same Idempotency-Key gives the first answer again, for `Promises.key_lifetime_s`."""
    UPSERT = "upsert"
    """Same key, same customer."""
    UNIQUE = "unique"
    """The second create is refused because the first one holds the key."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any window of `per_s` seconds."""

    calls: int
    per_s: float
    name: str = ""
    hard: bool = False
    """A quota that refuses until the window ends (a month), rather than a pace."""
    calendar_month: bool = False
    """The window is the month in UTC, whatever `per_s` says."""
    bulk: bool = False
    """Counts the calls of the bulk lane only; limits that are not `bulk` count all others."""


@dataclass(frozen=True, slots=True)
class Promises:
    """What delivery may rely on for one way of sending to one system."""

    create: Promise
    actions: frozenset[Action]
    lookup_keys: tuple[str, ...]
    """Payload fields by which `find` can look a customer up, the most exact first.

    A name that ends in a dot stands for every field below it: `external_references.`.
    """
    key_lifetime_s: float = 0.0
    can_list: bool = True
    page_size: int = 250
    not_applied_on_503: bool = False
    side_effects: tuple[str, ...] = ()
    """What a create may trigger for the customer, in words for the confirmation."""
    limits: tuple[Limit, ...] = ()


class Outcome(StrEnum):
    """What an answer says about the request that it answers."""

    APPLIED = "applied"
    REFUSED = "refused"
    """The row is at fault; sending it again gives the same answer."""
    CONFLICT = "conflict"
    """A customer with this key is there already; look it up."""
    NOT_APPLIED = "not_applied"
    """Certainly without effect; may be sent again (429)."""
    UNKNOWN = "unknown"
    """Applied or not: only a look-up can tell."""
    ACCEPTED = "accepted"
    """Queued by the system; `Meaning.job` is to be polled."""
    UNAUTHORIZED = "unauthorized"
    STOP = "stop"
    """The run cannot go on (forbidden, program unknown, quota used up, redirect)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The system's complaint about one field."""

    field: str
    message: str
    severity: Severity = Severity.REJECT
    """For `DeclaresFields.check`: REJECT must be mended before anything is sent."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """An answer, understood."""

    outcome: Outcome
    status: Status = Status.CREATED
    """For APPLIED: created, updated or unchanged."""
    remote_id: str = ""
    message: str = ""
    """The system's words, without contact data."""
    problems: tuple[Problem, ...] = ()
    retry_after_s: float | None = None
    job: str = ""
    extra: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further columns of the results file."""
    quota: str = ""
    """For STOP: name of the hard quota that is used up; the run can be resumed when it renews."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the system's customers."""

    customers: Sequence[Customer]
    next_cursor: str | None
    """None after the last page."""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A further request that a payload asks for once the customer exists (points, stamps, consents).

    Never repeated without proof: delivery journals it as an operation of its own.
    """

    name: str
    request: Request
    promise: Promise = Promise.CREATE
    """UPSERT where `then` reads before it writes: repeated, it finds nothing left to do."""
    key_header: str = ""
    """Header that carries the operation's idempotency key; empty if the system takes none."""
    then: Callable[[Response], Request | None] | None = None
    """Where given, `request` is a read, and this makes the write from its answer; None: nothing to do.

    After an answer that proves nothing, and the pause for late ones, it may begin again at the read.
    It raises EffectRefusedError where the answer shows that the write cannot be made.
    """


class EffectRefusedError(BulkloadError):
    """One customer's effect cannot be carried out; the row fails, the run goes on."""


@runtime_checkable
class Connector(Protocol):
    """One system, for one program or store and one kind of credentials. Stateless."""

    name: str
    schema: Schema

    def promises(self) -> Promises:
        """Say what delivery may rely on."""

    def authorization(self, token: str) -> Mapping[str, str]:
        """Return the headers that carry the credentials."""

    def sign_in(self) -> Request | None:
        """Return the request that obtains a token from the profile's credentials; None without one."""

    def token_of(self, response: Response) -> str | None:
        """Return the token in a sign-in's answer; None if it has none."""

    def whoami(self) -> Request:
        """Return a cheap read that succeeds exactly when the credentials do."""

    def create(self, payload: Payload, *, idempotency_key: str) -> Request:
        """Return the request that creates (or, for upserts, creates or updates) the customer."""

    def update(
        self, payload: Payload, current: Customer, *, idempotency_key: str
    ) -> Request | None:
        """Return the request that changes only what differs from `current`; None if nothing does."""

    def effects(self, payload: Payload, remote_id: str) -> Sequence[Effect]:
        """Return what else the payload asks for, in order."""

    def meaning(self, request: Request, response: Response) -> Meaning:
        """Say what an answer means.

        For a read, APPLIED says that the answer can be read by `customers` or `page_of`, also where
        it says that nobody is there; REFUSED never comes.
        """

    def find(self, key: str, value: str) -> Request:
        """Return the look-up of customers by one of `promises().lookup_keys`."""

    def get(self, remote_id: str) -> Request:
        """Return the read of one customer, whole."""

    def customers(self, response: Response) -> Sequence[Customer]:
        """Return the customers in an answer to `find` or `get`."""

    def keys_of(self, customer: Customer) -> Mapping[str, str]:
        """Return the normalised natural keys, named and written as in `Payload.keys`."""

    def page(self, cursor: str | None) -> Request:
        """Return the request for one page of all customers; the first one for None."""

    def page_of(self, cursor: str | None, response: Response) -> Page:
        """Return the customers of a page and where the next one begins."""

    def programs(self) -> Request | None:
        """Return the list of programs or stores that the credentials can see; None if there is none."""

    def programs_of(self, response: Response) -> Mapping[str, str]:
        """Return name by id from an answer to `programs`."""


@runtime_checkable
class FindsOwn(Protocol):
    """A system in which every customer that bulkload created carries bulkload's own reference."""

    def find_own(self, payload: Payload) -> Request | None:
        """Return the exact look-up of this payload's customer by that reference; None without one."""


@runtime_checkable
class Deletes(Protocol):
    """A system whose customers can be deleted one by one."""

    def delete(self, remote_id: str) -> Request:
        """Return the request that deletes the customer; its answer is read by `meaning`."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One custom field as the program declares it."""

    name: str
    type: str
    """The vendor's word: text, number, date, selection, boolean."""
    required: bool = False
    choices: tuple[str, ...] = ()
    array: bool = False


@dataclass(frozen=True, slots=True)
class Definitions:
    """The custom fields of a program."""

    prefix: str
    """Where they lie in the payload: `customFields.`, `metadata.`."""
    by_name: Mapping[str, Definition]
    closed: bool = False
    """The system refuses names that are not defined."""


@runtime_checkable
class DeclaresFields(Protocol):
    """A system whose custom-field definitions can be read before anything is sent."""

    def definitions(self) -> Request:
        """Return the read of the definitions."""

    def definitions_of(self, response: Response) -> Definitions:
        """Return the definitions in an answer; none for an answer that holds none."""

    def check(self, definitions: Definitions, fields: Sequence[Field]) -> tuple[Problem, ...]:
        """Return what the program would refuse or lose of these mapped fields."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an answer's headers say about the limit that it was counted against."""

    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None
    """Seconds from the answer until the window renews."""
    name: str = ""


@runtime_checkable
class AnnouncesLimits(Protocol):
    """A system that says in its answers how much it allows."""

    def observe(self, response: Response, *, now_epoch_s: float) -> Allowance | None:
        """Return what the headers say; None where they say nothing readable."""

    def limits(self) -> Request | None:
        """Return the read of the limits; None where only headers tell."""

    def limits_of(self, response: Response) -> tuple[Limit, ...]:
        """Return the limits in an answer to `limits`."""

    def told(self, response: Response) -> Connector:
        """Return this connector with the limits in an answer to `limits`."""


@runtime_checkable
class FitsMapping(Protocol):
    """A system whose promises depend on which fields are sent, and on what the user agreed to."""

    def fitted(self, fields: Sequence[Field], *, agreed: frozenset[str]) -> Connector:
        """Return this connector for a mapping's fields.

        Args:
            fields: As bound to the source.
            agreed: Names of side effects that would otherwise stay off (`SideEffect.name`).
        """


UNTOLD = "created or updated; the system does not tell which"
"""`Meaning.message` of a row of a batch that was applied, where its `status` is only one of two."""


@dataclass(frozen=True, slots=True)
class BulkBatch:
    """Payloads that go out in one request, no key twice."""

    payloads: tuple[Payload, ...]
    request: Request

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys by which the system answers, in order."""
        return tuple(payload.key for payload in self.payloads)


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """What a poll says about a batch."""

    finished: bool
    failed: bool = False
    """The system gave the whole batch up; which rows it applied is not known."""
    message: str = ""
    outcomes: Mapping[int, Meaning] = dataclasses.field(default_factory=dict)
    """By row number, complete once finished; UNKNOWN where the counts do not add up."""
    progress: float = 0.0
    """0 to 1."""


class BulkLane(Protocol):
    """Many payloads in one call, answered later, processed in the order of submission.

    Only for promises that make a repetition harmless: a batch whose answer is lost is sent again.
    """

    @property
    def max_bytes(self) -> int:
        """Return the size of a request that is never exceeded."""

    @property
    def max_rows(self) -> int:
        """Return how many rows a request has at most."""

    @property
    def danger(self) -> str:
        """Return what the user must agree to before this lane is taken; empty if nothing."""

    def takes(self, payload: Payload) -> bool:
        """Whether this payload can go by the lane; the others are sent one by one."""

    def batches(self, payloads: Iterable[Payload]) -> Iterator[BulkBatch]:
        """Cut payloads that the lane takes into requests below `max_bytes`, in order."""

    def halves(self, batch: BulkBatch) -> tuple[BulkBatch, ...]:
        """Return the batch as two, for a system that finds it too large; itself if it has one row."""

    def poll(self, job: str) -> Request:
        """Return the read that asks how far a batch is (`Meaning.job` of its submission)."""

    def progress(self, batch: BulkBatch, response: Response) -> BulkProgress:
        """Return what an answer to `poll` says."""


@runtime_checkable
class HasBulkLane(Protocol):
    """A system with a bulk lane besides single requests."""

    def bulk_lane(self, kind: str = "") -> BulkLane:
        """Return the lane; `kind` names one that is taken only on request."""


@dataclass(frozen=True, slots=True)
class PayloadCounts:
    """How many payloads there are, and how many of them speak of each field."""

    payloads: int
    by_field: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Counts by dotted field; a switch (`send_card_links`) counts where it is true."""


@dataclass(frozen=True, slots=True)
class SideEffect:
    """Something that customers or cashiers would notice besides the new record."""

    name: str
    count: int
    text: str
    """One sentence with the count, for the summary before sending."""
    wanted: bool = True
    """False: would be sent, but a switch is off; True: will be sent once confirmed."""


@runtime_checkable
class CountsSideEffects(Protocol):
    """A system whose creates and updates may reach the customer."""

    def side_effects(self, counts: PayloadCounts) -> tuple[SideEffect, ...]:
        """Return what will fire for these payloads, with counts."""


_BY_STATUS: Mapping[int, Outcome] = {
    202: Outcome.ACCEPTED,
    401: Outcome.UNAUTHORIZED,
    402: Outcome.STOP,
    403: Outcome.STOP,
    408: Outcome.UNKNOWN,
    409: Outcome.CONFLICT,
    425: Outcome.NOT_APPLIED,
    429: Outcome.NOT_APPLIED,
    499: Outcome.UNKNOWN,
    501: Outcome.STOP,
    505: Outcome.STOP,
    511: Outcome.STOP,
}
_BY_CLASS: Mapping[int, Outcome] = {3: Outcome.STOP, 4: Outcome.REFUSED}


def meaning_of_status(status: int) -> Outcome:
    """Return what a status alone says about a request that writes; a connector reads the body too.

    A 2xx is applied only by what its body shows, so it is UNKNOWN here (202: ACCEPTED). A failure
    of the server proves nothing: creates were seen applied behind every 5xx.

    Source: RFC 9110 section 15; RFC 6585 (429, 511); RFC 8470 (425).
    """
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, Outcome.UNKNOWN)
