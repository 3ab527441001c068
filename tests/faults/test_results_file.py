"""The results file is absent, old or complete, whenever its writer dies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bulkload import reports
from bulkload.reports.atomic import atomic_file
from tests.faults import torn
from tests.faults.process import ROOT
from tests.faults.sizes import sized


def _campaign(*words):
    """Run a campaign in a process of its own: forking one with threads would hang its children."""
    command = [sys.executable, "-m", "tests.faults.torn", *map(str, words)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.timeout(sized(900, 0))
def test_no_kill_leaves_half_a_file(tmp_path, reached):
    """Killed at random while 20,000 lines are written, what is there is whole; the rest is swept."""
    found = _campaign("--kills", sized(30, 200), "--keep", tmp_path)

    reached("kills", found["kills"])
    reached("torn", found["torn"])
    assert found["torn"] == 0
    assert found["present"] > 10, "the kills fell into the time before the first file"
    for place in filter(Path.is_dir, tmp_path.iterdir()):
        reports.write_results(place / "results.csv", torn.results(1))
    assert torn.strays(tmp_path) == 0


def test_a_file_in_use_is_not_swept(tmp_path):
    """Whoever writes the same file takes nothing away from another writer that lives."""
    path = tmp_path / "results.csv"
    with atomic_file(path) as outer:
        reports.write_results(path, torn.results(1))
        outer.write(b"complete")

    assert path.read_bytes() == b"complete"
    assert torn.strays(tmp_path) == 0


@pytest.mark.timeout(sized(900, 0))
def test_the_kill_test_sees_a_writer_in_place(reached):
    """Written in its place, line by line, the file is seen torn."""
    torn_files = _campaign("--kills", sized(6, 60), "--control")["torn"]

    reached("control_torn", torn_files)
    assert torn_files > 0
