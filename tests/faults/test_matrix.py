"""Every row of the fault matrix selects tests that exist."""

from __future__ import annotations

import ast
from xml.etree import ElementTree as ET

import pytest

from tests.faults import matrix
from tests.faults.process import ROOT


@pytest.mark.parametrize("row", matrix.ROWS, ids=lambda row: row.name)
def test_what_a_row_selects_exists(row):
    """No test can be renamed away from under the matrix."""
    for selected in row.tests:
        path, _, name = selected.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not name or name in names, selected


def test_every_row_is_there_once():
    """From T-01 to T-38."""
    assert [row.name for row in matrix.ROWS] == [f"T-{number:02}" for number in range(1, 39)]


def test_figures_of_several_cases_become_one():
    """Numbers add up, the worst of each kind counts, and failures are seen."""
    report = ET.fromstring(  # noqa: S314 - it stands here
        "<s><testcase><properties><property name='kills' value='3'/>"
        "<property name='wait_max' value='0.5'/></properties></testcase>"
        "<testcase><properties><property name='kills' value='4'/>"
        "<property name='wait_max' value='0.25'/></properties><failure/></testcase>"
        "<testcase><skipped/></testcase></s>"
    )
    reached = matrix.Reached()
    for case in report.iter("testcase"):
        matrix.read(case, reached)

    assert (reached.cases, reached.failed, reached.skipped) == (3, 1, 1)
    assert not reached.kept
    assert reached.words() == "3 cases, 1 skipped, 1 FAILED, kills 7, wait max 0.5"


def test_a_row_that_does_not_exist_is_refused(capsys):
    """A slip in a row's name is not taken for nothing to do."""
    with pytest.raises(SystemExit):
        matrix.main(["--only", "T-99"])
    assert "T-99" in capsys.readouterr().err
