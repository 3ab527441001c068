"""The judge of a run: records become payloads, rejects, warnings and skipped rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import polars as pl

from bulkload.ahead import Ahead
from bulkload.frames import where
from bulkload.records import Action, Field, Reject, Status
from bulkload.validation.duplicates import Seen
from bulkload.validation.fast.tiers import FINE, OK, Tiers
from bulkload.validation.fast.twins import VALUE
from bulkload.validation.source_cells import SourceCells

if TYPE_CHECKING:
    from bulkload.validation.odd import OddRows

ROW = "row_number"
SKIP = "@skip"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where the rows of one batch go; every row number stands in exactly one place."""

    payloads: pl.DataFrame
    """`row_number` UInt32, `body`, `action`, one `key:<field>` per key, `extra`: all String.

    Without bodies there are neither `action` nor `extra`. In no particular order: to count them none
    is needed."""
    rejects: list[Reject]
    """One per problem, in source order; duplicates of an earlier row have their own status."""
    warnings: list[Reject]
    """About rows that are sent all the same (or rejected for another reason)."""
    skipped: list[Reject]
    """One per row that the mapping leaves out."""
    records: Sequence[pl.DataFrame]
    """What the rows say about each field, with `@accepted` for those that are sent. Each of them
    stands in one frame as accepted, mapped or, if it is plain, with the source's own cells.

    Empty for a judge that was made without."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch after everything that Polars can say about it."""

    rows: pl.DataFrame
    """Source rows, for the cells' own text."""
    records: Sequence[pl.DataFrame]
    """With `@accepted` for those that are plain, or without it if none of them is."""
    accepted: pl.DataFrame
    """Payloads of rows that need no further look."""
    odd: pl.DataFrame
    """Records that are left for the exact path."""
    skipped: list[Reject]


