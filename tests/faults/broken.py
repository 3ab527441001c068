"""The real command line with one part broken on purpose: the controls of the fault tests.

    python -m tests.faults.broken no_intent import customers.csv ...

A fault test that also passes with a broken program proves nothing. Each of these must be seen to
lose, to duplicate or to tear.
"""

from __future__ import annotations

import asyncio
import csv
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def no_intent() -> None:
    """Send without having written down that something is sent."""
    from bulkload.delivery import journal

    class Forgetful(journal.RunJournal):
        def intent(self, *_: Any) -> asyncio.Future[None]:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done

    journal.RunJournal = Forgetful  # type: ignore[misc]


def no_quiesce() -> None:
    """Look an unknown outcome up at once, while the request may still be applied."""
    from bulkload.delivery import options

    class Hasty(options.DeliveryOptions):
        def __post_init__(self) -> None:
            object.__setattr__(self, "quiesce_s", 0.0)
            object.__setattr__(self, "second_look_s", 0.0)

    _replace_everywhere(options.DeliveryOptions, Hasty)


def sync_normal() -> None:
    """Commit without waiting for the disk."""
    from bulkload.delivery import journal

    journal.Journal.synchronous = "NORMAL"


def naive_write() -> None:
    """Write the results file line by line, in its place."""
    from bulkload import reports

    def write_results(path: str | Path, results: Any) -> int:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row_number", "status", "remote_id"])
            for result in results:
                writer.writerow([result.row_number, result.status, result.remote_id])
                file.flush()
        return 0

    reports.write_results = write_results


CONTROLS: dict[str, Callable[[], None]] = {
    control.__name__: control for control in (no_intent, no_quiesce, sync_normal, naive_write)
}


def _replace_everywhere(old: type, new: type) -> None:
    """Put a class in another's place wherever the program has imported it."""
    importlib.import_module("bulkload.pipeline")
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("bulkload"):
            for name, value in list(vars(module).items()):
                if value is old:
                    setattr(module, name, new)


def main() -> None:
    """Break what the first argument names, then be `bulkload`."""
    CONTROLS[sys.argv.pop(1)]()
    from bulkload.__main__ import main as bulkload

    bulkload()


if __name__ == "__main__":
    main()
