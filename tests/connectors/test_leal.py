"""Leal: creates with references and cards, PATCH, stamps, and both shapes of errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkload.connectors.base import EffectRefusedError, Outcome, PayloadCounts, Promise
from bulkload.connectors.leal import UNTIL_TOLD, Leal
from bulkload.records import Customer, Field, Payload, Status
from bulkload.wire import Request, Response

SYSTEM = Leal("12")
BASE = "/api/v1/accounts/12/customers"
CREATE = Request("POST", BASE, b"{}")
PATCH = Request("PATCH", f"{BASE}/501", b"{}")
GET = Request("GET", f"{BASE}/501")
LIST = Request("GET", f"{BASE}?page=1")


def answer(status: int, body: Any = None, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def payload(body: dict[str, Any], **extra: Any) -> Payload:
    return Payload(2, {}, json.dumps(body).encode(), extra=extra)


def sent(system: Leal, body: dict[str, Any]) -> dict[str, Any]:
    request = system.create(payload(body), idempotency_key="k")
    found: dict[str, Any] = json.loads(request.body or b"")
    return found


ADA = {"first_name": "Ada", "email": "ada@example.com"}


def test_a_create_carries_bulkloads_own_reference():
    """The reference is the same from every run, and the exact look-up asks for it."""
    body = sent(SYSTEM, {**ADA, "external_references": {"square": "SQ_1"}, "metadata": {"a": 1}})
    own = body["customer"]["external_references"][1]

    assert body["customer"]["external_references"][0] == {"source": "square", "external_id": "SQ_1"}
    assert body["customer"]["metadata"] == {"a": 1}
    assert own["source"] == "bulkload"
    assert own == sent(SYSTEM, {"email": "ADA@example.com "})["customer"]["external_references"][0]
    request = SYSTEM.find_own(payload(ADA))
    assert request
    assert request.path == f"{BASE}?source=bulkload&external_id={own['external_id']}"
    assert "ada" not in request.path


def test_no_reference_is_written_when_told_not_to():
    """Switched off, neither the create nor the look-up speaks of it."""
    quiet = Leal("12", own_reference=False)

    assert sent(quiet, ADA)["customer"] == ADA
    assert quiet.find_own(payload(ADA)) is None


@pytest.mark.parametrize(
    ("confirmed", "asked", "goes_out"),
    [
        pytest.param(False, None, False, id="neither"),
        pytest.param(False, True, False, id="mapping-only"),
        pytest.param(True, None, False, id="confirmation-only"),
        pytest.param(True, False, False, id="row-says-no"),
        pytest.param(True, True, True, id="both"),
    ],
)
def test_card_links_need_both_words(confirmed, asked, goes_out):
    """Links go out only if the mapping asks for them and the user confirmed them."""
    body = {**ADA, "card_id": 7} | ({} if asked is None else {"send_card_links": asked})

    found = sent(Leal("12", card_links_confirmed=confirmed), body)

    assert found["send_card_links"] is goes_out
    assert found["card_id"] == 7
    assert "send_card_links" not in found["customer"]


def test_what_is_promised_depends_on_side_effects():
    """Only where neither cards nor links are in play does uniqueness protect a repetition."""
    assert SYSTEM.promises().create is Promise.CREATE
    assert Leal("12", bare=True).promises().create is Promise.UNIQUE


@pytest.mark.parametrize(
    ("request_", "response", "outcome"),
    [
        pytest.param(CREATE, answer(201, {"id": 501}), "applied", id="created"),
        pytest.param(CREATE, answer(200, {"customer": {"id": 501}}), "applied", id="wrapped"),
        pytest.param(CREATE, answer(201, {}), "unknown", id="no-id"),
        pytest.param(CREATE, answer(422, {"errors": {"email": ["has already been taken"]}}), "conflict", id="taken-map"),
        pytest.param(CREATE, answer(422, {"errors": ["Email has already been taken"]}), "conflict", id="taken-list"),
        pytest.param(CREATE, answer(422, {"errors": {"phone": ["is invalid"]}}), "refused", id="invalid"),
        pytest.param(CREATE, answer(400, {"error": "bad"}), "refused", id="400"),
        pytest.param(CREATE, answer(401, {"error": "Unauthorized"}), "unauthorized", id="401"),
        pytest.param(CREATE, answer(404, {"error": "Store not found"}), "stop", id="no-store"),
        pytest.param(PATCH, answer(404, {"error": "Customer not found"}), "refused", id="no-customer"),
        pytest.param(PATCH, answer(404, {"error": "Store not found or not accessible"}), "stop", id="no-store-patch"),
        pytest.param(GET, answer(404, {"error": "Customer not found"}), "applied", id="get-nobody"),
        pytest.param(CREATE, answer(410, {}), "stop", id="retired"),
        pytest.param(CREATE, answer(429, {}, retry_after="3"), "not_applied", id="429"),
        pytest.param(CREATE, answer(500, b""), "unknown", id="500"),
        pytest.param(PATCH, answer(200, {"id": 501}), "applied", id="patched"),
        pytest.param(LIST, answer(200, {"customers": []}), "applied", id="list"),
        pytest.param(LIST, answer(422, {}), "stop", id="list-refused"),
    ],
)  # fmt: skip
def test_every_answer_has_one_meaning(request_, response, outcome):
    """What a documented or hostile answer says about its request."""
    assert SYSTEM.meaning(request_, response).outcome == Outcome(outcome)


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param({"first_name": ["can't be blank"]}, id="object"),
        pytest.param(["First name can't be blank"], id="list"),
    ],
)
def test_both_shapes_lead_back_to_the_field(errors):
    """An object keyed by field and a list of sentences name the same field."""
    (found,) = SYSTEM.meaning(CREATE, answer(422, {"errors": errors})).problems

    assert (found.field, found.message) == ("first_name", "can't be blank")


@pytest.mark.parametrize("name", ["customer_card", "customer_cards"])
def test_wallet_urls_come_into_the_results(name):
    """The pass links of a new customer are columns of the results file, under either name."""
    card = {"id": 9, "apple_wallet_url": "https://a/1", "google_wallet_url": "https://g/1"}
    body = {"id": 501, name: [card] if name.endswith("s") else card}

    found = SYSTEM.meaning(CREATE, answer(201, body))

    assert found.extra == {"apple_wallet_url": "https://a/1", "google_wallet_url": "https://g/1"}
    assert (found.status, found.remote_id) == (Status.CREATED, "501")


CURRENT = Customer(
    "501",
    {
        "id": 501,
        "first_name": "Ada",
        "last_name": None,
        "email": "Ada@example.com",
        "metadata": {"tier": "gold", "size": "L"},
        "external_references": [{"source": "square", "external_id": "SQ_1"}],
    },
)


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        pytest.param({**ADA, "last_name": None}, None, id="same"),
        pytest.param({"metadata": {"tier": "gold"}}, None, id="same-metadata"),
        pytest.param({"external_references": {"square": "SQ_1"}}, None, id="same-reference"),
        pytest.param({"card_id": 7, "stamps": 3}, None, id="cards-are-not-patched"),
        pytest.param({"last_name": "L"}, {"last_name": "L"}, id="one-field"),
        pytest.param({"metadata": {"tier": "red"}}, {"metadata": {"tier": "red"}}, id="metadata"),
        pytest.param(
            {"external_references": {"square": "SQ_2"}},
            {"external_references": [{"source": "square", "external_id": "SQ_2"}]},
            id="reference",
        ),
    ],
)
def test_an_update_patches_what_differs(wanted, changes):
    """PATCH says only what differs."""
    request = SYSTEM.update(payload(wanted), CURRENT, idempotency_key="")

    assert (json.loads(request.body or b"") if request else None) == (
        {"customer": changes} if changes else None
    )


def held(*cards: dict[str, Any]) -> Response:
    return answer(200, {"id": 501, "customer_cards": list(cards)})


CARD = {"id": 900, "card_id": 7, "stamps_count": 2}


def test_stamps_are_filled_up_to_the_balance():
    """What the card gave as a welcome counts: five wanted, two there, three are stamped."""
    (effect,) = SYSTEM.effects(payload({"card_id": 7, "stamps": 5}), "501")
    assert effect.request == Request("GET", f"{BASE}/501")
    assert effect.then

    request = effect.then(held(CARD))

    assert request == Request(
        "POST", f"{BASE}/501/customer_cards/900/stamp", b'{"stamps":3,"skip_notifications":true}'
    )


def test_stamping_again_finds_nothing_to_do():
    """Read before repeating: the balance that is there already is not stamped twice."""
    (effect,) = SYSTEM.effects(payload({"stamps": 5}), "501")
    assert effect.then

    assert effect.then(held({**CARD, "stamps_count": 5})) is None


def test_added_stamps_are_never_repeated_without_proof():
    """Stamps on top of the balance are a plain create for delivery."""
    (effect,) = SYSTEM.effects(payload({}, stamps_add=2), "501")
    assert effect.then

    assert effect.promise is Promise.CREATE
    assert b'"stamps":2' in ((effect.then(held(CARD)) or CREATE).body or b"")


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        pytest.param([], "not on a card", id="no-card"),
        pytest.param([CARD, {**CARD, "card_id": 8}], "several cards", id="several"),
        pytest.param([{**CARD, "stamps_count": 9}], "cannot take stamps away", id="too-many"),
        pytest.param([{"id": 900, "card_id": 7}], "does not show", id="unseen"),
    ],
)
def test_stamps_that_cannot_be_given_fail_their_row(cards, says):
    """A balance that cannot be reached is said, not guessed."""
    (effect,) = SYSTEM.effects(payload({"stamps": 5}), "501")
    assert effect.then

    with pytest.raises(EffectRefusedError, match=says):
        effect.then(held(*cards))


def test_look_ups_are_exact_where_they_can_be():
    """By reference the store answers with one at most; a search is compared by keys."""
    assert (
        SYSTEM.find("external_references.square", "SQ 1").path
        == f"{BASE}?source=square&external_id=SQ+1"
    )
    assert "search=%2B12025550143" in SYSTEM.find("phone", "+12025550143").path
    assert SYSTEM.keys_of(CURRENT) == {
        "id": "501",
        "email": "ada@example.com",
        "external_references.square": "SQ_1",
    }


@pytest.mark.parametrize(
    ("pagination", "cursor", "total"),
    [
        pytest.param({"count": 150, "items": 100, "page": 1, "pages": 2}, "2", 150, id="more"),
        pytest.param({"count": 1, "items": 20, "page": 1, "pages": 1}, None, 1, id="last"),
        pytest.param(None, "2", None, id="untold"),
    ],
)
def test_paging_ends_where_the_list_does(pagination, cursor, total):
    """The answer says how many pages there are; without that, an empty page ends the list."""
    page = SYSTEM.page_of(None, answer(200, {"customers": [{"id": 1}], "pagination": pagination}))

    assert (page.next_cursor, page.total) == (cursor, total)
    assert SYSTEM.page_of("3", answer(200, {"customers": []})).next_cursor is None


def test_the_limit_is_read_from_the_status():
    """The vendor publishes no number; the status tells it, and until then the pace is careful."""
    told = answer(200, {"rate_limit": {"limit": 300, "scope": "token", "window_seconds": 60}})

    (limit,) = SYSTEM.limits_of(told)

    assert (limit.calls, limit.per_s) == (300, 60.0)
    assert SYSTEM.limits_of(answer(200, {})) == (UNTIL_TOLD,)
    seen = SYSTEM.observe(
        answer(
            200, {}, ratelimit_limit="300, 300;w=60", ratelimit_remaining="7", ratelimit_reset="12"
        ),
        now_epoch_s=0.0,
    )
    assert seen
    assert (seen.limit, seen.remaining, seen.reset_s) == (300, 7, 12.0)


def test_side_effects_are_counted():
    """Links, cards and stamps stand in the summary with their numbers; links say if they are off."""
    counts = PayloadCounts(9, {"send_card_links": 3, "card_id": 4, "stamps": 2})

    found = {e.name: (e.count, e.wanted) for e in SYSTEM.side_effects(counts)}

    assert found == {"card_links": (3, False), "cards": (4, True), "stamps": (2, True)}
    assert "they are off" in SYSTEM.side_effects(counts)[0].text
    assert Leal("12", card_links_confirmed=True).side_effects(counts)[0].wanted


@pytest.mark.parametrize(
    ("names", "agreed", "promise", "links"),
    [
        pytest.param(["email"], [], Promise.UNIQUE, False, id="plain"),
        pytest.param(["email", "card_id"], [], Promise.CREATE, False, id="card"),
        pytest.param(["send_card_links"], ["card_links"], Promise.CREATE, True, id="agreed"),
        pytest.param(["email"], ["card_links"], Promise.UNIQUE, True, id="agreed-for-nothing"),
    ],
)
def test_the_mapping_decides_what_can_be_promised(names, agreed, promise, links):
    """Cards and links make a repetition unsafe; without them uniqueness is enough."""
    found = SYSTEM.fitted([Field(name) for name in names], agreed=frozenset(agreed))

    assert isinstance(found, Leal)
    assert found.promises().create is promise
    assert found.card_links_confirmed is links


def test_the_pace_follows_the_status():
    """What the status tells is what the connector keeps to; a sandbox has no limit to ask for."""
    told = SYSTEM.told(answer(200, {"rate_limit": {"limit": 300, "window_seconds": 60}}))

    assert [(x.calls, x.per_s) for x in told.promises().limits] == [(300, 60.0)]
    assert Leal("12", limit=None).limits() is None


def test_an_exports_list_of_references_goes_back_as_it_is():
    """The system's own list, as an export shows it, changes nothing; a new entry is sent."""
    listed = [
        {"source": "square", "external_id": "SQ_1", "metadata": {}},
        {"source": "bulkload", "external_id": "x"},
    ]

    assert (
        SYSTEM.update(payload({"external_references": listed}), CURRENT, idempotency_key="") is None
    )
    listed.append({"source": "shopify", "external_id": "7"})
    request = SYSTEM.update(payload({"external_references": listed}), CURRENT, idempotency_key="")
    assert request
    assert json.loads(request.body or b"")["customer"] == {
        "external_references": [{"source": "shopify", "external_id": "7"}]
    }
