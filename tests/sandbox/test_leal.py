"""Leal's stores, customers, cards and stamps; what is undocumented, both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bulkload.sandbox import LealSwitches
from bulkload.sandbox.calls import EFFECTS, Answer
from tests.sandbox.conftest import Desk

STORE = "/api/v1/accounts/12"
CUSTOMERS = STORE + "/customers"
REFERENCE = {"source": "square", "external_id": "SQ_1", "metadata": {}}
ADA = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone": "+12025550143",
    "birthday": "1990-05-01",
    "metadata": {"tier": "gold"},
    "external_references": [REFERENCE],
}


@pytest.fixture
def leal(desk_with: Callable[..., Desk]) -> Callable[..., Desk]:
    """Build a Leal desk; called with switches."""

    def build(**switches: Any) -> Desk:
        desk = desk_with(leal=LealSwitches(**switches))
        desk.headers = {"authorization": "Bearer sandbox-leal-token"}
        return desk

    return build


def body(answer: Answer) -> Any:
    return json.loads(answer.body)


def create(desk: Desk, **fields: Any) -> Any:
    extra = {name: fields.pop(name) for name in ("card_id", "send_card_links") if name in fields}
    return desk.ask("POST", CUSTOMERS, {"customer": fields, **extra})


def test_a_created_customer_has_the_documented_shape(leal: Callable[..., Desk]) -> None:
    """Create answers 201 with all documented fields, and get says the same."""
    desk = leal()

    answer = desk.send("POST", CUSTOMERS, {"customer": ADA})

    created = body(answer)
    assert answer.status == 201
    assert {name: created[name] for name in ADA} == ADA
    assert (created["account_id"], created["stamp_count"], created["customer_cards"]) == (12, 0, [])
    assert desk.ask("GET", f"{CUSTOMERS}/{created['id']}") == created


def test_a_card_comes_with_its_welcome_stamps(leal: Callable[..., Desk]) -> None:
    """card_id enrols; the card's initial stamps are there, and both wallet addresses."""
    desk = leal()

    created = create(desk, **ADA, card_id=7)

    (card,) = created["customer_cards"]
    assert (created["stamp_count"], card["stamps_count"], card["stamps_remaining"]) == (1, 1, 9)
    assert (card["card_name"], card["progress_percentage"], card["status"]) == (
        "Coffee", 10.0, "active",
    )  # fmt: skip
    assert card["uuid"] in card["apple_wallet_url"]
    assert card["uuid"] in card["google_wallet_url"]
    assert desk.ask("GET", f"{CUSTOMERS}/{created['id']}/customer_cards") == [card]
    assert desk.ask("GET", f"{CUSTOMERS}?search={card['uuid']}")["pagination"]["count"] == 1


def test_stamps_are_added_and_spent(leal: Callable[..., Desk]) -> None:
    """Stamp adds and takes off, redeem spends, and both refuse what the card does not hold."""
    desk = leal()
    created = create(desk, **ADA, card_id=7)
    path = f"{CUSTOMERS}/{created['id']}/customer_cards/{created['customer_cards'][0]['id']}"

    early = desk.send("POST", f"{path}/redeem", {"reward_id": 31})
    card = desk.ask("POST", f"{path}/stamp", {"stamps": 11, "skip_notifications": True})

    assert body(early) == {"errors": {"base": ["Not enough stamps"]}}
    assert (card["stamps_count"], card["stamps_remaining"], card["progress_percentage"]) == (
        12, 0, 100.0,
    )  # fmt: skip
    assert [reward["id"] for reward in card["available_rewards"]] == [31]
    assert card == desk.ask("GET", path)
    redeemed = desk.ask("POST", f"{path}/redeem", {"reward_id": 31})
    assert redeemed["success"] is True
    assert (redeemed["redemption"]["stamps_spent"], redeemed["redemption"]["stamps_remaining"]) == (
        10, 2,
    )  # fmt: skip
    assert desk.ask("POST", f"{path}/stamp", {"stamps": "-2"})["stamps_count"] == 0
    assert desk.send("POST", f"{path}/stamp", {"stamps": -1}).status == 422


