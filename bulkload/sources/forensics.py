"""Traces of damage in the cells of a column, found while the rows pass; nothing is repaired.

What a column is about is told from its header and its first rows. After that each batch costs one
expression in the columns where something can be expected, and a close look only at what it catches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from bulkload.frames import where
from bulkload.records import Finding
from bulkload.sources.column_findings import column_findings
from bulkload.sources.columns import SHOWN, Column, Role, Seen, recognise
from bulkload.sources.source import ROW_NUMBER
from bulkload.sources.traces import (
    DATE,
    DATES,
    DAY_FIRST,
    DIGITS,
    DIGITS_LOST,
    MONTH_FIRST,
    NUMBER,
    PHONE,
    SCIENTIFIC,
    SERIAL,
    SUSPICIOUS_NUMBER,
    TOTAL,
    TRACES,
    UNSUSPICIOUS_NUMBER,
    WIDE_TRACES,
)

_FIRST_ROWS = 2_000
_TOTALS_COLUMNS = 3
_LENGTHS_APART = 2
"""Zeros at the begin of a code that are told from its length."""


class Watcher:
    """Sees all rows of a source as they pass, and says at the end what is odd."""

    def __init__(
        self,
        headers: tuple[str, ...],
        positions: Mapping[str, int] | None = None,
        *,
        enabled: bool = True,
    ) -> None:
        places = positions or {}
        self._columns = [
            Column(name, places.get(name, number)) for number, name in enumerate(headers, start=1)
        ]
        self._enabled = enabled
        self._started = False
        self._totals = Seen()
        self._nets: list[_Net] = []

    def see(self, rows: pl.DataFrame, *, controls: bool = True, wide: bool = True) -> None:
        """Take note of some rows.

        Args:
            rows: A batch.
            controls: There may be control characters in it.
            wide: There may be traces beyond ASCII in it.
        """
        if not self._enabled or not rows.height:
            return
        if not self._started:
            for column in self._columns:
                recognise(column, rows[column.name].head(_FIRST_ROWS).drop_nulls())
            self._nets = [net for column in self._columns for net in _nets(column)]
            self._started = True
        idle = {code for code, there in (("controls", controls), ("wide", wide)) if not there}
        nets = [net for net in self._nets if net.code not in idle]
        # One pass over all columns tells where a closer look is needed.
        caught = rows.select_seq(net.mask.alias(str(number)) for number, net in enumerate(nets))
        for net, mask in zip(nets, caught, strict=True):
            if mask.any():
                net.look(rows, mask)
        nulls = rows.null_count().row(0, named=True)
        for column in self._columns:
            column.filled += rows.height - nulls[column.name]
            if column.has_fixed_width:
                _see_lengths(column, rows)
        self._see_totals(rows, nulls)

    def findings(self) -> list[Finding]:
        """Return what was seen, column by column."""
        found = [finding for column in self._columns for finding in column_findings(column)]
        if self._totals.count and self._columns:
            places = tuple(f"A{row}" for row in self._totals.rows)
            line = "skip_if: [{when: {column: %s, matches: '%s'}, reason: totals row}]" % (  # noqa: UP031 - braces
                _quoted(self._columns[0].name),
                TOTAL,
            )
            found.append(
                Finding(
                    "totals-row",
                    "",
                    places,
                    self._totals.count,
                    tuple(self._totals.texts),
                    mapping_line=line,
                )
            )
        return found

    def _see_totals(self, rows: pl.DataFrame, nulls: Mapping[str, int]) -> None:
        names = [column.name for column in self._columns]
        most = max(2, (len(names) + 1) // 2)
        # A row of totals is mostly empty, and that is told more quickly than what it says: only
        # columns with empty cells can tell one row from another.
        partly = [name for name in names if nulls[name]]
        most -= len(names) - len(partly)
        if most < 0 or sum(nulls[name] for name in partly) < len(partly) - most:
            return
        hits = rows
        if partly:
            filled = pl.sum_horizontal(pl.col(partly).is_not_null().cast(pl.UInt16))
            hits = rows.filter(filled <= most)
        first = names[:_TOTALS_COLUMNS]
        hits = hits.filter(pl.any_horizontal(pl.col(first).str.contains(TOTAL)))
        if hits.height:
            texts = hits.select(ROW_NUMBER, pl.coalesce(first).alias("text"))
            self._totals.add(texts, "text")


@dataclass(slots=True)
class _Net:
    """What is looked for in one column: quickly in all rows, closely where something is."""

    column: Column
    code: str
    mask: pl.Expr
    """Cells that deserve a closer look; all that have a trace are among them."""

    def look(self, rows: pl.DataFrame, mask: pl.Series) -> None:
        """Count the traces among the hits."""
        hits = where(rows.select_seq(ROW_NUMBER, self.column.name), mask)
        if self.code == "cells":
            _see_cells(self.column, hits)
            return
        wide = self.code == "wide"
        if wide:
            hits = _matching(hits, self.column, WIDE_TRACES)
        traces = [(trace.code, trace.pattern) for trace in TRACES if trace.wide == wide]
        _count(self.column, hits, traces)


def _nets(column: Column) -> list[_Net]:
    """Return what is looked for in a column, each with a cheap test for a whole batch."""
    cell = pl.col(column.name)
    controls = "|".join(trace.pattern for trace in TRACES if not trace.wide)
    # The sums of a column are compared before its cells are.
    wide = cell.str.len_bytes() != cell.str.len_chars()
    any_wide = cell.str.len_bytes().sum() != cell.str.len_chars().sum()
    nets = [
        _Net(column, "controls", cell.str.contains(controls)),
        _Net(column, "wide", pl.when(any_wide).then(wide)),
    ]
    patterns = []
    if Role.NUMBERS in column.role:
        patterns.append(SUSPICIOUS_NUMBER)
    if Role.DATES in column.role:
        patterns.append(DATES)
    if column.usual == NUMBER and Role.DATES not in column.role:
        nets.append(_Net(column, "cells", ~cell.str.contains(UNSUSPICIOUS_NUMBER)))
    elif column.usual:
        # Nearly every cell is a date.
        nets.append(_Net(column, "cells", cell.is_not_null()))
    elif patterns:
        nets.append(_Net(column, "cells", cell.str.contains("|".join(patterns))))
    return nets


def _matching(rows: pl.DataFrame, column: Column, pattern: str) -> pl.DataFrame:
    return where(rows, rows[column.name].str.contains(pattern))


def _count(column: Column, hits: pl.DataFrame, traces: Sequence[tuple[str, str | pl.Expr]]) -> None:
    """Count the rows that have each trace, which a pattern or a mask tells."""
    if not hits.height or not traces:
        return
    cell = pl.col(column.name)
    masks = [cell.str.contains(trace) if isinstance(trace, str) else trace for _, trace in traces]
    counts = hits.select_seq(mask.sum().alias(str(number)) for number, mask in enumerate(masks))
    for (code, _), mask, count in zip(traces, masks, counts.row(0), strict=True):
        if not count:
            continue
        seen = column.seen(code)
        if len(seen.rows) < SHOWN:
            seen.add(hits.filter(mask), column.name)
        else:
            seen.count += count


def _see_cells(column: Column, hits: pl.DataFrame) -> None:
    """Look closely at cells in which something is odd for what the column is about."""
    others: list[tuple[str, str | pl.Expr]] = []
    if column.usual:
        cell = pl.col(column.name)
        odd = ~cell.str.contains(column.usual) & cell.str.contains(r"\S")
        if column.usual == NUMBER and Role.PHONES in column.role:
            odd &= ~cell.str.contains(PHONE)
        others.append(("mixed-types", odd))
    numbers = _number_traces(column)
    if Role.DATES not in column.role:
        _count(column, hits, [*others, *numbers])
        return
    _count(column, hits, others)
    if numbers:
        # Most hits are dates, and those are no suspicious numbers.
        _count(column, _matching(hits, column, SUSPICIOUS_NUMBER), numbers)
    dates = [("serial-dates", SERIAL), ("day-first", DAY_FIRST), ("month-first", MONTH_FIRST)]
    if len(column.seen("either").rows) < SHOWN:
        dates.append(("either", DATE))
    _count(column, _matching(hits, column, DATES), dates)


def _number_traces(column: Column) -> list[tuple[str, str]]:
    """Return what suspicious numbers may be, in a column of numbers."""
    if Role.NUMBERS not in column.role:
        return []
    traces = [
        ("scientific-notation", SCIENTIFIC),
        ("decimal-tail", r"^\s*\d{5,}[.,]0{1,2}\s*$"),
        ("long-digits", r"^\s*\d{16,}\s*$"),
        ("digits-lost", DIGITS_LOST),
    ]
    if Role.IDENTIFIERS in column.role:
        traces.append(("decimal-tail", r"^\s*\d{1,4}[.,]0{1,2}\s*$"))
    return traces


def _see_lengths(column: Column, rows: pl.DataFrame) -> None:
    name = column.name
    digits = _matching(rows.select(ROW_NUMBER, name), column, DIGITS)
    column.zero_led += int(digits[name].str.starts_with("0").sum())
    lengths = digits.with_columns(pl.col(name).str.len_bytes().alias("length"))
    for length, count in lengths["length"].value_counts().iter_rows():
        column.lengths[length] = column.lengths.get(length, 0) + count
        seen = column.short.setdefault(length, Seen())
        if len(seen.rows) < SHOWN:
            seen.add(lengths.filter(pl.col("length") == length).head(SHOWN), name)
    # Neither codes with zeros nor numbers of many lengths can be told to have lost any.
    apart = max(column.lengths, default=0) - min(column.lengths, default=0)
    column.has_fixed_width = not column.zero_led and apart <= _LENGTHS_APART


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
