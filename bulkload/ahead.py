"""Items that are made in a thread of their own, one ahead of who takes them."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

Item = TypeVar("Item")
_MORE, _STOP = "more", "stop"


@dataclass(frozen=True, slots=True)
class _Raised:
    """What the making ended with, its regular end included."""

    error: BaseException


class Ahead(Iterator[Item]):
    """Begins at once, and keeps no item that has been taken: each may fill much memory.

    What the making of an item raises is raised where that item is asked for.

    An interrupt from the keyboard can strike anywhere here and leaves nobody waiting: the queues
    hold their locks within one instruction only, and the process ends without the thread.

    Args:
        items: Made one after the other.
        thread: Its name.
    """

    def __init__(self, items: Generator[Item], *, thread: str) -> None:
        self._items = items
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._made: SimpleQueue[Item | _Raised] = SimpleQueue()
        self._ended: _Raised | None = None
        self._thread = threading.Thread(
            target=_make, args=(items, self._asked, self._made), name=thread, daemon=True
        )
        self._asked.put(_MORE)
        self._thread.start()

    def __next__(self) -> Item:
        if self._ended is None:
            # Asked for before this one is taken: who is interrupted while they wait can ask again.
            self._asked.put(_MORE)
            item = self._made.get()
            if not isinstance(item, _Raised):
                return item
            self._ended = item
        raise self._ended.error

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
        """Stop when the item is made that is being made; who asks for more gets a ValueError."""
        self._asked.put(_STOP)
        self._thread.join()
        self._items.close()


def _make(
    items: Generator[Item], asked: SimpleQueue[str], made: SimpleQueue[Item | _Raised]
) -> None:
    try:
        while asked.get() is _MORE:
            made.put(next(items))
        made.put(_Raised(ValueError("it was closed while more was to come")))
    except BaseException as error:  # noqa: BLE001 - raised where the item is asked for
        made.put(_Raised(error))
