"""How a text file is cut into cells: delimiter, quote, line end, preamble, header row, width.

Everything is found from the beginning of the file, shown, and overruled by `SourceOptions`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bulkload.errors import BadInputError
from bulkload.records import Finding
from bulkload.sources.headers import cell_name, column_letters, column_names, find_header
from bulkload.sources.scanner import LINE_END, Grammar, Scanner
from bulkload.sources.source import SourceOptions

DELIMITERS = (b",", b";", b"\t", b"|")
SAMPLE_RECORDS = 1_000
_SEP = re.compile(rb"sep=(.)[ \t]*(?:\r\n|\r|\n|\Z)", re.IGNORECASE)
_STRAYS = 3
"""Lines with quotes inside of cells, and none around a cell, before quotes are just text."""
_VOTERS = 2
_CONSISTENT = 0.9
"""Share of rows that must agree before they outvote the header row."""


@dataclass(frozen=True, slots=True)
class _Row:
    start: int
    end: int
    row_number: int
    cells: tuple[str, ...]
    malformed: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table is in a text file."""

    encoding: str
    delimiter: bytes
    quote: bytes
    line_end: bytes
    headers: tuple[str, ...]
    width: int
    """Cells of a good record; may differ from the number of headers."""
    header_row: int
    """Physical line of the headers; 0 if there are none."""
    data_row: int
    """Physical line of the first record."""
    data_start: int
    """UTF-8 bytes above the first record."""
    preamble: tuple[str, ...] = ()
    """Lines above the header row."""
    findings: tuple[Finding, ...] = field(default=())

    @property
    def empty_beyond(self) -> int:
        """Cells after the last header that every good row leaves empty."""
        return max(0, self.width - len(self.headers))

    def description(self) -> dict[str, object]:
        """Return the dialect for people and for the report."""
        ends = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "CR"}
        return {
            "encoding": self.encoding,
            "delimiter": self.delimiter.decode(),
            "quote": self.quote.decode(),
            "line_end": ends[self.line_end],
            "header_row": self.header_row,
            "preamble_lines": list(self.preamble),
        }


def find_layout(
    sample: bytes, encoding: str, options: SourceOptions, *, shown: str, whole: bool
) -> Layout:
    """Find the table in the beginning of a file.

    Args:
        sample: UTF-8 without byte order mark.
        encoding: What the file itself is written in.
        options: What the user knows better.
        shown: The file's name for error messages.
        whole: The sample is the whole file.

    Raises:
        BadInputError: There is no table, no row, or more columns than allowed.
    """
    line_end = _line_end(sample)
    if not whole:
        sample = sample[: sample.rfind(line_end[-1:]) + 1] or sample
    start, row_number, named = _skipped(sample, options)
    quote = _mark(options.quote, "quote", shown) if options.quote is not None else None
    delimiter = _mark(options.delimiter, "delimiter", shown) if options.delimiter else named
    if quote is None:
        quote = _find_quote(sample[start:], delimiter or b"")
    if delimiter is None:
        delimiter = _find_delimiter(sample[start:], quote)
    rows = list(_rows(sample, start, row_number, Grammar(delimiter, quote, 1)))
    if not rows:
        raise BadInputError(
            f"`{shown}` is empty", fix="export it again; there is no row with anything in it"
        )
    at, headers, width, findings = _head(rows, options, shown)
    if len(headers) > options.max_columns:
        raise BadInputError(
            f"`{shown}` has {len(headers):,} columns; at most {options.max_columns:,} are read",
            fix="check the delimiter with `bulkload inspect`, or raise --max-columns",
        )
    data = rows[at:]
    if not data:
        if whole:
            raise BadInputError(
                f"`{shown}` has headers but no rows", fix="export it again, with rows"
            )
        data_start, data_row = rows[-1].end, rows[-1].row_number + 1
    else:
        data_start, data_row = data[0].start, data[0].row_number
    header = rows[at - 1] if at else None
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        line_end=line_end,
        headers=headers,
        width=width,
        header_row=header.row_number if header else 0,
        data_row=data_row,
        data_start=data_start,
        preamble=tuple(_preamble(sample[: header.start] if header else b"")),
        findings=tuple(findings),
    )


def _preamble(text: bytes) -> list[str]:
    lines = [line.decode("utf-8", "replace").strip() for line in text.splitlines()]
    return [line[:200] for line in lines if line][:20]


def _line_end(sample: bytes) -> bytes:
    if b"\n" not in sample and b"\r" in sample:
        return b"\r"
    return b"\r\n" if sample.count(b"\r\n") * 2 > sample.count(b"\n") else b"\n"


def _mark(text: str, what: str, shown: str) -> bytes:
    text = {"\\t": "\t", "tab": "\t"}.get(text.lower(), text)
    if what == "quote" and text in {"", "none"}:
        return b""
    if len(text) != 1 or not text.isascii() or text in "\r\n":
        raise BadInputError(f"the {what} of `{shown}` must be one ASCII character, not `{text}`")
    return text.encode()


