"""Columns in files, of which few values are wanted back: those are found in microseconds."""

from __future__ import annotations

import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

_STEP = 64
"""Of so many lines, it is remembered where one begins."""
_TELLING = 8
"""Values by which the beginning of a column is known."""


class Lines:
    """A column of text in a file, of which few cells are wanted back; they are found at once."""

    def __init__(self, path: Path, column: pl.Series) -> None:
        self._path = path
        if column.str.contains(r"[\\\n]").any():
            column = column.str.replace_many(["\\", "\n"], ["\\\\", "\\n"])
        written = str(column.fill_null("").str.join("\n")[0]).encode()
        path.write_bytes(written)
        lengths = column.str.len_bytes().fill_null(0).cast(pl.UInt64) + 1
        starts = lengths.cum_sum().shift(1, fill_value=0).gather_every(_STEP)
        self._starts = array("Q", [*starts.to_list(), len(written) + 1])

    def at(self, place: int) -> str:
        """Return the cell at a place, escaped as `escaped` does; empty for null."""
        piece, line = divmod(place, _STEP)
        start, end = self._starts[piece : piece + 2]
        with self._path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(end - start - 1).decode().split("\n")[line]


def escaped(text: str) -> str:
    """Return a text as a line that holds no line end."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


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
        with self._open() as mapped:
            self._start = mapped.find(first, 0, head_bytes)
            end = self._start + 8 * self._count
            found = (
                self._start >= 0 and mapped[end - 8 : end] == array("Q", numbers.tail(1)).tobytes()
            )
        if not found:
            path.write_bytes(array("Q", numbers.to_list()))
            self._start = 0

    def at(self, place: int) -> int:
        """Return one number."""
        with self._open() as mapped, self._numbers(mapped) as numbers:
            return numbers[place]

    def between(self, ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
        """Yield the numbers that lie in half-open ranges, ends left out; all must ascend."""
        with self._open() as mapped, self._numbers(mapped) as numbers:
            for least, end in ranges:
                first = bisect_left(numbers, least)
                yield from numbers[first : bisect_left(numbers, end, first)]

    def _open(self) -> mmap.mmap:
        with self._path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def _numbers(self, mapped: mmap.mmap) -> memoryview:
        with memoryview(mapped) as whole:
            return whole[self._start : self._start + 8 * self._count].cast("Q")
