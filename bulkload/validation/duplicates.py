"""Which rows name a customer that an earlier row of the source names already.

Exact, in nearly the same memory for a thousand rows and for ten million: filters of fixed size say
of nearly every key that it has not been seen; the few that may have been are looked up, as text, in
runs of keys that are written to a temporary folder as they fill.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from bulkload.scratch import Scratch
from bulkload.validation.filters import HASH_BITS, Filters
from bulkload.validation.spill import Numbers, Texts, between

ROW = "row_number"
KEYS_PER_RUN = 100_000
"""Keys held in memory before they are written out."""
BYTES_PER_RUN = 64 << 20
"""Memory that keys may take before they are written out, however few they are."""
_PLACES = 1 << (64 - HASH_BITS)
"""An entry of an index is a key's hash and, in the lowest bits, its place: row x keys + key."""


class Seen:
    """The keys of all rows that are sent, each with the row that came first.

    Args:
        keys: Names of the key columns.
        keys_per_run: Keys held in memory.
        bytes_per_run: Memory that they may take.
        filter_words: Size of one filter, in words of 8 bytes; a power of two above 1.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        keys_per_run: int = KEYS_PER_RUN,
        bytes_per_run: int = BYTES_PER_RUN,
        filter_words: int = 1 << 21,
    ) -> None:
        self._keys = tuple(keys)
        self._filters = Filters(filter_words)
        self._runs = _Runs(self._keys, keys_per_run, bytes_per_run)

    def repeats(self, payloads: pl.DataFrame) -> list[tuple[int, str, int]]:
        """Return (row number, key, first row) of rows that repeat an earlier one; remember the others.

        A row that is itself a repeat is not sent, so it makes no later row a repeat.

        Args:
            payloads: `row_number` and one String column per key; every row comes after those of
                earlier calls.
        """
        if not self._keys or payloads.is_empty():
            return []
        # A batch and those it is written out with must have places for all their keys.
        most = _PLACES // len(self._keys) // 2
        if payloads.height > most:
            parts = payloads.sort(ROW).iter_slices(most)
            return [repeat for part in parts for repeat in self.repeats(part)]
        named = payloads.select_seq(ROW, *self._keys)
        entries = self._entries(named)
        hashes = entries // _PLACES
        marks = self._filters.marks(hashes)
        known = self._filters.may_hold(marks)
        # They ascend, so equal ones are neighbours.
        again = hashes == hashes.shift(1, fill_value=1 << HASH_BITS)
        maybe = known | again | again.shift(-1, fill_value=False)
        found: list[tuple[int, str, int]] = []
        if maybe.any():
            suspects = self._rows_of(entries.filter(maybe)).unique()
            found = self._confirmed(named[suspects], hashes.filter(known))
        if found:
            repeats = pl.Series([row_number for row_number, _, _ in found], dtype=pl.UInt32)
            places = named[ROW].is_in(repeats.implode()).arg_true()
            kept = ~self._rows_of(entries).is_in(places.implode())
            entries, marks = entries.filter(kept), (marks[0].filter(kept), marks[1].filter(kept))
        self._filters.add(marks)
        self._runs.add(named, entries)
        return found

    def _entries(self, named: pl.DataFrame) -> pl.Series:
        """Return the keys of these rows as entries of an index, ascending."""
        parts = []
        for position, key in enumerate(self._keys):
            # A seed of its own keeps an e-mail apart from an equal external id.
            hashed = pl.col(key).hash(position + 1) // _PLACES * _PLACES
            place = pl.int_range(pl.len(), dtype=pl.UInt64) * len(self._keys) + position
            entry = (hashed + place).alias("entry")
            if named[key].null_count():
                entry = entry.filter(pl.col(key).is_not_null())
            parts.append(named.select_seq(entry).to_series())
        return pl.concat(parts).sort(multithreaded=False)

    def _rows_of(self, entries: pl.Series) -> pl.Series:
        """Return where the rows of these keys stand."""
        return (entries % _PLACES // len(self._keys)).cast(pl.UInt32)

    def _confirmed(self, suspects: pl.DataFrame, known: pl.Series) -> list[tuple[int, str, int]]:
        """Return the repeats among rows of which some key may have been seen, by their text.

        Args:
            suspects: `row_number` and the key columns.
            known: Hashes of their keys that earlier batches may have had.
        """
        suspects = suspects.sort(ROW)
        first = {
            (key, text): row_number
            for row_number, key, text in self._runs.holding(known.unique().to_list())
        }
        found: list[tuple[int, str, int]] = []
        texts = [suspects[key].to_list() for key in self._keys]
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
        entries: Of all keys, ascending.
    """

    def __init__(self, path: Path, named: pl.DataFrame, entries: pl.Series) -> None:
        cells = named.drop(ROW).get_columns()
        self._height, self._keys = named.height, len(cells)
        self._rows = Numbers(path.with_suffix(".rows"), named[ROW])
        self._cells = Texts(path.with_suffix(".cells"), pl.concat(cells))
        self._index = Numbers(path.with_suffix(".index"), entries)

    def holding(self, hashes: Iterable[int]) -> Iterator[tuple[int, int, str]]:
        """Yield (row number, key, text) of all keys that have one of these hashes."""
        ranges = ((one * _PLACES, (one + 1) * _PLACES) for one in hashes)
        with self._index.opened() as index, self._rows.opened() as rows, self._cells.opened() as at:
            for entry in between(index, ranges):
                row, key = divmod(entry % _PLACES, self._keys)
                yield rows[row], key, at(key * self._height + row)


