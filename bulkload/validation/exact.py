"""The exact path: rows to Pydantic, one at a time, every problem of a row at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bulkload.records import Field, Severity
from bulkload.validation.models import Check, Settled, Tolerated, judgement
from bulkload.validation.refusals import code_of, details_of

NOTHING: Mapping[int, str] = {}
MOST = 5_000
"""Refusals of single cells that are kept: the same mistake mostly comes again."""

Value = str | Settled | tuple[str, str | None] | None
"""What a record says about a field: text, for phones text and region; None if it is blank."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason against one field of one row; `field` is None where the whole row is meant."""

    field: Field | None
    code: str
    details: Mapping[str, str]
    rejects: bool = True
    """False for a warning."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the exact path found about one row."""

    model: BaseModel | None
    """None if the row is rejected."""
    problems: Sequence[Problem]


class ExactPath:
    """Judges single rows against one model."""

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        schema_name: str,
        one_of: Sequence[str],
        email: Check,
        phone: Check,
    ) -> None:
        self._fields = tuple(fields)
        built = judgement(self._fields, schema_name, email=email, phone=phone)
        self.model = built.model
        self._validate = built.model.__pydantic_validator__.validate_python
        self._serializer = built.model.__pydantic_serializer__
        paths = [tuple(field.name.split(".")) for field in self._fields]
        self._places = tuple((path[:-1], path[-1]) for path in paths)
        self._field_at = dict(zip(paths, self._fields, strict=True))
        self._groups_needed = tuple(
            path[:-1]
            for path, field in zip(paths, self._fields, strict=True)
            if field.required and len(path) > 1
        )
        self._cleared = frozenset(
            position
            for position, field in enumerate(self._fields)
            if field.clear_when_blank and not field.required
        )
        self.rejects_always = all(field.severity is Severity.REJECT for field in self._fields)
        alone = (
            judgement((replace(field, name="value"),), field.name, email=email, phone=phone)
            for field in self._fields
        )
        self._cells = tuple(one.model.__pydantic_validator__.validate_python for one in alone)
        self._refused: dict[tuple[int, Value], Problem] = {}
        self.no_contact = Problem(None, "contact-missing", {"fields": " or ".join(one_of)})
        self._one_of = tuple(one_of)
        self._one_of_at = tuple(
            position for position, field in enumerate(self._fields) if field.name in one_of
        )
        self._getters: dict[str, Callable[[BaseModel], Any]] = {
            field.name: _getter(attributes)
            for field, attributes in zip(self._fields, built.attributes, strict=True)
        }

    def judge(self, values: Sequence[Value], unread: Mapping[int, str] = NOTHING) -> Judged:
        """Judge one row. Never raises for bad data.

        Args:
            values: What the row says, in the order of the fields.
            unread: Codes of transforms that could not read their cell, by position of the field.
        """
        problems: list[Problem] = []
        said = self._said(values, unread, problems)
        tolerated: Tolerated = []
        model: BaseModel | None = None
        try:
            model = self._validate(said, context=tolerated)
        except ValidationError as error:
            problems += self._problems(error, problems)
        for field, failure in tolerated:
            if field.severity is Severity.WARN:
                first = failure.errors(include_url=False, include_input=False)[0]
                problems.append(_problem(field, first, rejects=False))
        problems += self._missing_contact(values)
        if any(problem.rejects for problem in problems):
            model = None
        return Judged(model, problems)

    def alone(self, position: int, value: Value, unread: str | None) -> Problem | None:
        """Return the problem of one cell, as the whole model would find it.

        Only where every field rejects; a row without such problems has still to be judged.
        """
        field = self._fields[position]
        if value is None:
            return _problem(field, _MISSING, rejects=True) if field.required else None
        if unread:
            return Problem(field, unread, {})
        # A settled value equals the text that it is, but not in what is said of it.
        cell = (position, value) if type(value) is not Settled else None
        known = self._refused.get(cell) if cell else None
        if known is not None:
            return known
        try:
            self._cells[position]({"value": value})
        except ValidationError as error:
            detail = error.errors(include_url=False, include_input=False)[0]
            known = _problem(field, detail, rejects=True)
        else:
            return None
        if cell:
            if len(self._refused) >= MOST:
                self._refused.clear()
            self._refused[cell] = known
        return known

    def _missing_contact(self, values: Sequence[Value]) -> list[Problem]:
        if not self._one_of or any(values[position] is not None for position in self._one_of_at):
            return []
        return [self.no_contact]

    def body(self, model: BaseModel) -> str:
        """Return the compact JSON of what the row says."""
        return self._serializer.to_json(
            model, by_alias=True, exclude_unset=True, warnings=False
        ).decode()

    def value(self, model: BaseModel, name: str) -> Any:
        """Return the value of the field `name`; None if the row does not say it."""
        return self._getters[name](model)

    def _said(
        self, values: Sequence[Value], unread: Mapping[int, str], problems: list[Problem]
    ) -> dict[str, Any]:
        """Return the model's input, nested; cells that a transform could not read become problems."""
        said: dict[str, Any] = {}
        for groups in self._groups_needed:
            _branch(said, groups)
        for position, spoken in enumerate(values):
            value = spoken
            if value is None and position not in self._cleared:
                continue
            if position in unread and value is not None:
                field = self._fields[position]
                if field.severity is not Severity.OFF:
                    rejects = field.severity is Severity.REJECT
                    problems.append(Problem(field, unread[position], {}, rejects))
                    if rejects:
                        continue
                    value = Settled(value[0] if isinstance(value, tuple) else value)
            groups, last = self._places[position]
            (_branch(said, groups) if groups else said)[last] = value
        return said

    def _problems(self, error: ValidationError, known: Sequence[Problem]) -> list[Problem]:
        """Return what Pydantic found, but for fields whose transform has said more."""
        said_already = {problem.field.name for problem in known if problem.field}
        found = []
        for detail in error.errors(include_url=False, include_input=False):
            field = self._field_of(detail["loc"])
            if field.name not in said_already:
                said_already.add(field.name)
                found.append(_problem(field, detail, rejects=True))
        return found

    def _field_of(self, location: tuple[int | str, ...]) -> Field:
        names = tuple(map(str, location))
        for length in range(len(names), 0, -1):
            if names[:length] in self._field_at:
                return self._field_at[names[:length]]
        raise KeyError(location)


_MISSING: ErrorDetails = {"type": "missing", "loc": (), "msg": "", "input": None}


def _problem(field: Field, detail: ErrorDetails, *, rejects: bool) -> Problem:
    details = details_of(detail.get("ctx"))
    if field.choices:
        details["choices"] = ", ".join(field.choices)
    return Problem(field, code_of(detail["type"], field.kind), details, rejects)


def _branch(said: dict[str, Any], groups: Sequence[str]) -> dict[str, Any]:
    for group in groups:
        said = said.setdefault(group, {})
    return said


def _getter(attributes: tuple[str, ...]) -> Callable[[BaseModel], Any]:
    if len(attributes) == 1:
        return operator.attrgetter(attributes[0])

    def get(model: BaseModel) -> Any:
        value: Any = model
        for attribute in attributes:
            if value is None:
                return None
            value = getattr(value, attribute)
        return value

    return get
