"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.process import RunningServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """The oracle, with its log where the driver looks for it."""
    with RunningServer(tmp_path / "creations.jsonl") as running:
        yield running


@pytest.fixture
def reached(request: pytest.FixtureRequest) -> Callable[[str, float | str], None]:
    """Note a figure for the fault matrix, by its name."""

    def note(name: str, figure: float | str) -> None:
        request.node.user_properties.append((name, figure))

    return note
