"""LoyaltyDog's customers: one function per operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.loyaltydog import consents
from bulkload.sandbox.loyaltydog.consents import iso
from bulkload.sandbox.loyaltydog.programs import program_of
from bulkload.sandbox.loyaltydog.refusals import RefusedError
from bulkload.sandbox.loyaltydog.shapes import (
    AddPointsPayload,
    ConsentsPayload,
    CreateCustomerPayload,
    ListQuery,
    PushPayload,
    UpdateCustomerPayload,
    body_of,
    query_of,
    refused_field,
)
from bulkload.sandbox.store import NOW, Filter, Keys

TAKEN = "A member with this email or phone already exists."
KEPT_AFTER_DELETE = timedelta(days=30)
_MOST = 2**62
_ORDERS = {
    "createdat": "seq",
    "created_at": "seq",
    "updatedat": "updated_at",
    "email": "email",
    "phone": "phone",
    "firstname": "json_extract(body,'$.firstName')",
    "lastname": "json_extract(body,'$.lastName')",
    "points": "json_extract(body,'$.points')",
}
_SHORT = ("id", "firstName", "lastName", "email", "phone", "points")


def list_customers(world: World, call: Call, program_id: str) -> Answer:
    """GET /customers: filters, page or offset, bare array or object with the total."""
    asked = query_of(call, ListQuery)
    program_of(world, program_id)
    switches = world.options.loyaltydog
    limit = min(max(asked.limit, 0), switches.list_limit_max or _MOST)
    offset = (max(asked.page, 1) - 1) * limit if asked.offset is None else max(asked.offset, 0)
    where, values = _conditions(asked, contains=switches.filters == "contains")
    wanted = Filter(
        where,
        values,
        order=_order(asked.orderBy, newest_first=switches.list_order == "newest"),
        limit=min(limit, _MOST),
        offset=min(offset, _MOST),
        horizon=horizon_of(world, call),
    )
    customers = world.store.find(_scope(program_id), wanted)
    if switches.short_list == "yes":
        customers = [{name: customer[name] for name in _SHORT} for customer in customers]
    if not asked.includeTotal:
        return json_answer(200, customers)
    total = world.store.count(_scope(program_id), wanted)
    return json_answer(200, {"customers": customers, "total": total})


def create_customer(world: World, call: Call, program_id: str) -> Answer:
    """POST /customers: a new customer, or what the switch says about one that is there."""
    switches = world.options.loyaltydog
    payload = body_of(call, CreateCustomerPayload, phone_check=switches.phone_check)
    program = program_of(world, program_id)
    if switches.required_fields == "enforced":
        _check_required(program, payload)
    if switches.duplicates != "allow":
        existing = _same_contact(world, program_id, payload.email, payload.phone)
        if existing is not None and switches.duplicates == "return-existing":
            return json_answer(200, existing)
        if existing is not None:
            if switches.duplicates == "409":
                raise RefusedError(409, TAKEN)
            raise refused_field("email" if payload.email else "phone", TAKEN)
    customer: dict[str, Any] = {
        "id": f"{int(call.now):08x}{world.hex_id(16)}",
        "firstName": payload.firstName,
        "lastName": payload.lastName,
        "email": payload.email,
        "phone": payload.phone,
        "points": payload.points,
        "referrerId": payload.referrerId,
        "currentMessage": None,
        "currentOfferId": None,
        "customFields": payload.customFields or {},
        "createdAt": iso(call.now),
        "updatedAt": iso(call.now),
    }
    _award(program, {}, customer)
    world.store.add(_scope(program_id), customer["id"], _keys(customer), customer, call.now)
    for name, granted in (payload.initialConsentGranted or {}).items():
        consents.keep(world, call, customer["id"], (name, granted, "api", None))
    return json_answer(200, customer)


def get_customer(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """GET /customers/{id}."""
    program_of(world, program_id)
    return json_answer(200, customer_of(world, program_id, customer_id, horizon_of(world, call)))


def update_customer(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """PUT /customers/{id}: what is not named stays (points and customFields as switched)."""
    switches = world.options.loyaltydog
    payload = body_of(call, UpdateCustomerPayload, phone_check=switches.phone_check)
    program = program_of(world, program_id)
    customer = customer_of(world, program_id, customer_id)
    named = payload.model_fields_set
    before = dict(customer)
    for name in ("firstName", "lastName", "email", "phone", "currentMessage"):
        if name in named:
            customer[name] = getattr(payload, name)
    if "points" in named or switches.omitted_points == "zero":
        customer["points"] = payload.points
    if "customFields" in named:
        kept = customer["customFields"] if switches.custom_fields_on_put == "merge" else {}
        customer["customFields"] = {**kept, **(payload.customFields or {})}
    _award(program, before, customer)
    return _saved(world, call, program_id, customer)


def delete_customer(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """DELETE /customers/{id}: soft; the customer is gone from all reads."""
    program_of(world, program_id)
    customer_of(world, program_id, customer_id)
    world.store.remove(_scope(program_id), customer_id, call.now)
    body = {
        "softDeletedAt": iso(call.now),
        "hardDeleteAfter": iso(call.now + KEPT_AFTER_DELETE.total_seconds()),
        "status": "soft_deleted",
    }
    return json_answer(int(world.options.loyaltydog.delete_status), body)


def add_points(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """POST /customers/{id}/points/add."""
    payload = body_of(call, AddPointsPayload)
    program_of(world, program_id)
    customer = customer_of(world, program_id, customer_id)
    customer["points"] += payload.points
    return _saved(world, call, program_id, customer)


def reserved_points(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """GET /customers/{id}/points/reserved."""
    program_of(world, program_id)
    customer = customer_of(world, program_id, customer_id, horizon_of(world, call))
    return json_answer(200, {"reservedPoints": 0, "availablePoints": customer["points"]})


def get_consents(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """GET /customers/{id}/consents: the latest record per type, newest first."""
    program_of(world, program_id)
    customer_of(world, program_id, customer_id, horizon_of(world, call))
    return json_answer(200, consents.latest(world, customer_id))


def add_consents(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """POST /customers/{id}/consents: records are only ever added."""
    payload = body_of(call, ConsentsPayload)
    program_of(world, program_id)
    customer_of(world, program_id, customer_id)
    records = [
        consents.keep(
            world,
            call,
            customer_id,
            (consent.consentType, consent.granted, consent.method, payload.policyVersion),
        )
        for consent in payload.consents
    ]
    return json_answer(201, records)


def push_message(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """POST /customers/{id}/push: kept, shown to nobody."""
    payload = body_of(call, PushPayload)
    program_of(world, program_id)
    customer = customer_of(world, program_id, customer_id)
    customer["currentMessage"] = payload.message
    world.effect({"effect": "push", "customer_id": customer_id}, call.now)
    return _saved(world, call, program_id, customer)


def _conditions(asked: ListQuery, *, contains: bool) -> tuple[str, tuple[Any, ...]]:
    conditions: list[str] = []
    values: list[Any] = []
    match = "instr({0}, ?) > 0" if contains else "{0} = ?"
    if asked.email is not None:
        conditions.append(match.format("email"))
        values.append(asked.email.strip().casefold())
    if asked.phone is not None:
        conditions.append(match.format("phone"))
        values.append(_digits(asked.phone))
    if asked.pid is not None:
        conditions.append("id = ?")
        values.append(asked.pid)
    if asked.pidNumber is not None:
        conditions.append("0")
    if asked.q:
        place = "substr(search, 1, instr(search, char(10)) - 1)" if asked.byName else "search"
        conditions.append(f"instr({place}, ?) > 0")
        values.append(asked.q.strip().casefold())
    return " AND ".join(conditions) or "1", tuple(values)


def _order(order_by: str | None, *, newest_first: bool) -> str:
    wanted = (order_by or "").strip().lower()
    column = _ORDERS.get(wanted.lstrip("-+"))
    if column is None:
        return "seq DESC" if newest_first else "seq"
    direction = "DESC" if wanted.startswith("-") else "ASC"
    return f"{column} {direction}, seq {direction}"


def _check_required(program: dict[str, Any], payload: CreateCustomerPayload) -> None:
    given = {**(payload.customFields or {}), **payload.model_dump(exclude={"customFields"})}
    for name in program["requiredFields"]:
        if given.get(name) in (None, ""):
            raise refused_field(name, f"{name} is required by the program")


def _same_contact(
    world: World, program_id: str, email: str | None, phone: str | None
) -> dict[str, Any] | None:
    wanted = Filter("email = ? OR phone = ?", (_email_key(email), _phone_key(phone)), limit=1)
    found = world.store.find(_scope(program_id), wanted)
    return found[0] if found else None


def _award(program: dict[str, Any], before: dict[str, Any], customer: dict[str, Any]) -> None:
    """Add the points that the program gives for contacts and custom fields just filled."""
    for name, points in (
        ("email", program["pointsAddEmail"]),
        ("phone", program["pointsAddPhone"]),
    ):
        if customer[name] and not before.get(name):
            customer["points"] += points or 0
    held = before.get("customFields", {})
    for field in program["customFields"]:
        if customer["customFields"].get(field["name"]) and not held.get(field["name"]):
            customer["points"] += field["points"] or 0


def customer_of(
    world: World, program_id: str, customer_id: str, horizon: float = NOW
) -> dict[str, Any]:
    """Return a customer; RefusedError (404) if there is none."""
    customer = world.store.get(_scope(program_id), customer_id, horizon)
    if customer is None:
        raise RefusedError(404, "Customer not found")
    return customer


def _saved(world: World, call: Call, program_id: str, customer: dict[str, Any]) -> Answer:
    customer["updatedAt"] = iso(call.now)
    world.store.save(_scope(program_id), customer["id"], _keys(customer), customer, call.now)
    return json_answer(200, customer)


def _keys(customer: dict[str, Any]) -> Keys:
    name = f"{customer['firstName'] or ''} {customer['lastName'] or ''}".strip()
    search = f"{name}\n{customer['email'] or ''}\n{customer['phone'] or ''}".casefold()
    email, phone = _email_key(customer["email"]), _phone_key(customer["phone"])
    return Keys(email=email, phone=phone, search=search)


def _email_key(email: str | None) -> str | None:
    return (email or "").strip().casefold() or None


def _phone_key(phone: str | None) -> str | None:
    return _digits(phone or "") or None


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def horizon_of(world: World, call: Call) -> float:
    """Return up to when reads see writes."""
    delay_s = world.options.loyaltydog.read_delay_s
    return call.now - delay_s if delay_s else NOW


def _scope(program_id: str) -> str:
    return f"loyaltydog/{program_id}"
