"""The customers of the fault server, and the log that is the oracle of every fault test.

One line of JSON is appended and synced for every create that takes effect, before anybody is told.
Written from the system's documentation alone: nothing here knows how bulkload speaks to it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Store:
    """Customers by id, in order of creation; a create sent twice is created twice."""

    log: Path | None = None
    """None keeps the entries in memory, for simulations."""
    clock: Callable[[], float] = time.monotonic
    entries: list[dict[str, Any]] = field(default_factory=list)
    """What was appended since the start."""
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    created_at: dict[str, float] = field(default_factory=dict)
    by_idempotency_key: dict[str, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)
    _descriptor: int = -1

    def __post_init__(self) -> None:
        if self.log is None:
            return
        self._descriptor = os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
        for line in self.log.read_text().splitlines():
            entry = json.loads(line)
            if entry["event"] == "create":
                self.customers[entry["customer"]["id"]] = entry["customer"]
                self.created_at[entry["customer"]["id"]] = 0.0

    def close(self) -> None:
        """Close the log."""
        if self.log is not None:
            os.close(self._descriptor)

    def create(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Add a customer and return it as the system would show it."""
        customer = {"id": f"65f0{len(self.customers):020x}", "points": 0, **fields}
        self._append({"event": "create", "customer": customer})
        self.customers[customer["id"]] = customer
        self.created_at[customer["id"]] = self.clock()
        return customer

    def update(self, customer_id: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        """Change a customer; None if there is none of that id."""
        if customer_id not in self.customers:
            return None
        self._append({"event": "update", "id": customer_id, "fields": fields})
        self.customers[customer_id] |= fields
        return self.customers[customer_id]

    def add_points(self, customer_id: str, points: int) -> dict[str, Any] | None:
        """Add to a balance; None if there is no customer of that id."""
        if customer_id not in self.customers:
            return None
        self._append({"event": "points", "id": customer_id, "points": points})
        customer = self.customers[customer_id]
        customer["points"] += points
        return customer

    def visible(self, blind_s: float) -> list[dict[str, Any]]:
        """Return the customers that are at least `blind_s` old."""
        if not blind_s:
            return list(self.customers.values())
        horizon = self.clock() - blind_s
        return [one for name, one in self.customers.items() if self.created_at[name] <= horizon]

    def _append(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)
        if self.log is None:
            return
        os.write(self._descriptor, json.dumps(entry).encode() + b"\n")
        os.fsync(self._descriptor)
