"""What each rule of the language does to a cell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkload.records import Kind
from tests.mapping.made import ANY, bound, one, records, rows


@pytest.mark.parametrize(
    ("rule", "cell", "value"),
    [
        pytest.param("{column: A}", "  x\u00a0", "x", id="trim"),
        pytest.param("{column: A, trim: false}", " x ", " x ", id="trim-off"),
        pytest.param("{column: A, trim: false}", "   ", None, id="blank-is-blank-untrimmed"),
        pytest.param("A", "", None, id="empty"),
        pytest.param("{column: A, nulls: ['-', n/a]}", "N/A", None, id="null-token"),
        pytest.param("{column: A, case: lower}", "ÄB", "äb", id="lower"),
        pytest.param("{column: A, case: upper}", "äb", "ÄB", id="upper"),
        pytest.param("{column: A, case: title}", "ANNA MARIA", "Anna Maria", id="title"),
        pytest.param("{column: A, case: title}", "McDonald", "McDonald", id="title-mixed-stays"),
        pytest.param("{column: A, replace: {pattern: '[^0-9]', with: ''}}", "A-12", "12", id="replace"),
        pytest.param("{column: A, replace: {pattern: '(\\w+) (\\w+)', with: '${2} ${1}'}}", "a b", "b a", id="groups"),
        pytest.param("{column: A, replace: [{pattern: a, with: b}, {pattern: b, with: c}]}", "a", "c", id="in-order"),
        pytest.param("{column: A, map: {Frau: f, Herr: m}}", "frau", "f", id="map"),
        pytest.param("{column: A, map: {a: x, A: y}}", "A", "y", id="map-case-sensitive-if-keys-are"),
        pytest.param("{column: A, map: {x: ''}}", "x", None, id="map-to-blank"),
        pytest.param("{column: A, map: {x: y}, otherwise: keep}", "z", "z", id="otherwise-keep"),
        pytest.param("{column: A, map: {x: y}, otherwise: blank}", "z", None, id="otherwise-blank"),
        pytest.param("{column: A, map: {x: y}, otherwise: {value: q}}", "z", "q", id="otherwise-value"),
        pytest.param("{column: A, map: {x: y}, otherwise: {value: q}}", None, None, id="otherwise-not-for-blank"),
        pytest.param("{column: A, default: q}", None, "q", id="default"),
        pytest.param("{column: A, default: q}", "x", "x", id="default-unused"),
        pytest.param("{coalesce: [{column: A, nulls: ['-']}, {constant: q}]}", "-", "q", id="coalesce"),
        pytest.param("{template: '<{A}> '}", "x", "<x>", id="template"),
        pytest.param("{template: 'x{A}'}", None, None, id="template-blank"),
        pytest.param("{split: {column: A, part: 2, by: ';'}}", "a; b ;c", "b", id="split"),
        pytest.param("{split: {column: A, part: -1}}", "a b  c", "c", id="split-last"),
        pytest.param("{split: {column: A, part: 5}}", "a b", None, id="split-beyond"),
        pytest.param("{column: A, when: {column: A, is_not: x}}", "x", None, id="when-false"),
        pytest.param("{column: A, when: {column: A, matches: '^x'}}", "xy", "xy", id="when-true"),
        pytest.param("{constant: 0123}", None, "0123", id="constant"),
    ],
)  # fmt: skip
def test_text(rule: str, cell: str | None, value: str | None) -> None:
    """Each rule for text gives exactly this."""
    assert (
        one(f"fields: {{custom.x: {rule}}}\nignore: [{{pattern: '.*'}}]", A=cell)["custom.x"]
        == value
    )


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        pytest.param("Ada Lovelace", "Ada", "Lovelace", id="two-words"),
        pytest.param("Ludwig van Beethoven", "Ludwig", "van Beethoven", id="particle"),
        pytest.param("Maria del Carmen López", "Maria del Carmen", "López", id="particle-inside"),
        pytest.param("Lovelace, Ada King", "Ada King", "Lovelace", id="turned"),
        pytest.param("Anna  Maria   Weiß", "Anna  Maria", "Weiß", id="spaces"),
        pytest.param("Prince", "Prince", None, id="one-word"),
        pytest.param("Vincent van der Berg", "Vincent", "van der Berg", id="two-particles"),
    ],
)
def test_a_full_name_is_cut(full: str, first: str, last: str | None) -> None:
    """Given names and family name, with particles and the form `Last, First`."""
    text = """fields:
  custom.first: {split: {column: A, part: first_name}}
  custom.last: {split: {column: A, part: last_name}}"""
    assert one(text, A=full) == {"custom.first": first, "custom.last": last}


@pytest.mark.parametrize(
    ("style", "cell", "value", "problem"),
    [
        pytest.param("", "52620", "52620", None, id="plain"),
        pytest.param("", "52,620", "52,620", None, id="ambiguous-left-to-the-judge"),
        pytest.param("", "52.620", "52.620", None, id="ambiguous-point"),
        pytest.param("", "52 620", "52620", None, id="space"),
        pytest.param("", "52\u202f620", "52620", None, id="narrow-space"),
        pytest.param("", "52'620", "52620", None, id="apostrophe"),
        pytest.param("", "1,234,567", "1234567", None, id="twice-is-clear"),
        pytest.param("", "1.234.567", "1234567", None, id="twice-is-clear-points"),
        pytest.param("", "12,34,567", "12,34,567", None, id="odd-groups-stay"),
        pytest.param("en-US", "52,620", "52620", None, id="english"),
        pytest.param("de", "52.620", "52620", None, id="german"),
        pytest.param("de", "52.620,00", "52620.00", None, id="german-decimals"),
        pytest.param("de", "52,62", "52.62", None, id="german-fraction"),
        pytest.param("de", "1200.50", "1200.50", "number-ambiguous", id="english-in-a-german-file"),
        pytest.param(
            "en-US", "1.200,50", "1.200,50", "number-ambiguous", id="german-in-an-english-file"
        ),
        pytest.param("fr", "52 620", "52620", None, id="french"),
        pytest.param("de-CH", "52\u2019620", "52620", None, id="swiss"),
        pytest.param("de", "\u2212 5", "\u2212 5", None, id="not-a-number-stays"),
        pytest.param("de", "-5", "-5", None, id="negative"),
        pytest.param("de", "viele", "viele", None, id="words-stay"),
    ],
)
def test_numbers(style: str, cell: str, value: str, problem: str | None) -> None:
    """A number is read by the file's style or keeps its own text; never cut."""
    rule = f"{{column: A, numbers: {style}}}" if style else "A"
    found = one(f"fields: {{spent: {rule}}}", A=cell)
    assert (found["spent"], found.get("spent@problem")) == (value, problem)


