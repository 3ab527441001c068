"""What rejects quote: the text of a cell as it stands in the source."""

from __future__ import annotations

import functools
from collections.abc import Callable

import polars as pl

from bulkload.records import Field


class SourceCells:
    """The cells of some rows of a batch, for the text in a reject; read when asked."""

    def __init__(self, rows: Callable[[], pl.DataFrame]) -> None:
        self._rows = functools.cache(rows)
        self._columns: dict[str, list[tuple[str, list[str | None]]]] = {}

    def own(self, field: Field, position: int) -> tuple[str, str]:
        """Return header and text of the cell that a field was read from.

        Of several columns, the first that is not empty; no header for a field without columns.
        """
        columns = self._columns.get(field.name)
        if columns is None:
            rows = self._rows()
            columns = [(name, rows[name].to_list()) for name in field.columns if name in rows]
            self._columns[field.name] = columns
        for column, cells in columns:
            cell = cells[position]
            if cell:
                return column, cell
        return (columns[0][0] if columns else ""), ""
