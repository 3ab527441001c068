"""Marks cells in the XML of a sheet while it streams by; nothing else in it changes.

    head (to the first row) -> rows, one at a time -> tail (validations, filter, comments)

A row without a problem gets one more cell, the hidden `bulkload_row`; a row with one gets other
formats on the cells concerned as well. Memory is that of a few rows, whatever the size of the sheet.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

from bulkload.cells import ROW_COLUMN
from bulkload.reports.package import UnpatchableWorkbookError
from bulkload.reports.sheets import column_number, letters
from bulkload.reports.styles import Styles

_CHUNK_BYTES = 1 << 18
_NUMBER = re.compile(rb'\sr="(\d+)"')
_PLACE = re.compile(rb'\sr="([A-Z]+)\d')
_MAX_HEAD_BYTES = 16 << 20


@dataclass(slots=True)
class Marks:
    """What is to be done to a sheet."""

    styles: Styles
    header_row: int
    identity: int
    """Column of `bulkload_row`, counted from 1."""
    has_identity: bool = False
    """Whether that column is in the sheet already; its cells are then replaced."""
    cells: Iterator[tuple[int, Iterable[int]]] = field(default_factory=lambda: iter(()))
    """Row and the columns of its marked cells, by ascending row."""
    keep_identity: bool = False
    """Leave the cells of `bulkload_row` as they are and only hide the column."""


class Marker:
    """Streams one sheet from an archive to another."""

    def __init__(self, marks: Marks) -> None:
        self.last_row = 0
        self._marks = marks
        self._tag = b""
        self._column_styles: list[tuple[int, int, int]] = []
        self._next: tuple[int, Iterable[int]] | None = None
        self._letters = letters(marks.identity).encode()
        self._clean = marks.styles.was_marked

    def run(
        self, source: IO[bytes], target: IO[bytes], tail: Callable[[str, str, int], str]
    ) -> None:
        """Copy the sheet with its marks.

        Args:
            source: The sheet's XML.
            target: Where the marked XML goes.
            tail: Amends what follows the rows: gets the text, the prefix of the tags and the number
                of the last row.

        Raises:
            UnpatchableWorkbookError: The XML is not written as spreadsheets write it.
        """
        head, rest = self._read_head(source)
        target.write(self._head(head))
        self._advance()
        copy = self._only_marked if self._marks.keep_identity else self._every_row
        pieces = copy(rest, source, target)
        self._refuse_unplaced_rows(pieces)
        text = pieces.decode()
        prefix = self._tag.decode()
        target.write(tail(text, prefix, max(self.last_row, self._marks.header_row)).encode())

    def _every_row(self, pieces: bytes, source: IO[bytes], target: IO[bytes]) -> bytes:
        """Copy all rows, each with its number; return what follows the last."""
        while True:
            chunk = source.read(_CHUNK_BYTES)
            pieces += chunk
            *rows, pieces = pieces.split(self._row_end)
            if rows:
                target.write(b"".join(map(self._row, rows)))
            if not chunk:
                return pieces
            if b"<!" in chunk:
                raise UnpatchableWorkbookError("the sheet holds comments of XML")

    def _only_marked(self, pieces: bytes, source: IO[bytes], target: IO[bytes]) -> bytes:
        """Copy all rows of a sheet that has their numbers, looking at the marked ones alone."""
        while True:
            chunk = source.read(_CHUNK_BYTES)
            pieces += chunk
            done = 0
            whole = pieces.rfind(self._row_end) + len(self._row_end)
            while self._next is not None:
                start = pieces.find(b'%b r="%d"' % (self._row_start, self._next[0]), done, whole)
                if start < 0:
                    break
                end = pieces.index(self._row_end, start)
                target.write(pieces[done:start])
                target.write(self._row(pieces[start:end]))
                done = end + len(self._row_end)
                self._advance()
            if whole >= len(self._row_end):
                self._see_last_row(pieces[:whole])
                target.write(pieces[done:whole])
                pieces = pieces[whole:]
            if not chunk:
                return pieces

    def _see_last_row(self, rows: bytes) -> None:
        found = _NUMBER.search(rows, rows.rfind(self._row_start))
        if found is not None:
            self.last_row = int(found[1])

    def _read_head(self, source: IO[bytes]) -> tuple[bytes, bytes]:
        read = b""
        while (found := re.search(rb"<(\w+:)?sheetData\s*(/?)>", read)) is None:
            chunk = source.read(_CHUNK_BYTES)
            read += chunk
            if not chunk or len(read) > _MAX_HEAD_BYTES:
                raise UnpatchableWorkbookError("the sheet has no rows")
        if found[2] or b"<!" in read[: found.end()] or b"UTF-16" in read[:200].upper():
            raise UnpatchableWorkbookError("the sheet is empty or written unusually")
        self._tag = found[1] or b""
        self._row_end = b"</" + self._tag + b"row>"
        self._row_start = b"<" + self._tag + b"row"
        self._cell_start = b"<" + self._tag + b"c "
        self._values = (b"<" + self._tag + b"v", b"<" + self._tag + b"is")
        self._identity = tuple(
            part.replace(b"#", self._tag)
            for part in (b'<#c r="' + self._letters, b'"><#v>', b"</#v></#c>")
        )
        self._cell = re.compile(
            rb"<" + self._tag + rb"c\b([^>]*?)(?:/>|>(.*?)</" + self._tag + rb"c>)", re.DOTALL
        )
        return read[: found.end()], read[found.end() :]

    def _head(self, head: bytes) -> bytes:
        """Extend the dimension and hide the column of the identity."""
        text, tag = head.decode(), self._tag.decode()
        identity = self._marks.identity
        columns = [
            dict(re.findall(r'([\w:]+)="([^"]*)"', found[1]))
            for found in re.finditer(rf"<{tag}col\b([^>]*?)/?>", text)
        ]
        kept = []
        for column in columns:
            first, last = int(column["min"]), int(column["max"])
            self._column_styles.append((first, last, int(column.get("style", "0"))))
            for low, high in ((first, min(last, identity - 1)), (max(first, identity + 1), last)):
                if low <= high:
                    kept.append(column | {"min": str(low), "max": str(high)})
        hidden = {"min": str(identity), "max": str(identity), "width": "12", "hidden": "1"}
        kept = sorted([*kept, hidden | {"customWidth": "1"}], key=lambda column: int(column["min"]))
        body = "".join(
            f"<{tag}col" + "".join(f' {name}="{value}"' for name, value in column.items()) + "/>"
            for column in kept
        )
        text = re.sub(
            rf"<{tag}cols\b[^>]*>.*?</{tag}cols>|<{tag}cols\s*/>", "", text, flags=re.DOTALL
        )
        start = text.rindex(f"<{tag}sheetData")
        text = f"{text[:start]}<{tag}cols>{body}</{tag}cols>{text[start:]}"
        return _wider_dimension(text, tag, identity).encode()

    def _advance(self) -> None:
        self._next = next(self._marks.cells, None)

    def _row(self, piece: bytes) -> bytes:
        start = piece.rfind(self._row_start)
        opened = piece.find(b">", start)
        if start < 0 or opened < 0:
            raise UnpatchableWorkbookError("a row has no beginning")
        tag = piece[start:opened]
        number = _NUMBER.search(tag)
        if number is None:
            raise UnpatchableWorkbookError("a row has no number")
        row = int(number[1])
        while self._next is not None and self._next[0] < row:
            self._advance()
        cells = piece[opened + 1 :]
        if self._clean:
            cells = self._unmarked(cells)
        if self._next is not None and self._next[0] == row:
            cells = self._marked(cells, row, set(self._next[1]), tag)
        # LibreOffice writes an empty last row 1,048,576 now and then, which is nobody.
        if self._holds(cells):
            self.last_row = row
            if not self._marks.keep_identity:
                cells = self._identified(cells, row)
        if b"spans=" in tag:
            tag = re.sub(rb'\sspans="[^"]*"', b"", tag)
        return piece[:start] + tag + b">" + cells + self._row_end

    def _identified(self, cells: bytes, row: int) -> bytes:
        marks = self._marks
        if row < marks.header_row:
            return cells
        reference = b'r="%b%d"' % (self._letters, row)
        if reference in cells:
            for found in self._cell.finditer(cells):
                if _column(found[0][:60]) == marks.identity:
                    if not marks.has_identity and self._holds(found[0]):
                        return cells
                    cells = cells[: found.start()] + cells[found.end() :]
                    break
        return self._inserted(cells, self._identity_cell(row), marks.identity)

    def _identity_cell(self, row: int) -> bytes:
        tag, number = self._tag, b"%d" % row
        start, middle, end = self._identity
        if row != self._marks.header_row:
            return start + number + middle + number + end
        text = b"><" + tag + b"is><" + tag + b"t>" + ROW_COLUMN.encode()
        end = b"</" + tag + b"t></" + tag + b"is></" + tag + b"c>"
        return start + number + b'" t="inlineStr"' + text + end

    def _inserted(self, cells: bytes, cell: bytes, column: int) -> bytes:
        """Put a cell in its place among the others of its row, which stand in order."""
        last = cells.rfind(self._cell_start)
        if last < 0 or _column(cells[last : last + 60]) < column:
            return cells + cell
        for found in self._cell.finditer(cells):
            if _column(found[0][:60]) > column:
                return cells[: found.start()] + cell + cells[found.start() :]
        return cells + cell

    def _holds(self, cell: bytes) -> bool:
        value, text = self._values
        return value in cell or text in cell

    def _marked(self, cells: bytes, row: int, columns: set[int], tag: bytes) -> bytes:
        missing = set(columns)

        def mark(found: re.Match[bytes]) -> bytes:
            column = _column(found[0][:60])
            if column not in columns:
                return found[0]
            missing.discard(column)
            return self._with_format(found[0], found[1])

        marked = self._cell.sub(mark, cells)
        for column in sorted(missing):
            own = self._row_format(tag)
            if own is None:
                own = self._column_format(column)
            style = self._marks.styles.marked(own, is_text=True)
            cell = f'<{self._tag.decode()}c r="{letters(column)}{row}" s="{style}"/>'.encode()
            marked = self._inserted(marked, cell, column)
        return marked

    def _with_format(self, cell: bytes, attributes: bytes) -> bytes:
        style = re.search(rb'\ss="(\d+)"', attributes)
        kind = re.search(rb'\st="(\w+)"', attributes)
        is_text = not self._holds(cell) or (kind is not None and kind[1] in {b"s", b"inlineStr"})
        index = self._marks.styles.marked(int(style[1]) if style else 0, is_text=is_text)
        spoken = f' s="{index}"'.encode()
        head = b"<" + self._tag + b"c"
        bare = attributes if style is None else attributes.replace(style[0], b"", 1)
        return head + spoken + bare + cell[len(head) + len(attributes) :]

    def _unmarked(self, cells: bytes) -> bytes:
        def clean(found: re.Match[bytes]) -> bytes:
            index = self._marks.styles.unmarked(int(found[2]))
            return found[1] + str(index).encode() + found[3]

        return re.sub(rb"(<" + self._tag + rb'c\b[^>]*?\ss=")(\d+)(")', clean, cells)

    def _row_format(self, tag: bytes) -> int | None:
        style = re.search(rb'\ss="(\d+)"', tag)
        return int(style[1]) if style and b"customFormat" in tag else None

    def _column_format(self, column: int) -> int:
        for first, last, style in self._column_styles:
            if first <= column <= last:
                return style
        return 0

    def _refuse_unplaced_rows(self, rest: bytes) -> None:
        end = rest.find(b"</" + self._tag + b"sheetData>")
        if end < 0 or re.search(self._row_start + rb"\b[^>]*[^/]>", rest[:end]):
            raise UnpatchableWorkbookError("the rows have no end")


def _column(start: bytes) -> int:
    """Return the number of the column of a cell by the beginning of its XML."""
    found = _PLACE.search(start)
    if found is None:
        raise UnpatchableWorkbookError("a cell has no place")
    return _number_of(found[1])


@functools.cache
def _number_of(name: bytes) -> int:
    return column_number(name.decode())


def _wider_dimension(text: str, tag: str, identity: int) -> str:
    found = re.search(rf'<{tag}dimension\s+ref="([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?"', text)
    if found is None:
        return text
    last = found[3] or found[1]
    if column_number(last) >= identity:
        return text
    wider = f'<{tag}dimension ref="{found[1]}{found[2]}:{letters(identity)}{found[4] or found[2]}"'
    return text[: found.start()] + wider + text[found.end() :]
