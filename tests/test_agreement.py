"""Nothing is sent that was not shown and agreed to, and a no leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bulkload
from bulkload.errors import BadInputError, SafetyStopError, UnreachableError
from bulkload.options import LoadOptions
from bulkload.progress import Plan, Progress
from bulkload.records import RunReport, Status

MAPPING = """\
connector: loyaltydog
fields: {email: email, firstName: first}
action: do
"""


class Asked(Progress):
    """Answers as it is told, and remembers what it was asked and told."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.plans: list[Plan] = []
        self.told: list[str] = []

    def confirm(self, plan: Plan) -> bool:
        self.plans.append(plan)
        return self.answer

    def say(self, sentence: str) -> None:
        self.told.append(sentence)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a mapping."""
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(MAPPING)


def load(rows: str, progress: Progress, *, new: bool = False) -> RunReport:
    """Import these rows."""
    Path("c.csv").write_text(f"email,first,do\n{rows}")
    return bulkload.load(
        "c.csv", LoadOptions(mapping="m.yaml", out="u", new=new), progress=progress
    )


def test_customers_who_are_there_are_not_changed_unasked() -> None:
    """Their keys are known, what the file says of them now is not."""
    load("a@example.com,Ann,upsert\nb@example.com,Bob,upsert\n", Asked(answer=True))
    refusing = Asked(answer=False)

    with pytest.raises(SafetyStopError, match="not agreed"):
        load("a@example.com,Anna,upsert\nb@example.com,Bob,upsert\n", refusing)

    assert [(plan.to_send, plan.delivered_before) for plan in refusing.plans] == [(1, 1)]
    agreeing = Asked(answer=True)
    report = load("a@example.com,Anna,upsert\nb@example.com,Bob,upsert\n", agreeing)
    assert report.counts[Status.UPDATED] == report.counts[Status.UNCHANGED] == 1
    assert len(agreeing.plans) == 1


def test_rows_of_which_nothing_is_sent_need_no_word() -> None:
    """The same again, and a create of somebody who is there."""
    load("a@example.com,Ann,upsert\nb@example.com,Bob,create\n", Asked(answer=True))
    refusing = Asked(answer=False)

    report = load("a@example.com,Ann,upsert\nb@example.com,Bobby,create\n", refusing)

    assert refusing.plans == []
    assert report.counts[Status.UNCHANGED] == report.counts[Status.EXISTING] == 1


def test_a_run_that_starts_over_asks_for_all_its_rows() -> None:
    """It believes no earlier delivery, so each row may be sent."""
    load("a@example.com,Ann,upsert\n", Asked(answer=True))
    asked = Asked(answer=True)

    load("a@example.com,Ann,upsert\n", asked, new=True)

    assert [plan.to_send for plan in asked.plans] == [1]


def test_a_no_leaves_no_run_to_go_on_with() -> None:
    """Whoever says no and comes back begins anew."""
    with pytest.raises(SafetyStopError):
        load("a@example.com,Ann,upsert\n", Asked(answer=False))
    asked = Asked(answer=True)

    load("a@example.com,Ann,upsert\n", asked)

    assert not any("going on" in sentence for sentence in asked.told)


def test_a_file_of_a_pattern_that_changes_is_not_sent() -> None:
    """What was agreed to is what was judged, of many files as of one."""
    rows = "email,first,do\n{0}@example.com,Ann,create\n"
    Path("1.list.csv").write_text(rows.format("a"))
    Path("2.list.csv").write_text(rows.format("b"))

    class Changing(Asked):
        def confirm(self, plan: Plan) -> bool:
            Path("2.list.csv").write_text(rows.format("somebody-else"))
            return super().confirm(plan)

    with pytest.raises(BadInputError, match="changed while it was read"):
        bulkload.load(
            "*.list.csv", LoadOptions(mapping="m.yaml", out="u"), progress=Changing(answer=True)
        )


def test_only_what_may_still_be_sent_counts_against_the_limit_of_points() -> None:
    """A file that has been delivered moves nothing when it is imported again."""
    Path("m.yaml").write_text(
        "connector: loyaltydog\nfields: {email: email, points: {column: first, as: set}}\naction: do\n"
    )
    options = LoadOptions(mapping="m.yaml", out="u", max_points_delta=1_000)
    rows = "a@example.com,900,create\nb@example.com,90,create\n"
    Path("c.csv").write_text(f"email,first,do\n{rows}")
    bulkload.load("c.csv", options)
    asked = Asked(answer=True)

    Path("c.csv").write_text(f"email,first,do\n{rows}c@example.com,20,create\n")
    bulkload.load("c.csv", options, progress=asked)
    assert [(plan.to_send, plan.delivered_before) for plan in asked.plans] == [(1, 2)]
    assert any("20 points are set for 1 customer" in told for told in asked.plans[0].side_effects)

    Path("c.csv").write_text("email,first,do\nd@example.com,1001,create\n")
    with pytest.raises(SafetyStopError, match="move 1,001"):
        bulkload.load("c.csv", options, progress=asked)


def test_a_report_of_a_run_that_ended_early_says_so() -> None:
    """Machines read the exit code from report.json."""
    load("a@example.com,Ann,upsert\n", Asked(answer=True))
    Path("c.csv").write_text("email,first,do\nz@example.com,Zoe,create\n")
    nobody = LoadOptions(mapping="m.yaml", out="u", base_url="http://127.0.0.1:9", max_wait_s=1)
    with pytest.raises(UnreachableError):
        bulkload.load("c.csv", nobody)

    assert json.loads(Path("u/report.json").read_text())["exit_code"] == 4
