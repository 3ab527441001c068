"""The official `leal-sdk` drives every customer operation against the sandbox.

    pip install --group sdks
    python -m pytest tests/sdks

The SDK's own types call some arrays of objects arrays of strings, and no field nullable; where it
therefore cannot parse an answer, the places at which it stumbles must be exactly those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from bulkload.sandbox import LealSwitches, Sandbox, SandboxOptions
from tests.sdks.schemas import (
    LEAL_CUSTOMER,
    LEAL_CUSTOMERS,
    LEAL_ERROR,
    LEAL_HELD_CARD,
    LEAL_HELD_CARDS,
    LEAL_REDEEMED,
    LEAL_REWARD,
    LEAL_STATUS,
    LEAL_STORE,
    fits,
)

leal = pytest.importorskip("leal", reason="leal-sdk is not installed: pip install --group sdks")

STORE = 12
MISDECLARED = re.compile(
    r"(customers|customer_cards|external_references|available_rewards)\.\d+"
    r"|last_name|email|phone|birthday|archived_at|expires_at|\d+\.(archived_at|expires_at)"
)


@pytest.fixture
def client_for() -> Iterator[Callable[..., Any]]:
    """Build the SDK's clients, and close what they would leave open."""
    opened = []

    def build(sandbox: Sandbox, token: str = "sandbox-leal-token", retries: int = 0) -> Any:  # noqa: S107 - opens nothing else
        opened.append(httpx.Client())
        return leal.Leal(
            base_url=sandbox.base_url, token=token, max_retries=retries, httpx_client=opened[-1]
        )

    yield build
    for http_client in opened:
        http_client.close()


@pytest.fixture
def client(client_for: Callable[..., Any], sandbox: Sandbox) -> Any:
    """The SDK's client, pointed at the sandbox."""
    return client_for(sandbox)


