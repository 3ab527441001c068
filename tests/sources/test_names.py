"""A column may be called what rows are counted in, and typed values may be anything."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from bulkload.sources import Source, open_source

SAID = {"row_number": ["7", "8"], "email": ["a@example.com", "b@example.com"]}


def csv(path: Path) -> Path:
    pl.DataFrame(SAID).write_csv(path.with_suffix(".csv"))
    return path.with_suffix(".csv")


def parquet(path: Path) -> Path:
    pl.DataFrame(SAID).write_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def ndjson(path: Path) -> Path:
    pl.DataFrame(SAID).write_ndjson(path.with_suffix(".ndjson"))
    return path.with_suffix(".ndjson")


def xlsx(path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (tuple(SAID), *zip(*SAID.values(), strict=True)):
        book.active.append(row)
    book.save(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def cells(source: Source) -> list[tuple[object, ...]]:
    return [row[1:] for batch in source.batches() for row in batch.rows.rows()]


@pytest.mark.parametrize("write", [csv, parquet, ndjson, xlsx])
def test_a_column_called_row_number_is_read_under_another_name(tmp_path: Path, write) -> None:
    """And the user is told which."""
    with open_source(write(tmp_path / "people")) as source:
        found = cells(source)
        told = [(one.code, one.column) for one in source.findings]

    assert source.headers == ("row_number (2)", "email")
    assert found == list(zip(*SAID.values(), strict=True))
    assert ("header-reserved", "row_number (2)") in told


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        pytest.param(r'{"x": ["\ud800"]}', '["?"]', id="nested"),
        pytest.param(r'{"x": {"\ud800": 1}}', '{"?": 1}', id="nested-name"),
        pytest.param(r'{"x": "\ud800"}', "?", id="text"),
    ],
)
def test_half_a_character_ends_no_run(tmp_path: Path, line: str, cell: str) -> None:
    """JSON can name what no text can hold."""
    path = tmp_path / "half.ndjson"
    path.write_text(line + "\n" + r'{"\ud801": 2}' + "\n")

    with open_source(path) as source:
        assert source.headers == ("x", "?")
        assert cells(source) == [(cell, None), (None, "2")]


def test_names_that_become_the_same_are_told(tmp_path: Path) -> None:
    """One of the two cells would be lost without a word."""
    path = tmp_path / "half.ndjson"
    path.write_text(r'{"?": 1}' + "\n" + r'{"\ud800": 1, "\ud801": 2}' + "\n")

    with open_source(path) as source:
        batches = list(source.batches())

    assert [bad.row_number for batch in batches for bad in batch.malformed] == [2]


def test_every_type_of_parquet_becomes_text(tmp_path: Path) -> None:
    """Also in columns that the mapping ignores."""
    path = tmp_path / "types.parquet"
    pl.DataFrame(
        {
            "lasted": [dt.timedelta(hours=30, seconds=5)],
            "raw": [b"\xff\xfea"],
            "at": [dt.time(3, 4, 5)],
        }
    ).write_parquet(path)

    with open_source(path) as source:
        assert cells(source) == [("P1DT6H5S", "\ufffd\ufffda", "03:04:05")]
