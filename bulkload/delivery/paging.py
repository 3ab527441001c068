"""All customers of a program, page by page: for exports, and to know who was there before."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bulkload.connectors.base import Connector
from bulkload.delivery.exchange import Exchange
from bulkload.errors import BulkloadError, UnreachableError
from bulkload.records import Customer

PASSES = 3
"""How often the list is walked before a total that does not fit is reported."""


class Paging:
    """One walk through all customers, with what it found out about itself.

    Customers move between pages while others are created or deleted. Each is given once, by id;
    where fewer were seen than the system counts, the list is walked again for those missed.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._connector: Connector = exchange.connector
        self._seen: set[str] = set()
        self.total: int | None = None
        """Customers as the system counts them; None if it does not say."""
        self.pages = 0

    @property
    def missing(self) -> int:
        """Customers whom the system counts and no page showed."""
        return max(0, (self.total or 0) - len(self._seen))

    async def customers(self, *, strict: bool = True) -> AsyncIterator[Customer]:
        """Yield every customer once.

        Args:
            strict: Whether a total that is never reached is an error; otherwise `missing` tells.

        Raises:
            UnreachableError: A page cannot be read, or the total is never reached.
        """
        for _ in range(PASSES):
            async for customer in self._walk():
                yield customer
            if not self.missing:
                return
        if not strict:
            return
        raise UnreachableError(
            f"the system counts {self.total} customers but shows only {len(self._seen)}",
            where=self._exchange.wire.base_url,
            fix="try again when nobody else is changing customers",
        )

    async def _walk(self) -> AsyncIterator[Customer]:
        cursor: str | None = None
        cursors: set[str | None] = set()
        while cursor not in cursors:
            cursors.add(cursor)
            response = await self._exchange.read(self._connector.page(cursor))
            page = self._connector.page_of(cursor, response)
            self.pages += 1
            self.total = page.total if page.total is not None else self.total
            for customer in page.customers:
                if customer.remote_id not in self._seen:
                    self._seen.add(customer.remote_id)
                    yield customer
            if page.next_cursor is None:
                return
            cursor = page.next_cursor
        raise BulkloadError(
            "the system's list of customers runs in a circle", where=self._exchange.wire.base_url
        )
