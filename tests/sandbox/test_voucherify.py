"""Voucherify's customers, metadata schemas, limits and tokens; what is undocumented, both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bulkload.sandbox import VoucherifySwitches
from bulkload.sandbox.calls import Answer
from tests.sandbox.conftest import Desk

CUSTOMERS = "/v1/customers"
KEYS = {"x-app-id": "sandbox-app-id", "x-app-token": "sandbox-app-token"}
BOB = {
    "source_id": "source_123",
    "name": "Bob Smith",
    "email": "bob.smith@email.com",
    "phone": "+1 933 222 3333",
    "birthdate": "2022-01-01",
    "address": {"city": "New York", "country": "United States"},
    "metadata": {"lang": "en", "test": True},
}


@pytest.fixture
def fy(desk_with: Callable[..., Desk]) -> Callable[..., Desk]:
    """Build a Voucherify desk with application keys; called with switches."""

    def build(**switches: Any) -> Desk:
        desk = desk_with(voucherify=VoucherifySwitches(**switches))
        desk.headers = dict(KEYS)
        return desk

    return build


def error(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_a_created_customer_has_the_documented_shape(fy: Callable[..., Desk]) -> None:
    """A create answers 200 with summary, loyalty and referrals, and without updated_at."""
    desk = fy()

    created = desk.ask("POST", CUSTOMERS, BOB)

    assert {name: created[name] for name in BOB} == BOB
    assert created["object"] == "customer"
    assert created["id"].startswith("cust_")
    assert len(created["id"]) == 29
    assert "updated_at" not in created
    assert created["loyalty"] == {"points": 0, "referred_customers": 0, "campaigns": {}}
    assert created["created_at"].endswith("Z")
    assert desk.ask("GET", f"{CUSTOMERS}/source_123") == created | {
        "assets": desk.ask("GET", f"{CUSTOMERS}/{created['id']}")["assets"]
    }


def test_little_is_returned_of_little(fy: Callable[..., Desk]) -> None:
    """Without address it is null, without metadata there is no such key."""
    created = fy().ask("POST", CUSTOMERS, {"name": "Bob"})

    assert created["address"] is None
    assert "metadata" not in created
    assert "source_id" not in created


def test_the_same_source_id_updates(fy: Callable[..., Desk]) -> None:
    """A POST with a known source_id changes that customer and shows updated_at."""
    desk = fy()
    created = desk.ask("POST", CUSTOMERS, BOB)

    again = desk.ask("POST", CUSTOMERS, {"source_id": "source_123", "name": "Robert"})

    assert again["id"] == created["id"]
    assert (again["name"], again["email"]) == ("Robert", BOB["email"])
    assert "updated_at" in again
    assert desk.ask("GET", CUSTOMERS)["total"] == 1


def test_without_a_key_every_post_creates(fy: Callable[..., Desk]) -> None:
    """E-mail and phone name nobody: the same body twice is two customers."""
    desk = fy()
    body = {"email": "bob@example.com", "phone": "+15123456789"}

    ids = {desk.ask("POST", CUSTOMERS, body)["id"] for _ in range(2)}

    assert len(ids) == 2
    assert len(desk.ask("GET", CUSTOMERS + "?email=bob@example.com")["customers"]) == 2


def test_an_id_wins_over_a_source_id(fy: Callable[..., Desk]) -> None:
    """With both, the id decides and the source_id of the request is ignored."""
    desk = fy()
    first = desk.ask("POST", CUSTOMERS, BOB)
    desk.ask("POST", CUSTOMERS, {"source_id": "other"})

    both = desk.ask("POST", CUSTOMERS, {"id": first["id"], "source_id": "other", "name": "R"})

    assert (both["id"], both["source_id"], both["name"]) == (first["id"], "source_123", "R")


def test_a_put_patches_and_never_renames(fy: Callable[..., Desk]) -> None:
    """PUT leaves what it does not name, keeps nulls, and ignores source_id."""
    desk = fy()
    desk.ask("POST", CUSTOMERS, BOB)

    changed = desk.ask(
        "PUT",
        f"{CUSTOMERS}/source_123",
        {"source_id": "new", "phone": None, "metadata": {"test": None}},
    )

    assert (changed["source_id"], changed["name"], changed["phone"]) == (
        "source_123", "Bob Smith", None,
    )  # fmt: skip
    assert changed["metadata"] == {"lang": "en", "test": None}


def test_odd_source_ids_are_found_by_their_encoded_path(fy: Callable[..., Desk]) -> None:
    """A source_id with slash, space and at-sign is one path segment when encoded."""
    desk = fy()
    desk.ask("POST", CUSTOMERS, {"source_id": "a/b c@d.com"})

    assert desk.ask("GET", CUSTOMERS + "/a%2Fb%20c%40d.com")["source_id"] == "a/b c@d.com"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_unknown_customers_get_the_documented_404(fy: Callable[..., Desk], method: str) -> None:
    """404 names the resource and its type."""
    path = f"{CUSTOMERS}/alice2%40morgan.com" + ("/permanent-deletion" if method == "POST" else "")
    answer = fy().send(method, path, {} if method == "PUT" else None)

    body = error(answer)
    assert answer.status == 404
    assert body.pop("request_id").startswith("v-")
    assert body == {
        "code": 404,
        "key": "not_found",
        "message": "Resource not found",
        "details": "Cannot find customer with id alice2@morgan.com",
        "resource_id": "alice2@morgan.com",
        "resource_type": "customer",
    }


def test_deleted_customers_are_gone(fy: Callable[..., Desk]) -> None:
    """DELETE answers 204 without a body, permanent deletion a report, misspelt by the vendor."""
    desk = fy()
    desk.ask("POST", CUSTOMERS, BOB)
    created = desk.ask("POST", CUSTOMERS, {"source_id": "x"})

    answer = desk.send("DELETE", f"{CUSTOMERS}/source_123")
    report = desk.ask("POST", f"{CUSTOMERS}/x/permanent-deletion")

    assert (answer.status, answer.body) == (204, b"")
    assert report["object"] == "pernament_deletion"
    assert report["related_object_id"] == created["id"]
    assert desk.ask("GET", CUSTOMERS)["total"] == 0


def fill(desk: Desk, customers: int, *, apart_s: float = 1.0) -> list[str]:
    """Create customers one after the other; return their ids, oldest first."""
    ids = []
    for number in range(customers):
        desk.now += apart_s
        body = {"source_id": f"s{number:03d}", "name": f"N{number}", "email": f"{number}@x.org"}
        ids.append(
            desk.ask("POST", CUSTOMERS, body | {"address": {"city": f"C{number % 2}"}})["id"]
        )
    return ids


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("", [5, 4, 3, 2, 1, 0], id="newest-first"),
        pytest.param("limit=2&page=2", [3, 2], id="second-page"),
        pytest.param("limit=4&page=99", [], id="far-page"),
        pytest.param("order=created_at&limit=2", [0, 1], id="oldest-first"),
        pytest.param("order=-source_id&limit=1", [5], id="by-source-id"),
        pytest.param("email=3@x.org", [3], id="email"),
        pytest.param("name=N4", [4], id="name"),
        pytest.param("city=C1", [5, 3, 1], id="city"),
        pytest.param("segment_id=seg_1", [], id="segment"),
        pytest.param("created_at%5Bafter%5D=2026-05-28T20:26:44.000Z", [5, 4], id="after"),
        pytest.param("created_at[before]=2026-05-28T20:26:42Z", [0], id="before"),
        pytest.param("created_at[before]=2026-05-28T20:26:42.000000%2B0000", [0], id="sdk-date"),
        pytest.param("created_at[before]=2026-05-28T20:26:42.000000+0000", [0], id="bare-plus"),
        pytest.param("starting_after=2026-05-28T20:26:43Z&limit=1", [1], id="cursor-backwards"),
        pytest.param(
            "starting_after=2026-05-28T20:26:43Z&order=created_at", [3, 4, 5], id="cursor-forwards"
        ),
    ],
)
def test_the_list_filters_orders_and_pages(
    fy: Callable[..., Desk], query: str, numbers: list[int]
) -> None:
    """Every documented parameter of the list does what its name says."""
    desk = fy()
    ids = fill(desk, 6)

    page = desk.ask("GET", f"{CUSTOMERS}?{query}")

    assert (page["object"], page["data_ref"]) == ("list", "customers")
    assert [customer["id"] for customer in page["customers"]] == [ids[n] for n in numbers]
    assert ("has_more" in page) is ("starting_after" in query)


def test_a_page_has_ten_customers_unless_asked(fy: Callable[..., Desk]) -> None:
    """The default page holds 10, and the total counts all."""
    desk = fy()
    fill(desk, 12)

    page = desk.ask("GET", CUSTOMERS)

    assert (len(page["customers"]), page["total"]) == (10, 12)


def test_the_date_cursor_skips_customers_of_one_millisecond(fy: Callable[..., Desk]) -> None:
    """The cursor is strict and has no tie-breaker, so a careless reader loses customers."""
    desk = fy()
    fill(desk, 6, apart_s=0)

    first = desk.ask(
        "GET", CUSTOMERS + "?limit=4&order=created_at&starting_after=1970-01-01T00:00Z"
    )
    cursor = first["customers"][-1]["created_at"]
    second = desk.ask("GET", f"{CUSTOMERS}?limit=4&order=created_at&starting_after={cursor}")

    assert (len(first["customers"]), first["has_more"]) == (4, True)
    assert (second["customers"], second["has_more"], second["total"]) == ([], False, 6)


@pytest.mark.parametrize(
    ("query", "key", "details"),
    [
        pytest.param("limit=101", "invalid_query_params", "Property .limit should be <= 100", id="limit"),
        pytest.param("limit=0", "invalid_query_params", "Property .limit should be >= 1", id="zero"),
        pytest.param("limit=x", "invalid_query_params", "Property .limit should be integer", id="text"),
        pytest.param("page=100", "page_over_limit", "Page should be <= 99", id="page"),
        pytest.param(
            "order=name", "invalid_query_params",
            "Property .order should be equal to one of the allowed values [ created_at, -created_at,"
            " updated_at, -updated_at, source_id, -source_id ]", id="order",
        ),
        pytest.param(
            "starting_after=cust_1", "invalid_query_params",
            "Property .starting_after cannot be recognized as a ISO-8601 compliant date", id="cursor",
        ),
    ],
)  # fmt: skip
def test_wrong_queries_are_refused(
    fy: Callable[..., Desk], query: str, key: str, details: str
) -> None:
    """Limits, pages, orders and dates beyond the documented ones get 400."""
    body = error(fy().send("GET", f"{CUSTOMERS}?{query}"))

    assert (body["code"], body["key"], body["details"]) == (400, key, details)


@pytest.mark.parametrize(
    ("body", "status", "details"),
    [
        pytest.param({"name": 5}, 400, "Property .name should be string", id="name"),
        pytest.param({"source_id": 5}, 400, "Property .source_id should be string", id="source-id"),
        pytest.param({"address": "x"}, 400, "Property .address should be object", id="address"),
        pytest.param(
            {"address": {"city": 5}}, 400, "Property .address.city should be string", id="city"
        ),
        pytest.param({"metadata": []}, 400, "Property .metadata should be object", id="metadata"),
        pytest.param(
            {"birthdate": "01.02.2000"}, 400,
            'Property .birthdate should match format "date"', id="birthdate",
        ),
        pytest.param([], 400, "Payload should be object", id="array"),
        pytest.param(b"", 400, "The payload cannot be empty", id="empty"),
    ],
)  # fmt: skip
def test_wrong_payloads_are_refused(
    fy: Callable[..., Desk], body: Any, status: int, details: str
) -> None:
    """Fields of another type get 400 invalid_payload with the property's name."""
    answer = fy().send("POST", CUSTOMERS, body)

    assert (answer.status, error(answer)["key"]) == (status, "invalid_payload")
    assert error(answer)["details"] == details


