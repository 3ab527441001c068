"""The judge of a run: records become payloads, rejects, warnings and skipped rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from bulkload.contacts import email_key
from bulkload.records import Action, Field, Kind, Reject, Status
from bulkload.validation.characters import is_blank, stripped
from bulkload.validation.duplicates import Seen
from bulkload.validation.email import email
from bulkload.validation.exact import Cell, ExactPath, Judged, Problem
from bulkload.validation.phone import phone

ROW = "row_number"
ACTION = "@action"
SKIP = "@skip"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where the rows of one batch go; every row number stands in exactly one place."""

    payloads: pl.DataFrame
    """`row_number` UInt32, `body`, `action`, one `key:<field>` per key, `extra`: all String."""
    rejects: list[Reject]
    """One per problem, in source order; duplicates of an earlier row have their own status."""
    warnings: list[Reject]
    """About rows that are sent all the same (or rejected for another reason)."""
    skipped: list[Reject]
    """One per row that the mapping leaves out."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch after everything that Polars can say about it."""

    accepted: pl.DataFrame
    """Payloads of rows that need no further look."""
    rows: pl.DataFrame
    """Source rows of `records`, for the cells' own text."""
    records: pl.DataFrame
    """What is left for the exact path."""
    skipped: list[Reject]


class Judge:
    """Judges the batches of one source, in source order."""

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        schema_name: str,
        one_of: Sequence[str],
        keys: Sequence[str],
        action: Action = Action.CREATE,
    ) -> None:
        self._fields = tuple(field for field in fields if field.how != "keep")
        self._by_name = {field.name: field for field in self._fields}
        self._added = tuple(field for field in self._fields if field.how == "add")
        self._action = action
        self._keys = tuple(keys)
        self._bound_keys = tuple(key for key in self._keys if key in self._by_name)
        self._seen = Seen([f"key:{key}" for key in self._bound_keys])
        self._exact = ExactPath(
            self._fields, schema_name=schema_name, one_of=one_of, email=email, phone=_phone
        )
        self._schema = {
            ROW: pl.UInt32,
            "body": pl.String,
            "action": pl.String,
            **{f"key:{key}": pl.String for key in self._keys},
            "extra": pl.String,
        }

    def split(self, rows: pl.DataFrame, records: pl.DataFrame) -> Verdicts:
        """Say for every row of a batch what is sent and why the rest is not.

        Args:
            rows: The source's own cells, with `row_number`.
            records: The same rows after mapping, in the same order.

        Raises:
            ValueError: The two frames do not hold the same rows.
        """
        return self.finish(self.prepare(rows, records))

    def prepare(self, rows: pl.DataFrame, records: pl.DataFrame) -> Prepared:
        """Do the part of `split` that needs no other batch and hardly any Python."""
        if not rows[ROW].equals(records[ROW].cast(rows[ROW].dtype)):
            raise ValueError("rows and records are not the same rows")
        skipped: list[Reject] = []
        if SKIP in records.columns:
            skip = records[SKIP].is_not_null()
            skipped = [
                Reject(
                    number, "skipped-by-mapping", details={"reason": reason}, status=Status.SKIPPED
                )
                for number, reason in records.filter(skip).select(ROW, SKIP).iter_rows()
            ]
            rows, records = rows.filter(~skip), records.filter(~skip)
        return Prepared(pl.DataFrame(schema=self._schema), rows, records, skipped)

    def finish(self, prepared: Prepared) -> Verdicts:
        """Do the rest of `split`; batches must come in source order."""
        rejects: list[Reject] = []
        warnings: list[Reject] = []
        judged = self._judged(prepared, rejects, warnings)
        payloads = prepared.accepted
        if judged.height:
            payloads = pl.concat([payloads, judged]).sort(ROW) if payloads.height else judged
        repeats = self._seen.repeats(payloads)
        if repeats:
            payloads = self._without(payloads, repeats, prepared, rejects)
        rejects.sort(key=lambda reject: reject.row_number)
        return Verdicts(payloads, rejects, warnings, prepared.skipped)

    def _judged(
        self, prepared: Prepared, rejects: list[Reject], warnings: list[Reject]
    ) -> pl.DataFrame:
        """Send what is left through the exact path."""
        records = prepared.records
        if records.is_empty():
            return pl.DataFrame(schema=self._schema)
        cells = zip(*(self._cells(records, field) for field in self._fields), strict=True)
        actions: Iterable[str | None] = [None] * records.height
        if ACTION in records.columns:
            actions = records[ACTION].to_list()
        out: list[list[Any]] = [[] for _ in self._schema]
        for position, (number, action, row) in enumerate(
            zip(records[ROW].to_list(), actions, cells, strict=True)
        ):
            judged = self._exact.judge(row)
            problems = list(judged.problems)
            spoken = self._action.value if is_blank(action) else stripped(str(action)).lower()
            if spoken not in set(Action):
                problems.append(Problem(None, "action-unknown", {"action": str(action)}))
                judged = Judged(None, problems)
            for problem in self._in_field_order(problems):
                into = rejects if problem.rejects else warnings
                into.append(self._reject(number, problem, row, prepared.rows, position))
            if judged.model is not None:
                for column, value in zip(out, self._payload(number, spoken, judged), strict=True):
                    column.append(value)
        columns = dict(zip(self._schema, out, strict=True))
        return pl.DataFrame(columns, schema=self._schema)

    def _cells(self, records: pl.DataFrame, field: Field) -> Iterable[Cell]:
        texts = records[field.name].to_list()
        empty = [None] * len(texts)
        region, problem = f"{field.name}@region", f"{field.name}@problem"
        regions = records[region].to_list() if region in records.columns else empty
        problems = records[problem].to_list() if problem in records.columns else empty
        return map(Cell, texts, regions, problems)

    def _in_field_order(self, problems: Sequence[Problem]) -> list[Problem]:
        order = {name: position for position, name in enumerate(self._by_name)}
        return sorted(problems, key=lambda p: order[p.field.name] if p.field else len(order))

    def _reject(
        self,
        number: int,
        problem: Problem,
        row: Sequence[Cell],
        rows: pl.DataFrame,
        position: int,
    ) -> Reject:
        field = problem.field
        if field is None:
            return Reject(number, problem.code, details=problem.details)
        record = row[self._fields.index(field)].text or ""
        column, cell = own_text(field, rows, position, record)
        return Reject(number, problem.code, column, field.name, cell, problem.details)

    def _payload(self, number: int, action: str, judged: Judged) -> tuple[Any, ...]:
        assert judged.model is not None  # noqa: S101  # told by the caller
        model = judged.model
        keys = (
            self._key(key, self._exact.value(model, key)) if key in self._by_name else None
            for key in self._keys
        )
        added = {f"{field.name}_add": self._exact.value(model, field.name) for field in self._added}
        return (number, self._exact.body(model), action, *keys, extra_text(added))

    def _key(self, name: str, value: Any) -> str | None:
        if value is None:
            return None
        text = str(value)
        return email_key(text) if self._by_name[name].kind is Kind.EMAIL else text

    def _without(
        self,
        payloads: pl.DataFrame,
        repeats: Sequence[tuple[int, str, int]],
        prepared: Prepared,
        rejects: list[Reject],
    ) -> pl.DataFrame:
        """Take repeats of earlier rows out and say which row they repeat."""
        numbers = pl.Series(sorted({number for number, _, _ in repeats}), dtype=pl.UInt32)
        repeated = payloads.filter(pl.col(ROW).is_in(numbers.implode()))
        values = {row[ROW]: row for row in repeated.iter_rows(named=True)}
        position_of = {number: at for at, number in enumerate(prepared.rows[ROW].to_list())}
        for number, key, first_row in repeats:
            field = self._by_name[key.removeprefix("key:")]
            column, cell = own_text(field, prepared.rows, position_of[number], values[number][key])
            rejects.append(
                Reject(
                    number,
                    "duplicate-in-file",
                    column,
                    field.name,
                    cell,
                    {"first_row": str(first_row)},
                    Status.DUPLICATE,
                )
            )
        return payloads.filter(~pl.col(ROW).is_in(numbers.implode()))


