"""Many rejects, few causes: counted by code and column while the rows go by."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

from bulkload.records import Cause, Reject


class CauseCounter:
    """Groups rejects by code and column; memory grows with the causes, not with the rejects."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._last_row: dict[tuple[str, str], int] = {}
        self._first: dict[tuple[str, str], Reject] = {}

    def add(self, rejects: Iterable[Reject]) -> None:
        """Count the rows of some rejects, each row once for a cause.

        Args:
            rejects: The rejects of one row stand together.
        """
        last_row = self._last_row
        counted = []
        for reject in rejects:
            group = (reject.code, reject.column)
            row_number = reject.row_number
            last = last_row.get(group)
            if last == row_number:
                continue
            if last is None:
                self._first[group] = reject
            last_row[group] = row_number
            counted.append(group)
        self._rows.update(counted)

    def causes(self) -> list[Cause]:
        """Return the causes, the most frequent first."""
        found = [
            Cause(code, column, rows, self._first[code, column])
            for (code, column), rows in self._rows.items()
        ]
        return sorted(found, key=lambda cause: (-cause.rows, cause.code, cause.column))

    def columns(self) -> dict[str, int]:
        """Return the number of problems by column, the most frequent first."""
        by_column: Counter[str] = Counter()
        for (_code, column), rows in self._rows.items():
            by_column[column] += rows
        return dict(sorted(by_column.items(), key=lambda entry: (-entry[1], entry[0])))


def with_mapping_line(cause: Cause, mapping_line: str, mends: int) -> Cause:
    """Return a cause that says which line of the mapping mends `mends` of its rows."""
    return dataclasses.replace(cause, mapping_line=mapping_line, mends=mends)
