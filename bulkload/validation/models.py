"""Fields become one Pydantic model: the judge of every row that is not plain.

The model is named as the vendor names its payload and is nested as the JSON body is; inside, fields
are called `f0`, `f1`, ... with the vendor's names as aliases, because a custom field may be called
`model_dump` or `first name`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    create_model,
)
from pydantic.functional_validators import ModelWrapValidatorHandler

from bulkload.errors import BulkloadError
from bulkload.records import Field, Kind, Severity
from bulkload.validation.characters import is_unicode
from bulkload.validation.kinds import CHECKS, HEX_ID

Tree = dict[str, "Field | Tree"]
Check = Callable[[Any], Any]
Tolerated = list[tuple[Field, ValidationError]]
"""What a validation's context collects: the failures of fields that do not reject."""


class Settled(str):
    """A value that needs no further check: it is sent as it stands."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The model of one payload, with the way to each of its fields."""

    model: type[BaseModel]
    attributes: tuple[tuple[str, ...], ...]
    """For each field, in order, the attribute names that lead to it."""


def judgement(
    fields: Sequence[Field], schema_name: str, *, email: Check, phone: Check
) -> Judgement:
    """Build the model for `fields`.

    Args:
        fields: In the order in which they stand in the body.
        schema_name: Name of the model, `CreateCustomerPayload`.
        email: Check of a `Kind.EMAIL` cell.
        phone: Check of a `Kind.PHONE` cell, which takes `(text, region)`.

    Raises:
        BulkloadError: One name is the path of another, `a` and `a.b`, or stands twice.
    """
    tree: Tree = {}
    for field in fields:
        _plant(tree, field)
    paths: dict[str, tuple[str, ...]] = {}
    model = _model(tree, schema_name, {Kind.EMAIL: email, Kind.PHONE: phone}, (), paths)
    return Judgement(model, tuple(paths[field.name] for field in fields))


def _plant(tree: Tree, field: Field) -> None:
    *groups, last = field.name.split(".")
    branch = tree
    for group in groups:
        inner = branch.setdefault(group, {})
        if isinstance(inner, Field):
            raise _clash(field, inner)
        branch = inner
    there = branch.setdefault(last, field)
    if there is not field:
        raise _clash(field, there)


def _clash(field: Field, there: Field | Tree) -> BulkloadError:
    other = there.name if isinstance(there, Field) else f"{field.name}.{next(iter(there))}"
    return BulkloadError(
        f"the fields `{field.name}` and `{other}` cannot both be sent: they share one place",
        fix="map only one of them",
    )


def _model(
    tree: Tree,
    name: str,
    contacts: dict[Kind, Check],
    above: tuple[str, ...],
    paths: dict[str, tuple[str, ...]],
) -> type[BaseModel]:
    definitions: dict[str, Any] = {}
    for position, (alias, node) in enumerate(tree.items()):
        attribute = f"f{position}"
        here = (*above, attribute)
        if isinstance(node, Field):
            paths[node.name] = here
            kind: Any = _lenient(node, _annotation(node, contacts))
            if node.clear_when_blank:
                kind = kind | None
            needed = node.required
            how: dict[str, Any] = {"exclude": node.how == "add"}
        else:
            kind = _model(node, alias, contacts, here, paths)
            needed = is_needed(node)
            how = {"exclude_if": _sends_nothing} if _adds(node) else {}
        default: Any = ... if needed else None
        definitions[attribute] = (kind, pydantic.Field(default, alias=alias, **how))
    return create_model(name, __config__=ConfigDict(extra="forbid"), **definitions)


def _adds(tree: Tree) -> bool:
    """Whether a field that is added stands somewhere in this group."""
    return any(
        node.how == "add" if isinstance(node, Field) else _adds(node) for node in tree.values()
    )


def _sends_nothing(group: BaseModel) -> bool:
    """Whether all that is said in a group goes another way, so that nothing of it may be sent."""
    fields = type(group).model_fields
    inner = ((fields[name], getattr(group, name)) for name in group.model_fields_set)
    return all(
        field.exclude or (isinstance(value, BaseModel) and _sends_nothing(value))
        for field, value in inner
    )


def is_needed(tree: Tree) -> bool:
    """Whether a required field stands somewhere in this group."""
    return any(
        node.required if isinstance(node, Field) else is_needed(node) for node in tree.values()
    )


def _annotation(field: Field, contacts: dict[Kind, Check]) -> Any:  # noqa: PLR0911  # one per kind
    # A choice of nothing is free text.
    kind = Kind.TEXT if field.kind is Kind.CHOICE and not field.choices else field.kind
    check = BeforeValidator(_unless_settled(contacts.get(kind) or CHECKS[kind]))
    length = StringConstraints(max_length=field.max_length)
    bounds = pydantic.Field(ge=field.minimum, le=field.maximum)
    match kind:
        case Kind.INTEGER:
            return Annotated[int, check, bounds]
        case Kind.NUMBER:
            return Annotated[int | float, check, bounds]
        case Kind.BOOLEAN:
            return Annotated[bool, check]
        case Kind.CHOICE:
            return Annotated[Literal[field.choices], check]
        case Kind.HEX_ID:
            return Annotated[str, check, StringConstraints(pattern=HEX_ID)]
        case Kind.LIST:
            return Annotated[list[Any], check]
        case Kind.JSON:
            return Annotated[Any, check]
        case _:
            return Annotated[str, check, length]


def _unless_settled(check: Check) -> Check:
    return lambda value: str(value) if type(value) is Settled else check(value)


def _lenient(field: Field, annotation: Any) -> Any:
    """Let a field that does not reject keep the cell's own text when its check fails."""
    if field.severity is Severity.REJECT:
        return annotation

    def tolerate(
        value: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo[Tolerated]
    ) -> Any:
        if type(value) is Settled:
            return str(value)
        try:
            return handler(value)
        except ValidationError as error:
            text = value[0] if isinstance(value, tuple) else str(value)
            if not is_unicode(text):
                raise
            info.context.append((field, error))
            return text

    return Annotated[annotation, WrapValidator(tolerate)]