@pytest.mark.parametrize(
    ("style", "cell", "value", "problem"),
    [
        pytest.param("", "1990-08-03", "1990-08-03", None, id="iso"),
        pytest.param("", "1990-08-03 00:00:00", "1990-08-03", None, id="excel"),
        pytest.param("", "1990-08-03 14:30:00", "1990-08-03 14:30:00", None, id="time-is-not-cut"),
        pytest.param("", "1990/8/3", "1990-08-03", None, id="year-first"),
        pytest.param("", "03/08/1990", "03/08/1990", "date-ambiguous", id="ambiguous"),
        pytest.param("", "08.08.1990", "1990-08-08", None, id="same-both-ways"),
        pytest.param("", "26/06/1990", "1990-06-26", None, id="only-one-reading"),
        pytest.param("", "03/08/90", "03/08/90", "date-ambiguous", id="short-year"),
        pytest.param("DMY", "03.08.1990", "1990-08-03", None, id="day-first"),
        pytest.param("MDY", "03/08/1990", "1990-03-08", None, id="month-first"),
        pytest.param("DMY", "06/26/1990", "06/26/1990", "date-not-in-calendar", id="no-such-month"),
        pytest.param("DMY", "31/02/1990", "31/02/1990", "date-not-in-calendar", id="no-such-day"),
        pytest.param("DMY", "29.02.2000", "2000-02-29", None, id="leap-day"),
        pytest.param("DMY", "29.02.1900", "29.02.1900", "date-not-in-calendar", id="no-leap-day"),
        pytest.param(
            "{order: DMY, short_years_from: 1930}", "3.8.30", "1930-08-03", None, id="window-start"
        ),
        pytest.param(
            "{order: DMY, short_years_from: 1930}", "3.8.29", "2029-08-03", None, id="window-end"
        ),
        pytest.param("{serial: 1900}", "32874", "1990-01-01", None, id="serial"),
        pytest.param("{serial: 1904}", "31412", "1990-01-01", None, id="serial-1904"),
        pytest.param("{serial: 1900}", "1990", "1990", None, id="a-year-is-no-serial"),
        pytest.param("", "32874", "32874", None, id="serial-not-asked-for"),
        pytest.param("", "12 mars 1985", "1985-03-12", None, id="french"),
        pytest.param("", "3. August 1990", "1990-08-03", None, id="german"),
        pytest.param("", "August 3, 1990", "1990-08-03", None, id="american"),
        pytest.param("", "3 de agosto de 1990", "1990-08-03", None, id="spanish"),
        pytest.param("", "sometime", "sometime", None, id="words-stay"),
    ],
)
def test_dates(style: str, cell: str, value: str, problem: str | None) -> None:
    """A date is read by its order or keeps its own text."""
    rule = f"{{column: A, dates: {style}}}" if style else "A"
    found = one(f"fields: {{born: {rule}}}", A=cell)
    assert (found["born"], found.get("born@problem")) == (value, problem)