class _Runs:
    """All keys that were remembered, with row numbers, newest in memory and the rest in files."""

    def __init__(self, keys: Sequence[str], keys_per_run: int, bytes_per_run: int) -> None:
        self._keys = tuple(keys)
        # A run holds a batch more than that, and every key of its rows has a place.
        self._keys_per_run, self._bytes_per_run = keys_per_run, bytes_per_run
        self._recent: list[tuple[pl.DataFrame, pl.Series]] = []
        self._recent_keys = self._recent_bytes = 0
        self._runs: list[_Run] = []

    @functools.cached_property
    def _scratch(self) -> Scratch:
        # Most sources never fill a run.
        return Scratch()

    def add(self, named: pl.DataFrame, entries: pl.Series) -> None:
        """Remember keys: the rows they stand in, and their entries."""
        if entries.is_empty():
            return
        self._recent.append((named, entries))
        # Rows without a key fill memory as well, and take places.
        self._recent_keys += max(named.height, len(entries))
        self._recent_bytes += int(named.estimated_size())
        if self._recent_keys >= self._keys_per_run or self._recent_bytes >= self._bytes_per_run:
            path = self._scratch.path / str(len(self._runs))
            with self._scratch.writing():
                self._runs.append(_Run(path, *self._together()))
            self._recent, self._recent_keys, self._recent_bytes = [], 0, 0

    def holding(self, hashes: Sequence[int]) -> Iterator[tuple[int, int, str]]:
        """Yield (row number, key, text) of all keys that have one of these hashes."""
        for run in self._runs:
            yield from run.holding(hashes)
        wanted = pl.Series(hashes, dtype=pl.UInt64).implode()
        for named, entries in self._recent:
            for entry in entries.filter((entries // _PLACES).is_in(wanted)):
                row, key = divmod(entry % _PLACES, len(self._keys))
                yield named[ROW][row], key, named[self._keys[key]][row]

    def _together(self) -> tuple[pl.DataFrame, pl.Series]:
        """Return the recent keys as one."""
        if len(self._recent) == 1:
            return self._recent[0]
        rows, parts = 0, []
        for named, entries in self._recent:
            parts.append(entries + rows * len(self._keys))
            rows += named.height
        return pl.concat(named for named, _ in self._recent), pl.concat(parts).sort()
