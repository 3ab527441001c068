"""Voucherify's customers: one function per operation."""

from __future__ import annotations

from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.store import NOW, Filter
from bulkload.sandbox.voucherify import people, queries
from bulkload.sandbox.voucherify.refusals import object_of

_ORDERS = {
    "created_at": "created_at, seq",
    "-created_at": "created_at DESC, seq DESC",
    "updated_at": "updated_at, seq",
    "-updated_at": "updated_at DESC, seq DESC",
    "source_id": "reference, seq",
    "-source_id": "reference DESC, seq DESC",
}
_NEWEST_FIRST = "-created_at"
_LAST_PAGE = 99


def create_customer(world: World, call: Call) -> Answer:
    """POST /v1/customers: always 200, whether created or changed."""
    customer = people.upsert(world, object_of(call), call.now)
    return json_answer(200, people.shown(customer))


def get_customer(world: World, call: Call, id_: str) -> Answer:
    """GET /v1/customers/{id or source_id}."""
    customer = people.find(world, id_, horizon(world, call))
    return json_answer(200, people.shown(customer, base_url=call.base_url))


def update_customer(world: World, call: Call, id_: str) -> Answer:
    """PUT /v1/customers/{id or source_id}: what is not named stays; source_id always does."""
    wanted = object_of(call)
    customer = people.find(world, id_)
    return json_answer(200, people.shown(people.change(world, customer, wanted, call.now)))


def delete_customer(world: World, call: Call, id_: str) -> Answer:
    """DELETE /v1/customers/{id or source_id}."""
    customer = people.find(world, id_)
    world.store.remove(people.SCOPE, customer["id"], people.moment(call.now))
    return Answer(204)


def delete_permanently(world: World, call: Call, id_: str) -> Answer:
    """POST /v1/customers/{id}/permanent-deletion; the misspelling is the vendor's."""
    customer = people.find(world, id_)
    world.store.remove(people.SCOPE, customer["id"], people.moment(call.now))
    counts = ("events", "customer_events", "daily_events", "segments", "orders", "order_events")
    body = {
        "id": world.word_id("del_", 24),
        "created_at": people.iso(call.now),
        "related_object_id": customer["id"],
        "related_object": "customer",
        "status": "DONE",
        "data_json": {**dict.fromkeys(counts, 0), "customer": 1},
        "object": "pernament_deletion",
    }
    return json_answer(200, body)


def no_history(world: World, call: Call, id_: str) -> Answer:
    """GET segments, activity and redeemables of a customer: the sandbox has none."""
    people.find(world, id_, horizon(world, call))
    counts = {"segments": ("total",), "activity": ("has_more",)}
    body: dict[str, Any] = {"object": "list", "data_ref": "data", "data": []}
    empty = {"total": 0, "has_more": False}
    for name in counts.get(call.path.rpartition("/")[2], tuple(empty)):
        body[name] = empty[name]
    return json_answer(200, body)


def list_customers(world: World, call: Call) -> Answer:
    """GET /v1/customers: pages up to 99, or a date cursor that is strict to the millisecond."""
    limit = queries.number(call, "limit", 10, 100)
    page = queries.number(call, "page", 1, _LAST_PAGE)
    order = queries.choice(call, "order", tuple(_ORDERS))
    cursor = queries.when(call, "starting_after")
    where, values = _conditions(world, call)
    lasting = Filter(where, tuple(values), horizon=horizon(world, call))
    body: dict[str, Any] = {"object": "list", "data_ref": "customers", "customers": []}
    total = world.store.count(people.SCOPE, lasting)
    if cursor is None:
        wanted = _paged(lasting, order or _NEWEST_FIRST, limit, (page - 1) * limit)
        found = world.store.find(people.SCOPE, wanted)
    else:
        forwards = order in ("created_at", "updated_at")
        column = order if forwards and order else "created_at"
        where = f"{where} AND {column} {'>' if forwards else '<'} ?"
        after = Filter(where, (*values, cursor), horizon=lasting.horizon)
        wanted = _paged(after, column if forwards else _NEWEST_FIRST, limit + 1, 0)
        found = world.store.find(people.SCOPE, wanted)
        body["has_more"] = len(found) > limit
    body["customers"] = [people.shown(customer) for customer in found[:limit]]
    return json_answer(200, body | {"total": total})


def horizon(world: World, call: Call) -> float:
    """Return up to when reads see writes."""
    delay_s = world.options.voucherify.read_delay_s
    return call.now - delay_s if delay_s else NOW


def _paged(wanted: Filter, order: str, limit: int, offset: int) -> Filter:
    return Filter(
        wanted.where, wanted.values, _ORDERS[order], limit, offset, horizon=wanted.horizon
    )


def _conditions(world: World, call: Call) -> tuple[str, list[Any]]:
    conditions, values = ["1"], list[Any]()
    loose = world.options.voucherify.filters == "contains"
    name, city = (
        "substr(search, 1, instr(search, char(10)) - 1)",
        "json_extract(body, '$.address.city')",
    )
    for parameter, column in (("email", "email"), ("name", name), ("city", city)):
        text = call.query.get(parameter)
        if text is not None:
            conditions.append(f"instr({column}, ?) > 0" if loose else f"{column} = ?")
            values.append(text.casefold() if parameter == "email" else text)
    if "segment_id" in call.query:
        conditions.append("0")
    for column in ("created_at", "updated_at"):
        for side, sign in (("before", "<"), ("after", ">")):
            at = queries.when(call, f"{column}[{side}]")
            if at is not None:
                conditions.append(f"{column} {sign} ?")
                values.append(at)
    return " AND ".join(conditions), values
