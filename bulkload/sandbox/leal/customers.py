"""Leal's customers: one function per operation."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.leal import references, stamps
from bulkload.sandbox.leal.cards import active_card
from bulkload.sandbox.leal.parameters import (
    body_of,
    boolean,
    hash_of,
    path_id,
    query_number,
    text,
    whole,
    wrong,
)
from bulkload.sandbox.leal.refusals import RefusedError, invalid, not_found
from bulkload.sandbox.leal.stores import iso, next_id, store_of
from bulkload.sandbox.store import NOW, Filter, Keys

_TEXTS = ("first_name", "last_name", "email", "phone", "birthday")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")
TAKEN = "has already been taken"
_FIRST_ID = 501


def list_customers(world: World, call: Call, account_id: str) -> Answer:
    """GET …/customers: `search`, or the exact look-up by `source` and `external_id`; paged."""
    account = store_of(world, account_id)["id"]
    switches = world.options.leal
    items = max(1, min(query_number(call, "items", switches.items_default), switches.items_max))
    page = query_number(call, "page", 1)
    where, values = _conditions(world, call, account)
    wanted = Filter(
        where, values, "seq", items, min((page - 1) * items, 2**62), _horizon(world, call)
    )
    count = world.store.count(_scope(account), wanted)
    pages = max(1, -(-count // items))
    if page > pages and switches.past_last_page == "404":
        raise RefusedError(404, f"expected :page in 1..{pages}; got {page}")
    customers = [
        shown(world, customer, with_cards=switches.list_cards == "yes")
        for customer in world.store.find(_scope(account), wanted)
    ]
    pagination = {"count": count, "items": items, "page": page, "pages": pages}
    return json_answer(200, {"customers": customers, "pagination": pagination})


def create_customer(world: World, call: Call, account_id: str) -> Answer:
    """POST …/customers: unique by e-mail and phone, references upserted, card and links on request."""
    account = store_of(world, account_id)["id"]
    body = body_of(world, call)
    wanted = _checked(world, hash_of(world, body, "customer"))
    card_id = None if body.get("card_id") is None else whole(world, "card_id", body["card_id"])
    if card_id is not None:
        active_card(world, account, card_id)
    links = body.get("send_card_links") is not None and boolean(
        world, "send_card_links", body["send_card_links"]
    )
    status = int(world.options.leal.create_status)
    holder_id = references.holder_of(world, account, wanted)
    customer = None if holder_id is None else world.store.get(_scope(account), str(holder_id))
    how = world.options.leal.known_reference
    if customer is not None and how == "return-existing":
        return json_answer(status, _enrolled(world, call, customer, card_id, links=links))
    if customer is None or how == "taken":
        customer = {
            "id": 0, "account_id": account, **dict.fromkeys(_TEXTS), "metadata": {},
            "external_references": [], "created_at": iso(call.now),
        }  # fmt: skip
    _merge(world, account, customer, wanted)
    is_new = not customer["id"]
    if is_new:
        customer["id"] = next_id(world, "customer", _FIRST_ID, call.now)
    _claim(world, call, customer)
    customer["updated_at"] = iso(call.now)
    write = world.store.add if is_new else world.store.save
    write(_scope(account), str(customer["id"]), _keys(world, customer), customer, call.now)
    return json_answer(status, _enrolled(world, call, customer, card_id, links=links))


def get_customer(world: World, call: Call, account_id: str, customer_id: str) -> Answer:
    """GET …/customers/{id}."""
    account = store_of(world, account_id)["id"]
    customer = _customer(world, account, customer_id, _horizon(world, call))
    return json_answer(200, shown(world, customer))


def update_customer(world: World, call: Call, account_id: str, customer_id: str) -> Answer:
    """PATCH …/customers/{id}: what is not named stays; metadata merges by its first level."""
    account = store_of(world, account_id)["id"]
    customer = _customer(world, account, customer_id)
    wanted = _checked(world, hash_of(world, body_of(world, call), "customer"))
    _merge(world, account, customer, wanted)
    _claim(world, call, customer)
    _save(world, call, customer)
    return json_answer(200, shown(world, customer))


def list_customer_cards(world: World, call: Call, account_id: str, customer_id: str) -> Answer:
    """GET …/customer_cards."""
    account = store_of(world, account_id)["id"]
    customer = _customer(world, account, customer_id, _horizon(world, call))
    kept = stamps.customer_cards(world, customer["id"])
    return json_answer(200, [stamps.shown(world, card) for card in kept])


def get_customer_card(world: World, call: Call, *ids: str) -> Answer:
    """GET …/customer_cards/{id}."""
    return json_answer(200, stamps.shown(world, _kept_card(world, call, *ids), whole_card=True))


def stamp_card(world: World, call: Call, *ids: str) -> Answer:
    """POST …/customer_cards/{id}/stamp."""
    return stamps.stamp(world, call, _kept_card(world, call, *ids))


def redeem_reward(world: World, call: Call, *ids: str) -> Answer:
    """POST …/customer_cards/{id}/redeem."""
    return stamps.redeem(world, call, _kept_card(world, call, *ids))


def shown(world: World, customer: dict[str, Any], *, with_cards: bool = True) -> dict[str, Any]:
    """Return a customer as answers show it."""
    kept = stamps.customer_cards(world, customer["id"])
    body = {**customer, "stamp_count": sum(card["stamps_count"] for card in kept)}
    if with_cards:
        body["customer_cards"] = [stamps.shown(world, card) for card in kept]
    return body


def _checked(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    for name in _TEXTS:
        if name in wanted:
            text(world, f"customer[{name}]", wanted[name])
    if not isinstance(wanted.get("metadata") or {}, dict):
        wrong(world, "customer[metadata]", wanted["metadata"], "Must be a Hash")
    references = wanted.get("external_references") or []
    place = "customer[external_references]"
    if not isinstance(references, list) or not all(isinstance(r, dict) for r in references):
        wrong(world, place, references, "Must be an Array of nested elements")
    for reference in references:
        for name in ("source", "external_id"):
            if not text(world, f"{place}[{name}]", reference.get(name)):
                raise invalid(external_references=f"{name} can't be blank")
        if not _SLUG.match(reference["source"]):
            raise invalid(external_references="source must be a lowercase slug")
        if not isinstance(reference.get("metadata") or {}, dict):
            wrong(world, f"{place}[metadata]", reference["metadata"], "Must be a Hash")
    return wanted


def _merge(world: World, account: int, customer: dict[str, Any], wanted: dict[str, Any]) -> None:
    clears = world.options.leal.null_clears == "yes"
    for name in _TEXTS:
        if name in wanted and (wanted[name] is not None or clears):
            customer[name] = wanted[name] or None
    customer["metadata"] = {**customer["metadata"], **(wanted.get("metadata") or {})}
    for reference in wanted.get("external_references") or []:
        named = {"source": reference["source"], "external_id": reference["external_id"]}
        kept = [r for r in customer["external_references"] if not named.items() <= r.items()]
        new = named | {"metadata": reference.get("metadata") or {}}
        customer["external_references"] = [*kept, new]
    _check_birthday(world, customer)
    errors: dict[str, list[str]] = {}
    if not (customer["first_name"] or "").strip():
        errors["first_name"] = ["can't be blank"]
    if not customer["email"] and not customer["phone"]:
        errors["email"] = ["can't be blank if phone is blank"]
    for name, key in (("email", _email(customer)), ("phone", _phone(customer))):
        if key and _holder(world, account, name, key) not in (None, customer["id"]):
            errors.setdefault(name, []).append(TAKEN)
    if errors:
        raise RefusedError(422, errors=errors)


def _check_birthday(world: World, customer: dict[str, Any]) -> None:
    try:
        date.fromisoformat(customer["birthday"] or "2000-01-01")
    except ValueError:
        if world.options.leal.wrong_birthday == "refuse":
            raise invalid(birthday="is invalid") from None
        customer["birthday"] = None


def _claim(world: World, call: Call, customer: dict[str, Any]) -> None:
    """Let the customer's references name this customer and nobody else."""
    kind = references.kind(customer["account_id"])
    for reference in customer["external_references"]:
        key = references.key_of(reference)
        holder_id = world.store.fetch(kind, key)
        if holder_id == customer["id"]:
            continue
        if holder_id is not None:
            holder = world.store.get(_scope(customer["account_id"]), str(holder_id))
            if holder is not None:
                held = holder["external_references"]
                holder["external_references"] = [r for r in held if references.key_of(r) != key]
                _save(world, call, holder)
        world.store.put(kind, key, customer["id"], call.now)


