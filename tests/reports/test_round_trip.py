"""The whole loop as a user goes it: import, mend the workbook in LibreOffice, import it again."""

from pathlib import Path

import openpyxl
import pytest

import bulkload
from bulkload.options import LoadOptions
from bulkload.records import RunReport, Status
from tests.reports import office

SAMPLE = Path(__file__).parents[2] / "samples" / "customers-messy.xlsx"
SHEET = "Kunden 2026"


def loaded(source: Path, out: Path) -> RunReport:
    """An import into the sandbox of this test."""
    return bulkload.load(source, LoadOptions(out=out))


@pytest.mark.skipif(office.SOFFICE is None, reason="LibreOffice is not installed")
def test_exactly_the_corrected_rows_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three cells corrected, the sheet sorted and saved: three customers are created, no more."""
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    first = loaded(SAMPLE, tmp_path / "first")
    path = Path(first.files["workbook"])
    problems = openpyxl.load_workbook(path)["Problems"]
    cells = {row[6].value: row[0].value for row in reversed(list(problems.iter_rows(min_row=4)))}
    steps = [
        office.write(cells["email-missing-at"], "mended.one@example.com"),
        office.write(cells["email-with-name"], "mended.two@example.com"),
        office.write(cells["phone-too-long"], "+49 176 04069099"),
        *office.sort("A1:L244", 1),
    ]
    mended = tmp_path / "mended.xlsx"

    office.Desk(tmp_path).edit(path, mended, SHEET, steps)
    second = loaded(mended, tmp_path / "second")

    assert second.counts.rows == first.counts.rows
    assert second.counts[Status.CREATED] == 3
    assert second.counts[Status.UPDATED] == 0
    assert second.delivered_before == first.counts[Status.CREATED]
    assert second.counts[Status.REJECTED] == first.counts[Status.REJECTED] - 3
    results = (tmp_path / "second" / "results.csv").read_text("utf-8-sig")
    assert sum("created" in line for line in results.splitlines()) == 3


MAPPING = """\
connector: loyaltydog
fields:
  email: {column: E-mail}
  customFields.level: {column: Level, map: {Gold: g, Silver: s}}
"""


def test_drop_downs_offer_the_words_of_the_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column with a value map offers what may stand in its cells, not what is sent for it."""
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "c.csv").write_text("E-mail,Level\nada@example.com,Gold\nbob@example.com,Bronze\n")

    report = bulkload.validate(
        "c.csv", LoadOptions(mapping="mapping.yaml", out=tmp_path / "checked")
    )

    assert [cause.code for cause in report.causes] == ["value-not-in-map"]
    sheet = openpyxl.load_workbook(report.files["workbook"]).worksheets[0]
    rules = {str(r.sqref): r.formula1 for r in sheet.data_validations.dataValidation}
    assert rules == {"B2:B3": '"Gold,Silver"'}