class Mapped(Protocol):
    """A mapping, bound to the source that is judged."""

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return one record per row, in their order."""

    def skim(self, rows: pl.DataFrame) -> pl.DataFrame | None:
        """Return records that are right for plain rows only, for less; None if there is no such way.

        A cell that is accepted as it stands must be what `apply` would make of it, or be read as
        the same value.
        """

    def read(self, rows: pl.DataFrame) -> Iterable[tuple[str, Callable[[pl.Series], pl.DataFrame]]]:
        """Return the fields that are right for plain cells only, and what reads the others.

        It takes a mask of `rows` and returns the field's columns as `apply` makes them of these.
        """


class Judge:
    """Judges the batches of one source, in source order.

    Args:
        fields: With columns, kinds and rules as the mapping has bound them.
        schema_name: The vendor's name for the payload.
        one_of: At least one of these fields must be said; empty for no such rule.
        keys: Fields that name a customer; two rows that share one are duplicates.
        action: For rows that name no action of their own.
        bodies: Whether payloads carry their JSON text; a dry run can do without.
        records: Whether verdicts tell what the rows say, which fills memory.
        exact_only: Send every row through the exact path, to compare.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        schema_name: str,
        one_of: Sequence[str],
        keys: Sequence[str],
        action: Action = Action.CREATE,
        bodies: bool = True,
        records: bool = True,
        exact_only: bool = False,
    ) -> None:
        self._fields = tuple(field for field in fields if field.how != "keep")
        self._by_name = {field.name: field for field in self._fields}
        self._one_of, self._keys, self._action = tuple(one_of), tuple(keys), action
        self._bodies, self._records, self._exact_only = bodies, records, exact_only
        self._schema_name = schema_name
        self._seen = Seen([f"key:{key}" for key in self._keys if key in self._by_name])
        self._tiers: dict[tuple[str, ...], Tiers] = {}
        strings = tuple(f"key:{key}" for key in self._keys)
        if bodies:
            strings = ("body", "action", *strings, "extra")
        self._schema = {ROW: pl.UInt32, **dict.fromkeys(strings, pl.String)}

    @functools.cached_property
    def odd_rows(self) -> OddRows:
        """The judge of what is not plain; it is made on first use, and so is what it needs loaded."""
        from bulkload.validation.odd import OddRows
        from bulkload.validation.remembered import Contacts

        return OddRows(
            self._fields,
            schema_name=self._schema_name,
            one_of=self._one_of,
            keys=self._keys,
            action=self._action,
            contacts=Contacts(remember=not self._exact_only),
        )

    def split(self, rows: pl.DataFrame, records: pl.DataFrame) -> Verdicts:
        """Say for every row of a batch what is sent and why the rest is not.

        Args:
            rows: The source's own cells, with `row_number`.
            records: The same rows after mapping, in the same order.

        Raises:
            ValueError: The two frames do not hold the same rows.
        """
        if not rows[ROW].equals(records[ROW]):
            raise ValueError("rows and records are not the same rows")
        return self.finish(self._sifted(rows, records))

    def prepare(self, rows: pl.DataFrame, mapped: Mapped) -> Prepared:
        """Do what needs no other batch and hardly any Python; `finish` does the rest.

        Args:
            rows: The source's own cells, with `row_number`.
            mapped: Makes records of them.
        """
        skimmed = None if self._exact_only else mapped.skim(rows)
        if skimmed is None:
            return self._sifted(rows, mapped.apply(rows))
        plain = self._tiers_of(skimmed).skim(skimmed)
        left = where(plain.records.select_seq(pl.exclude(OK)), ~plain.records[OK])
        mapped_cells: list[pl.Series] = []
        for name, read in mapped.read(rows):
            places = (~left[name + FINE]).arg_true()
            if len(places):
                # No cell that is not fine is in a row that is plain.
                cells = read(~plain.records[name + FINE])
                mapped_cells += _with_cells(left, places, cells)
        rest = self._sifted(rows, left.with_columns_seq(mapped_cells), has_flags=True)
        return Prepared(
            rows,
            [plain.records, *rest.records] if self._records else [],
            plain.payloads.vstack(rest.accepted),
            rest.odd,
            rest.skipped,
        )

    def _sifted(
        self, rows: pl.DataFrame, records: pl.DataFrame, *, has_flags: bool = False
    ) -> Prepared:
        """Part mapped records; with flags, what is plain in them has been found already."""
        tiers = self._tiers_of(records)
        whole = [records] if self._records else []
        skipped: list[Reject] = []
        if SKIP in records.columns:
            skipped = [
                Reject(number, "skipped-by-mapping", details={"reason": why}, status=Status.SKIPPED)
                for number, why in records.drop_nulls(SKIP).select(ROW, SKIP).iter_rows()
            ]
            records = where(records, records[SKIP].is_null())
        if self._exact_only:
            return Prepared(rows, whole, pl.DataFrame(schema=self._schema), records, skipped)
        sifted = tiers.mend(records) if has_flags else tiers.sift(records)
        return Prepared(rows, whole, sifted.payloads, sifted.odd, skipped)

    def _tiers_of(self, records: pl.DataFrame) -> Tiers:
        columns = tuple(name for name in records.columns if not name.endswith((FINE, VALUE)))
        if columns not in self._tiers:
            self._tiers[columns] = Tiers(
                self._fields,
                columns,
                one_of=self._one_of,
                keys=self._keys,
                action=self._action,
                bodies=self._bodies,
            )
        return self._tiers[columns]

    def finish(self, prepared: Prepared) -> Verdicts:
        """Say where the rows of a batch go; batches must come in source order."""
        rows, odd = prepared.rows, prepared.odd
        found = self.odd_rows.judge(odd, SourceCells(rows, odd[ROW]))
        payloads, rejects = prepared.accepted, found.rejects
        if found.payloads[ROW]:
            odd_ones = {name: found.payloads[name] for name in self._schema}
            payloads = payloads.vstack(pl.DataFrame(odd_ones, schema=self._schema))
        repeats = self._seen.repeats(payloads)
        if repeats:
            numbers = pl.Series([number for number, _, _ in repeats], dtype=pl.UInt32)
            is_repeat = payloads[ROW].is_in(numbers.implode())
            rejects += self._duplicates(repeats, where(payloads, is_repeat).sort(ROW), rows)
            rejects.sort(key=lambda reject: reject.row_number)
            payloads = where(payloads, ~is_repeat)
        refused = {reject.row_number for reject in (*rejects, *prepared.skipped)}
        records = [_accepted(one, refused, bool(repeats)) for one in prepared.records]
        return Verdicts(payloads, rejects, found.warnings, prepared.skipped, records)

    def _duplicates(
        self, repeats: Sequence[tuple[int, str, int]], repeated: pl.DataFrame, rows: pl.DataFrame
    ) -> list[Reject]:
        """Say of rows that repeat an earlier one which row that is; their payloads are in order."""
        numbers = repeated[ROW]
        fields = {key: self._by_name[key.removeprefix("key:")] for _, key, _ in repeats}
        source = SourceCells(rows, numbers)
        cells = {key: source.own(field) for key, field in fields.items()}
        positions = {number: position for position, number in enumerate(numbers)}
        rejects = []
        for number, key, first_row in repeats:
            name, position = fields[key].name, positions[number]
            column, own = cells[key][position]
            cell = own if column else repeated[key][position]
            said = {"first_row": str(first_row)}
            reject = Reject(number, "duplicate-in-file", column, name, cell, said, Status.DUPLICATE)
            rejects.append(reject)
        return rejects