def test_unset_fields_may_come_as_null(fy: Callable[..., Desk]) -> None:
    """A client that sends null for everything it does not set creates all the same."""
    nulls = dict.fromkeys(("name", "phone", "birthday", "address", "metadata", "description"))

    assert fy().ask("POST", CUSTOMERS, nulls | {"source_id": "s"})["source_id"] == "s"


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        pytest.param(
            {},
            {"address": {"city": "Rome", "country": "United States"},
             "metadata": {"lang": "it", "test": True}},
            id="merge",
        ),
        pytest.param(
            {"partial_address": "replace", "partial_metadata": "replace"},
            {"address": {"city": "Rome"}, "metadata": {"lang": "it"}},
            id="replace",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_partial_objects_are_treated_as_switched(
    fy: Callable[..., Desk], method: str, switches: dict[str, str], expected: dict[str, Any]
) -> None:
    """A part of address or metadata merges or replaces."""
    desk = fy(**switches)
    desk.ask("POST", CUSTOMERS, BOB)
    part = {"source_id": "source_123", "address": {"city": "Rome"}, "metadata": {"lang": "it"}}

    changed = desk.ask(method, CUSTOMERS + ("/source_123" if method == "PUT" else ""), part)

    assert {name: changed[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("switches", "body", "status", "found"),
    [
        pytest.param({}, {"id": "cust_x"}, 404, {}, id="unknown-id-refused"),
        pytest.param(
            {"unknown_id": "create"}, {"id": "cust_x"}, 200, {"id": "cust_x"}, id="created"
        ),
        pytest.param({}, {"phone": "030 123"}, 200, {"phone": "030 123"}, id="phone-left-alone"),
        pytest.param(
            {"dial_prefix": 49},
            {"phone": "030 123"},
            200,
            {"phone": "+4930123"},
            id="phone-prefixed",
        ),
        pytest.param({"phone_check": "format"}, {"phone": "+12"}, 400, {}, id="phone-checked"),
        pytest.param({"birthdate_check": "none"}, {"birthdate": "x"}, 200, {}, id="any-birthdate"),
    ],
)
def test_creates_are_as_switched(
    fy: Callable[..., Desk],
    switches: dict[str, Any],
    body: dict[str, str],
    status: int,
    found: dict[str, str],
) -> None:
    """Unknown ids, phones and birthdates follow their switches."""
    answer = fy(**switches).send("POST", CUSTOMERS, body)

    assert answer.status == status
    assert found.items() <= error(answer).items()


@pytest.mark.parametrize(("case", "total"), [("sensitive", 2), ("insensitive", 1)])
def test_the_case_of_source_ids_counts_as_switched(
    fy: Callable[..., Desk], case: str, total: int
) -> None:
    """`A` and `a` are two customers or one."""
    desk = fy(source_id_case=case)
    for source_id in "Aa":
        desk.ask("POST", CUSTOMERS, {"source_id": source_id})

    assert desk.ask("GET", CUSTOMERS)["total"] == total


def test_filters_are_loose_if_switched(fy: Callable[..., Desk]) -> None:
    """With `contains` a part of the e-mail is enough."""
    desk = fy(filters="contains")
    desk.ask("POST", CUSTOMERS, BOB)

    assert desk.ask("GET", CUSTOMERS + "?email=smith")["total"] == 1


def test_reads_lag_as_switched(fy: Callable[..., Desk]) -> None:
    """With a read delay, reads see writes only later, while upserts know better."""
    desk = fy(read_delay_s=3)
    desk.ask("POST", CUSTOMERS, BOB)
    assert desk.send("GET", CUSTOMERS + "/source_123").status == 404
    desk.ask("POST", CUSTOMERS, {"source_id": "source_123", "name": "R"})
    desk.now += 4

    assert desk.ask("GET", CUSTOMERS)["customers"][0]["name"] == "R"


def declare(desk: Desk, closed: bool = False, **properties: Any) -> None:
    schema = {"properties": properties, "allow_defined_only": closed}
    desk.ask("PUT", "/v1/metadata-schemas/customer", schema)


@pytest.mark.parametrize(
    ("definition", "value", "complaint"),
    [
        pytest.param({"type": "string"}, 5, "must be a string", id="string"),
        pytest.param({"type": "number"}, "5", "must be a number", id="number"),
        pytest.param({"type": "number"}, True, "must be a number", id="boolean-is-no-number"),
        pytest.param({"type": "boolean"}, "true", "must be a boolean", id="boolean"),
        pytest.param({"type": "date"}, "1.2.2000", "must be a date", id="date"),
        pytest.param({"type": "datetime"}, "soon", "must be a datetime", id="datetime"),
        pytest.param({"type": "image_url"}, "x", "must be an image_url", id="image"),
        pytest.param({"type": "object"}, [], "must be an object", id="object"),
        pytest.param({"type": "string", "array": True}, "x", "must be an array", id="array"),
        pytest.param({"type": "string", "array": True}, [1], "must be a string", id="array-of"),
        pytest.param({"type": "string", "maxLength": 1}, "ab", "at most 1", id="length"),
        pytest.param({"type": "number", "lt": 5}, 5, "must be less than 5", id="bound"),
        pytest.param({"type": "string", "ne": ["x"]}, "x", "must not be equal", id="ne"),
    ],
)
def test_declared_metadata_is_checked(
    fy: Callable[..., Desk], definition: dict[str, Any], value: Any, complaint: str
) -> None:
    """Metadata that breaks its definition gets 400 metadata_validation_failed."""
    desk = fy()
    declare(desk, field=definition)

    answer = desk.send("POST", CUSTOMERS, {"metadata": {"field": value}})

    assert error(answer)["key"] == "metadata_validation_failed"
    assert complaint in error(answer)["details"]


def test_all_complaints_about_a_value_come_in_the_documented_words(
    fy: Callable[..., Desk],
) -> None:
    """Type, choices and the actual value stand in one sentence."""
    desk = fy()
    channels = {"type": "string", "eq": ["Facebook", "Twitter", "Website"], "optional": False}
    declare(desk, acquisition_channel=channels)

    wrong = error(desk.send("POST", CUSTOMERS, {"metadata": {"acquisition_channel": True}}))
    missing = error(desk.send("POST", CUSTOMERS, {"name": "Bob"}))

    assert wrong["details"] == (
        "acquisition_channel: must be a string, must be equal to one of"
        " Facebook,Twitter,Website (actual value is 'true')"
    )
    assert "property is required" in missing["details"]


def test_a_closed_schema_refuses_other_names(fy: Callable[..., Desk]) -> None:
    """With allow_defined_only an undeclared key refuses the request; otherwise it is kept."""
    desk = fy()
    assert desk.ask("POST", CUSTOMERS, {"metadata": {"free": 1}})["metadata"] == {"free": 1}
    declare(desk, closed=True, lang={"type": "string"})

    assert desk.send("POST", CUSTOMERS, {"metadata": {"free": 1}}).status == 400
    schema = desk.ask("GET", "/v1/metadata-schemas/customer")
    assert schema["allow_defined_only"] is True
    assert schema["properties"]["lang"]["optional"] is True
    assert desk.ask("GET", "/v1/metadata-schemas")["total"] == 1
    assert desk.send("GET", "/v1/metadata-schemas/voucher").status == 404


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x_app_id": ""}, id="no-id"),
        pytest.param({"x_app_token": "wrong"}, id="wrong-token"),
        pytest.param({"x_app_id": "wrong", "authorization": "Bearer x"}, id="both-wrong"),
    ],
)
def test_wrong_keys_get_401(fy: Callable[..., Desk], headers: dict[str, str]) -> None:
    """401 has the documented three keys and no request id."""
    answer = fy().send("GET", CUSTOMERS, **headers)

    assert answer.status == 401
    assert error(answer) == {"code": 401, "message": "Unauthorized", "key": "unauthorized"}


