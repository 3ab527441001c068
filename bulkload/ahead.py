"""Items that are made in a thread of their own, one ahead of who takes them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

Item = TypeVar("Item")


class Ahead(Iterator[Item]):
    """Begins at once, and keeps no item that has been taken: each may fill much memory.

    What the making of an item raises is raised where that item is asked for.

    Args:
        items: Made one after the other; None is none of them.
        thread: Its name.
    """

    def __init__(self, items: Generator[Item], *, thread: str) -> None:
        self._items = items
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=thread)
        self._next = self._begun()

    def __next__(self) -> Item:
        item = self._next.result()
        if item is None:
            raise StopIteration
        self._next = self._begun()
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop when the item is made that is being made; it is given to nobody."""
        self._thread.shutdown(cancel_futures=True)
        self._items.close()

    def _begun(self) -> Future[Item | None]:
        return self._thread.submit(next, self._items, None)
