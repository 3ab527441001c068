"""rejects.csv holds the cells as they were, and says why."""

import csv
import dataclasses
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.cells import unguarded
from bulkload.records import Reject, Status
from bulkload.reports import RejectsWriter
from tests.reports.naughty import NAUGHTY, reject

CELLS = (
    st.none()
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(NAUGHTY)
)


@dataclasses.dataclass(frozen=True)
class Malformed:
    """What the reader of sources hands over."""

    row_number: int
    text: str
    cells: tuple[str, ...]
    rejects: tuple[Reject, ...]


def frame(cells: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    """Two columns with naughty headers, rows from 2 on."""
    return pl.DataFrame(
        {
            "row_number": pl.Series(range(2, len(cells) + 2), dtype=pl.UInt32),
            "E-mail": pl.Series([a for a, _ in cells], dtype=pl.String),
            "=Name, full": pl.Series([b for _, b in cells], dtype=pl.String),
        }
    )


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    """The file as a reader without any knowledge of bulkload cuts it."""
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), st.sampled_from(",;\t|"))
def test_cells_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[tuple[str | None, str | None]],
    delimiter: str,
) -> None:
    """Read, with the guard taken off, every cell is what it was in the source."""
    path = tmp_path_factory.mktemp("run") / "rejects.csv"

    with RejectsWriter(path, ["E-mail", "=Name, full"], delimiter=delimiter) as writer:
        writer.write(frame(cells), [reject(n) for n in range(2, len(cells) + 2)])

    header, *rows = read(path, delimiter)
    assert [unguarded(h) for h in header] == [
        "E-mail",
        "=Name, full",
        "bulkload_row",
        "bulkload_problems",
    ]
    assert [[unguarded(c) for c in row[:2]] for row in rows] == [
        [a or "", b or ""] for a, b in cells
    ]
    assert [row[2] for row in rows] == [str(n) for n in range(2, len(cells) + 2)]


def test_only_rows_with_a_reject_are_written_in_order(tmp_path: Path) -> None:
    """Source order holds, and a row with two problems is one line with both."""
    path = tmp_path / "rejects.csv"

    with RejectsWriter(path, ["E-mail", "=Name, full"]) as writer:
        writer.write(
            frame([("a", "b"), ("c", "d"), ("e", "f")]),
            [reject(4, "x1"), reject(2, "x2"), reject(4, "x3"), reject(3, status=Status.SKIPPED)],
        )

    rows = read(path)[1:]
    assert [row[:3] for row in rows] == [["a", "b", "2"], ["e", "f", "4"]]
    assert rows[1][3].startswith("(1) Row 4")
    assert "x1" in rows[1][3]
    assert "(2) Row 4" in rows[1][3]
    assert "x3" in rows[1][3]
    assert writer.rows == 2


def test_malformed_rows_stay_malformed(tmp_path: Path) -> None:
    """A row with too many or too few cells has them still, so that it is refused until it is mended."""
    path = tmp_path / "rejects.csv"

    with RejectsWriter(path, ["E-mail", "=Name, full"]) as writer:
        writer.write(
            frame([("a", "b")]),
            [reject(2)],
            [
                Malformed(3, "1,2,3", ("1", "2", "3"), (reject(3),)),
                Malformed(4, "1", ("1",), (reject(4),)),
                Malformed(5, 'no "cells', (), (reject(5),)),
            ],
        )

    rows = read(path)[1:]
    assert [row[:-1] for row in rows] == [
        ["a", "b", "2"],
        ["1", "2", "3", "3"],
        ["1", "4"],
        ['no "cells', "5"],
    ]


def test_without_a_reject_there_is_no_file(tmp_path: Path) -> None:
    """A clean source leaves no rejects.csv."""
    with RejectsWriter(tmp_path / "rejects.csv", ["E-mail", "=Name, full"]) as writer:
        writer.write(frame([("a", "b")]), [])

    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    """A run that breaks leaves no half-written rejects.csv."""

    def break_off() -> None:
        with RejectsWriter(tmp_path / "rejects.csv", ["E-mail", "=Name, full"]) as writer:
            writer.write(frame([("a", "b")]), [reject(2)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()

    assert list(tmp_path.iterdir()) == []
