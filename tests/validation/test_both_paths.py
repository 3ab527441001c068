"""Whole mappings in which the fast path and the exact path could part company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from bulkload.connectors import connector_for
from bulkload.mapping import parse_mapping
from bulkload.validation import Judge, judge_all

PHONES = "phone: {column: P, region: {column: C}}"
EMAIL = "email: E\n  customFields.t: "
GOOD = ["ada@example.com"]

CASES: dict[str, tuple[str, Mapping[str, Sequence[str | None]]]] = {
    "separators-before-a-country": (
        PHONES,
        {
            "P": [f"0151 1234567{n}" for n in range(8)],
            "C": ["DE", "-DE", "/DE", "(DE", ")(DE", ".DE", "- DE", "\x1eDE"],
        },
    ),
    "calling-code-without-its-plus": (
        PHONES,
        {
            "P": [
                *("4917604069046", "49 176 04069046", "4-9176 04069046", " (49)17604069046"),
                *("+4917604069046", "017604069046", "17604069046", "04917 12345", "4917 12345"),
                *("435212345", "436641234567", "+4949171234", "47123456"),
            ],
            "C": [*["DE"] * 9, *["AT"] * 2, "DE", "NO"],
        },
    ),
    "no-country-at-all": (PHONES, {"P": ["0151 12345678", "+4915112345678"], "C": [None, None]}),
    "formula-error-in-a-list": (
        EMAIL + "{column: L, type: list}",
        {"E": GOOD * 4, "L": ['["#N/A","b"]', '["b","#REF!"]', '["a"," #N/A"]', '["a#","b"]']},
    ),
    "formula-error-between-separators": (
        EMAIL + "{column: L, type: list, separator: ','}",
        {"E": GOOD * 2, "L": ["b,#REF!", "b,c"]},
    ),
    "nothing-but-what-is-added": (
        EMAIL + "{column: L, type: integer, as: add}",
        {"E": GOOD * 3, "L": ["5", "0", None]},
    ),
    "something-besides-what-is-added": (
        EMAIL + "{column: L, type: integer, as: add}\n  customFields.u: U",
        {"E": GOOD * 3, "L": ["5", "5", None], "U": ["x", None, "y"]},
    ),
    "choices-with-space-around": (
        EMAIL + "{column: L, choices: [' gold', silver], trim: false}",
        {"E": GOOD * 3, "L": [" gold", "gold", "silver"]},
    ),
    "missing-choice": (
        "email: E\n  consents.method: {column: L, blank: reject}",
        {"E": GOOD * 2, "L": [None, " "]},
    ),
}


@dataclass(frozen=True)
class Rows:
    """A batch."""

    rows: pl.DataFrame


def verdicts(rules: str, cells: Mapping[str, Sequence[str | None]], *, exact_only: bool) -> Any:
    """Judge each row in a batch of its own kind of company: all of them, and each alone."""
    text = f"connector: loyaltydog\nfields:\n  {rules}\n"
    mapping = parse_mapping(text).bind(list(cells), connector_for("loyaltydog").schema, source="x")
    frame = pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))
    frame = frame.with_row_index("row_number", 2)
    found = []
    for batches in ([frame], [frame.slice(at, 1) for at in range(frame.height)]):
        judge = Judge(
            mapping.fields,
            schema_name="Both",
            one_of=mapping.one_of,
            keys=mapping.keys,
            action=mapping.action,
            exact_only=exact_only,
        )
        for _, one in judge_all(judge, map(Rows, batches), mapping):
            found.append((one.payloads.sort("row_number").rows(), one.rejects, one.warnings))
    return found


@pytest.mark.parametrize("name", CASES)
def test_both_paths_say_the_same(name: str) -> None:
    """Payload, extra, rejects and their details, to the last byte."""
    rules, cells = CASES[name]

    assert verdicts(rules, cells, exact_only=False) == verdicts(rules, cells, exact_only=True)


def test_a_batch_without_records_is_judged() -> None:
    """All its rows may have been malformed."""
    for exact_only in (False, True):
        found = verdicts(PHONES, {"P": [], "C": []}, exact_only=exact_only)
        assert all(payloads == [] for payloads, _, _ in found)


def test_a_group_of_nothing_is_not_sent() -> None:
    """An empty object could wipe what the customer has there."""
    rules, cells = CASES["nothing-but-what-is-added"]

    (payloads, _, _), *_ = verdicts(rules, cells, exact_only=True)

    assert payloads[0][1] == '{"email":"ada@example.com"}'


def test_a_phone_that_may_lack_its_plus_reaches_nobody() -> None:
    """A mobile phone of Germany without its sign is a landline of somebody else."""
    rules, cells = CASES["calling-code-without-its-plus"]

    (payloads, rejects, _), *_ = verdicts(rules, cells, exact_only=False)

    assert {reject.row_number for reject in rejects if reject.code == "phone-plus-lost"} >= {
        2,
        3,
        4,
        5,
    }
    sent = dict.fromkeys(("+4917604069046", "+49491712345", "+436641234567", "+4747123456"))
    assert {row[1] for row in payloads} >= {f'{{"phone":"{phone}"}}' for phone in sent}
