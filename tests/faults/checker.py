"""Whether a run kept the promise: server log = journal = results file.

By identity and by multiplicity, the way Jepsen's set-full checker does: what was acknowledged must
be there, with the id that was reported; nothing may be there twice; what nobody sent may not be
there at all.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DELIVERED = frozenset({"created", "existing", "updated", "unchanged"})
STUCK = frozenset({"pending", ""})


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the journal or the results file tells it."""

    row_number: int
    status: str
    remote_id: str


@dataclass(slots=True)
class Verdict:
    """What was found; every list is empty when the promise was kept, but for `review`."""

    rows: int = 0
    delivered: int = 0
    lost: list[int] = field(default_factory=list)
    """Reported as delivered, or not reported as anything else, and not on the server."""
    duplicated: list[int] = field(default_factory=list)
    """More than once on the server."""
    stuck: list[int] = field(default_factory=list)
    """Neither delivered nor refused nor under review."""
    review: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    """Reported as refused or given up; honest unless `denied` as well."""
    denied: list[int] = field(default_factory=list)
    """Reported as failed, and on the server all the same."""
    wrong_ids: list[int] = field(default_factory=list)
    """The id reported is not the id on the server."""
    missing: list[int] = field(default_factory=list)
    """Not in the journal or not in the results file."""
    repeated: list[int] = field(default_factory=list)
    """More than one line in the journal or in the results file."""
    disagreeing: list[int] = field(default_factory=list)
    """Journal and results file differ."""
    strangers: list[str] = field(default_factory=list)
    """On the server, and no row asked for it."""

    @property
    def kept(self) -> bool:
        """Whether nothing is wrong; a row under review is not wrong."""
        return not self.problems()

    def problems(self) -> dict[str, int]:
        """Return how many of each kind, for what is wrong."""
        names = (
            *("lost", "duplicated", "stuck", "wrong_ids", "missing", "repeated"),
            *("disagreeing", "strangers", "failed", "denied"),
        )
        return {name: len(getattr(self, name)) for name in names if getattr(self, name)}

    def figures(self) -> dict[str, int]:
        """Return the numbers that a campaign prints."""
        return {
            "rows": self.rows,
            "delivered": self.delivered,
            "lost": len(self.lost),
            "duplicated": len(self.duplicated),
            "stuck": len(self.stuck),
            "review": len(self.review),
            "failed": len(self.failed),
            "denied": len(self.denied),
            "wrong_ids": len(self.wrong_ids),
            "missing": len(self.missing),
            "repeated": len(self.repeated),
            "disagreeing": len(self.disagreeing),
            "strangers": len(self.strangers),
        }


def check(
    expected: Mapping[int, str],
    created: Iterable[tuple[str, str]],
    journal: Sequence[Line],
    results: Sequence[Line],
) -> Verdict:
    """Compare what was asked for, what the server did, and what bulkload says about it.

    Args:
        expected: E-mail by row number, for every valid row.
        created: Pairs of e-mail and id, one for every create that took effect.
        journal: One line per row from the journal.
        results: One line per row from the results file.
    """
    verdict = Verdict(rows=len(expected))
    on_server: defaultdict[str, list[str]] = defaultdict(list)
    for email, remote_id in created:
        on_server[email].append(remote_id)
    verdict.strangers = sorted(set(on_server) - set(expected.values()))
    told = {line.row_number: line for line in results}
    kept = {line.row_number: line for line in journal}
    for lines in (journal, results):
        counted = Counter(line.row_number for line in lines)
        verdict.repeated += [number for number, times in counted.items() if times > 1]
    for number, email in expected.items():
        _judge(verdict, number, on_server.get(email, []), kept.get(number), told.get(number))
    return verdict


def _judge(
    verdict: Verdict, number: int, ids: list[str], kept: Line | None, told: Line | None
) -> None:
    if len(ids) > 1:
        verdict.duplicated.append(number)
    if kept is None or told is None:
        verdict.missing.append(number)
        if not ids:
            verdict.lost.append(number)
        return
    if kept != told:
        verdict.disagreeing.append(number)
    for line in {kept, told}:
        if line.status in STUCK:
            verdict.stuck.append(number)
        elif line.status in DELIVERED:
            _judge_delivered(verdict, number, ids, line)
    _judge_told(verdict, number, ids, told)


def _judge_told(verdict: Verdict, number: int, ids: list[str], told: Line) -> None:
    verdict.delivered += told.status in DELIVERED
    if told.status == "review":
        verdict.review.append(number)
    elif told.status not in DELIVERED | STUCK:
        verdict.failed.append(number)
        if ids:
            verdict.denied.append(number)


def _judge_delivered(verdict: Verdict, number: int, ids: list[str], line: Line) -> None:
    if not ids:
        verdict.lost.append(number)
    elif line.remote_id not in ids:
        verdict.wrong_ids.append(number)


def read_creations(log: Path) -> list[tuple[str, str]]:
    """Return e-mail and id of every create in a fault server's log."""
    entries = map(json.loads, log.read_text().splitlines())
    return [
        (str(entry["customer"].get("email", "")).lower(), entry["customer"]["id"])
        for entry in entries
        if entry["event"] == "create"
    ]


def read_results(path: Path) -> list[Line]:
    """Return the lines of a results file."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [
            Line(int(row["row_number"]), row["status"], row["remote_id"])
            for row in csv.DictReader(lines)
        ]
