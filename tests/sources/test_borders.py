"""Where blocks end makes no difference: not to line ends that change, nor to bytes that are no text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bulkload.sources import SourceOptions, open_source

ROWS = [f"{number},x" for number in range(3_000)]


def read(path: Path, **options: object) -> tuple[list[tuple[object, ...]], list[tuple[int, str]]]:
    """Return the rows with their numbers, and what is malformed."""
    rows, malformed = [], []
    with open_source(path, SourceOptions(**options)) as source:  # type: ignore[arg-type]  # a few of them
        for batch in source.batches():
            rows += batch.rows.rows()
            malformed += [(bad.row_number, bad.reject.code) for bad in batch.malformed]
    return rows, malformed


@pytest.mark.parametrize("block_bytes", [1_000, 4_096, 1 << 20])
@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(["\n", "\r", "\n"], id="lf-cr-lf"),
        pytest.param(["\n", "\r"], id="lf-cr"),
        pytest.param(["\r", "\n"], id="cr-lf"),
        pytest.param(["\r\n", "\r", "\r\n"], id="crlf-cr-crlf"),
        pytest.param(["\r", "\r\n"], id="cr-crlf"),
    ],
)
def test_lines_may_begin_to_end_otherwise(
    tmp_path: Path, ends: list[str], block_bytes: int
) -> None:
    """Lists put together from several programs lose no row, and each keeps its number."""
    path = tmp_path / "mixed.csv"
    each = len(ROWS) // len(ends)
    parts = [ROWS[at * each : (at + 1) * each] for at in range(len(ends))]
    written = "".join(row + end for part, end in zip(parts, ends, strict=True) for row in part)
    path.write_bytes(f"h0,h1{ends[0]}{written}".encode())

    rows, malformed = read(path, block_bytes=block_bytes, max_row_bytes=2_000)

    assert malformed == []
    assert [int(str(cell)) for _, cell, _ in rows] == list(range(each * len(ends)))
    assert all(after - before == 1 for (before, *_), (after, *_) in pairwise(rows))  # type: ignore[operator]


@pytest.mark.parametrize("block_bytes", [8, 9, 10, 11, 12, 1_000])
def test_a_row_that_is_no_text_is_refused_wherever_a_block_ends(
    tmp_path: Path, block_bytes: int
) -> None:
    """Nobody gets a name with a sign in it that says that something was lost."""
    path = tmp_path / "harmed.csv"
    path.write_bytes(b'a,b\n"\xe9x\ny",z\n3,4\n')

    rows, malformed = read(
        path, delimiter=",", quote='"', header_row=1, encoding="utf-8", block_bytes=block_bytes
    )

    assert malformed == [(2, "undecodable")]
    assert [cells for _, *cells in rows] == [["3", "4"]]


@pytest.mark.parametrize("block_bytes", [20, 64, 200, 1_000, 1 << 20])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_row_is_too_long_wherever_a_block_ends(
    tmp_path: Path, block_bytes: int, quoted: bool
) -> None:
    """The limit that the user names holds for rows that have nothing else wrong, too."""
    path = tmp_path / "long.csv"
    name = '"' + "y" * 98 + '"' if quoted else "y" * 100
    path.write_text(f"E,x\na@example.com,short\nb@example.com,{name}\nc@example.com,short\n")

    rows, malformed = read(path, block_bytes=block_bytes, max_row_bytes=60)

    assert malformed == [(3, "row-too-large")]
    assert [number for number, *_ in rows] == [2, 4]
