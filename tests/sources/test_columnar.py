"""Parquet, NDJSON, and several files as one source."""

import datetime as dt

import polars as pl
import pytest

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source


def load(path, **options):
    with open_source(path, SourceOptions(**options)) as source:
        batches = list(source.batches())
    found = [row for batch in batches for row in batch.rows.iter_rows()]
    return source, found, [bad for batch in batches for bad in batch.malformed]


def test_parquet_values_become_text(tmp_path):
    """Numbers, dates, booleans and nested values are written out; null and empty are null."""
    frame = pl.DataFrame(
        {
            "n": [7, None],
            "d": [dt.date(2026, 1, 2), None],
            "t": [dt.datetime.fromisoformat("2026-01-02T03:04:05"), None],
            "b": [True, False],
            "s": ["", "é"],
            "l": [["a"], None],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    source, found, _ = load(tmp_path / "a.parquet")
    assert source.headers == ("n", "d", "t", "b", "s", "l")
    assert found == [
        (2, "7", "2026-01-02", "2026-01-02T03:04:05", "true", None, '["a"]'),
        (3, None, None, None, "false", "é", None),
    ]


def test_parquet_is_read_in_batches(tmp_path):
    """Rows keep their order and numbers whatever the size of a batch."""
    pl.DataFrame({"n": range(1_000)}).write_parquet(tmp_path / "a.parquet", row_group_size=300)
    _, found, _ = load(tmp_path / "a.parquet", batch_rows=64)
    assert found == [(n + 2, str(n)) for n in range(1_000)]


def test_a_damaged_parquet_file_is_refused(tmp_path):
    """What begins like Parquet and is none gets a sentence."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"x" * 50)
    with pytest.raises(BadInputError, match="no readable Parquet"):
        load(tmp_path / "a.parquet")


def test_ndjson_lines_are_rows(tmp_path):
    """Numbers keep every digit; a line that is no object is one reject."""
    (tmp_path / "a.ndjson").write_text(
        '{"id":12345678901234567890.10,"x":{"a":1}}\n\nnope\n{"id":true,"y":[1,"é"]}\n{"id":1,"id":2}\n{"id":null}'
    )
    source, found, malformed = load(tmp_path / "a.ndjson", block_bytes=5)
    assert source.headers == ("id", "x", "y")
    assert found == [
        (1, "12345678901234567890.10", '{"a": 1}', None),
        (4, "true", None, '[1, "é"]'),
    ]
    assert [(bad.row_number, bad.text) for bad in malformed] == [
        (3, "nope"),
        (5, '{"id":1,"id":2}'),
    ]


def test_several_files_are_one_source(tmp_path):
    """A pattern names all files that match; numbers go on, and each names one row."""
    (tmp_path / "1.csv").write_text("id,name\n1,Ada\nx\n")
    (tmp_path / "2.csv").write_text("name;id\nB;2\n")
    source, found, malformed = load(tmp_path / "*.csv")
    assert found == [(2, "1", "Ada"), (5, "2", "B")]
    assert [bad.row_number for bad in malformed] == [3]
    assert [one["rows_after"] for one in source.description["files"]] == [0, 3]


def test_files_with_other_columns_are_not_joined(tmp_path):
    """The sentence names the file and a column."""
    (tmp_path / "1.csv").write_text("id,name\n1,Ada\n")
    (tmp_path / "2.csv").write_text("id,mail\n1,a@b.de\n")
    with pytest.raises(BadInputError, match=r"`mail`, `name`"):
        load(tmp_path / "*.csv")
