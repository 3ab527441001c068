"""Traces of damage in the cells of a column, found while the rows pass; nothing is repaired.

What a column is about is told from its header and its first rows. After that each batch costs one
or two expressions a column: a wide net first, and a close look only at what it catches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto

import polars as pl

from bulkload.records import Finding
from bulkload.sources.headers import cell_name
from bulkload.sources.source import ROW_NUMBER
from bulkload.sources.traces import (
    DATE,
    DATE_WORDS,
    DATES,
    DAY_FIRST,
    DIGITS,
    DIGITS_LOST,
    IDENTIFIER_WORDS,
    MONTH_FIRST,
    NUMBER,
    PHONE,
    PHONE_START,
    PHONE_WORDS,
    SCIENTIFIC,
    SERIAL,
    SUSPICIOUS_NUMBER,
    TOTAL,
    TRACES,
    WIDE_TRACES,
    Trace,
)

_FIRST_ROWS = 2_000
_SHOWN = 5
_MOSTLY = 0.9
_HALF = 0.5
_ENOUGH = 20
"""Cells below which nothing is said about what is usual in a column."""
_TOTALS_COLUMNS = 3
_SPOKEN = {NUMBER: "numbers", DATE: "dates"}


class Role(Flag):
    """What a column is about."""

    NONE = 0
    NUMBERS = auto()
    DATES = auto()
    IDENTIFIERS = auto()
    """Phones, postcodes, cards: digits that are not counted with."""
    PHONES = auto()


@dataclass(slots=True)
class Seen:
    """How often one trace was met in one column, and where first."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, hits: pl.DataFrame, column: str) -> None:
        """Count rows that have the trace."""
        self.count += hits.height
        missing = _SHOWN - len(self.rows)
        if missing > 0:
            self.rows += hits[ROW_NUMBER].head(missing).to_list()
            self.texts += [str(text) for text in hits[column].head(missing)]


