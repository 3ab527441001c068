"""Leal's cards and rewards, and the stamps on customers' cards."""

from __future__ import annotations

import uuid
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
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
from bulkload.sandbox.options import LEAL_ACCOUNT_ID
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
    kind = _cards(LEAL_ACCOUNT_ID)
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
    store.put(_rewards(LEAL_ACCOUNT_ID), "31", reward, now)


def list_cards(world: World, call: Call, account_id: str) -> Answer:
    """GET …/cards: the active ones unless `scope` says `all` or `archived`."""
    account = store_of(world, account_id)["id"]
    scope = call.query.get("scope", "active")
    cards = [
        _shown_card(world, account, card)
        for card in world.store.documents(_cards(account))
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
    world.store.put(_cards(account), str(card["id"]), card, call.now)
    return json_answer(201, _shown_card(world, account, card))


def update_card(world: World, call: Call, account_id: str, card_id: str) -> Answer:
    """PATCH …/cards/{id}."""
    account = store_of(world, account_id)["id"]
    card = _card(world, account, card_id)
    _change_card(world, call, card, hash_of(world, body_of(world, call), "card"))
    world.store.put(_cards(account), str(card["id"]), card, call.now)
    return json_answer(200, _shown_card(world, account, card))


def list_rewards(world: World, call: Call, account_id: str) -> Answer:
    """GET …/rewards: of one card, only active ones, if asked."""
    account = store_of(world, account_id)["id"]
    rewards = [
        reward
        for reward in world.store.documents(_rewards(account))
        if call.query.get("card_id", str(reward["card_id"])) == str(reward["card_id"])
        and (reward["active"] or "active" not in call.query)
    ]
    return json_answer(200, rewards)


def enrol(world: World, call: Call, account: int, customer_id: int, card_id: int) -> None:
    """Put a customer on a card, with the card's welcome stamps; nothing if they are on it.

    Raises:
        RefusedError: 422, the store has no such active card.
    """
    card = active_card(world, account, card_id)
    if any(c["card_id"] == card_id for c in customer_cards(world, customer_id)):
        return
    issued = {
        "id": next_id(world, "customer_card", 900, call.now),
        "account_id": account,
        "customer_id": customer_id,
        "card_id": card_id,
        "card_name": card["name"],
        "uuid": str(uuid.UUID(int=world.chance.getrandbits(128), version=4)),
        "status": "active",
        "stamps_count": card["initial_stamps"],
        "pass_installed": False,
        "issued_at": iso(call.now),
        "created_at": iso(call.now),
        "updated_at": iso(call.now),
        "base_url": call.base_url,
    }
    world.store.put(_kept(customer_id), str(issued["id"]), issued, call.now)
    if card["initial_stamps"]:
        effect = {"effect": "welcome_stamps", "customer_id": customer_id}
        world.effect(effect | {"stamps": card["initial_stamps"]}, call.now)


def active_card(world: World, account: int, card_id: int) -> dict[str, Any]:
    """Return a card that customers can be put on; 422 if there is none with this id."""
    card: dict[str, Any] | None = world.store.fetch(_cards(account), str(card_id))
    if card is None or card["archived_at"] is not None:
        raise invalid(card_id="must be an active card of this store")
    return card


def customer_cards(world: World, customer_id: int) -> list[dict[str, Any]]:
    """Return the cards of a customer as they are kept."""
    return world.store.documents(_kept(customer_id))


def shown(world: World, kept: dict[str, Any], *, whole_card: bool = False) -> dict[str, Any]:
    """Return a customer's card as lists show it, or whole."""
    account, stamps = kept["account_id"], kept["stamps_count"]
    card = world.store.fetch(_cards(account), str(kept["card_id"]))
    needed = card["stamps_required"]
    places = f"{kept['base_url']}/passes/{kept['uuid']}"
    body = {name: value for name, value in kept.items() if name != "base_url"}
    body |= {
        "card_name": card["name"],
        "stamps_remaining": max(0, needed - stamps),
        "progress_percentage": min(100.0, round(100 * stamps / needed, 1)),
        "apple_wallet_url": f"{places}/apple",
        "google_wallet_url": f"{places}/google",
    }
    if not whole_card:
        del body["account_id"], body["customer_id"]
        return body
    body["available_rewards"] = [
        reward
        for reward in world.store.documents(_rewards(account))
        if reward["card_id"] == kept["card_id"]
        and reward["active"]
        and reward["stamps_required"] <= stamps
    ]
    return body


def stamp(world: World, call: Call, kept: dict[str, Any]) -> Answer:
    """Add stamps to a customer's card; take them off with a negative number."""
    body = body_of(world, call)
    if body.get("stamps") is None:
        raise required("stamps")
    stamps = whole(world, "stamps", body["stamps"])
    quiet = "skip_notifications" in body and boolean(
        world, "skip_notifications", body["skip_notifications"]
    )
    if not stamps:
        raise invalid(stamps="must be other than 0")
    if kept["stamps_count"] + stamps < 0:
        raise invalid(stamps="must leave at least 0 stamps on the card")
    kept["stamps_count"] += stamps
    _keep(world, call, kept)
    if not quiet:
        world.effect({"effect": "notification", "customer_id": kept["customer_id"]}, call.now)
    return json_answer(200, shown(world, kept, whole_card=True))


def redeem(world: World, call: Call, kept: dict[str, Any]) -> Answer:
    """Spend stamps on a reward."""
    body = body_of(world, call)
    if body.get("reward_id") is None:
        raise required("reward_id")
    reward_id = whole(world, "reward_id", body["reward_id"])
    reward = world.store.fetch(_rewards(kept["account_id"]), str(reward_id))
    if reward is None or reward["card_id"] != kept["card_id"]:
        raise invalid(reward_id="must be a reward of this card")
    if not reward["active"]:
        raise invalid(reward="is not active")
    if kept["stamps_count"] < reward["stamps_required"]:
        raise invalid(base="Not enough stamps")
    kept["stamps_count"] -= reward["stamps_required"]
    _keep(world, call, kept)
    redemption = {
        "id": next_id(world, "redemption", 1, call.now),
        "redeemed_at": iso(call.now),
        "reward_id": reward_id,
        "reward_name": reward["name"],
        "stamps_remaining": kept["stamps_count"],
        "stamps_spent": reward["stamps_required"],
    }
    return json_answer(200, {"success": True, "redemption": redemption})


def _keep(world: World, call: Call, kept: dict[str, Any]) -> None:
    kept["updated_at"] = iso(call.now)
    world.store.put(_kept(kept["customer_id"]), str(kept["id"]), kept, call.now)


def _card(world: World, account: int, card_id: str) -> dict[str, Any]:
    card: dict[str, Any] | None = world.store.fetch(_cards(account), path_id("Card", card_id))
    if card is None:
        raise not_found("Card")
    return card


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
    rewards = [r for r in world.store.documents(_rewards(account)) if r["card_id"] == card["id"]]
    return {**card, "rewards_count": len(rewards), "customer_cards_count": 0}


def _cards(account: int) -> str:
    return f"leal/card/{account}"


def _rewards(account: int) -> str:
    return f"leal/reward/{account}"


def _kept(customer_id: int) -> str:
    return f"leal/customer_card/{customer_id}"