def _enrolled(
    world: World, call: Call, customer: dict[str, Any], card_id: int | None, *, links: bool
) -> dict[str, Any]:
    if card_id is not None:
        stamps.enrol(world, call, customer["account_id"], customer["id"], card_id)
        _save(world, call, customer)
    if links:
        effect = {"effect": "card_links", "customer_id": customer["id"]}
        world.effect(effect, call.now)
    body = shown(world, customer)
    if card_id is not None and world.options.leal.created_card == "customer_card":
        body["customer_card"] = body.pop("customer_cards")[-1]
    return body


def _save(world: World, call: Call, customer: dict[str, Any]) -> None:
    customer["updated_at"] = iso(call.now)
    scope, id_ = _scope(customer["account_id"]), str(customer["id"])
    world.store.save(scope, id_, _keys(world, customer), customer, call.now)


def _conditions(world: World, call: Call, account: int) -> tuple[str, tuple[Any, ...]]:
    conditions, values = ["1"], list[Any]()
    source, external_id = call.query.get("source"), call.query.get("external_id")
    if (source is None) != (external_id is None):
        raise invalid(external_id="must be combined with source")
    if source is not None:
        key = references.key_of({"source": source, "external_id": external_id})
        conditions.append("id = ?")
        values.append(str(world.store.fetch(references.kind(account), key)))
    if call.query.get("search"):
        conditions.append("instr(search, ?) > 0")
        values.append(call.query["search"].strip().casefold())
    return " AND ".join(conditions), tuple(values)


