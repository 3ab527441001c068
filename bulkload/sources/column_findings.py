"""What is said about a column at the end, from what was seen in it."""

from __future__ import annotations

from collections.abc import Mapping

from bulkload.records import Finding
from bulkload.sources.columns import ENOUGH, HALF, MOSTLY, SHOWN, Column, Role, Seen
from bulkload.sources.headers import cell_name
from bulkload.sources.traces import DATE, NUMBER, TRACES, Trace

_SPOKEN = {NUMBER: "numbers", DATE: "dates"}


def column_findings(column: Column) -> list[Finding]:
    """Return what is odd about a column of which all rows were seen."""
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
    if lost and lost.count and lost.count >= MOSTLY * column.seen("long-digits").count:
        found.append(_finding(column, "digits-lost", lost))
    return found + _zeros_stripped(column) + _dates(column) + _mixed(column)


def _zeros_stripped(column: Column) -> list[Finding]:
    lengths = dict(sorted(column.lengths.items()))
    total = sum(lengths.values())
    if total < ENOUGH or column.zero_led:
        return []
    usual, number = max(lengths.items(), key=lambda pair: pair[1])
    shorter = {n: c for n, c in lengths.items() if n < usual}
    longer = total - number - sum(shorter.values())
    # Numbers of many lengths, as phones of several countries have, say nothing about zeros.
    if number < HALF * total or longer or set(shorter) - {usual - 1, usual - 2} or not shorter:
        return []
    seen = Seen()
    for length in shorter:
        seen.rows += column.short[length].rows
        seen.texts += column.short[length].texts
    seen.count = sum(shorter.values())
    filling = ", ".join(
        f"{{pattern: '^(\\d{{{length}}})$', with: '{'0' * (usual - length)}${{1}}'}}"
        for length in shorter
    )
    line = f"replace: [{filling}]"
    return [_finding(column, "zeros-stripped", seen, line=line, details={"usual": str(usual)})]


def _dates(column: Column) -> list[Finding]:
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


def _mixed(column: Column) -> list[Finding]:
    seen = column.traces.get("mixed-types")
    if not column.usual or not seen or not 0 < seen.count <= (1 - MOSTLY) * column.filled:
        return []
    details = {"usual": _SPOKEN[column.usual], "odd": "text or something else"}
    return [_finding(column, "mixed-types", seen, details=details)]


def _finding(
    column: Column,
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
        tuple(cell_name(column.position, row) for row in seen.rows[:SHOWN]),
        seen.count,
        tuple(seen.texts[:SHOWN]),
        details or {},
        trace.mapping_line if trace else line,
    )
