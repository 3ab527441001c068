"""The sandbox in a process of its own, commanded like the fault server, its store kept on disk.

    python -m tests.faults.sandboxed --data FILE --scope leal/12 --faults drop=5% --switch NAME=VALUE

Commands and answers are one JSON object a line; the first line tells the port. What it holds at the
end is read from FILE, by whoever started it, after it has stopped.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bulkload.sandbox import Sandbox, SandboxOptions
from bulkload.sandbox.options import with_switches
from tests.faults.process import RunningServer


class RunningSandbox(RunningServer):
    """A sandbox in a process of its own; a context manager that stops it."""

    def __init__(
        self, data: Path, scope: str, *, faults: str, switches: Sequence[str], seed: int
    ) -> None:
        self.scope = scope
        self._words = [
            "--data",
            str(data),
            "--scope",
            scope,
            "--faults",
            faults,
            "--seed",
            str(seed),
        ]
        self._words += [word for switch in switches for word in ("--switch", switch)]
        super().__init__(data)

    def words(self) -> Sequence[str]:
        """Return the module that serves, with its words."""
        return ("tests.faults.sandboxed", *self._words)

    def created(self) -> int:
        """Return how many customers there are."""
        return int(self.ask(do="created")["created"])


def customers(data: Path, scope: str) -> list[tuple[str, str, str, str]]:
    """Return e-mail, phone, reference and id of every customer in a sandbox's file."""
    question = "SELECT email, phone, reference, id FROM customer WHERE scope=? ORDER BY seq"
    with closing(sqlite3.connect(data)) as connection:
        return [
            (email or "", phone or "", reference or "", remote_id)
            for email, phone, reference, remote_id in connection.execute(question, (scope,))
        ]


def obey(sandbox: Sandbox, scope: str, command: str) -> dict[str, Any]:
    """Do what the starter asks for."""
    if command == "created":
        return {"created": len(sandbox.customers(scope))}
    if command == "settle":
        # What comes late, and then what it queues, has been applied after this.
        time.sleep(sandbox.options.fault_plan.late_s + 2 * sandbox.options.voucherify.async_s + 0.2)
        return {"created": len(sandbox.customers(scope))}
    calls = sandbox.calls
    return {
        "creates": sum(call.method == "POST" for call in calls),
        "requests": len(calls),
        "injected": Counter(call.fault for call in calls if call.fault),
    }


def main() -> None:
    """Serve, tell the port, and obey commands until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scope", required=True, help="whose customers are counted")
    parser.add_argument("--faults", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--switch", action="append", default=[])
    said = parser.parse_args()
    options = SandboxOptions(data=said.data, faults=said.faults, seed=said.seed, record_calls=True)
    with Sandbox(with_switches(options, said.switch)) as sandbox:
        tell({"port": sandbox.port})
        for line in sys.stdin:
            tell(obey(sandbox, said.scope, json.loads(line)["do"]))


def tell(said: dict[str, Any]) -> None:
    """Answer the starter."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
