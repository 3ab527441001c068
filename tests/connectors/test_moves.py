"""Every system end to end: import, again, export, back, and over into the other two."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import bulkload
from bulkload import programs
from bulkload.records import RunReport, Status
from bulkload.settings import ProfileOptions

SAMPLES = Path(__file__).parent.parent.parent / "samples"
PROFILES = {
    "loyaltydog": "sandbox",
    "voucherify": "sandbox-voucherify",
    "leal": "sandbox-leal",
}
ROWS = 12


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The first rows of the sample, enough to be seen and few enough to be quick."""
    lines = (SAMPLES / "customers.csv").read_text("utf-8").splitlines()[: ROWS + 1]
    path = tmp_path / "few.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every run's files and the sandbox's customers in the test's own folder."""
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def imported(path: Path, system: str, **more: Any) -> RunReport:
    options = bulkload.LoadOptions(profile=PROFILES[system], **more)
    return bulkload.load(path, options)


def exported(system: str, path: Path) -> list[dict[str, str]]:
    bulkload.export(path, ProfileOptions(profile=PROFILES[system]))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


NAMES = {"loyaltydog": "firstName", "voucherify": "name", "leal": "first_name"}


@pytest.mark.parametrize("system", PROFILES)
def test_the_whole_round(source, tmp_path, system):
    """Import creates, again sends nothing, an export goes back unchanged, one edit is one update."""
    first = imported(source, system)
    again = imported(source, system)
    before = exported(system, tmp_path / "out.csv")
    back = imported(tmp_path / "out.csv", system)
    edited = [dict(row) for row in before]
    edited[3][NAMES[system]] = "Grace"
    with (tmp_path / "edited.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(before[0]))
        writer.writeheader()
        writer.writerows(edited)
    update = imported(tmp_path / "edited.csv", system)
    after = exported(system, tmp_path / "after.csv")

    assert first.counts.by_status[Status.CREATED] == ROWS
    assert (again.counts.by_status[Status.UNCHANGED], again.timeline) == (ROWS, [])
    assert back.counts.by_status[Status.UNCHANGED] == ROWS
    assert update.counts.by_status[Status.UPDATED] == 1
    assert update.counts.by_status[Status.UNCHANGED] == ROWS - 1
    changed = {
        (row["id"], name)
        for old, row in zip(before, after, strict=True)
        for name in row
        if old.get(name) != row[name] and not name.startswith("updated")
    }
    assert changed == {(before[3]["id"], NAMES[system])}


@pytest.mark.parametrize(
    ("here", "there"),
    [
        pytest.param("voucherify", "loyaltydog", id="voucherify-to-loyaltydog"),
        pytest.param("loyaltydog", "leal", id="loyaltydog-to-leal"),
        pytest.param("leal", "voucherify", id="leal-to-voucherify"),
    ],
)
def test_customers_move_between_the_systems(source, tmp_path, here, there):
    """Contacts arrive, what has no place is named, and the sums on both sides are compared."""
    imported(source, here)
    before = exported(here, tmp_path / "out.csv")

    report = imported(tmp_path / "out.csv", there)

    after = exported(there, tmp_path / "after.csv")
    for contact in ("email", "phone"):
        assert sorted(row[contact] for row in after) == sorted(row[contact] for row in before)
    document = json.loads(Path(report.files["report"]).read_text("utf-8"))
    assert document["details"]["verification"]["found"] == ROWS
    assert any(f"{ROWS} of {ROWS} delivered customers" in note for note in report.notes)
    assert any("stay behind" in note for note in report.notes)


def test_the_bulk_lane_is_a_flag_of_import(source):
    """Asked for, even a few rows go in one batch; a system without such a lane refuses the flag."""
    report = imported(source, "voucherify", lane="bulk")

    assert report.counts.by_status[Status.CREATED] == ROWS
    with pytest.raises(bulkload.BulkloadError, match="no bulk lane"):
        imported(source, "leal", lane="bulk")


def test_other_files_still_ask_for_a_mapping(tmp_path):
    """A file that no export wrote gets no invented mapping."""
    (tmp_path / "x.csv").write_text("id,colour\n1,red\n", "utf-8")

    with pytest.raises(bulkload.BulkloadError, match="no mapping"):
        imported(tmp_path / "x.csv", "leal")


def test_typed_custom_fields_do_not_hold_up_a_move(source, tmp_path):
    """What an export cannot tell about kinds is a note; a mapping of one's own is held to them."""
    (tmp_path / "cafe.yaml").write_text(
        "passTypeIdentifier: pass.x\nname: Typed\ncustomFields: [{name: points, type: number}]\n",
        "utf-8",
    )
    made = programs.create("cafe.yaml", ProfileOptions(profile="sandbox"))
    imported(source, "leal")
    exported("leal", tmp_path / "out.csv")

    report = imported(tmp_path / "out.csv", "loyaltydog", program=made.program_id)

    assert report.counts.by_status[Status.CREATED] == ROWS
    (tmp_path / "own.yaml").write_text(
        "connector: loyaltydog\nfields: {email: A, customFields.points: B}\n", "utf-8"
    )
    (tmp_path / "own.csv").write_text("A,B\nx@example.com,5\n", "utf-8")
    with pytest.raises(bulkload.BulkloadError, match="number"):
        imported(tmp_path / "own.csv", "loyaltydog", program=made.program_id, mapping="own.yaml")
