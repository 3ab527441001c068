"""The mapping for a file that `bulkload export` wrote, made from its headers.

    export of A -> import into A    the same fields back, by id: an unedited file changes nothing
    export of A -> import into B    what both systems hold; the rest is ignored, and named as lost

The columns of an export are the fields of a system's own object (`customFields.birthday`), so the
headers tell which system wrote them, and `canonical` which fields mean the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkload.connectors import leal, loyaltydog, voucherify
from bulkload.records import Schema

_NAME = re.compile(r'[^\s{}"\\]{1,200}')
"""What can be the name of a field in a mapping; other custom fields are named as lost."""

Rule = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Side:
    """What one system's exports look like."""

    schema: Schema
    signs: frozenset[str]
    """Headers that every export of the system has, and no other's."""
    custom: str
    """Prefix of the custom fields, as exported and as sent."""
    columns: Mapping[str, tuple[str, ...]]
    """Exported headers by what they mean to every system, the preferred first."""
    noise: tuple[str, ...]
    """Beginnings of headers that only the system itself can know; nobody loses them."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A mapping from one system's export to a system."""

    origin: str
    text: str
    """The mapping as YAML."""
    lost: tuple[str, ...]
    """Headers whose cells the other system has no place for."""


_PEOPLE = {"email": ("email",), "phone": ("phone",)}
SIDES: Mapping[str, _Side] = {
    "loyaltydog": _Side(
        loyaltydog.SCHEMA,
        frozenset({"id", "firstName", "points"}),
        "customFields.",
        {
            **_PEOPLE,
            "source_id": ("customFields.source_id",),
            "first_name": ("firstName",),
            "last_name": ("lastName",),
            "birthday": ("customFields.birthday",),
            "points": ("points",),
            "message": ("currentMessage",),
        },
        ("id", "createdAt", "updatedAt", "programId", "currentOfferId", "shareUrl", "softDeleted"),
    ),
    "voucherify": _Side(
        voucherify.SCHEMA,
        frozenset({"id", "source_id", "object"}),
        "metadata.",
        {
            **_PEOPLE,
            "source_id": ("source_id",),
            "name": ("name",),
            "birthday": ("birthdate", "birthday"),
            "description": ("description",),
            "points": ("loyalty.points",),
        },
        ("id", "object", "created_at", "updated_at", "summary", "loyalty.campaigns", "assets",
         "loyalty.referred_customers", "referrals", "system_metadata"),
    ),
    "leal": _Side(
        leal.SCHEMA,
        frozenset({"id", "account_id", "first_name"}),
        "metadata.",
        {
            **_PEOPLE,
            "first_name": ("first_name",),
            "last_name": ("last_name",),
            "birthday": ("birthday",),
            "stamps": ("stamp_count",),
        },
        ("id", "account_id", "created_at", "updated_at", "customer_card"),
    ),
}  # fmt: skip
_TARGETS: Mapping[str, Mapping[str, str]] = {
    "loyaltydog": {
        "source_id": "customFields.source_id",
        "first_name": "firstName",
        "last_name": "lastName",
        "email": "email",
        "phone": "phone",
        "birthday": "customFields.birthday",
        "points": "points",
        "message": "currentMessage",
    },
    "voucherify": {
        "source_id": "source_id",
        "name": "name",
        "email": "email",
        "phone": "phone",
        "birthday": "birthdate",
        "description": "description",
    },
    "leal": {
        "source_id": "external_references.source_id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "phone": "phone",
        "birthday": "birthday",
    },
}


def origin_of(headers: Sequence[str]) -> str | None:
    """Return the system whose export has these headers; None if it is no export."""
    have = set(headers)
    return next((name for name, side in SIDES.items() if side.signs <= have), None)


def bridge(headers: Sequence[str], to: str) -> Bridge | None:
    """Return the mapping that takes an export into a system; None if the file is no export."""
    origin = origin_of(headers)
    if origin is None or to not in SIDES:
        return None
    fields = dict(_own(headers, SIDES[to]) if origin == to else _moved(headers, origin, to))
    used = {column for rule in fields.values() for column in _columns_of(rule)}
    unused = [header for header in headers if header not in used]
    lost = [header for header in unused if not header.startswith(SIDES[origin].noise)]
    rules: dict[str, Any] = {
        "name": f"{origin}-export-to-{to}",
        "connector": to,
        "mode": "update" if origin == to else "upsert",
        "fields": fields,
        "ignore": unused,
    }
    if origin == to:
        rules["keys"] = ["id"]
        rules["one_of"] = ["id"]
        lost = [header for header in lost if header.startswith(SIDES[to].custom)]
    return Bridge(origin, _yaml(rules), tuple(lost))


def _own(headers: Sequence[str], side: _Side) -> Iterator[tuple[str, Rule]]:
    """Yield the fields that the system takes back under the very names that it exports."""
    for header in headers:
        known = side.schema.field(header) is not None
        if known and _NAME.fullmatch(header) and not header.startswith("external_references."):
            meaning = "birthday" if header in side.columns["birthday"] else ""
            yield header, _typed(meaning, header)


def _moved(headers: Sequence[str], origin: str, to: str) -> Iterator[tuple[str, Rule]]:
    there, here = _TARGETS[to], SIDES[origin]
    have = {
        meaning: header
        for meaning, columns in here.columns.items()
        if (header := next((c for c in columns if c in headers), None))
    }
    for meaning, target in there.items():
        if meaning in have:
            yield target, _typed(meaning, have[meaning])
        elif meaning == "name" and {"first_name", "last_name"} & have.keys():
            parts = [have[part] for part in ("first_name", "last_name") if part in have]
            yield target, {"concat": parts}
        elif meaning in ("first_name", "last_name") and "name" in have:
            yield target, {"split": {"column": have["name"], "part": meaning}}
        elif meaning == "source_id" and to == "voucherify":
            yield target, {"template": f"{origin}:{{id}}"}
    taken = set(have.values())
    for header in headers:
        custom = header.startswith(here.custom) and _NAME.fullmatch(header)
        if custom and header not in taken:
            yield SIDES[to].custom + header.removeprefix(here.custom), {"column": header}


def _typed(meaning: str, header: str) -> Rule:
    if meaning == "birthday":
        return {"column": header, "type": "date"}
    if meaning == "points":
        # Systems show 0 where there is no balance at all; that must not wipe one on the other side.
        return {"column": header, "as": "set", "nulls": ["0"]}
    return {"column": header}


def _columns_of(rule: Rule) -> Iterator[str]:
    if isinstance(rule, str):
        yield rule
        return
    if "column" in rule:
        yield rule["column"]
    if "split" in rule:
        yield rule["split"]["column"]
    yield from rule.get("concat", ())
    if "template" in rule:
        yield "id"


def _yaml(value: Any, indent: str = "") -> str:
    """Write objects as block YAML; every scalar as a JSON string, which YAML reads the same."""
    lines: list[str] = []
    for name, inner in value.items():
        key = f"{indent}{json.dumps(name, ensure_ascii=False)}:"
        if isinstance(inner, Mapping):
            lines += [key, _yaml(inner, indent + "  ")]
        elif isinstance(inner, list):
            lines.append(key if inner else f"{key} []")
            lines += [f"{indent}  - {json.dumps(item, ensure_ascii=False)}" for item in inner]
        else:
            lines.append(f"{key} {json.dumps(inner, ensure_ascii=False)}")
    return "\n".join(lines)
