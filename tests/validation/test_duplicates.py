"""Duplicates inside a source, found exactly and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.errors import BulkloadError
from bulkload.validation.duplicates import Seen

KEYS = ("key:email", "key:phone")
ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from("abcdefgh"),
        st.none() | st.sampled_from("abcdefgh"),
    ),
    max_size=40,
)


def frames(rows: Sequence[tuple[str | None, str | None]], size: int) -> Iterable[pl.DataFrame]:
    columns = ["row_number", *KEYS]
    schema = dict(zip(columns, (pl.UInt32, pl.String, pl.String), strict=True))
    numbered = [(number, *row) for number, row in enumerate(rows, start=2)]
    for start in range(0, len(numbered), size):
        yield pl.DataFrame(numbered[start : start + size], schema=schema, orient="row")


def plainly(rows: Sequence[tuple[str | None, str | None]]) -> list[tuple[int, str, int]]:
    first: dict[tuple[str, str], int] = {}
    found = []
    for number, row in enumerate(rows, start=2):
        own = [(key, value) for key, value in zip(KEYS, row, strict=True) if value is not None]
        repeated = [(number, k[0], first[k]) for k in own if k in first]
        found += repeated
        if not repeated:
            first.update(dict.fromkeys(own, number))
    return found


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(1, 12), st.integers(1, 8), st.sampled_from([4, 64, 4096]))
def test_repeats_are_those_of_a_plain_dictionary(
    rows: Sequence[tuple[str | None, str | None]], size: int, keys_per_run: int, filter_words: int
) -> None:
    """However rows are batched, keys spilled and filters filled: no repeat too many, none missed."""
    seen = Seen(KEYS, keys_per_run=keys_per_run, filter_words=filter_words)

    found = [repeat for frame in frames(rows, size) for repeat in seen.repeats(frame)]

    assert found == plainly(rows)


def test_rows_without_a_key_take_no_place() -> None:
    """However many rows name nobody, what is held of them is written out as keys are."""
    seen = Seen(KEYS, keys_per_run=100)
    rows: list[tuple[str | None, str | None]] = [(None, None)] * 99 + [("a", None)]

    found = [repeat for frame in frames(rows * 3, 20) for repeat in seen.repeats(frame)]

    assert found == [(201, KEYS[0], 101), (301, KEYS[0], 101)]
    assert sum(named.height for named, _ in seen._runs._recent) <= 100


def test_few_long_keys_are_written_out() -> None:
    """What is held of keys is bounded by their size as well as by their number."""
    seen = Seen(KEYS, bytes_per_run=1 << 20)
    rows: list[tuple[str | None, str | None]] = [
        (f"{number % 40}-" + "x" * 100_000, None) for number in range(60)
    ]

    found = [repeat for frame in frames(rows, 2) for repeat in seen.repeats(frame)]

    assert found == [(number + 42, KEYS[0], number + 2) for number in range(20)]
    assert sum(named.estimated_size() for named, _ in seen._runs._recent) <= 1 << 20
    assert seen._runs._runs


def test_equal_hashes_are_not_equal_customers() -> None:
    """Keys are compared as text: with filters that hold nothing apart, strangers stay strangers."""
    rows: list[tuple[str | None, str | None]] = [
        (f"customer{number}@example.com", f"+49{number}") for number in range(3000)
    ]
    rows += [("customer7@example.com", None), (None, "+4912")]
    seen = Seen(KEYS, keys_per_run=500, filter_words=4)

    found = [repeat for frame in frames(rows, 700) for repeat in seen.repeats(frame)]

    assert found == [(3002, "key:email", 9), (3003, "key:phone", 14)]


@pytest.mark.parametrize("repeats", [3, 400], ids=["few", "many"])
def test_repeats_are_found_in_files_of_keys(repeats: int) -> None:
    """Keys that were written out are found again, be they few or many."""
    rows = [(f"a{number}", None) for number in range(2000)]
    rows += [(f"a{number * 5}", None) for number in range(repeats)]
    seen = Seen(KEYS, keys_per_run=800)

    found = [repeat for frame in frames(rows, 1000) for repeat in seen.repeats(frame)]

    assert found == [(2002 + number, "key:email", 2 + number * 5) for number in range(repeats)]


def test_the_temporary_folder_goes_with_the_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written keys do not outlive the run."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = Seen(KEYS, keys_per_run=10)
    for frame in frames([(f"a{number}", None) for number in range(50)], 20):
        seen.repeats(frame)
    assert list(tmp_path.iterdir())

    del seen

    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_named_with_the_folder():
    """Keys that find no room end the run in a sentence that says where to make some."""
    resource = pytest.importorskip("resource")
    payloads = pl.DataFrame({"row_number": [2, 3], "key:email": ["a@b.de", "b@b.de"]})
    payloads = payloads.cast({"row_number": pl.UInt32})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
    try:
        with pytest.raises(BulkloadError, match="temporary folder") as caught:
            Seen(["key:email"], keys_per_run=2).repeats(payloads)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert "TMPDIR" in caught.value.fix