def test_oauth_tokens_live_15_minutes_within_their_scope(fy: Callable[..., Desk]) -> None:
    """A token opens what its scope names until it ends or is revoked."""
    desk = fy()
    form = b"grant_type=client_credentials&scope=customers"
    token = desk.ask("POST", "/v1/oauth/token", form)
    assert (token["expires_in"], token["token_type"]) == (900, "Bearer")
    spoken = f"access_token={token['access_token']}".encode()
    assert desk.ask("POST", "/v1/oauth/introspect", spoken)["active"] is True

    desk.headers = {"authorization": f"Bearer {token['access_token']}"}
    assert desk.send("GET", CUSTOMERS).status == 200
    assert desk.send("GET", "/v1/exports").status == 403
    desk.now += 901
    assert desk.send("GET", CUSTOMERS).status == 401

    desk.headers = dict(KEYS)
    assert desk.ask("POST", "/v1/oauth/introspect", spoken) == {"active": False}
    assert desk.send("POST", "/v1/oauth/token/revoke", spoken).status == 204
    assert desk.send("POST", "/v1/oauth/token/revoke", spoken).status == 404


def test_tokens_live_as_long_as_switched(fy: Callable[..., Desk]) -> None:
    """A shorter life is announced and kept, so that a client's renewal can be watched."""
    desk = fy(token_lifetime_s=5)
    token = desk.ask("POST", "/v1/oauth/token", b"grant_type=client_credentials&scope=api")
    assert token["expires_in"] == 5
    desk.headers = {"authorization": f"Bearer {token['access_token']}"}
    desk.now += 6

    assert desk.send("GET", CUSTOMERS).status == 401


