"""Whatever is sent to whatever path: the vendor's error, never a failure of the sandbox's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bulkload.sandbox.calls import Answer
from bulkload.sandbox.door import SYSTEMS
from tests.sandbox.conftest import PROGRAM, Desk

EVERYONE = {
    "x-app-id": "sandbox-app-id",
    "x-app-token": "sandbox-app-token",
}
TOKENS = {"/v2": "Bearer sandbox-jwt", "/v1": "", "/api/v1": "Bearer sandbox-leal-token"}
STORE = "/api/v1/accounts/12"
ADDRESSES = [
    ("POST", PROGRAM + "/customers"),
    ("GET", PROGRAM + "/customers"),
    ("PUT", PROGRAM + "/customers/{}"),
    ("GET", PROGRAM + "/customers/{}"),
    ("DELETE", PROGRAM + "/customers/{}"),
    ("POST", PROGRAM + "/customers/{}/points/add"),
    ("GET", PROGRAM + "/customers/{}/export"),
    ("POST", PROGRAM + "/customers/{}/consents"),
    ("POST", PROGRAM + "/customers/{}/push"),
    ("PUT", PROGRAM),
    ("PUT", PROGRAM + "/customFields"),
    ("GET", "/v2/loyalty/programs/{}"),
    ("POST", "/v2/programs"),
    ("POST", "/v2/token"),
    ("POST", "/v2/appkeys"),
    ("POST", "/v1/customers"),
    ("GET", "/v1/customers"),
    ("PUT", "/v1/customers/{}"),
    ("GET", "/v1/customers/{}"),
    ("DELETE", "/v1/customers/{}"),
    ("POST", "/v1/customers/{}/permanent-deletion"),
    ("POST", "/v1/customers/bulk/async"),
    ("POST", "/v1/customers/metadata/async"),
    ("POST", "/v1/customers/importCSV"),
    ("GET", "/v1/async-actions"),
    ("GET", "/v1/async-actions/{}"),
    ("POST", "/v1/exports"),
    ("GET", "/v1/exports"),
    ("GET", "/v1/exports/{}"),
    ("POST", "/v1/oauth/token"),
    ("POST", "/v1/oauth/introspect"),
    ("PUT", "/v1/metadata-schemas/customer"),
    ("PATCH", STORE),
    ("POST", STORE + "/customers"),
    ("GET", STORE + "/customers"),
    ("PATCH", STORE + "/customers/{}"),
    ("GET", STORE + "/customers/{}"),
    ("GET", STORE + "/customers/{}/customer_cards/{}"),
    ("POST", STORE + "/customers/{}/customer_cards/{}/stamp"),
    ("POST", STORE + "/customers/{}/customer_cards/{}/redeem"),
    ("POST", STORE + "/cards"),
    ("PATCH", STORE + "/cards/{}"),
]
BODIES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="cut"),
    pytest.param(b"\xff\xfe{}", id="not-utf8"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="list"),
    pytest.param(b'"x"', id="text"),
    pytest.param(b"5", id="number"),
    pytest.param(b"[" * 100_000, id="deep-list"),
    pytest.param(b'{"a":' * 100_000, id="deep-object"),
    pytest.param(b'{"email":"\\u0000"}', id="nul"),
    pytest.param(b'{"email":"a\x00b"}', id="raw-nul"),
    pytest.param(b'{"email":"\\ud800"}', id="half-a-surrogate"),
    pytest.param(b'{"points":NaN}', id="nan"),
    pytest.param(b'{"points":1e999}', id="infinity"),
    pytest.param(b'{"points":' + b"9" * 5000 + b"}", id="endless-integer"),
    pytest.param(b'{"points":99999999999999999999}', id="beyond-64-bits"),
    pytest.param(b'{"email":' + b'"x' * 10 + b"}", id="broken-quotes"),
    pytest.param(b"a=1&" * 2000, id="form"),
    pytest.param(b'{"customer":{"customer":{}}}', id="nested"),
]
SHAPES = {
    "/v2": lambda body: set(body) == {"detail"} or set(body) == {"code", "message", "request_id"},
    "/v1": lambda body: ("code" in body and "message" in body) or "statusCode" in body,
    "/api/v1": lambda body: bool(body) and set(body) <= {"error", "errors"},
}


def prepared(desk: Desk) -> Desk:
    desk.headers = dict(EVERYONE)
    return desk


def sent(desk: Desk, method: str, path: str, body: Any, **headers: str) -> Answer:
    """Send with the credentials of the path's system; the answer must be one of its own."""
    prefix = next(s.prefix for s in SYSTEMS if path.startswith(s.prefix + "/"))
    answer = desk.send(method, path, body, authorization=TOKENS[prefix], **headers)
    assert answer.status < 500
    if answer.status >= 400 and answer.body:
        assert SHAPES[prefix](json.loads(answer.body)), answer
    return answer


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("method", "address"), ADDRESSES, ids=lambda part: part)
def test_hostile_bodies_get_the_vendors_errors(
    desk_with: Callable[..., Desk], method: str, address: str, body: bytes
) -> None:
    """No body makes any endpoint fail, and errors have the vendor's shape."""
    desk = prepared(desk_with())

    for content_type in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        sent(desk, method, address.replace("{}", "1"), body, content_type=content_type)


