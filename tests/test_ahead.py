"""Items are made one ahead, in order, and nothing of them stays behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Generator

import pytest

from bulkload.ahead import Ahead


class Thing:
    def __init__(self, number: int) -> None:
        self.number = number


def things(count: int, made: Callable[[int], object] = lambda number: None) -> Generator[Thing]:
    for number in range(count):
        made(number)
        yield Thing(number)


def test_items_come_in_order_and_end() -> None:
    """Whoever takes them sees what a plain loop would see, however often the end is asked for."""
    with Ahead(things(50), thread="test") as items:
        assert [one.number for one in items] == list(range(50))
        assert next(items, None) is None


def test_one_is_made_before_it_is_asked_for_and_no_more() -> None:
    """The first at once, each other when the one before it is taken, in another thread."""
    made = [threading.Event() for _ in range(9)]
    threads: set[str] = set()

    def making(number: int) -> None:
        threads.add(threading.current_thread().name)
        made[number].set()

    with Ahead(things(9, making), thread="maker") as items:
        assert made[0].wait(5)
        assert not made[1].wait(0.05)
        next(items)
        assert made[1].wait(5)
        assert not made[2].wait(0.05)

    assert threads == {"maker_0"}


def test_an_item_that_was_taken_is_kept_by_nobody() -> None:
    """Batches fill memory: they must go when their reader lets them go."""
    with Ahead(things(3), thread="test") as items:
        first = next(items)
        seen = weakref.ref(first)
        second = next(items)
        del first
        gc.collect()

        assert seen() is None
        assert second.number == 1


def test_an_error_is_raised_where_its_item_is_asked_for() -> None:
    """What was made before it is still given out."""

    def making(number: int) -> None:
        if number == 2:
            raise OSError("gone")

    with Ahead(things(5, making), thread="test") as items:
        assert [next(items).number, next(items).number] == [0, 1]
        with pytest.raises(OSError, match="gone"):
            next(items)


@pytest.mark.parametrize("taken", [0, 1, 5], ids=["none", "some", "all"])
def test_closing_ends_the_making_and_its_thread(taken: int) -> None:
    """However much was taken, the generator is closed and no thread is left."""
    ended = threading.Event()

    def making() -> Generator[Thing]:
        try:
            yield from things(5)
        finally:
            ended.set()

    before = set(threading.enumerate())
    with Ahead(making(), thread="test") as items:
        for _ in range(taken):
            next(items)

    assert ended.is_set()
    assert set(threading.enumerate()) <= before
