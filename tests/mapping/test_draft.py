"""Drafts: loadable, honest about what is open, and nothing lost."""

from __future__ import annotations

import polars as pl
import pytest

from bulkload.connectors import connector_for
from bulkload.errors import BulkloadError
from bulkload.mapping import parse_mapping
from bulkload.mapping.draft import IGNORE, Hints, custom_field, draft, field_candidates, plain_yaml
from bulkload.mapping.suggest import Suggestion, suggest
from tests.mapping.header_sets import HeaderSet, header_sets

SETS = header_sets()


@pytest.mark.parametrize("found", SETS[::2], ids=lambda found: f"{found.language}-{found.origin}")
def test_no_column_is_lost(found: HeaderSet) -> None:
    """Each column is placed, used or left to decide; ignoring the rest makes the mapping fit."""
    suggestions = suggest(found.rows, list(found.expected))
    for connector in ("loyaltydog", "voucherify", "leal"):
        check_nothing_is_lost(connector, list(found.expected), suggestions)


def check_nothing_is_lost(
    connector: str, headers: list[str], suggestions: list[Suggestion]
) -> None:
    first = draft(suggestions, connector=connector, source="list.csv")
    assert {*first.placed, *first.undecided} == set(headers)

    schema = connector_for(connector).schema
    if first.undecided and any(field in first.text for field in ("email", "phone", "source_id")):
        with pytest.raises(BulkloadError, match=r"nothing says|is not mapped|neither"):
            parse_mapping(first.text).bind(headers, schema, source="list.csv")
    second = draft(
        suggestions, connector=connector, source="list.csv",
        hints=Hints(decisions=dict.fromkeys(first.undecided, IGNORE)),
    )  # fmt: skip
    assert second.undecided == ()
    document = parse_mapping(second.text)
    reachable = set(schema.one_of) & set(document.rules.fields)
    if reachable:
        document.bind(headers, schema, source="list.csv")


def test_a_person_s_choice_is_written() -> None:
    """A decision becomes a line of the mapping."""
    frame = pl.DataFrame({"Email": ["a@example.com"], "Was auch immer": ["x"]})
    suggestions = suggest(frame, frame.columns)
    choice = custom_field("Was auch immer", "loyaltydog")
    assert choice == "customFields.wasAuchImmer"
    assert choice in dict(field_candidates(suggestions[1], "loyaltydog"))
    text = draft(
        suggestions,
        connector="loyaltydog",
        source="x",
        hints=Hints(decisions={"Was auch immer": choice}),
    ).text
    assert "customFields.wasAuchImmer: Was auch immer" in text


@pytest.mark.parametrize(
    "header",
    [
        "a: b",
        "# x",
        "'",
        "{x}",
        "-",
        "true",
        "Yes",
        "12",
        "a\tb",
        " x ",
        "@",
        "`",
        "Card no.",
        "é",
        "x #y",
        "?",
    ],
)
def test_any_header_can_be_written(header: str) -> None:
    """A header is quoted so that YAML gives it back."""
    text = f"fields: {{name: {{column: {{header: {plain_yaml(header)}}}}}}}"
    rule = parse_mapping(text).rules.fields["name"]
    assert rule is not None
    assert rule.column is not None
    assert rule.column.header == header


def test_cells_in_comments_cannot_leave_them() -> None:
    """An example with a line break stays in its comment."""
    frame = pl.DataFrame(
        {"Odd\nheader": ["x\nfields: {}", "y\r- z"], "Email": ["a@example.com"] * 2}
    )
    text = draft(suggest(frame, frame.columns), connector="leal", source="a\nb: c").text
    document = parse_mapping(text.replace("\nignore:", "\none_of: []\nignore:"))
    assert list(document.rules.fields) == ["email"]


def test_two_phone_columns_share_the_field() -> None:
    """Mobile first, the landline where it is blank."""
    frame = pl.DataFrame({"Phone": ["030 23125010"], "Mobile": ["0176 04069010"]})
    text = draft(
        suggest(frame, frame.columns),
        connector="loyaltydog",
        source="x",
        hints=Hints(region="DE", region_why="why"),
    ).text
    assert "coalesce: [Mobile, Phone]" in text
    assert "region: DE" in text


def test_cells_decide_how_dates_and_numbers_are_read() -> None:
    """A day above 12 decides the order; groups of three decide the sign."""
    frame = pl.DataFrame(
        {
            "Birthday": ["26/06/1990", "03/08/1985"],
            "Points": ["1.250", "85"],
            "Email": ["a@example.com"] * 2,
        }
    )
    text = draft(suggest(frame, frame.columns), connector="loyaltydog", source="x").text
    assert "dates: DMY" in text
    assert "numbers: de" in text
    open_order = frame.with_columns(Birthday=pl.lit("03/08/1985"))
    assert (
        "# dates: DMY"
        in draft(suggest(open_order, frame.columns), connector="loyaltydog", source="x").text
    )


def test_one_wrong_date_does_not_hide_the_order() -> None:
    """A clear majority decides; otherwise the draft says that the cells speak for both."""
    dates = [f"{day}/06/1990" for day in range(13, 29)] * 2
    for wrong, line in (
        (["06/26/1990"], "\n    dates: DMY"),
        (["06/26/1990"] * 9, "the cells speak for both"),
    ):
        cells = [*dates, *wrong]
        frame = pl.DataFrame({"Birthday": cells, "Email": ["a@example.com"] * len(cells)})
        assert line in draft(suggest(frame, frame.columns), connector="loyaltydog", source="x").text


def test_words_for_nothing_are_written_down() -> None:
    """Dashes and the like become a rule, and do not count against what a column holds."""
    frame = pl.DataFrame(
        {"E-Mail": ["a@example.com", "-", "Keine", "-"], "Vorname": ["Ada", "K.A.", "Uwe", None]}
    )
    suggestions = suggest(frame, frame.columns)
    assert all(suggestion.sure for suggestion in suggestions)
    assert (
        "nulls: ['-', 'k.a.', keine]" in draft(suggestions, connector="loyaltydog", source="x").text
    )
