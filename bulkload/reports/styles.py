"""Formats for marked cells: each is the cell's own format with another fill.

A marked cell keeps its font, borders, alignment and number format; a cell of text, or an empty one, is
formatted as text, so that what is typed over it keeps its zeros and its plus sign.
"""

from __future__ import annotations

import re

from bulkload.reports.package import UnpatchableWorkbookError

MARK = "FFFFB8A8"
"""Colour of a cell with a problem (ARGB)."""
_TEXT_FORMAT = "49"


class Styles:
    """styles.xml of a workbook with the formats that are added while its cells are marked."""

    def __init__(self, text: str) -> None:
        prefix = re.search(r"<(\w+:)?styleSheet\b", text)
        if prefix is None:
            raise UnpatchableWorkbookError("the formats cannot be read")
        self._prefix = prefix[1] or ""
        self._text = text
        self._formats = self._children("cellXfs", "xf")
        if not self._formats:
            raise UnpatchableWorkbookError("there are no formats")
        self._marked: dict[tuple[int, bool], int] = {}
        self._unmarked: dict[int, int] = {}
        fills = self._children("fills", "fill")
        self._mark_fills = {str(n) for n, fill in enumerate(fills) if MARK in fill}
        self._fill = self._add(
            "fills",
            "fill",
            (
                f'<{self._prefix}fill><{self._prefix}patternFill patternType="solid">'
                f'<{self._prefix}fgColor rgb="{MARK}"/><{self._prefix}bgColor indexed="64"/>'
                f"</{self._prefix}patternFill></{self._prefix}fill>"
            ),
        )

    @property
    def was_marked(self) -> bool:
        """Whether cells of this workbook have been marked before."""
        return bool(self._mark_fills)

    def marked(self, index: int, *, is_text: bool) -> int:
        """Return the format of a marked cell whose own format is `index`."""
        if (index, is_text) not in self._marked:
            changes = {"fillId": str(self._fill), "applyFill": "1"}
            if is_text:
                changes |= {"numFmtId": _TEXT_FORMAT, "applyNumberFormat": "1"}
            self._marked[index, is_text] = self._derived(index, changes)
        return self._marked[index, is_text]

    def unmarked(self, index: int) -> int:
        """Return the format of a cell that was marked before and is not any more."""
        if index >= len(self._formats):
            return index
        fill = re.search(r'\bfillId="(\d+)"', self._formats[index])
        if fill is None or fill[1] not in self._mark_fills:
            return index
        if index not in self._unmarked:
            self._unmarked[index] = self._derived(index, {"fillId": "0"})
        return self._unmarked[index]

    def own(self, *, font: str = "", wrap: bool = False) -> int:
        """Return a new format for bulkload's own sheet.

        Args:
            font: Children of the font (`<b/>`), with the prefix left out.
            wrap: Whether long text goes on in a second line.
        """
        changes = {
            "fillId": "0",
            "borderId": "0",
            "numFmtId": _TEXT_FORMAT,
            "applyNumberFormat": "1",
        }
        if font:
            content = font.replace("<", f"<{self._prefix}")
            number = self._add(
                "fonts", "font", f"<{self._prefix}font>{content}</{self._prefix}font>"
            )
            changes |= {"fontId": str(number), "applyFont": "1"}
        alignment = f'<{self._prefix}alignment vertical="top"' + (
            ' wrapText="1"/>' if wrap else "/>"
        )
        base = f"<{self._prefix}xf"
        attributes = {"fontId": "0", "xfId": "0"} | changes | {"applyAlignment": "1"}
        spoken = "".join(f' {name}="{value}"' for name, value in attributes.items())
        self._formats.append(f"{base}{spoken}>{alignment}</{self._prefix}xf>")
        return len(self._formats) - 1

    def text(self) -> str:
        """Return styles.xml with everything that was added."""
        body = "".join(self._formats)
        return self._replaced("cellXfs", len(self._formats), body)

    def _derived(self, index: int, changes: dict[str, str]) -> int:
        source = self._formats[index if index < len(self._formats) else 0]
        start = re.match(r"<[^>]*?(?=/?>)", source)
        assert start is not None  # noqa: S101 - the pattern that found the element begins the same way
        head = start[0]
        for name, value in changes.items():
            head = re.sub(rf'\s{name}="[^"]*"', "", head) + f' {name}="{value}"'
        self._formats.append(head + source[start.end() :])
        return len(self._formats) - 1

    def _children(self, parent: str, child: str) -> list[str]:
        found = re.search(
            rf"<{self._prefix}{parent}\b[^>]*>(.*?)</{self._prefix}{parent}>", self._text, re.DOTALL
        )
        if found is None:
            return []
        name = self._prefix + child
        pattern = rf"<{name}\b(?:[^>]*/>|[^>]*>.*?</{name}>)"
        return [match[0] for match in re.finditer(pattern, found[1], re.DOTALL)]

    def _add(self, parent: str, child: str, content: str) -> int:
        children = self._children(parent, child)
        if not children:
            raise UnpatchableWorkbookError(f"the formats have no {parent}")
        self._text = self._replaced(parent, len(children) + 1, "".join([*children, content]))
        return len(children)

    def _replaced(self, parent: str, count: int, body: str) -> str:
        def fill(found: re.Match[str]) -> str:
            attributes = re.sub(r'\s(?:\w+:)?(?:count|knownFonts)="[^"]*"', "", found[1])
            return f'<{self._prefix}{parent}{attributes} count="{count}">{body}</{self._prefix}{parent}>'

        pattern = rf"<{self._prefix}{parent}\b([^>]*)>.*?</{self._prefix}{parent}>"
        return re.sub(pattern, fill, self._text, count=1, flags=re.DOTALL)
