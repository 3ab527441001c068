"""What happens after a request, as a table: event x promise -> rule.

The rule that decides everything: what is not proven to be without effect is never repeated where
twice sent is twice created. Only a look-up after the quiet time may allow it.

Source: RFC 9110 section 9.2.2 (when a client may retry); Google Cloud Storage's retry strategy
(response retryable and request idempotent); costs of retries as in the AWS SDKs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bulkload.connectors.base import Meaning, Outcome, Promise
from bulkload.wire import NotSentError, Response, UnsendableError, UnusableTargetError, WireError


class Event(StrEnum):
    """What can come back from a request."""

    NOT_SENT = "not sent"
    UNSENDABLE = "unsendable"
    LOST = "answer lost"
    TIMED_OUT = "answer too late"
    APPLIED = "applied"
    NO_ID = "success without a usable id"
    ACCEPTED = "queued by the system"
    REFUSED = "refused"
    CONFLICT = "customer is there"
    UNAUTHORIZED = "credentials refused"
    STOP = "the run cannot go on"
    THROTTLED = "asked to slow down"
    TOO_EARLY = "not applied"
    UNAVAILABLE = "unavailable, with Retry-After"
    SERVER_ERROR = "server error"


class Kind(StrEnum):
    """What repeating a request would do."""

    CREATE = "create"
    """Create again."""
    KEYED = "keyed"
    """Give the first answer again, while the key lives."""
    UPSERT = "upsert"
    """The same once more."""
    UNIQUE = "unique"
    """Be refused, if the first one was applied."""
    READ = "read"
    """Nothing."""


class Next(StrEnum):
    """What is done with the row."""

    DONE = "done"
    FAIL = "fail"
    RETRY = "retry"
    """Not applied: send it afresh."""
    REPLAY = "replay"
    """Perhaps applied: send the same once more, which is harmless here."""
    UNKNOWN = "unknown"
    """Perhaps applied: wait until it can no longer be, then look it up."""
    LOOK_UP = "look up"
    """The customer is there: find out who."""
    POLL = "poll"
    REFRESH = "refresh"
    """Sign in again, then send it afresh."""
    STOP = "stop"


class Wait(StrEnum):
    """How long before that."""

    NONE = "none"
    JITTER = "jitter"
    SERVER = "server"
    """The server's `Retry-After`; with jitter from one second where it names none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of the table."""

    next: Next
    wait: Wait = Wait.NONE
    is_attempt: bool = False
    """Whether it uses up one of the row's attempts."""
    cost: int = 0
    """Tokens of the retry quota."""


def _for(create: Rule, others: Rule, read: Rule) -> Mapping[Kind, Rule]:
    return {
        Kind.CREATE: create,
        Kind.KEYED: others,
        Kind.UPSERT: others,
        Kind.UNIQUE: others,
        Kind.READ: read,
    }


def _all(rule: Rule, read: Rule | None = None) -> Mapping[Kind, Rule]:
    return _for(rule, rule, read or rule)


def _repeated(cost: int, wait: Wait = Wait.JITTER) -> Mapping[Kind, Rule]:
    again = Rule(Next.REPLAY, wait, is_attempt=True, cost=cost)
    return _for(Rule(Next.UNKNOWN, is_attempt=True, cost=cost), again, again)


_STOP = Rule(Next.STOP)

