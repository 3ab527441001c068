"""Batches that go row by row through the exact path: frames in, payload columns and problems out."""

from __future__ import annotations

import dataclasses
import json
import operator
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

Against = tuple[int, Problem]
"""A position among the records, and one reason against that row."""


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
        numbers, actions = records[ROW].to_list(), self._actions(records)
        problems = self._refused(records)
        refused = {place for against in problems for place, _ in against}
        whole = [place for place in range(records.height) if place not in refused]
        for place, judged in zip(whole, self._judged(records, whole), strict=True):
            for problem in judged.problems:
                problems[self._place(problem)].append((place, problem))
            if judged.model is not None and actions[place] in _ACTIONS:
                values = self._payload(numbers[place], actions[place], judged.model)
                for column, value in zip(found.payloads.values(), values, strict=True):
                    column.append(value)
        problems[-1] += _unknown_actions(records, actions)
        for field, against in zip((*self._fields, None), problems, strict=True):
            rejects = _rejects(field, against, records, source)
            for (_, problem), reject in zip(against, rejects, strict=True):
                (found.rejects if problem.rejects else found.warnings).append(reject)
        # Those of one row stay in the order of the fields.
        found.rejects.sort(key=_row_number)
        found.warnings.sort(key=_row_number)
        return found

    def _actions(self, records: pl.DataFrame) -> list[str]:
        """Return what is to be done with each row's customer, known or not."""
        default = self._action.value
        if ACTION not in records.columns:
            return [default] * records.height
        spoken = records[ACTION].to_list()
        return [(said or "").strip(SPACES).lower() or default for said in spoken]

    def _refused(self, records: pl.DataFrame) -> list[list[Against]]:
        """Return the problems of rows of which a cell alone is refused: of each field, of whole rows.

        Most odd rows are rejected for one cell, and then the others need not be judged.
        """
        problems: list[list[Against]] = [[] for _ in (*self._fields, None)]
        flags = [field.name + FINE for field in self._fields]
        if not (self._exact.rejects_always and set(flags) <= set(records.columns)):
            return problems
        places = pl.Series(range(records.height), dtype=pl.UInt32)
        for at, (field, flag) in enumerate(zip(self._fields, flags, strict=True)):
            odd = places.filter(~records[flag])
            if odd.is_empty():
                continue
            values, codes = _values(records, field, odd), _codes(records, field, odd)
            problems[at] = [
                (place, problem)
                for place, value, code in zip(odd.to_list(), values, codes, strict=True)
                if (problem := self._exact.alone(at, value, code))
            ]
        if self._one_of:
            silent = sorted({place for against in problems for place, _ in against})
            for field in self._fields:
                if field.name not in self._one_of:
                    continue
                cells = _at(records, field.name, _places(silent))
                silent = [
                    place for place, cell in zip(silent, cells, strict=True) if _is_blank(cell)
                ]
            problems[-1] = [(place, self._exact.no_contact) for place in silent]
        return problems

    def _judged(self, records: pl.DataFrame, whole: Sequence[int]) -> Iterator[Judged]:
        """Judge whole rows."""
        places = _places(whole)
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
_row_number = operator.attrgetter("row_number")


def _unknown_actions(records: pl.DataFrame, actions: Sequence[str]) -> Iterator[Against]:
    if _ACTIONS.issuperset(actions):
        return
    for place, (action, said) in enumerate(zip(actions, records[ACTION].to_list(), strict=True)):
        if action not in _ACTIONS:
            yield place, Problem(None, "action-unknown", {"action": said})


def _rejects(
    field: Field | None, problems: Sequence[Against], records: pl.DataFrame, source: SourceCells
) -> list[Reject]:
    """Return problems of one field, or of whole rows, as people read them."""
    if not problems:
        return []
    places = _places([place for place, _ in problems])
    numbers = records[ROW][places].to_list()
    if field is None:
        return [
            Reject(number, problem.code, details=problem.details)
            for number, (_, problem) in zip(numbers, problems, strict=True)
        ]
    cells = source.own(field, places)
    if not cells[0][0]:
        cells = [("", text or "") for text in _at(records, field.name, places)]
    return [
        Reject(number, problem.code, column, field.name, cell, problem.details)
        for number, (_, problem), (column, cell) in zip(numbers, problems, cells, strict=True)
    ]


def _codes(records: pl.DataFrame, field: Field, places: pl.Series) -> Sequence[str | None]:
    """Return the codes of what a transform could not read in some rows."""
    return _at(records, field.name + PROBLEM, places)


def _values(records: pl.DataFrame, field: Field, places: pl.Series) -> Sequence[Value]:
    """Return what some records say about one field, as the exact path takes it."""
    texts = _at(records, field.name, places)
    values: list[Value] = [None if _is_blank(text) else text for text in texts]
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


def _is_blank(text: str | None) -> bool:
    return not (text and text.strip(SPACES))


def _at(records: pl.DataFrame, column: str, places: pl.Series) -> Sequence[str | None]:
    """Return the cells of a column at these places, in their order; null if there is no column."""
    if column not in records.columns:
        return [None] * len(places)
    return records[column][places].to_list()


def _places(positions: Sequence[int]) -> pl.Series:
    return pl.Series(positions, dtype=pl.UInt32)