@pytest.mark.parametrize(
    ("rule", "cell", "value", "problem"),
    [
        pytest.param("A", "Ja", "true", None, id="german"),
        pytest.param("A", "não", "false", None, id="portuguese"),
        pytest.param("A", "maybe", "maybe", None, id="neither"),
        pytest.param(
            "{column: A, words: {yes: [Abo], no: [kein Abo]}}", "abo", "true", None, id="own"
        ),
        pytest.param(
            "{column: A, words: {yes: [Abo]}}",
            "true",
            "true",
            "value-not-in-map",
            id="own-words-only",
        ),
    ],
)
def test_booleans(rule: str, cell: str, value: str, problem: str | None) -> None:
    """Words for yes and no become true and false."""
    found = one(f"fields: {{active: {rule}}}", A=cell)
    assert (found["active"], found.get("active@problem")) == (value, problem)


@pytest.mark.parametrize(
    ("rule", "cells", "value"),
    [
        pytest.param("tags: {column: A, separator: ','}", {"A": 'x, "y" ,,z'}, ["x", '"y"', "z"], id="cut"),
        pytest.param("tags: {column: A, separator: ';', items: integer}", {"A": "1;2"}, [1, 2], id="integers"),
        pytest.param("tags: {column: A, separator: ','}", {"A": " , "}, None, id="only-separators"),
        pytest.param("tags: {list: [A, B]}", {"A": "x", "B": None}, ["x"], id="several-columns"),
        pytest.param("extra: {object: {a: A, n: {column: B, type: integer}}}", {"A": 'q"\n\\', "B": "5"}, {"a": 'q"\n\\', "n": 5}, id="object"),
        pytest.param("extra: {object: {a: A, c: {constant: true}}}", {"A": None}, None, id="constants-alone-are-nothing"),
        pytest.param("extra: {list: [{object: {source: {constant: till}, id: {column: A, required: true}, b: B}}]}", {"A": "7", "B": None}, [{"source": "till", "id": "7"}], id="list-of-objects"),
        pytest.param("extra: {object: {id: {column: A, required: true}, b: B}}", {"A": None, "B": "x"}, None, id="required-part"),
    ],
)  # fmt: skip
def test_nested_values(rule: str, cells: dict[str, str | None], value: Any) -> None:
    """Lists and objects are JSON text, with what is blank left out."""
    [(_, found)] = one(f"fields: {{{rule}}}", **cells).items()
    assert (None if found is None else json.loads(found)) == value


