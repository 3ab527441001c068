"""Which reader a path gets, and what is said when it cannot be read at all."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import fastexcel
import polars as pl

from bulkload.cells import ROW_COLUMN, unguarded
from bulkload.errors import BadInputError
from bulkload.records import Finding, Reject
from bulkload.sources.source import (
    OWN_PREFIX,
    ROW_NUMBER,
    Batch,
    Malformed,
    Source,
    SourceOptions,
)

DEFAULT_OPTIONS = SourceOptions()


@dataclass(kw_only=True)
class _SmallSource(Source):
    digest: str
    rows: list[tuple[int, list[str]]]
    found: list[Finding] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        return self.digest

    @property
    def findings(self) -> list[Finding]:
        return list(self.found)

    def batches(self) -> Iterator[Batch]:
        width = len(self.headers) + len(self.own_columns)
        own = bool(self.own_columns)
        good, bad = [], []
        for number, cells in self.rows:
            if not any(cells):
                continue
            if len(cells) != width:
                code = "row-too-short" if len(cells) < width else "row-too-long"
                details = {"expected": str(width), "found": str(len(cells))}
                text = ",".join(cells)
                reject = Reject(number, code, cell=text, details=details)
                bad.append(Malformed(number, text, tuple(cells), reject))
                continue
            kept = cells[: len(self.headers)]
            good.append([number, *(unguarded(c) or None if own else c or None for c in kept)])
        schema = {ROW_NUMBER: pl.UInt32, **dict.fromkeys(self.headers, pl.String)}
        yield Batch(pl.DataFrame(good, schema=schema, orient="row"), tuple(bad))


def open_source(path: str | Path, options: SourceOptions = DEFAULT_OPTIONS) -> Source:
    """Open a file for reading.

    Raises:
        BadInputError: There is no such file, or it is not a spreadsheet with rows.
    """
    place = Path(path)
    if place.is_dir():
        raise BadInputError(f"`{path}` is a folder, not a file", fix="name one spreadsheet in it")
    if not place.is_file():
        raise BadInputError(f"there is no file `{path}`", fix="check the name and the folder")
    content = place.read_bytes()
    if not content.strip():
        raise BadInputError(f"`{path}` is empty", fix="export it again; the file has no rows")
    sheet: str | None = None
    if content.startswith(b"PK"):
        kind, (table, sheet) = "xlsx", _sheet(content, options)
    elif place.suffix.lower() in {".xlsx", ".xls", ".ods", ".pdf", ".docx", ".json", ".png"}:
        raise BadInputError(f"`{path}` is not a spreadsheet that its name promises")
    else:
        kind, table = "csv", _text(content, options)
    if not table:
        raise BadInputError(f"`{path}` is empty", fix="export it again; the file has no rows")
    headers = tuple(table[0][1])
    if len(table) < 2:
        raise BadInputError(f"`{path}` has headers but no rows", fix="export it again with rows")
    own: Sequence[str] = [h for h in headers if h.startswith(OWN_PREFIX)]
    own = own if ROW_COLUMN in own else []
    return _SmallSource(
        name=place.name,
        path=str(path),
        format=kind,
        size_bytes=len(content),
        headers=tuple(h for h in headers if h not in own),
        own_columns=tuple(own),
        sheet=sheet,
        digest=hashlib.sha256(content).hexdigest(),
        rows=table[1:],
    )


def _text(content: bytes, options: SourceOptions) -> list[tuple[int, list[str]]]:
    try:
        text = content.decode(options.encoding or "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = options.delimiter or Counter(c for c in first if c in ",;\t|").most_common(1)
    if not isinstance(delimiter, str):
        delimiter = delimiter[0][0] if delimiter else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table, start = [], 1
    for cells in reader:
        if cells:
            table.append((start, cells))
        start = reader.line_num + 1
    return table


def _sheet(content: bytes, options: SourceOptions) -> tuple[list[tuple[int, list[str]]], str]:
    book = fastexcel.read_excel(content)
    name = options.sheet or book.sheet_names[0]
    frame = book.load_sheet(name, header_row=None, dtypes="string").to_polars()
    rows = [(n, [c or "" for c in row]) for n, row in enumerate(frame.iter_rows(), start=1)]
    return rows, name
