"""After the last call: are they all there, and do the balances add up? Only reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from bulkload.connectors.base import Connector
from bulkload.connectors.canonical import canonical
from bulkload.planning import Balance
from bulkload.records import Customer, Result

MOST_MISSING = 1_000


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading back found."""

    delivered: int
    """Results that name a customer."""
    found: int
    """Of those, how many the system shows."""
    points: int
    """Sum of what the system holds for them."""
    stamps: int
    missing_rows: tuple[int, ...] = ()
    """Row numbers of those that it does not show, the first `MOST_MISSING`."""

    def sentences(self, balances: Sequence[Balance]) -> list[str]:
        """Say how the system compares with what was sent."""
        missing = self.delivered - self.found
        told = [
            f"read back: {self.found:,} of {self.delivered:,} delivered customers are in the system"
            + (f"; {missing:,} are not" if missing else "")
        ]
        held = {"points": self.points, "stamps": self.stamps}
        told += [
            f"read back: the file sets {balance.total:,} {name}, the system holds {held[name]:,} for them"
            for balance in balances
            if balance.how == "set" and (name := balance.field) in held
        ]
        return told


async def verified(
    connector: Connector, customers: AsyncIterator[Customer], results: Iterable[Result]
) -> Verification:
    """Compare what was delivered with everything that the system lists.

    Args:
        connector: Knows whose keys and balances they are.
        customers: All customers of the program, each once.
        results: Of the run, in any order.
    """
    delivered = {result.remote_id: result.row_number for result in results if result.remote_id}
    missing = set(delivered)
    points = stamps = 0
    async for customer in customers:
        # A bulk lane answers with the key of the customer, not with the id.
        names = {customer.remote_id, *connector.keys_of(customer).values()}
        if not names.isdisjoint(delivered.keys()):
            missing -= names
            held = canonical(connector.name, customer)
            points += held.points or 0
            stamps += held.stamps or 0
    return Verification(
        len(delivered),
        len(delivered) - len(missing),
        points,
        stamps,
        tuple(sorted(delivered[name] for name in missing)[:MOST_MISSING]),
    )
