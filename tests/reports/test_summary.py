"""The end of a run, for people and for machines."""

import json
from pathlib import Path

import jsonschema
import pytest

from bulkload.messages import phrases
from bulkload.records import Counts, Finding, RunReport, Status
from bulkload.reports import (
    CauseCounter,
    report_document,
    report_schema,
    summary_lines,
    verdict,
    write_report,
)
from tests.reports.naughty import NAUGHTY, reject


def test_the_verdict_is_a_sentence_whose_numbers_add_up(report: RunReport) -> None:
    """Rows read, where they ended, who is needed."""
    assert verdict(report) == (
        "10 rows read from customers.csv: 7 created, 3 rejected. 3 rows need you."
    )
    assert verdict(report, "de") == (
        "10 Zeilen aus customers.csv gelesen: 7 angelegt, 3 abgelehnt. 3 Zeilen müssen Sie sich ansehen."
    )


@pytest.mark.parametrize(
    ("counts", "dry_run", "end"),
    [
        ({Status.PENDING: 5}, True, "Every row can be sent."),
        ({Status.CREATED: 5}, False, "Every row was accepted."),
        ({Status.PENDING: 3, Status.SKIPPED: 2}, True, "Every other row can be sent."),
        ({Status.CREATED: 3, Status.SKIPPED: 2}, False, "Every other row was accepted."),
        ({Status.SKIPPED: 5}, True, "There is nothing to send."),
        ({Status.SKIPPED: 5}, False, "There is nothing to send."),
    ],
)
def test_rows_that_the_mapping_skips_are_not_called_sent(
    report: RunReport, counts: dict[Status, int], dry_run: bool, end: str
) -> None:
    """Nobody is told that a row goes out which the mapping leaves out."""
    report.counts = Counts(rows=5)
    for status, rows in counts.items():
        report.counts.add(status, rows)
    report.dry_run = dry_run

    assert verdict(report).endswith(f". {end}")


def test_counts_that_do_not_add_up_are_said_to_be_a_bug(report: RunReport) -> None:
    """A lost row is never passed over."""
    report.counts.rows = 11

    assert "do not add up" in verdict(report)


def test_large_numbers_are_grouped_as_the_language_does(report: RunReport) -> None:
    """8,000 in English, 8.000 in German."""
    report.counts.rows += 8000
    report.counts.add(Status.CREATED, 8000)

    assert "8,010 rows" in verdict(report)
    assert "8.010 Zeilen" in verdict(report, "de")


def test_the_summary_fits_a_screen_and_hides_values(report: RunReport) -> None:
    """One screen, the files, the next step; a cell's shape unless values are asked for."""
    counter = CauseCounter()
    for number in range(50):
        counter.add([reject(number + 2, "ada@example.com", column=f"Column {number}")])
    report.causes = counter.causes()
    report.findings = [Finding("duplicate-in-file")] * 3

    lines = summary_lines(report)

    text = "\n".join(lines)
    assert len(lines) <= 24
    assert "xxx@xxxxxxx.xxx" in text
    assert "ada@" not in text
    assert "out/rejects.csv" in text
    assert "44 more causes" in text
    assert "ada@example.com" in "\n".join(summary_lines(report, show_values=True))


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_no_cell_header_or_name_steers_the_terminal(report: RunReport, text: str) -> None:
    """Control characters are shown, not sent."""
    counter = CauseCounter()
    counter.add([reject(2, text, column=text)])
    report.causes = counter.causes()
    report.source = {"name": text}
    report.notes = [text]
    report.files = {"rejects": text}

    for line in summary_lines(report, show_values=True):
        assert not any(ord(c) < 32 or c in "\u202e\x7f" for c in line)


@pytest.mark.parametrize("show_values", [True, False], ids=["shown", "masked"])
def test_the_document_follows_its_schema(
    tmp_path: Path, report: RunReport, show_values: bool
) -> None:
    """report.json is what report.schema.json says, and names no customer unless asked to."""
    report.findings = [Finding("duplicate-in-file", "Phone", ("C2",), 1)]
    report.timeline = [{"at_s": 0.0, "sent": 3}]
    report.details = {"when": Path("x")}

    write_report(tmp_path / "report.json", report, show_values=show_values)

    text = (tmp_path / "report.json").read_text("utf-8")
    jsonschema.Draft202012Validator.check_schema(report_schema())
    jsonschema.validate(json.loads(text), report_schema())
    assert ("ada@example.com" in text) is show_values


def test_the_schema_names_every_field(report: RunReport) -> None:
    """A field that the schema does not document is not written."""
    assert set(report_document(report)) == set(report_schema()["properties"])


def test_causes_count_rows_and_columns_count_problems() -> None:
    """A row with one problem twice is one row; the most frequent cause comes first."""
    counter = CauseCounter()

    counter.add([reject(2, column="A"), reject(2, column="B"), reject(2, column="B")])
    counter.add([reject(3, column="B")])

    assert [(c.column, c.rows, c.example.row_number) for c in counter.causes()] == [
        ("B", 2, 2),
        ("A", 1, 2),
    ]
    assert counter.columns() == {"B": 2, "A": 1}


def test_every_status_has_a_word_in_every_language() -> None:
    """No status is shown as code."""
    for language in phrases.PHRASES:
        for status in Status:
            assert phrases.phrase(f"status-{status.value}", language)
