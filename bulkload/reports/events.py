"""What happens during a run as lines of JSON, for machines that watch it.

    {"time": "2026-01-05T12:00:01.250Z", "event": "sent", "rows": 8000, "created": 120, ...}

One object a line, at most one progress line a second. Counts and bulkload's own sentences only: no
cell, key or answer ever stands in a line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bulkload.progress import Plan, Progress
from bulkload.records import Counts, RunReport

_PAUSE_S = 1.0


def _now() -> datetime:
    return datetime.now(UTC)


class EventLog(Progress):
    """A watcher of a run that writes events; another watcher may stand behind it.

    It agrees to what the watcher behind it agrees to, and without one to everything.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        *,
        behind: Progress | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Begin a log.

        Args:
            write: Takes one line with its line end, such as `sys.stderr.write`.
            behind: Hears everything as well.
            now: The time, aware.
        """
        self._write = write
        self._behind = behind or Progress()
        self._now = now
        self._last: dict[str, datetime] = {}

    def event(self, name: str, **values: Any) -> None:
        """Write one event."""
        time = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        line = {"time": time.replace("+00:00", "Z"), "event": name, **values}
        # ASCII: nothing in it can end a line or steer a terminal.
        self._write(json.dumps(line, default=str) + "\n")

    def say(self, sentence: str) -> None:
        """Hear a sentence that the user should read now."""
        self.event("said", text=sentence)
        self._behind.say(sentence)

    def judged(self, rows: int, rejected: int) -> None:
        """Hear how far the check of the source has come."""
        self._seldom("judged", rows=rows, rejected=rejected)
        self._behind.judged(rows, rejected)

    def sent(self, counts: Counts, total: int) -> None:
        """Hear how many payloads have ended where, out of `total`."""
        self._seldom("sent", total=total, **_by_status(counts))
        self._behind.sent(counts, total)

    def exported(self, customers: int, total: int | None) -> None:
        """Hear how many customers have been written."""
        self._seldom("exported", customers=customers, total=total)
        self._behind.exported(customers, total)

    def confirm(self, plan: Plan) -> bool:
        """Agree to the first call if the watcher behind does."""
        agreed = self._behind.confirm(plan)
        self.event("planned", to_send=plan.to_send, profile=plan.profile, agreed=agreed)
        return agreed

    def canary(self, customers: Any) -> bool:
        """Agree to the rest if the watcher behind does; nothing of a customer is written."""
        agreed = self._behind.canary(customers)
        self.event("canary", customers=len(customers), agreed=agreed)
        return agreed

    def finished(self, report: RunReport) -> None:
        """Write the last event: the counts and the exit code."""
        self.event(
            "finished",
            run_id=report.run_id,
            verb=report.verb,
            dry_run=report.dry_run,
            exit_code=report.exit_code,
            rows=report.counts.rows,
            **_by_status(report.counts),
        )

    def close(self) -> None:
        """Leave the terminal clean."""
        self._behind.close()

    def _seldom(self, name: str, **values: Any) -> None:
        now = self._now()
        last = self._last.get(name)
        if last is None or (now - last).total_seconds() >= _PAUSE_S:
            self._last[name] = now
            self.event(name, **values)


def _by_status(counts: Counts) -> Mapping[str, int]:
    return {status.value: number for status, number in counts.by_status.items() if number}