def test_what_customers_would_receive_is_kept(leal: Callable[..., Desk]) -> None:
    """Links, welcome stamps and notifications are recorded; a quiet stamp is not."""
    desk = leal()
    created = create(desk, **ADA, card_id=7, send_card_links="1")
    path = f"{CUSTOMERS}/{created['id']}/customer_cards/{created['customer_cards'][0]['id']}/stamp"
    desk.ask("POST", path, {"stamps": 1, "skip_notifications": 1})
    desk.ask("POST", path, {"stamps": 1})

    effects = [effect["effect"] for effect in desk.world.store.documents(EFFECTS)]

    assert effects == ["welcome_stamps", "card_links", "notification"]


def test_an_update_keeps_what_it_does_not_name(leal: Callable[..., Desk]) -> None:
    """PATCH merges the first level of metadata and upserts references."""
    desk = leal()
    created = create(desk, **ADA)
    other = {"source": "shopify", "external_id": "7"}
    change = {"phone": None, "metadata": {"size": "M"}, "external_references": [other]}

    changed = desk.ask("PATCH", f"{CUSTOMERS}/{created['id']}", {"customer": change})

    assert (changed["phone"], changed["email"]) == (None, ADA["email"])
    assert changed["metadata"] == {"tier": "gold", "size": "M"}
    assert changed["external_references"] == [REFERENCE, other | {"metadata": {}}]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("", ["Ada", "Bob", "Cy"], id="all"),
        pytest.param("search=ada", ["Ada"], id="name"),
        pytest.param("search=BOB@", ["Bob"], id="email"),
        pytest.param("search=555", ["Ada"], id="phone"),
        pytest.param("search=sq_1", ["Ada"], id="reference"),
        pytest.param("source=square&external_id=SQ_1", ["Ada"], id="exact-reference"),
        pytest.param("source=square&external_id=sq_1", [], id="reference-in-another-case"),
        pytest.param("items=2", ["Ada", "Bob"], id="items"),
        pytest.param("items=2&page=2", ["Cy"], id="page"),
        pytest.param("items=2&page=9", [], id="past-the-last-page"),
        pytest.param("items=0&page=-1", ["Ada", "Bob", "Cy"], id="nonsense-numbers"),
    ],
)
def test_the_list_searches_and_pages(
    leal: Callable[..., Desk], query: str, names: list[str]
) -> None:
    """Every documented parameter of the list does what its name says."""
    desk = leal()
    create(desk, **ADA)
    for name in ("Bob", "Cy"):
        create(desk, first_name=name, email=f"{name}@example.com")

    page = desk.ask("GET", f"{CUSTOMERS}?{query}")

    assert [customer["first_name"] for customer in page["customers"]] == names


