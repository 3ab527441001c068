r"""The two tiers that need no Python for a row: plain rows, and rows that are mended mechanically.

records -> plain rows -> payloads
       \-> the others, mended -> payloads
                    \-> what is left, with the contacts that are settled -> exact path
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import polars as pl

from bulkload.records import Action, Field, Kind
from bulkload.validation.fast.bodies import object_text
from bulkload.validation.fast.twins import Twin, twin_of

ROW = "row_number"
ACTION = "@action"
OK = "@accepted"
FINE = "@fine"
"""`email@fine`: whether the cell is accepted, or blank where it may be."""
VALUE = "@value"
"""`email@value`: the value of an accepted cell, where it differs from the cell or may."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A batch, parted into what is accepted and what the exact path must judge."""

    payloads: pl.DataFrame
    """In the order of the tiers, not of the source."""
    odd: pl.DataFrame
    """Records with `<field>@fine`, and `<field>@value` for e-mails and phones that are settled."""


class Tiers:
    """The fast path for records with one set of columns."""

    def __init__(
        self,
        fields: Sequence[Field],
        columns: Sequence[str],
        *,
        one_of: Sequence[str],
        keys: Sequence[str],
        action: Action,
        bodies: bool,
        twin_of: Callable[[Field, Container[str]], Twin] = twin_of,
    ) -> None:
        self._columns = frozenset(columns)
        self._twins = tuple(twin_of(field, self._columns) for field in fields)
        self._one_of, self._keys, self._action = tuple(one_of), tuple(keys), action
        self._bodies = bodies
        self._prepare()

    def sift(self, records: pl.DataFrame) -> Sifted:
        """Part the records of one batch; every row is in one of the two frames."""
        first = _computed(records, self._plain)
        plain = _accepted(first, self._plain_payloads)
        left = first.filter(~pl.col(OK))
        if left.is_empty():
            return Sifted(plain, left)
        second = _computed(left, self._repaired)
        mended = _accepted(second, self._mended_payloads)
        return Sifted(pl.concat([plain, mended]), second.filter(~pl.col(OK)))

    def _prepare(self) -> None:
        """Make the expressions once: for a batch they would cost as much as what they do."""
        phones = [twin for twin in self._twins if twin.field.kind is Kind.PHONE]
        mending = [twin for twin in self._twins if twin.mends]
        fine = [pl.col(twin.field.name + FINE) for twin in self._twins]
        others = [twin for twin in self._twins if twin not in phones]
        # Every thread compiles patterns for itself, and that of all phones is large: computed alone,
        # a column is computed by the thread that asks.
        self._plain = (
            [twin.plain().alias(twin.field.name + VALUE) for twin in phones],
            *([self._is_plain(twin, has_value=True)] for twin in phones),
            [self._is_plain(twin, has_value=False) for twin in others],
            [pl.all_horizontal(*fine, *self._row_rules(_is_empty)).alias(OK)],
        )
        self._plain_payloads = self._payloads(phones)
        self._repaired = (
            [self._repair(twin) for twin in mending],
            *([self._is_fine(twin)] for twin in phones),
            [self._is_fine(twin) for twin in others],
            [_where_fine(twin) for twin in mending],
            [pl.all_horizontal(*fine, *self._row_rules(_is_blank)).alias(OK)],
        )
        self._mended_payloads = self._payloads(mending)

    def _is_plain(self, twin: Twin, *, has_value: bool) -> pl.Expr:
        """Whether a cell is accepted as it stands, or is empty where it may be."""
        name = twin.field.name
        fine = twin.accepts(pl.col(name + VALUE) if has_value else twin.cell)
        return self._allowed(twin, fine, _is_empty).alias(name + FINE)

    def _repair(self, twin: Twin) -> pl.Expr:
        """Return the value of a plain cell, and what the others look like when they are mended."""
        name = twin.field.name
        plain = pl.col(name + VALUE) if twin.field.kind is Kind.PHONE else twin.cell
        fine = pl.col(name + FINE)
        return pl.when(fine).then(plain).otherwise(twin.mended(_rest(twin))).alias(name + VALUE)

    def _is_fine(self, twin: Twin) -> pl.Expr:
        """Whether a cell is accepted, mended or not, or is blank where it may be."""
        name = twin.field.name
        rest = pl.col(name + VALUE) if twin.mends else _rest(twin)
        fine = pl.col(name + FINE) | twin.accepts_mended(rest).fill_null(value=False)
        return self._allowed(twin, fine, _is_blank).alias(name + FINE)

    def _allowed(
        self, twin: Twin, fine: pl.Expr, is_blank: Callable[[pl.Expr], pl.Expr]
    ) -> pl.Expr:
        """Add what else lets a cell pass, and take away what its transform could not read."""
        fine = fine.fill_null(value=False)
        if not twin.field.required:
            fine |= is_blank(twin.cell)
        problem = f"{twin.field.name}@problem"
        return fine & pl.col(problem).is_null() if problem in self._columns else fine

    def _row_rules(self, is_blank: Callable[[pl.Expr], pl.Expr]) -> list[pl.Expr]:
        """Whether a row as a whole needs no further look."""
        rules = []
        if self._one_of:
            said = [~is_blank(t.cell) for t in self._twins if t.field.name in self._one_of]
            rules.append(functools.reduce(operator.or_, said, pl.lit(value=False)))
        if ACTION in self._columns:
            known = pl.col(ACTION).is_in([action.value for action in Action])
            rules.append(known.fill_null(value=True))
        return rules

    def _payloads(self, valued: Sequence[Twin]) -> list[pl.Expr]:
        by_name = {twin.field.name: twin for twin in self._twins}

        def value(twin: Twin) -> pl.Expr:
            found = pl.col(twin.field.name + VALUE) if twin in valued else twin.cell
            return pl.when(~_is_blank(twin.cell)).then(found)

        def text(twin: Twin) -> pl.Expr:
            found = twin.json(value(twin))
            return found.fill_null("null") if twin.field.clear_when_blank else found

        columns: list[pl.Expr] = [pl.col(ROW)]
        sent = [(t.field.name.split("."), text(t)) for t in self._twins if t.field.how != "add"]
        body = object_text(sent) if self._bodies else pl.lit(None, pl.String)
        columns.append(body.alias("body"))
        action = pl.col(ACTION) if ACTION in self._columns else pl.lit(None, pl.String)
        columns.append(action.fill_null(self._action.value).alias("action"))
        for key in self._keys:
            twin_ = by_name.get(key)
            found = pl.lit(None, pl.String) if twin_ is None else twin_.key(value(twin_))
            columns.append(found.alias(f"key:{key}"))
        added = [
            ([f"{t.field.name}_add"], t.json(value(t))) for t in self._twins if t.field.how == "add"
        ]
        extra = object_text(added) if added else pl.lit(None, pl.String)
        columns.append(pl.when(extra != "{}").then(extra).alias("extra"))
        return columns


def _computed(records: pl.DataFrame, steps: Sequence[Sequence[pl.Expr]]) -> pl.DataFrame:
    # One step after the other: a plan of them all would be optimised anew for every batch.
    for columns in steps:
        records = records.with_columns(columns)
    return records


def _accepted(records: pl.DataFrame, payloads: Sequence[pl.Expr]) -> pl.DataFrame:
    return records.select(*payloads, OK).filter(OK).drop(OK)


def _where_fine(twin: Twin) -> pl.Expr:
    """Return mended values, those that are not accepted taken away."""
    value = twin.field.name + VALUE
    return pl.when(pl.col(twin.field.name + FINE)).then(pl.col(value)).alias(value)


def _rest(twin: Twin) -> pl.Expr:
    """Return the cells that are not fine yet: a null costs next to nothing."""
    return pl.when(~pl.col(twin.field.name + FINE)).then(twin.cell)


def _is_empty(cell: pl.Expr) -> pl.Expr:
    return cell.is_null() | (cell == "")


def _is_blank(cell: pl.Expr) -> pl.Expr:
    return cell.is_null() | (cell.str.strip_chars() == "")
