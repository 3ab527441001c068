"""Voucherify's exports: scheduled, done some time later, downloaded as CSV with a token."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, dumps, json_answer
from bulkload.sandbox.store import Filter
from bulkload.sandbox.voucherify import metadata as schemas
from bulkload.sandbox.voucherify import people, queries
from bulkload.sandbox.voucherify.refusals import RefusedError, invalid, not_found, object_of

EXPORTS = "voucherify/export"
_OBJECTS = ("voucher", "redemption", "customer", "publication", "order", "points_expiration")
_COUNTS = (
    "redeemed",
    "failed",
    "succeeded",
    "rolled_back",
    "rollback_failed",
    "rollback_succeeded",
)
_ORDERS_FIELDS = ("total_amount", "total_count", "average_amount", "last_order_amount")
FIELDS = (
    "name", "id", "description", "email", "source_id", "created_at",
    *(f"address_{part}" for part in ("city", "state", "line_1", "line_2", "country", "postal_code")),
    *(f"redemptions_total_{count}" for count in _COUNTS),
    *(f"orders_{name}" for name in _ORDERS_FIELDS), "orders_last_order_date",
    "loyalty_points", "loyalty_referred_customers", "updated_at", "phone", "birthday", "metadata",
    "birthdate",
)  # fmt: skip
_ORDER_KEYS = ("name", "id", "email", "source_id", "created_at", "updated_at")


def create_export(world: World, call: Call) -> Answer:
    """POST /v1/exports."""
    body = object_of(call)
    kind = body.get("exported_object")
    if kind not in _OBJECTS:
        raise invalid(
            "Property .exported_object should be equal to one of the allowed values"
            f" [ {', '.join(_OBJECTS)} ]"
        )
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise invalid("Property .parameters should be object")
    fields, order = parameters.get("fields"), parameters.get("order")
    if fields is not None and not isinstance(fields, list):
        raise invalid("Property .parameters.fields should be array")
    if kind == "customer" and any(field not in FIELDS for field in fields or ()):
        raise RefusedError(
            400,
            "invalid_export_fields",
            f"Unsupported field used. Allowed fields: {', '.join(FIELDS)}",
        )
    if order and (not isinstance(order, str) or order.lstrip("-") not in _ORDER_KEYS):
        raise invalid("Property .parameters.order should be equal to one of the allowed values")
    filters = parameters.get("filters") or {}
    if not isinstance(filters, dict):
        raise invalid("Property .parameters.filters should be object")
    export = {
        "id": world.word_id("exp_", 24),
        "object": "export",
        "created_at": people.iso(call.now),
        "status": "SCHEDULED",
        "channel": "API",
        "exported_object": kind,
        "parameters": {
            "order": order or "-created_at",
            "fields": fields or ["name", "source_id"],
            "filters": filters or {"junction": "and"},
        },
        "result": None,
        "user_id": None,
    }
    kept = {
        "export": export,
        "ready_at": call.now + world.options.voucherify.export_s,
        "token": world.word_id("", 40),
    }
    world.store.put(EXPORTS, str(export["id"]), kept, call.now)
    return json_answer(200, export)


def get_export(world: World, call: Call, id_: str) -> Answer:
    """GET /v1/exports/{id}: its status, or, with a token, the file."""
    kept = world.store.fetch(EXPORTS, id_)
    if "token" in call.query:
        if kept is None or call.query["token"] != kept["token"] or call.now < kept["ready_at"]:
            raise RefusedError(401, "unauthorized")
        return Answer(200, _file(world, kept["export"]).encode(), {}, "text/plain")
    if kept is None:
        raise not_found("export", id_)
    return json_answer(200, _shown(kept, call))


def list_exports(world: World, call: Call) -> Answer:
    """GET /v1/exports."""
    limit = queries.number(call, "limit", 10, 100)
    page = queries.number(call, "page", 1, 100)
    order = queries.choice(call, "order", ("created_at", "-created_at", "status", "-status"))
    key = (order or "-created_at").lstrip("-")
    exports = [_shown(kept, call) for kept in world.store.documents(EXPORTS)]
    exports.sort(key=lambda export: export[key], reverse=(order or "-").startswith("-"))
    body = {
        "object": "list",
        "data_ref": "exports",
        "exports": exports[(page - 1) * limit : page * limit],
        "total": len(exports),
    }
    return json_answer(200, body)


def delete_export(world: World, _call: Call, id_: str) -> Answer:
    """DELETE /v1/exports/{id}."""
    if not world.store.drop(EXPORTS, id_):
        raise not_found("export", id_)
    return Answer(204)


def _shown(kept: Mapping[str, Any], call: Call) -> dict[str, Any]:
    export = dict(kept["export"])
    if call.now >= kept["ready_at"]:
        address = f"{call.base_url}/v1/exports/{export['id']}?token={kept['token']}"
        export |= {"status": "DONE", "result": {"url": address}}
    return export


def _file(world: World, export: Mapping[str, Any]) -> str:
    parameters = export["parameters"]
    customers = world.store.find(people.SCOPE, Filter())
    if export["exported_object"] != "customer":
        customers = []
    customers = [c for c in customers if _passes(c, parameters["filters"])]
    key = parameters["order"].lstrip("-")
    customers.sort(key=lambda c: str(c.get(key) or ""), reverse=parameters["order"].startswith("-"))
    properties, _ = schemas.declared(world.store)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    fields = [f for f in parameters["fields"] if f != "metadata"]
    # Metadata that no schema declares is not exported.
    declared = list(properties) if "metadata" in parameters["fields"] else []
    human = world.options.voucherify.export_headers == "human"
    writer.writerow([f.replace("_", " ").title() if human else f for f in fields] + declared)
    for customer in customers:
        known = customer.get("metadata", {})
        writer.writerow(
            [_cell(customer, field) for field in fields] + [_text(known.get(n)) for n in declared]
        )
    return out.getvalue()


def _cell(customer: Mapping[str, Any], field: str) -> str:
    if field.startswith("address_"):
        return _text((customer.get("address") or {}).get(field.removeprefix("address_")))
    if field.startswith(("redemptions_", "orders_", "loyalty_")):
        return "" if field.endswith("_date") else "0"
    return _text(customer.get(field))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value).decode()


def _passes(customer: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    verdicts = []
    for name, condition in filters.items():
        if name == "junction" or not isinstance(condition, Mapping):
            continue
        value = _value(customer, name)
        for operator, wanted in (condition.get("conditions") or {}).items():
            listed = wanted if isinstance(wanted, list) else [wanted]
            verdicts.append(_holds(value, operator, [_text(w) for w in listed]))
    return (any if str(filters.get("junction")).lower() == "or" else all)(verdicts or [True])


def _value(customer: Mapping[str, Any], name: str) -> str:
    if name == "city":
        name = "address.city"
    value: Any = customer
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return _text(value)


def _holds(value: str, operator: str, wanted: list[str]) -> bool:
    tests: dict[str, Callable[[], bool]] = {
        "$is": lambda: value in wanted,
        "$in": lambda: value in wanted,
        "$is_not": lambda: True,  # known not to work
        "$not_in": lambda: value not in wanted,
        "$has_value": lambda: value != "",
        "$is_unknown": lambda: value == "",
        "$contains": lambda: any(w in value for w in wanted),
        "$not_contain": lambda: not any(w in value for w in wanted),
        "$starts_with": lambda: any(value.startswith(w) for w in wanted),
        "$ends_with": lambda: any(value.endswith(w) for w in wanted),
        "$after": lambda: any(value > w for w in wanted),
        "$before": lambda: any(len(value) > 0 and value < w for w in wanted),
        "$more_than": lambda: any(_number(value) > _number(w) for w in wanted),
        "$less_than": lambda: any(_number(value) < _number(w) for w in wanted),
    }
    test = tests.get(operator)
    return test() if test is not None else True


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
