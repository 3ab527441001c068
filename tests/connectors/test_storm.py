"""The same storm over every system: a quarter of all calls goes wrong, and nobody is lost or twice.

`python -m tests.connectors.storm` is the same at any size.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors import storm


@pytest.mark.parametrize("lane", ["loyaltydog-jwt", "voucherify", "leal"])
def test_a_quarter_of_the_calls_fails_and_everybody_is_there_once(
    tmp_path: Path, lane: str
) -> None:
    """0 lost, 0 twice, 0 stuck: every row ends, and its id is the customer's."""
    faults = "500-before=5%,500-after=8%,drop=8%,late=5%"
    found = storm.weathered(lane, rows=40, folder=tmp_path, seed=7, faults=faults)

    assert (found.lost, found.twice, found.stuck, found.wrong_ids) == (0, 0, 0, 0)
    assert found.faults > 3


def test_a_connector_that_promises_too_much_creates_twice(tmp_path: Path) -> None:
    """The control: were a create taken for repeatable, the same storm would double customers."""
    faults = "500-after=15%,drop=15%"

    found = storm.weathered("loyaltydog-boasting", rows=40, folder=tmp_path, seed=7, faults=faults)

    assert found.twice > 0
