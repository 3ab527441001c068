"""Which rules have nothing to say about a plain cell: one that the judge accepts as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from bulkload.mapping import document as language
from bulkload.mapping.columns import NodePath
from bulkload.mapping.reading import Cell
from bulkload.mapping.values import BLANKS, Compiler, numbers_of
from bulkload.records import Field, Kind

_NEEDED: Mapping[Kind, str] = {
    Kind.EMAIL: "@",
    Kind.URL: ":",
    **dict.fromkeys((Kind.PHONE, Kind.INTEGER, Kind.NUMBER), "0123456789"),
    **dict.fromkeys((Kind.DATE, Kind.DATETIME), "0123456789"),
}
"""Of these characters, every plain cell of a kind has one."""
_ID_LENGTH = 24


def untouched_cell(
    compiler: Compiler, rules: language.FieldRules, field: Field, path: NodePath
) -> Cell | None:
    """Return a field's column, if a plain cell in it is the field's value as it stands.

    White space is taken off the ends of cells, so no plain cell has any there; numbers are plain
    without signs between their digits, dates as they are sent, words for yes and no in English.
    """
    if rules.column is None or compiler.lacks(rules) or _is_touched(compiler, rules, field):
        return None
    return Cell(compiler.column(rules.column, (*path, "column")))


def _is_touched(compiler: Compiler, rules: language.FieldRules, field: Field) -> bool:
    """Whether rules could make something else of a plain cell, or of none."""
    changes = (rules.case, rules.map, rules.default, rules.when, rules.words)
    numbers = numbers_of(rules, compiler.document.rules)
    # What is said of a consent depends on all of them.
    told = field.name.startswith("consents.") and compiler.document.rules.consents is not None
    return (
        told
        or bool(rules.replace)
        or any(change is not None for change in changes)
        or any(_may_be_plain(token, field.kind) for token in compiler.nulls(rules))
        or (field.kind is Kind.NUMBER and numbers is not None)
        or (field.kind is Kind.LIST and rules.separator is not None)
        or any(choice != choice.strip(BLANKS) for choice in field.choices)
    )


def _may_be_plain(null: str, kind: Kind) -> bool:
    """Whether a word for `nothing here` could be a plain cell of this kind."""
    if kind is Kind.HEX_ID:
        return len(null) >= _ID_LENGTH
    return kind not in _NEEDED or any(character in null for character in _NEEDED[kind])
