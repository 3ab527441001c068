"""Comments on cells: their texts, and the boxes in which a spreadsheet shows them.

Source: ECMA-376 part 1, 18.7 (comments) and part 4, 19.4 (VML); the box is drawn as Excel draws it.
"""

from __future__ import annotations

import re

from bulkload.reports.package import Package, Sheet, UnpatchableWorkbookError, appended
from bulkload.reports.sheets import NAMESPACE, column_number, escaped, letters

AUTHOR = "bulkload"
SIGN = "bulkload:"
"""First line of every comment of ours."""
MAX_COMMENTS = 20_000
"""Beyond this, spreadsheets take minutes to open a file."""
_BLOCK = 1024
_FIRST_BLOCK = 200
"""Boxes are numbered in blocks of 1024; the user's own begin at the first."""
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_WIDTH_COLUMNS = 4
_CHARACTERS_A_LINE = 38


def add_comments(package: Package, sheet: Sheet, texts: dict[tuple[int, int], str]) -> str | None:
    """Put comments on cells of a sheet.

    Comments that bulkload wrote before are gone; those of people stay, and on a cell that has one
    of theirs the texts stand together.

    Args:
        package: The workbook; its changed parts grow.
        sheet: The sheet.
        texts: Text by row and column, both counted from 1; at most `MAX_COMMENTS`.

    Returns:
        The relation that the sheet must name as its drawing, or None if it names one already.
    """
    comments, drawing = (
        package.related(sheet.path, "comments"),
        package.related(sheet.path, "vmlDrawing"),
    )
    if (comments is None) != (drawing is None):
        raise UnpatchableWorkbookError("comments without boxes")
    if comments is None or drawing is None:
        comments = package.unused_path("xl/commentsBulkload.xml")
        drawing = package.unused_path("xl/drawings/vmlDrawingBulkload.vml")
        package.change(comments, _EMPTY_COMMENTS)
        package.change(drawing, _EMPTY_DRAWING)
        package.relate(sheet.path, "comments", comments)
        relation = package.relate(sheet.path, "vmlDrawing", drawing)
        package.declare(comments, _COMMENTS_TYPE)
        package.declare_ending("vml", _VML_TYPE)
    else:
        relation = None
    text, dropped, theirs = _without_own(package.text(comments))
    text, joined = _joined(text, theirs, texts)
    added = {place: spoken for place, spoken in texts.items() if place not in joined}
    package.change(comments, _with_comments(text, added))
    package.change(drawing, _with_boxes(package.text(drawing), dropped, added))
    return relation


def _without_own(text: str) -> tuple[str, set[tuple[int, int]], dict[tuple[int, int], str]]:
    """Drop bulkload's comments; return the rest, the places dropped, and people's comments.

    They are known by their first line: LibreOffice does not keep the author of a comment.
    """
    tag = _tag(text)
    dropped: set[tuple[int, int]] = set()
    theirs: dict[tuple[int, int], str] = {}
    own = re.compile(rf"(?:\n|&#10;|&#xA;)*{SIGN}(?:\n|&#10;|&#xA;).*?(?=</{tag}t>)", re.DOTALL)

    def keep(found: re.Match[str]) -> str:
        place = _place(found[0])
        kept = own.sub("", found[0])
        if kept != found[0] and not "".join(re.findall(rf"<{tag}t\b[^>]*>([^<]*)<", kept)).strip():
            dropped.add(place)
            return ""
        theirs[place] = kept
        return kept

    pattern = rf"<{tag}comment\b.*?</{tag}comment>"
    return re.sub(pattern, keep, text, flags=re.DOTALL), dropped, theirs


def _joined(
    text: str, theirs: dict[tuple[int, int], str], texts: dict[tuple[int, int], str]
) -> tuple[str, set[tuple[int, int]]]:
    tag = _tag(text)
    joined = set(theirs) & set(texts)
    for place in joined:
        element = theirs[place]
        if f"<{tag}r>" not in element and f"<{tag}r " not in element:
            # A text without runs may not stand beside one with them.
            alone = re.compile(rf"<{tag}text>(<{tag}t\b.*?</{tag}t>)", re.DOTALL)
            element = alone.sub(rf"<{tag}text><{tag}r>\1</{tag}r>", element)
        spoken = escaped(f"\n{SIGN}\n{texts[place]}")
        run = f'<{tag}r><{tag}t xml:space="preserve">{spoken}</{tag}t></{tag}r>'
        text = text.replace(theirs[place], appended(element, "text", run))
    return text, joined


