"""Mapped fields against the custom fields that a program declares, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bulkload.connectors.base import Definition, Definitions, Problem
from bulkload.errors import did_you_mean
from bulkload.records import Field, Kind, Severity

_SUITS: Mapping[str, tuple[Kind, ...]] = {
    "number": (Kind.INTEGER, Kind.NUMBER),
    "integer": (Kind.INTEGER,),
    "boolean": (Kind.BOOLEAN,),
    "date": (Kind.DATE,),
    "datetime": (Kind.DATETIME,),
    "email": (Kind.EMAIL,),
    "json": (Kind.JSON, Kind.LIST),
    "object": (Kind.JSON,),
    "image_url": (Kind.URL, Kind.TEXT),
    "selection": (Kind.CHOICE, Kind.TEXT),
}
"""Kinds whose every value the declared type can hold; a type that is not here holds any text."""


def check(definitions: Definitions, fields: Sequence[Field]) -> tuple[Problem, ...]:
    """Return what the program would refuse (REJECT) or only not understand (WARN).

    Names that are not defined, kinds that do not suit the declared type, and required custom fields
    that no column or constant speaks of. A program that defines nothing takes everything.
    """
    if not definitions.by_name and not definitions.closed:
        return ()
    mapped = {
        field.name.removeprefix(definitions.prefix): field
        for field in fields
        if field.name.startswith(definitions.prefix)
    }
    found = list(_problems(definitions, mapped))
    found.extend(
        Problem(definitions.prefix + name, "the program requires this field; map a column to it")
        for name, definition in definitions.by_name.items()
        if definition.required and name not in mapped
    )
    return tuple(found)


def _problems(definitions: Definitions, mapped: Mapping[str, Field]) -> Iterator[Problem]:
    weight = Severity.REJECT if definitions.closed else Severity.WARN
    for name, field in mapped.items():
        definition = definitions.by_name.get(name) or definitions.by_name.get(name.split(".")[0])
        if definition is None:
            hint = did_you_mean(name, tuple(definitions.by_name)).strip()
            said = "the program does not define this field"
            yield Problem(field.name, f"{said}; {hint}" if hint else said, weight)
        else:
            yield from _unsuitable(definition, field)


def _unsuitable(definition: Definition, field: Field) -> Iterator[Problem]:
    if definition.array:
        if field.kind is not Kind.LIST:
            yield Problem(field.name, f"the program wants a list of {definition.type} here")
        return
    kinds = _SUITS.get(definition.type)
    if kinds and field.kind not in kinds:
        wanted = " or ".join(kind.value for kind in kinds)
        yield Problem(
            field.name,
            f"the program declares {definition.type}, the mapping says {field.kind.value};"
            f" give it the kind {wanted}",
        )
    strange = [c for c in field.choices if definition.choices and c not in definition.choices]
    if strange:
        yield Problem(
            field.name,
            f"the program allows {', '.join(definition.choices)}, not {', '.join(strange)}",
        )