POLICY: Mapping[Event, Mapping[Kind, Rule]] = {
    Event.NOT_SENT: _all(Rule(Next.RETRY, Wait.JITTER, is_attempt=True, cost=5)),
    Event.UNSENDABLE: _all(Rule(Next.FAIL), read=_STOP),
    Event.LOST: _repeated(5),
    Event.TIMED_OUT: _repeated(10),
    Event.APPLIED: _all(Rule(Next.DONE)),
    Event.NO_ID: _for(
        Rule(Next.UNKNOWN),
        Rule(Next.LOOK_UP),
        Rule(Next.REPLAY, Wait.JITTER, is_attempt=True, cost=5),
    ),
    Event.ACCEPTED: _all(
        Rule(Next.POLL), read=Rule(Next.REPLAY, Wait.JITTER, is_attempt=True, cost=5)
    ),
    Event.REFUSED: _all(Rule(Next.FAIL), read=_STOP),
    Event.CONFLICT: _all(Rule(Next.LOOK_UP), read=_STOP),
    Event.UNAUTHORIZED: _all(Rule(Next.REFRESH)),
    Event.STOP: _all(_STOP),
    Event.THROTTLED: _all(Rule(Next.RETRY, Wait.SERVER, cost=5)),
    Event.TOO_EARLY: _all(Rule(Next.RETRY, Wait.JITTER, is_attempt=True, cost=5)),
    Event.UNAVAILABLE: _repeated(5, Wait.SERVER),
    Event.SERVER_ERROR: _repeated(14),
}

FAILURES = frozenset(
    {Event.NOT_SENT, Event.LOST, Event.TIMED_OUT, Event.UNAVAILABLE, Event.SERVER_ERROR}
)
"""Events that speak against the system's health, for the breaker."""

OVERLOADS = frozenset({Event.TIMED_OUT, Event.UNAVAILABLE, Event.SERVER_ERROR})
"""Events after which fewer requests are to be under way at once."""

_TOO_MANY = 429
_UNAVAILABLE = 503
_HOPELESS = frozenset({501, 505, 511})


def kind_of(promise: Promise) -> Kind:
    """Return what repeating a create means under a promise."""
    return Kind(promise.value)


def event_of_error(error: WireError) -> Event:
    """Return the event of a request that brought no answer."""
    if isinstance(error, UnusableTargetError):
        return Event.STOP
    if isinstance(error, UnsendableError):
        return Event.UNSENDABLE
    if isinstance(error, NotSentError):
        return Event.NOT_SENT
    return Event.TIMED_OUT if error.timed_out else Event.LOST


def event_of(response: Response, meaning: Meaning, *, not_applied_on_503: bool = False) -> Event:
    """Return the event of an answer: the connector's word, as far as the status makes it credible.

    A connector knows its system's bodies, but it cannot make a redirect, a server error or a
    success without an id into proof that nothing was applied.
    """
    status = response.status
    if status in _HOPELESS or status // 100 in (1, 3):
        return Event.STOP
    if meaning.outcome is Outcome.STOP:
        return Event.STOP
    if status >= 500:  # noqa: PLR2004
        if status == _UNAVAILABLE and not_applied_on_503:
            return Event.THROTTLED
        asks = status == _UNAVAILABLE and "retry-after" in response.headers
        return Event.UNAVAILABLE if asks else Event.SERVER_ERROR
    if status == _TOO_MANY:
        return Event.THROTTLED
    table = _SUCCESS if status < 300 else _REFUSAL  # noqa: PLR2004
    return table[meaning.outcome]


_SUCCESS: Mapping[Outcome, Event] = {
    Outcome.APPLIED: Event.APPLIED,
    Outcome.REFUSED: Event.REFUSED,
    Outcome.CONFLICT: Event.CONFLICT,
    Outcome.NOT_APPLIED: Event.NO_ID,
    Outcome.UNKNOWN: Event.NO_ID,
    Outcome.ACCEPTED: Event.ACCEPTED,
    Outcome.UNAUTHORIZED: Event.UNAUTHORIZED,
}
_REFUSAL: Mapping[Outcome, Event] = {
    Outcome.APPLIED: Event.APPLIED,
    Outcome.REFUSED: Event.REFUSED,
    Outcome.CONFLICT: Event.CONFLICT,
    Outcome.NOT_APPLIED: Event.TOO_EARLY,
    Outcome.UNKNOWN: Event.LOST,
    Outcome.ACCEPTED: Event.LOST,
    Outcome.UNAUTHORIZED: Event.UNAUTHORIZED,
}


def rule_for(event: Event, kind: Kind) -> Rule:
    """Return the cell of the table."""
    return POLICY[event][kind]
