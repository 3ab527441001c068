"""What a caller may watch while a run goes on; the CLI draws it, a library caller may ignore it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bulkload.records import Counts, RunReport


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be sent, shown before the first call."""

    to_send: int
    """Valid payloads of which something may be sent: the journal does not know them, or knows them
    with other content."""
    profile: str
    connector: str
    program: str
    is_local: bool
    """Nothing leaves this machine."""
    delivered_before: int = 0
    """Valid payloads that have been delivered and are not sent again."""
    side_effects: Sequence[str] = ()
    """What happens to balances and what will reach customers, in sentences with counts."""
    forecast: Sequence[str] = ()
    """Calls, duration and quota, in sentences."""


class Progress:
    """Ignores everything and agrees to everything; the base of every other watcher."""

    def say(self, sentence: str) -> None:
        """Hear a sentence that the user should read now."""

    def judged(self, rows: int, rejected: int) -> None:
        """Hear how far the check of the source has come."""

    def sent(self, counts: Counts, total: int) -> None:
        """Hear how many payloads have ended where, out of `total`."""

    def exported(self, customers: int, total: int | None) -> None:
        """Hear how many customers have been written."""

    def confirm(self, plan: Plan) -> bool:  # noqa: ARG002 - for those who override it
        """Agree to the first call, or not."""
        return True

    def canary(self, customers: Sequence[str]) -> bool:  # noqa: ARG002 - for those who override it
        """Look at the first customers, as the system holds them now, and agree to the rest, or not."""
        return True

    def finished(self, report: RunReport) -> None:
        """Hear what became of the run."""

    def close(self) -> None:
        """Leave the terminal clean."""


QUIET = Progress()