@pytest.mark.parametrize(
    ("form", "key", "message"),
    [
        pytest.param(b"", "missing_parameters", "Missing parameters", id="empty"),
        pytest.param(b"grant_type=password", "invalid_grant_type", "Invalid grant_type", id="grant"),
        pytest.param(
            b"grant_type=client_credentials&scope=vouchers+campaigns",
            "invalid_scope", "Invalid scope: vouchers,campaigns", id="scope",
        ),
    ],
)  # fmt: skip
def test_wrong_token_requests_are_refused(
    fy: Callable[..., Desk], form: bytes, key: str, message: str
) -> None:
    """OAuth errors have code, key and message only."""
    answer = fy().send("POST", "/v1/oauth/token", form)

    assert error(answer) == {"code": 400, "key": key, "message": message}


def test_every_answer_announces_the_limit(fy: Callable[..., Desk]) -> None:
    """X-Rate-Limit-* count down; the call above gets 429 with Retry-After and the type."""
    desk = fy(calls_per_minute=2)

    first, second, third = (desk.send("GET", CUSTOMERS) for _ in range(3))

    assert first.headers["X-Rate-Limit-Limit"] == "2"
    assert first.headers["X-Rate-Limit-Remaining"] == "1"
    assert "Retry-After" not in first.headers
    assert second.headers["X-Rate-Limit-Retry"] == str(int(desk.now) + 60)
    assert (third.status, third.headers["Retry-After"]) == (429, "60")
    assert third.headers["X-Rate-Limit-Type"] == "api_calls"
    assert error(third) == {"code": 429, "message": "Too many requests hit the API too quickly."}
    desk.now += 60
    assert desk.send("GET", CUSTOMERS).status == 200