IDS = [
    "",
    "0",
    "-1",
    "%00",
    "%FF%FE",
    "%2F",
    "..",
    "a" * 5000,
    "9" * 400,
    "\u0663",
    "'; DROP TABLE x;--",
]


@pytest.mark.parametrize(("method", "address"), [a for a in ADDRESSES if "{}" in a[1]],
                         ids=lambda part: part)  # fmt: skip
def test_hostile_ids_get_the_vendors_errors(
    desk_with: Callable[..., Desk], method: str, address: str
) -> None:
    """No id in a path makes any endpoint fail."""
    desk = prepared(desk_with())

    for id_ in IDS:
        spoken = id_ if "%" in id_ else quote(id_, safe="")
        assert sent(desk, method, address.replace("{}", spoken), {"points": 1}).status >= 400


LISTS = [(m, a) for m, a in ADDRESSES if m == "GET" and not a.endswith("{}")]
PARAMETERS = (
    "page", "limit", "offset", "items", "search", "q", "byName", "email", "phone", "orderBy", "order",
    "includeTotal", "starting_after", "created_at[after]", "end_date", "source", "external_id", "token",
)  # fmt: skip


@pytest.mark.parametrize(("method", "address"), LISTS, ids=lambda part: part)
@pytest.mark.parametrize(
    "value",
    ["", "-1", "1e9", "9" * 30, "%00", "%FF", "true", "\u0661", "2026-13-45", "0001-01-01", "%"],
)
def test_hostile_queries_get_the_vendors_errors(
    desk_with: Callable[..., Desk], method: str, address: str, value: str
) -> None:
    """No query parameter makes any list fail."""
    desk = prepared(desk_with())

    for parameter in PARAMETERS:
        sent(desk, method, f"{address}?{quote(parameter)}={value}", None)
    sent(desk, method, address + "?" + "&".join(f"x{n}=1" for n in range(5000)), None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["firstName", "email", "phone", "points", "customFields", "referrerId", "initialConsentGranted",
     "name", "passTypeIdentifier", "customFields", "requiredFields", "website", "consents",
     "policyVersion", "source_id", "id", "metadata", "address", "birthdate", "source_ids", "fields",
     "exported_object", "parameters", "properties", "customer", "first_name", "external_references",
     "card_id", "send_card_links", "stamps", "reward_id", "account", "card", "filters"]
)  # fmt: skip
OBJECTS = st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=3), max_size=4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([a for a in ADDRESSES if a[0] != "GET"]),
    OBJECTS | st.lists(OBJECTS, max_size=2) | JSON,
)
@example(
    ("POST", "/v1/exports"), {"exported_object": "customer", "parameters": {"filters": {"a": 5}}}
)
@example(
    ("PUT", "/v1/metadata-schemas/customer"), {"properties": {"a": {"type": "string", "eq": 5}}}
)
def test_any_json_gets_the_vendors_answer(
    desk_with: Callable[..., Desk], address: tuple[str, str], body: Any
) -> None:
    """Any JSON under any documented name is accepted or refused, and reads go on afterwards."""
    desk = prepared(desk_with())
    created = desk.ask("POST", "/v1/customers", {"source_id": "1", "metadata": {"a": 1}})
    assert created

    sent(desk, address[0], address[1].replace("{}", "1"), json.dumps(body).encode())
    desk.now += 10

    for method, path in LISTS:
        assert sent(desk, method, path.replace("{}", "1"), None).status in (200, 404)
    for export in json.loads(sent(desk, "GET", "/v1/exports", None).body)["exports"]:
        sent(desk, "GET", export["result"]["url"].removeprefix("http://127.0.0.1"), None)
    assert sent(desk, "POST", "/v1/customers", b'{"metadata":{"a":"x"}}').status in (200, 400)
