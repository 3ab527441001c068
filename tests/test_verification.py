"""Reading back finds who is not there, and counts only what the system counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bulkload.connectors import connector_for
from bulkload.planning import Balance
from bulkload.records import Customer, Result, RunReport, Status
from bulkload.reports import verdict
from bulkload.verification import Verification, verified


async def listed() -> AsyncIterator[Customer]:
    for name, points in (("c1", 10), ("c2", 20), ("other", 99)):
        yield Customer(name, {"email": f"{name}@example.com", "points": points})


def test_customers_who_are_not_shown_are_named() -> None:
    """By their rows: what the system calls them may be an e-mail address."""
    results = [Result(n, f"k{n}", Status.CREATED, remote_id=f"c{n}") for n in (1, 2, 3)]
    connector = connector_for("loyaltydog", program="5eb7cf5a86d9755df3a6c593")

    found = asyncio.run(verified(connector, listed(), results))

    assert found == Verification(delivered=3, found=2, points=30, stamps=0, missing_rows=(3,))
    assert "1 are not" in found.sentences([])[0]


def test_a_balance_that_the_system_does_not_keep_is_not_compared() -> None:
    """Points among a customer's own data are no points of the system."""
    found = Verification(delivered=1, found=1, points=5, stamps=0)
    balances = [
        Balance("points", "set", customers=1, total=5, moved=5),
        Balance("metadata.points", "set", customers=1, total=700, moved=700),
    ]

    assert [line for line in found.sentences(balances) if "700" in line] == []


def test_a_run_whose_customers_are_missing_needs_a_person() -> None:
    """Everything was accepted, and yet somebody has to look."""
    report = RunReport(
        run_id="r", verb="import", dry_run=False, started_utc="", finished_utc="", unseen=2
    )
    report.counts.rows = 3
    report.counts.add(Status.CREATED, 3)

    assert report.exit_code == 1
    assert verdict(report).endswith("does not show: 2; report.json names their rows.")
