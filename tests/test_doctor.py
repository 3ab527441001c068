"""`bulkload doctor` finds what a run would stumble over, and says how to mend it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkload.sandbox import Sandbox, SandboxOptions

Run = Callable[..., Any]
PROGRAM = "5eb7cf5a86d9755df3a6c593"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that is served elsewhere."""
    with Sandbox(SandboxOptions()) as running:
        yield running


def test_the_sandbox_is_well(bulkload: Run) -> None:
    """Without any settings everything is there."""
    ended = bulkload("doctor", "--json")

    checks = json.loads(ended.out)
    assert ended.code == 0
    assert all(check["is_well"] for check in checks)
    assert [c["name"] for c in checks] == [
        "profile", "address", "clock", "credentials", "program", "journal",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("token", "program", "code", "name"),
    [
        pytest.param("sandbox-jwt", PROGRAM, 0, "", id="well"),
        pytest.param("wrong", PROGRAM, 3, "credentials", id="wrong-token"),
        pytest.param("", PROGRAM, 2, "credentials", id="empty-token"),
        pytest.param("sandbox-jwt", "f" * 24, 2, "program", id="unknown-program"),
    ],
)
def test_what_is_wrong_is_named(
    bulkload: Run, sandbox: Sandbox, tmp_path: Path, token: str, program: str, code: int, name: str
) -> None:  # fmt: skip
    """The first thing that fails has a remedy."""
    (tmp_path / "token").write_text(token, "utf-8")

    ended = bulkload(
        "doctor", "--json", "--profile", "loyaltydog", "--program", program,
        "--base-url", sandbox.base_url, "--token-file", tmp_path / "token",
    )  # fmt: skip

    bad = [check for check in json.loads(ended.out) if not check["is_well"]]
    assert ended.code == code, ended.err
    assert [check["name"] for check in bad] == ([name] if name else [])
    assert all(check["fix"] for check in bad)


def test_an_address_where_nobody_listens_is_named(bulkload: Run, tmp_path: Path) -> None:
    """Exit status 4 and the address."""
    (tmp_path / "token").write_text("t", "utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

    ended = bulkload("doctor", "--profile", "loyaltydog", "--base-url", url, "--token-file", tmp_path / "token")  # fmt: skip

    assert ended.code == 4
    assert url in ended.out
    assert "hint:" in ended.out


def test_an_unknown_profile_is_named(bulkload: Run) -> None:
    """The closest name is offered."""
    ended = bulkload("doctor", "--profile", "sandbx")

    assert ended.code == 2
    assert "did you mean `sandbox`" in ended.out
