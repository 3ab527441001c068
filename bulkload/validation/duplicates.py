"""Which rows name a customer that an earlier row of the source names already.

Exact, in nearly the same memory for a thousand rows and for ten million: filters of fixed size say
of nearly every key that it has not been seen; the few that may have been are looked up, as text, in
runs of keys that are written to a temporary folder as they fill.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import polars as pl

from bulkload.scratch import Scratch
from bulkload.validation.filters import Filters
from bulkload.validation.spill import Lines, Numbers, escaped

ROW = "row_number"
KEYS_PER_RUN = 200_000
"""Keys held in memory before they are written out."""
_PLACES = 1 << 24
"""An entry of an index is a hash with the place of its key instead of the lowest bits."""


class Seen:
    """The keys of all rows that are sent, each with the row that came first.

    Args:
        keys: Names of the key columns.
        keys_per_run: Keys held in memory.
        filter_words: Size of one filter, in words of 8 bytes; a power of two above 1.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        keys_per_run: int = KEYS_PER_RUN,
        filter_words: int = 1 << 21,
    ) -> None:
        self._keys = tuple(keys)
        self._filters = Filters(filter_words)
        self._runs = _Runs(self._keys, keys_per_run)

    def repeats(self, payloads: pl.DataFrame) -> list[tuple[int, str, int]]:
        """Return (row number, key, first row) of rows that repeat an earlier one; remember the others.

        A row that is itself a repeat is not sent, so it makes no later row a repeat.

        Args:
            payloads: `row_number` and one String column per key; every row comes after those of
                earlier calls.
        """
        if not self._keys or payloads.is_empty():
            return []
        named = payloads.select_seq(ROW, *self._keys)
        hashed = self._hashed(named)
        hashes = hashed["hash"]
        maybe = hashes.is_duplicated() | self._filters.may_hold(hashes)
        found: list[tuple[int, str, int]] = []
        if maybe.any():
            found = self._confirmed(named[hashed.filter(maybe)["at"].unique()])
        if found:
            repeats = pl.Series([row_number for row_number, _, _ in found], dtype=pl.UInt32)
            places = named[ROW].is_in(repeats.implode()).arg_true()
            hashed = hashed.filter(~pl.col("at").is_in(places.implode()))
        self._filters.add(hashed["hash"])
        self._runs.add(named, hashed)
        return found

    def _hashed(self, named: pl.DataFrame) -> pl.DataFrame:
        """Return one row per key that a payload has: its hash, its column, and where it stands."""
        parts = []
        for position, key in enumerate(self._keys):
            part = named.select_seq(
                # A seed of its own keeps an e-mail apart from an equal external id.
                pl.col(key).hash(position + 1).alias("hash"),
                pl.lit(position, pl.UInt8).alias("key"),
                pl.int_range(pl.len(), dtype=pl.UInt32).alias("at"),
            )
            if named[key].null_count():
                part = part.select_seq(pl.all().filter(named[key].is_not_null()))
            parts.append(part)
        return functools.reduce(pl.DataFrame.vstack, parts).rechunk()

    def _confirmed(self, suspects: pl.DataFrame) -> list[tuple[int, str, int]]:
        """Return the repeats among rows of which some key may have been seen, by their text."""
        suspects = suspects.sort(ROW)
        texts = [suspects[key].to_list() for key in self._keys]
        wanted = {
            (key, escaped(text)): text
            for key, column in enumerate(texts)
            for text in column
            if text is not None
        }
        first = {
            (key, wanted[key, line]): row_number
            for row_number, key, line in self._runs.holding(self._hashed(suspects)["hash"])
            if (key, line) in wanted
        }
        found: list[tuple[int, str, int]] = []
        for row_number, *row in zip(suspects[ROW].to_list(), *texts, strict=True):
            own = [(key, text) for key, text in enumerate(row) if text is not None]
            repeated = [(row_number, self._keys[k[0]], first[k]) for k in own if k in first]
            found += repeated
            if not repeated:
                first.update(dict.fromkeys(own, row_number))
        return found


class _Run:
    """Some of the keys: the cells of their rows and an index of their hashes, in files.

    Args:
        path: Of the files, each with an ending of its own.
        named: `row_number` and the key columns.
        hashed: `hash`, `key` and `at` of every key.
    """

    def __init__(self, path: Path, named: pl.DataFrame, hashed: pl.DataFrame) -> None:
        self._rows = Numbers(path.with_suffix(".rows"), named[ROW].cast(pl.UInt64))
        self._cells = tuple(
            Lines(path.with_suffix(f".{number}"), column)
            for number, column in enumerate(named.drop(ROW))
        )
        self._keys = len(self._cells)
        place = pl.col("at") * self._keys + pl.col("key")
        entry = pl.col("hash") // _PLACES * _PLACES + place
        entries = hashed.select(entry).to_series().sort()
        self._index = Numbers(path.with_suffix(".index"), entries)

    def holding(self, hashes: Collection[int]) -> Iterator[tuple[int, int, str]]:
        """Yield (row number, key, escaped text) of all keys that may have one of these hashes."""
        ranges = ((one // _PLACES * _PLACES, (one // _PLACES + 1) * _PLACES) for one in hashes)
        for entry in set(self._index.between(ranges)):
            at, key = divmod(entry % _PLACES, self._keys)
            yield self._rows.at(at), key, self._cells[key].at(at)


class _Runs:
    """All keys that were remembered, with row numbers, newest in memory and the rest in files."""

    def __init__(self, keys: Sequence[str], keys_per_run: int) -> None:
        self._keys = tuple(keys)
        # A run holds a batch more than that, and every key of its rows has a place.
        self._keys_per_run = keys_per_run
        self._recent: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        self._recent_keys = 0
        self._runs: list[_Run] = []

    @functools.cached_property
    def _scratch(self) -> Scratch:
        # Most sources never fill a run.
        return Scratch()

    def add(self, named: pl.DataFrame, hashed: pl.DataFrame) -> None:
        """Remember keys: where they stand in `named`, with their hashes."""
        if hashed.is_empty():
            return
        self._recent.append((named, hashed))
        # Rows without a key fill memory as well, and take places.
        self._recent_keys += max(named.height, hashed.height)
        if self._recent_keys >= self._keys_per_run:
            path = self._scratch.path / str(len(self._runs))
            with self._scratch.writing():
                self._runs.append(_Run(path, *self._together()))
            self._recent, self._recent_keys = [], 0

    def holding(self, hashes: pl.Series) -> Iterator[tuple[int, int, str]]:
        """Yield (row number, key, escaped text) of all keys that may have one of these hashes."""
        wanted = hashes.unique()
        numbers = wanted.to_list()
        for run in self._runs:
            yield from run.holding(numbers)
        among = pl.col("hash").is_in(wanted.implode())
        for named, hashed in self._recent:
            for at, key in hashed.filter(among).select("at", "key").iter_rows():
                yield named[ROW][at], key, escaped(named[self._keys[key]][at])

    def _together(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the recent keys as one."""
        rows, parts = 0, []
        for named, hashed in self._recent:
            parts.append(hashed.with_columns(pl.col("at").cast(pl.UInt64) + rows))
            rows += named.height
        return pl.concat(named for named, _ in self._recent), pl.concat(parts)
