"""Columns in files give back the few values that are asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.validation.spill import Lines, Numbers, escaped

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ("\n", "\\n", "\\", "a\nb", "é\n", "a@example.com")
)
NUMBERS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=200)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | TEXTS, min_size=1, max_size=200))
def test_every_line_is_found_again(cells: list[str | None]) -> None:
    """Whatever stands in a cell, line ends included, it is told apart from all others."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Lines(Path(folder) / "cells", pl.Series(cells, dtype=pl.String))

        found = [lines.at(place) for place in range(len(cells))]

    assert found == [escaped(cell or "") for cell in cells]


@given(TEXTS, TEXTS)
def test_different_texts_are_different_lines(one: str, other: str) -> None:
    """What is escaped is neither lost nor mixed up, and holds no line end."""
    assert (escaped(one) == escaped(other)) == (one == other)
    assert "\n" not in escaped(one)


@pytest.mark.parametrize("head_bytes", [1 << 16, 0], ids=["as-polars-has-them", "written-plainly"])
@settings(max_examples=40, deadline=None)
@given(NUMBERS, st.lists(st.tuples(st.integers(0, 2**64), st.integers(0, 2**64)), max_size=9))
def test_numbers_between_are_those_of_a_list(
    head_bytes: int, numbers: list[int], ranges: list[tuple[int, int]]
) -> None:
    """Wherever the values stand in the file, the same ones are found."""
    ranges = [*ranges, *((number, number + 1) for number in numbers[:3])]
    expected = [n for least, end in ranges for n in sorted(numbers) if least <= n < end]
    with tempfile.TemporaryDirectory() as folder:
        series = pl.Series(sorted(numbers), dtype=pl.UInt64)
        kept = Numbers(Path(folder) / "numbers", series, head_bytes=head_bytes)

        assert list(kept.between(ranges)) == expected
        assert [kept.at(place) for place in range(len(numbers))] == sorted(numbers)
