"""`ld_*` keys: Idempotency-Key, limits, request ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from bulkload.sandbox import LoyaltyDogSwitches
from tests.sandbox.conftest import PROGRAM, Desk

CUSTOMERS = PROGRAM + "/customers"
KEY = "Bearer ld_test_sandbox"


@pytest.fixture
def keyed(desk_with: Callable[..., Desk]) -> Callable[..., Desk]:
    """Build a LoyaltyDog desk for a key caller; called with switches."""

    def build(**switches: Any) -> Desk:
        desk = desk_with(loyaltydog=LoyaltyDogSwitches(**switches))
        desk.headers = {"authorization": KEY}
        return desk

    return build


def test_writes_need_an_idempotency_key(keyed: Callable[..., Desk]) -> None:
    """Create, update and points need the header; reads, delete and consents do not."""
    desk = keyed()
    created = desk.ask("POST", CUSTOMERS, {"firstName": "Ada"}, idempotency_key="1")
    path = f"{CUSTOMERS}/{created['id']}"

    for method, place, body in (
        ("POST", CUSTOMERS, {}),
        ("PUT", path, {}),
        ("POST", path + "/points/add", {"points": 1}),
    ):
        answer = desk.send(method, place, body)
        assert answer.status == 400
        assert json.loads(answer.body)["code"] == "bad_request"
    assert desk.send("GET", path).status == 200
    assert desk.send("DELETE", path).status == 202


def test_the_same_key_replays_for_24_hours(keyed: Callable[..., Desk]) -> None:
    """Same key, same body: the first answer; another body: 409; a day later: applied again."""
    desk = keyed()
    send = {"idempotency_key": "k"}
    first = desk.send("POST", CUSTOMERS, {"firstName": "Ada"}, **send)

    again = desk.send("POST", CUSTOMERS, {"firstName": "Ada"}, **send)
    other = desk.send("POST", CUSTOMERS, {"firstName": "Bob"}, **send)

    assert again.body == first.body
    assert (other.status, json.loads(other.body)["code"]) == (409, "conflict")
    assert len(desk.ask("GET", CUSTOMERS)) == 1
    desk.now += 24 * 3600 + 1
    assert desk.send("POST", CUSTOMERS, {"firstName": "Ada"}, **send).body != first.body


def test_a_refusal_is_not_replayed(keyed: Callable[..., Desk]) -> None:
    """A body that was refused may be mended under the same key."""
    desk = keyed()

    assert desk.send("POST", CUSTOMERS, {"points": "x"}, idempotency_key="k").status == 422
    assert desk.send("POST", CUSTOMERS, {"points": 1}, idempotency_key="k").status == 200


@pytest.mark.parametrize(
    ("switch", "customers"),
    [pytest.param("ignored", 2, id="ignored"), pytest.param("honoured", 1, id="honoured")],
)
def test_a_jwt_callers_key_counts_as_switched(
    keyed: Callable[..., Desk], switch: str, customers: int
) -> None:
    """Whether a JWT caller's Idempotency-Key has an effect is a switch."""
    desk = keyed(jwt_idempotency=switch)
    desk.headers = {"authorization": "Bearer sandbox-jwt"}
    for _ in range(2):
        desk.ask("POST", CUSTOMERS, {"firstName": "Ada"}, idempotency_key="k")

    assert len(desk.ask("GET", CUSTOMERS)) == customers


@pytest.mark.parametrize(
    ("switches", "code"),
    [
        pytest.param({"burst_per_minute": 3}, "rate_limited", id="burst"),
        pytest.param({"sustained_per_hour": 3}, "rate_limited", id="sustained"),
        pytest.param({"monthly": 3}, "monthly_quota_exceeded", id="monthly"),
    ],
)
def test_every_limit_stops_and_opens_again(
    keyed: Callable[..., Desk], switches: dict[str, int], code: str
) -> None:
    """The call above a limit gets 429, Remaining 0 and a Retry-After after which calls succeed."""
    desk = keyed(**switches)
    for _ in range(3):
        desk.ask("GET", CUSTOMERS)

    refused = desk.send("GET", CUSTOMERS)

    assert (refused.status, json.loads(refused.body)["code"]) == (429, code)
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Limit"] == str(switches.get("burst_per_minute", 60))
    wait_s = int(refused.headers["Retry-After"])
    desk.now += wait_s - 1.5
    assert desk.send("GET", CUSTOMERS).status == 429
    desk.now += 1.5
    assert desk.send("GET", CUSTOMERS).status == 200


