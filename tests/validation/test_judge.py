"""The judge end to end: frames in, payloads and rejects out."""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl
import pytest

from bulkload import messages
from bulkload.records import Action, Field, Kind, Severity, Status
from bulkload.validation import Judge, Verdicts, judge_all

FIELDS = (
    Field("firstName", columns=("First name",), max_length=20),
    Field("email", Kind.EMAIL, columns=("E-mail",)),
    Field("phone", Kind.PHONE, columns=("Phone",), region="DE"),
    Field("points", Kind.INTEGER, columns=("Points",), minimum=0),
    Field("customFields.birthday", Kind.DATE, columns=("Born",)),
    Field("customFields.tier", Kind.CHOICE, columns=("Tier",), choices=("gold", "silver")),
    Field("initialConsentGranted.email", Kind.BOOLEAN, columns=("Mail?",)),
)


@dataclass(frozen=True)
class Rows:
    rows: pl.DataFrame


@dataclass(frozen=True)
class Known:
    """A mapping that has been applied already."""

    records: dict[int, pl.DataFrame]

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self.records[rows["row_number"][0]]

    def skim(self, _rows: pl.DataFrame) -> None:
        return None

    def read(self, _rows: pl.DataFrame) -> tuple[()]:
        return ()


def judge(*fields: Field, action: Action = Action.CREATE) -> Judge:
    return Judge(
        fields or FIELDS,
        schema_name="CreateCustomerPayload",
        one_of=("email", "phone"),
        keys=("email", "phone"),
        action=action,
    )


def frames(
    records: list[dict[str, str | None]], first: int = 2, fields: tuple[Field, ...] = FIELDS
) -> tuple[pl.DataFrame, pl.DataFrame]:
    numbers = pl.Series("row_number", range(first, first + len(records)), dtype=pl.UInt32)
    names = list(dict.fromkeys([*(f.name for f in fields), *(n for r in records for n in r)]))
    columns = {name: [record.get(name) for record in records] for name in names}
    mapped = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    cells = {field.columns[0]: columns[field.name] for field in fields if field.columns}
    rows = pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))
    if not cells:
        return pl.DataFrame([numbers]), mapped.insert_column(0, numbers)
    return rows.insert_column(0, numbers), mapped.insert_column(0, numbers)


def split(*records: dict[str, str | None], using: Judge | None = None) -> Verdicts:
    return (using or judge()).split(*frames(list(records)))


def test_a_good_row_becomes_the_body_that_it_says() -> None:
    """Values are normalised, nested by their dotted names, in field order, and not escaped."""
    verdicts = split(
        {
            "firstName": "Zoë",
            "email": " Ada@EXAMPLE.com",
            "phone": "0151 12345678",
            "points": "12.0",
            "customFields.tier": "gold",
            "initialConsentGranted.email": "YES",
        }
    )

    assert verdicts.payloads.rows(named=True) == [
        {
            "row_number": 2,
            "body": '{"firstName":"Zoë","email":"Ada@example.com","phone":"+4915112345678",'
            '"points":12,"customFields":{"tier":"gold"},"initialConsentGranted":{"email":true}}',
            "action": "create",
            "key:email": "ada@example.com",
            "key:phone": "+4915112345678",
            "extra": None,
        }
    ]
    assert (verdicts.rejects, verdicts.warnings, verdicts.skipped) == ([], [], [])


def test_every_problem_of_a_row_is_said_at_once() -> None:
    """Four wrong cells are four rejects in column order, each with header and the cell's own text."""
    verdicts = split(
        {
            "firstName": "Ann\x07",
            "email": "ann.example.com",
            "points": "-5",
            "customFields.birthday": "1990-02-30",
        }
    )

    assert verdicts.payloads.is_empty()
    assert [(r.row_number, r.code, r.column, r.cell) for r in verdicts.rejects] == [
        (2, "text-control-character", "First name", "Ann\x07"),
        (2, "email-missing-at", "E-mail", "ann.example.com"),
        (2, "integer-too-small", "Points", "-5"),
        (2, "date-not-in-calendar", "Born", "1990-02-30"),
    ]


@pytest.mark.parametrize("cell", ["#REF!", "#N/A", " #WERT! ", "#¡VALOR!"])
def test_nobody_is_called_as_the_error_of_a_formula(cell: str) -> None:
    """Excel writes its errors into CSV as text, in the language of its user."""
    verdicts = split({"firstName": cell, "email": "ann@example.com"})

    assert [(r.code, r.cell) for r in verdicts.rejects] == [("cell-error", cell)]


@pytest.mark.parametrize("cell", ["#1 Ann", "#", "#ann", "N/A"])
def test_other_text_with_the_sign_is_text(cell: str) -> None:
    """A hash sign alone makes no error."""
    verdicts = split({"firstName": cell, "email": "ann@example.com"})

    assert verdicts.rejects == []
    assert f'"firstName":"{cell}"' in verdicts.payloads["body"][0]


def test_a_row_without_contact_is_refused() -> None:
    """At least one field of `one_of` must be said; white space says nothing."""
    verdicts = split({"firstName": "Ann", "email": " \u3000"})

    assert [reject.code for reject in verdicts.rejects] == ["contact-missing"]
    assert messages.what(verdicts.rejects[0]) == ("Row 2 has no contact: email or phone is needed")


