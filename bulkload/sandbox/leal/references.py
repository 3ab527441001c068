"""External references: at most one customer of a store holds a (source, external_id)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkload.sandbox.calls import World


def holder_of(world: World, account: int, wanted: Mapping[str, Any]) -> int | None:
    """Return the id of the customer who holds the first known of the wanted references."""
    for reference in wanted.get("external_references") or []:
        holder_id: int | None = world.store.fetch(kind(account), key_of(reference))
        if holder_id is not None:
            return holder_id
    return None


def key_of(reference: Mapping[str, Any]) -> str:
    """Return the reference as one text."""
    return f"{reference['source']}\n{reference['external_id']}"


def kind(account: int) -> str:
    """Return the kind of document that a store's references are."""
    return f"leal/external_reference/{account}"
