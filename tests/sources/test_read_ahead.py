"""A source that is read before anybody asks gives the same rows, digest and errors as one that is not."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
from pathlib import Path

import polars as pl
import pytest

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source

TEXT = "Name,Age\n" + "".join(f"Ada {n},{n}\n" for n in range(4_000))
SMALL_BLOCKS = SourceOptions(block_bytes=4_096)


def rows_of(source) -> list[tuple[object, ...]]:
    return [row for batch in source.batches() for row in batch.rows.rows()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file of many blocks."""
    path = tmp_path / "people.csv"
    path.write_text(TEXT)
    return path


def test_rows_findings_and_digest_are_the_same(path):
    """The first reading goes on from what was read ahead, the second begins anew."""
    with open_source(path, SMALL_BLOCKS) as plain:
        expected, digest = rows_of(plain), plain.sha256
    with open_source(path, SMALL_BLOCKS) as source:
        source.read_ahead()
        first, second = rows_of(source), rows_of(source)

    assert len(expected) == 4_000
    assert first == second == expected
    assert source.findings == plain.findings
    assert source.sha256 == digest == hashlib.sha256(TEXT.encode()).hexdigest()


def test_standard_input_is_hashed_while_it_is_copied():
    """Its copy has one place from which it is read, which the digest does not move."""
    source = open_source("-", SMALL_BLOCKS, standard_input=io.BytesIO(TEXT.encode()))
    with source:
        source.read_ahead()
        digest = source.sha256
        found = rows_of(source)

    assert digest == hashlib.sha256(TEXT.encode()).hexdigest()
    assert len(found) == 4_000


def test_reading_and_hashing_begin_before_anybody_asks(path):
    """Each in a thread of its own, while the program is still loading the rest of itself."""
    with open_source(path, SMALL_BLOCKS) as source:
        source.read_ahead()
        begun = {thread.name for thread in threading.enumerate()}

    assert {"bulkload-read", "bulkload-hash"} <= begun


def test_several_files_begin_with_the_first(tmp_path):
    """A pattern of files is read in order all the same."""
    for n in (1, 2):
        (tmp_path / f"{n}.csv").write_text(f"Name\nAda {n}\nBob {n}\n")
    with open_source(tmp_path / "*.csv") as source:
        source.read_ahead()

        assert [name for _, name in rows_of(source)] == ["Ada 1", "Bob 1", "Ada 2", "Bob 2"]


def test_who_never_asks_leaves_no_thread_behind(path):
    """A run that ends before its rows are wanted, because of its mapping, ends at once."""
    before = set(threading.enumerate())
    with open_source(path, SMALL_BLOCKS) as source:
        source.read_ahead()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)

    assert set(threading.enumerate()) <= before
    assert source.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


def test_an_error_while_reading_ahead_is_raised_where_rows_are_asked_for(tmp_path):
    """Nobody is there to hear it earlier."""
    path = tmp_path / "people.csv.gz"
    packed = gzip.compress(("é" + TEXT * 400).encode(), compresslevel=1)
    path.write_bytes(packed[:-1_000])
    with open_source(path) as source:
        source.read_ahead()

        with pytest.raises(BadInputError, match="damaged or cut off"):
            rows_of(source)


def test_a_closed_source_leaves_no_thread_while_its_exception_is_kept(path):
    """Who keeps an exception keeps the iteration it came from; the thread goes all the same."""
    before = set(threading.enumerate())
    kept = None
    with open_source(path, SMALL_BLOCKS) as source:
        try:
            for batch in source.batches():
                batch.rows["no such column"]
        except pl.exceptions.ColumnNotFoundError as error:
            kept = error

    assert kept is not None
    assert set(threading.enumerate()) <= before


def test_a_source_that_was_closed_under_way_says_so(path):
    """The rows that are missing are not taken for the end of the file."""
    source = open_source(path, SMALL_BLOCKS)
    batches = source.batches()
    next(batches)
    source.close()

    with pytest.raises(ValueError, match="closed"):
        list(batches)
