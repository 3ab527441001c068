"""Sets of hashes in memory of fixed size: what was added is always found, and hardly anything else."""

from __future__ import annotations

import functools
import operator
from typing import TypeAlias

import polars as pl

HASH_BITS = 40
"""A hash is a number of so many bits. Where they ascend, memory is met in order: much less work."""
_MASKS = 1 << 14
"""Different sets of bits that a hash can have; a table of them costs less than to make them anew."""
_BITS = 6
"""Bits that a hash sets in its word."""
Marks: TypeAlias = tuple[pl.Series, pl.Series]
"""Of each hash a word, and up to six bits in it; the words ascend."""


class Filters:
    """Bloom filters, the next of which is begun when one is full; none forgets what it was given.

    Args:
        words: Size of one filter, in words of 8 bytes; a power of two above 1.
    """

    _MOST = 2
    """So many are ever made; then the last one fills up, and more is looked up in vain."""
    _KEYS_PER_WORD = 2

    def __init__(self, words: int) -> None:
        self._words = words
        self._filters: list[pl.Series] = []
        self._room = 0

    def marks(self, hashes: pl.Series) -> Marks:
        """Return what stands for hashes in every filter."""
        # The high bits of a hash choose the word, the low bits the mask.
        word = (hashes // (2**HASH_BITS // self._words)).cast(pl.UInt32)
        return word, self._masks.gather((hashes & (_MASKS - 1)).cast(pl.UInt32))

    def may_hold(self, marks: Marks) -> pl.Series:
        """Whether each hash may have been added; False is certain."""
        word, mask = marks
        held = [(one.gather(word) & mask) == mask for one in self._filters]
        if not held:
            return pl.Series([False]).new_from_index(0, len(word))
        return functools.reduce(operator.or_, held)

    def add(self, marks: Marks) -> None:
        """Remember hashes."""
        word, mask = marks
        if self._room <= 0 and len(self._filters) < self._MOST:
            self._filters.append(pl.zeros(self._words, dtype=pl.UInt64, eager=True))
            self._room = self._words * self._KEYS_PER_WORD
        self._room -= len(word)
        last = self._filters[-1]
        # Of neighbours with one word only the last is written, so the others come again.
        while len(word):
            last.scatter(word, last.gather(word) | mask)
            lost = word == word.shift(-1, fill_value=self._words)
            word, mask = word.filter(lost), mask.filter(lost)

    @functools.cached_property
    def _masks(self) -> pl.Series:
        bits = pl.Series([1 << bit for bit in range(64)], dtype=pl.UInt64)
        numbers = pl.int_range(_MASKS, dtype=pl.UInt64, eager=True)
        chosen = (bits.gather((numbers.hash(seed) & 63).cast(pl.UInt32)) for seed in range(_BITS))
        return functools.reduce(operator.or_, chosen)