def _with_comments(text: str, texts: dict[tuple[int, int], str]) -> str:
    tag = _tag(text)
    number = len(re.findall(rf"<{tag}author\b", text))
    text = appended(text, "authors", f"<{tag}author>{AUTHOR}</{tag}author>")
    start = f'" authorId="{number}"><{tag}text><{tag}r><{tag}t xml:space="preserve">'
    end = f"</{tag}t></{tag}r></{tag}text></{tag}comment>"
    entries = "".join(
        f'<{tag}comment ref="{letters(column)}{row}' + start + escaped(f"{SIGN}\n{said}") + end
        for (row, column), said in texts.items()
    )
    return appended(text, "commentList", entries)


def _with_boxes(text: str, dropped: set[tuple[int, int]], texts: dict[tuple[int, int], str]) -> str:
    spoken = _prefixes(text)
    if dropped:
        text = _without_boxes(text, dropped, spoken)
    end = text.rfind("</xml>")
    if end < 0:
        raise UnpatchableWorkbookError("the boxes of the comments cannot be read")
    used = [int(number) // _BLOCK for number in re.findall(r"_x0000_s(\d+)", text)]
    first = max([_FIRST_BLOCK, *(block + 1 for block in used)])
    blocks = ",".join(str(first + n) for n in range(len(texts) // (_BLOCK - 1) + 1))
    listed = re.compile(r'(<(?:\w+:)?idmap\b[^>]*?\bdata="[^"]*)"')
    parts = []
    if listed.search(text):
        text = listed.sub(rf'\g<1>,{blocks}"', text, count=1)
        end = text.rfind("</xml>")
    elif "shapelayout" not in text:
        parts.append(_LAYOUT.format(blocks=blocks))
    if f'id="{_SHAPE}"' not in text:
        parts.append(_SHAPE_TYPE)
    parts += [
        _box(first * _BLOCK + 1 + number + number // (_BLOCK - 1), place, said)
        for number, (place, said) in enumerate(texts.items())
    ]
    added = "".join(parts)
    if any(usual != own for usual, own in spoken.items()):
        added = re.sub(r"(?<=[</ ])[vox]:", lambda found: spoken[found[0]], added)
    return text[:end] + added + text[end:]


def _without_boxes(text: str, dropped: set[tuple[int, int]], spoken: dict[str, str]) -> str:
    v, x = spoken["v:"], spoken["x:"]

    def keep(found: re.Match[str]) -> str:
        row = re.search(rf"<{x}Row>\s*(\d+)", found[0])
        column = re.search(rf"<{x}Column>\s*(\d+)", found[0])
        own = row and column and (int(row[1]) + 1, int(column[1]) + 1) in dropped
        return "" if own else found[0]

    return re.sub(rf"<{v}shape\b.*?</{v}shape>", keep, text, flags=re.DOTALL)


def _prefixes(text: str) -> dict[str, str]:
    """Return how this drawing spells the prefixes v, o and x."""
    declared = {uri: name for name, uri in re.findall(r'xmlns:(\w+)="([^"]+)"', text[:4096])}
    try:
        return {f"{usual}:": f"{declared[uri]}:" for usual, uri in _VML_NAMESPACES.items()}
    except KeyError as error:
        raise UnpatchableWorkbookError("the boxes of the comments cannot be read") from error


def _box(number: int, place: tuple[int, int], spoken: str) -> str:
    row, column = place[0] - 1, place[1] - 1
    height = min(4 + len(spoken) // _CHARACTERS_A_LINE + spoken.count("\n"), 20)
    anchor = f"{column + 1}, 15, {row}, 2, {column + 1 + _WIDTH_COLUMNS}, 15, {row + height}, 4"
    return (
        f'<v:shape id="_x0000_s{number}" type="#{_SHAPE}" style="position:absolute;'
        'margin-left:80pt;margin-top:2pt;width:200pt;height:60pt;z-index:1;visibility:hidden" '
        'fillcolor="#fff4d6" o:insetmode="auto"><v:fill color2="#fff4d6"/>'
        '<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


def _place(comment: str) -> tuple[int, int]:
    found = re.search(r'\bref="\$?([A-Z]+)\$?(\d+)"', comment)
    if found is None:
        raise UnpatchableWorkbookError("a comment has no place")
    return int(found[2]), column_number(found[1])


def _tag(text: str) -> str:
    found = re.search(r"<(\w+:)?comments\b", text)
    if found is None:
        raise UnpatchableWorkbookError("the comments cannot be read")
    return found[1] or ""


_EMPTY_COMMENTS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<comments xmlns="{NAMESPACE}"><authors></authors><commentList></commentList></comments>'
)
_VML_NAMESPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_EMPTY_DRAWING = (
    "<xml" + "".join(f' xmlns:{name}="{uri}"' for name, uri in _VML_NAMESPACES.items()) + "></xml>"
)
_SHAPE = "_x0000_t202"
_LAYOUT = '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
_SHAPE_TYPE = (
    f'<v:shapetype id="{_SHAPE}" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
