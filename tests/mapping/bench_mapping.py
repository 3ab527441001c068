# ruff: noqa: T201  # a benchmark prints
"""Figures of the mapping room.

python -m pytest -s -m benchmark tests/mapping/bench_mapping.py
"""

from __future__ import annotations

import statistics
import time
import unicodedata
from collections.abc import Callable

import polars as pl
import pytest

from bulkload.connectors.loyaltydog import SCHEMA
from bulkload.errors import BulkloadError
from bulkload.mapping import load_mapping, parse_mapping
from bulkload.mapping.strict_yaml import MAX_BYTES
from tests.mapping.header_sets import HeaderSet, header_sets
from tests.mapping.test_suggest import judged
from tests.samples.generate import HEADERS, customers

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]
ROWS = 1_000_000


def bare(header: str) -> str:
    folded = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    return folded or header


CHANGES: dict[str, Callable[[str], str]] = {
    "as they are": str,
    "in capitals": str.upper,
    "without accents": bare,
    "with underscores": lambda header: header.replace(" ", "_").lower(),
    "with a star": lambda header: f"{header} *",
    "numbered": lambda header: f"{header} 1",
    "with a prefix": lambda header: f"Customer {header}",
}


def changed(found: HeaderSet, change: Callable[[str], str]) -> HeaderSet | None:
    names = {header: change(header) for header in found.expected}
    if len(set(names.values())) < len(names):
        return None
    expected = {names[header]: thing for header, thing in found.expected.items()}
    return HeaderSet(found.language, found.origin, expected, found.rows.rename(names))


@pytest.mark.parametrize("name", CHANGES)
def test_recognition(name: str) -> None:
    """Print how many columns of the forty sets are recognised, their headers changed."""
    sets = [after for found in header_sets() if (after := changed(found, CHANGES[name]))]
    columns, right, misses, wrong, sure = judged(sets)
    print(
        f"\n{name}: {len(sets)} sets, {columns} columns: {right / columns:.1%} right, "
        f"{sure / columns:.1%} sure, {len(wrong)} wrong but sure"
    )
    print("\n".join([*misses[:5], *wrong[:10]]))


def test_applying_speed() -> None:
    """Print the seconds for a million rows of the sample's columns, beside reading one column."""
    people = customers()
    once = pl.DataFrame(
        {h: pl.Series([row[h] or None for row in people], dtype=pl.String) for h in HEADERS}
    )
    frame = pl.concat([once] * (ROWS // once.height + 1)).head(ROWS).rechunk()
    frame = frame.with_row_index("row_number", offset=2)
    mapping = load_mapping("loyaltydog-customers").bind(HEADERS, SCHEMA, source="x")
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        mapping.apply(frame)
        times.append(time.perf_counter() - begin)
    print(
        f"\napply: {ROWS:,} rows x {len(HEADERS)} columns, median {statistics.median(times):.2f} s"
    )


HOSTILE = {
    "20,000 brackets": "[" * 20_000,
    "9,000 brackets on many lines": ("[" * 900 + "\n") * 10,
    "4,900 braces on many lines": ("{" * 980 + "\n") * 5,
    "alias bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "merge bomb": "a: &a {x: 1}\nb: {<<: *a}\n",
    "10,001 values": "- x\n" * 10_001,
    "one megabyte": "x\n" * (MAX_BYTES // 2 + 1),
    "long line": "x" * 900_000,
    "deep list": "- " * 4_000,
    "open quote": '"' + "x\n" * 200_000,
    "duplicate key at the end": "".join(f"k{n}: 1\n" for n in range(4_000)) + "k0: 1\n",
    "large automaton": "fields: {name: {column: A, replace: {pattern: '((a{100}){100}){100}'}}}",
    "unicode classes": "fields: {name: {column: A, replace: {pattern: '"
    + r"[\p{L}\p{N}]{200}" * 4
    + "'}}}",
    "template of objects": "fields: {name: {template: '{0.__class__}'}}",
    "unknown word": "fields: {email: {colum: A}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refusal_time(name: str) -> None:
    """Print the seconds until a hostile mapping is refused."""
    begin = time.perf_counter()
    with pytest.raises(BulkloadError) as caught:
        parse_mapping(HOSTILE[name])
    print(f"\n{name}: {time.perf_counter() - begin:.3f} s  {caught.value.what[:60]}")
