r"""Delimited text as a source: clean blocks at Polars' full speed, the rest record by record.

    bytes -> UTF-8 blocks -> structural check -> Polars -> numbered rows
                                  \-> scanner -> malformed rows

Blocks and rows are let go as soon as they are passed on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from bulkload.records import Finding, Reject
from bulkload.sources import encoding as encodings
from bulkload.sources.blocks import Sifted, clean, sift
from bulkload.sources.dialect import Layout, find_layout
from bulkload.sources.polars_csv import read_cells
from bulkload.sources.scanner import LONGEST_TEXT, Grammar, Scanner, Span
from bulkload.sources.source import ROW_NUMBER, Batch, Malformed, SourceOptions
from bulkload.sources.stream import Content
from bulkload.sources.traces import possible_traces


def open_text(content: Content, options: SourceOptions) -> TextTable:
    """Find out how a text file is written and where its table is.

    Raises:
        BadInputError: It is empty, has no rows, or is no text.
    """
    name = options.encoding
    encoding = encodings.known_encoding(name) if name else encodings.find_encoding(content)
    size = encodings.SAMPLE_BYTES
    sample, whole = b"", True
    with content.content() as opened:
        for block, _ in encodings.blocks(opened, encoding, size):
            sample += block
            if len(sample) > size:
                whole = False
                break
    layout = find_layout(sample, encoding, options, shown=content.shown, whole=whole)
    return TextTable(content, layout, options)


@dataclass(slots=True)
class TextTable:
    """A table in a text file: its layout, and its rows in blocks."""

    content: Content
    layout: Layout
    options: SourceOptions
    _columns: tuple[str, ...] = field(init=False)
    _line_end: bytes = field(init=False)
    _sound: Scanner = field(init=False)
    _harmed: Scanner = field(init=False)
    _troubled: bool = field(init=False, default=False)
    controls: bool = field(init=False, default=True)
    """Whether the last batch may hold control characters."""
    wide: bool = field(init=False, default=True)
    """Whether the last batch may hold traces beyond ASCII."""

    def __post_init__(self) -> None:
        self._sound, self._harmed = self._scanner(damaged=False), self._scanner(damaged=True)
        self._columns = tuple(f"c{n}" for n in range(self.layout.width))
        self._line_end = b"\r" if self.layout.line_end == b"\r" else b"\n"

    @property
    def positions(self) -> dict[str, int]:
        """Headers stand in order."""
        return {}

    def findings(self) -> list[Finding]:
        """Return what was odd about the head of the table."""
        return list(self.layout.findings)

    def batches(self) -> Iterator[Batch]:
        """Yield the rows, block by block, in file order."""
        row_number = self.layout.data_row
        for block, sifted in self._blocks():
            batch, lines = self._finished(block, sifted, row_number)
            row_number += lines
            # Text and rows are let go as soon as they are passed on: they fill memory until then.
            del block, sifted
            yield batch
            del batch

    def _scanner(self, *, damaged: bool) -> Scanner:
        layout, options = self.layout, self.options
        limits = (options.max_cell_bytes, options.max_row_bytes)
        grammar = Grammar(layout.delimiter, layout.quote, layout.width, *limits)
        return Scanner(grammar, damaged=damaged)

    def _blocks(self) -> Iterator[tuple[bytes, Sifted]]:
        """Yield the file's blocks in order, each with what is known of its structure."""
        rest, rest_harmed, skipping = b"", False, False
        with self.content.content() as opened:
            texts = encodings.blocks(opened, self.layout.encoding, self.options.block_bytes)
            for text, harmed, final in _with_last(_after(texts, self.layout.data_start)):
                start = text.find(self._line_end) + 1 if skipping else 0
                if skipping and not start and not final:
                    continue
                kept = text[start:] if start or not skipping else b""
                skipping = False
                lines, left = self._whole_lines(rest, kept, final=final)
                del text, kept
                if not lines and len(left) > self.options.max_row_bytes:
                    # Lines may have begun to end otherwise; each ending is known to the scanner.
                    other = b"\n" if self._line_end == b"\r" else b"\r"
                    lines, left = _cut_behind(left, other)
                if not lines:
                    rest, rest_harmed = left, rest_harmed or harmed
                    if len(left) > self.options.max_row_bytes:
                        yield self._oversize(left)
                        rest, skipping = b"", True
                    continue
                block, sifted = self._checked(lines, harmed or rest_harmed, final=final)
                rest = block[sifted.used :] + left
                # A block that was not text is not the one that was handed over.
                rest_harmed = bool(rest) and (harmed or rest_harmed or block is not lines)
                found = [(block, sifted)]
                del lines, left, block, sifted
                # Popped, so that nothing but its reader holds a block.
                yield found.pop()

    def _whole_lines(self, rest: bytes, text: bytes, *, final: bool) -> tuple[bytes, bytes]:
        """Return the whole lines of two pieces as one, and what follows the last of them."""
        if final:
            return rest + text, b""
        cut = text.rfind(self._line_end) + 1
        if cut:
            return b"".join((rest, memoryview(text)[:cut])), text[cut:]
        whole = rest + text
        cut = whole.rfind(self._line_end) + 1
        return whole[:cut], whole[cut:]

    def _checked(self, block: bytes, harmed: bool, *, final: bool) -> tuple[bytes, Sifted]:
        # Where one block was troubled the next one mostly is, and need not be proven clean first.
        try_clean = not harmed and not self._troubled
        sifted = clean(block, self._sound, self._line_end) if try_clean else None
        if sifted is None:
            block, sifted = self._sifted(block, harmed=harmed, final=final)
            self._troubled = bool(sifted.spans)
        return block, sifted

    def _sifted(self, block: bytes, *, harmed: bool, final: bool) -> tuple[bytes, Sifted]:
        scanner = self._harmed if harmed else self._sound
        try:
            return block, sift(block, scanner, self._line_end, final=final)
        except (UnicodeDecodeError, pl.exceptions.PolarsError):
            block = block.decode("utf-8", "replace").encode()
            return block, sift(block, self._harmed, self._line_end, final=final)

    def _oversize(self, line: bytes) -> tuple[bytes, Sifted]:
        """Return a block for a line that is too long to be held; what is kept of it is its begin."""
        kept = line[:LONGEST_TEXT].decode("utf-8", "ignore").encode()
        details = {"limit": str(self.options.max_row_bytes)}
        span = Span(0, len(kept), "row-too-large", (kept,), details=details)
        empty = pl.Series([], dtype=pl.UInt32)
        return kept, Sifted(lines=empty, spans=[(0, span)], used=len(kept), line_count=1)

    def _parsed(self, sifted: Sifted) -> pl.DataFrame | None:
        """Return the cells of what is proven; None if Polars finds that it is not."""
        layout = self.layout
        quoted = bool(layout.quote) and not sifted.plain
        try:
            frame = read_cells(
                sifted.proven,
                self._columns,
                layout.delimiter.decode(),
                quote=layout.quote.decode() if quoted else None,
                line_end=sifted.line_end.decode(),
                empty_is_null=True,
            )
        except pl.exceptions.PolarsError:
            return None
        if quoted and sifted.blank_quotes and layout.quote * 2 in sifted.proven:
            frame = frame.select(pl.when(pl.all() != "").then(pl.all()))
        return frame

    def _finished(self, block: bytes, sifted: Sifted, row_number: int) -> tuple[Batch, int]:
        """Return a block's rows and how many lines it has."""
        frame = self._parsed(sifted)
        if sifted.lines is None and (frame is None or not self._complete(sifted, frame)):
            block, sifted = self._sifted(block, harmed=False, final=True)
            frame = self._parsed(sifted)
        if sifted.lines is not None and (frame is None or frame.height != len(sifted.lines)):
            frame = self._by_hand(sifted.proven)
        if frame is None:
            raise AssertionError("a block without lines is proven by its counts")
        lines = sifted.lines
        if lines is None:
            lines = pl.int_range(frame.height, dtype=pl.UInt32, eager=True)
        numbers = (lines.cast(pl.UInt32) + row_number).alias(ROW_NUMBER)
        rows, beyond = self._rows(frame, numbers)
        malformed = [self._malformed(block, row_number + line, span) for line, span in sifted.spans]
        malformed = sorted([*malformed, *beyond], key=lambda one: one.row_number)
        count = sifted.line_count if sifted.line_count is not None else frame.height
        if self.options.forensics:
            self.controls, self.wide = possible_traces(block)
        return Batch(rows, tuple(malformed)), count

    def _complete(self, sifted: Sifted, frame: pl.DataFrame) -> bool:
        """Return whether no line of a clean block was too short, and no cell is too large.

        Polars fills a short line with nulls, but its missing delimiters are missing in the sum.
        """
        sizes = frame.select_seq(pl.all().str.len_bytes().sum()).row(0)
        ends = frame.height - (not sifted.proven.endswith(sifted.line_end))
        delimiters = (self.layout.width - 1) * frame.height
        if sum(sizes) + delimiters + ends + sifted.marks != len(sifted.proven):
            return False
        limit = self.options.max_row_bytes
        if limit < self.options.block_bytes:
            longest_row = frame.select_seq(pl.sum_horizontal(pl.all().str.len_bytes()).max()).item()
            # With quotes around its cells, and each of its signs perhaps a doubled quote.
            if 2 * (longest_row or 0) + 3 * self.layout.width > limit:
                return False
        limit = self.options.max_cell_bytes
        # No cell of a column is longer than all of them together.
        long = [name for name, size in zip(frame.columns, sizes, strict=True) if size > limit]
        longest = frame.select_seq(pl.col(long).str.len_bytes().max()).row(0) if long else ()
        return all(length <= limit for length in longest)

    def _by_hand(self, proven: bytes) -> pl.DataFrame:
        """Cut records one by one where Polars counts them differently."""
        found = [
            [cell.decode() or None for cell in self._sound.cells(proven, span)]
            for span in self._sound.spans(proven)
            if not span.blank
        ]
        schema = dict.fromkeys(self._columns, pl.String)
        return pl.DataFrame(found, schema=schema, orient="row")

    def _rows(
        self, frame: pl.DataFrame, numbers: pl.Series
    ) -> tuple[pl.DataFrame, list[Malformed]]:
        """Return the rows under their headers, and those with text where no header is."""
        headers = self.layout.headers
        frame = frame.insert_column(0, numbers)
        beyond: list[Malformed] = []
        extra = list(self._columns[len(headers) :])
        if extra and any(frame[name].null_count() < frame.height for name in extra):
            outside = pl.any_horizontal(pl.col(extra).is_not_null())
            for number, *cells in frame.filter(outside).iter_rows():
                shown = tuple(cell or "" for cell in cells)
                beyond.append(_malformed(number, self._joined(shown), shown, "cell-without-header"))
            frame = frame.filter(~outside)
        named = (
            pl.col(name).alias(header) for name, header in zip(self._columns, headers, strict=False)
        )
        return frame.select_seq(ROW_NUMBER, *named), beyond

    def _joined(self, cells: tuple[str, ...]) -> str:
        return self.layout.delimiter.decode().join(cells)

    def _malformed(self, block: bytes, row_number: int, span: Span) -> Malformed:
        text = block[span.start : span.end].rstrip(b"\r\n").decode("utf-8", "replace")
        cells = tuple(_short(cell.decode("utf-8", "replace")) for cell in span.cells)
        return _malformed(row_number, _short(text), cells, span.problem, span.details)