def answer_of(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Return the JSON that the SDK got, parsed by it as far as its own types allow."""
    try:
        return TypeAdapter(Any).dump_python(call(*arguments, **named), mode="json")
    except leal.core.parse_error.ParsingError as error:
        places = [".".join(map(str, problem["loc"])) for problem in error.cause.errors()]
        assert [place for place in places if not MISDECLARED.fullmatch(place)] == []
        return error.body


def create(client: Any, **fields: Any) -> Any:
    extra = {name: fields.pop(name) for name in ("card_id", "send_card_links") if name in fields}
    customer = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com",
                "phone": "+12025550143", "birthday": "1990-05-01"} | fields  # fmt: skip
    return fits(
        answer_of(client.customers.create, STORE, customer=customer, **extra), LEAL_CUSTOMER
    )


def test_status_and_stores_parse(client: Any) -> None:
    """Status, the list of stores, one store and its update are what the SDK expects."""
    assert fits(client.status.check().dict(), LEAL_STATUS)["status"] == "ok"
    (store,) = client.stores.list()
    assert fits(client.stores.get(store.id).dict(), LEAL_STORE) == store.dict()
    renamed = client.stores.update(store.id, account={"store_name": "Corner"})
    assert fits(renamed.dict(), LEAL_STORE)["display_store_name"] == "Corner"


def test_a_full_customer_parses(client: Any) -> None:
    """A customer without cards or references is exactly what the SDK's types say."""
    customer = {"first_name": "Ada", "last_name": "L", "email": "a@example.com",
                "phone": "+12025550143", "birthday": "1990-05-01"}  # fmt: skip

    created = client.customers.create(STORE, customer=customer)

    assert client.customers.get(STORE, created.id).dict() == created.dict()
    assert (created.first_name, created.account_id, created.customer_cards) == ("Ada", 12, [])


def test_customers_are_created_found_and_changed(client: Any) -> None:
    """Create with reference, exact look-up, search, paging, update with merges."""
    reference = {"source": "square", "external_id": "SQ_1"}
    created = create(client, metadata={"tier": "gold"}, external_references=[reference])
    create(client, first_name="Bob", email="bob@example.com", phone=None)

    exact = answer_of(client.customers.list, STORE, source="square", external_id="SQ_1")
    assert [c["id"] for c in fits(exact, LEAL_CUSTOMERS)["customers"]] == [created["id"]]
    searched = answer_of(client.customers.list, STORE, search="bob")
    assert fits(searched, LEAL_CUSTOMERS)["pagination"]["count"] == 1
    second = answer_of(client.customers.list, STORE, page=2, items=1)
    assert fits(second, LEAL_CUSTOMERS)["pagination"] == {
        "count": 2, "items": 1, "page": 2, "pages": 2,
    }  # fmt: skip
    change = {"last_name": "King", "metadata": {"size": "M"}}
    changed = answer_of(client.customers.update, STORE, created["id"], customer=change)
    assert fits(changed, LEAL_CUSTOMER)["metadata"] == {"tier": "gold", "size": "M"}
    assert answer_of(client.customers.get, STORE, created["id"]) == changed


def test_cards_are_stamped_and_redeemed(client: Any) -> None:
    """Enrol at create, list and get the card, stamp without a word, redeem."""
    created = create(client, card_id=7, send_card_links=False)

    (card,) = fits(answer_of(client.customer_cards.list, STORE, created["id"]), LEAL_HELD_CARDS)
    assert card == created["customer_cards"][0]
    ids = (STORE, created["id"], card["id"])
    stamped = answer_of(client.customer_cards.stamp, *ids, stamps=10, skip_notifications=True)
    assert fits(stamped, LEAL_HELD_CARD)["stamps_count"] == 11
    assert fits(answer_of(client.customer_cards.get, *ids), LEAL_HELD_CARD) == stamped
    redeemed = answer_of(client.customer_cards.redeem, *ids, reward_id=31)
    assert fits(redeemed, LEAL_REDEEMED)["redemption"]["stamps_remaining"] == 1


def test_cards_and_rewards_are_managed(client: Any) -> None:
    """Card templates and rewards are created, listed, read, changed and, for rewards, deleted."""
    card = answer_of(client.cards.create, STORE, card={"name": "Cake", "stamps_required": 5})
    assert answer_of(client.cards.get, STORE, card["id"]) == card
    changed = answer_of(client.cards.update, STORE, card["id"], card={"initial_stamps": 1})
    assert changed["initial_stamps"] == 1
    assert len(answer_of(client.cards.list, STORE)) == 3
    wanted = {"card_id": card["id"], "name": "Slice", "stamps_required": 5}
    reward = fits(answer_of(client.rewards.create, STORE, reward=wanted), LEAL_REWARD)
    assert answer_of(client.rewards.get, STORE, reward["id"]) == reward
    renamed = answer_of(client.rewards.update, STORE, reward["id"], reward={"name": "Piece"})
    assert renamed["name"] == "Piece"
    assert len(answer_of(client.rewards.list, STORE, card_id=card["id"])) == 1
    client.rewards.delete(STORE, reward["id"])
    assert answer_of(client.rewards.list, STORE, card_id=card["id"]) == []


@pytest.mark.parametrize("shape", ["object", "list"])
def test_both_shapes_of_errors_parse(client_for: Callable[..., Any], shape: str) -> None:
    """A taken e-mail raises the SDK's 422 with its errors, as an object or as a list."""
    with Sandbox(SandboxOptions(leal=LealSwitches(errors_shape=shape))) as sandbox:
        client = client_for(sandbox)
        create(client)
        with pytest.raises(leal.UnprocessableEntityError) as refused:
            client.customers.create(STORE, customer={"first_name": "B", "email": "ada@example.com"})

    expected = {
        "object": {"email": ["has already been taken"]},
        "list": ["Email has already been taken"],
    }
    assert refused.value.body.errors == expected[shape]
    fits(refused.value.body.dict(exclude_none=True), LEAL_ERROR)


def test_every_documented_error_is_the_sdks_own(
    sandbox: Sandbox, client: Any, client_for: Callable[..., Any]
) -> None:
    """401, 404, 410 and 429 raise the SDK's classes, with a body that it can read."""
    stranger = client_for(sandbox, token="wrong")  # noqa: S106 - it is refused
    with pytest.raises(leal.UnauthorizedError) as unauthorized:
        stranger.customers.list(STORE)
    with pytest.raises(leal.NotFoundError) as missing:
        client.customers.get(99, 1)
    for raised in (unauthorized, missing):
        fits(raised.value.body.dict(exclude_none=True), LEAL_ERROR)
    for switches, kind in (
        (LealSwitches(retired="yes"), leal.GoneError),
        (LealSwitches(calls_per_window=1), leal.TooManyRequestsError),
    ):
        with Sandbox(SandboxOptions(leal=switches)) as other:
            limited = client_for(other)
            with pytest.raises(kind) as refused:
                [limited.stores.list() for _ in range(2)]
        fits(refused.value.body.dict(exclude_none=True), LEAL_ERROR)


def test_the_sdk_waits_and_repeats_as_told(client_for: Callable[..., Any]) -> None:
    """A 429 with Retry-After is repeated by the SDK after that time, and then succeeds."""
    limit = LealSwitches(calls_per_window=1, window_s=1)
    with Sandbox(SandboxOptions(leal=limit, record_calls=True)) as sandbox:
        client = client_for(sandbox, retries=2)
        for _ in range(2):
            assert len(client.stores.list()) == 1

        statuses = [call.status for call in sandbox.calls]
    assert statuses[0] == statuses[-1] == 200
    assert 429 in statuses
