"""The quick looks at whole batches, against a look at each cell by itself."""

from functools import cache

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.sources import traces as t
from bulkload.sources.column_findings import column_findings
from bulkload.sources.columns import Column, Role, Seen, recognise
from bulkload.sources.forensics import Watcher
from bulkload.sources.source import ROW_NUMBER
from bulkload.sources.traces import possible_traces

HEADERS = ("Name", "Telefon", "Geburtstag", "PLZ")
KINDS = {
    "postcodes": (*("10115", "20095", "80331", "54321") * 3, "1067", "106"),
    "codes": ("10115", "20095", "80331", "1067", "01067", "123456"),
    "numbers": ("1", "-5", "1'000", "12 000", "+7", "3.5", "16640.0", "17,00", " 8 ", "1e5"),
    "large": ("4111111111111000", "4111111111111111", "123456789012345", "1234567890123456 ", "4.9E+11"),
    "phones": ("+49 176 80402501", "(206) 500-7244", "0049176804025", "+4917680402501.0", "4,915E11"),
    "dates": ("03/08/1990", "26/06/1990", "06/26/1990", "1.2.1990", "26-06.199", "1990-02-01", "32874"),
    "texts": ("Ada", "n/a", "Ada\u00a0B", "JosÃ©", "Jos\ufffd", "a\x1bb", "a\u202eb", "José", " ", "١٢"),
}  # fmt: skip
ALL = tuple(cell for cells in KINDS.values() for cell in cells)
COLUMNS = st.tuples(st.sampled_from(sorted(KINDS)), st.randoms(use_true_random=False))
SPECIAL = {"serial-dates": t.SERIAL, "day-first": t.DAY_FIRST, "month-first": t.MONTH_FIRST}


@cache
def has(cell, pattern):
    """Return whether one cell matches."""
    return bool(pl.Series([cell]).str.contains(pattern)[0])


def cells_of(kind, chance, height):
    """Return mostly cells of one kind, a few of any, and a few empty ones."""
    few = chance.choice((0.0, 0.02, 0.5))
    return [
        None if chance.random() < few / 3
        else chance.choice(ALL) if chance.random() < few
        else chance.choice(KINDS[kind])
        for _ in range(height)
    ]  # fmt: skip


def codes(column, cell):
    """Yield what is to be seen in one cell, in a column of which it is known what it is about."""
    yield from (trace.code for trace in t.TRACES if has(cell, trace.pattern))
    if Role.NUMBERS in column.role and has(cell, t.SUSPICIOUS_NUMBER):
        if has(cell, t.SCIENTIFIC):
            yield "scientific-notation"
        identifiers = Role.IDENTIFIERS in column.role
        if has(cell, rf"^\s*\d{{{1 if identifiers else 5},}}[.,]0{{1,2}}\s*$"):
            yield "decimal-tail"
        if has(cell, r"^\s*\d{16,}\s*$"):
            yield "long-digits"
            if has(cell, t.DIGITS_LOST):
                yield "digits-lost"
    if Role.DATES in column.role and has(cell, t.DATES):
        yield from (code for code, pattern in SPECIAL.items() if has(cell, pattern))
        if has(cell, t.DATE):
            yield "either"
    phone = column.usual == t.NUMBER and Role.PHONES in column.role and has(cell, t.PHONE)
    if column.usual and not has(cell, column.usual) and not phone and has(cell, r"\S"):
        yield "mixed-types"


def watched_cell_by_cell(name, position, cells):
    """Return the findings of one column, each cell taken by itself."""
    column = Column(name, position)
    recognise(column, pl.Series(cells[:2_000], dtype=pl.String).drop_nulls())
    for row, cell in enumerate(cells, start=2):
        if cell is None:
            continue
        column.filled += 1
        for code in codes(column, cell):
            note(column.seen(code), row, cell)
        if column.has_fixed_width and has(cell, t.DIGITS):
            column.zero_led += cell.startswith("0")
            length = len(cell.encode())
            column.lengths[length] = column.lengths.get(length, 0) + 1
            note(column.short.setdefault(length, Seen()), row, cell)
    return column_findings(column)


def note(seen, row, cell):
    """Count one cell."""
    seen.count += 1
    seen.rows.append(row)
    seen.texts.append(cell)


def comparable(findings):
    """Return the findings without places where batches give them another order."""
    mixed = {"decimal-tail", "dates-contradict"}
    return [
        (one.code, one.column, one.count, () if one.code in mixed else (one.cells, one.examples))
        for one in findings
    ]


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[COLUMNS] * len(HEADERS)), st.integers(1, 120), st.integers(5, 70))
def test_batches_are_seen_as_their_cells_are(columns, height, batch_rows):
    """What is found in batches is what is found cell by cell, whatever the columns are about."""
    table = {
        name: cells_of(kind, chance, height)
        for name, (kind, chance) in zip(HEADERS, columns, strict=True)
    }
    rows = pl.DataFrame(table, schema=dict.fromkeys(HEADERS, pl.String)).with_row_index(
        ROW_NUMBER, offset=2
    )
    watcher = Watcher(HEADERS)
    first = rows.head(batch_rows)
    expected = []
    for position, (name, cells) in enumerate(table.items(), start=1):
        known = Column(name, position)
        recognise(known, first[name].drop_nulls())
        whole = Column(name, position)
        recognise(whole, rows[name].head(2_000).drop_nulls())
        if (known.role, known.usual, known.has_fixed_width) != (
            whole.role, whole.usual, whole.has_fixed_width,
        ):  # fmt: skip
            batch_rows = height
        expected += watched_cell_by_cell(name, position, cells)

    for batch in rows.iter_slices(batch_rows):
        text = batch.drop(ROW_NUMBER).write_csv().encode()
        controls, wide = possible_traces(text)
        watcher.see(batch, controls=controls, wide=wide)

    found = [one for one in watcher.findings() if one.code != "totals-row"]
    assert comparable(found) == comparable(expected)


@given(st.from_regex(r"[+-]?[05][05' ]{0,16}[.,e]?[05]{0,2}", fullmatch=True))
def test_a_number_beyond_suspicion_is_a_number(cell):
    """What is passed over in a column of numbers is one, and would not be looked at anyhow."""
    if has(cell, t.UNSUSPICIOUS_NUMBER):
        assert has(cell, t.NUMBER)
        assert not has(cell, t.SUSPICIOUS_NUMBER)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["Total", "Ada", None, "5", "sum:"]), min_size=1, max_size=60),
    st.integers(1, 6),
)
def test_totals_rows_are_those_that_are_mostly_empty(cells, width):
    """A row sums up where one of its first cells says so and no more than half of it is filled."""
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    rows = [[*row, *[None] * (width - len(row))] for row in rows]
    headers = tuple(f"c{n}" for n in range(width))
    expected = [
        number
        for number, row in enumerate(rows, start=2)
        if sum(cell is not None for cell in row) <= max(2, (width + 1) // 2)
        and any(cell and has(cell, t.TOTAL) for cell in row[:3])
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(headers, pl.String), orient="row")
    watcher = Watcher(headers)

    watcher.see(frame.with_row_index(ROW_NUMBER, offset=2), controls=False, wide=False)

    count = sum(one.count for one in watcher.findings() if one.code == "totals-row")
    assert count == len(expected)
