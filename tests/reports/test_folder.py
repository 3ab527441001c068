"""All files of a run, its events and its figures."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bulkload.cells import printable
from bulkload.progress import Plan, Progress
from bulkload.records import Counts, Reject, RunReport, Status
from bulkload.reports import (
    Delivered,
    EventLog,
    RejectLog,
    Rendering,
    Table,
    folder,
    reject_log,
    write_all,
    write_metrics,
)
from tests.reports.naughty import NAUGHTY, reject
from tests.reports.test_workbook import Batch

TEXT = st.text(alphabet=st.characters(exclude_categories=[]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(2, 50), TEXT, TEXT), max_size=20))
def test_the_log_gives_back_what_it_was_given(entries: list[tuple[int, str, str]]) -> None:
    """Any text comes back, rows ascend, and it can be read as often as wanted."""
    rejects = [
        Reject(row, "email-missing-at", column, "email", cell, {"a": cell}, Status.DUPLICATE)
        for row, column, cell in entries
    ]
    with RejectLog() as log:
        log.add(rejects)
        expected = sorted(rejects, key=lambda reject: reject.row_number)

        assert list(log) == expected
        assert list(log) == expected
        assert log.rejects == len(rejects)


def test_a_log_of_too_many_counts_them_and_keeps_none() -> None:
    """Up to the limit all come back; beyond, their number and what the page shows of them is left."""
    rejects = [Reject(row, "email-missing-at", "E-mail") for row in range(2, 7)]
    with RejectLog(most=3) as log:
        log.add(rejects[:3])
        assert list(log) == rejects[:3]
        log.add(rejects[3:])

        assert len(log) == 5
        assert log.seen.first == rejects
        with pytest.raises(ValueError, match="more than 3"):
            next(iter(log))


@pytest.mark.parametrize("workbook", ["always", "never", "auto"])
def test_a_log_holds_what_the_workbook_needs(
    tmp_path: Path, report: RunReport, workbook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workbook of few rejects and of many is written from the log of its own rendering."""
    monkeypatch.setattr(folder, "MOST_PROBLEMS", 1)
    rendering = Rendering(workbook=workbook)
    with reject_log(rendering) as log:
        log.add([reject(2), reject(3)])

        write_all(tmp_path, report, rejects=lambda: log, table=table(), rendering=rendering)

    assert (tmp_path / "rejects.xlsx").exists() == (workbook == "always")


def table() -> Table:
    """A source of two rows."""
    frame = pl.DataFrame({"row_number": pl.Series([2, 3], dtype=pl.UInt32), "E-mail": ["a", "b"]})
    return Table(headers=["E-mail"], batches=lambda: [Batch(frame)], path="c.csv", rows=2)


