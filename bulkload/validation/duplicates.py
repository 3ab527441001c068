"""Which rows name a customer that an earlier row of the source names already.

Exact, in the same memory for a thousand rows and for ten million: a filter of fixed size says of
nearly every key that it has not been seen; the few that may have been are looked up, as text, in
runs of keys that are written to a temporary folder as they fill.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from bulkload.scratch import Scratch

ROW = "row_number"
KEYS_PER_RUN = 200_000
"""Keys held in memory before they are written out."""
_BATCH = 8192
"""Keys of a file that are read together when one of them is wanted."""
_FEW = 12
"""Up to so many keys, reading their batches is less than reading the whole file."""


class Seen:
    """The keys of all rows that are sent, each with the row that came first.

    Args:
        keys: Names of the key columns.
        keys_per_run: Keys held in memory.
        filter_words: Size of the filter, in words of 8 bytes; a power of two above 1.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        keys_per_run: int = KEYS_PER_RUN,
        filter_words: int = 1 << 21,
    ) -> None:
        self._keys = tuple(keys)
        self._filter_words = filter_words
        self._runs = _Runs(keys_per_run)

    @functools.cached_property
    def _filter(self) -> _Filter:
        # Made for the first batch: a judge that is asked nothing should cost nothing.
        return _Filter(self._filter_words)

    def repeats(self, payloads: pl.DataFrame) -> list[tuple[int, str, int]]:
        """Return (row number, key, first row) of rows that repeat an earlier one; remember the others.

        A row that is itself a repeat is not sent, so it makes no later row a repeat.

        Args:
            payloads: `row_number` and one String column per key, in source order.
        """
        if not self._keys or payloads.is_empty():
            return []
        said = self._said(payloads)
        places = self._filter.places(said["hash"])
        maybe = said["hash"].is_duplicated() | self._filter.holds(places)
        found: list[tuple[int, str, int]] = []
        if maybe.any():
            suspects = said.filter(maybe)[ROW].unique()
            found = self._confirmed(said.filter(pl.col(ROW).is_in(suspects.implode())))
        if found:
            repeats = pl.Series([row_number for row_number, _, _ in found], dtype=pl.UInt32)
            new = ~said[ROW].is_in(repeats.implode())
            said, places = said.filter(new), places.filter(new)
        self._filter.add(places)
        self._runs.add(said)
        return found

    def _said(self, payloads: pl.DataFrame) -> pl.DataFrame:
        """Return one row per key that a payload has: row_number, key (its position), text, hash."""
        parts = [
            payloads.select(
                ROW,
                pl.lit(position, pl.UInt8).alias("key"),
                pl.col(key).alias("text"),
                # A seed of its own keeps an e-mail apart from an equal external id.
                pl.col(key).hash(position + 1).alias("hash"),
            ).drop_nulls("text")
            for position, key in enumerate(self._keys)
        ]
        return pl.concat(parts)

    def _confirmed(self, suspects: pl.DataFrame) -> list[tuple[int, str, int]]:
        """Return the repeats among rows of which some key may have been seen, by their text."""
        wanted = dict.fromkeys(suspects.select("key", "text").iter_rows())
        first = {
            (key, text): row_number
            for row_number, key, text in self._runs.holding(suspects["hash"].unique())
            if (key, text) in wanted
        }
        found: list[tuple[int, str, int]] = []
        in_order = suspects.sort(ROW, "key").group_by(ROW, maintain_order=True)
        for row_number, keys, texts in in_order.agg("key", "text").iter_rows():
            own = list(zip(keys, texts, strict=True))
            repeated = [(row_number, self._keys[k[0]], first[k]) for k in own if k in first]
            found += repeated
            if not repeated:
                first.update(dict.fromkeys(own, row_number))
        return found


