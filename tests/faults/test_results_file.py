"""The results file is absent, old or complete, whenever its writer dies."""

from __future__ import annotations

from bulkload import reports
from bulkload.reports.atomic import atomic_file
from tests.faults import broken, torn


def test_no_kill_leaves_half_a_file():
    """Killed at random while 20,000 lines are written, whatever is there is whole."""
    found, present, _ = torn.campaign(40, reports.write_results)

    assert found == 0
    assert present > 20, "the kills fell into the time before the first file"


def test_what_a_killed_writer_leaves_is_removed_by_the_next(tmp_path):
    """No temporary file outlives the next successful writing, and none in use is taken away."""
    for seed in range(6):
        torn.killed_while_writing(tmp_path, seed, reports.write_results)
    assert torn.strays(tmp_path) > 0

    with atomic_file(tmp_path / "results.csv") as outer:
        reports.write_results(tmp_path / "results.csv", torn.results(1))
        outer.write(b"complete")

    assert torn.strays(tmp_path) == 0
    assert (tmp_path / "results.csv").read_bytes() == b"complete"


def test_the_kill_test_sees_a_writer_in_place(monkeypatch):
    """Written in its place, line by line, the file is seen torn."""
    monkeypatch.setattr(reports, "write_results", reports.write_results)
    broken.naive_write()

    found, _, _ = torn.campaign(10, reports.write_results)

    assert found > 0
