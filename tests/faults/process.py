"""The fault server as a test sees it: started, commanded and stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults.checker import read_creations
from tests.faults.instructions import Plan, Script

ROOT = Path(__file__).parents[2]


class RunningServer:
    """A fault server in a process of its own; a context manager that stops it."""

    def __init__(self, log: Path, script: Script | None = None) -> None:
        self.log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", *self.words()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self.port = int(self._answer()["port"])
        if script is not None:
            self.follow(script)

    def words(self) -> Sequence[str]:
        """Return the module that serves, with its words."""
        return ("tests.faults.server", "--log", str(self.log))

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command and return its answer."""
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def follow(self, script: Script) -> None:
        """Replace what goes wrong."""
        self.ask(do="script", script=script.as_json())

    def plan(
        self, steps: Sequence[str], *, method: str = "POST", route: str = "customers", key: str = ""
    ) -> None:
        """Follow a single list of instructions."""
        self.follow(Script(plans=[Plan(list(steps), method, route, key)]))

    def stats(self) -> dict[str, Any]:
        """Return what happened in numbers."""
        return self.ask(do="stats")

    def created(self) -> int:
        """Return how many customers there are."""
        return len(read_creations(self.log))

    def seen(self) -> list[dict[str, Any]]:
        """Return every request, in order."""
        found: list[dict[str, Any]] = self.ask(do="seen")["seen"]
        return found

    def settle(self) -> None:
        """Wait until every late create has been applied."""
        self.ask(do="settle")

    def stop(self) -> None:
        """End its input, wait, and free the pipes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the fault server ended with {self._process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found
