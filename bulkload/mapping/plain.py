"""Rules that have nothing to say about a plain cell, one that the judge accepts as it stands.

Most fields are one column, trimmed. Such a column is taken as it stands, and only those of its cells
that are not plain are read by the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from bulkload.mapping import document as language
from bulkload.mapping.columns import Headers, NodePath
from bulkload.mapping.loading import MappingDocument
from bulkload.mapping.row_rules import consents, row_rules
from bulkload.mapping.stages import NUMBER, Stages, passing_on
from bulkload.mapping.values import BLANKS, Compiler, numbers_of
from bulkload.records import Field, Kind, Schema

_NEEDED: Mapping[Kind, str] = {
    Kind.EMAIL: "@",
    Kind.URL: ":",
    **dict.fromkeys((Kind.PHONE, Kind.INTEGER, Kind.NUMBER), "0123456789"),
    **dict.fromkeys((Kind.DATE, Kind.DATETIME), "0123456789"),
}
"""Of these characters, every plain cell of a kind has one."""
_ID_LENGTH = 24


def skimming_of(
    document: MappingDocument, known: Headers, fields: Sequence[Field], schema: Schema
) -> tuple[Stages, dict[str, Stages]]:
    """Return the stages of `BoundMapping.skim` and those of `BoundMapping.read`."""
    rules, compiler = document.rules, Compiler(document, known)
    expressions: dict[str, pl.Expr] = {}
    reading: dict[str, Stages] = {}
    for bound in fields:
        rule = rules.fields.get(bound.name)
        if rule is None or rule.as_ == "keep":
            continue
        untouched = _untouched(compiler, rule, bound, ("fields", bound.name))
        if untouched is None:
            expressions |= _columns_of(compiler, rule, bound)
            continue
        alone = Compiler(document, known)
        reading[bound.name] = passing_on(alone.stages, _columns_of(alone, rule, bound))
        expressions[bound.name] = untouched
        if bound.kind is Kind.PHONE:
            expressions |= region_of(compiler, rule, bound.name, plain=True)
    if not reading:
        return (), {}
    for extra, expression in consents(document, schema, expressions):
        expressions[extra.name] = expression
    expressions |= row_rules(compiler, rules)
    return passing_on(compiler.stages, NUMBER | expressions), reading


def _columns_of(compiler: Compiler, rule: language.FieldRules, bound: Field) -> dict[str, pl.Expr]:
    """Return the columns of one field, by name; none if all its columns are optional and missing."""
    cell = compiler.value(rule, bound.kind, ("fields", bound.name))
    if cell is None:
        return {}
    made = {bound.name: cell.text.cast(pl.String)}
    if bound.kind is Kind.PHONE:
        made |= region_of(compiler, rule, bound.name)
    if cell.problem is not None:
        made[f"{bound.name}@problem"] = cell.problem
    return made


def region_of(
    compiler: Compiler,
    rule: language.FieldRules,
    name: str,
    *,
    plain: bool = False,
) -> dict[str, pl.Expr]:
    """Return each row's country; with `plain` it need not be right if it is not spelled as `DE`."""
    region = rule.region
    path: NodePath = ("fields", name, "region")
    if region is None:
        region, path = compiler.document.rules.region, ("region",)
    if region is None:
        return {}
    if plain and region.column is not None and not region.map:
        return {f"{name}@region": compiler.column(region.column, (*path, "column"))}
    found = compiler.region(region, path)
    return {} if found is None else {f"{name}@region": found}


def _untouched(
    compiler: Compiler, rules: language.FieldRules, field: Field, path: NodePath
) -> pl.Expr | None:
    """Return a field's column, if a plain cell in it is the field's value as it stands.

    White space is taken off the ends of cells, so no plain cell has any there; numbers are plain
    without signs between their digits, dates as they are sent, words for yes and no in English.
    """
    if rules.column is None or compiler.lacks(rules) or _is_touched(compiler, rules, field):
        return None
    return compiler.column(rules.column, (*path, "column"))


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
