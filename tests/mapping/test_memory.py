"""A changed file is noticed before it is sent."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.errors import SafetyStopError
from bulkload.mapping.memory import Memory, changes, fingerprint

HEADERS = ["Name", "E-Mail", "Telefon", "Punkte"]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param(["Punkte", "Name", "e-mail ", "Telefon"], [], id="moved-and-respelled"),
        pytest.param(["Name", "E-Mail-Adresse", "Telefon", "Punkte"], ["the column `E-Mail` is gone; its successor seems to be `E-Mail-Adresse`"], id="renamed"),
        pytest.param(["Name", "E-Mail", "Telefon"], ["the column `Punkte` is gone"], id="vanished"),
        pytest.param([*HEADERS, "Newsletter"], ["the column `Newsletter` is new"], id="new"),
        pytest.param(["Name", "E-Mail", "Zodiac", "Punkte"], ["the column `Telefon` is gone", "the column `Zodiac` is new"], id="replaced-by-something-else"),
        pytest.param(["Name", "Mail", "Telefonnr.", "Punkte"], ["the column `E-Mail` is gone; its successor seems to be `Mail`", "the column `Telefon` is gone; its successor seems to be `Telefonnr.`"], id="two-renamed"),
    ],
)  # fmt: skip
def test_changes_are_told_with_the_likely_successor(now: list[str], told: list[str]) -> None:
    """Renamed, vanished and new columns each get a sentence; moving is no change."""
    assert changes(HEADERS, now).sentences() == told


def test_a_changed_file_stops_until_it_is_confirmed(tmp_path: Path) -> None:
    """The first run is remembered, the same headers pass, others stop the run, a new memory lets them."""
    memory = Memory.in_folder(tmp_path / "state")
    memory.check("m.yaml", HEADERS, source="a.csv")
    memory.remember("m.yaml", HEADERS)
    memory.check("m.yaml", list(reversed(HEADERS)), source="a.csv")
    memory.check("other.yaml", ["X"], source="a.csv")

    with pytest.raises(SafetyStopError, match="Newsletter") as caught:
        memory.check("m.yaml", [*HEADERS, "Newsletter"], source="b.csv")

    assert "--accept-columns" in caught.value.fix
    memory.remember("m.yaml", [*HEADERS, "Newsletter"])
    memory.check("m.yaml", [*HEADERS, "Newsletter"], source="b.csv")
    assert stat.S_IMODE(memory.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"headers": 3}', '{"headers": {"m.yaml": 3}}', "[" * 100_000]
)
def test_a_damaged_memory_is_as_good_as_none(text: str, tmp_path: Path) -> None:
    """No content of the file makes a run fail."""
    memory = Memory(tmp_path / "headers.json")
    memory.path.write_text(text)
    memory.check("m.yaml", HEADERS, source="a.csv")
    memory.remember("m.yaml", HEADERS)
    with pytest.raises(SafetyStopError):
        memory.check("m.yaml", ["X"], source="a.csv")


@given(st.lists(st.text(max_size=8), unique=True, max_size=6), st.randoms())
def test_the_fingerprint_knows_headers_and_not_their_order(
    headers: list[str], chance: object
) -> None:
    """Shuffling keeps the fingerprint; another header changes it."""
    shuffled = list(headers)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fingerprint(shuffled) == fingerprint(headers)
    assert fingerprint([*headers, "a header of nine"]) != fingerprint(headers)