def judge_all(
    judge: Judge, pairs: Iterable[tuple[pl.DataFrame, pl.DataFrame]]
) -> Iterator[tuple[pl.DataFrame, Verdicts]]:
    """Judge batch after batch; while one is finished, the next is read, mapped and prepared.

    Args:
        judge: Made for this source.
        pairs: (rows, records), in source order; drawn in a thread of their own, one ahead.

    Yields:
        The batch's rows and its verdicts, in source order.
    """
    source = iter(pairs)

    def ahead() -> tuple[pl.DataFrame, Prepared] | None:
        pair = next(source, None)
        return pair and (pair[0], judge.prepare(*pair))

    with ThreadPoolExecutor(1, thread_name_prefix="bulkload-judge") as thread:
        waiting = thread.submit(ahead)
        while (ready := waiting.result()) is not None:
            waiting = thread.submit(ahead)
            rows, prepared = ready
            yield rows, judge.finish(prepared)


def own_text(field: Field, rows: pl.DataFrame, position: int, record: str) -> tuple[str, str]:
    """Return header and text of the cell that a field was read from.

    Of several columns, the first that is not empty; for a constant, no header and its value.
    """
    columns = [column for column in field.columns if column in rows.columns]
    for column in columns:
        cell = rows[column][position]
        if cell:
            return column, str(cell)
    return (columns[0], "") if columns else ("", record)


def extra_text(added: Mapping[str, Any]) -> str | None:
    """Return what is asked for besides the body as JSON text; None if there is nothing."""
    said = {name: value for name, value in added.items() if value is not None}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else None


def _phone(value: tuple[str, str | None]) -> str:
    return phone(*value)
