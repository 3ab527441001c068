"""Voucherify's metadata schemas: what a project declares about its customers' metadata."""

from __future__ import annotations

import math
import operator
from datetime import date, datetime
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, dumps, json_answer
from bulkload.sandbox.store import Store
from bulkload.sandbox.voucherify.refusals import RefusedError, invalid, not_found, object_of

SCHEMAS = "voucherify/metadata-schema"
CUSTOMER = "customer"
_TYPES = ("string", "number", "boolean", "date", "datetime", "image_url", "object", "geopoint")
_MOST_DEFINITIONS = 100
_PARTS: dict[str, type | tuple[type, ...]] = {
    "array": bool,
    "optional": bool,
    "eq": list,
    "ne": list,
    **dict.fromkeys(("minLength", "maxLength", "lt", "lte", "gt", "gte"), (int, float)),
}
_BOUNDS = (
    ("lt", "less than", operator.lt),
    ("lte", "less than or equal to", operator.le),
    ("gt", "greater than", operator.gt),
    ("gte", "greater than or equal to", operator.ge),
)


def found_schema(store: Store, now: float) -> None:
    """Make the customers' schema that exists from the start: nothing declared, anything allowed."""
    if store.fetch(SCHEMAS, CUSTOMER) is None:
        schema = {
            "id": "ms_sandbox0customer00000000",
            "related_object": CUSTOMER,
            "properties": {},
            "allow_defined_only": False,
            "object": "metadata_schema",
        }
        store.put(SCHEMAS, CUSTOMER, schema, now)


def get_schema(world: World, _call: Call, name: str) -> Answer:
    """GET /v1/metadata-schemas/{related object}."""
    schema = world.store.fetch(SCHEMAS, name)
    if schema is None:
        raise not_found("metadata_schema", name)
    return json_answer(200, schema)


def list_schemas(world: World, _call: Call) -> Answer:
    """GET /v1/metadata-schemas."""
    schemas = world.store.documents(SCHEMAS)
    body = {"object": "list", "data_ref": "schemas", "schemas": schemas, "total": len(schemas)}
    return json_answer(200, body)


def put_schema(world: World, call: Call, id_: str) -> Answer:
    """PUT /v1/metadata-schemas/{id or related object}: replaces the definitions."""
    schema = world.store.fetch(SCHEMAS, CUSTOMER)
    if id_ not in (CUSTOMER, schema["id"]):
        raise not_found("metadata_schema", id_)
    body = object_of(call)
    properties = body.get("properties", {})
    if not isinstance(properties, dict) or len(properties) > _MOST_DEFINITIONS:
        raise invalid("Property .properties should be object with at most 100 definitions")
    schema["properties"] = {name: _definition(name, raw) for name, raw in properties.items()}
    schema["allow_defined_only"] = body.get("allow_defined_only") is True
    world.store.put(SCHEMAS, CUSTOMER, schema, call.now)
    return json_answer(200, schema)


def declared(store: Store) -> tuple[dict[str, Any], bool]:
    """Return the customers' definitions by name, and whether nothing else is allowed."""
    schema = store.fetch(SCHEMAS, CUSTOMER)
    return schema["properties"], schema["allow_defined_only"]


def check(store: Store, metadata: dict[str, Any]) -> None:
    """Raise RefusedError (400) if the schema forbids this metadata."""
    properties, closed = declared(store)
    problems = [
        f"{name}: {', '.join(complaints)} (actual value is '{_shown(metadata.get(name))}')"
        for name, definition in properties.items()
        if (complaints := _complaints(definition, metadata.get(name), given=name in metadata))
    ]
    if closed:
        problems += [f"{name}: is not defined" for name in metadata if name not in properties]
    if problems:
        raise RefusedError(400, "metadata_validation_failed", "; ".join(problems))


def from_cell(definition: dict[str, Any] | None, cell: str) -> Any:
    """Return what a CSV cell means: typed as declared, otherwise text.

    Raises:
        ValueError: the cell cannot be read as the declared type.
    """
    if definition is None:
        return cell
    if definition["array"]:
        one = {**definition, "array": False}
        return [from_cell(one, part) for part in cell.split(",")] if cell else []
    if definition["type"] == "boolean":
        return {"true": True, "false": False, "null": None}[cell]
    if definition["type"] == "number":
        number = float(cell)
        return int(number) if number.is_integer() else number
    return cell


def _definition(name: str, raw: Any) -> dict[str, Any]:
    place = f"Property .properties.{name}"
    if not isinstance(raw, dict):
        raise invalid(f"{place} should be object")
    if raw.get("type") not in _TYPES:
        allowed = ", ".join(_TYPES)
        raise invalid(f"{place}.type should be equal to one of the allowed values [ {allowed} ]")
    for part, kinds in _PARTS.items():
        if raw.get(part) is not None and not isinstance(raw[part], kinds):
            raise invalid(f"{place}.{part} has the wrong type")
    known = {part: value for part, value in raw.items() if value is not None}
    return {"array": False, "optional": True, "objectType": None, **known}


def _complaints(definition: dict[str, Any], value: Any, *, given: bool) -> list[str]:
    if not given or value is None:
        return [] if definition["optional"] else ["property is required"]
    if definition["array"]:
        if not isinstance(value, list):
            return ["must be an array"]
        parts = [
            c
            for item in value
            for c in _complaints({**definition, "array": False}, item, given=True)
        ]
        return list(dict.fromkeys(parts))
    complaints = []
    if not _is(definition["type"], value):
        article = "an" if definition["type"][0] in "aeiou" else "a"
        complaints.append(f"must be {article} {definition['type']}")
    allowed, banned = definition.get("eq"), definition.get("ne")
    if allowed and value not in allowed:
        complaints.append(f"must be equal to one of {','.join(map(str, allowed))}")
    if banned and value in banned:
        complaints.append(f"must not be equal to one of {','.join(map(str, banned))}")
    return complaints + _out_of_bounds(definition, value)


def _out_of_bounds(definition: dict[str, Any], value: Any) -> list[str]:
    complaints = []
    if isinstance(value, str):
        least, most = definition.get("minLength"), definition.get("maxLength")
        if least is not None and len(value) < least:
            complaints.append(f"must have at least {least} characters")
        if most is not None and len(value) > most:
            complaints.append(f"must have at most {most} characters")
    if isinstance(value, int | float) and not isinstance(value, bool):
        for name, word, holds in _BOUNDS:
            limit = definition.get(name)
            if isinstance(limit, int | float) and not holds(value, limit):
                complaints.append(f"must be {word} {limit}")
    return complaints


def _is(kind: str, value: Any) -> bool:
    if kind == "number":
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        )
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("object", "geopoint"):
        return isinstance(value, dict)
    if not isinstance(value, str):
        return False
    try:
        if kind == "date":
            date.fromisoformat(value)
        elif kind == "datetime":
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return kind != "image_url" or value.startswith(("http://", "https://"))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value).decode()