def test_duplicates_name_the_row_that_came_first() -> None:
    """Keys are compared normalised and across batches; a row that is not sent is nobody's first."""
    using = judge()
    first = using.split(
        *frames(
            [
                {"email": "ada@example.com", "phone": "+49 151 12345678"},
                {"email": "bob@example.com", "points": "x"},
                {"email": "ADA@Example.com"},
            ]
        )
    )
    second = using.split(
        *frames([{"phone": "004915112345678"}, {"email": "bob@example.com"}], first=5)
    )

    found = [(r.row_number, r.code, r.cell, r.details, r.status) for r in first.rejects[1:]]
    assert found == [
        (4, "duplicate-in-file", "ADA@Example.com", {"first_row": "2"}, Status.DUPLICATE)
    ]
    assert [(r.row_number, r.details) for r in second.rejects] == [(5, {"first_row": "2"})]
    assert second.payloads["row_number"].to_list() == [6]


@pytest.mark.parametrize(
    ("severity", "birthday", "warnings"),
    [
        pytest.param(Severity.REJECT, None, [], id="reject"),
        pytest.param(Severity.WARN, "soon", ["date-invalid"], id="warn"),
        pytest.param(Severity.OFF, "soon", [], id="off"),
    ],
)
def test_severity_decides_what_a_failed_check_does(
    severity: Severity, birthday: str | None, warnings: list[str]
) -> None:
    """A warning and a check that is off send the cell's own text."""
    fields = (
        Field("email", Kind.EMAIL, columns=("E-mail",)),
        Field("birthday", Kind.DATE, columns=("Born",), severity=severity),
    )
    verdicts = judge(*fields).split(
        *frames([{"email": "a@example.com", "birthday": "soon"}], fields=fields)
    )

    sent = [json.loads(body)["birthday"] for body in verdicts.payloads["body"]]
    assert sent == ([birthday] if birthday else [])
    assert [warning.code for warning in verdicts.warnings] == warnings


def test_blank_cells_are_left_out_or_cleared() -> None:
    """A blank cell says nothing, unless the field is to be cleared by it."""
    fields = (
        Field("email", Kind.EMAIL),
        Field("note"),
        Field("custom.a", clear_when_blank=True),
        Field("custom.b"),
    )
    verdicts = judge(*fields).split(
        *frames([{"email": "a@example.com", "note": "", "custom.a": " "}], fields=fields)
    )

    assert verdicts.payloads["body"].to_list() == ['{"email":"a@example.com","custom":{"a":null}}']


def test_points_can_be_added_or_kept() -> None:
    """`add` goes beside the body, `keep` goes nowhere."""
    fields = (
        Field("email", Kind.EMAIL),
        Field("points", Kind.INTEGER, how="add"),
        Field("stamps", Kind.INTEGER, how="keep"),
    )
    verdicts = judge(*fields).split(
        *frames([{"email": "a@example.com", "points": "50", "stamps": "x"}], fields=fields)
    )

    assert verdicts.payloads.select("body", "extra").rows() == [
        ('{"email":"a@example.com"}', '{"points_add":50}')
    ]


def test_actions_skips_and_unreadable_cells_come_from_the_mapping() -> None:
    """`@action`, `@skip`, `@region` and `@problem` beside a record are obeyed."""
    verdicts = split(
        {"email": "a@example.com", "@action": "Update"},
        {"email": "broken", "@skip": "unsubscribed"},
        {"phone": "202 555 0143", "phone@region": "US"},
        {"email": "d@example.com", "points": "1,234", "points@problem": "number-ambiguous"},
        {"email": "e@example.com", "@action": "merge"},
    )

    assert verdicts.payloads.sort("row_number").select(
        "row_number", "action", "key:phone"
    ).rows() == [
        (2, "update", None),
        (4, "create", "+12025550143"),
    ]
    assert [(r.row_number, r.status, r.details) for r in verdicts.skipped] == [
        (3, Status.SKIPPED, {"reason": "unsubscribed"})
    ]
    assert [(r.row_number, r.code, r.cell) for r in verdicts.rejects] == [
        (5, "number-ambiguous", "1,234"),
        (6, "action-unknown", ""),
    ]


def test_batches_are_judged_in_order_while_the_next_is_read() -> None:
    """`judge_all` gives what `split` gives, batch by batch."""
    batches = [frames([{"email": f"a{n % 7}@example.com"}], first=2 + n) for n in range(20)]
    one_by_one = judge()
    expected = [one_by_one.split(*pair) for pair in batches]

    found = list(
        judge_all(
            judge(),
            [Rows(rows) for rows, _ in batches],
            Known({rows["row_number"][0]: records for rows, records in batches}),
        )
    )

    assert [batch.rows["row_number"][0] for batch, _ in found] == list(range(2, 22))
    assert [verdicts.rejects for _, verdicts in found] == [v.rejects for v in expected]
    assert [v.payloads.rows() for _, v in found] == [v.payloads.rows() for v in expected]
