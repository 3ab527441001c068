"""An export on its way into a system: its mapping, and the sums on both sides afterwards."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkload import delivery, settings
from bulkload.connectors.canonical import Reconciliation, canonical
from bulkload.connectors.moving import bridge
from bulkload.delivery import Credentials
from bulkload.destination import Destination
from bulkload.wire import Wire


@dataclass(frozen=True, slots=True)
class Move:
    """A source that `bulkload export` wrote."""

    origin: str
    """The system that it comes from."""
    to: str
    mapping: Path
    """Made from the headers; it can be read, copied and changed like any other."""
    lost: tuple[str, ...]
    """Columns for which the other system has no place."""

    @property
    def notes(self) -> list[str]:
        """What the user should know before and after."""
        if not self.lost:
            return []
        columns = ", ".join(f"`{column}`" for column in self.lost)
        return [f"{self.to} has no place for {columns}; these columns stay behind"]


def move_of(headers: Sequence[str], to: str) -> Move | None:
    """Return the move that a file's headers show; None if no export has these headers.

    The mapping is kept in the state directory, so that an interrupted run finds it again.
    """
    found = bridge(headers, to)
    if found is None:
        return None
    folder = settings.state_dir() / "mappings"
    folder.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256(found.text.encode()).hexdigest()[:12]
    path = folder / f"{found.origin}-export-to-{to}-{digest}.yaml"
    if not path.exists():
        written = path.with_suffix(f".{os.getpid()}.tmp")
        written.write_text(found.text + "\n", "utf-8")
        written.replace(path)
    return Move(found.origin, to, path, found.lost)


async def reconciled(
    ready: Destination, wire: Wire, credentials: Credentials, ids: Collection[str]
) -> Reconciliation:
    """Return the sums over those customers of a system who have one of `ids`."""
    sums = Reconciliation()
    everyone = delivery.customers(
        ready.connector, wire, options=ready.delivery(), credentials=credentials
    )
    async for customer in everyone:
        names = {customer.remote_id, *ready.connector.keys_of(customer).values()}
        if not names.isdisjoint(ids):
            sums.add(canonical(ready.connector.name, customer))
    return sums


def compared(origin: str, to: str, here: Reconciliation, there: Reconciliation) -> str:
    """Return the sentence that ends a move."""
    balances = f" and {here.points:,} points", f" and {there.points:,} points"
    if not here.points and not there.points:
        balances = "", ""
    said = (
        f"moved from {origin}: {here.customers:,} customers{balances[0]} in the file,"
        f" {there.customers:,} customers{balances[1]} in {to}"
    )
    differences = here.differences(there)
    return f"{said}; they differ" if differences else f"{said}; they agree"
