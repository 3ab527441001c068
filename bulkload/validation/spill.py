"""Columns in files, of which few values are wanted back: those are found in microseconds."""

from __future__ import annotations

import contextlib
import mmap
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

_TELLING = 8
"""Values by which the beginning of a column is known."""


class Texts:
    """A column of text in a file.

    Args:
        path: Of the file; another one is written beside it.
        column: String; null is kept as an empty text.
    """

    def __init__(self, path: Path, column: pl.Series) -> None:
        self._path = path
        # The text and nothing else, without a copy of it in Python.
        column.to_frame().write_csv(
            path, include_header=False, quote_style="never", line_terminator=""
        )
        sizes = column.str.len_bytes().cast(pl.UInt64).fill_null(0)
        self._ends = Numbers(path.with_suffix(".ends"), sizes.cum_sum())

    @contextlib.contextmanager
    def opened(self) -> Iterator[Callable[[int], str]]:
        """Give what returns the text at a place."""
        with self._path.open("rb", buffering=0) as file, self._ends.opened() as ends:

            def at(place: int) -> str:
                start = ends[place - 1] if place else 0
                file.seek(start)
                return file.read(ends[place] - start).decode()

            yield at


class Numbers:
    """Numbers of 8 bytes in a file.

    Args:
        path: Of the file.
        numbers: UInt64, without nulls, at least one.
        head_bytes: How far into a file of Polars its values are looked for.
    """

    def __init__(self, path: Path, numbers: pl.Series, *, head_bytes: int = 1 << 16) -> None:
        self._path = path
        self._count = len(numbers)
        # Much less work than to make Python's numbers of them. The values stand in one piece.
        numbers.to_frame().write_ipc(
            path, compression="uncompressed", record_batch_size=self._count
        )
        first = array("Q", numbers.head(_TELLING).to_list()).tobytes()
        with self._mapped() as mapped:
            self._start = mapped.find(first, 0, head_bytes)
            end = self._start + 8 * self._count
            found = (
                self._start >= 0 and mapped[end - 8 : end] == array("Q", numbers.tail(1)).tobytes()
            )
        if not found:
            path.write_bytes(array("Q", numbers.to_list()))
            self._start = 0

    @contextlib.contextmanager
    def opened(self) -> Iterator[memoryview[int]]:
        """Give the numbers, each of which is read when it is asked for."""
        start, end = self._start, self._start + 8 * self._count
        # Views that stand on a map must go before it does.
        with (
            self._mapped() as mapped,
            memoryview(mapped) as whole,
            whole[start:end] as own,
            own.cast("Q") as numbers,
        ):
            yield numbers

    def _mapped(self) -> mmap.mmap:
        with self._path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def between(numbers: Sequence[int], ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield the numbers that lie in half-open ranges, ends left out; the numbers ascend."""
    for least, end in ranges:
        first = bisect_left(numbers, least)
        while first < len(numbers) and numbers[first] < end:
            yield numbers[first]
            first += 1
