"""The switches themselves: named, readable from text, and each of them used by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkload.sandbox import SandboxOptions
from bulkload.sandbox.options import switches, with_switches


@pytest.mark.parametrize("name", switches())
def test_every_switch_is_tested(name: str) -> None:
    """A test of its system sets each switch; a guess that nobody turns is no switch."""
    system, _, field = name.partition(".")
    tests = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob(f"test_{system}*.py"))

    assert f'"{field}"' in tests or f"{field}=" in tests


@pytest.mark.parametrize("name", switches())
def test_every_switch_is_set_from_text(name: str) -> None:
    """Each choice, or a number, can be given as SYSTEM.NAME=VALUE."""
    system, _, field = name.partition(".")
    default, choices, label = switches()[name]

    for text in choices or ("7",):
        changed = getattr(with_switches(SandboxOptions(), [f"{name}={text}"]), system)
        assert getattr(changed, field) == (text if choices else type(default)(7))
    assert label


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param("duplicates=409", id="no-system"),
        pytest.param("loyaltydog.duplicates", id="no-value"),
        pytest.param("loyaltydog.duplicates=", id="empty-value"),
        pytest.param("loyaltydog.read_delay_s=nan", id="not-a-number"),
        pytest.param("loyaltydog.read_delay_s=inf", id="endless"),
        pytest.param("loyaltydog.read_delay_s=-1", id="negative"),
        pytest.param("leal.items_max=1.5", id="half-a-customer"),
    ],
)
def test_impossible_settings_are_refused(setting: str) -> None:
    """What is no switch, or no value of it, is an error that says so."""
    with pytest.raises(ValueError, match=r"must be|is no switch"):
        with_switches(SandboxOptions(), [setting])
