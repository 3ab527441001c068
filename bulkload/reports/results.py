"""results.csv: one line for every payload, in the order of the source."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from bulkload.records import Result

COLUMNS = ("row_number", "key", "status", "remote_id", "http_status", "attempts", "message")
_BATCH_ROWS = 20_000


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
    from bulkload.reports.export import ExportWriter

    with ExportWriter(path, COLUMNS, sheet="results", reversible=False) as writer:
        remaining = iter(results)
        while chunk := list(itertools.islice(remaining, _BATCH_ROWS)):
            writer.write(_frame(chunk))
    return writer.rows


def _frame(results: Sequence[Result]) -> pl.DataFrame:
    further = dict.fromkeys(name for result in results for name in result.extra)
    return pl.DataFrame(
        [
            pl.Series("row_number", [r.row_number for r in results], dtype=pl.Int64),
            pl.Series("key", [r.key for r in results], dtype=pl.String),
            pl.Series("status", [r.status.value for r in results], dtype=pl.String),
            pl.Series("remote_id", [r.remote_id or None for r in results], dtype=pl.String),
            pl.Series("http_status", [r.http_status for r in results], dtype=pl.Int64),
            pl.Series("attempts", [r.attempts for r in results], dtype=pl.Int64),
            pl.Series("message", [r.message or None for r in results], dtype=pl.String),
            *(
                pl.Series(name, [r.extra.get(name) for r in results], dtype=pl.String)
                for name in further
            ),
        ]
    )
