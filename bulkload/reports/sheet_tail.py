"""What follows the rows of a sheet: its filter, its drop-downs, the drawing of its comments.

The elements of a sheet stand in a fixed order; what is added goes before the first that comes later.

Source: ECMA-376 part 1, 18.3.1.99 (worksheet).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bulkload.reports.package import UnpatchableWorkbookError
from bulkload.reports.sheets import column_number, letters

_AFTER_VALIDATIONS = (
    "hyperlinks|printOptions|pageMargins|pageSetup|headerFooter|rowBreaks|colBreaks|customProperties"
    "|cellWatches|ignoredErrors|smartTags|drawing|legacyDrawing|legacyDrawingHF|drawingHF|picture"
    "|oleObjects|controls|webPublishItems|tableParts|extLst"
)
_AFTER_DRAWING = (
    "legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst"
)


def with_wider_filter(tail: str, tag: str, identity: int) -> tuple[str, str | None]:
    """Extend the sheet's filter over the identity, which must be sorted along; return its range."""
    found = re.search(rf'(<{tag}autoFilter\b[^>]*?\sref=")([A-Z]+\d+):([A-Z]+)(\d+)"', tail)
    if found is None:
        return tail, None
    last = letters(max(column_number(found[3]), identity))
    wider = f"{found[2]}:{last}{found[4]}"
    return tail[: found.start()] + found[1] + wider + '"' + tail[found.end() :], wider


def with_validations(tail: str, tag: str, validations: Iterable[tuple[str, str]]) -> str:
    """Add drop-downs to what follows the rows of a sheet; a column with rules of its own keeps them.

    Args:
        tail: The XML after the rows.
        tag: Prefix of its tags.
        validations: Range and formula of each list, the formula as XML text.
    """
    wanted = dict(validations)
    found = re.search(
        rf"<{tag}dataValidations\b[^>]*>(.*?)</{tag}dataValidations>", tail, re.DOTALL
    )
    kept: list[str] = []
    if found is not None:
        one = rf"<{tag}dataValidation\b(?:[^>]*/>|.*?</{tag}dataValidation>)"
        # A workbook that comes back has the drop-downs of the last time.
        kept = [
            entry
            for entry in re.findall(one, found[1], re.DOTALL)
            if not any(f'sqref="{ref}"' in entry for ref in wanted)
        ]
    taken = _columns_of(" ".join(re.findall(r'\ssqref="([^"]*)"', "".join(kept))))
    taken |= _columns_of(" ".join(re.findall(r"<(?:\w+:)?sqref>([^<]*)<", tail)))
    entries = [
        f'<{tag}dataValidation type="list" errorStyle="warning" allowBlank="1" showInputMessage="1"'
        f' showErrorMessage="1" sqref="{ref}"><{tag}formula1>{formula}</{tag}formula1></{tag}dataValidation>'
        for ref, formula in wanted.items()
        if not _columns_of(ref) & taken
    ]
    if not entries:
        return tail
    if found is not None:
        tail = tail[: found.start()] + tail[found.end() :]
    entries = kept + entries
    element = (
        f'<{tag}dataValidations count="{len(entries)}">{"".join(entries)}</{tag}dataValidations>'
    )
    return _before(tail, tag, _AFTER_VALIDATIONS, element)


def _columns_of(areas: str) -> set[int]:
    """Return the columns that ranges such as `A2:C9 E5` touch."""
    touched: set[int] = set()
    for first, last in re.findall(r"([A-Z]+)\d*(?::([A-Z]+)\d*)?", areas):
        touched.update(range(column_number(first), column_number(last or first) + 1))
    return touched


def with_drawing(tail: str, tag: str, relation: str) -> str:
    """Name the part that draws the comments."""
    space = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    element = f'<{tag}legacyDrawing xmlns:r="{space}" r:id="{relation}"/>'
    return _before(tail, tag, _AFTER_DRAWING, element)


def _before(tail: str, tag: str, later: str, element: str) -> str:
    found = re.search(rf"<{tag}(?:{later})\b|</{tag}worksheet>", tail)
    if found is None:
        raise UnpatchableWorkbookError("the sheet has no end")
    return tail[: found.start()] + element + tail[found.start() :]
