"""The real command line with one part broken on purpose: the controls of the fault tests.

    python -m tests.faults.broken no_intent import customers.csv ...

A fault test that also passes with a broken program proves nothing. Each of these must be seen to
lose, to duplicate or to tear.
"""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bulkload import reports
from bulkload.connectors.voucherify_bulk import AsyncLane
from bulkload.delivery import DeliveryOptions, Journal, RunJournal
from bulkload.delivery.entries import Attempt, RowEntry, RowState
from bulkload.delivery.reconcile import Reconciler
from bulkload.records import Status

SMALL_BATCH = 20
"""Rows in a bulk call, instead of thousands."""


class ForgetfulRun(RunJournal):
    """Sends without having written down that something is sent."""

    def intent(self, *_: Any) -> asyncio.Future[None]:
        """Say that it is on disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class HopefulRun(RunJournal):
    """Takes what is sent for delivered, before it is answered."""

    def intent(
        self, entry: RowEntry, keys: Iterable[bytes], attempt: Attempt
    ) -> asyncio.Future[None]:
        """Write down that the row is done."""
        done = dataclasses.replace(entry, state=RowState.DONE, status=Status.CREATED)
        return super().intent(done, keys, attempt)


class Forgetful(Journal):
    """A journal of answers only."""

    run_class = ForgetfulRun


def no_intent() -> None:
    """Send without having written down that something is sent."""
    Journal.run_class = ForgetfulRun


def hopeful() -> None:
    """Take what is sent for delivered, before it is answered."""
    Journal.run_class = HopefulRun


def no_quiesce() -> None:
    """Look an unknown outcome up at once, while the request may still be applied."""

    def now(_reconciler: Reconciler, _job: object) -> float:
        return 0.0

    Reconciler._quiet_at = now  # type: ignore[method-assign,assignment]
    _without_second_look()


def sync_normal() -> None:
    """Commit without waiting for the disk."""
    Journal.synchronous = "NORMAL"


def naive_write() -> None:
    """Write the results file line by line, in its place."""

    def write_results(path: str | Path, results: Any) -> int:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row_number", "status", "remote_id"])
            for result in results:
                writer.writerow([result.row_number, result.status, result.remote_id])
                file.flush()
        return 0

    reports.write_results = write_results


def small_batches() -> None:
    """Put few rows into a bulk call: nothing is broken, there is only more to kill."""
    plain = AsyncLane.__init__

    def small(lane: AsyncLane, *arguments: Any, **named: Any) -> None:
        plain(lane, *arguments, **({"max_rows": SMALL_BATCH} | named))

    AsyncLane.__init__ = small  # type: ignore[method-assign,assignment]


CONTROLS: dict[str, Callable[[], None]] = {
    control.__name__: control
    for control in (no_intent, hopeful, no_quiesce, sync_normal, naive_write, small_batches)
}


def _without_second_look() -> None:
    plain = DeliveryOptions.__init__

    def hasty(options: DeliveryOptions, *arguments: Any, **named: Any) -> None:
        plain(options, *arguments, **(named | {"second_look_s": 0.0}))

    DeliveryOptions.__init__ = hasty  # type: ignore[method-assign,assignment]


def main() -> None:
    """Break what the first argument names, then be `bulkload`."""
    for name in sys.argv.pop(1).split("+"):
        CONTROLS[name]()
    from bulkload.__main__ import main as bulkload

    bulkload()


if __name__ == "__main__":
    main()