def _holder(world: World, account: int, name: str, key: str) -> int | None:
    found = world.store.find(_scope(account), Filter(f"{name} = ?", (key,), limit=1))
    return int(found[0]["id"]) if found else None


def _customer(world: World, account: int, spoken: str, horizon: float = NOW) -> dict[str, Any]:
    customer = world.store.get(_scope(account), path_id("Customer", spoken), horizon)
    if customer is None:
        raise not_found("Customer")
    return customer


def _kept_card(
    world: World, call: Call, account_id: str, customer_id: str, card_id: str
) -> dict[str, Any]:
    account = store_of(world, account_id)["id"]
    horizon = _horizon(world, call) if call.method == "GET" else NOW
    customer = _customer(world, account, customer_id, horizon)
    wanted = path_id("Customer card", card_id)
    for kept in stamps.customer_cards(world, customer["id"]):
        if str(kept["id"]) == wanted:
            return kept
    raise not_found("Customer card")


def _keys(world: World, customer: dict[str, Any]) -> Keys:
    name = f"{customer['first_name'] or ''} {customer['last_name'] or ''}"
    known = [name, customer["email"] or "", customer["phone"] or ""]
    known += [reference["external_id"] for reference in customer["external_references"]]
    known += [card["uuid"] for card in stamps.customer_cards(world, customer["id"])]
    return Keys(_email(customer), _phone(customer), search="\n".join(known).casefold())


def _email(customer: dict[str, Any]) -> str | None:
    return (customer["email"] or "").strip().casefold() or None


def _phone(customer: dict[str, Any]) -> str | None:
    return "".join(c for c in customer["phone"] or "" if c.isdigit()) or None


def _horizon(world: World, call: Call) -> float:
    delay_s = world.options.leal.read_delay_s
    return call.now - delay_s if delay_s else NOW


def _scope(account: int) -> str:
    return f"leal/{account}"
