"""The corpus of polluted files: one good table, one polluted row in each file.

The kinds of pollution are those of the Pollock benchmark for single rows (a delimiter too few, a
delimiter too many, a stray quote, at every row and every column), and more that people really have.
The table has what makes reading hard: quoted delimiters, doubled quotes and line breaks in cells.

The full corpus is walked by `python -m tests.sources.pollution`; the tests take every 7th file.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bulkload.sources import SourceOptions, open_source

ROWS, WIDTH = 84, 9
HEADERS = ("DATE", "TIME", "QTY", "ID", "PRICE", "NAME", "DESCRIPTION", "EMAIL", "COMMENT")


def table() -> list[list[str]]:
    """Return the good rows."""
    comments = ("", "fine", "came, saw, bought", 'says "hello"', "first line\nsecond line", "ok")
    return [
        [
            f"{1 + n % 28:02d}.{1 + n % 12:02d}.2026",
            f"{n % 24:02d}:{n % 60:02d}",
            str(n % 7),
            f"A-{n:05d}",
            f"{n}.{n % 100:02d}",
            ("Ada", "José", "Łukasz", "Zoë")[n % 4],
            ("Smith, John", "plain", "", "a;b|c")[n % 4],
            f"user{n}@example.com",
            comments[n % len(comments)],
        ]
        for n in range(ROWS)
    ]


@dataclass(frozen=True)
class Polluted:
    """One file of the corpus."""

    kind: str
    row: int
    column: int
    content: bytes


def _cells(row: list[str]) -> list[str]:
    text = io.StringIO()
    cells = []
    for cell in row:
        text.seek(0)
        text.truncate()
        csv.writer(text, lineterminator="\n").writerow([cell, "x"])
        cells.append(text.getvalue().removesuffix(",x\n"))
    return cells


def _less(cells: list[str], at: int) -> str:
    pair = min(at, WIDTH - 2)
    bare = [cell.strip('"').replace('""', "") for cell in cells[pair : pair + 2]]
    joined = "".join(part.replace(",", "").replace("\n", " ") for part in bare)
    return ",".join([*cells[:pair], joined, *cells[pair + 2 :]])


def _more(cells: list[str], at: int) -> str:
    return ",".join([*cells[: at + 1], "", *cells[at + 1 :]])


def _quote_in(cells: list[str], at: int) -> str:
    cell = cells[at] or "x"
    return ",".join(
        [*cells[:at], cell[: len(cell) // 2] + '"' + cell[len(cell) // 2 :], *cells[at + 1 :]]
    )


def _quote_before(cells: list[str], at: int) -> str:
    return ",".join([*cells[:at], '"' + (cells[at] or "x"), *cells[at + 1 :]])


def _quote_after(cells: list[str], at: int) -> str:
    return ",".join([*cells[:at], (cells[at] or "x") + '"', *cells[at + 1 :]])


def _nul(cells: list[str], at: int) -> str:
    return ",".join([*cells[:at], "a\0b", *cells[at + 1 :]])


def _foreign_bytes(cells: list[str], at: int) -> str:
    return ",".join([*cells[:at], "Jos\udce9", *cells[at + 1 :]])


def _wrong_delimiter(cells: list[str], _at: int) -> str:
    return ";".join(cell.strip('"').replace(",", "").replace('"', "") for cell in cells).replace(
        "\n", " "
    )


KINDS: dict[str, Callable[[list[str], int], str]] = {
    "delimiter-missing": _less,
    "delimiter-extra": _more,
    "quote-inside": _quote_in,
    "quote-before": _quote_before,
    "quote-after": _quote_after,
    "nul": _nul,
    "foreign-bytes": _foreign_bytes,
}


def _still_good(polluted: str, cells: list[str]) -> bool:
    """Return whether the pollution happens to make a row that RFC 4180 allows."""
    rows = list(csv.reader(io.StringIO(polluted, newline=""), strict=True))
    return len(rows) == 1 and len(rows[0]) == len(cells)


def corpus(kinds: tuple[str, ...] = tuple(KINDS)) -> Iterator[Polluted]:
    """Yield every file: each kind, each row, each column."""
    good = [_cells(row) for row in table()]
    lines = [",".join(cells) for cells in good]
    for kind in kinds:
        for row in range(ROWS):
            for column in range(WIDTH):
                line = KINDS[kind](good[row], column)
                text = "\n".join([",".join(HEADERS), *lines[:row], line, *lines[row + 1 :], ""])
                yield Polluted(kind, row, column, text.encode("utf-8", "surrogateescape"))


@dataclass
class Verdict:
    """What reading one file came to."""

    refused: bool = False
    lost: int = 0
    wrong: int = 0
    rejects: int = 0

    @property
    def perfect(self) -> bool:
        """Nothing refused, lost or wrong, and one reject."""
        return (self.refused, self.lost, self.wrong, self.rejects) == (False, 0, 0, 1)


def read(polluted: Polluted, folder: Path) -> Verdict:
    """Read one file and compare every row."""
    path = folder / "polluted.csv"
    path.write_bytes(polluted.content)
    expected = Counter(
        tuple(cell or None for cell in row)
        for number, row in enumerate(table())
        if number != polluted.row
    )
    try:
        with open_source(path, SourceOptions(forensics=False)) as source:
            batches = list(source.batches())
    except Exception:  # noqa: BLE001 - any refusal counts, whatever its kind
        return Verdict(refused=True)
    got = Counter(tuple(row[1:]) for batch in batches for row in batch.rows.iter_rows())
    rejects = sum(len(batch.malformed) for batch in batches)
    return Verdict(lost=(expected - got).total(), wrong=(got - expected).total(), rejects=rejects)


def main() -> int:
    """Walk the corpus and print what came out, kind by kind."""
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            verdicts = [(file, read(file, Path(folder))) for file in corpus((kind,))]
            bad = [(file, verdict) for file, verdict in verdicts if not verdict.perfect]
            failures += len(bad)
            print(  # noqa: T201
                f"{kind:20} files {len(verdicts):5}  refused {sum(v.refused for _, v in verdicts)}"
                f"  good rows lost {sum(v.lost for _, v in verdicts)}"
                f"  wrong rows {sum(v.wrong for _, v in verdicts)}"
                f"  not exactly one reject {sum(v.rejects != 1 for _, v in verdicts)}"
            )
            for file, verdict in bad[:3]:
                print(f"    row {file.row} column {file.column}: {verdict}")  # noqa: T201
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
