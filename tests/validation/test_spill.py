"""Columns in files give back the few values that are asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.validation.spill import Numbers, Texts, between

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ("\n", "\r", '"', ",", "a\nb", "é\n", "a@example.com")
)
NUMBERS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=200)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | TEXTS, min_size=1, max_size=200), st.data())
def test_every_text_is_found_again(cells: list[str | None], data: st.DataObject) -> None:
    """Whatever stands in a cell, line ends and quotes included, it comes back as it was."""
    cut = data.draw(st.integers(0, len(cells)))
    parts = [pl.Series(part, dtype=pl.String) for part in (cells[:cut], cells[cut:])]
    with tempfile.TemporaryDirectory() as folder:
        texts = Texts(Path(folder) / "cells", pl.concat(parts))

        with texts.opened() as at:
            found = [at(place) for place in range(len(cells))]

    assert found == [cell or "" for cell in cells]


@pytest.mark.parametrize("dtype", [pl.UInt32, pl.UInt64])
@pytest.mark.parametrize("head_bytes", [1 << 16, 0], ids=["as-polars-has-them", "written-plainly"])
@settings(max_examples=40, deadline=None)
@given(NUMBERS, st.lists(st.tuples(st.integers(0, 2**64), st.integers(0, 2**64)), max_size=9))
def test_numbers_between_are_those_of_a_list(
    head_bytes: int,
    dtype: pl.DataType,
    numbers: list[int],
    ranges: list[tuple[int, int]],
) -> None:
    """Wherever the values stand in the file, the same ones are found."""
    if dtype == pl.UInt32:
        numbers = [number >> 32 for number in numbers]
    ranges = [*ranges, *((number, number + 1) for number in numbers[:3])]
    expected = [n for least, end in ranges for n in sorted(numbers) if least <= n < end]
    with tempfile.TemporaryDirectory() as folder:
        series = pl.Series(sorted(numbers), dtype=dtype)
        kept = Numbers(Path(folder) / "numbers", series, head_bytes=head_bytes)

        with kept.opened() as opened:
            assert list(between(opened, ranges)) == expected
            assert opened.tolist() == sorted(numbers)