class HasRows(Protocol):
    """A batch of a source."""

    @property
    def rows(self) -> pl.DataFrame:
        """`row_number` and the source's own cells."""


Batch = TypeVar("Batch", bound=HasRows)


def judge_all(
    judge: Judge, batches: Iterable[Batch], mapped: Mapped
) -> Iterator[tuple[Batch, Verdicts]]:
    """Judge batch after batch; while one is finished, the next is read and prepared.

    Args:
        judge: Made for this source.
        batches: In source order; drawn in another thread.
        mapped: Makes records of rows, called in the same thread.

    Yields:
        Each batch and its verdicts, in source order.
    """
    with Ahead(_prepared(judge, batches, mapped), thread="bulkload-judge") as prepared:
        # What it needs is loaded while the first rows are read and prepared.
        _ = judge.odd_rows
        for batch, ready in prepared:
            yield batch, judge.finish(ready)
            del batch, ready


def _prepared(
    judge: Judge, batches: Iterable[Batch], mapped: Mapped
) -> Generator[tuple[Batch, Prepared]]:
    for batch in batches:
        yield batch, judge.prepare(batch.rows, mapped)
        # It fills memory until the next one is there, and so it does wherever it is passed on.
        del batch


def _with_cells(
    records: pl.DataFrame, places: pl.Series, cells: pl.DataFrame
) -> Iterator[pl.Series]:
    """Yield columns of records with other cells in some places; one that is new is null elsewhere."""
    for column in cells:
        if column.name in records.columns:
            others = records[column.name]
        else:
            nothing = pl.Series(column.name, [None], pl.String)
            others = nothing.new_from_index(0, records.height)
        yield others.scatter(places, column)


def _accepted(records: pl.DataFrame, refused: Collection[int], has_repeats: bool) -> pl.DataFrame:
    """Return records with `@accepted` for those that are not refused."""
    plain = records[OK] if OK in records.columns else None
    if plain is not None and not has_repeats:
        # A plain row can only be refused because it repeats another one.
        return records
    numbers = pl.Series(list(refused), dtype=pl.UInt32)
    sent = ~records[ROW].is_in(numbers.implode())
    return records.with_columns((sent if plain is None else sent & plain).alias(OK))
