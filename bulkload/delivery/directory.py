"""Who is there already: by one walk through all customers, or by a look-up where rows are few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bulkload.delivery.exchange import Exchange
from bulkload.delivery.paging import Paging
from bulkload.records import Customer, Payload


@dataclass(frozen=True, slots=True)
class Match:
    """A customer who has a key of a payload."""

    remote_id: str
    key: str
    """Name of the key that is the same."""
    contradicts: str = ""
    """Name of a key that differs."""
    customer: Customer | None = None


def match(payload: Payload, customer: Customer, keys: Mapping[str, str]) -> Match | None:
    """Compare keys here, whatever the system's filter took for the same; None if none is equal."""
    same = next((n for n, value in payload.keys.items() if value and keys.get(n) == value), None)
    if same is None:
        return None
    other = next((n for n, v in payload.keys.items() if v and keys.get(n) and keys[n] != v), "")
    return Match(customer.remote_id, same, other, customer)


class Directory:
    """Answers which customers have a payload's keys.

    Args:
        exchange: Where to ask.
        snapshot: Whether to walk through all customers once instead of asking for each.
    """

    def __init__(self, exchange: Exchange, *, snapshot: bool) -> None:
        self._exchange = exchange
        self._connector = exchange.connector
        self._snapshot = snapshot
        self._ids: dict[tuple[str, str], str] = {}
        self._more: dict[tuple[str, str], list[str]] = {}
        self._is_complete = True

    async def load(self) -> None:
        """Take the snapshot, where one is wanted."""
        if not self._snapshot:
            return
        paging = Paging(self._exchange)
        async for customer in paging.customers(strict=False):
            for key in self._connector.keys_of(customer).items():
                first = self._ids.setdefault(key, customer.remote_id)
                if first != customer.remote_id:
                    self._more.setdefault(key, [first]).append(customer.remote_id)
        self._is_complete = paging.missing == 0

    async def who(self, payload: Payload) -> list[Match]:
        """Return the customers who have at least one of the payload's keys, each once."""
        if not self._snapshot:
            return await look_up(self._exchange, payload)
        by_key: dict[str, str] = {}
        for key in payload.keys.items():
            for remote_id in self._more.get(key) or [self._ids[key]] if key in self._ids else ():
                by_key.setdefault(remote_id, key[0])
        if not by_key and not self._is_complete:
            # A list that hides somebody proves nobody's absence.
            return await look_up(self._exchange, payload)
        names = set(by_key.values())
        return [
            Match(remote_id, name, "" if len(names) == 1 else "another key")
            for remote_id, name in by_key.items()
        ]


async def look_up(
    exchange: Exchange, payload: Payload, keys: tuple[str, ...] | None = None
) -> list[Match]:
    """Ask the system for a payload's customer by each of `keys`, by all it can for None."""
    found: dict[str, Match] = {}
    for name in usable_keys(exchange, payload) if keys is None else keys:
        response = await exchange.read(exchange.connector.find(name, payload.keys[name]))
        for customer in exchange.connector.customers(response):
            one = match(payload, customer, exchange.connector.keys_of(customer))
            if one is not None:
                found.setdefault(one.remote_id, one)
    return list(found.values())


def usable_keys(exchange: Exchange, payload: Payload) -> tuple[str, ...]:
    """Return the names of the payload's keys that the system can look up, the most exact first."""
    keys = exchange.promises.lookup_keys
    return tuple(
        name
        for key in keys
        for name, value in payload.keys.items()
        if value and (name == key or below(name, key))
    )


def below(name: str, key: str) -> bool:
    """Whether a look-up key that ends in a dot stands for this name, among others."""
    return key.endswith(".") and name.startswith(key)


def only_id(there: list[Match]) -> str:
    """Return the id of the one customer who is there; empty for several."""
    return there[0].remote_id if len(there) == 1 else ""


def was_there(there: list[Match]) -> str:
    """Say who was there before a row could be created."""
    if len(there) > 1:
        return several(there)
    found = there[0]
    if found.contradicts:
        return (
            f"a customer with the same {found.key} but another {found.contradicts} was there before"
        )
    return f"a customer with the same {found.key} was there before"


def several(there: list[Match]) -> str:
    """Say which customers have the keys of one row."""
    ids = ", ".join(found.remote_id for found in there[:5])
    return f"several customers have these keys: {ids}"
