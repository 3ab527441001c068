"""What Voucherify keeps of a customer, how a write changes it, and how it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bulkload.sandbox.calls import World
from bulkload.sandbox.store import NOW, Filter, Keys
from bulkload.sandbox.voucherify import metadata as schemas
from bulkload.sandbox.voucherify.refusals import RefusedError, invalid, not_found

SCOPE = "voucherify"
TEXTS = ("name", "description", "email", "phone", "birthday", "birthdate")
ADDRESS = ("city", "state", "line_1", "line_2", "country", "postal_code")
FIELDS = (*TEXTS, "address", "metadata", "system_metadata")
_FEWEST_DIGITS = 5

_SUMMARY = {
    "redemptions": {
        "total_redeemed": 0, "total_failed": 0, "total_succeeded": 0, "total_rolled_back": 0,
        "total_rollback_failed": 0, "total_rollback_succeeded": 0,
        "gift": {"redeemed_amount": 0, "amount_to_go": 0},
        "loyalty_card": {"redeemed_points": 0, "points_to_go": 0},
    },
    "orders": {"total_amount": 0, "total_count": 0, "average_amount": 0, "last_order_amount": 0},
}  # fmt: skip
_LOYALTY: dict[str, Any] = {"points": 0, "referred_customers": 0, "campaigns": {}}
_REFERRALS: dict[str, Any] = {"total": 0, "campaigns": []}


def find(world: World, id_or_source_id: str, horizon: float = NOW) -> dict[str, Any]:
    """Return the customer with this id or source_id.

    Raises:
        RefusedError: 404.
    """
    customer = world.store.get(SCOPE, id_or_source_id, horizon)
    if customer is None:
        reference = fold(world, id_or_source_id)
        wanted = Filter("reference = ?", (reference,), limit=1, horizon=horizon)
        found = world.store.find(SCOPE, wanted)
        if not found:
            raise not_found("customer", id_or_source_id)
        customer = found[0]
    return customer


def upsert(world: World, wanted: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Create or change the customer that `id`, else `source_id`, names; without both create one.

    Raises:
        RefusedError: an unknown `id` (as switched), a field of another type, forbidden metadata.
    """
    check_types(wanted)
    existing = named(world, wanted)
    if existing is not None:
        return change(world, existing, wanted, now)
    customer: dict[str, Any] = {
        "id": wanted.get("id") or world.word_id("cust_", 24),
        "source_id": wanted.get("source_id"),
        "address": None,
        "created_at": iso(now),
    }
    _merge(world, customer, wanted)
    world.store.add(SCOPE, customer["id"], keys(world, customer), customer, moment(now))
    return customer


def change(
    world: World, customer: dict[str, Any], wanted: Mapping[str, Any], now: float
) -> dict[str, Any]:
    """Change what `wanted` names; source_id never changes."""
    check_types(wanted)
    _merge(world, customer, wanted)
    customer["updated_at"] = iso(now)
    world.store.save(SCOPE, customer["id"], keys(world, customer), customer, moment(now))
    return customer


def overwrite(world: World, wanted: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Create or replace the customer: whatever `wanted` does not name is lost (importCSV)."""
    existing = named(world, wanted)
    if existing is not None:
        kept = {name: existing[name] for name in ("id", "source_id", "created_at")}
        return change(world, {**kept, "address": None}, wanted, now)
    return upsert(world, wanted, now)


def check_types(wanted: Mapping[str, Any]) -> None:
    """Raise RefusedError (400) for a field of another type; null is allowed everywhere."""
    for name in ("id", "source_id", *TEXTS):
        value = wanted.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"Property .{name} should be string")
    for name in ("address", "metadata", "system_metadata"):
        value = wanted.get(name)
        if value is not None and not isinstance(value, dict):
            raise invalid(f"Property .{name} should be object")
    for name, value in (wanted.get("address") or {}).items():
        if value is not None and not isinstance(value, str):
            raise invalid(f"Property .address.{name} should be string")


def shown(customer: Mapping[str, Any], *, base_url: str = "") -> dict[str, Any]:
    """Return the customer as answers show it; `base_url` adds the links that only GET has."""
    body = {name: value for name, value in customer.items() if name != "source_id" or value}
    body |= {"summary": _SUMMARY, "loyalty": _LOYALTY, "referrals": _REFERRALS}
    body.setdefault("system_metadata", {})
    if base_url:
        place = f"{base_url}/dashboard/customers/{customer['id']}"
        body["assets"] = {
            "cockpit_url": place,
            "cockpit_preference_center_url": f"{place}/consents",
        }
    return body | {"object": "customer"}


def fold(world: World, source_id: str) -> str:
    """Return a source_id as it is compared."""
    return source_id.casefold() if _switch(world).source_id_case == "insensitive" else source_id


def keys(world: World, customer: Mapping[str, Any]) -> Keys:
    """Return what the customer can be found by."""
    source_id = customer.get("source_id")
    city = (customer.get("address") or {}).get("city") or ""
    return Keys(
        email=(customer.get("email") or "").casefold() or None,
        phone=customer.get("phone"),
        reference=fold(world, source_id) if source_id else None,
        search=f"{customer.get('name') or ''}\n{city}",
    )


def moment(now: float) -> float:
    """Return the time cut to the milliseconds that Voucherify keeps."""
    return math.floor(now * 1000) / 1000


def iso(now: float) -> str:
    """Return `2022-08-30T06:32:07.380Z`."""
    cut = datetime.fromtimestamp(moment(now), UTC)
    return cut.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def named(world: World, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the customer that `id`, else `source_id`, names; None if there is none."""
    if wanted.get("id"):
        known = world.store.get(SCOPE, wanted["id"])
        if known is None and _switch(world).unknown_id == "404":
            raise not_found("customer", wanted["id"])
        return known
    if wanted.get("source_id"):
        reference = fold(world, wanted["source_id"])
        found = world.store.find(SCOPE, Filter("reference = ?", (reference,), limit=1))
        return found[0] if found else None
    return None


def _merge(world: World, customer: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    switches = _switch(world)
    for name in TEXTS:
        if name in wanted:
            customer[name] = wanted[name]
    _check_texts(world, customer)
    if "address" in wanted:
        given = wanted["address"]
        if given is not None:
            kept = (customer.get("address") or {}) if switches.partial_address == "merge" else {}
            given = {**kept, **{part: given[part] for part in ADDRESS if part in given}}
        customer["address"] = given
    if wanted.get("metadata") is not None:
        kept = customer.get("metadata", {}) if switches.partial_metadata == "merge" else {}
        customer["metadata"] = {**kept, **wanted["metadata"]}
    elif "metadata" in wanted and "metadata" in customer:
        customer["metadata"] = {}
    if wanted.get("system_metadata") is not None:
        customer["system_metadata"] = wanted["system_metadata"]
    schemas.check(world.store, customer.get("metadata", {}))


def _check_texts(world: World, customer: dict[str, Any]) -> None:
    switches = _switch(world)
    for name in ("birthday", "birthdate"):
        text = customer.get(name)
        if text and switches.birthdate_check == "iso" and not _is_date(text):
            raise invalid(f'Property .{name} should match format "date"')
    phone = customer.get("phone")
    if not phone:
        return
    digits = "".join(c for c in phone if c.isdigit())
    if switches.phone_check == "format" and len(digits) < _FEWEST_DIGITS:
        raise RefusedError(400, "invalid_payload", "Invalid phone format")
    if switches.dial_prefix and not phone.startswith("+"):
        customer["phone"] = f"+{switches.dial_prefix}{digits.lstrip('0')}"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _switch(world: World) -> Any:
    return world.options.voucherify
