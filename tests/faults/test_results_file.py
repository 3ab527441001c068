"""The results file is absent, old or complete, whenever its writer dies."""

from __future__ import annotations

from bulkload import reports
from tests.faults import broken, torn


def test_no_kill_leaves_half_a_file():
    """Killed at random while 20,000 lines are written, whatever is there is whole."""
    found, present, _ = torn.campaign(40, reports.write_results)

    assert found == 0
    assert present > 20, "the kills fell into the time before the first file"


def test_the_kill_test_sees_a_writer_in_place(monkeypatch):
    """Written in its place, line by line, the file is seen torn."""
    monkeypatch.setattr(reports, "write_results", reports.write_results)
    broken.naive_write()

    found, _, _ = torn.campaign(10, reports.write_results)

    assert found > 0
