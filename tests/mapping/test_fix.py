"""Lines that mend many rows at once: the number promised is the number that comes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bulkload
from bulkload.errors import BadInputError, BulkloadError
from bulkload.mapping.fixes import Change, amended
from bulkload.mapping.loading import load_mapping
from bulkload.mending import RunMending, mending

MAPPING = """# my own words
nulls: ['-']
fields:
  firstName: Name              # beside a field
  email: Mail
  phone: Tel
  points: {column: Punkte}
  customFields.birthday: {column: Geburtstag, type: date}
"""
ROWS = """Name,Mail,Tel,Punkte,Geburtstag
Anna,anna@example.com,0176 04069010,1.250,26.06.1990
Uwe,uwe@example.com,0176 04069011,12.000,03.08.1985
Käthe,keine,0176 04069012,85,03.04.1971
Zoë,zoe@example.com,0176 04069013,k.A.,
Jan,ANNA@example.com,+49 30 23125014,7,01.02.1999
Max,max@example.com,-,5,
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that rejected most of its rows."""
    mapping, source = tmp_path / "till.yaml", tmp_path / "till.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    source.write_text(ROWS, encoding="utf-8")
    report = {
        "mapping": {"path": str(mapping), "sha256": load_mapping(mapping).sha256},
        "source": {"path": str(source)},
        "profile": {"connector": "loyaltydog"},
    }
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(json.dumps(report))
    return tmp_path / "run"


def accepted(found: RunMending) -> list[tuple[str, int]]:
    lines = []
    for proposal in found.proposals():
        lines.append((proposal.line, proposal.mends))
        found.mending.accept(proposal)
    return lines


def again(run: Path) -> RunMending:
    """Judge again with the mapping as it is on disk."""
    path = run / "report.json"
    report = json.loads(path.read_text())
    report["mapping"]["sha256"] = load_mapping(report["mapping"]["path"]).sha256
    path.write_text(json.dumps(report))
    return mending(run)


def test_validating_again_gives_exactly_the_promised_number(run: Path) -> None:
    """What is promised line by line is what the written mapping mends, and nothing is left to offer."""
    found = mending(run)
    before = found.mending.now.rows
    lines = dict(accepted(found))
    promised = sum(lines.values())
    assert promised > 0
    assert "points: {numbers: de}" in lines
    assert "phone: {region: {default: DE}}" in lines
    assert not any("order: MDY" in line for line in lines)

    found.write()

    after = again(run)
    assert after.mending.now.rows == before - promised == found.mending.now.rows
    assert not any(mends for _, mends in accepted(after))


def test_comments_and_the_rest_of_the_file_stay(run: Path) -> None:
    """Only the field in question changes; the file's own words for nothing are kept beside new ones."""
    document = load_mapping(run.parent / "till.yaml")
    text = amended(
        document,
        [Change("email", {"nulls": ["keine"]}), Change("phone", {"region": {"default": "DE"}})],
    )
    assert "# my own words" in text
    assert "firstName: Name              # beside a field" in text
    changed = load_mapping(document.path, content=text.encode()).rules
    email, phone = changed.fields["email"], changed.fields["phone"]
    assert email is not None
    assert phone is not None
    assert email.nulls == ("-", "keine")
    assert phone.region is not None
    assert phone.region.default == "DE"
    assert changed.fields["points"] == document.rules.fields["points"]


def test_a_locale_stays_when_dates_are_mended(tmp_path: Path) -> None:
    """A rule for one field takes over what the file says for all."""
    path = tmp_path / "m.yaml"
    path.write_text("locale: de\nfields: {customFields.b: {column: B, type: date}}")
    text = amended(load_mapping(path), [Change("customFields.b", {"dates": {"serial": 1900}})])
    rule = load_mapping(path, content=text.encode()).rules.fields["customFields.b"]
    assert rule is not None
    assert rule.dates is not None
    assert (rule.dates.order, rule.dates.serial) == ("DMY", 1900)


def test_a_field_of_another_file_is_not_changed_here(tmp_path: Path) -> None:
    """A rule that is inherited is mended where it stands."""
    (tmp_path / "base.yaml").write_text("fields: {email: A}")
    (tmp_path / "own.yaml").write_text("extends: base.yaml\nfields: {phone: B}")
    with pytest.raises(BulkloadError, match="another file") as caught:
        amended(load_mapping(tmp_path / "own.yaml"), [Change("email", {"nulls": ["x"]})])
    assert "base.yaml:1:10" in caught.value.where


def test_a_mapping_that_changed_since_is_refused(run: Path) -> None:
    """Numbers of an old run are not promised for a new mapping."""
    with (run.parent / "till.yaml").open("a") as file:
        file.write("# edited\n")
    with pytest.raises(BulkloadError, match="has changed"):
        mending(run)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"mapping": 1, "source": {}, "profile": {}}', None]
)
def test_a_folder_without_a_report_is_refused(text: str | None, tmp_path: Path) -> None:
    """What is no run is told so."""
    if text is not None:
        (tmp_path / "report.json").write_text(text)
    with pytest.raises(BadInputError, match="cannot be read"):
        mending(tmp_path)


def test_a_file_of_one_s_own_is_not_overwritten(run: Path) -> None:
    """`--to` names a new file."""
    found = mending(run)
    other = run.parent / "other.yaml"
    other.write_text("mine")
    with pytest.raises(BulkloadError, match="there already"):
        found.write(other)
    assert other.read_text() == "mine"


def test_a_country_that_takes_any_number_is_not_preferred(tmp_path: Path) -> None:
    """More numbers are valid in Austria than in Germany; the calling codes in the file decide."""
    mapping, source = tmp_path / "m.yaml", tmp_path / "s.csv"
    mapping.write_text("fields: {firstName: A, phone: B}")
    cells = [f"0176 040690{number:02}" for number in range(12)]
    lines = ["A,B", *(f"x,{cell}" for cell in cells), "x,0176", "x,+49 30 23125014"]
    source.write_text("\n".join(lines))
    report = {
        "mapping": {"path": str(mapping), "sha256": load_mapping(mapping).sha256},
        "source": {"path": str(source)},
        "profile": {"connector": "loyaltydog"},
    }
    (tmp_path / "report.json").write_text(json.dumps(report))

    assert accepted(mending(tmp_path)) == [("phone: {region: {default: DE}}", 12)]

    source.write_text("\n".join(lines[:-1]))
    assert accepted(mending(tmp_path)) == []


def test_a_run_says_which_line_would_mend_many_rows(tmp_path: Path) -> None:
    """The causes of a run carry the line and the number; few rows are not worth the search."""
    mapping, source = tmp_path / "m.yaml", tmp_path / "s.csv"
    mapping.write_text("fields: {email: A, customFields.born: {column: B, type: date}}")
    rows = [
        f"a{number}@example.com,{12 - number % 12:02}/{number + 1:02}/1990" for number in range(28)
    ]
    source.write_text("\n".join(["A,B", *rows, "b,"]))

    report = bulkload.validate(source, bulkload.LoadOptions(mapping=mapping, out=tmp_path / "run"))

    causes = {cause.code: (cause.mapping_line, cause.mends) for cause in report.causes}
    assert causes["email-missing-at"] == ("", 0)
    assert causes["date-ambiguous"] == ("customFields.born: {dates: {order: MDY}}", 12)
