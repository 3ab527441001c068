"""Laws of the sandbox: pages, quotas, faults, and LoyaltyDog against a model of a few lines."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bulkload.sandbox import SandboxOptions
from bulkload.sandbox.calls import World
from bulkload.sandbox.door import SYSTEMS
from bulkload.sandbox.faults import Fault, FaultPlan
from bulkload.sandbox.quotas import Quota, spend
from bulkload.sandbox.store import Store
from tests.sandbox.conftest import PROGRAM, START, Desk

CUSTOMERS = PROGRAM + "/customers"
FIXTURES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def open_desk() -> Desk:
    store = Store(None)
    for system in SYSTEMS:
        system.prepare(store, START)
    return Desk(World(store, SandboxOptions(), random.Random(1)))


PAGES: dict[str, tuple[dict[str, str], str, Callable[[int], Any], str, str]] = {
    "loyaltydog": (
        {"authorization": "Bearer sandbox-jwt"}, CUSTOMERS, lambda n: {"points": n},
        "?limit={size}&page={page}&includeTotal=true", "total",
    ),
    "voucherify": (
        {"x-app-id": "sandbox-app-id", "x-app-token": "sandbox-app-token"}, "/v1/customers",
        lambda n: {"source_id": str(n)}, "?limit={size}&page={page}&order=created_at", "total",
    ),
    "leal": (
        {"authorization": "Bearer sandbox-leal-token"}, "/api/v1/accounts/12/customers",
        lambda n: {"customer": {"first_name": "A", "email": f"{n}@example.com"}},
        "?items={size}&page={page}", "pagination",
    ),
}  # fmt: skip


@pytest.mark.parametrize("system", PAGES)
@FIXTURES
@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_hold_every_customer_once(system: str, customers: int, size: int) -> None:
    """Whatever the page size, all pages together are all customers, each once, in order."""
    headers, path, body_of, query, total = PAGES[system]
    desk = open_desk()
    desk.headers = headers
    created = [desk.ask("POST", path, body_of(number))["id"] for number in range(customers)]

    found: list[str] = []
    for page in range(1, 20):
        answer = desk.ask("GET", path + query.format(size=size, page=page))
        counted = answer[total]["count"] if total == "pagination" else answer[total]
        assert counted == customers
        if not answer["customers"]:
            break
        found += [customer["id"] for customer in answer["customers"]]

    assert found == created
    desk.world.store.close()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 30), max_size=60),
    st.integers(1, 5),
    st.sampled_from([10.0, 60.0]),
)
def test_no_window_holds_more_than_its_quota(gaps_s: list[float], calls: int, per_s: float) -> None:
    """Windows that begin with their first call admit at most the quota, and reopen as told."""
    store, now = Store(None), START
    quota = Quota("q", calls, per_s)
    windows: Counter[float] = Counter()
    for gap_s in gaps_s:
        now += gap_s
        (standing,) = spend(store, "caller", [quota], now)
        assert now < standing.resets_at <= now + per_s
        if standing.refused:
            (later,) = spend(store, "other", [quota], now)
            assert not later.refused
            store.spend("other", "q", float("-inf"), 0)
        else:
            windows[standing.resets_at] += 1
            assert standing.remaining == calls - windows[standing.resets_at]
    assert all(admitted <= calls for admitted in windows.values())
    store.close()


@given(st.dictionaries(st.sampled_from(list(Fault)), st.integers(0, 16)), st.integers())
def test_faults_come_at_their_rates(percent: dict[Fault, int], seed: int) -> None:
    """A plan says the same as its text, and its faults come about as often as it says."""
    text = ",".join(f"{fault}={share}%" for fault, share in percent.items())
    plan, chance = FaultPlan.parse(text), random.Random(seed)

    drawn = Counter(plan.draw(chance, is_read=True) for _ in range(2000))

    assert plan.rates == {fault: share / 100 for fault, share in percent.items()}
    for fault in Fault:
        assert abs(drawn[fault] / 2000 - percent.get(fault, 0) / 100) < 0.06


class LoyaltyDogModel(RuleBasedStateMachine):
    """LoyaltyDog beside a dict: after any writes, reads show what the dict holds."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = open_desk()
        self.desk.headers = {"authorization": "Bearer sandbox-jwt"}
        self.model: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        """Close the store."""
        self.desk.world.store.close()

    @rule(points=st.integers(-(2**40), 2**40), email=st.sampled_from(["a@x.org", "b@x.org", None]))
    def create(self, points: int, email: str | None) -> None:
        """Create a customer."""
        created = self.desk.ask("POST", CUSTOMERS, {"points": points, "email": email})
        assert created["id"] not in self.model
        self.model[created["id"]] = {"points": points, "email": email}

    @precondition(lambda self: self.model)
    @rule(data=st.data(), name=st.text(max_size=5).filter(lambda text: "\0" not in text))
    def change(self, data: st.DataObject, name: str) -> None:
        """Change a name; the balance must stay."""
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        self.desk.ask("PUT", f"{CUSTOMERS}/{id_}", {"firstName": name})
        self.model[id_]["firstName"] = name

    @precondition(lambda self: self.model)
    @rule(data=st.data(), points=st.integers(-100, 100))
    def add_points(self, data: st.DataObject, points: int) -> None:
        """Add points."""
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        self.desk.ask("POST", f"{CUSTOMERS}/{id_}/points/add", {"points": points})
        self.model[id_]["points"] += points

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a customer."""
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        self.desk.ask("DELETE", f"{CUSTOMERS}/{id_}")
        del self.model[id_]

    @invariant()
    def reads_show_what_was_written(self) -> None:
        """The list, the look-up and the total agree with the model."""
        listed = self.desk.ask("GET", CUSTOMERS + "?includeTotal=true")
        assert listed["total"] == len(self.model)
        assert {c["id"]: c["points"] for c in listed["customers"]} == {
            id_: customer["points"] for id_, customer in self.model.items()
        }
        found = {c["id"] for c in self.desk.ask("GET", CUSTOMERS + "?email=a@x.org")}
        assert found == {id_ for id_, c in self.model.items() if c["email"] == "a@x.org"}
        for customer in listed["customers"]:
            expected = self.model[customer["id"]]
            assert expected.items() <= customer.items()


def test_loyaltydog_does_what_a_dict_would_do() -> None:
    """Any sequence of writes leaves exactly what the model holds."""
    run_state_machine_as_test(
        LoyaltyDogModel,
        settings=settings(max_examples=20, stateful_step_count=15, deadline=None),
    )