def test_one_call_writes_everything_and_names_it(tmp_path: Path, report: RunReport) -> None:
    """Workbook, page, document and figures are there, private, and named in the report."""
    report.files = {"rejects": "rejects.csv"}
    rendering = Rendering(metrics=True, language="de")

    write_all(
        tmp_path,
        report,
        rejects=lambda: [reject(3)],
        table=table(),
        delivered=Delivered(),
        rendering=rendering,
    )

    names = {"rejects.xlsx", "report.html", "report.json", "metrics.prom"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert list(report.files) == ["rejects", "workbook", "html", "report", "metrics"]
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert document["files"] == report.files
    assert "abgelehnt" in document["verdict"]


def test_without_rejects_there_is_no_workbook(tmp_path: Path, report: RunReport) -> None:
    """Nothing to mend, nothing to open."""
    write_all(tmp_path, report, rejects=list, table=table())

    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.json"}


def test_files_of_an_earlier_run_are_named_and_kept(tmp_path: Path, report: RunReport) -> None:
    """Somebody may have begun to mend them; they are not this run's, though."""
    (tmp_path / "rejects.csv").write_text("mended")
    (tmp_path / "rejects.xlsx").write_text("mended, too")
    report.files.clear()

    write_all(tmp_path, report, rejects=list, table=table())

    assert report.notes == [
        "rejects.csv, rejects.xlsx in this folder: of an earlier run, not of this one"
    ]
    assert (tmp_path / "rejects.csv").read_text() == "mended"


def test_a_cell_that_fits_no_workbook_costs_only_the_workbook(
    tmp_path: Path, report: RunReport
) -> None:
    """The run keeps its other files, and a note says why."""
    frame = pl.DataFrame({"row_number": pl.Series([2], dtype=pl.UInt32), "E-mail": ["x" * 40_000]})
    big = Table(headers=["E-mail"], batches=lambda: [Batch(frame)], path="c.csv", rows=1)

    write_all(tmp_path, report, rejects=lambda: [reject(2)], table=big)

    assert not (tmp_path / "rejects.xlsx").exists()
    (note,) = report.notes
    assert note.startswith("rejects.xlsx was not written: a cell of 40,000 characters")
    assert note.endswith("(row 2, column `E-mail`)")


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_figures_can_be_read_by_prometheus(tmp_path: Path, report: RunReport, text: str) -> None:
    """Whatever headers and profiles are called, the figures parse and add up."""
    report.profile = {"name": text, "connector": text}
    report.causes = [*report.causes]
    report.counts.add(Status.CREATED, 2_000_000)
    report.counts.rows += 2_000_000

    write_metrics(tmp_path / "metrics.prom", report)

    families = {
        family.name: family.samples
        for family in text_string_to_metric_families((tmp_path / "metrics.prom").read_text("utf-8"))
    }
    rows = families["bulkload_rows"][0]
    assert rows.value == 2_000_010
    assert rows.labels["profile"] == printable(text)
    assert sum(s.value for s in families["bulkload_rows_by_status"]) == rows.value
    assert families["bulkload_finished_seconds"][0].value == 1_767_614_409


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.at


def test_events_are_lines_of_json_at_most_one_a_second() -> None:
    """Progress is thinned out; sentences, decisions and the end are not."""
    clock, lines = Clock(), list[str]()
    log = EventLog(lines.append, now=clock)
    counts = Counts(rows=9)
    for _ in range(40):
        counts.add(Status.CREATED)
        log.sent(counts, 40)
        clock.at += timedelta(milliseconds=100)
    log.say("a\nb\x1b")
    log.judged(5, 1)
    log.exported(5, None)
    assert log.confirm(Plan(3, "p", "c", "x", is_local=True))
    assert log.canary(["ada@example.com"])
    log.finished(RunReport("r", "import", False, "2026-01-05T12:00:00Z", counts=counts))  # noqa: FBT003
    log.close()

    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == [
        *["sent"] * 4,
        "said",
        "judged",
        "exported",
        "planned",
        "canary",
        "finished",
    ]
    assert events[0] == {
        "time": "2026-01-05T12:00:00.000Z",
        "event": "sent",
        "total": 40,
        "created": 1,
    }
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert "ada@" not in "".join(lines)


def test_the_watcher_behind_decides() -> None:
    """Events do not agree to anything on their own when a person is asked."""

    class Refuses(Progress):
        def confirm(self, plan: Plan) -> bool:
            return False

    log = EventLog(lambda _: None, behind=Refuses())

    assert not log.confirm(Plan(3, "p", "c", "x", is_local=True))


@pytest.mark.parametrize(
    ("problems", "wish", "written"),
    [
        pytest.param(3, "auto", True, id="few"),
        pytest.param(10_001, "auto", False, id="more-than-anybody-mends"),
        pytest.param(10_001, "always", True, id="asked-for"),
        pytest.param(3, "never", False, id="not-wanted"),
    ],
)
def test_a_workbook_is_written_for_as_many_problems_as_people_mend(
    problems: int, wish: str, written: bool, tmp_path: Path
) -> None:
    """Beyond that the report says where the rows are, and how to have the workbook all the same."""
    rejects = [
        Reject(row, "email-missing-at", "E-Mail", "email", "x") for row in range(2, problems + 2)
    ]
    rows = pl.DataFrame(
        {"row_number": range(2, problems + 2), "E-Mail": ["x"] * problems},
        schema_overrides={"row_number": pl.UInt32},
    )
    report = RunReport("r", "import", False, "2026-01-05T12:00:00Z")  # noqa: FBT003 - in its order
    table = Table(headers=["E-Mail"], batches=lambda: [Batch(rows)], rows=problems)

    write_all(
        tmp_path, report, rejects=lambda: rejects, table=table, rendering=Rendering(workbook=wish)
    )

    assert (tmp_path / "rejects.xlsx").exists() is written
    assert ("workbook" in report.files) is written
    assert any("--workbook always" in note for note in report.notes) is (
        wish == "auto" and not written
    )
