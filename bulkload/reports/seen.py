"""What report.html shows of the rejects of a run, kept while they go by: the first, and counts of all."""

from __future__ import annotations

from collections.abc import Iterable

from bulkload.records import Reject, Status

MAX_REJECTS = 5_000
"""Problems that stand in the table; beyond, they are counted and rejects.csv has them."""
_MAX_DUPLICATES = 200
_EXAMPLES = 3


class SeenRejects:
    """Some rejects of a run, and how many there were; memory grows with the causes alone.

    Args:
        rejects: Those seen first.
    """

    def __init__(self, rejects: Iterable[Reject] = ()) -> None:
        self.problems: dict[tuple[str, str], int] = {}
        """How many there were, by code and column."""
        self.first: list[Reject] = []
        self.duplicates: list[Reject] = []
        """The first of them."""
        self.examples: dict[tuple[str, str], list[Reject]] = {}
        """The first few by code and column."""
        self.add(rejects)

    def add(self, rejects: Iterable[Reject]) -> None:
        """Count rejects, and keep them if there is room; they come in order of their rows."""
        for reject in rejects:
            if reject.status is Status.SKIPPED:
                continue
            cause = (reject.code, reject.column)
            problems = self.problems[cause] = self.problems.get(cause, 0) + 1
            if problems <= _EXAMPLES:
                self.examples.setdefault(cause, []).append(reject)
            if len(self.first) < MAX_REJECTS:
                self.first.append(reject)
            if reject.status is Status.DUPLICATE and len(self.duplicates) < _MAX_DUPLICATES:
                self.duplicates.append(reject)
