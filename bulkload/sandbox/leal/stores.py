"""Leal's stores, its status page, and what exists from the start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.credentials import LEAL_ACCOUNT_ID
from bulkload.sandbox.leal.parameters import body_of, hash_of, path_id, text
from bulkload.sandbox.leal.refusals import not_found
from bulkload.sandbox.store import Filter, Store

STORES = "leal/store"
NO_LIMIT = 1_000_000
"""What is announced when nothing is limited."""


def found_store(store: Store, now: float) -> None:
    """Make the store that exists from the start."""
    if store.fetch(STORES, str(LEAL_ACCOUNT_ID)) is not None:
        return
    body = {
        "id": LEAL_ACCOUNT_ID,
        "name": "Sandbox Store",
        "store_name": "Sandbox Store",
        "personal": False,
        "created_at": iso(now),
        "updated_at": iso(now),
    }
    store.put(STORES, str(LEAL_ACCOUNT_ID), body, now)


def status(world: World, call: Call) -> Answer:
    """GET /api/v1/status: open to everybody."""
    limit, window_s = rate_limit(world)
    place = f"{call.base_url}/developers"
    body = {
        "api_version": "v1",
        "authentication": "Bearer token",
        "developer_portal_url": place,
        "documentation_url": f"{place}/docs",
        "openapi_url": f"{place}/openapi.json",
        "rate_limit": {"limit": limit, "scope": "token", "window_seconds": window_s},
        "status": "ok",
        "versioning": {
            "current": "v1",
            "deprecated": [],
            "policy_url": f"{place}/versioning",
            "signalling": "Deprecation and Sunset headers",
            "supported": ["v1"],
        },
    }
    return json_answer(200, body)


def rate_limit(world: World) -> tuple[int, int]:
    """Return calls and seconds of the window."""
    switches = world.options.leal
    return switches.calls_per_window or NO_LIMIT, int(switches.window_s) or 60


def list_stores(world: World, _call: Call) -> Answer:
    """GET /api/v1/accounts."""
    return json_answer(200, [_shown(world, body) for body in world.store.documents(STORES)])


def get_store(world: World, _call: Call, account_id: str) -> Answer:
    """GET /api/v1/accounts/{id}."""
    return json_answer(200, _shown(world, store_of(world, account_id)))


def update_store(world: World, call: Call, account_id: str) -> Answer:
    """PATCH /api/v1/accounts/{id}."""
    store = store_of(world, account_id)
    wanted = hash_of(world, body_of(world, call), "account")
    for name in ("name", "store_name"):
        if name in wanted:
            store[name] = text(world, f"account[{name}]", wanted[name])
    store["updated_at"] = iso(call.now)
    world.store.put(STORES, str(store["id"]), store, call.now)
    return json_answer(200, _shown(world, store))


def store_of(world: World, account_id: str) -> dict[str, Any]:
    """Return the store; 404 for one that is not there or not yours."""
    store: dict[str, Any] | None = world.store.fetch(STORES, path_id("Store", account_id))
    if store is None:
        raise not_found("Store")
    return store


def next_id(world: World, kind: str, first: int, now: float) -> int:
    """Return the next number of a sequence."""
    value = (world.store.fetch("leal/sequence", kind) or first - 1) + 1
    world.store.put("leal/sequence", kind, value, now)
    return int(value)


def iso(now: float) -> str:
    """Return `2026-01-01T00:00:00Z`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(world: World, body: dict[str, Any]) -> dict[str, Any]:
    return {
        **body,
        "display_store_name": body["store_name"] or body["name"],
        "cards_count": len(world.store.documents(f"leal/card/{body['id']}")),
        "customers_count": world.store.count(f"leal/{body['id']}", Filter()),
        "locations_count": 0,
        "posters_count": 0,
    }
