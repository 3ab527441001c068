"""Points, consents and stamps through the whole house: applied once, never by repetition."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

import bulkload
from bulkload.records import RunReport, Status
from bulkload.settings import ProfileOptions

POINTS = """\
connector: loyaltydog
mode: upsert
fields:
  firstName: Name
  email: Email
  points: {column: Points, as: add}
"""
CONSENTS = """\
connector: loyaltydog
fields:
  firstName: Name
  email: Email
  points: Points
  consents.marketing_email: {constant: true}
  consents.analytics: {constant: false}
consents: {policy_version: 2026-01}
"""
STAMPS = """\
connector: leal
mode: upsert
fields:
  first_name: Name
  email: Email
  card_id: {constant: 7}
  stamps: Points
"""
SOURCE = "Name,Email,Points\nAda,ada@example.com,5\nBea,bea@example.com,7\n"


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every run's files and the sandbox's customers in the test's own folder."""
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def imported(name: str, text: str, mapping: str, profile: str, **more: Any) -> RunReport:
    Path(name).write_text(text, "utf-8")
    Path("m.yaml").write_text(mapping, "utf-8")
    options = bulkload.LoadOptions(profile=profile, mapping="m.yaml", **more)
    return bulkload.load(name, options)


def held(profile: str, column: str) -> dict[str, str]:
    bulkload.export("out.csv", ProfileOptions(profile=profile))
    with Path("out.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["email"]: row[column] for row in csv.DictReader(file)}


def test_added_points_are_added_once():
    """The balance grows by what the file adds; the same file again adds nothing."""
    first = imported("a.csv", SOURCE, POINTS, "sandbox")
    again = imported("a.csv", SOURCE, POINTS, "sandbox")
    more = SOURCE.replace(",7", ",9")
    third = imported("b.csv", more, POINTS, "sandbox")

    assert first.counts.by_status[Status.CREATED] == 2
    assert again.counts.by_status[Status.UNCHANGED] == 2
    assert +third.counts.by_status == {Status.UNCHANGED: 1, Status.UPDATED: 1}
    assert held("sandbox", "points") == {"ada@example.com": "5", "bea@example.com": "16"}


def test_an_update_without_points_keeps_the_balance():
    """Fields that the file does not have stay as they are."""
    imported("a.csv", SOURCE, POINTS, "sandbox")
    rename = "connector: loyaltydog\nmode: update\nfields: {firstName: Name, email: Email}\nignore: [Points]\n"

    report = imported("b.csv", SOURCE.replace("Ada,", "Eve,"), rename, "sandbox")

    assert report.counts.by_status[Status.UPDATED] == 1
    assert held("sandbox", "firstName")["ada@example.com"] == "Eve"
    assert held("sandbox", "points") == {"ada@example.com": "5", "bea@example.com": "7"}


def test_consents_are_recorded_with_the_customer():
    """A row with consents creates the customer and records them, in one result."""
    report = imported("a.csv", SOURCE, CONSENTS, "sandbox")
    again = imported("a.csv", SOURCE, CONSENTS, "sandbox")

    assert report.counts.by_status[Status.CREATED] == 2
    assert again.counts.by_status[Status.UNCHANGED] == 2


def test_stamps_reach_the_balance_that_the_file_says():
    """Welcome stamps count; wallet links stand in the results; a row that cannot be met fails."""
    source = SOURCE + "Cyd,cyd@example.com,0\n"

    report = imported("a.csv", source, STAMPS, "sandbox-leal")
    again = imported("a.csv", SOURCE, STAMPS, "sandbox-leal")

    assert report.counts.by_status[Status.CREATED] == 2
    assert report.counts.by_status[Status.FAILED] == 1
    assert again.counts.by_status[Status.UNCHANGED] == 2
    stamps = held("sandbox-leal", "stamp_count")
    assert (stamps["ada@example.com"], stamps["bea@example.com"]) == ("5", "7")
    results = Path(report.files["results"]).read_text("utf-8-sig")
    assert "apple_wallet_url" in results.splitlines()[0]
    assert "cannot take stamps away" in results
