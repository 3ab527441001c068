"""A new LoyaltyDog program: every field with its rule, and every problem at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkload.connectors.loyaltydog_programs import (
    CreateProgramPayload,
    create_request,
    created_id,
    program_of,
    show_request,
)
from bulkload.errors import BulkloadError
from bulkload.wire import Response

LEAST: dict[str, Any] = {"passTypeIdentifier": "pass.com.example", "name": "Café"}
FULL: dict[str, Any] = {
    **LEAST,
    "schema": "stampCard",
    "programType": "loyalty",
    "description": "d",
    "language": "de",
    "country": "DE",
    "company": "c",
    "address": "a",
    "website": "https://example.com/x",
    "email": "shop@example.com",
    "phone": "+4930123456",
    "terms": "t",
    "pointsAddEmail": 5,
    "pointsAddPhone": 0,
    "pointsInstallPass": 1,
    "pointsScanPass": 1,
    "dynamicScanPoints": True,
    "pointsReferral": 2,
    "referralRequiredPoints": 3,
    "scannerType": "Browser",
    "customPointsChangeMessage": "m",
    "disableCustomPointsChangeMessage": False,
    "customPointName": "Punkt",
    "customPointsName": "Punkte",
    "customFields": [{"name": "birthday", "type": "date", "required": True, "points": 3}],
    "requiredFields": ["email", "birthday"],
    "retention_period_days": 365,
}


@pytest.mark.parametrize("document", [LEAST, FULL], ids=["least", "full"])
def test_what_is_sent_is_what_the_file_says(document):
    """The body has exactly the document's fields, under the vendor's names, no defaults added."""
    request = create_request(program_of(document, where="p.yaml"))

    assert (request.method, request.path) == ("POST", "/v2/programs")
    assert json.loads(request.body or b"") == document


def test_every_field_of_the_vendor_is_known():
    """The full document covers every field of the payload."""
    aliases = {field.alias for field in CreateProgramPayload.model_fields.values()}

    assert aliases == set(FULL)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"passTypeIdentifier": "com.example"}, "passTypeIdentifier", id="pass-type"),
        pytest.param({"schema": "stampcard"}, "schema", id="schema"),
        pytest.param({"programType": "x"}, "programType", id="type"),
        pytest.param({"website": "example"}, "website", id="website-without-scheme"),
        pytest.param({"website": ""}, "website", id="website-empty"),
        pytest.param({"website": "https://x.de/" + "a" * 2083}, "website", id="website-long"),
        pytest.param({"email": "shop"}, "email", id="email"),
        pytest.param({"retention_period_days": 366}, "retention_period_days", id="retention-high"),
        pytest.param({"retention_period_days": -1}, "retention_period_days", id="retention-low"),
        pytest.param({"pointsAddEmail": "5"}, "pointsAddEmail", id="number-as-text"),
        pytest.param({"dynamicScanPoints": "yes"}, "dynamicScanPoints", id="truth-as-text"),
        pytest.param({"scannerType": "Scanner"}, "scannerType", id="scanner"),
        pytest.param({"nam": "x"}, "did you mean `name`", id="misspelt"),
        pytest.param({"customFields": [{"name": "a", "typ": "date"}]}, "did you mean `type`", id="misspelt-below"),
        pytest.param({"customFields": [{"type": "date"}]}, "customFields.0.name", id="nameless"),
        pytest.param({"customFields": [{"name": "a"}, {"name": "a"}]}, "`a` twice", id="twice"),
        pytest.param({"customFields": [{"name": "birthday"}], "requiredFields": ["birthdy"]}, "did you mean `birthday`", id="required-unknown"),
    ],
)  # fmt: skip
def test_each_rule_is_checked_before_anything_is_sent(changes, says):
    """A document that breaks a rule is refused with the field's name."""
    with pytest.raises(BulkloadError) as caught:
        program_of({**LEAST, **changes}, where="p.yaml")

    assert says in caught.value.what
    assert caught.value.where == "p.yaml"


def test_every_problem_is_named_at_once():
    """Missing and wrong fields stand in one message."""
    with pytest.raises(BulkloadError, match="3 problems") as caught:
        program_of({"schema": "x", "passTypeIdentifier": "y"}, where="p.yaml")

    assert "`name` is missing" in caught.value.what


@pytest.mark.parametrize(
    "document", [None, [], "text", 5], ids=["nothing", "list", "text", "number"]
)
def test_something_else_is_not_a_program(document):
    """A document that is no object gets the two lines that every program needs."""
    with pytest.raises(BulkloadError, match="not a program"):
        program_of(document, where="p.yaml")


def test_ids_are_encoded_and_read():
    """A program's id is safe in the path, and the created one comes from the answer."""
    assert show_request("a/b").path == "/v2/loyalty/programs/a%2Fb"
    assert created_id(Response(200, {}, b'{"id": "p1"}')) == "p1"
    assert created_id(Response(200, {}, b"<html>")) == ""
