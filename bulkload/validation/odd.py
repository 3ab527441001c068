"""Batches that go row by row through the exact path: frames in, payload columns and problems out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import BaseModel

from bulkload.contacts import email_key
from bulkload.records import Action, Field, Kind, Reject
from bulkload.validation.characters import SPACES
from bulkload.validation.exact import ExactPath, Judged, Problem, Value
from bulkload.validation.models import Settled
from bulkload.validation.remembered import Contacts
from bulkload.validation.source_cells import SourceCells

ROW = "row_number"
ACTION = "@action"
FINE = "@fine"
VALUE = "@value"
PROBLEM = "@problem"
REGION = "@region"


@dataclass(frozen=True, slots=True)
class Found:
    """What the exact path says about the rows of one batch."""

    payloads: dict[str, list[Any]]
    """The columns of the payload frame."""
    rejects: list[Reject] = dataclasses.field(default_factory=list)
    warnings: list[Reject] = dataclasses.field(default_factory=list)


class OddRows:
    """Judges rows that no tier has accepted."""

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        schema_name: str,
        one_of: Sequence[str],
        keys: Sequence[str],
        action: Action,
        contacts: Contacts,
    ) -> None:
        self._fields = tuple(fields)
        self._order = {field.name: position for position, field in enumerate(self._fields)}
        self._exact = ExactPath(
            self._fields,
            schema_name=schema_name,
            one_of=one_of,
            email=contacts.email,
            phone=contacts.phone,
        )
        self._one_of, self._keys, self._action = tuple(one_of), tuple(keys), action
        self._added = tuple(field for field in self._fields if field.how == "add")

    @property
    def model(self) -> type[BaseModel]:
        """The Pydantic model that judges."""
        return self._exact.model

    def judge(self, records: pl.DataFrame, source: SourceCells) -> Found:
        """Judge the records of one batch.

        Args:
            records: With `<field>@fine` and `<field>@value` if they have been sifted.
            source: Cells of the same rows, in the same order, as the source has them.
        """
        names = [ROW, "body", "action", *(f"key:{key}" for key in self._keys), "extra"]
        found = Found({name: [] for name in names})
        if records.is_empty():
            return found
        refused = self._refused(records)
        left = [position for position in range(records.height) if position not in refused]
        judged = dict(zip(left, self._judged(records, left), strict=True))
        spoken = records[ACTION].to_list() if ACTION in records.columns else []
        for position, number in enumerate(records[ROW].to_list()):
            one = refused.get(position) or judged[position]
            problems, model = one.problems, one.model
            action = self._action.value
            if spoken and (said := spoken[position]):
                action = said.strip(SPACES).lower() or action
                if action not in _ACTIONS:
                    problems = [*problems, Problem(None, "action-unknown", {"action": said})]
                    model = None
            for problem in sorted(problems, key=self._place) if len(problems) > 1 else problems:
                into = found.rejects if problem.rejects else found.warnings
                into.append(self._reject(number, problem, source, position, records))
            if model is not None:
                values = self._payload(number, action, model)
                for column, value in zip(found.payloads.values(), values, strict=True):
                    column.append(value)
        return found

    def _refused(self, records: pl.DataFrame) -> dict[int, Judged]:
        """Return the verdicts on rows of which a cell alone is refused, by position.

        Most odd rows are rejected for one cell, and then the others need not be judged.
        """
        flags = [field.name + FINE for field in self._fields]
        if not (self._exact.rejects_always and set(flags) <= set(records.columns)):
            return {}
        refused: dict[int, list[Problem]] = {}
        # Lists from here on: few rows are left, and Polars' threads are at work on the next batch.
        for at, (field, flag) in enumerate(zip(self._fields, flags, strict=True)):
            places = [place for place, fine in enumerate(records[flag].to_list()) if not fine]
            if not places:
                continue
            values, codes = _values(records, field, places), _codes(records, field, places)
            for place, value, code in zip(places, values, codes, strict=True):
                if problems := self._exact.alone(at, value, code):
                    refused.setdefault(place, []).extend(problems)
        contacts = [
            _values(records, field, list(refused))
            for field in self._fields
            if field.name in self._one_of
        ]
        for at, problems in enumerate(refused.values()):
            if self._one_of and all(values[at] is None for values in contacts):
                problems.append(self._exact.no_contact)
        return {place: Judged(None, problems) for place, problems in refused.items()}

    def _judged(self, records: pl.DataFrame, places: Sequence[int]) -> Iterator[Judged]:
        """Judge whole rows."""
        rows = zip(*(_values(records, field, places) for field in self._fields), strict=True)
        codes = [
            (position, _codes(records, field, places))
            for position, field in enumerate(self._fields)
            if field.name + PROBLEM in records.columns
        ]
        for at, row in enumerate(rows):
            unread = {position: code for position, column in codes if (code := column[at])}
            yield self._exact.judge(row, unread)

    def _place(self, problem: Problem) -> int:
        return self._order[problem.field.name] if problem.field else len(self._order)

    def _reject(
        self,
        number: int,
        problem: Problem,
        source: SourceCells,
        position: int,
        records: pl.DataFrame,
    ) -> Reject:
        field = problem.field
        if field is None:
            return Reject(number, problem.code, details=problem.details)
        column, cell = source.own(field, position)
        if not column:
            cell = records[field.name][position] or ""
        return Reject(number, problem.code, column, field.name, cell, problem.details)

    def _payload(self, number: int, action: str, model: BaseModel) -> tuple[Any, ...]:
        keys = (self._key(model, key) for key in self._keys)
        added = {f"{field.name}_add": self._exact.value(model, field.name) for field in self._added}
        said = {name: value for name, value in added.items() if value is not None}
        return number, self._exact.body(model), action, *keys, json_text(said) if said else None

    def _key(self, model: BaseModel, name: str) -> str | None:
        if name not in self._order:
            return None
        value = self._exact.value(model, name)
        if value is None:
            return None
        text = value if isinstance(value, str) else json_text(value)
        return email_key(text) if self._fields[self._order[name]].kind is Kind.EMAIL else text


def json_text(value: Any) -> str:
    """Return compact JSON, not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_ACTIONS = frozenset(action.value for action in Action)


def _codes(records: pl.DataFrame, field: Field, places: Sequence[int]) -> Sequence[str | None]:
    """Return the codes of what a transform could not read in some rows."""
    return _at(records, field.name + PROBLEM, places)


def _values(records: pl.DataFrame, field: Field, places: Sequence[int]) -> Sequence[Value]:
    """Return what some records say about one field, as the exact path takes it."""
    texts = _at(records, field.name, places)
    values: list[Value] = [text if text and text.strip(SPACES) else None for text in texts]
    if field.kind is Kind.PHONE:
        regions = _at(records, field.name + REGION, places)
        values = [
            value and (str(value), own or field.region)
            for value, own in zip(values, regions, strict=True)
        ]
    if field.kind in {Kind.EMAIL, Kind.PHONE}:
        settled = _at(records, field.name + VALUE, places)
        values = [
            value if known is None or value is None else Settled(known)
            for value, known in zip(values, settled, strict=True)
        ]
    return values


def _at(records: pl.DataFrame, column: str, places: Sequence[int]) -> Sequence[str | None]:
    """Return the cells of a column at these places, in their order; null if there is no column."""
    if column not in records.columns:
        return [None] * len(places)
    cells = records[column].to_list()
    return [cells[place] for place in places]