def test_pages_are_counted(leal: Callable[..., Desk]) -> None:
    """The pagination says count, items, page and pages; 20 items unless asked, 100 at most."""
    desk = leal()
    for number in range(21):
        create(desk, first_name="N", email=f"{number}@example.com")

    first = desk.ask("GET", CUSTOMERS)["pagination"]
    widest = desk.ask("GET", CUSTOMERS + "?items=1000")["pagination"]

    assert first == {"count": 21, "items": 20, "page": 1, "pages": 2}
    assert widest == {"count": 21, "items": 100, "page": 1, "pages": 1}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        pytest.param({"email": "a@x.org"}, {"first_name": ["can't be blank"]}, id="no-name"),
        pytest.param(
            {"first_name": "A"}, {"email": ["can't be blank if phone is blank"]}, id="no-contact"
        ),
        pytest.param(
            {"first_name": " "},
            {"first_name": ["can't be blank"], "email": ["can't be blank if phone is blank"]},
            id="both",
        ),
        pytest.param(
            {"first_name": "A", "email": "ADA@example.com"},
            {"email": ["has already been taken"]}, id="email-taken",
        ),
        pytest.param(
            {"first_name": "A", "phone": "+1 (202) 555-0143"},
            {"phone": ["has already been taken"]}, id="phone-taken",
        ),
        pytest.param(
            {"first_name": "A", "email": "b@x.org", "birthday": "1.2.2000"},
            {"birthday": ["is invalid"]}, id="birthday",
        ),
        pytest.param(
            {"first_name": "A", "email": "b@x.org",
             "external_references": [{"source": "Square", "external_id": "1"}]},
            {"external_references": ["source must be a lowercase slug"]}, id="source",
        ),
        pytest.param(
            {"first_name": "A", "email": "b@x.org", "external_references": [{"source": "square"}]},
            {"external_references": ["external_id can't be blank"]}, id="no-external-id",
        ),
    ],
)  # fmt: skip
def test_invalid_customers_get_422(
    leal: Callable[..., Desk], fields: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    """422 lists the messages by field."""
    desk = leal()
    create(desk, **ADA)

    answer = desk.send("POST", CUSTOMERS, {"customer": fields})

    assert (answer.status, body(answer)) == (422, {"errors": errors})


def test_errors_are_a_list_if_switched(leal: Callable[..., Desk]) -> None:
    """The other documented shape of `errors` is a list of sentences."""
    desk = leal(errors_shape="list")
    create(desk, **ADA)

    answer = desk.send("POST", CUSTOMERS, {"customer": {"first_name": "A", "email": ADA["email"]}})

    assert body(answer) == {"errors": ["Email has already been taken"]}


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        pytest.param({}, "Missing parameter customer", id="no-customer"),
        pytest.param({"customer": 5}, "'customer' value 5: Must be a Hash", id="customer-number"),
        pytest.param([], "'body' value []: Must be a Hash", id="list"),
        pytest.param(
            {"customer": {"first_name": 5}}, "'customer[first_name]' value 5: Must be a String",
            id="name-number",
        ),
        pytest.param(
            {"customer": {"metadata": 5}}, "'customer[metadata]' value 5: Must be a Hash", id="meta"
        ),
        pytest.param(
            {"customer": {"external_references": 5}}, "Must be an Array of nested elements", id="refs"
        ),
        pytest.param({"customer": ADA, "card_id": "x"}, "Must be a number", id="card"),
        pytest.param(
            {"customer": ADA, "send_card_links": "yes"}, "Must be one of: true, false, 1, 0",
            id="links",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", ["422", "400"])
def test_wrong_types_are_refused(
    leal: Callable[..., Desk], sent: Any, error: str, status: str
) -> None:
    """A parameter of another type gets a sentence with its name; 422 or 400 as switched."""
    answer = leal(wrong_type_status=status).send("POST", CUSTOMERS, sent)

    assert answer.status == int(status)
    assert error in body(answer)["error"]


@pytest.mark.parametrize(
    ("how", "status", "names", "count"),
    [
        pytest.param("return-existing", 201, ["Ada"], 1, id="return-existing"),
        pytest.param("update", 201, ["Augusta"], 1, id="update"),
        pytest.param("taken", 422, ["Ada"], 1, id="taken"),
    ],
)
def test_a_known_reference_is_treated_as_switched(
    leal: Callable[..., Desk], how: str, status: int, names: list[str], count: int
) -> None:
    """A create with a known (source, external_id) returns, updates or is refused."""
    desk = leal(known_reference=how)
    create(desk, **ADA)

    answer = desk.send("POST", CUSTOMERS, {"customer": ADA | {"first_name": "Augusta"}})

    page = desk.ask("GET", CUSTOMERS)
    assert answer.status == status
    assert page["pagination"]["count"] == count
    assert [customer["first_name"] for customer in page["customers"]] == names


def test_a_reference_names_one_customer(leal: Callable[..., Desk]) -> None:
    """Where another customer claims a known reference, it moves there."""
    desk = leal(known_reference="taken")
    first = create(desk, **ADA)

    second = create(desk, first_name="B", email="b@x.org", external_references=[REFERENCE])

    assert desk.ask("GET", f"{CUSTOMERS}/{first['id']}")["external_references"] == []
    found = desk.ask("GET", CUSTOMERS + "?source=square&external_id=SQ_1")["customers"]
    assert [customer["id"] for customer in found] == [second["id"]]


def test_a_repeated_create_enrols_once(leal: Callable[..., Desk]) -> None:
    """The same create with card and reference twice gives one card and one welcome."""
    desk = leal()

    twice = [create(desk, **ADA, card_id=7) for _ in range(2)]

    assert [len(customer["customer_cards"]) for customer in twice] == [1, 1]
    assert twice[1]["stamp_count"] == 1


@pytest.mark.parametrize(
    ("switches", "check"),
    [
        pytest.param({"create_status": "200"}, lambda a: a.status == 200, id="status"),
        pytest.param(
            {"created_card": "customer_card"}, lambda a: body(a)["customer_card"]["card_id"] == 7,
            id="card-in-the-singular",
        ),
        pytest.param(
            {"wrong_birthday": "null"}, lambda a: body(a)["birthday"] is None, id="birthday"
        ),
    ],
)  # fmt: skip
def test_creates_are_as_switched(
    leal: Callable[..., Desk], switches: dict[str, str], check: Callable[[Answer], bool]
) -> None:
    """Status, place of the card and odd birthdays follow their switches."""
    sent = {"customer": ADA | {"birthday": "soon" if "wrong_birthday" in switches else None}}

    assert check(leal(**switches).send("POST", CUSTOMERS, sent | {"card_id": 7}))


@pytest.mark.parametrize(
    ("switches", "query", "check"),
    [
        pytest.param(
            {"list_cards": "no"}, "", lambda a: "customer_cards" not in body(a)["customers"][0],
            id="no-cards",
        ),
        pytest.param({"past_last_page": "404"}, "?page=2", lambda a: a.status == 404, id="page"),
        pytest.param(
            {"items_default": 5, "items_max": 7}, "?items=9",
            lambda a: body(a)["pagination"]["items"] == 7, id="items",
        ),
    ],
)  # fmt: skip
def test_lists_are_as_switched(
    leal: Callable[..., Desk],
    switches: dict[str, Any],
    query: str,
    check: Callable[[Answer], bool],
) -> None:
    """Cards in lists, far pages and page sizes follow their switches."""
    desk = leal(**switches)
    create(desk, **ADA)

    assert check(desk.send("GET", CUSTOMERS + query))


def test_null_is_ignored_if_switched(leal: Callable[..., Desk]) -> None:
    """Whether null empties a field is a switch."""
    desk = leal(null_clears="no")
    created = create(desk, **ADA)

    change = {"customer": {"phone": None}}

    assert desk.ask("PATCH", f"{CUSTOMERS}/{created['id']}", change)["phone"] == ADA["phone"]


def test_reads_lag_as_switched(leal: Callable[..., Desk]) -> None:
    """With a read delay, reads see a create only later, while uniqueness knows at once."""
    desk = leal(read_delay_s=5)
    created = create(desk, **ADA)

    assert desk.ask("GET", CUSTOMERS)["pagination"]["count"] == 0
    assert desk.send("GET", f"{CUSTOMERS}/{created['id']}").status == 404
    taken = {"customer": {"first_name": "B", "email": ADA["email"]}}
    assert desk.send("POST", CUSTOMERS, taken).status == 422
    desk.now += 6
    assert desk.ask("GET", CUSTOMERS)["pagination"]["count"] == 1


def test_status_is_open_and_tells_the_limit(leal: Callable[..., Desk]) -> None:
    """/status needs no token; what it announces is what is enforced."""
    desk = leal(calls_per_window=3, window_s=30)
    desk.headers = {}

    told = desk.ask("GET", "/api/v1/status")
    desk.headers = {"authorization": "Bearer sandbox-leal-token"}
    answers = [desk.send("GET", CUSTOMERS) for _ in range(3)]

    assert told["rate_limit"] == {"limit": 3, "scope": "token", "window_seconds": 30}
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": "30",
        "RateLimit-Policy": "3;w=30",
    }
    assert answers[2].headers["Retry-After"] == "30"
    desk.now += 30
    assert desk.send("GET", CUSTOMERS).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/v1/accounts/99", 404, id="store"),
        pytest.param("GET", "/api/v1/accounts/x/customers", 404, id="store-no-number"),
        pytest.param("GET", CUSTOMERS + "/99", 404, id="customer"),
        pytest.param("GET", CUSTOMERS + "/99999999999999999999", 404, id="beyond-64-bits"),
        pytest.param("GET", CUSTOMERS + "/501/customer_cards/1", 404, id="card"),
        pytest.param("GET", STORE + "/cards/99", 404, id="template"),
        pytest.param("DELETE", CUSTOMERS + "/501", 404, id="no-delete"),
        pytest.param("GET", "/api/v1/nothing", 404, id="path"),
        pytest.param("GET", CUSTOMERS + "?source=square", 422, id="half-a-reference"),
        pytest.param("POST", CUSTOMERS, 422, id="no-body"),
    ],
)
def test_wrong_addresses_are_refused(
    leal: Callable[..., Desk], method: str, path: str, status: int
) -> None:
    """Unknown stores, customers, cards and paths get an error."""
    answer = leal().send(method, path)

    assert answer.status == status
    assert set(body(answer)) <= {"error", "errors"}


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Basic sandbox-leal-token"])
def test_wrong_tokens_get_401(leal: Callable[..., Desk], token: str) -> None:
    """Without the token every call but /status is refused."""
    answer = leal().send("GET", CUSTOMERS, authorization=token)

    assert (answer.status, body(answer)) == (401, {"error": "Unauthorized"})