def _malformed(
    row_number: int,
    text: str,
    cells: tuple[str, ...],
    code: str,
    details: dict[str, str] | None = None,
) -> Malformed:
    reject = Reject(row_number, code, cell=text, details=details or {})
    return Malformed(row_number, text, cells, reject)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


def _cut_behind(text: bytes, line_end: bytes) -> tuple[bytes, bytes]:
    """Return a text up to the last of these line ends, and what follows it."""
    # The last byte may be the first half of a `\r\n`.
    cut = text.rfind(line_end, 0, -1) + 1
    if cut and text[cut - 1 : cut + 1] == b"\r\n":
        cut += 1
    return text[:cut], text[cut:]


def _after(texts: Iterator[tuple[bytes, bool]], skip: int) -> Iterator[tuple[bytes, bool]]:
    """Leave out the first bytes of a text."""
    for text, harmed in texts:
        kept = text[skip:] if skip else text
        skip = max(0, skip - len(text))
        if kept:
            yield kept, harmed


def _with_last(texts: Iterator[tuple[bytes, bool]]) -> Iterator[tuple[bytes, bool, bool]]:
    """Say of every block whether it is the last."""
    waiting: deque[tuple[bytes, bool]] = deque()
    for following in texts:
        waiting.append(following)
        if len(waiting) > 1:
            # Popped, so that nothing but its reader holds a block.
            yield *waiting.popleft(), False
    yield *(waiting.pop() if waiting else (b"", False)), True
