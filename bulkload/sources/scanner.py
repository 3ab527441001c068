r"""Where the records of delimited text begin and end, one at a time, on any bytes whatever.

The scanner follows RFC 4180: a cell is quoted as a whole or not at all, a quote inside is doubled,
every record has the same number of cells. What does not follow is *one* malformed record, and the
next record begins at the next line from which reading can go on:

    x,"y,z          a quote that never closes: this line alone
    1,2,3           is good
    a"x,"l1\nl2",c  a stray quote: the record keeps its second line, since its cells still add up

Spans lie edge to edge: joined, they are the text. Nothing here knows encodings, headers or Polars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LINE_END = re.compile(rb"\r\n|\r|\n|\Z")
_BLANK = re.compile(rb"[ \t]*+(?:\r\n|\r|\n|\Z)")
_NARROW = 3
"""Up to this width, lines in a cell look like records by chance."""
DAMAGE = "\N{REPLACEMENT CHARACTER}".encode()
RECOVERY_BYTES = 4_096
"""How far beyond a row with broken quotes it is looked for where that row ends."""
LONGEST_TEXT = 64_000
"""Characters of a malformed row that are kept where the whole row would be too much."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """How text is cut into cells."""

    delimiter: bytes
    quote: bytes
    """Empty where no cell is quoted."""
    width: int
    """Cells in every good record."""
    max_cell_bytes: int = 1 << 20
    max_row_bytes: int = 8 << 20

    @property
    def longest_good_bytes(self) -> int:
        """What is no longer, its line end left out, breaks neither limit."""
        return min(self.max_cell_bytes, self.max_row_bytes - len("\r\n"))


@dataclass(frozen=True, slots=True)
class Span:
    """One record of the text, `text[start:end]`, line end included."""

    start: int
    end: int
    problem: str = ""
    """Code of what is wrong; empty for a good record and for blank lines."""
    cells: tuple[bytes, ...] = ()
    """The closest guess at the cells of a malformed record."""
    blank: bool = False
    details: dict[str, str] = field(default_factory=dict)


class Scanner:
    """Cuts text into records by one grammar."""

    def __init__(self, grammar: Grammar, *, damaged: bool = False) -> None:
        self.grammar = grammar
        self.damaged = damaged
        delimiter, quote = re.escape(grammar.delimiter), re.escape(grammar.quote)
        plain = rb"[^" + delimiter + quote + rb"\r\n]*+"
        cell, loose = plain, plain
        if grammar.quote:
            inside = rb"[^" + quote + rb"]*+"
            closed = quote + inside + rb"(?:" + quote * 2 + inside + rb")*+" + quote
            cell = rb"(?:" + closed + rb"|" + plain + rb")"
            ends = rb"(?=" + delimiter + rb"|\r|\n|\Z)"
            # Any quote that is not followed by a delimiter or line end is taken for text.
            stray = quote + rb"(?!" + ends + rb")"
            lenient = quote + inside + rb"(?:" + stray + inside + rb")*+" + quote
            loose = (
                rb"(?:"
                + closed
                + ends
                + rb"|"
                + lenient
                + ends
                + rb"|[^"
                + delimiter
                + rb"\r\n]*+)"
            )
        end = rb"(?:\r\n|\r|\n|\Z)"
        more = rb"{" + str(grammar.width - 1).encode() + rb"}+"
        next_cell = rb"(?:" + delimiter + cell + rb")"
        self.strict = re.compile(cell + next_cell + more + end)
        self._well_formed = re.compile(cell + next_cell + rb"*+" + end)
        self._loose = re.compile(loose + rb"(?:" + delimiter + loose + rb")*+" + end)
        self._cell = re.compile(loose)
        begun = quote + rb"[^" + quote + rb"]*+(?:" + quote * 2 + rb"[^" + quote + rb"]*+)*+"
        self._begun = re.compile(
            rb"(?:" + cell + delimiter + rb")*+" + (begun if quote else rb"\Z")
        )
        # A quote that does not begin a cell that is quoted as it should be, on one line, stands alone.
        inside = rb"[^\r\n" + quote + rb"]*+"
        begins = rb"(?<![^\r\n" + delimiter + rb"]" + quote + rb")"
        self.quoted = re.compile(
            quote
            + rb"(?:"
            + begins
            + inside
            + rb"(?:"
            + quote * 2
            + inside
            + rb")*+"
            + quote
            + rb"(?![^\r\n"
            + delimiter
            + rb"])|)"
        )
        tidy = rb"(?:(?<=" + delimiter + rb")|(?<![^\r\n]))" + quote + rb"[^\r\n" + quote + rb"]*+"
        self._tidy = re.compile(tidy + quote + rb"(?=" + delimiter + rb"|\r|\n|\Z)")

    def spans(self, text: bytes, start: int = 0) -> Iterator[Span]:
        """Yield every record of a whole text, edge to edge."""
        while start < len(text):
            span = self.record(text, start, final=True)
            if span is None:
                raise AssertionError("a final text is never incomplete")
            yield span
            start = span.end

    def any_record(self, text: bytes, start: int) -> tuple[int, tuple[bytes, ...], bool]:
        """Return end, cells and whether it is malformed, of a record of whatever width."""
        quote, line_end = self.grammar.quote, self._line_end(text, start, len(text))
        if not quote or text.find(quote, start, line_end) < 0:
            line = text[start:line_end].rstrip(b"\r\n")
            return line_end, tuple(line.split(self.grammar.delimiter)), False
        well_formed = self._well_formed.match(text, start)
        end = well_formed.end() if well_formed else line_end
        return end, self._cells(text, start, end), not well_formed

    def wrong_width(self, text: bytes, start: int, end: int) -> Span | None:
        """Return a line that has nothing wrong but its number of cells; None if it is not so simple.

        The same answer as `record` gives, without its care for quotes.
        """
        line = text[start:end].rstrip(b"\r\n")
        grammar = self.grammar
        if (grammar.quote and grammar.quote in line) or b"\0" in line or b"\r" in line:
            return None
        if len(line) > grammar.longest_good_bytes or not line.strip():
            return None
        cells = line.split(grammar.delimiter)
        if len(cells) == grammar.width:
            return None
        code = "row-too-short" if len(cells) < grammar.width else "row-too-long"
        details = {"expected": str(grammar.width), "found": str(len(cells))}
        return Span(start, end, code, tuple(cells), details=details)

    def is_good(self, text: bytes, start: int, end: int) -> bool:
        """Return whether `text[start:end]` is exactly one good record."""
        return self._good_end(text, start, end) == end

    def record(self, text: bytes, start: int, *, final: bool) -> Span | None:
        """Return the record that begins at `start`, or None if more text could change the answer.

        Args:
            text: Whole lines, unless it is final.
            start: Where a record begins.
            final: Nothing comes after `text`.
        """
        limit = len(text)
        if limit - start > self.grammar.max_row_bytes:
            limit = self._line_end(text, start + self.grammar.max_row_bytes, limit)
        whole = final or limit < len(text)
        blank = _BLANK.match(text, start, limit)
        if blank and self._is_blank(blank.group()):
            return Span(start, blank.end(), blank=True)
        strict = self.strict.match(text, start, limit)
        if strict and self._one_line(text, start, strict.end()):
            return self._sized(text, start, strict.end())
        if strict and not self._implausible(text, start, strict.end()):
            return self._sized(text, start, strict.end())
        return self._malformed(text, start, limit, whole=whole)

    def _is_blank(self, line: bytes) -> bool:
        if self.grammar.width == 1:
            return not line.strip(b"\r\n")
        return self.grammar.delimiter not in line

    def _good_end(self, text: bytes, start: int, limit: int) -> int | None:
        found = self.strict.match(text, start, limit)
        return found.end() if found else None

    def _one_line(self, text: bytes, start: int, end: int) -> bool:
        return self._line_end(text, start, end) >= end

    @staticmethod
    def _line_end(text: bytes, start: int, limit: int) -> int:
        found = LINE_END.search(text, start, limit)
        return found.end() if found else limit

    def _sized(self, text: bytes, start: int, end: int) -> Span:
        """Return a record that is well cut, unless its content cannot be loaded."""
        problem: str = ""
        details: dict[str, str] = {}
        if end - start > self.grammar.max_row_bytes:
            problem, details = "row-too-large", {"limit": str(self.grammar.max_row_bytes)}
        elif text.find(b"\0", start, end) >= 0:
            problem = "nul-byte"
        elif self.damaged and text.find(DAMAGE, start, end) >= 0:
            problem = "undecodable"
        elif end - start > self.grammar.max_cell_bytes:
            longest = max(map(len, self._cells(text, start, end)))
            if longest > self.grammar.max_cell_bytes:
                problem = "cell-too-large"
                details = {"limit": str(self.grammar.max_cell_bytes), "found": str(longest)}
        if not problem:
            return Span(start, end)
        return Span(start, end, problem, self._cells(text, start, end), details=details)

    def _implausible(self, text: bytes, start: int, end: int) -> bool:
        """Return whether a record over several lines has swallowed good records.

        A cell with line breaks is common, a cell whose inner lines are records of just this width
        is not: there, a quote was opened in one row and another one closed it rows later.
        """
        width = self.grammar.width
        if width == 1:
            return False
        needed = 1 if width > _NARROW else 3
        line = self._line_end(text, start, end)
        good = 0
        while line < end:
            following = self._line_end(text, line, end)
            if following >= end:
                break
            good += self.is_good(text, line, following)
            if good >= needed:
                return True
            line = following
        return False

    def _malformed(self, text: bytes, start: int, limit: int, *, whole: bool) -> Span | None:
        first = self._line_end(text, start, limit)
        well_formed = self._well_formed.match(text, start, limit)
        if well_formed:
            end = well_formed.end()
            swallowed = end > first and self._resumes(text, first, end)
            return (
                self._bad(text, start, first, "quote-unclosed")
                if swallowed
                else self._bad(text, start, end)
            )
        if not self.grammar.quote or text.find(self.grammar.quote, start, first) < 0:
            return self._bad(text, start, first)
        if not whole and self._open_at(text, start, limit):
            return None
        # What cannot be cut at all is looked at for a short way only: a row with broken quotes must
        # not cost more than a glance, however many of them there are.
        window = max(first, min(limit, self._line_end(text, start + RECOVERY_BYTES, limit)))
        if window >= limit and not whole:
            return None
        code = "quote-unclosed" if self._open_at(text, start, first) else "quote-misplaced"
        loose = self._loose.match(text, start, window)
        if loose:
            end = loose.end()
            cells = self._cells(text, start, end)
            if len(cells) == self.grammar.width and not self._resumes(text, first, end):
                return self._bad(text, start, end, code if end <= first else "quote-misplaced")
        return self._bad(text, start, self._extended(text, start, first, window), code)

    def _resumes(self, text: bytes, line: int, end: int) -> bool:
        """Return whether a good record begins at one of the lines between `line` and `end`."""
        while line < end:
            good = self._good_end(text, line, end)
            if good is not None:
                return True
            line = self._line_end(text, line, end)
        return False

    def _open_at(self, text: bytes, start: int, limit: int) -> bool:
        """Return whether a quoted cell of the record at `start` is still open at `limit`."""
        found = self._begun.match(text, start, limit)
        return found is not None and found.end() == limit

    def _closes(self, text: bytes, start: int, end: int) -> bool:
        return end - start > 1 and text[end - 1 : end] == self.grammar.quote

    def _extended(self, text: bytes, start: int, first: int, window: int) -> int:
        """Return where a record with broken quotes ends when its later lines are no records.

        The lines below belong to it as long as none of them is a good record and their delimiters
        together are no more than one record has.
        """
        delimiter, quote = self.grammar.delimiter, self.grammar.quote
        # Delimiters inside of cells that are quoted as they should be do not count; one more than
        # the record should have may stand in the cell whose quotes are broken.
        bare = self._tidy.sub(b"", text[start:first])
        room = self.grammar.width - bare.count(delimiter)
        end = line = first
        while room >= 0 and line < window:
            following = self._line_end(text, line, window)
            if self._good_end(text, line, window) is not None:
                break
            room -= text.count(delimiter, line, following)
            if room >= 0 and text.find(quote, line, following) >= 0:
                end = following
            line = following
        return end

    def _bad(self, text: bytes, start: int, end: int, code: str = "") -> Span:
        cells = self._cells(text, start, end)
        details = {"expected": str(self.grammar.width), "found": str(len(cells))}
        if not code:
            code = "row-too-short" if len(cells) < self.grammar.width else "row-too-long"
        if text.find(b"\0", start, end) >= 0:
            code = "nul-byte"
        return Span(start, end, code, cells, details=details)

    def _cells(self, text: bytes, start: int, end: int) -> tuple[bytes, ...]:
        """Return the cells of a record as far as they can be told, quotes taken off."""
        end = start + len(text[start:end].rstrip(b"\r\n"))
        quote, cells = self.grammar.quote, []
        while True:
            found = self._cell.match(text, start, end)
            stop = found.end() if found else end
            cell = text[start:stop]
            if quote and cell.startswith(quote) and self._closes(text, start, stop):
                cell = cell[1:-1].replace(quote * 2, quote)
            cells.append(cell)
            if stop >= end:
                return tuple(cells)
            start = stop + 1

    def cells(self, text: bytes, span: Span) -> tuple[bytes, ...]:
        """Return the cells of any span."""
        return span.cells or self._cells(text, span.start, span.end)
