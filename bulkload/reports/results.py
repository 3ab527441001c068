"""results.csv: one line for every payload, in the order of the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bulkload.records import Result
from bulkload.reports.export import ExportWriter

COLUMNS = ("row_number", "key", "status", "remote_id", "http_status", "attempts", "message")
_INTEGERS = ("row_number", "http_status", "attempts")


class Delivered:
    """Keeps the first results that name a customer in the system, and counts the rest."""

    MOST = 1_000

    def __init__(self) -> None:
        self.first: list[Result] = []
        self.more = 0
        """Further results with an ID."""

    def watch(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass results on and look at each."""
        for result in results:
            if result.remote_id:
                if len(self.first) < self.MOST:
                    self.first.append(result)
                else:
                    self.more += 1
            yield result


def write_results(path: Path | str, results: Iterable[Result]) -> int:
    """Write results; the ending chooses .csv, .xlsx or .parquet.

    Args:
        path: The final name. The file is complete or not there at all.
        results: In the order of their row numbers. What stands in `extra` becomes further columns.

    Returns:
        The number of results.
    """
    with ExportWriter(
        path, COLUMNS, sheet="results", integers=_INTEGERS, reversible=False
    ) as writer:
        writer.write(
            {
                "row_number": result.row_number,
                "key": result.key,
                "status": result.status.value,
                "remote_id": result.remote_id or None,
                "http_status": result.http_status,
                "attempts": result.attempts,
                "message": result.message or None,
                **result.extra,
            }
            for result in results
        )
    return writer.rows
