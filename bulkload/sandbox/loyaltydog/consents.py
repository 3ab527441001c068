"""The consents of LoyaltyDog's customers: records that are only ever added."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bulkload.sandbox.calls import Call, World


def keep(
    world: World, call: Call, customer_id: str, consent: tuple[str, Any, str, str | None]
) -> dict[str, Any]:
    """Add a record of (type, granted, method, policy version); return it."""
    kind, granted, method, policy = consent
    record = {
        "id": world.hex_id(24),
        "consentType": kind,
        "granted": granted,
        "method": method,
        "policyVersion": policy,
        "userAgent": call.headers.get("user-agent"),
        "createdAt": iso(call.now),
    }
    world.store.put(_kind(customer_id), record["id"], record, call.now)
    return record


def latest(world: World, customer_id: str) -> list[dict[str, Any]]:
    """Return the newest record of each type, newest first."""
    newest: dict[str, Any] = {}
    for record in reversed(world.store.documents(_kind(customer_id))):
        newest.setdefault(record["consentType"], record)
    return list(newest.values())


def iso(now: float) -> str:
    """Return `2026-05-28T07:38:43.000Z`."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _kind(customer_id: str) -> str:
    return f"loyaltydog/consent/{customer_id}"
