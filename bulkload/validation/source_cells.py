"""What rejects quote: the text of a cell as it stands in the source."""

from __future__ import annotations

import functools

import polars as pl

from bulkload.records import Field

ROW = "row_number"


class SourceCells:
    """The cells of some rows of a batch, for the text in a reject; read when asked.

    Args:
        rows: The batch, with `row_number`.
        numbers: Row numbers of those that are asked about; both in source order.
    """

    def __init__(self, rows: pl.DataFrame, numbers: pl.Series) -> None:
        self._rows, self._numbers = rows, numbers

    @functools.cached_property
    def _at(self) -> pl.Series:
        # Few of many: looking for them is less than asking every row.
        return self._rows[ROW].search_sorted(self._numbers)

    def own(self, field: Field, places: pl.Series | None = None) -> list[tuple[str, str]]:
        """Return header and text of the cells that a field was read from.

        Of several columns, the first that is not empty; no header for a field without columns.

        Args:
            field: With its columns.
            places: Positions among the rows that are asked about; None: all of them.
        """
        at = self._at if places is None else self._at[places]
        columns = [name for name in field.columns if name in self._rows]
        own = [(columns[0] if columns else "", "")] * len(at)
        for name in reversed(columns):
            cells = self._rows[name][at].to_list()
            own = [(name, cell) if cell else later for cell, later in zip(cells, own, strict=True)]
        return own
