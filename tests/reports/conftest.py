"""A run to report about."""

import pytest

from bulkload.records import Counts, RunReport, Status
from bulkload.reports import CauseCounter
from tests.reports.naughty import reject


@pytest.fixture
def report() -> RunReport:
    """An import with three rejects, finished."""
    counts = Counts(rows=10)
    counts.add(Status.CREATED, 7)
    counts.add(Status.REJECTED, 3)
    causes = CauseCounter()
    causes.add([reject(3, "ada@example.com"), reject(5), reject(7, column="Phone")])
    return RunReport(
        run_id="01HX",
        verb="import",
        dry_run=False,
        started_utc="2026-01-05T12:00:00Z",
        finished_utc="2026-01-05T12:00:09Z",
        source={"name": "customers.csv", "path": "customers.csv", "sha256": "0" * 64},
        counts=counts,
        causes=causes.causes(),
        files={"results": "out/results.csv", "rejects": "out/rejects.csv"},
    )
