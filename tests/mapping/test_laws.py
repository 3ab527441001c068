"""What holds for every mapping and every file."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.errors import BulkloadError
from bulkload.mapping import parse_mapping
from bulkload.mapping.document import Mapping
from bulkload.records import Kind
from tests.mapping.made import SCHEMA

COLUMNS = ("A", "B", "C")
CELLS = st.none() | st.sampled_from(
    ["", " ", "x", "Ja", "-", "1.250", "52,620", "03/08/1990", "1990-02-30", "a, b", "{", '"', "\\", "Ada van Lovelace", "DE"]
) | st.text(max_size=12)  # fmt: skip
FRAMES = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8).map(
    lambda cells: pl.DataFrame(
        {
            "row_number": pl.Series(range(2, len(cells) + 2), dtype=pl.UInt32),
            **{n: pl.Series([c[i] for c in cells], dtype=pl.String) for i, n in enumerate(COLUMNS)},
        }
    )
)
COLUMN = st.sampled_from(COLUMNS) | st.sampled_from(
    [{"position": 2}, {"pattern": "^C$"}, ["Z", "A"]]
)
CONDITION = st.fixed_dictionaries({"column": st.sampled_from(COLUMNS)}, optional={
    "is": st.sampled_from(["x", ["Ja", "-"]]), "matches": st.sampled_from(["^x", "[0-9]"]),
    "at_least": st.integers(-5, 5),
}).filter(lambda c: len(c) > 1)  # fmt: skip
SOURCE = st.one_of(
    st.fixed_dictionaries({"column": COLUMN}),
    st.fixed_dictionaries({"coalesce": st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"concat": st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3), "separator": st.sampled_from([", ", ""])}),
    st.fixed_dictionaries({"template": st.sampled_from(["{A}-{B}", "x{C}"])}),
    st.fixed_dictionaries({"split": st.fixed_dictionaries({"column": COLUMN, "part": st.sampled_from(["first_name", "last_name", 1, 2, -1])})}),
    st.fixed_dictionaries({"list": st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"object": st.fixed_dictionaries({"a": st.sampled_from(COLUMNS), "b c": st.sampled_from(COLUMNS)})}),
    st.fixed_dictionaries({"constant": st.sampled_from(["x", 5, True, 1.5])}),
)  # fmt: skip
CLEANING = st.fixed_dictionaries({}, optional={
    "nulls": st.lists(st.sampled_from(["-", "x", ""]), max_size=2),
    "trim": st.booleans(),
    "case": st.sampled_from(["lower", "upper", "title"]),
    "replace": st.sampled_from([{"pattern": "[0-9]", "with": "#"}, [{"pattern": "^(.)", "with": "${1}${1}"}]]),
    "map": st.sampled_from([{"x": "y"}, {"Ja": "", "-": "n"}]),
    "when": CONDITION,
    "required": st.booleans(),
})  # fmt: skip
FIELDS = st.dictionaries(
    st.sampled_from(["name", "email", "phone", "points", "spent", "born", "active", "custom.x", "custom.y z"]),
    st.builds(lambda source, cleaning: {**source, **cleaning}, SOURCE, CLEANING.filter(lambda c: not (c.get("required") and "when" in c))) | st.sampled_from(COLUMNS),
    min_size=1, max_size=4,
)  # fmt: skip
MAPPINGS = st.fixed_dictionaries(
    {"fields": FIELDS, "one_of": st.just([]), "ignore": st.just([{"pattern": "."}])},
    optional={
        "locale": st.sampled_from(["de", "en-US", "fr"]),
        "nulls": st.just(["-"]),
        "skip_if": st.lists(CONDITION, max_size=2),
        "action": st.just("B"),
        "region": st.sampled_from(["DE", {"column": "C", "default": "FR"}]),
    },
)


@given(MAPPINGS, FRAMES)
@settings(max_examples=60, deadline=None)
def test_applying_never_changes_number_or_order_of_rows(
    document: dict[str, Any], frame: pl.DataFrame
) -> None:
    """One record per row, in order; every column text; JSON kinds hold JSON."""
    mapping = parse_mapping(json.dumps(document)).bind(COLUMNS, SCHEMA, source="x.csv")

    records = mapping.apply(frame)

    assert records["row_number"].equals(frame["row_number"])
    assert records["row_number"].dtype == pl.UInt32
    assert set(records.dtypes[1:]) <= {pl.String}
    assert [field.name for field in mapping.fields] == [
        c for c in records.columns[1:] if "@" not in c
    ]
    for field in mapping.fields:
        if field.kind in {Kind.LIST, Kind.JSON} and not document["fields"][field.name].keys() & {
            "case",
            "replace",
            "map",
        }:
            for cell in records[field.name].drop_nulls():
                json.loads(cell)


@given(FRAMES)
@settings(max_examples=50, deadline=None)
def test_a_plain_column_keeps_its_cells(frame: pl.DataFrame) -> None:
    """Without trimming, cells arrive as they are, whatever they hold; blank ones are null."""
    text = '{"one_of": [], "fields": {"custom.x": {"column": "A", "trim": false}}, "ignore": ["B", "C"]}'
    found = parse_mapping(text).bind(COLUMNS, SCHEMA, source="x").apply(frame)["custom.x"]
    for before, after in zip(frame["A"], found, strict=True):
        assert after == before or (
            after is None
            and not (before or "").strip(" \t\r\n\v\f\x85\xa0\u2007\u202f\u3000\ufeff\u200b")
        )


@given(FRAMES)
@settings(max_examples=50, deadline=None)
def test_a_cell_that_cannot_be_read_keeps_its_text(frame: pl.DataFrame) -> None:
    """Numbers, dates and yes/no are either canonical or the trimmed text of the cell."""
    text = """{"one_of": [], "fields": {"spent": "A", "born": {"column": "B", "dates": "DMY"}, "active": "C"}}"""
    found = parse_mapping(text).bind(COLUMNS, SCHEMA, source="x").apply(frame)
    for column, field in (("A", "spent"), ("B", "born"), ("C", "active")):
        for before, after in zip(frame[column], found[field], strict=True):
            if after is not None and after not in {"true", "false"} and not after[:1].isdigit():
                assert before is not None
                assert after in before or after.lstrip("+-")[:1].isdigit()


@given(MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_a_valid_mapping_survives_being_written(document: dict[str, Any]) -> None:
    """Rules written as YAML and read again are the same rules."""
    rules = parse_mapping(json.dumps(document)).rules
    written = rules.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert Mapping.model_validate(written) == rules
    assert parse_mapping(json.dumps(written)).rules == rules


WORDS = st.sampled_from(["fields", "email", "column", "coalesce", "when", "is", "ignore", "extends", "region", "map", "object", "list", "A", "DE", "dates", "template", "{A}", "replace", "pattern", "("])  # fmt: skip
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    TREES
    | st.fixed_dictionaries({"fields": TREES})
    | st.fixed_dictionaries({"fields": st.fixed_dictionaries({"email": TREES})})
)
@settings(max_examples=150, deadline=None)
def test_any_tree_is_a_mapping_or_an_error_with_a_place(tree: Any) -> None:
    """Whatever is written in YAML, loading ends in rules or in an error for people."""
    try:
        document = parse_mapping(json.dumps(tree), file="m.yaml")
    except BulkloadError as error:
        assert error.where.startswith("m.yaml:")  # noqa: PT017 - either outcome is right
        assert error.fix  # noqa: PT017 - either outcome is right
        return
    with contextlib.suppress(BulkloadError):
        document.bind(COLUMNS, SCHEMA, source="x.csv")


@given(st.text(max_size=200) | st.text("fields: {}[]emailA\n-'\"", max_size=60))
@settings(deadline=None)
def test_any_text_as_a_mapping_never_crashes(text: str) -> None:
    """No text at all makes loading fail in another way."""
    try:
        parse_mapping(text, file="m.yaml")
    except BulkloadError as error:
        assert error.where.startswith("m.yaml")  # noqa: PT017 - either outcome is right


@given(
    st.integers(0, 32), st.integers(0, 13), st.integers(990, 10_010), st.sampled_from("/.-"), st.sampled_from(["", "0"]), st.sampled_from(["", " ", " 00:00:00"]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_a_date_is_the_day_that_the_calendar_has(
    day: int, month: int, year: int, sign: str, pad: str, tail: str
) -> None:
    """By the file's order, in every usual form: the day itself, or the cell's own text."""
    cell = f"{day:{pad}2}{sign}{month:{pad}2}{sign}{year}".replace(" ", "") + tail
    text = '{"one_of": [], "fields": {"born": {"column": "A", "dates": "DMY"}}}'
    frame = pl.DataFrame({"row_number": pl.Series([2], dtype=pl.UInt32), "A": [cell]})
    [found] = parse_mapping(text).bind(["A"], SCHEMA, source="x").apply(frame)["born"]
    try:
        expected = dt.date(year, month, day).isoformat() if 1000 <= year <= 9999 else cell.strip()
    except ValueError:
        expected = cell.strip()
    assert found == expected