@pytest.mark.parametrize(
    ("switch", "kind", "wait_s"),
    [
        pytest.param("calls_per_hour", "api_calls", 3600, id="hour"),
        pytest.param("calls_per_cycle", "api_calls_cycle", 30 * 86_400, id="cycle"),
    ],
)
def test_longer_windows_have_their_own_type(
    fy: Callable[..., Desk], switch: str, kind: str, wait_s: int
) -> None:
    """The hour of sandbox projects and the billing cycle are limits of their own."""
    desk = fy(**{switch: 1})
    desk.ask("GET", CUSTOMERS)

    refused = desk.send("GET", CUSTOMERS)

    assert refused.headers["X-Rate-Limit-Type"] == kind
    assert refused.headers["Retry-After"] == str(wait_s)


def test_bulk_calls_have_a_bucket_of_their_own(fy: Callable[..., Desk]) -> None:
    """Bulk calls spend their own quota and no other."""
    desk = fy(bulk_calls_per_hour=1, calls_per_minute=1)
    rows = [{"source_id": "a"}]

    assert desk.send("POST", CUSTOMERS + "/bulk/async", rows).status == 202
    refused = desk.send("POST", CUSTOMERS + "/bulk/async", rows)

    assert refused.headers["X-Rate-Limit-Type"] == "bulk_api_calls"
    assert desk.send("GET", CUSTOMERS).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("PATCH", CUSTOMERS, 405, id="method"),
        pytest.param("GET", "/v1/nothing", 404, id="path"),
        pytest.param("POST", "/v1/customers/bulk", 405, id="removed-sync-bulk"),
    ],
)
def test_wrong_addresses_get_an_error_object(
    fy: Callable[..., Desk], method: str, path: str, status: int
) -> None:
    """Unknown paths and methods are refused with code and message."""
    answer = fy().send(method, path, {})

    assert answer.status == error(answer)["code"] == status
    assert error(answer)["message"]
