"""Items are made one ahead, in order, and nothing of them stays behind."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Generator

import pytest

from bulkload.ahead import Ahead

INTERRUPTED_ANYWHERE = """
import dis, itertools, sys, threading
from concurrent.futures import ThreadPoolExecutor
from bulkload.ahead import Ahead

class Careless(Ahead):
    # Futures hold a lock in Python code, where an interrupt leaves it locked.
    def __init__(self, items, *, thread):
        self._items, self._thread = items, ThreadPoolExecutor(1)
        self._next = self._thread.submit(next, items, None)
    def __next__(self):
        item = self._next.result()
        if item is None:
            raise StopIteration
        self._next = self._thread.submit(next, self._items, None)
        return item
    def close(self):
        self._thread.shutdown()

# Python looks for interrupts after these instructions only.
LOOKS = {"RESUME", "CALL", "CALL_FUNCTION_EX", "JUMP_BACKWARD"}

def interrupted(make, number):
    # Raises at the given one of all places where the main thread can be interrupted.
    left, before = number, {}
    def trace(frame, event, _):
        nonlocal left
        name = frame.f_globals.get("__name__", "")
        if name not in ("bulkload.ahead", "__main__", "threading", "concurrent.futures._base"):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            last = before.get(frame, "RESUME")
            before[frame] = dis.opname[frame.f_code.co_code[frame.f_lasti]]
            if last in LOOKS and left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
            left -= last in LOOKS
        return trace
    def items():
        yield from range(3)
    def loop():
        with make(items(), thread="test") as made:
            for _ in made:
                pass
    try:
        sys.settrace(trace)
        loop()
    except (KeyboardInterrupt, RuntimeError):
        # The start of a thread says RuntimeError where its own lock meets the interrupt.
        return True
    finally:
        sys.settrace(None)
    return False

for number in itertools.count():
    print(number, flush=True)
    if not interrupted(globals()[sys.argv[1]], number):
        break
print("end", flush=True)
"""


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

    assert threads == {"maker"}


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


@pytest.mark.parametrize(("kind", "ends"), [("Ahead", True), ("Careless", False)])
def test_an_interrupt_at_any_place_hangs_nothing(kind: str, ends: bool) -> None:
    """Ctrl-C may strike while the main thread holds a lock; the process still ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_ANYWHERE, kind], stdout=subprocess.PIPE, text=True
    )
    try:
        output, _ = process.communicate(timeout=60 if ends else 5)
    except subprocess.TimeoutExpired as stuck:
        begun = bool(stuck.stdout)
        # It had begun, so it is not merely slow to start.
        assert begun > ends
    else:
        assert ends
        assert process.returncode == 0
        assert len(output.splitlines()) > 50
        assert output.endswith("end\n")
    finally:
        process.kill()
        process.communicate()


def test_who_asks_after_closing_hears_it() -> None:
    """Not as a regular end: rows would be missing and nobody would know."""
    items = Ahead(things(5), thread="test")
    assert next(items).number == 0
    items.close()

    with pytest.raises(ValueError, match="closed"):
        list(items)