class _Filter:
    """A Bloom filter with up to six bits a key, all in one word: it never forgets what it was given."""

    _MASKS = 1 << 14
    _BITS = 6

    def __init__(self, words: int) -> None:
        self._words = pl.zeros(words, dtype=pl.UInt64, eager=True)
        # The high bits of a hash choose the word, the low bits the mask.
        self._share = 2**64 // words
        bits = pl.Series([1 << bit for bit in range(64)], dtype=pl.UInt64)
        numbers = pl.int_range(self._MASKS, dtype=pl.UInt64, eager=True)
        chosen = (
            bits.gather((numbers.hash(seed) & 63).cast(pl.UInt32)) for seed in range(self._BITS)
        )
        self._masks = functools.reduce(operator.or_, chosen)

    def places(self, hashes: pl.Series) -> pl.DataFrame:
        """Return where each hash is remembered: its word, and the bits in it."""
        word = (hashes // self._share).cast(pl.UInt32)
        mask = self._masks.gather((hashes & (self._MASKS - 1)).cast(pl.UInt32))
        return pl.DataFrame({"word": word, "mask": mask})

    def holds(self, places: pl.DataFrame) -> pl.Series:
        """Whether each hash may have been added; False is certain."""
        mask = places["mask"]
        return (self._words.gather(places["word"]) & mask) == mask

    def add(self, places: pl.DataFrame) -> None:
        """Remember hashes."""
        # Of several hashes of one word only the last is written, so the others come again.
        while not places.is_empty():
            self._words.scatter(places["word"], self._words.gather(places["word"]) | places["mask"])
            places = places.filter(~self.holds(places))


@dataclass(frozen=True, slots=True)
class _Run:
    """Some of the keys, in files of one run."""

    keys: Path
    """Row number, key and text, in the order in which they came."""
    index: Path
    """`hash`, sorted, and `place` among the keys; one piece, which is read in half a millisecond."""

    def places(self, hashes: pl.Series) -> list[int]:
        """Return where keys with one of these hashes stand."""
        known = pl.read_ipc(self.index, columns=["hash"])["hash"]
        first = known.search_sorted(hashes, side="left")
        last = known.search_sorted(hashes, side="right")
        ranges = [(start, end) for start, end in zip(first, last, strict=True) if start < end]
        if not ranges:
            return []
        place = pl.read_ipc(self.index, columns=["place"])["place"]
        return sorted(place[at] for start, end in ranges for at in range(start, end))

    def at(self, places: Sequence[int]) -> Iterator[tuple[int, int, str]]:
        """Yield (row number, key, text) of the keys at these places."""
        if len(places) > _FEW:
            yield from pl.read_ipc(self.keys)[places].iter_rows()
            return
        for place in places:
            yield from pl.scan_ipc(self.keys).slice(place, 1).collect().iter_rows()


class _Runs:
    """All keys that were remembered, with row numbers, newest in memory and the rest in files."""

    def __init__(self, keys_per_run: int) -> None:
        self._keys_per_run = keys_per_run
        self._recent: list[pl.DataFrame] = []
        self._recent_keys = 0
        self._runs: list[_Run] = []

    @functools.cached_property
    def _scratch(self) -> Scratch:
        # Most sources never fill a run.
        return Scratch()

    def add(self, said: pl.DataFrame) -> None:
        """Remember keys."""
        self._recent.append(said)
        self._recent_keys += said.height
        if self._recent_keys >= self._keys_per_run:
            self._runs.append(self._written(pl.concat(self._recent)))
            self._recent, self._recent_keys = [], 0

    def holding(self, hashes: pl.Series) -> Iterator[tuple[int, int, str]]:
        """Yield (row number, key, text) of all remembered keys that have one of these hashes."""
        for run in self._runs:
            yield from run.at(run.places(hashes))
        wanted = pl.col("hash").is_in(hashes.implode())
        for frame in self._recent:
            yield from frame.filter(wanted).select(ROW, "key", "text").iter_rows()

    def _written(self, keys: pl.DataFrame) -> _Run:
        folder = self._scratch.path
        run = _Run(*(folder / f"{len(self._runs)}.{part}" for part in ("keys", "index")))
        texts = keys.select(ROW, "key", "text")
        # Sorting two numbers a key is much less than sorting the keys themselves.
        places = keys["hash"].arg_sort()
        index = pl.DataFrame({"hash": keys["hash"].gather(places), "place": places}).rechunk()
        with self._scratch.writing():
            texts.write_ipc(run.keys, compression="uncompressed", record_batch_size=_BATCH)
            index.write_ipc(run.index, compression="uncompressed", record_batch_size=index.height)
        return run
