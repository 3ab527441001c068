"""Traces of damage are told with their cells and the line that would mend them."""

import json

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload import messages
from bulkload.cli.inspect import inspect_
from bulkload.mapping import load_mapping
from bulkload.messages import en_sources
from bulkload.sources import SourceOptions, inspect_source, open_source
from bulkload.sources.inspection import masked
from bulkload.sources.traces import WIDE_TRACES, possible_traces


@pytest.fixture
def findings(tmp_path):
    """Return what reads a column of cells and returns its findings by code."""

    def find(header, cells, **options):
        path = tmp_path / "a.csv"
        lines = [f'c{n},"{cell}"\n' for n, cell in enumerate(cells)]
        path.write_text(f"key,{header}\n" + "".join(lines))
        with open_source(path, SourceOptions(**options)) as source:
            for _ in source.batches():
                pass
        return {finding.code: finding for finding in source.findings}

    return find


PLAIN = [f"4917112345{n:02d}" for n in range(40)]
CODES = [f"{10115 + n}" for n in range(40)]
DOTS = ["01.02.1990", "03.04.1991"]


@pytest.mark.parametrize(
    ("header", "cells", "code", "place", "line"),
    [
        pytest.param("Tel", [*PLAIN, "4.915E+11"], "scientific-notation", "B42", "", id="scientific"),
        pytest.param("Tel", [*PLAIN, "4,915E11"], "scientific-notation", "B42", "", id="with-comma"),
        pytest.param("Tel", [*PLAIN, "491711234567.0"], "decimal-tail", "B42", "replace:", id="tail"),
        pytest.param("Kunden-ID", [*CODES, "17.0"], "decimal-tail", "B42", "replace:", id="tail-of-id"),
        pytest.param("PLZ", ["1067", *CODES], "zeros-stripped", "B2", "replace:", id="zeros"),
        pytest.param("Karte", ["4111111111111000"] * 3, "digits-lost", "B2", "", id="15-digits"),
        pytest.param("Geburtstag", ["32874", "30000"], "serial-dates", "B2", "dates:", id="serial"),
        pytest.param("Joined", ["03/08/1990", "04/08/1990"], "dates-ambiguous", "B2", "dates:", id="ambiguous"),
        pytest.param("Joined", ["03/08/1990", "26/06/1990"], "dates-decided", "B3", "dates: DMY", id="day-first"),
        pytest.param("Joined", ["03/08/1990", "06/26/1990"], "dates-decided", "B3", "dates: MDY", id="month-first"),
        pytest.param("Joined", ["13/08/1990", "06/26/1990"], "dates-contradict", "B2", "", id="contradict"),
        pytest.param("Points", [*CODES, "n/a"], "mixed-types", "B42", "", id="mixed"),
        pytest.param("Tel", [*PLAIN, "no phone"], "mixed-types", "B42", "", id="no-phone"),
        pytest.param("Name", ["Ada\u00a0B"], "invisible-characters", "B2", "replace:", id="no-break-space"),
        pytest.param("Name", ["Ada\u200b"], "invisible-characters", "B2", "replace:", id="zero-width"),
        pytest.param("Name", ["a\u202eb"], "direction-characters", "B2", "replace:", id="direction"),
        pytest.param("Name", ["JosÃ©"], "mojibake", "B2", "", id="mojibake"),
        pytest.param("Name", ["MÃ¼ller", "itâ€™s"], "mojibake", "B2", "", id="mojibake-of-signs"),
        pytest.param("Name", ["Jos\ufffd"], "replacement-character", "B2", "", id="replacement"),
        pytest.param("Name", ["a\x1bb"], "control-characters", "B2", "replace:", id="control"),
    ],
)  # fmt: skip
def test_each_kind_of_damage_is_told(findings, header, cells, code, place, line, tmp_path):
    """The finding names column, first cell, and the mapping line where one would mend it."""
    found = findings(header, cells)[code]
    assert (found.column, found.cells[0]) == (header, place)
    assert found.mapping_line.startswith(line)
    assert bool(found.mapping_line) == bool(line)
    _must_load(found.mapping_line, tmp_path / "mapping.yaml")
    assert found.examples[0] in cells


def _must_load(line, path):
    """Fail unless a mapping with this line is accepted."""
    kind = "date" if line.startswith("dates") else "text"
    field = f"  customFields.x:\n    column: X\n    type: {kind}\n    {line}\n"
    path.write_text(f"bulkload: 1\nconnector: loyaltydog\nfields:\n  email: E\n{field}")
    load_mapping(path)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        pytest.param("Tel", PLAIN, id="phones"),
        pytest.param("PLZ", ["01067", *CODES], id="zeros-kept"),
        pytest.param("Tel", [p[: 8 + n % 5] for n, p in enumerate(PLAIN)], id="many-lengths"),
        pytest.param("Karte", ["4111111111111111", "4111111111111110"] * 30, id="real-cards"),
        pytest.param("Name", ["José", "Zoë", "Łukasz", "SÃO", "Ångström"], id="names"),
        pytest.param("Tel", [f"+49 171 {n:07d}" for n in range(40)] + ["(212) 555-0100"], id="spellings"),
        pytest.param("Kontakt", [f"+49 171 {n:07d}" for n in range(40)] + ["(212) 555-0100 ext. 7"], id="extension"),
        pytest.param("Points", ["1", "2.0", "3,000"], id="amounts"),
        pytest.param("Born", ["1990-01-02", "1991-02-03"], id="iso-dates"),
    ],
)  # fmt: skip
def test_sound_columns_are_left_alone(findings, header, cells):
    """Nothing is said about a column that nothing happened to."""
    assert findings(header, cells) == {}


