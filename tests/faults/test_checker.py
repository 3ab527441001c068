"""The checker finds what is planted, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.checker import Line, check, read_creations, read_results

EXPECTED = {2: "ada@example.com", 3: "bob@example.com", 4: "cleo@example.com"}
CREATED = [("ada@example.com", "a"), ("bob@example.com", "b"), ("cleo@example.com", "c")]
LINES = [Line(2, "created", "a"), Line(3, "created", "b"), Line(4, "created", "c")]


def test_a_kept_promise_passes():
    """Equal log, journal and results file leave nothing to complain about."""
    verdict = check(EXPECTED, CREATED, LINES, LINES)

    assert verdict.kept
    assert verdict.figures()["delivered"] == 3


@pytest.mark.parametrize(
    ("created", "journal", "results", "problem"),
    [
        pytest.param(CREATED[:2], LINES, LINES, "lost", id="delivered-but-not-on-the-server"),
        pytest.param(CREATED[:2], LINES[:2], LINES[:2], "lost", id="forgotten-everywhere"),
        pytest.param([*CREATED, ("bob@example.com", "z")], LINES, LINES, "duplicated", id="twice"),
        pytest.param(
            CREATED,
            [*LINES[:2], Line(4, "created", "x")],
            [*LINES[:2], Line(4, "created", "x")],
            "wrong_ids",
            id="wrong-id",
        ),
        pytest.param(
            CREATED,
            [Line(2, "created", "b"), Line(3, "created", "a"), LINES[2]],
            [Line(2, "created", "b"), Line(3, "created", "a"), LINES[2]],
            "wrong_ids",
            id="ids-swapped-between-rows",
        ),
        pytest.param(CREATED, LINES, LINES[1:], "missing", id="row-not-in-results"),
        pytest.param(CREATED, LINES[1:], LINES, "missing", id="row-not-in-journal"),
        pytest.param(CREATED, LINES, [*LINES, LINES[0]], "repeated", id="line-written-twice"),
        pytest.param(
            CREATED,
            LINES,
            [Line(2, "existing", "a"), *LINES[1:]],
            "disagreeing",
            id="journal-and-results-differ",
        ),
        pytest.param(
            CREATED[:2],
            [*LINES[:2], Line(4, "pending", "")],
            [*LINES[:2], Line(4, "pending", "")],
            "stuck",
            id="never-decided",
        ),
        pytest.param(
            [*CREATED, ("eve@example.com", "e")], LINES, LINES, "strangers", id="nobody-asked"
        ),
        pytest.param(
            CREATED[:2],
            [*LINES[:2], Line(4, "failed", "")],
            [*LINES[:2], Line(4, "failed", "")],
            "failed",
            id="valid-row-refused",
        ),
        pytest.param(
            CREATED,
            [*LINES[:2], Line(4, "failed", "")],
            [*LINES[:2], Line(4, "failed", "")],
            "denied",
            id="reported-as-failed-but-there",
        ),
    ],
)
def test_a_broken_promise_is_seen(created, journal, results, problem):
    """Each way of losing, doubling or misreporting a row is named."""
    verdict = check(EXPECTED, created, journal, results)

    assert not verdict.kept
    assert problem in verdict.problems()


def test_a_row_under_review_may_or_may_not_exist():
    """Review allows one customer or none, and never two."""
    unsure = [*LINES[:2], Line(4, "review", "")]

    assert check(EXPECTED, CREATED, unsure, unsure).kept
    assert check(EXPECTED, CREATED[:2], unsure, unsure).kept
    twice = [*CREATED, ("cleo@example.com", "z")]
    assert check(EXPECTED, twice, unsure, unsure).problems() == {"duplicated": 1}


def test_files_are_read_as_they_are_written(tmp_path: Path):
    """The oracle's log and the results file are read back whole."""
    log = tmp_path / "log"
    entries = [
        {"event": "create", "customer": {"id": "a", "email": "Ada@Example.com"}},
        {"event": "points", "id": "a", "points": 5},
    ]
    log.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    results = tmp_path / "results.csv"
    results.write_text("row_number,key,status,remote_id\n2,ada@example.com,created,a\n")

    assert read_creations(log) == [("ada@example.com", "a")]
    assert read_results(results) == [Line(2, "created", "a")]