def test_a_retired_version_is_gone(leal: Callable[..., Desk]) -> None:
    """410 on every operation."""
    assert leal(retired="yes").send("GET", "/api/v1/status").status == 410


def test_stores_and_cards_can_be_managed(leal: Callable[..., Desk]) -> None:
    """Stores are listed and renamed, cards created and changed, rewards listed."""
    desk = leal()
    create(desk, **ADA)

    (store,) = desk.ask("GET", "/api/v1/accounts")
    assert (store["id"], store["customers_count"], store["cards_count"]) == (12, 1, 2)
    renamed = desk.ask("PATCH", STORE, {"account": {"store_name": "Corner"}})
    assert desk.ask("GET", STORE) == renamed
    assert renamed["display_store_name"] == "Corner"
    card = desk.ask("POST", STORE + "/cards", {"card": {"name": "Cake", "stamps_required": 5}})
    assert desk.ask("GET", f"{STORE}/cards/{card['id']}") == card
    changed = desk.ask("PATCH", f"{STORE}/cards/{card['id']}", {"card": {"initial_stamps": 2}})
    assert changed["initial_stamps"] == 2
    wrong = desk.send("PATCH", f"{STORE}/cards/{card['id']}", {"card": {"initial_stamps": 5}})
    assert body(wrong)["errors"] == {"initial_stamps": ["must be less than stamps required"]}
    assert desk.send("POST", STORE + "/cards", {"card": {"stamps_required": 5}}).status == 422
    many = {"card": {"name": "x", "stamps_required": 22}}
    assert desk.send("POST", STORE + "/cards", many).status == 422
    assert [c["name"] for c in desk.ask("GET", STORE + "/cards")] == ["Coffee", "Tea", "Cake"]
    assert desk.ask("GET", STORE + "/cards?scope=archived") == []
    assert [r["id"] for r in desk.ask("GET", STORE + "/rewards?card_id=7&active=1")] == [31]
    assert desk.ask("GET", STORE + "/rewards?card_id=8") == []


def test_an_unknown_card_enrols_nobody(leal: Callable[..., Desk]) -> None:
    """A create with a card that is not there is refused whole: no customer is left behind."""
    desk = leal()

    answer = desk.send("POST", CUSTOMERS, {"customer": ADA, "card_id": 99})

    assert answer.status == 422
    assert desk.ask("GET", CUSTOMERS)["pagination"]["count"] == 0
