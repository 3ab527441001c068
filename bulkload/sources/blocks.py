"""The structural check: which lines of a block can go through Polars as they are.

    block -> proven      lines that Polars cuts exactly as RFC 4180 says, at full speed
          -> malformed   records that the scanner could not cut
          -> rest        the beginning of a record whose end is in the next block

Most blocks are clean, and that is proven with a few counts: where every quote belongs to a cell that
is quoted as it should be every line is a record, Polars refuses lines that are too long, and lines
that are too short cannot hide when the bytes are counted. Only a block that fails this is taken apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from bulkload.sources.polars_csv import MISREAD, read_cells
from bulkload.sources.scanner import DAMAGE, Grammar, Scanner, Span

QUOTES_OF_A_LINE = 6
"""Where lines have more quotes than this, matching whole lines in Polars costs less than their cells."""
_HEAD_BYTES = 1 << 16
_LINE_SEPARATOR = b"\x1f"
"""A delimiter that is not in the text, so that each line is one cell."""


@dataclass(slots=True)
class Sifted:
    """What became of a block."""

    proven: bytes = b""
    """Records that Polars cuts correctly, line ends included."""
    lines: pl.Series | None = None
    """Line in the block, from 0, of every line that Polars will see in `proven`; None: all."""
    line_end: bytes = b"\n"
    """How the lines of `proven` end; a carriage return before a line feed does not matter."""
    plain: bool = False
    """No quote is in `proven`."""
    marks: int = 0
    """Quotes and carriage returns of `proven` that are no text; see `clean`."""
    blank_quotes: bool = True
    """`proven` may have empty cells in quotes."""
    spans: list[tuple[int, Span]] = field(default_factory=list)
    """Malformed records with the line on which each begins."""
    used: int = 0
    """Bytes of the block that are dealt with."""
    line_count: int | None = None
    """Lines of these bytes; None: as many as Polars finds."""


def clean(block: bytes, scanner: Scanner, line_end: bytes) -> Sifted | None:
    """Return a block as one piece if nothing in it needs the scanner, as far as can be told yet.

    What is left to be seen when Polars has read it: no line was too long (Polars says so), and the
    bytes add up: text, a delimiter fewer than cells in each line, line ends and `marks`.
    """
    if b"\0" in block or _foreign_ends(block, line_end):
        return None
    quote = scanner.grammar.quote
    sifted = Sifted(proven=block, line_end=line_end, used=len(block))
    sifted.plain = not quote or quote not in block
    sifted.blank_quotes = False
    if line_end == b"\n" and b"\r" in block:
        sifted.marks = block.count(b"\r")
    if sifted.plain:
        return sifted
    if block.count(quote, 0, _HEAD_BYTES) > QUOTES_OF_A_LINE * (
        block.count(line_end, 0, _HEAD_BYTES) + 1
    ):
        return None
    cells = scanner.quoted.findall(block)
    if quote in cells:
        return None
    sifted.blank_quotes = quote * 2 in cells
    # Of a cell's quotes the outer ones are no text, and one of each pair inside.
    sifted.marks += len(cells) + b"".join(cells).count(quote) // 2
    return sifted


def sift(block: bytes, scanner: Scanner, line_end: bytes, *, final: bool) -> Sifted:
    """Take a block apart: good lines by expression, everything else record by record.

    Raises:
        UnicodeDecodeError: The block is not UTF-8 (or Polars' error for the same).
    """
    odd = _LINE_SEPARATOR in block or block.startswith(MISREAD)
    if odd or _foreign_ends(block, line_end):
        block.decode()
        return _one_by_one(block, scanner, final=final)
    lines = _as_lines(block, line_end)
    ends = (lines.str.len_bytes().cast(pl.Int64) + 1).cum_sum()
    if line_end == b"\n" and b"\r" in block:
        ends = (lines.str.len_bytes().cast(pl.Int64) + 2).cum_sum()
    total = int(ends[-1]) if len(ends) else 0
    if not block.endswith(line_end):
        total -= 2 if b"\r" in block and line_end == b"\n" else 1
    if total != len(block):
        return _one_by_one(block, scanner, final=final)
    good = _good_lines(lines, scanner.grammar, damaged=scanner.damaged)
    sifted = _walk(block, scanner, good, ends, final=final)
    sifted.line_end = line_end
    return sifted


def _foreign_ends(block: bytes, line_end: bytes) -> bool:
    if line_end == b"\n":
        return b"\r" in block and block.count(b"\r") != block.count(b"\r\n")
    return b"\n" in block


def _as_lines(block: bytes, line_end: bytes) -> pl.Series:
    separator = _LINE_SEPARATOR.decode()
    return read_cells(block, ("line",), separator, quote=None, line_end=line_end.decode())["line"]


def _good_lines(lines: pl.Series, grammar: Grammar, *, damaged: bool) -> pl.Series:
    delimiter, quote = grammar.delimiter.decode(), grammar.quote.decode()
    column = pl.col("line")
    frame = lines.alias("line").to_frame()
    good = column.str.count_matches(delimiter, literal=True) == grammar.width - 1
    good &= ~column.str.contains("\0", literal=True)
    good &= column.str.len_bytes() <= grammar.longest_good_bytes
    if damaged:
        good &= ~column.str.contains(DAMAGE.decode(), literal=True)
    if not quote:
        return frame.select(good)["line"]
    quoted = column.str.contains(quote, literal=True)
    marks = frame.select((good & ~quoted).alias("good"), quoted.alias("quoted"))
    places = marks["quoted"].arg_true()
    mask = marks["good"]
    if len(places):
        candidates = lines.gather(places)
        fits = candidates.str.contains(_line_pattern(grammar))
        fits &= ~candidates.str.contains("\0", literal=True)
        fits &= candidates.str.len_bytes() <= grammar.longest_good_bytes
        if damaged:
            fits &= ~candidates.str.contains(DAMAGE.decode(), literal=True)
        mask = mask.scatter(places, fits)
    return mask


def _line_pattern(grammar: Grammar) -> str:
    """Return the pattern of one good line with quotes, in the words of Rust's regex crate."""
    delimiter, quote = (rf"\x{mark[0]:02x}" for mark in (grammar.delimiter, grammar.quote))
    cell = rf"(?:{quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{delimiter}{quote}]*)"
    return rf"^{cell}(?:{delimiter}{cell}){{{grammar.width - 1}}}$"


def _walk(
    block: bytes, scanner: Scanner, good: pl.Series, ends: pl.Series, *, final: bool
) -> Sifted:
    """Go from one troubled line to the next; what lies between is proven."""
    out = Sifted(used=len(block))
    troubled = (~good).arg_true()
    starts = ends.shift(1, fill_value=0).gather(troubled).to_list()
    line_ends = ends.gather(troubled).to_list()
    pieces: list[bytes] = []
    dropped: list[int] = []
    kept: list[int] = []
    piece = 0
    at = 0
    for line, start, end in zip(troubled.to_list(), starts, line_ends, strict=True):
        if start < at:
            continue
        span = scanner.wrong_width(block, start, min(end, len(block)))
        if span is None:
            span = scanner.record(block, start, final=final)
        if span is None:
            out.used = start
            dropped.extend(range(line, len(good)))
            out.line_count = line
            break
        at = span.end
        covered = 1 if at == end else _line_ends(block, start, at)
        if span.problem or span.blank:
            pieces.append(block[piece:start])
            piece = at
            if span.problem:
                out.spans.append((line, span))
            dropped.extend(range(line, line + covered))
        else:
            kept.append(line)
            dropped.extend(range(line + 1, line + covered))
    pieces.append(block[piece : out.used])
    mask = good
    if dropped:
        mask = mask.scatter(dropped, pl.Series([False]))
    if kept:
        mask = mask.scatter(kept, pl.Series([True]))
    out.proven = b"".join(pieces)
    out.lines = mask.arg_true()
    if out.line_count is None:
        out.line_count = len(good)
    return out


def _line_ends(block: bytes, start: int, end: int) -> int:
    """Return how many lines `block[start:end]` has; the last one may lack its end."""
    lines = block.count(b"\n", start, end) + block.count(b"\r", start, end)
    lines -= block.count(b"\r\n", start, end)
    return lines + (block[end - 1 : end] not in (b"\n", b"\r"))


def _one_by_one(block: bytes, scanner: Scanner, *, final: bool) -> Sifted:
    """Scan every record: for blocks whose lines end in more than one way."""
    out, at, line = Sifted(), 0, 0
    pieces: list[bytes] = []
    numbers: list[int] = []
    while at < len(block):
        span = scanner.record(block, at, final=final)
        if span is None:
            break
        if span.problem:
            out.spans.append((line, span))
        elif not span.blank:
            pieces.append(block[at : span.end].rstrip(b"\r\n"))
            numbers.append(line)
        line += _line_ends(block, at, span.end)
        at = span.end
    out.proven = b"".join(piece + b"\n" for piece in pieces)
    out.lines = pl.Series(numbers, dtype=pl.UInt32)
    out.used, out.line_count = at, line
    return out
