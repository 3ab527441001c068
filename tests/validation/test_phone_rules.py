"""The phone rules belong to the phonenumbers that is installed."""

from __future__ import annotations

import re
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from bulkload.validation.fast import phone_rules as rules_module
from bulkload.validation.fast.calling import derive
from bulkload.validation.fast.phone_rules import PhoneRules, phone_rules, rules_for, to_json

SHIPPED = Path(rules_module.__file__).with_name("phone_rules.json")


@pytest.fixture(scope="module")
def derived() -> PhoneRules:
    return derive()


def test_the_rules_in_use_are_those_of_the_installed_version(derived: PhoneRules) -> None:
    """Shipped, cached or derived: what is used equals what the installed metadata gives."""
    assert phone_rules() == derived
    assert derived.version == phonenumbers.__version__


def test_shipped_rules_are_used_for_their_version_alone(
    derived: PhoneRules, tmp_path: Path
) -> None:
    """Rules of another version are derived anew, kept in the cache, and read from there."""
    stale = to_json(derived).replace(f'"{derived.version}"', '"8.0.0"')

    asked: list[str] = []

    def deriving() -> PhoneRules:
        asked.append("derived")
        return derived

    fresh = rules_for(derived.version, shipped=stale, cache=tmp_path, derive=deriving)
    again = rules_for(derived.version, shipped=stale, cache=tmp_path, derive=deriving)

    assert fresh == again == derived
    assert asked == ["derived"]
    assert [path.name for path in tmp_path.iterdir()] == [f"phone-rules-{derived.version}.json"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', '{"format": 2}'])
def test_a_damaged_cache_is_derived_again(damage: str, derived: PhoneRules, tmp_path: Path) -> None:
    """What cannot be read is replaced, never half used."""
    path = tmp_path / f"phone-rules-{derived.version}.json"
    path.write_text(damage)

    found = rules_for(derived.version, shipped="", cache=tmp_path, derive=lambda: derived)

    assert found == derived
    assert path.read_text() == to_json(derived)


def test_a_cache_that_cannot_be_written_does_no_harm(derived: PhoneRules, tmp_path: Path) -> None:
    """Without a cache directory the rules are derived each time."""
    file = tmp_path / "file"
    file.write_text("")

    cache = file / "below"
    found = rules_for(derived.version, shipped="", cache=cache, derive=lambda: derived)

    assert found == derived


def test_most_example_numbers_are_accepted(derived: PhoneRules) -> None:
    """The rules know nearly every region; what they do not know is asked, not refused."""
    valid = re.compile(r"\+(?:" + "|".join(derived.valid.values()) + ")$")
    accepted = [
        region
        for region in phonenumbers.SUPPORTED_REGIONS
        if (number := phonenumbers.example_number_for_type(region, 1))
        and valid.match(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    ]

    assert len(accepted) > 150
    assert {"US", "CA", "GB", "DE", "FR", "ES", "IT", "NL", "JP", "IN", "BR"} <= set(accepted)
