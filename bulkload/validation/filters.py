"""Sets of hashes in memory of fixed size: what was added is always found, and hardly anything else."""

from __future__ import annotations

import functools
import operator

import polars as pl


class Filters:
    """Filters of which the next one is begun when one is full: keys that are held never get lost."""

    _MOST = 2
    """So many are ever made; then the last one fills up, and more is looked up in vain."""
    _KEYS_PER_WORD = 2

    def __init__(self, words: int) -> None:
        self._words = words
        self._filters: list[_Filter] = []
        self._room = 0

    def may_hold(self, hashes: pl.Series) -> pl.Series:
        """Whether each hash may have been added; False is certain."""
        nothing = pl.repeat(value=False, n=len(hashes), dtype=pl.Boolean, eager=True)
        return functools.reduce(operator.or_, (one.holds(hashes) for one in self._filters), nothing)

    def add(self, hashes: pl.Series) -> None:
        """Remember hashes."""
        if self._room <= 0 and len(self._filters) < self._MOST:
            self._filters.append(_Filter(self._words))
            self._room = self._words * self._KEYS_PER_WORD
        self._filters[-1].add(hashes)
        self._room -= len(hashes)


class _Filter:
    """A Bloom filter with up to six bits a key, all in one word: it never forgets what it was given."""

    _MASKS = 1 << 14
    _BITS = 6

    def __init__(self, words: int) -> None:
        self._words = pl.zeros(words, dtype=pl.UInt64, eager=True)
        # The high bits of a hash choose the word, the low bits the mask.
        self._share = 2**64 // words

    @functools.cached_property
    def _masks(self) -> pl.Series:
        bits = pl.Series([1 << bit for bit in range(64)], dtype=pl.UInt64)
        numbers = pl.int_range(self._MASKS, dtype=pl.UInt64, eager=True)
        chosen = (
            bits.gather((numbers.hash(seed) & 63).cast(pl.UInt32)) for seed in range(self._BITS)
        )
        return functools.reduce(operator.or_, chosen)

    def holds(self, hashes: pl.Series) -> pl.Series:
        """Whether each hash may have been added; False is certain."""
        word, mask = self._places(hashes)
        return (self._words.gather(word) & mask) == mask

    def add(self, hashes: pl.Series) -> None:
        """Remember hashes."""
        word, mask = self._places(hashes)
        # Of several hashes of one word only the last is written, so the others come again.
        while len(word):
            self._words.scatter(word, self._words.gather(word) | mask)
            lost = (self._words.gather(word) & mask) != mask
            word, mask = word.filter(lost), mask.filter(lost)

    def _places(self, hashes: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return where each hash is remembered: its word, and the bits in it."""
        word = (hashes // self._share).cast(pl.UInt32)
        return word, self._masks.gather((hashes & (self._MASKS - 1)).cast(pl.UInt32))
