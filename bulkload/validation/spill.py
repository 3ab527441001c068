"""Columns in files, of which few values are wanted back: those are found in microseconds."""

from __future__ import annotations

import contextlib
import mmap
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

_KINDS: dict[pl.DataType, Literal["I", "Q"]] = {pl.UInt32(): "I", pl.UInt64(): "Q"}
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
        self._ends = Numbers(
            path.with_suffix(".ends"), column.str.len_bytes().cast(pl.UInt64).fill_null(0).cum_sum()
        )

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
    """Numbers in a file.

    Args:
        path: Of the file.
        numbers: UInt32 or UInt64, without nulls, at least one.
        head_bytes: How far into a file of Polars its values are looked for.
    """

    def __init__(self, path: Path, numbers: pl.Series, *, head_bytes: int = 1 << 16) -> None:
        self._path = path
        self._count = len(numbers)
        self._kind = _KINDS[numbers.dtype]
        # Much less work than to make Python's numbers of them. The values stand in one piece.
        numbers.to_frame().write_ipc(
            path, compression="uncompressed", record_batch_size=self._count
        )
        first, last = (
            array(self._kind, part.to_list()).tobytes()
            for part in (numbers.head(_TELLING), numbers.tail(1))
        )
        with self._mapped() as mapped:
            self._start = mapped.find(first, 0, head_bytes)
            end = self._start + len(last) * self._count
            found = self._start >= 0 and mapped[end - len(last) : end] == last
        if not found:
            path.write_bytes(array(self._kind, numbers.to_list()))
            self._start = 0

    @contextlib.contextmanager
    def opened(self) -> Iterator[memoryview[int]]:
        """Give the numbers, each of which is read when it is asked for."""
        start = self._start
        end = start + array(self._kind).itemsize * self._count
        # Views that stand on a map must go before it does.
        with (
            self._mapped() as mapped,
            memoryview(mapped) as whole,
            whole[start:end] as own,
            own.cast(self._kind) as numbers,
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
