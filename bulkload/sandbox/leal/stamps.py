"""The cards that Leal's customers hold, and the stamps on them."""

from __future__ import annotations

import uuid
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.leal.cards import active_card, cards_kind, rewards_kind
from bulkload.sandbox.leal.parameters import body_of, boolean, required, whole
from bulkload.sandbox.leal.refusals import invalid
from bulkload.sandbox.leal.stores import iso, next_id


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
    card["customer_cards_count"] = card.get("customer_cards_count", 0) + 1
    world.store.put(cards_kind(account), str(card_id), card, call.now)
    if card["initial_stamps"]:
        effect = {"effect": "welcome_stamps", "customer_id": customer_id}
        world.effect(effect | {"stamps": card["initial_stamps"]}, call.now)


def customer_cards(world: World, customer_id: int) -> list[dict[str, Any]]:
    """Return the cards of a customer as they are kept."""
    return world.store.documents(_kept(customer_id))


def shown(world: World, kept: dict[str, Any], *, whole_card: bool = False) -> dict[str, Any]:
    """Return a customer's card as lists show it, or whole."""
    account, stamps = kept["account_id"], kept["stamps_count"]
    card = world.store.fetch(cards_kind(account), str(kept["card_id"]))
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
        for reward in world.store.documents(rewards_kind(account))
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
    reward = world.store.fetch(rewards_kind(kept["account_id"]), str(reward_id))
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


def _kept(customer_id: int) -> str:
    return f"leal/customer_card/{customer_id}"
