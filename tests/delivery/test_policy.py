"""The table of what follows from what, and the laws that no cell of it may break."""

import pytest

from bulkload.connectors.base import Meaning, Outcome, Promise
from bulkload.delivery.policy import (
    FAILURES,
    POLICY,
    Event,
    Kind,
    Next,
    Wait,
    event_of,
    event_of_error,
    kind_of,
    rule_for,
)
from bulkload.wire import (
    NotSentError,
    OutcomeUnknownError,
    Response,
    UnsendableError,
    UnusableTargetError,
)

PROVEN = {
    Event.NOT_SENT,
    Event.THROTTLED,
    Event.TOO_EARLY,
    Event.UNAUTHORIZED,
}
"""What proves that the request was without effect."""
PERHAPS = {
    Event.LOST,
    Event.TIMED_OUT,
    Event.NO_ID,
    Event.UNAVAILABLE,
    Event.SERVER_ERROR,
}
"""What leaves open whether it was applied."""
CELLS = [pytest.param(e, k, id=f"{e.value}-{k.value}") for e in Event for k in Kind]


@pytest.mark.parametrize(("event", "kind"), CELLS)
def test_every_cell_keeps_the_law(event, kind):
    """Nothing is sent afresh without proof, and nothing perhaps applied is created once more."""
    rule = rule_for(event, kind)

    if rule.next in (Next.RETRY, Next.REFRESH):
        assert event in PROVEN
    if kind is Kind.CREATE:
        assert rule.next is not Next.REPLAY
    if event in PERHAPS:
        allowed = {Kind.CREATE: {Next.UNKNOWN}}.get(kind, {Next.REPLAY, Next.LOOK_UP})
        assert rule.next in allowed
    if kind is Kind.READ:
        assert rule.next not in (Next.UNKNOWN, Next.LOOK_UP, Next.FAIL, Next.POLL)
    if rule.next in (Next.RETRY, Next.REPLAY):
        assert rule.wait is not Wait.NONE
        assert rule.cost > 0


def test_a_refusal_for_pace_costs_no_attempt():
    """However often a system says 429, no row fails of it."""
    assert not any(rule.is_attempt for rule in POLICY[Event.THROTTLED].values())


def test_only_the_system_is_blamed_for_failures():
    """Rows that are wrong, conflicts and refusals for pace do not open the breaker."""
    assert {
        Event.NOT_SENT, Event.LOST, Event.TIMED_OUT, Event.UNAVAILABLE, Event.SERVER_ERROR
    } == FAILURES  # fmt: skip


@pytest.mark.parametrize("promise", Promise)
def test_every_promise_has_its_column(promise):
    """What a connector declares decides which column of the table holds."""
    assert kind_of(promise).value == promise.value


@pytest.mark.parametrize(
    ("error", "event"),
    [
        pytest.param(NotSentError(), Event.NOT_SENT, id="not-sent"),
        pytest.param(NotSentError(timed_out=True), Event.NOT_SENT, id="not-connected-in-time"),
        pytest.param(OutcomeUnknownError(), Event.LOST, id="lost"),
        pytest.param(OutcomeUnknownError(timed_out=True), Event.TIMED_OUT, id="late"),
        pytest.param(UnsendableError(), Event.UNSENDABLE, id="unsendable"),
        pytest.param(UnusableTargetError(), Event.STOP, id="unusable"),
    ],
)
def test_an_error_of_the_wire_is_an_event(error, event):
    """What the wire knows about the server's side decides."""
    assert event_of_error(error) is event


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize(
    "status", [101, 204, 300, 301, 307, 399, 408, 429, 500, 501, 503, 505, 599]
)
def test_no_connector_talks_a_failure_into_a_proof(status, outcome):
    """A redirect stops the run and a server error proves nothing, whatever a connector says."""
    event = event_of(Response(status, {}, b""), Meaning(outcome))

    if status // 100 in (1, 3) or status in (501, 505):
        assert event is Event.STOP
    elif status >= 500:
        assert event in (Event.SERVER_ERROR, Event.STOP)
    elif status == 429:
        assert event in (Event.THROTTLED, Event.STOP)
    elif status < 300 and outcome in (Outcome.NOT_APPLIED, Outcome.UNKNOWN):
        assert event is Event.NO_ID


@pytest.mark.parametrize(
    ("headers", "declared", "event"),
    [
        pytest.param({}, False, Event.SERVER_ERROR, id="plain"),
        pytest.param({"retry-after": "3"}, False, Event.UNAVAILABLE, id="with-retry-after"),
        pytest.param({"retry-after": "3"}, True, Event.THROTTLED, id="declared-before-processing"),
    ],
)
def test_a_503_is_believed_only_where_the_connector_declares_it(headers, declared, event):
    """Without that declaration the request may have been applied."""
    response = Response(503, headers, b"")

    found = event_of(response, Meaning(Outcome.UNKNOWN), not_applied_on_503=declared)

    assert found is event