def _skipped(sample: bytes, options: SourceOptions) -> tuple[int, int, bytes | None]:
    """Return where to begin, on which line that is, and the delimiter that a `sep=` line names."""
    start, row_number, named = 0, 1, None
    for _ in range(options.skip_rows or 0):
        found = LINE_END.search(sample, start)
        start, row_number = (found.end() if found else len(sample)), row_number + 1
    separator = _SEP.match(sample, start)
    if separator:
        named, start, row_number = separator.group(1), separator.end(), row_number + 1
    return start, row_number, named


def _rows(sample: bytes, start: int, row_number: int, grammar: Grammar) -> list[_Row]:
    scanner = Scanner(grammar)
    rows: list[_Row] = []
    while start < len(sample) and len(rows) < SAMPLE_RECORDS:
        end, cells, malformed = scanner.any_record(sample, start)
        text = tuple(cell.decode("utf-8", "replace") for cell in cells)
        if any(cell.strip() for cell in text):
            rows.append(_Row(start, end, row_number, text, malformed))
        piece = sample[start:end]
        row_number += piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
        start = end
    return rows


def _find_quote(sample: bytes, delimiter: bytes) -> bytes:
    """Return the quote that cells are wrapped in: `"` unless the sample speaks against it."""
    around = rb"(?:^|[,;\t|%s])" % re.escape(delimiter)
    behind = rb"(?=[,;\t|\r\n%s]|\Z)" % re.escape(delimiter)

    def wrapped(quote: bytes) -> int:
        pattern = around + quote + rb"[^" + quote + rb"\r\n]*" + quote + behind
        return len(re.findall(pattern, sample, re.MULTILINE))

    if b'"' in sample:
        stray_lines = sum(b'"' in line for line in sample.splitlines())
        opened = re.search(around + b'"', sample, re.MULTILINE)
        return b"" if stray_lines >= _STRAYS and not opened else b'"'
    lines = max(1, sample.count(b"\n") + sample.count(b"\r") - sample.count(b"\r\n"))
    return b"'" if wrapped(b"'") >= max(_STRAYS, lines) else b'"'


def _find_delimiter(sample: bytes, quote: bytes) -> bytes:
    """Return the delimiter under which most rows have the same number of cells."""
    sample = sample[: 1 << 16]
    present = [delimiter for delimiter in DELIMITERS if delimiter in sample]
    if present == [b","]:
        return b","
    scores: dict[bytes, float] = {}
    for delimiter in present:
        rows = _rows(sample, 0, 1, Grammar(delimiter, quote, 1))
        counts = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
        if not counts:
            continue
        width, number = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        broken = sum(row.malformed for row in rows)
        scores[delimiter] = number / len(rows) * (1 - 1 / width) - broken / len(rows)
    return max(scores, key=lambda delimiter: scores[delimiter]) if scores else b","


def _usual_width(rows: Sequence[_Row]) -> tuple[int, float]:
    """Return the most common number of cells, and the share of rows that have it."""
    counts = Counter(len(row.cells) for row in rows if not row.malformed) or Counter(
        len(row.cells) for row in rows
    )
    width, number = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
    return width, number / counts.total()


def _head(
    rows: list[_Row], options: SourceOptions, shown: str
) -> tuple[int, tuple[str, ...], int, list[Finding]]:
    """Return the index of the first data row, the headers, the width, and what was odd."""
    if options.no_header:
        width = _usual_width(rows)[0]
        return 0, tuple(map(column_letters, range(1, width + 1))), width, []
    index = _header_index(rows, options, shown)
    header, data = rows[index], rows[index + 1 :]
    names, findings = column_names(header.cells, header.row_number)
    # Cells that no header names and no row fills are trailing delimiters, not columns.
    named = max(1, _filled(header.cells))
    width = len(names)
    usual, share = _usual_width(data) if data else (width, 0.0)
    # Rows that all lack cells which the header names are not evidence against the header.
    consistent = share >= _CONSISTENT and len(data) >= _VOTERS
    if named <= usual != width and consistent:
        width = usual
    filled = max((_filled(row.cells) for row in data if len(row.cells) == width), default=named)
    count = max(named, filled)
    names = names[:count] + tuple(f"column_{n}" for n in range(len(names) + 1, count + 1))
    findings = [f for f in findings if f.code != "header-blank" or f.column in names]
    if count > len(header.cells) or (consistent and usual < named):
        place = (cell_name(1, header.row_number),)
        details = {"expected": str(usual), "found": str(len(header.cells))}
        findings.append(Finding("header-width", "", place, 1, details=details))
    return index + 1, names, width, findings


def _filled(cells: Sequence[str]) -> int:
    """Return how many cells there are up to the last one with text."""
    return max((n for n, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _header_index(rows: list[_Row], options: SourceOptions, shown: str) -> int:
    if options.header_row:
        for index, row in enumerate(rows):
            if row.row_number == options.header_row:
                return index
        raise BadInputError(
            f"`{shown}` has no text in row {options.header_row}, which should hold the headers",
            fix="look at `bulkload inspect`, or leave --header-row out",
        )
    usual = _usual_width(rows)[0]
    return find_header([row.cells for row in rows[:100]], usual)