def test_the_documented_limits_are_the_defaults(keyed: Callable[..., Desk]) -> None:
    """60 calls pass in a minute, 1,000 in an hour, and the headers count down."""
    desk = keyed()
    passed = 0
    for minute in range(60):
        answers = [desk.send("GET", CUSTOMERS) for _ in range(61)]
        passed += sum(answer.status == 200 for answer in answers)
        if minute == 0:
            assert passed == 60
            assert answers[0].headers["X-RateLimit-Limit"] == "60"
            assert answers[0].headers["X-RateLimit-Remaining"] == "59"
            assert "Retry-After" not in answers[0].headers
        desk.now += 60

    assert passed == 1_000


def test_the_month_is_a_calendar_month(keyed: Callable[..., Desk]) -> None:
    """The monthly quota opens again at the first of the next month, UTC, also after December."""
    desk = keyed(monthly=1)
    desk.now = datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC).timestamp()
    desk.ask("GET", CUSTOMERS)

    assert desk.send("GET", CUSTOMERS).headers["Retry-After"] == "10"
    desk.now += 10
    assert desk.send("GET", CUSTOMERS).status == 200


def test_jwt_callers_have_no_limit(keyed: Callable[..., Desk]) -> None:
    """A JWT caller is neither counted nor told about limits."""
    desk = keyed(burst_per_minute=1)
    desk.headers = {"authorization": "Bearer sandbox-jwt"}

    answers = [desk.send("GET", CUSTOMERS) for _ in range(5)]

    assert {answer.status for answer in answers} == {200}
    assert not any(name.startswith("X-Rate") for name in answers[0].headers)


def test_the_edge_stops_everybody(keyed: Callable[..., Desk]) -> None:
    """The edge limit, if switched on, answers 429 to JWT callers too, without JSON."""
    desk = keyed(edge_per_10s=2)
    desk.headers = {"authorization": "Bearer sandbox-jwt"}

    answers = [desk.send("GET", CUSTOMERS) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].content_type == "text/plain"


def test_retry_after_and_reset_have_both_forms(keyed: Callable[..., Desk]) -> None:
    """Retry-After may be a date and Reset a time of day, as switched."""
    desk = keyed(burst_per_minute=1, retry_after="date", reset="epoch")
    desk.ask("GET", CUSTOMERS)

    headers = desk.send("GET", CUSTOMERS).headers

    assert parsedate_to_datetime(headers["Retry-After"]).timestamp() == desk.now + 60
    assert headers["X-RateLimit-Reset"] == str(int(desk.now) + 60)


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        pytest.param("run-7.row_12", True, id="allowed"),
        pytest.param("x" * 129, False, id="too-long"),
        pytest.param("a b", False, id="other-characters"),
        pytest.param("", False, id="none"),
    ],
)
def test_request_ids_are_echoed(keyed: Callable[..., Desk], sent: str, echoed: bool) -> None:
    """Every answer to a key has X-Request-Id: the one sent if it is allowed, else a new one."""
    returned = keyed().send("GET", CUSTOMERS, x_request_id=sent).headers["X-Request-Id"]

    assert (returned == sent) is echoed
    assert returned


def test_a_lapsed_subscription_pays_first(keyed: Callable[..., Desk]) -> None:
    """With lapsed billing every call of a key gets 402."""
    answer = keyed(subscription="lapsed").send("GET", CUSTOMERS)

    assert answer.status == 402
    assert json.loads(answer.body)["code"] == "api_subscription_inactive"
