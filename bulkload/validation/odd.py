"""Batches that go row by row through the exact path: frames in, payload columns and problems out."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import BaseModel

from bulkload.contacts import email_key
from bulkload.records import Action, Field, Kind, Reject
from bulkload.validation.characters import SPACES
from bulkload.validation.exact import NOTHING, ExactPath, Problem, Value
from bulkload.validation.models import Settled
from bulkload.validation.remembered import Contacts

ROW = "row_number"
ACTION = "@action"
FINE = "@fine"
VALUE = "@value"


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
        self._keys, self._action = tuple(keys), action
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
        rows = zip(*(_values(records, field) for field in self._fields), strict=True)
        for position, (number, spoken, unread, doubtful, row) in enumerate(
            zip(
                records[ROW].to_list(),
                self._actions(records),
                self._unread(records),
                self._doubtful(records),
                rows,
                strict=True,
            )
        ):
            judged = self._exact.judge(row, unread, doubtful)
            problems, model = list(judged.problems), judged.model
            action = (spoken or "").strip(SPACES).lower() or self._action.value
            if action not in _ACTIONS:
                problems.append(Problem(None, "action-unknown", {"action": spoken or ""}))
                model = None
            for problem in sorted(problems, key=self._place) if problems else ():
                into = found.rejects if problem.rejects else found.warnings
                into.append(self._reject(number, problem, row, source, position))
            if model is not None:
                values = self._payload(number, action, model)
                for column, value in zip(found.payloads.values(), values, strict=True):
                    column.append(value)
        return found

    def _place(self, problem: Problem) -> int:
        return self._order[problem.field.name] if problem.field else len(self._order)

    def _actions(self, records: pl.DataFrame) -> Iterable[str | None]:
        return records[ACTION] if ACTION in records.columns else [None] * records.height

    def _doubtful(self, records: pl.DataFrame) -> Iterable[Sequence[int] | None]:
        """Return per row the positions of the cells that the tiers have not accepted."""
        flags = [field.name + FINE for field in self._fields]
        if not set(flags) <= set(records.columns):
            return [None] * records.height
        return (
            [position for position, fine in enumerate(row) if not fine]
            for row in records.select(flags).iter_rows()
        )

    def _unread(self, records: pl.DataFrame) -> Iterable[Mapping[int, str]]:
        """Return per row the codes of transforms that could not read a cell."""
        positions = [
            position
            for position, field in enumerate(self._fields)
            if f"{field.name}@problem" in records.columns
        ]
        if not positions:
            return [NOTHING] * records.height
        columns = (records[f"{self._fields[position].name}@problem"] for position in positions)
        return (
            {position: code for position, code in zip(positions, codes, strict=True) if code}
            for codes in zip(*columns, strict=True)
        )

    def _reject(
        self,
        number: int,
        problem: Problem,
        row: Sequence[Value],
        source: SourceCells,
        position: int,
    ) -> Reject:
        field = problem.field
        if field is None:
            return Reject(number, problem.code, details=problem.details)
        value = row[self._order[field.name]]
        record = value[0] if isinstance(value, tuple) else value or ""
        column, cell = source.own(field, position, record)
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


class SourceCells:
    """The cells of some rows of a batch, for the text in a reject; read when asked."""

    def __init__(self, rows: Callable[[], pl.DataFrame]) -> None:
        self._rows = functools.cache(rows)
        self._columns: dict[str, list[str | None]] = {}

    def own(self, field: Field, position: int, record: str) -> tuple[str, str]:
        """Return header and text of the cell that a field was read from.

        Of several columns, the first that is not empty; for a constant, no header and its value.
        """
        columns = [column for column in field.columns if column in self._rows().columns]
        for column in columns:
            if column not in self._columns:
                self._columns[column] = self._rows()[column].to_list()
            cell = self._columns[column][position]
            if cell:
                return column, cell
        return (columns[0], "") if columns else ("", record)


def json_text(value: Any) -> str:
    """Return compact JSON, not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_ACTIONS = frozenset(action.value for action in Action)


def _values(records: pl.DataFrame, field: Field) -> Iterable[Value]:
    """Return what the records say about one field, as the exact path takes it."""
    texts: Iterable[str | None] = records[field.name].to_list()
    values: list[Value] = [text if text and text.strip(SPACES) else None for text in texts]
    if field.kind is Kind.PHONE:
        region = f"{field.name}@region"
        regions = records[region].to_list() if region in records.columns else [None] * len(values)
        values = [
            value and (str(value), own or field.region)
            for value, own in zip(values, regions, strict=True)
        ]
    if field.name + VALUE in records.columns and field.kind in {Kind.EMAIL, Kind.PHONE}:
        settled = records[field.name + VALUE].to_list()
        values = [
            value if known is None or value is None else Settled(known)
            for value, known in zip(values, settled, strict=True)
        ]
    return values
