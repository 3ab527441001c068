"""What a mapping does, field by field: from which column, through which transforms, with examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from bulkload.mapping import document as language
from bulkload.mapping.bound import BoundMapping
from bulkload.mapping.loading import MappingDocument
from bulkload.mapping.values import dates_of, numbers_of
from bulkload.records import Field, Kind

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One row before and after."""

    row_number: int
    before: tuple[str, ...]
    """Cells of the field's columns."""
    after: str | None
    problem: str | None = None
    """Code, if the cell cannot be read."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of one field."""

    field: str
    kind: str
    columns: tuple[str, ...]
    steps: tuple[str, ...]
    """What is done, in order, in words."""
    examples: tuple[Example, ...] = ()


def explain(
    document: MappingDocument, bound: BoundMapping, rows: pl.DataFrame
) -> list[Explanation]:
    """Explain every field of a bound mapping, with the first rows that say something about it."""
    records = bound.apply(rows)
    found = []
    for field in bound.fields:
        rule = document.rules.fields.get(field.name)
        steps = tuple(_steps(rule, field, document.rules)) if rule else ("from `consents:`",)
        examples = tuple(_examples(field, rows, records))
        found.append(Explanation(field.name, field.kind.value, field.columns, steps, examples))
    return found


def _examples(field: Field, rows: pl.DataFrame, records: pl.DataFrame) -> Iterator[Example]:
    cells = rows.select("row_number", *field.columns)
    telling = (
        cells.filter(pl.any_horizontal(pl.col(field.columns).is_not_null()))
        if field.columns
        else cells
    )
    problem = f"{field.name}@problem"
    for row_number, *before in telling.head(EXAMPLES).iter_rows():
        record = records.row(by_predicate=pl.col("row_number") == row_number, named=True)
        yield Example(
            row_number,
            tuple("" if cell is None else cell for cell in before),
            record[field.name],
            record.get(problem),
        )


def _steps(rule: language.FieldRules, field: Field, document: language.Mapping) -> Iterator[str]:
    yield from _value_steps(rule, field.kind, document)
    region = rule.region or document.region
    if field.kind is Kind.PHONE and region is not None:
        where = f"the country in `{region.column}`" if region.column else str(region.default)
        both = f", else {region.default}" if region.column and region.default else ""
        yield f"numbers without calling code are at home in {where}{both}"
    if rule.as_:
        yield {"set": "sets the balance", "add": "is added to the balance", "keep": "is not sent"}[
            rule.as_
        ]
    if field.required:
        yield "a row without it is rejected"
    if field.clear_when_blank:
        yield "a blank cell clears what the system has"
    if field.severity != "reject":
        yield {"warn": "what is wrong is sent, with a warning", "off": "is not checked"}[
            field.severity.value
        ]


def _value_steps(rule: language.Value, kind: Kind, document: language.Mapping) -> Iterator[str]:
    yield _source(rule)
    nulls = document.nulls if rule.nulls is None else rule.nulls
    if nulls and rule.constant is None:
        yield "blank if " + " or ".join(f"`{token}`" for token in nulls)
    for change in rule.replace:
        yield f"/{change.pattern}/ becomes `{change.with_}`"
    if rule.case:
        yield f"letters in {rule.case} case"
    if rule.map:
        yield f"translated by {len(rule.map)} entries, otherwise {rule.otherwise.do}"
    numbers, dates = numbers_of(rule, document), dates_of(rule, document)
    if kind in {Kind.INTEGER, Kind.NUMBER} and numbers:
        sign = f", `{numbers.thousands}` between thousands" if numbers.thousands else ""
        yield f"read as a number with decimal `{numbers.decimal}`{sign}"
    if kind is Kind.DATE:
        order = (
            dates.order
            if dates and dates.order
            else "year first, others only if they have one reading"
        )
        yield f"read as a date, {order}"
    if kind is Kind.BOOLEAN and rule.constant is None:
        yield "read as yes or no"
    if rule.default is not None:
        yield f"`{rule.default}` if blank"
    if rule.when is not None:
        yield "only in rows where " + spoken(rule.when)


def _source(rule: language.Value) -> str:
    if rule.column is not None:
        return f"from `{rule.column}`"
    if rule.constant is not None:
        return f"always `{rule.constant}`"
    if rule.template is not None:
        return f"put together as `{rule.template}`"
    if rule.split is not None:
        return f"{rule.split.part} of `{rule.split.column}`".replace("_", " ")
    if rule.coalesce is not None:
        return "the first that is not blank: " + ", ".join(_source(part) for part in rule.coalesce)
    parts: Sequence[language.Value] = (
        rule.concat or rule.list or tuple((rule.object or {}).values())
    )
    verb = "joined" if rule.concat else "a list of" if rule.list else "an object of"
    return f"{verb}: " + ", ".join(_source(part) for part in parts)


def spoken(condition: language.Condition) -> str:
    """Return a condition in words."""
    if condition.all is not None:
        return " and ".join(spoken(part) for part in condition.all)
    if condition.any is not None:
        return " or ".join(spoken(part) for part in condition.any)
    if condition.not_ is not None:
        return f"not ({spoken(condition.not_)})"
    tests = {
        "is": condition.is_ and " or ".join(f"`{word}`" for word in condition.is_),
        "is not": condition.is_not and " or ".join(f"`{word}`" for word in condition.is_not),
        "is blank": "" if condition.blank else None,
        "is not blank": "" if condition.blank is False else None,
        "matches": condition.matches,
        "is at least": condition.at_least,
        "is at most": condition.at_most,
    }
    said = " and ".join(
        f"{test} {value}".strip() for test, value in tests.items() if value is not None
    )
    return f"`{condition.column}` {said}"