@dataclass(slots=True)
class _Column:
    name: str
    position: int
    role: Role = Role.NONE
    usual: str = ""
    """Pattern that nearly all of its first cells match."""
    has_fixed_width: bool = False
    """Codes of mostly one length, in which lost zeros can be told."""
    filled: int = 0
    traces: dict[str, Seen] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    zero_led: int = 0
    short: dict[int, Seen] = field(default_factory=dict)
    long_digits: int = 0

    def seen(self, code: str) -> Seen:
        return self.traces.setdefault(code, Seen())

    def add(self, code: str, hits: pl.DataFrame) -> None:
        if hits.height:
            self.seen(code).add(hits, self.name)


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
            _Column(name, places.get(name, number)) for number, name in enumerate(headers, start=1)
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
            wide: There may be characters beyond ASCII in it.
        """
        if not self._enabled or not rows.height:
            return
        if not self._started:
            for column in self._columns:
                _recognise(column, rows[column.name].head(_FIRST_ROWS).drop_nulls())
            self._nets = [net for column in self._columns for net in _nets(column)]
            self._started = True
        nets = [
            net
            for net in self._nets
            if (controls or net.code != "control-characters") and (wide or net.code != "wide")
        ]
        if not nets:
            return
        # One pass over all columns, on all threads, tells where a closer look is needed.
        caught = rows.select(net.places.alias(str(number)) for number, net in enumerate(nets))
        for net, places in zip(nets, caught, strict=True):
            if len(places[0]):
                net.look(rows, places[0])
        for column in self._columns:
            column.filled += rows.height - rows[column.name].null_count()
            if column.has_fixed_width:
                _see_lengths(column, rows)
        self._see_totals(rows)

    def findings(self) -> list[Finding]:
        """Return what was seen, column by column."""
        found = [finding for column in self._columns for finding in _findings(column)]
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

    def _see_totals(self, rows: pl.DataFrame) -> None:
        names = [column.name for column in self._columns]
        first = names[:_TOTALS_COLUMNS]
        most = max(2, (len(names) + 1) // 2)
        if sum(rows[name].null_count() for name in names) < len(names) - most:
            return
        # A row of totals is mostly empty, and that is told more quickly than what it says.
        filled = pl.sum_horizontal(pl.col(names).is_not_null().cast(pl.UInt16))
        hits = rows.filter(filled <= most)
        hits = hits.filter(pl.any_horizontal(pl.col(first).str.contains(TOTAL)))
        if hits.height:
            texts = hits.select(ROW_NUMBER, pl.coalesce(first).alias("text"))
            self._totals.add(texts, "text")


def _share(cells: pl.Series, pattern: str) -> float:
    return len(cells.str.contains(pattern).arg_true()) / max(1, len(cells))


def _recognise(column: _Column, cells: pl.Series) -> None:
    """Tell from the header and the first cells what a column is about."""
    header = pl.Series([column.name.casefold()])
    trimmed = cells.str.strip_chars()
    if _share(trimmed, r"^[+(']?\d") > _HALF:
        column.role |= Role.NUMBERS
    if _share(header, IDENTIFIER_WORDS):
        column.role |= Role.IDENTIFIERS
    if _share(header, PHONE_WORDS) or _share(trimmed, PHONE_START):
        column.role |= Role.PHONES
    if _share(header, DATE_WORDS) or _share(trimmed, DATE) > _HALF:
        column.role |= Role.DATES
    digits = trimmed.filter(trimmed.str.contains(DIGITS))
    if Role.IDENTIFIERS in column.role and len(digits) > _HALF * len(cells):
        usual = digits.str.len_bytes().mode()[0]
        column.has_fixed_width = _share(digits, f"^.{{{usual}}}$") > _HALF
    for pattern in (DATE, NUMBER):
        share = _share(trimmed, pattern)
        if len(cells) >= _ENOUGH and share >= _MOSTLY:
            column.usual = pattern
            break


def _nets(column: _Column) -> list[_Net]:
    """Return what is looked for in a column, each with a cheap test for a whole batch."""
    cell = pl.col(column.name)
    nets = [
        _Net(column, trace.code, cell.str.contains(trace.pattern))
        for trace in TRACES
        if not trace.wide
    ]
    if Role.NUMBERS in column.role:
        nets.append(_Net(column, "number", cell.str.contains(SUSPICIOUS_NUMBER)))
    if Role.DATES in column.role:
        nets.append(_Net(column, "date", cell.str.contains(DATES)))
    if column.usual:
        odd = ~cell.str.contains(column.usual) & cell.str.contains(r"\S")
        if column.usual == NUMBER and Role.PHONES in column.role:
            odd &= ~cell.str.contains(PHONE)
        nets.append(_Net(column, "mixed-types", odd))
    # The sums of a column are compared before its cells are.
    wide = cell.str.len_bytes() != cell.str.len_chars()
    any_wide = cell.str.len_bytes().sum() != cell.str.len_chars().sum()
    nets.append(_Net(column, "wide", pl.when(any_wide).then(wide)))
    return nets


@dataclass(slots=True)
class _Net:
    """One thing looked for in one column: quickly in all rows, closely where it is there."""

    column: _Column
    code: str
    mask: pl.Expr

    @property
    def places(self) -> pl.Expr:
        """Return the positions of the hits in a batch, as one list."""
        return self.mask.arg_true().implode()

    def look(self, rows: pl.DataFrame, places: pl.Series) -> None:
        """Count the hits, and tell apart what a wide net has caught."""
        name = self.column.name
        hits = rows.select(pl.col(ROW_NUMBER, name).gather(places))
        if self.code == "wide":
            hits = hits.filter(pl.col(name).str.contains(WIDE_TRACES))
            patterns = {trace.code: trace.pattern for trace in TRACES if trace.wide}
        elif self.code == "number":
            _see_numbers(self.column, hits)
            return
        elif self.code == "date":
            patterns = {"serial-dates": SERIAL, "day-first": DAY_FIRST, "month-first": MONTH_FIRST}
            if len(self.column.seen("either").rows) < _SHOWN:
                patterns["either"] = DATE
        else:
            self.column.add(self.code, hits)
            return
        for code, pattern in patterns.items() if hits.height else ():
            self.column.add(code, hits.filter(pl.col(name).str.contains(pattern)))


def _see_numbers(column: _Column, hits: pl.DataFrame) -> None:
    cell = pl.col(column.name)
    for code, pattern, identifiers in (
        ("scientific-notation", SCIENTIFIC, False),
        ("decimal-tail", r"^\s*\d{5,}[.,]0{1,2}\s*$", False),
        ("decimal-tail", r"^\s*\d{1,4}[.,]0{1,2}\s*$", True),
    ):
        if not identifiers or Role.IDENTIFIERS in column.role:
            column.add(code, hits.filter(cell.str.contains(pattern)))
    long = hits.filter(cell.str.contains(r"^\s*\d{16,}\s*$"))
    column.long_digits += long.height
    column.add("digits-lost", long.filter(cell.str.contains(DIGITS_LOST)))


def _see_lengths(column: _Column, rows: pl.DataFrame) -> None:
    name = column.name
    digits = (
        rows.lazy().select(ROW_NUMBER, name).filter(pl.col(name).str.contains(DIGITS)).collect()
    )
    column.zero_led += len(digits[name].str.starts_with("0").arg_true())
    lengths = digits.with_columns(pl.col(name).str.len_bytes().alias("length"))
    for length, count in lengths["length"].value_counts().iter_rows():
        column.lengths[length] = column.lengths.get(length, 0) + count
        seen = column.short.setdefault(length, Seen())
        if len(seen.rows) < _SHOWN:
            seen.add(lengths.filter(pl.col("length") == length).head(_SHOWN), name)


def _findings(column: _Column) -> list[Finding]:
    found = [
        _finding(column, trace.code, column.traces[trace.code], trace)
        for trace in TRACES
        if trace.code in column.traces
    ]
    for code, line in (
        ("scientific-notation", ""),
        ("decimal-tail", "replace: [{pattern: '[.,]0{1,2}$', with: ''}]"),
    ):
        seen = column.traces.get(code)
        if seen and seen.count:
            found.append(_finding(column, code, seen, line=line))
    lost = column.traces.get("digits-lost")
    if lost and lost.count and lost.count >= _MOSTLY * column.long_digits:
        found.append(_finding(column, "digits-lost", lost))
    return found + _zeros_stripped(column) + _dates(column) + _mixed(column)


def _zeros_stripped(column: _Column) -> list[Finding]:
    total = sum(column.lengths.values())
    if total < _ENOUGH or column.zero_led:
        return []
    usual, number = max(column.lengths.items(), key=lambda pair: pair[1])
    shorter = {n: c for n, c in column.lengths.items() if n < usual}
    longer = total - number - sum(shorter.values())
    # Numbers of many lengths, as phones of several countries have, say nothing about zeros.
    if number < _HALF * total or longer or set(shorter) - {usual - 1, usual - 2} or not shorter:
        return []
    seen = Seen()
    for length in shorter:
        seen.rows += column.short[length].rows
        seen.texts += column.short[length].texts
    seen.count = sum(shorter.values())
    filling = ", ".join(
        f"{{pattern: '^(\\d{{{length}}})$', with: '{'0' * (usual - length)}${{1}}'}}"
        for length in sorted(shorter)
    )
    line = f"replace: [{filling}]"
    return [_finding(column, "zeros-stripped", seen, line=line, details={"usual": str(usual)})]


def _dates(column: _Column) -> list[Finding]:
    if Role.DATES not in column.role:
        return []
    found: list[Finding] = []
    serial = column.seen("serial-dates")
    if serial.count:
        found.append(_finding(column, "serial-dates", serial, line="dates: {serial: 1900}"))
    day, month, either = (column.seen(code) for code in ("day-first", "month-first", "either"))
    if day.count and month.count:
        both = Seen(day.count + month.count, day.rows[:2] + month.rows[:2])
        both.texts = day.texts[:2] + month.texts[:2]
        found.append(_finding(column, "dates-contradict", both))
    elif day.count or month.count:
        seen, order, words = (
            (day, "DMY", "day first") if day.count else (month, "MDY", "month first")
        )
        one = Seen(seen.count, seen.rows[:1], seen.texts[:1])
        details = {"order": words}
        found.append(
            _finding(column, "dates-decided", one, line=f"dates: {order}", details=details)
        )
    elif either.count:
        found.append(_finding(column, "dates-ambiguous", either, line="dates: DMY  # or MDY"))
    return found


def _mixed(column: _Column) -> list[Finding]:
    seen = column.traces.get("mixed-types")
    if not column.usual or not seen or not 0 < seen.count <= (1 - _MOSTLY) * column.filled:
        return []
    details = {"usual": _SPOKEN[column.usual], "odd": "text or something else"}
    return [_finding(column, "mixed-types", seen, details=details)]


def _finding(
    column: _Column,
    code: str,
    seen: Seen,
    trace: Trace | None = None,
    *,
    line: str = "",
    details: Mapping[str, str] | None = None,
) -> Finding:
    return Finding(
        code,
        column.name,
        tuple(cell_name(column.position, row) for row in seen.rows[:_SHOWN]),
        seen.count,
        tuple(seen.texts[:_SHOWN]),
        details or {},
        trace.mapping_line if trace else line,
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
