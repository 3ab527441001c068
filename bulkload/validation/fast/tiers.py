r"""The two tiers that need no Python for a row: plain rows, and rows that are mended mechanically.

rows, skimmed -> plain rows -> payloads
            \-> the others, mapped -> plain rows -> payloads
                            \-> the others, mended -> payloads
                                          \-> what is left, with settled contacts -> exact path
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import polars as pl

from bulkload.frames import where
from bulkload.records import Action, Field, Kind
from bulkload.validation.fast.bodies import Member, object_text
from bulkload.validation.fast.twins import VALUE, Twin, twin_of

ROW = "row_number"
ACTION = "@action"
SKIP = "@skip"
OK = "@accepted"
SAID = "@said"
"""`email@said`: whether the cell has any text."""
FINE = "@fine"
"""`email@fine`: whether the cell is accepted, or blank where it may be."""


@dataclass(frozen=True, slots=True)
class Skimmed:
    """A batch, looked at once."""

    payloads: pl.DataFrame
    """Of the rows that are plain, in source order."""
    records: pl.DataFrame
    """All records, with `@accepted` for the plain ones."""


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

    def skim(self, records: pl.DataFrame) -> Skimmed:
        """Find the plain rows of one batch, all of whose cells are accepted as they stand."""
        found = _computed(records, self._plain)
        return Skimmed(_accepted(found, self._plain_payloads), found)

    def sift(self, records: pl.DataFrame) -> Sifted:
        """Part the records of one batch; every row is in one of the two frames."""
        plain = self.skim(records)
        left = where(plain.records, ~plain.records[OK])
        mended = self.mend(left)
        return Sifted(plain.payloads.vstack(mended.payloads), mended.odd)

    def mend(self, records: pl.DataFrame) -> Sifted:
        """Part records that are not plain, all of which have `<field>@fine`.

        Args:
            records: A cell that is fine is what `skim` has seen; phones have `<field>@value`.
        """
        settled = [column for twin in self._twins for column in self._settled(twin, records)]
        records = _computed(records, [settled, self._whole])
        odd = where(records, ~records[OK])
        return Sifted(_accepted(records, self._mended_payloads), odd)

    def _settled(self, twin: Twin, records: pl.DataFrame) -> list[pl.Series]:
        """Mend the cells of one field that are not fine yet, and accept what can be accepted."""
        name = twin.field.name
        fine = records[name + FINE]
        places = (~fine).arg_true()
        value = None
        if twin.mends:
            has_value = twin.field.kind is Kind.PHONE and name + VALUE in records.columns
            value = records[name + VALUE if has_value else name]
        if len(places):
            # Few cells are left in a column: work on them alone is less than on the whole of it.
            cells = where(records.select_seq(self._read[name]), ~fine)
            cells = _computed(cells, self._mending[name])
            fine = fine.scatter(places, cells[name + FINE])
            if value is not None:
                value = value.scatter(places, cells[name + VALUE])
        return [fine] if value is None else [fine, value.alias(name + VALUE)]

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
        self._plain_payloads = self._payloads(phones, _is_empty, lambda twin: twin.plain_key)
        self._read = {
            twin.field.name: [
                name
                for name in (f"{twin.field.name}{part}" for part in ("", "@region", "@problem"))
                if name in self._columns
            ]
            for twin in self._twins
        }
        self._mending = {twin.field.name: self._mending_of(twin) for twin in self._twins}
        self._whole = [pl.all_horizontal(*fine, *self._row_rules(_is_blank)).alias(OK)]
        self._mended_payloads = self._payloads(mending, _is_blank, lambda twin: twin.key)

    def _mending_of(self, twin: Twin) -> list[list[pl.Expr]]:
        """Return the steps from the cells of one field to their values, and whether they are fine."""
        name = twin.field.name
        value = pl.col(name + VALUE)
        steps = [[step.alias(name + VALUE)] for step in twin.mending()]
        fine = twin.accepts_mended(value).fill_null(value=False)
        steps.append([self._allowed(twin, fine, _is_blank).alias(name + FINE)])
        steps.append([pl.when(name + FINE).then(value).alias(name + VALUE)])
        return steps

    def _is_plain(self, twin: Twin, *, has_value: bool) -> pl.Expr:
        """Whether a cell is accepted as it stands, or is empty where it may be."""
        name = twin.field.name
        fine = twin.accepts(pl.col(name + VALUE) if has_value else twin.cell)
        return self._allowed(twin, fine, _is_empty).alias(name + FINE)

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
        if SKIP in self._columns:
            rules.append(pl.col(SKIP).is_null())
        return rules

    def _payloads(
        self,
        valued: Sequence[Twin],
        is_blank: Callable[[pl.Expr], pl.Expr],
        key_of: Callable[[Twin], Callable[[pl.Expr], pl.Expr]],
    ) -> list[list[pl.Expr]]:
        """Return what says of each field whether a row speaks of it, then the columns of payloads.

        Args:
            valued: Those whose value is not the cell itself.
            is_blank: Whether a cell says nothing.
            key_of: What makes a key of a twin's value.
        """
        by_name = {twin.field.name: twin for twin in self._twins}
        added = [twin for twin in self._twins if twin.field.how == "add"]
        told = [twin for twin in self._twins if self._bodies or twin.field.name in self._keys]
        said = [(~is_blank(twin.cell)).alias(twin.field.name + SAID) for twin in told]

        def is_said(twin: Twin) -> pl.Expr:
            return pl.col(twin.field.name + SAID)

        def value(twin: Twin) -> pl.Expr:
            found = pl.col(twin.field.name + VALUE) if twin in valued else twin.cell
            return pl.when(is_said(twin)).then(found)

        def member(twin: Twin, *path: str, is_cleared: bool = False) -> Member:
            return Member(path, twin.json(value(twin)), is_said(twin), twin.is_string, is_cleared)

        keys = []
        for key in self._keys:
            twin_ = by_name.get(key)
            found = pl.lit(None, pl.String) if twin_ is None else key_of(twin_)(value(twin_))
            keys.append(found.alias(f"key:{key}"))
        if not self._bodies:
            return [said, [pl.col(ROW), *keys]]
        sent = [
            member(twin, *twin.field.name.split("."), is_cleared=twin.field.clear_when_blank)
            for twin in self._twins
            if twin not in added
        ]
        action = pl.col(ACTION) if ACTION in self._columns else pl.lit(None, pl.String)
        extra = pl.lit(None, pl.String)
        if added:
            extra = object_text([member(twin, f"{twin.field.name}_add") for twin in added])
            extra = pl.when(pl.any_horizontal(is_said(twin) for twin in added)).then(extra)
        columns = [
            pl.col(ROW),
            object_text(sent).alias("body"),
            action.fill_null(self._action.value).alias("action"),
            *keys,
            extra.alias("extra"),
        ]
        return [said, columns]


def _computed(
    records: pl.DataFrame, steps: Sequence[Sequence[pl.Expr | pl.Series]]
) -> pl.DataFrame:
    # One step after the other: a plan of them all would be optimised anew for every batch.
    for columns in steps:
        records = records.with_columns_seq(columns)
    return records


def _accepted(records: pl.DataFrame, payloads: Sequence[Sequence[pl.Expr]]) -> pl.DataFrame:
    *held, columns = payloads
    return where(_computed(records, held).select_seq(columns), records[OK])


def _is_empty(cell: pl.Expr) -> pl.Expr:
    return cell.is_null() | (cell == "")


def _is_blank(cell: pl.Expr) -> pl.Expr:
    return cell.is_null() | (cell.str.strip_chars() == "")
