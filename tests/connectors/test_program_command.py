"""`bulkload program`: list, show and create over the sandbox, and what bad input gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bulkload.cli import main

GOOD = """\
passTypeIdentifier: pass.com.example.cafe
name: Café Lovelace
schema: stampCard
website: https://example.com
customFields:
  - {name: birthday, type: date, required: true}
requiredFields: [email, birthday]
retention_period_days: 60
"""


@dataclass
class Told:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Told]


@pytest.fixture
def bulkload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Command:
    """Run `bulkload program ...` with a state of its own, in this process: it is many times faster."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    for name in ("LOYALTYDOG_API_TOKEN", "LOYALTYDOG_API_URL", "BULKLOAD_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Told:
        capfd.readouterr()
        code = main(["program", *arguments])
        said = capfd.readouterr()
        return Told(code, said.out, said.err)

    return run


def test_a_program_is_created_listed_and_shown(bulkload, tmp_path):
    """What the file says is what the system shows, under the id that the command printed."""
    (tmp_path / "cafe.yaml").write_text(GOOD, "utf-8")

    created = bulkload("create", "cafe.yaml", "--yes")
    program_id = created.stdout.strip()
    listed = json.loads(bulkload("list", "--json").stdout)
    shown = json.loads(bulkload("show", program_id).stdout)

    assert created.returncode == 0, created.stderr
    assert listed[program_id] == "Café Lovelace"
    assert (shown["name"], shown["retention_period_days"]) == ("Café Lovelace", 60)
    assert [f["name"] for f in shown["customFields"]] == ["birthday"]


def test_a_dry_run_sends_nothing(bulkload, tmp_path):
    """`--dry-run` checks the file and starts nothing."""
    (tmp_path / "cafe.yaml").write_text(GOOD, "utf-8")

    found = bulkload("create", "cafe.yaml", "--dry-run", "--json")

    assert found.returncode == 0
    assert json.loads(found.stdout)["id"] is None
    assert json.loads(found.stdout)["program"]["retention_period_days"] == 60
    assert not list(tmp_path.glob("state/**/*.sqlite"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("name: x\n", "`passTypeIdentifier` is missing", id="missing-field"),
        pytest.param("name: x\nname: y\n", "cafe.yaml:2", id="twice"),
        pytest.param("a: &x 1\nb: *x\n", "cafe.yaml:1", id="anchor"),
        pytest.param("- a\n", "this is not a program", id="list"),
        pytest.param("", "this is not a program", id="empty"),
        pytest.param(None, "cannot be read", id="no-file"),
    ],
)
def test_bad_files_get_their_place_and_remedy(bulkload, tmp_path, text, says):
    """A wrong file ends with a sentence and its place, without a trace and without a call."""
    if text is not None:
        (tmp_path / "cafe.yaml").write_text(text, "utf-8")

    found = bulkload("create", "cafe.yaml")

    assert found.returncode in (2, 65)
    assert says in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_an_unknown_program_is_said(bulkload):
    """An id that the system does not have is refused in words."""
    found = bulkload("show", "f" * 24)

    assert found.returncode == 2
    assert "not found" in found.stderr.lower()


def test_only_loyaltydog_creates_programs(bulkload, tmp_path):
    """The other systems' places are made elsewhere."""
    (tmp_path / "cafe.yaml").write_text(GOOD, "utf-8")

    found = bulkload("create", "cafe.yaml", "--profile", "sandbox-leal", "--yes")

    assert found.returncode == 2
    assert "LoyaltyDog only" in found.stderr