@pytest.mark.parametrize(
    ("country", "region"),
    [
        pytest.param("Germany", "DE", id="english"),
        pytest.param("españa", "ES", id="own-language"),
        pytest.param("POL", "PL", id="three-letters"),
        pytest.param("fr", "FR", id="two-letters"),
        pytest.param("Kärnten", "AT", id="own-map"),
        pytest.param("Narnia", "Narnia", id="unknown-keeps-its-text"),
        pytest.param(None, None, id="blank"),
    ],
)
def test_regions(country: str | None, region: str | None) -> None:
    """The country column says where a phone is at home."""
    text = "fields: {phone: {column: A, region: {column: B, default: DE, map: {Kärnten: AT}}}}"
    frame = rows(A="030", B=country)
    assert records(text, frame)["phone@region"] == [region]
    assert bound(text, frame).fields[0].region == "DE"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param("{column: A, is: X}", [True, False, False], id="is"),
        pytest.param("{column: A, is: [x, y]}", [True, True, False], id="is-one-of"),
        pytest.param("{column: A, is_not: x}", [False, True, True], id="is-not"),
        pytest.param("{column: A, blank: true}", [False, False, True], id="blank"),
        pytest.param("{column: A, blank: false}", [True, True, False], id="not-blank"),
        pytest.param("{column: A, matches: '[xz]'}", [True, False, False], id="matches"),
        pytest.param("{column: N, at_least: 10}", [False, True, False], id="at-least"),
        pytest.param("{column: N, at_least: 1, at_most: 9}", [True, False, False], id="between"),
        pytest.param(
            "{all: [{column: A, is: x}, {column: N, is: 5}]}", [True, False, False], id="all"
        ),
        pytest.param(
            "{any: [{column: A, is: x}, {column: N, is: 10}]}", [True, True, False], id="any"
        ),
        pytest.param("{not: {column: A, is: x}}", [False, True, True], id="not"),
    ],
)
def test_conditions(condition: str, expected: list[bool]) -> None:
    """A condition holds in exactly these rows; a blank cell is no number and no text."""
    frame = rows(A=["x", "y", None], N=["5", "10", "many"])
    text = (
        f"{ANY}fields: {{custom.x: A, custom.n: N}}\nskip_if: [{{when: {condition}, reason: no}}]"
    )
    assert records(text, frame)["@skip"] == ["no" if e else None for e in expected]


def test_actions_come_from_a_column() -> None:
    """Own words are translated; skip becomes a reason; what is unknown is left to the judge."""
    text = ANY + "fields: {custom.x: A}\naction: {column: B, map: {neu: create, weg: skip}}"
    found = records(text, rows(A=["1"] * 5, B=["NEU", "update", "weg", "was?", None]))
    assert found["@action"] == ["create", "update", None, "was?", None]
    assert found["@skip"] == [None, None, "the row's own action is skip", None, None]


def test_points_kept_are_never_sent() -> None:
    """`as: keep` uses the column and says nothing."""
    frame = rows(A="50")
    assert records(ANY + "fields: {points: {column: A, as: keep}}", frame)["points"] == [None]
    for how in ("set", "add", "keep"):
        assert (
            bound(ANY + f"fields: {{points: {{column: A, as: {how}}}}}", frame).fields[0].how == how
        )


def test_the_policy_version_goes_with_a_consent() -> None:
    """Rows without a consent carry no policy version."""
    text = ANY + "fields: {consents.email: A}\nconsents: {policy_version: 2024-05}"
    found = records(text, rows(A=["ja", "no", None]))
    assert found["consents.policyVersion"] == ["2024-05", "2024-05", None]


def test_fields_carry_what_the_judge_needs() -> None:
    """Kind, columns, limits, blank policy and severity end up in the bound fields."""
    text = """blank: clear
fields:
  email: {coalesce: [A, B], severity: warn, when: {column: C, blank: false}}
  name: {column: D, required: true, max_length: 9}
  custom.size: {column: E, choices: [S, M]}
  custom.n: {column: F, type: integer, minimum: 1, blank: reject}
"""
    email, name, size, number = bound(text, rows(**dict.fromkeys("ABCDEF"))).fields
    assert (email.kind, email.columns, email.severity) == (Kind.EMAIL, ("A", "B"), "warn")
    assert not email.clear_when_blank
    assert (name.required, name.max_length, name.clear_when_blank) == (True, 9, True)
    assert (size.kind, size.choices) == (Kind.CHOICE, ("S", "M"))
    assert (number.kind, number.minimum, number.required) == (Kind.INTEGER, 1, True)


@pytest.mark.parametrize("header", ["\0", *(f"\0{number}" for number in range(6))])
def test_headers_of_control_characters_are_no_columns_of_our_own(header: str) -> None:
    """A Parquet or NDJSON file may call its columns what rules are computed under."""
    frame = rows(**{"A": " x ", header: " y "})
    text = (
        ANY + "fields: {name: {column: A, case: upper}, id: {column: {position: 2}, case: upper}}"
    )

    found = records(text, frame)
    assert (found["name"], found["id"]) == (["X"], ["Y"])
