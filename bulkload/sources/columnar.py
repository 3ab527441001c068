"""Parquet and NDJSON as sources: typed values become the text that they are written as.

Both are read in batches. Lists and objects become JSON text; a broken line is one malformed row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from bulkload.errors import BadInputError
from bulkload.records import Finding, Reject
from bulkload.sources.headers import free_names
from bulkload.sources.scanner import LONGEST_TEXT
from bulkload.sources.source import ROW_NUMBER, Batch, Malformed, SourceOptions
from bulkload.sources.stream import Content, FileBytes


@dataclass(slots=True)
class ParquetTable:
    """Rows of a Parquet file; the header counts as row 1 although the file has none."""

    path: str
    headers: tuple[str, ...]
    batch_rows: int
    controls: bool = True
    wide: bool = True

    @property
    def positions(self) -> dict[str, int]:
        """Headers stand in order."""
        return {}

    def findings(self) -> list[Finding]:
        """Return which name could not be kept; names and types are told by the format."""
        return free_names(tuple(pl.scan_parquet(self.path, glob=False).collect_schema()))[1]

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in file order."""
        frame = pl.scan_parquet(self.path, glob=False)
        schema = frame.collect_schema()
        texts = frame.select(_as_text(name, kind) for name, kind in schema.items())
        row_number = 2
        for rows in texts.collect_batches(chunk_size=self.batch_rows, maintain_order=True):
            rows.columns = list(self.headers)
            numbered = rows.with_row_index(ROW_NUMBER, row_number).cast({ROW_NUMBER: pl.UInt32})
            row_number += rows.height
            yield Batch(numbered)


def open_parquet(content: FileBytes, path: str, options: SourceOptions) -> ParquetTable:
    """Look at a Parquet file's schema.

    Raises:
        BadInputError: It is damaged, or has no rows.
    """
    try:
        frame = pl.scan_parquet(path, glob=False)
        names = tuple(frame.collect_schema())
        rows = frame.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInputError(
            f"`{content.shown}` is damaged: it is no readable Parquet file",
            where=str(error).splitlines()[0][:200],
            fix="write or copy the file again",
        ) from None
    if not rows:
        raise BadInputError(f"`{content.shown}` has no rows", fix="export it again, with rows")
    return ParquetTable(path, free_names(names)[0], options.batch_rows)


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.List | pl.Array | pl.Struct | pl.Object):
        # Nested values are rare; JSON is what the mapping reads lists and objects from.
        return column.map_elements(_json, return_dtype=pl.String)
    if isinstance(kind, pl.Binary):
        return column.map_elements(_decoded, return_dtype=pl.String)
    if isinstance(kind, pl.Duration):
        return column.dt.to_string("iso")
    if isinstance(kind, pl.Boolean):
        return pl.when(column).then(pl.lit("true")).when(~column).then(pl.lit("false")).alias(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.to_string("iso:strict").str.replace(r"\.0+(\D|$)", "${1}")
    text = column.cast(pl.String)
    return pl.when(text != "").then(text).alias(name)


def _decoded(value: bytes) -> str | None:
    return value.decode("utf-8", "replace") or None


def _json(value: Any) -> str:
    if isinstance(value, pl.Series):
        value = value.to_list()
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(slots=True)
class LinesTable:
    """One JSON object a line; the line's number is the row number."""

    content: Content
    options: SourceOptions
    names: tuple[str, ...] = ()
    """As the objects call their cells."""
    controls: bool = True
    wide: bool = True
    found: list[Finding] = field(default_factory=list)

    @property
    def positions(self) -> dict[str, int]:
        """Headers stand in order of their first appearance."""
        return {}

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of the columns."""
        return free_names(self.names)[0]

    def findings(self) -> list[Finding]:
        """Return which name could not be kept."""
        return free_names(self.names)[1]

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in file order."""
        rows: list[list[Any]] = []
        malformed: list[Malformed] = []
        known = set(self.names)
        for number, line in _lines(self.content, self.options):
            cells = _cells(line)
            if cells is None or cells.keys() - known:
                text = line[:LONGEST_TEXT].decode("utf-8", "replace").rstrip("\r\n")
                reject = Reject(number, "line-not-an-object", cell=text)
                malformed.append(Malformed(number, text, (), reject))
            else:
                rows.append([number, *(cells.get(name) for name in self.names)])
            if len(rows) + len(malformed) >= self.options.batch_rows:
                yield self._batch(rows, malformed)
                rows, malformed = [], []
        if rows or malformed:
            yield self._batch(rows, malformed)

    def _batch(self, rows: list[list[Any]], malformed: list[Malformed]) -> Batch:
        schema = {ROW_NUMBER: pl.UInt32, **dict.fromkeys(self.headers, pl.String)}
        return Batch(pl.DataFrame(rows, schema=schema, orient="row"), tuple(malformed))


def open_lines(content: Content, options: SourceOptions) -> LinesTable:
    """Find all names that the objects of an NDJSON file use, which takes one pass.

    Raises:
        BadInputError: No line holds an object.
    """
    names: dict[str, None] = {}
    for _, line in _lines(content, options):
        names.update(dict.fromkeys(_cells(line) or {}))
        if len(names) > options.max_columns:
            raise BadInputError(
                f"`{content.shown}` has more than {options.max_columns:,} different names",
                fix="write the same names in every line, or raise --max-columns",
            )
    if not names:
        raise BadInputError(
            f"`{content.shown}` has no line with a JSON object",
            fix='write one object a line: {"email": "ada@example.com"}',
        )
    return LinesTable(content, options, tuple(names))


def _lines(content: Content, options: SourceOptions) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers; too long ones are cut."""
    number, rest, dropped = 0, b"", False
    with content.content() as opened:
        while True:
            block = opened.read(options.block_bytes)
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            for line in lines:
                number += 1
                if line.strip():
                    yield number, b"" if dropped else line
                dropped = False
            if len(rest) > options.max_row_bytes:
                rest, dropped = rest[:100], True
            if not block:
                break
    if rest.strip():
        yield number + 1, rest


def _cells(line: bytes) -> Mapping[str, str | None] | None:
    """Return the cells of one object; None if the line is none, or names a cell twice."""
    try:
        found = json.loads(line, parse_float=_Float, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    cells = {_unicode(name): _text(value) for name, value in found.items()}
    # Two names that no text can hold may become the same one.
    return cells if len(cells) == len(found) else None


class _Float(float):
    """A number that remembers how it was written."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Float):
        return value.text
    if isinstance(value, str):
        return _unicode(value)
    return _unicode(json.dumps(value, ensure_ascii=False))


def _unicode(text: str) -> str:
    """Return text without the halves of characters that JSON can name."""
    return text.encode("utf-8", "replace").decode()
