"""Strings that have broken programs before: taken unchanged or refused with a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from bulkload import messages, validation
from bulkload.records import Field, Kind, Severity
from bulkload.validation import Judge
from bulkload.validation.exact import ExactPath
from bulkload.validation.remembered import Contacts
from tests.fuzz_cells import NASTY

FIELDS = tuple(
    Field(f"field.{kind.value}", kind, columns=(kind.value,), choices=("gold", "silver"))
    for kind in Kind
)
STRINGS = (
    *NASTY,
    *(f"Ann{nasty}" for nasty in NASTY),
    *("undefined", "None", "-1/0", "0x10", "1_000", "\uff11\uff12", "1e400", "1" * 5000, "-" * 5000),
    *("<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "@SUM(1+1)", "{{7*7}}", "%s%n", "../../etc"),
    *("\u202eevil\u202c", "a\u200bb@example.com", "ada@exam\u00adple.com", "a@b.c\x00om", "\ufeffada@example.com"),
    *("\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "Z\u0351\u036b\u0343a\u0321l\u0318g\u0324o", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "田中さん"),
    *("[" * 100_000, "{" * 1000, '{"a":' * 5000, '"' * 1001, "[1e999]", '["\\ud800"]', '{"a":1,"a":2}'),
    *("a@" * 500, "a" * 1_000_000, "+" + "1" * 300, "(" * 400, "@" * 300, "1;" * 1000, "\t" * 1000),
    *("a@b@c.de", "ada@[127.0.0.1]", '"ada lovelace"@example.com', "ada@xn--a.de", "ada@-a.de", "a.@b.de"),
    *("http://[::1", "https://a\tb.de", "https://user:pass@", "http://%", "javascript:alert(1)"),
    *("2024-02-30", "0000-00-00", "9999-12-31T23:59:60Z", "2024-13-01T25:00:00+99:99"),
)  # fmt: skip


def judge(*, exact_only: bool, fields: tuple[Field, ...] = FIELDS) -> Judge:
    return Judge(fields, schema_name="Hostile", one_of=(), keys=(), exact_only=exact_only)


def frame(cells: list[str]) -> pl.DataFrame:
    numbers = pl.Series("row_number", range(2, len(cells) + 2), dtype=pl.UInt32)
    return pl.DataFrame([numbers, *(pl.Series(field.name, cells) for field in FIELDS)])


@pytest.mark.parametrize("exact_only", [True, False], ids=["exact", "fast"])
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.kind.value)
def test_hostile_cells_are_sent_unchanged_or_refused(field: Field, exact_only: bool) -> None:
    """Every string in every kind of field: never an exception, a body that is JSON, a known code."""
    records = frame(list(STRINGS)).select("row_number", field.name)
    source = records.rename({field.name: field.columns[0]})
    used = judge(exact_only=exact_only, fields=(field,))

    verdicts = used.split(source, records)

    ended = {*verdicts.payloads["row_number"], *(r.row_number for r in verdicts.rejects)}
    assert ended == set(records["row_number"])
    for reject in verdicts.rejects:
        assert messages.what(reject)
        assert messages.fix(reject)
        assert reject.cell == STRINGS[reject.row_number - 2]
    for body in verdicts.payloads["body"]:
        assert isinstance(json.loads(body), dict)
    if field.kind is Kind.TEXT:
        numbers, bodies = verdicts.payloads["row_number"], verdicts.payloads["body"]
        for number, body in zip(numbers, bodies, strict=True):
            said = json.loads(body).get("field", {}).get("text", "")
            assert said == STRINGS[number - 2] or not STRINGS[number - 2].strip()


@pytest.mark.parametrize("severity", list(Severity), ids=lambda severity: severity.value)
@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_lone_surrogates_are_refused_before_they_are_written(
    kind: Kind, severity: Severity
) -> None:
    """A cell that is no Unicode cannot reach the body, whoever hands it over."""
    contacts = Contacts()
    path = ExactPath(
        (Field("value", kind, choices=("gold",), severity=severity),),
        schema_name="Hostile",
        one_of=(),
        email=contacts.email,
        phone=contacts.phone,
    )
    cell = "a\ud800b@example.com"

    judged = path.judge([(cell, "DE") if kind is Kind.PHONE else cell])

    assert judged.model is None
    assert judged.problems


def test_every_code_has_its_sentences() -> None:
    """Each code that this room can give is in the catalogue, with what and fix."""
    room = Path(validation.__file__).parent
    source = "".join(path.read_text() for path in room.glob("*.py"))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) - {"bulkload-judge"}
    codes |= {f"{kind}-too-{side}" for kind in ("integer", "number") for side in ("small", "large")}

    unknown = {code for code in codes if code not in messages.LANGUAGES["en"]}

    assert unknown == set()
    assert len(codes) > 40
