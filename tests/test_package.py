"""What a user installs holds everything that the program reads."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CARRIED = ("*.json", "*.html", "*.css", "*.js", "py.typed", "REFERENCE.md")


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_the_wheel_carries_the_package_and_its_data(carried: set[str]) -> None:
    """Every module, template, rule and schema of the package is inside."""
    package = ROOT / "bulkload"
    wanted = {p.relative_to(ROOT).as_posix() for p in package.rglob("*.py")}
    for pattern in CARRIED:
        wanted |= {p.relative_to(ROOT).as_posix() for p in package.rglob(pattern)}

    assert wanted - carried == set()


def test_the_wheel_carries_the_mappings(carried: set[str]) -> None:
    """Whoever installs from the wheel finds the shipped mappings, too."""
    wanted = {f"bulkload/mapping/shipped/{p.name}" for p in (ROOT / "mappings").iterdir()}

    assert wanted - carried == set()
