"""What delivery needs to know of a system, and nothing about how to send.

A connector is pure: it makes requests and reads answers. It never opens a connection, waits or
retries; delivery does, by what the connector declares in its `Promises`. A new system is one file
that fulfils `Connector`, named in `connectors/__init__.py`.

    payload  -> create() / update()   -> wire.Request
    answer   -> meaning()             -> Meaning
    key      -> find()                -> wire.Request, read by customers()
    cursor   -> page()                -> wire.Request, read by page_of()
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from bulkload.records import Action, Customer, Payload, Schema, Status
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


@dataclass(frozen=True, slots=True)
class Promises:
    """What delivery may rely on for one way of sending to one system."""

    create: Promise
    actions: frozenset[Action]
    lookup_keys: tuple[str, ...]
    """Payload fields by which `find` can look a customer up, the most exact first."""
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
        """Say what an answer to `create`, `update` or an effect means."""

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