@given(
    st.text(
        st.sampled_from(
            "aé ÂÃÅÐâ€™œšŸžƒˆ\u2019\u02dc\u2013\u00a0\u00ad\u200b\u2060\ufeff\ufffd\u202e©"
        ),
        max_size=6,
    )
)
def test_the_quick_look_at_a_block_overlooks_no_trace(text):
    """What a pattern beyond ASCII finds in a cell is never ruled out for the block."""
    traced = pl.Series([text]).str.contains(WIDE_TRACES)[0]
    assert possible_traces(text.encode())[1] or not traced


def test_a_totals_row_is_told(tmp_path):
    """A line that sums up is no customer."""
    path = tmp_path / "a.csv"
    path.write_text("name,mail,points\nAda,a@b.de,1\nTotal,,1\n")
    with open_source(path) as source:
        list(source.batches())
    (found,) = [one for one in source.findings if one.code == "totals-row"]
    assert (found.cells, found.count) == (("A3",), 1)
    assert found.mapping_line.startswith("skip_if:")


def test_evidence_in_any_block_counts(findings):
    """One date at the end of a long column settles the order of all of it."""
    cells = ["03/08/1990"] * 5_000 + ["26/06/1990"]
    found = findings("Joined", cells, block_bytes=1_000)
    assert set(found) == {"dates-decided"}
    assert found["dates-decided"].cells == ("B5002",)


def test_every_entry_of_the_catalogue_makes_a_sentence():
    """Codes of this room have what and fix."""
    for code, message in en_sources.MESSAGES.items():
        assert message.what, code
        assert message.fix, code


def test_every_finding_can_be_said(findings):
    """The catalogue's sentences have all the words that they need."""
    cells = ["1067", "4.915E+11", "17.0", "JosÃ©", "a\u00a0b", *CODES]
    for found in findings("PLZ", cells).values():
        assert messages.what(found)
        assert messages.fix(found)


@settings(deadline=None)
@given(st.text())
def test_masks_show_the_shape_only(text):
    """No letter and no digit of a cell is in its mask."""
    shown = masked(text)
    assert len(shown) == len(text)
    assert {c for c in shown if c.isalnum()} <= {"x", "9"}


def test_inspect_describes_without_showing_values(tmp_path):
    """Columns, fill rate, distinct count and shapes; values only when asked for."""
    path = tmp_path / "a.csv"
    path.write_text("id;mail\n1;ada@example.com\n2;\n2;ada@example.com\nx\n")
    found = inspect_source(path)
    assert (found.rows, found.malformed, found.description["dialect"]["delimiter"]) == (3, 1, ";")
    assert [(c.place, c.filled, c.distinct, c.examples) for c in found.columns] == [
        ("A", 3, 2, ["9", "9"]),
        ("B", 2, 1, ["xxx@xxxxxxx.xxx"]),
    ]
    assert "ada@" not in json.dumps(found.document())
    assert "ada@" not in "\n".join(found.lines())
    assert inspect_source(path, show_values=True).columns[1].examples == ["ada@example.com"]


def test_the_command_prints_lines_or_one_document(tmp_path):
    """`bulkload inspect` is the library's description as text or as JSON."""
    path = tmp_path / "a.csv"
    path.write_text("id;mail\n1;\x1b[31mada@example.com\n")
    plain = CliRunner().invoke(inspect_, [str(path), "--show-values"])
    assert plain.exit_code == 0
    assert "delimiter: semicolon" in plain.output
    assert "\x1b" not in plain.output
    machine = CliRunner().invoke(inspect_, [str(path), "--json"])
    assert json.loads(machine.output)["columns"][1]["fill_rate"] == 1.0


def test_a_second_reading_leaves_the_findings_as_they_are(tmp_path):
    """A run reads its source again to send; what was found is told once, and stays."""
    path = tmp_path / "orders.csv"
    path.write_text("Name,Amount\nAda,1\u00a02\n,\nTotal,12\n", "utf-8")
    with open_source(path) as source:
        list(source.batches())
        first = source.findings
        again = list(source.batches())

    assert {finding.code for finding in first} >= {"invisible-characters", "blank-rows"}
    assert source.findings == first
    assert [batch.rows.height for batch in again] == [2]
