"""Leal's card templates and rewards."""

from __future__ import annotations

from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.credentials import LEAL_ACCOUNT_ID
from bulkload.sandbox.leal.parameters import (
    body_of,
    boolean,
    hash_of,
    path_id,
    required,
    text,
    whole,
)
from bulkload.sandbox.leal.refusals import invalid, not_found
from bulkload.sandbox.leal.stores import iso, next_id, store_of
from bulkload.sandbox.store import Store

_MOST_STAMPS = 21
_CARD: dict[str, Any] = {
    "card_color": "#6B4226", "text_color": "#FFFFFF", "stamp_icon": "coffee",
    "stamp_color": "#FFFFFF", "stamp_background_color": "#3B2416", "stamps_required": 10,
    "initial_stamps": 0, "strip_type": "color", "strip_color": "#3B2416", "strip_opacity": 100,
    "strip_preset": "", "header_text": "", "auxiliary_fields": [], "show_member_field": True,
    "show_stamps_to_reward_field": True, "expires_at": None, "archived_at": None,
}  # fmt: skip
_TEXTS = ("name", "card_color", "text_color", "stamp_icon", "stamp_color", "strip_type",
          "stamp_background_color", "strip_color", "strip_preset", "header_text", "expires_at")  # fmt: skip


def found_cards(store: Store, now: float) -> None:
    """Make the cards and the reward that exist from the start."""
    kind = cards_kind(LEAL_ACCOUNT_ID)
    if store.documents(kind):
        return
    for id_, name, initial in ((7, "Coffee", 1), (8, "Tea", 0)):
        card = {"id": id_, "name": name, **_CARD, "initial_stamps": initial}
        store.put(kind, str(id_), card | {"created_at": iso(now), "updated_at": iso(now)}, now)
    reward = {
        "id": 31, "account_id": LEAL_ACCOUNT_ID, "card_id": 7, "name": "Free coffee",
        "description": "Any size", "stamps_required": 10, "position": 1, "active": True,
        "created_at": iso(now), "updated_at": iso(now),
    }  # fmt: skip
    store.put(rewards_kind(LEAL_ACCOUNT_ID), "31", reward, now)


def list_cards(world: World, call: Call, account_id: str) -> Answer:
    """GET …/cards: the active ones unless `scope` says `all` or `archived`."""
    account = store_of(world, account_id)["id"]
    scope = call.query.get("scope", "active")
    cards = [
        _shown_card(world, account, card)
        for card in world.store.documents(cards_kind(account))
        if scope == "all" or (scope == "archived") == (card["archived_at"] is not None)
    ]
    return json_answer(200, cards)


def get_card(world: World, _call: Call, account_id: str, card_id: str) -> Answer:
    """GET …/cards/{id}."""
    account = store_of(world, account_id)["id"]
    return json_answer(200, _shown_card(world, account, _card(world, account, card_id)))


def create_card(world: World, call: Call, account_id: str) -> Answer:
    """POST …/cards."""
    account = store_of(world, account_id)["id"]
    wanted = hash_of(world, body_of(world, call), "card")
    card = {"id": 0, "name": "", **_CARD, "created_at": iso(call.now)}
    _change_card(world, call, card, wanted)
    card["id"] = next_id(world, "card", 101, call.now)
    world.store.put(cards_kind(account), str(card["id"]), card, call.now)
    return json_answer(201, _shown_card(world, account, card))


def update_card(world: World, call: Call, account_id: str, card_id: str) -> Answer:
    """PATCH …/cards/{id}."""
    account = store_of(world, account_id)["id"]
    card = _card(world, account, card_id)
    _change_card(world, call, card, hash_of(world, body_of(world, call), "card"))
    world.store.put(cards_kind(account), str(card["id"]), card, call.now)
    return json_answer(200, _shown_card(world, account, card))


def list_rewards(world: World, call: Call, account_id: str) -> Answer:
    """GET …/rewards: of one card, only active ones, if asked."""
    account = store_of(world, account_id)["id"]
    rewards = [
        reward
        for reward in world.store.documents(rewards_kind(account))
        if call.query.get("card_id", str(reward["card_id"])) == str(reward["card_id"])
        and (reward["active"] or "active" not in call.query)
    ]
    return json_answer(200, rewards)


