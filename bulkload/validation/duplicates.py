"""Which rows name a customer that an earlier row of the source names already."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

ROW = "row_number"


class Seen:
    """The keys of all rows that are sent, exact, each with the row that came first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)
        self._first: dict[tuple[str, str], int] = {}

    def repeats(self, payloads: pl.DataFrame) -> list[tuple[int, str, int]]:
        """Return (row number, key, first row) of rows that repeat an earlier one; remember the others.

        A row that is itself a repeat is not sent, so it makes no later row a repeat.

        Args:
            payloads: `row_number` and one String column per key, in source order.
        """
        found: list[tuple[int, str, int]] = []
        for row_number, *values in payloads.select(ROW, *self._keys).iter_rows():
            own = [(key, value) for key, value in zip(self._keys, values, strict=True) if value]
            earlier = [(row_number, k, self._first[k, v]) for k, v in own if (k, v) in self._first]
            found += earlier
            if not earlier:
                self._first.update(dict.fromkeys(own, row_number))
        return found
