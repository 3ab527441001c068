"""Fixtures for all tests: a home of their own, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from bulkload import cli

# The same examples in every run, so that a change fails for what it changed; to search elsewhere:
# python -m pytest --hypothesis-profile default
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test its own state and settings; nobody's real ones are touched."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(home / "state"))
    monkeypatch.setenv("BULKLOAD_CONFIG_DIR", str(home / "config"))
    for name in ("LOYALTYDOG_API_TOKEN", "LOYALTYDOG_API_URL", "BULKLOAD_PROFILE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def bulkload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run a command in a working directory of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ended:
        capfd.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def samples() -> Path:
    """Where the sample files lie."""
    return ROOT / "samples"