def get_reward(world: World, _call: Call, account_id: str, reward_id: str) -> Answer:
    """GET …/rewards/{id}."""
    account = store_of(world, account_id)["id"]
    return json_answer(200, _reward(world, account, reward_id))


def create_reward(world: World, call: Call, account_id: str) -> Answer:
    """POST …/rewards."""
    account = store_of(world, account_id)["id"]
    reward = {
        "id": 0, "account_id": account, "card_id": 0, "name": "", "description": "",
        "stamps_required": 0, "position": 1, "active": True, "created_at": iso(call.now),
    }  # fmt: skip
    _change_reward(world, call, reward, hash_of(world, body_of(world, call), "reward"))
    reward["id"] = next_id(world, "reward", 301, call.now)
    world.store.put(rewards_kind(account), str(reward["id"]), reward, call.now)
    return json_answer(201, reward)


def update_reward(world: World, call: Call, account_id: str, reward_id: str) -> Answer:
    """PATCH …/rewards/{id}."""
    account = store_of(world, account_id)["id"]
    reward = _reward(world, account, reward_id)
    _change_reward(world, call, reward, hash_of(world, body_of(world, call), "reward"))
    world.store.put(rewards_kind(account), str(reward["id"]), reward, call.now)
    return json_answer(200, reward)


def delete_reward(world: World, _call: Call, account_id: str, reward_id: str) -> Answer:
    """DELETE …/rewards/{id}."""
    account = store_of(world, account_id)["id"]
    world.store.drop(rewards_kind(account), str(_reward(world, account, reward_id)["id"]))
    return Answer(204)


def active_card(world: World, account: int, card_id: int) -> dict[str, Any]:
    """Return a card that customers can be put on; 422 if there is none with this id."""
    card: dict[str, Any] | None = world.store.fetch(cards_kind(account), str(card_id))
    if card is None or card["archived_at"] is not None:
        raise invalid(card_id="must be an active card of this store")
    return card


def _card(world: World, account: int, card_id: str) -> dict[str, Any]:
    card: dict[str, Any] | None = world.store.fetch(cards_kind(account), path_id("Card", card_id))
    if card is None:
        raise not_found("Card")
    return card


def _reward(world: World, account: int, reward_id: str) -> dict[str, Any]:
    reward: dict[str, Any] | None = world.store.fetch(
        rewards_kind(account), path_id("Reward", reward_id)
    )
    if reward is None:
        raise not_found("Reward")
    return reward


def _change_reward(
    world: World, call: Call, reward: dict[str, Any], wanted: dict[str, Any]
) -> None:
    for name in ("name", "description"):
        if name in wanted:
            reward[name] = text(world, f"reward[{name}]", wanted[name])
    for name in ("card_id", "stamps_required", "position"):
        if name in wanted:
            reward[name] = whole(world, f"reward[{name}]", wanted[name])
    if "active" in wanted:
        reward["active"] = boolean(world, "reward[active]", wanted["active"])
    if not reward["name"]:
        raise required("name")
    if reward["stamps_required"] < 1:
        raise invalid(stamps_required="must be greater than 0")
    active_card(world, reward["account_id"], reward["card_id"])
    reward["updated_at"] = iso(call.now)


def _change_card(world: World, call: Call, card: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name in _TEXTS:
        if name in wanted:
            card[name] = text(world, f"card[{name}]", wanted[name])
    for name in ("stamps_required", "initial_stamps"):
        if name in wanted:
            card[name] = whole(world, f"card[{name}]", wanted[name])
    if not card["name"]:
        raise required("name")
    if not 1 <= card["stamps_required"] <= _MOST_STAMPS:
        raise invalid(stamps_required=f"must be from 1 to {_MOST_STAMPS}")
    if not 0 <= card["initial_stamps"] < card["stamps_required"]:
        raise invalid(initial_stamps="must be less than stamps required")
    card["updated_at"] = iso(call.now)


def _shown_card(world: World, account: int, card: dict[str, Any]) -> dict[str, Any]:
    rewards = [
        r for r in world.store.documents(rewards_kind(account)) if r["card_id"] == card["id"]
    ]
    return {"customer_cards_count": 0, **card, "rewards_count": len(rewards)}


def cards_kind(account: int) -> str:
    """Return the kind of document that a store's cards are."""
    return f"leal/card/{account}"


def rewards_kind(account: int) -> str:
    """Return the kind of document that a store's rewards are."""
    return f"leal/reward/{account}"
