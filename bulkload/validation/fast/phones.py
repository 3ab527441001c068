"""Phones in Polars: rules for those countries and calling codes that have been met, not for all.

All rules together are a pattern of 64 kB, whose automaton takes 25 MB and as long to make as 200,000
phones to be judged, and a search for 1,400 beginnings of numbers. A source seldom needs a tenth of
them.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable

import polars as pl

from bulkload.validation.fast.phone_rules import BOUNDARY, PhoneRules, phone_rules

Spellings = tuple[tuple[str, str], ...]
_CODE_BYTES = 2
"""Length of the codes of ISO 3166-1 alpha-2."""


class Phones:
    """Finds the E.164 form of phones and says which are valid; learns as it goes.

    What has not been met yet is not accepted, which costs another look and nothing else.
    """

    _MOST_CHANGES = 4
    """After so many changes all calling codes are taken: each pattern is compiled and kept."""

    def __init__(self, rules: PhoneRules) -> None:
        self._rules = rules
        self._by_region: dict[str, Spellings] = {}
        for pair in rules.spellings:
            region = pair[0].partition(BOUNDARY)[0]
            self._by_region[region] = (*self._by_region.get(region, ()), pair)
        self._regions: frozenset[str] = frozenset({""})
        self._codes: frozenset[str] = frozenset()
        self._doubled: frozenset[str] = frozenset()
        """Of the countries in which a number may be meant that has no code."""
        self._changes = 0
        self._code = rf"^\+({'|'.join(rules.valid)})"

    @property
    def trunk_codes(self) -> tuple[str, ...]:
        """Calling codes after which a trunk `0` may stand, `+49 (0) 30`."""
        return self._rules.trunk_codes

    def e164(self, regions: pl.Series, phones: pl.Series, separators: Collection[str]) -> pl.Series:
        """Return the E.164 form of phones, if they have one; null for null.

        Args:
            regions: ISO 3166-1 alpha-2, empty where none is known; one for all, or one for each.
            phones: As they are written.
            separators: Signs that mean nothing.
        """
        if phones.is_empty():
            return phones
        known = regions.to_frame().select_seq(pl.first().unique()).to_series()
        self._meet(region for region in known if region in self._by_region)
        frame = phones.alias("phone").to_frame()
        region = pl.lit(regions[0])
        if len(regions) == len(phones):
            frame.insert_column(1, regions.alias("region"))
            region = pl.col("region")
        # Separators are taken out of all that is written; `-DE` must not become a code by that.
        region = pl.when(region.str.len_bytes() == _CODE_BYTES).then(region).otherwise(pl.lit(""))
        written = pl.concat_str(region, pl.lit(BOUNDARY), pl.col("phone"))
        before, after = self._spellings(self._regions, tuple(separators))
        return frame.select_seq(
            written.str.replace_many(before, after, leftmost=True).alias(phones.name)
        ).to_series()

    def valid(self, e164: pl.Series, *, learning: bool) -> pl.Series:
        """Say which numbers are valid and stay as they are; null for null.

        Args:
            e164: What may be the E.164 form of a phone.
            learning: Take note of calling codes that have not been met yet.
        """
        if learning or not self._codes:
            codes = e164.str.extract(self._code).unique().drop_nulls()
            self._accept(codes.to_list())
        found = e164.str.contains(self._pattern(self._codes))
        # Where a number begins with its country's code once more, the exact path asks what is meant.
        for code in self._doubled:
            found &= ~e164.str.starts_with(f"+{code}{code}")
        return found

    def _meet(self, regions: Iterable[str]) -> None:
        new = frozenset(regions) - self._regions
        if new:
            self._regions |= new
            ends = (after for region in new for _, after in self._by_region[region])
            homes = {end.removeprefix("+") for end in ends} - {""}
            self._doubled |= homes & frozenset(self._rules.doubled_codes)
            self._accept(homes)

    def _accept(self, codes: Iterable[str]) -> None:
        new = (frozenset(codes) & self._rules.valid.keys()) - self._codes
        if new:
            self._changes += 1
            every = self._changes > self._MOST_CHANGES
            self._codes = frozenset(self._rules.valid) if every else self._codes | new

    @functools.lru_cache(maxsize=8)  # noqa: B019  # there is one for the whole process
    def _spellings(
        self, regions: frozenset[str], separators: tuple[str, ...]
    ) -> tuple[list[str], list[str]]:
        pairs = [pair for region in regions for pair in self._by_region.get(region, ())]
        pairs += [(separator, "") for separator in separators]
        # The longest spelling must win; the search takes the first of those that begin together.
        pairs.sort(key=lambda pair: (-len(pair[0]), pair))
        return [before for before, _ in pairs], [after for _, after in pairs]

    @functools.lru_cache(maxsize=8)  # noqa: B019  # there is one for the whole process
    def _pattern(self, codes: frozenset[str]) -> str:
        return r"^\+(?:" + "|".join(self._rules.valid[code] for code in sorted(codes)) + ")$"


@functools.cache
def phones() -> Phones:
    """Return what this process knows of phones."""
    return Phones(phone_rules())
