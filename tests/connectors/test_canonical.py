"""Moving between systems: what both sides can hold arrives, what one cannot is named."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.connectors.canonical import Canonical, Reconciliation, canonical, moved
from bulkload.errors import BulkloadError
from bulkload.records import Customer

SYSTEMS = ("loyaltydog", "voucherify", "leal")
HELD: dict[str, dict[str, Any]] = {
    "loyaltydog": {
        "id": "65f0",
        "firstName": "Ada",
        "lastName": "King Lovelace",
        "email": "ada@example.com",
        "phone": "+12025550143",
        "points": 120,
        "currentMessage": "hi",
        "customFields": {"birthday": "1990-05-01", "source_id": "s1", "tier": "gold"},
    },
    "voucherify": {
        "id": "cust_1",
        "source_id": "s1",
        "name": "Ada King Lovelace",
        "email": "ada@example.com",
        "phone": "+12025550143",
        "birthdate": "1990-05-01",
        "description": "vip",
        "address": {"city": "Bonn", "state": None},
        "metadata": {"tier": "gold"},
        "loyalty": {"points": 120},
    },
    "leal": {
        "id": 501,
        "first_name": "Ada",
        "last_name": "King Lovelace",
        "email": "ada@example.com",
        "phone": "+12025550143",
        "birthday": "1990-05-01",
        "stamp_count": 4,
        "metadata": {"tier": "gold"},
        "external_references": [
            {"source": "source_id", "external_id": "s1"},
            {"source": "square", "external_id": "SQ"},
            {"source": "bulkload", "external_id": "x"},
        ],
    },
}


def nested(fields: dict[str, Any], system: str) -> Customer:
    """The other side's object after a create with these dotted fields."""
    body: dict[str, Any] = {"id": "new"}
    for name, value in fields.items():
        at = body
        *above, last = name.split(".")
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    if system == "leal":
        body["external_references"] = [
            {"source": s, "external_id": i} for s, i in body.get("external_references", {}).items()
        ]
        body["stamp_count"] = body.pop("stamps", None)
    return Customer("new", body)


@pytest.mark.parametrize(
    ("here", "there"), [pytest.param(a, b, id=f"{a}-to-{b}") for a, b in itertools.product(SYSTEMS, SYSTEMS)]
)  # fmt: skip
def test_what_both_sides_hold_arrives(here, there):
    """Name, contacts, birthday, custom fields and the own id survive every way between systems."""
    before = canonical(here, Customer("1", HELD[here]))

    after = canonical(there, nested(dict(moved(before, there).fields), there))

    for part in ("email", "phone", "birthday", "source_id", "custom"):
        assert getattr(after, part) == getattr(before, part), part
    assert f"{after.first_name} {after.last_name}" == "Ada King Lovelace"


@pytest.mark.parametrize(
    ("here", "there", "lost"),
    [
        pytest.param("loyaltydog", "voucherify", ("message", "points"), id="d-v"),
        pytest.param("loyaltydog", "leal", ("message", "points"), id="d-l"),
        pytest.param("voucherify", "loyaltydog", ("description", "address"), id="v-d"),
        pytest.param("voucherify", "leal", ("description", "points", "address"), id="v-l"),
        pytest.param("leal", "loyaltydog", ("stamps", "references"), id="l-d"),
        pytest.param("leal", "voucherify", ("stamps", "references"), id="l-v"),
        pytest.param("loyaltydog", "loyaltydog", (), id="d-d"),
    ],
)
def test_what_the_other_side_cannot_hold_is_named(here, there, lost):
    """Nothing is dropped silently."""
    assert moved(canonical(here, Customer("1", HELD[here])), there).lost == lost


def test_voucherify_always_gets_an_own_id():
    """A customer without an own id gets one from the old system, so that repeating is harmless."""
    fields = moved(Canonical("leal", "501", first_name="Ada"), "voucherify").fields

    assert fields["source_id"] == "leal:501"


TEXTS = st.text(st.characters(categories=["L"]), min_size=1, max_size=6)
CUSTOMERS = st.builds(
    Canonical,
    system=st.sampled_from(SYSTEMS),
    remote_id=TEXTS,
    source_id=TEXTS,
    first_name=TEXTS,
    last_name=TEXTS,
    email=st.emails(),
    points=st.none() | st.integers(0, 9),
    stamps=st.none() | st.integers(0, 9),
    message=st.just("") | TEXTS,
    address=st.dictionaries(st.sampled_from(["city", "country"]), TEXTS, max_size=2),
    references=st.dictionaries(st.sampled_from(["square"]), TEXTS, max_size=1),
    custom=st.dictionaries(st.sampled_from(["a", "b"]), TEXTS, max_size=2),
)


@given(CUSTOMERS, st.sampled_from(SYSTEMS))
def test_every_part_arrives_or_is_named(customer, there):
    """For any customer, what it says is on the other side or in the list of losses."""
    found = moved(customer, there)
    after = canonical(there, nested(dict(found.fields), there))

    for part in ("email", "points", "stamps", "message", "references", "custom", "source_id"):
        said = getattr(customer, part)
        if said and part not in found.lost:
            assert getattr(after, part) == said, part
    assert not set(found.lost) & {"email", "first_name", "last_name", "source_id", "custom"}


def test_sums_are_compared_on_both_sides():
    """Customers, points and stamps are counted, and a difference is one sentence."""
    here, there = Reconciliation(), Reconciliation()
    ada = canonical("loyaltydog", Customer("1", HELD["loyaltydog"]))
    here.add(ada, moved(ada, "leal"))
    here.add(ada, moved(ada, "leal"))
    there.add(ada)

    assert here.lost == {"message": 2, "points": 2}
    assert here.differences(there) == ["customers: 2 here, 1 there", "points: 240 here, 120 there"]
    assert here.differences(here) == []


def test_an_unknown_system_is_refused():
    """The closest name is suggested."""
    with pytest.raises(BulkloadError, match="cannot be moved"):
        canonical("lael", Customer("1", {}))
