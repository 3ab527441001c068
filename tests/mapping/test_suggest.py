"""Suggestions: right nearly always, and never wrong with confidence."""

from __future__ import annotations

import random

import polars as pl
import pytest

from bulkload.mapping.suggest import suggest
from tests.mapping.header_sets import HeaderSet, cell, header_sets

SETS = header_sets()


def judged(sets: list[HeaderSet]) -> tuple[int, int, list[str], list[str], int]:
    """Return columns with a thing, how many are right, misses, wrong-but-confident, how many sure."""
    columns = right = sure = 0
    misses, wrong = [], []
    for found in sets:
        for suggestion in suggest(found.rows, list(found.expected)):
            expected = found.expected[suggestion.header]
            told = f"{found.language}: {suggestion.header} -> {suggestion.thing} ({suggestion.score}), is {expected}"
            if suggestion.sure and suggestion.thing != expected:
                wrong.append(told)
            if expected is None:
                continue
            columns += 1
            sure += suggestion.sure
            if suggestion.thing == expected:
                right += 1
            else:
                misses.append(told)
    return columns, right, misses, wrong, sure


def test_there_are_forty_sets_in_eight_languages() -> None:
    """The figure is over forty header sets, five in each language."""
    assert len(SETS) == 40
    assert len({found.language for found in SETS}) == 8


def test_nine_of_ten_columns_are_recognised_and_none_wrongly_with_confidence() -> None:
    """Top-1 accuracy of at least 90 %, wrong-but-confident 0."""
    columns, right, misses, wrong, _ = judged(SETS)
    assert wrong == []
    assert right / columns >= 0.9, misses


TRAPS = [
    pytest.param("Email status", "ce", id="status-of-an-email"),
    pytest.param("Phone verified", "-bool", id="verified"),
    pytest.param("Referrer email", "em", id="someone-else-s-email"),
    pytest.param("Empfohlen von", "em", id="emails-under-another-name"),
    pytest.param("Parent first name", "fn", id="parent"),
    pytest.param("Partner birthday", "bd", id="partner"),
    pytest.param("Points expire", "lv", id="dates-under-points"),
    pytest.param("Company phone", "ph", id="company-phone"),
    pytest.param("Bonus", "-int", id="bonus-of-what"),
    pytest.param("Nom du chien", "fn", id="dog"),
    pytest.param("Email", "ce", id="yes-and-no-under-email"),
    pytest.param("Telefon", "em", id="emails-under-phone"),
    pytest.param("Geburtsdatum", "pt", id="numbers-under-birthday"),
    pytest.param("Punkte", "fn", id="names-under-points"),
    pytest.param("Newsletter", "lv", id="dates-under-newsletter"),
    pytest.param("Vorname", "em", id="emails-under-first-name"),
    pytest.param("Land", "nm", id="names-under-country"),
]


@pytest.mark.parametrize(("header", "code"), TRAPS)
def test_a_trap_is_left_to_the_person(header: str, code: str) -> None:
    """A header that only sounds right, or cells that say otherwise, are never sure."""
    chance = random.Random(7)
    frame = pl.DataFrame({header: [cell(code, "de", number, chance) for number in range(60)]})
    [suggestion] = suggest(frame, [header])
    assert not suggestion.sure
