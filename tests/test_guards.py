"""What stops a run before it does harm, and what compares both sides afterwards."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
MAPPING = """\
connector: loyaltydog
fields:
  email: E-Mail
  points: {column: Punkte, as: set}
"""


def results(folder: str) -> list[dict[str, str]]:
    """Return the results of a run."""
    text = Path(folder, "results.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def exported(bulkload: Run, *arguments: str) -> int:
    """Return how many customers the system holds."""
    bulkload("export", "--to", "count.csv", *arguments)
    return len(list(csv.DictReader(io.StringIO(Path("count.csv").read_text("utf-8-sig")))))


def test_more_points_than_expected_stop_the_run_before_the_first_call(
    bulkload: Run, samples: Path
) -> None:
    """`--max-points-delta` counts the whole file first; nobody is created."""
    ended = bulkload("import", samples / "customers.csv", "--max-points-delta", "1000")

    assert ended.code == 5
    assert "1,000" in ended.err
    assert exported(bulkload) == 0


def test_enough_allowed_points_let_the_run_go_on(bulkload: Run, samples: Path) -> None:
    """The limit is compared with the sum, not with one row."""
    ended = bulkload("import", samples / "customers.csv", "--max-points-delta", "100000000")

    assert ended.code == 0, ended.err


def test_the_summary_before_sending_says_how_many_points_go_to_how_many(
    bulkload: Run, samples: Path
) -> None:
    """Whoever reads before the first call knows what will happen to balances."""
    ended = bulkload("import", samples / "customers.csv")

    assert "points are set for 360 customers" in ended.err


def test_a_canary_sends_a_few_rows_and_waits(bulkload: Run, samples: Path) -> None:
    """Where nobody is there to look at them, five rows are all that is sent."""
    ended = bulkload("import", samples / "customers.csv", "--canary", "5", "--out", "run")

    assert ended.code == 5
    assert exported(bulkload) == 5
    assert sum(row["status"] == "created" for row in results("run")) == 5
    assert bulkload("import", samples / "customers.csv").code == 0
    assert exported(bulkload) == 360


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        pytest.param("E-Mail,Punkte\n", "", id="the-same"),
        pytest.param("Punkte,E-Mail\n", "", id="moved"),
        pytest.param("E-Mail,Punkte,Notiz\n", "Notiz", id="one-more"),
    ],
)
def test_other_columns_than_last_time_stop_the_run(bulkload: Run, headers: str, told: str) -> None:
    """A column that came since the last run is told before anything is sent."""
    Path("m.yaml").write_text(MAPPING + "ignore: [{pattern: 'Not.*'}]\n", "utf-8")
    Path("a.csv").write_text("E-Mail,Punkte\na@example.com,1\n", "utf-8")
    first = bulkload("import", "a.csv", "--mapping", "m.yaml")
    names = headers.strip().split(",")
    cells = {"E-Mail": "b@example.com", "Punkte": "2", "Notiz": "x"}
    Path("b.csv").write_text(headers + ",".join(cells[name] for name in names) + "\n", "utf-8")

    second = bulkload("import", "b.csv", "--mapping", "m.yaml")

    assert first.code == 0, first.err
    assert second.code == (5 if told else 0), second.err
    assert told in second.err
    if told:
        assert bulkload("import", "b.csv", "--mapping", "m.yaml", "--accept-columns").code == 0


def test_reading_back_compares_numbers_and_balances(bulkload: Run, samples: Path) -> None:
    """`--verify` finds every delivered customer and the sum of their points."""
    ended = bulkload("import", samples / "customers.csv", "--verify", "--json")

    seen = json.loads(ended.out)["details"]["verification"]
    assert seen["delivered"] == seen["found"] == 360
    assert "read back: 360 of 360" in json.loads(ended.out)["notes"][0]
    assert seen["points"] == 1_438_630


@pytest.mark.parametrize("profile", ["sandbox", "sandbox-voucherify", "sandbox-leal"])
def test_an_unedited_export_changes_nothing(bulkload: Run, samples: Path, profile: str) -> None:
    """Export, import: every row is unchanged, on every system."""
    bulkload("import", samples / "customers.csv", "--profile", profile)
    bulkload("export", "--to", "out.xlsx", "--profile", profile)

    ended = bulkload("import", "out.xlsx", "--profile", profile, "--out", "run")

    assert ended.code == 0, ended.err
    assert {row["status"] for row in results("run")} == {"unchanged"}


@pytest.mark.parametrize(
    ("origin", "to"),
    [
        pytest.param("sandbox", "sandbox-voucherify", id="loyaltydog-to-voucherify"),
        pytest.param("sandbox-voucherify", "sandbox-leal", id="voucherify-to-leal"),
        pytest.param("sandbox-leal", "sandbox", id="leal-to-loyaltydog"),
    ],
)
def test_customers_move_between_systems(bulkload: Run, samples: Path, origin: str, to: str) -> None:
    """Everybody arrives, and the run says so after reading both sides."""
    bulkload("import", samples / "customers.csv", "--profile", origin)
    bulkload("export", "--to", "out.xlsx", "--profile", origin)

    ended = bulkload("import", "out.xlsx", "--profile", to, "--out", "run")

    assert ended.code == 0, ended.err
    assert {row["status"] for row in results("run")} == {"created"}
    assert "read back: 360 of 360" in ended.err
    assert exported(bulkload, "--profile", to) == 360


def test_a_move_never_wipes_a_balance_with_a_zero(bulkload: Run, samples: Path) -> None:
    """Voucherify shows 0 points for everybody without a card; that says nothing about LoyaltyDog."""
    bulkload("import", samples / "customers.csv")
    bulkload("import", samples / "customers.csv", "--profile", "sandbox-voucherify")
    bulkload("export", "--to", "v.csv", "--profile", "sandbox-voucherify")
    before = json.loads(bulkload("import", samples / "customers.csv", "--verify", "--json").out)

    assert bulkload("import", "v.csv").code == 0

    after = json.loads(bulkload("import", samples / "customers.csv", "--verify", "--json").out)
    points = [run["details"]["verification"]["points"] for run in (before, after)]
    assert points[0] == points[1] == 1_438_630
