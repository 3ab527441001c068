"""LoyaltyDog has no SDK: the documented calls and payload schemas against the sandbox, by http.client."""

from __future__ import annotations

import http.client
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bulkload.sandbox import Sandbox
from tests.sdks.schemas import (
    DOG_CUSTOMER,
    DOG_DETAIL,
    DOG_KEY_ERROR,
    DOG_PROGRAM,
    DOG_TOKEN,
    DOG_USER,
    DOG_VALIDATION,
    fits,
    listed,
    record,
)

PROGRAM = "/v2/loyalty/programs/5eb7cf5a86d9755df3a6c593"
CUSTOMERS = PROGRAM + "/customers"
OBJECT_ID = {"type": "string", "maxLength": 24, "minLength": 24, "pattern": "^[0-9a-f]{24}$"}
NULL = {"type": "null"}


def or_null(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, NULL]}


CREATE_CUSTOMER_PAYLOAD = {
    "type": "object",
    "properties": {
        "firstName": or_null({"type": "string"}),
        "lastName": or_null({"type": "string"}),
        "email": or_null({"type": "string"}),
        "phone": or_null({"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"}),
        "points": {"type": "integer", "default": 0},
        "referrerId": or_null(OBJECT_ID),
        "customFields": or_null({"type": "object", "additionalProperties": True}),
        "initialConsentGranted": or_null({"type": "object", "additionalProperties": True}),
    },
}
"""As published, with the prose's E.164 in the place of `format: phone`."""


def call(
    sandbox: Sandbox, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    """Return status and JSON of one call."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    try:
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        defaults = {"authorization": "Bearer sandbox-jwt", "content-type": "application/json"}
        connection.request(method, path, raw, defaults | named)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_the_documented_example_calls(sandbox: Sandbox) -> None:
    """The example create, list, 422 and 429 of the documentation have the documented answers."""
    ada = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com",
           "phone": "+12025550143", "points": 120, "customFields": {"birthday": "1990-05-01"}}  # fmt: skip
    key = "0b0f6c1e-6a0e-4c0f-9a54-0d6a3b7d2f11"

    status, created = call(sandbox, "POST", CUSTOMERS, ada, idempotency_key=key)
    assert status == 200
    assert ada.items() <= fits(created, DOG_CUSTOMER).items()
    listing = call(sandbox, "GET", CUSTOMERS + "?page=1&limit=250&includeTotal=true")[1]
    page = record({"customers": listed(DOG_CUSTOMER), "total": {"type": "integer"}})
    assert fits(listing, page) == {"customers": [created], "total": 1}
    status, refused = call(sandbox, "POST", CUSTOMERS, {"points": "x"})
    assert (status, fits(refused, DOG_VALIDATION)["detail"][0]["loc"]) == (422, ["body", "points"])
    assert refused["detail"][0]["type"] == "int_parsing"
    for _ in range(61):
        status, limited = call(sandbox, "GET", CUSTOMERS, authorization="Bearer ld_test_sandbox")
    assert (status, fits(limited, DOG_KEY_ERROR)["code"]) == (429, "rate_limited")


def test_typed_answers_fit_their_schemas(sandbox: Sandbox) -> None:
    """The answers that the vendor does type have exactly those fields."""
    form = b"grant_type=&username=a&password=sandbox&scope=&client_id=&client_secret="
    form = form.replace(b"grant_type=&", b"")
    headers = {"content_type": "application/x-www-form-urlencoded"}

    fits(call(sandbox, "GET", "/v2/token")[1], DOG_USER)
    fits(call(sandbox, "POST", "/v2/token", form, **headers)[1], DOG_TOKEN)
    fits(call(sandbox, "GET", "/v2/loyalty/programs")[1], listed(DOG_PROGRAM))
    fits(call(sandbox, "GET", "/v2/loyalty/programs/x")[1], DOG_DETAIL)
    fits(call(sandbox, "GET", "/v2/token", authorization="Bearer x")[1], DOG_DETAIL)
    fits(call(sandbox, "GET", "/v2/token", authorization="Bearer ld_x")[1], DOG_KEY_ERROR)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**40), 2**40),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.sampled_from(["birthday", "a"]), st.text(max_size=3), max_size=1),
    st.sampled_from(
        ["", "Ada", "+12025550143", "+1", "5eb7cf5a86d9755df3a6c593", "ada@example.com"]
    ),
)


@pytest.fixture(scope="module")
def shared() -> Any:
    """Serve one sandbox for many examples."""
    with Sandbox() as running:
        yield running


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from([*CREATE_CUSTOMER_PAYLOAD["properties"], "other"]), VALUES))
def test_the_published_schema_decides(shared: Sandbox, payload: dict[str, Any]) -> None:
    """A create is accepted exactly if its payload fits the published schema."""
    # The documented error `int_parsing` tells that the service reads "12" as 12; no schema says so.
    assume(not str(payload.get("points")).strip("+-").isdigit() or type(payload["points"]) is int)

    fitting = jsonschema.Draft202012Validator(CREATE_CUSTOMER_PAYLOAD).is_valid(payload)

    status, answer = call(shared, "POST", CUSTOMERS, payload)

    assert status == (200 if fitting else 422)
    fits(answer, DOG_CUSTOMER if fitting else DOG_VALIDATION)
