"""LoyaltyDog's customers, programs and tokens, as documented; what is not, both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bulkload.sandbox import LoyaltyDogSwitches
from tests.sandbox.conftest import PROGRAM, START, Desk

CUSTOMERS = PROGRAM + "/customers"
ADA = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "phone": "+12025550143",
    "points": 120,
    "customFields": {"birthday": "1990-05-01"},
}
JWT = {"authorization": "Bearer sandbox-jwt"}
KEY = {"authorization": "Bearer ld_test_sandbox"}


@pytest.fixture
def dog(desk_with: Callable[..., Desk]) -> Callable[..., Desk]:
    """Build a LoyaltyDog desk for a JWT caller; called with switches."""

    def build(**switches: Any) -> Desk:
        desk = desk_with(loyaltydog=LoyaltyDogSwitches(**switches))
        desk.headers = dict(JWT)
        return desk

    return build


def detail(answer: Any) -> Any:
    return json.loads(answer.body)["detail"]


def test_a_created_customer_is_returned_as_it_was_sent(dog: Callable[..., Desk]) -> None:
    """Create answers 200 with the fields sent, an id of 24 hex digits, and get says the same."""
    desk = dog()

    created = desk.ask("POST", CUSTOMERS, ADA)

    assert {name: created[name] for name in ADA} == ADA
    assert len(created["id"]) == 24
    assert int(created["id"], 16)
    assert desk.ask("GET", f"{CUSTOMERS}/{created['id']}") == created


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("email=ada@example.com", ["Ada"], id="email"),
        pytest.param("email=ADA@example.com", ["Ada"], id="email-in-capitals"),
        pytest.param("email=example.com", [], id="part-of-an-email"),
        pytest.param("phone=%2B12025550143", ["Ada"], id="phone"),
        pytest.param("phone=+12025550143", ["Ada"], id="phone-with-a-bare-plus"),
        pytest.param("q=love", ["Ada"], id="free-search"),
        pytest.param("q=grace@", ["Grace"], id="free-search-in-email"),
        pytest.param("q=grace@&byName=true", [], id="free-search-in-names-only"),
        pytest.param("pid=nothing", [], id="pass-id"),
        pytest.param("pidNumber=1", [], id="pass-number"),
        pytest.param("limit=2", ["Ada", "Grace"], id="limit"),
        pytest.param("limit=2&page=2", ["Edsger"], id="second-page"),
        pytest.param("limit=2&page=3", [], id="past-the-last-page"),
        pytest.param("offset=1&limit=1", ["Grace"], id="offset"),
        pytest.param("page=9&offset=2", ["Edsger"], id="offset-overrules-page"),
        pytest.param("limit=0", [], id="no-rows"),
        pytest.param("page=0&limit=1", ["Ada"], id="page-zero-is-the-first"),
        pytest.param("limit=99999999999999999999&page=3", [], id="beyond-64-bits"),
        pytest.param("orderBy=-createdAt&limit=1", ["Edsger"], id="newest-first"),
        pytest.param("orderBy=points&limit=1", ["Grace"], id="by-points"),
        pytest.param("orderBy=nonsense&limit=1", ["Ada"], id="unknown-order"),
    ],
)
def test_the_list_filters_and_pages(dog: Callable[..., Desk], query: str, found: list[str]) -> None:
    """Every documented parameter of the list does what its name says."""
    desk = dog()
    for name, points in (("Ada", 120), ("Grace", 5), ("Edsger", 70)):
        contact = {"email": f"{name.lower()}@example.com"}
        phone = {"phone": "+12025550143", "lastName": "Lovelace"} if name == "Ada" else {}
        desk.ask("POST", CUSTOMERS, {"firstName": name, "points": points} | contact | phone)

    assert [c["firstName"] for c in desk.ask("GET", f"{CUSTOMERS}?{query}")] == found


def test_the_total_counts_all_pages(dog: Callable[..., Desk]) -> None:
    """With includeTotal the list is an object, and its total ignores the page."""
    desk = dog()
    for number in range(3):
        desk.ask("POST", CUSTOMERS, {"email": f"{number}@example.com"})

    page = desk.ask("GET", f"{CUSTOMERS}?limit=2&includeTotal=true")

    assert (len(page["customers"]), page["total"]) == (2, 3)


def test_an_update_keeps_what_it_does_not_name(dog: Callable[..., Desk]) -> None:
    """PUT changes the named fields and nothing else, and null empties a field."""
    desk = dog()
    created = desk.ask("POST", CUSTOMERS, ADA)
    desk.now += 60

    change = {"lastName": None, "customFields": {"city": "London"}, "points": 130}
    updated = desk.ask("PUT", f"{CUSTOMERS}/{created['id']}", change)

    assert updated == created | {
        "lastName": None,
        "points": 130,
        "customFields": {"birthday": "1990-05-01", "city": "London"},
        "updatedAt": updated["updatedAt"],
    }
    assert updated["updatedAt"] > created["updatedAt"]


def test_a_deleted_customer_is_gone(dog: Callable[..., Desk]) -> None:
    """DELETE tells the dates of both deletions; reads find nothing, and the contact is free."""
    desk = dog(duplicates="409")
    path = f"{CUSTOMERS}/{desk.ask('POST', CUSTOMERS, ADA)['id']}"

    answer = desk.send("DELETE", path)

    assert answer.status == 202
    assert set(json.loads(answer.body)) == {"softDeletedAt", "hardDeleteAfter", "status"}
    assert desk.ask("GET", CUSTOMERS) == []
    for method in ("GET", "DELETE"):
        assert detail(desk.send(method, path)) == "Customer not found"
    desk.ask("POST", CUSTOMERS, ADA)


def test_points_are_added(dog: Callable[..., Desk]) -> None:
    """points/add adds to the balance, and the reserved points say what is available."""
    desk = dog()
    path = f"{CUSTOMERS}/{desk.ask('POST', CUSTOMERS, ADA)['id']}/points"

    assert desk.ask("POST", f"{path}/add", {"points": -20})["points"] == 100
    assert desk.ask("GET", f"{path}/reserved") == {"reservedPoints": 0, "availablePoints": 100}


def test_consents_are_only_added(dog: Callable[..., Desk]) -> None:
    """The list of consents holds the latest record of each type, newest first."""
    desk = dog()
    path = f"{CUSTOMERS}/{desk.ask('POST', CUSTOMERS, ADA)['id']}/consents"
    for granted in (True, False):
        consent = {"consentType": "marketing_email", "granted": granted, "method": "migration"}
        answer = desk.send("POST", path, {"consents": [consent], "policyVersion": "1"})
        assert answer.status == 201
    sms = {"consentType": "marketing_sms", "granted": True, "method": "api"}
    desk.ask("POST", path, {"consents": [sms], "policyVersion": "1"})

    consents = [(c["consentType"], c["granted"]) for c in desk.ask("GET", path)]

    assert consents == [("marketing_sms", True), ("marketing_email", False)]


def test_one_persons_data_is_exported(dog: Callable[..., Desk]) -> None:
    """The access request's export is JSON or CSV, and holds identity, loyalty state, consents."""
    desk = dog()
    path = f"{CUSTOMERS}/{desk.ask('POST', CUSTOMERS, ADA)['id']}"

    exported = desk.ask("GET", f"{path}/export")
    as_csv = desk.send("GET", f"{path}/export?format=csv")

    assert exported["identity"]["email"] == ADA["email"]
    assert exported["loyalty"]["points"] == ADA["points"]
    assert as_csv.content_type == "text/csv"
    assert b"ada@example.com" in as_csv.body
    assert desk.send("GET", f"{path}/export?format=xml").status == 422
    for history in ("activities", "transactions", "offers"):
        assert desk.ask("GET", f"{path}/{history}") == []
    assert desk.ask("GET", PROGRAM + "/activities") == []


def test_initial_consents_become_records(dog: Callable[..., Desk]) -> None:
    """What a create grants is among the consents."""
    desk = dog()
    grant = {"initialConsentGranted": {"marketing_email": True}}
    created = desk.ask("POST", CUSTOMERS, ADA | grant)

    (consent,) = desk.ask("GET", f"{CUSTOMERS}/{created['id']}/consents")

    assert (consent["consentType"], consent["granted"]) == ("marketing_email", True)


def test_programs_are_created_listed_and_changed(dog: Callable[..., Desk]) -> None:
    """A new program has the documented defaults and appears in the list."""
    desk = dog()

    new = desk.ask("POST", "/v2/programs", {"name": "Tea", "passTypeIdentifier": "pass.tea"})

    assert (new["schema"], new["programType"], new["scannerType"]) == (
        "tieredMembership", "loyalty", "None",
    )  # fmt: skip
    assert new["retention_period_days"] == 30
    path = f"/v2/loyalty/programs/{new['id']}"
    desk.ask("PUT", path, {"pointsAddEmail": 7})
    assert desk.ask("GET", path) == new | {"pointsAddEmail": 7}
    field = {"name": "birthday", "type": "date"}
    assert desk.ask("PUT", f"{path}/customFields", [field])[0]["type"] == "date"
    assert [f["name"] for f in desk.ask("GET", f"{path}/customFields")] == ["birthday"]
    listed = desk.ask("GET", "/v2/loyalty/programs")
    assert [set(p) for p in listed] == [{"id", "name", "shareUrl"}] * 2
    customer = desk.ask("POST", f"{path}/customers", {"email": "tea@example.com", "points": 1})
    assert customer["points"] == 8


def test_programs_award_points_once(dog: Callable[..., Desk]) -> None:
    """Points for a contact or a custom field come when it is filled, not when it changes."""
    desk = dog()
    field = {"name": "birthday", "type": "date", "points": 100}
    awards = {"pointsAddEmail": 1, "pointsAddPhone": 10, "customFields": [field]}
    desk.ask("PUT", PROGRAM, awards)

    created = desk.ask("POST", CUSTOMERS, {"email": "ada@example.com", "points": 1000})
    path = f"{CUSTOMERS}/{created['id']}"

    assert created["points"] == 1001
    assert desk.ask("PUT", path, {"phone": "+12025550143"})["points"] == 1011
    birthday = {"customFields": {"birthday": "1990-05-01"}}
    assert desk.ask("PUT", path, birthday)["points"] == 1111
    changed = birthday | {"email": "a@example.com", "phone": "+12025550144"}
    assert desk.ask("PUT", path, changed)["points"] == 1111


def test_a_log_in_gives_a_token_that_ends(dog: Callable[..., Desk]) -> None:
    """The form log-in mints a token with camelCase names; after its life it is refused."""
    desk = dog(token_lifetime_s=60)
    form = b"grant_type=password&username=ada&password=sandbox"

    token = desk.ask("POST", "/v2/token", form)

    assert (token["tokenType"], token["mfaPending"], token["pendingToken"]) == (
        "bearer", False, None,
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {token['accessToken']}"}
    assert desk.ask("GET", "/v2/token", **bearer)["emailVerified"] is True
    desk.now += 61
    assert detail(desk.send("GET", "/v2/token", **bearer)) == "Invalid authentication token"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param(b"username=ada&password=wrong", 401, id="wrong-password"),
        pytest.param(b"username=ada", 422, id="no-password"),
        pytest.param(b"username=a&password=sandbox&grant_type=magic", 422, id="grant-type"),
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"\xff\x00=%zz&&&" * 200, 422, id="rubbish"),
    ],
)
def test_a_wrong_log_in_is_refused(dog: Callable[..., Desk], form: bytes, status: int) -> None:
    """A log-in without the right form or password gets the documented refusal."""
    assert dog().send("POST", "/v2/token", form).status == status


def test_an_app_key_is_a_jwt(dog: Callable[..., Desk]) -> None:
    """POST /v2/appkeys mints a token that is accepted."""
    desk = dog()
    token = desk.ask("POST", "/v2/appkeys", {"name": "till"})["token"]

    assert token.startswith("eyJ")
    assert desk.send("GET", "/v2/token", authorization=f"Bearer {token}").status == 200


@pytest.mark.parametrize(
    ("authorization", "status", "body"),
    [
        pytest.param("", 401, {"detail": "Not authenticated"}, id="none"),
        pytest.param("Basic YTpi", 401, {"detail": "Not authenticated"}, id="other-scheme"),
        pytest.param(
            "Bearer nonsense", 401, {"detail": "Invalid authentication token"}, id="unknown-jwt"
        ),
        pytest.param(
            "Bearer ld_live_nonsense",
            401,
            {"code": "unauthorized", "message": "Invalid API key", "request_id": "r-1"},
            id="unknown-key",
        ),
    ],
)
def test_wrong_credentials_get_the_shape_of_their_kind(
    dog: Callable[..., Desk], authorization: str, status: int, body: dict[str, str]
) -> None:
    """401 has `detail` for JWT callers and code, message, request_id for keys."""
    answer = dog().send("GET", CUSTOMERS, authorization=authorization, x_request_id="r-1")

    assert (answer.status, json.loads(answer.body)) == (status, body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            {"points": "x"},
            {
                "loc": ["body", "points"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "type": "int_parsing",
                "input": "x",
            },
            id="points-no-number",
        ),
        pytest.param(
            {"phone": "0171 123"},
            {
                "loc": ["body", "phone"],
                "msg": "value is not a valid phone number",
                "type": "value_error",
                "input": "0171 123",
            },
            id="phone-not-e164",
        ),
        pytest.param(
            b"{",
            {
                "loc": ["body", 1],
                "msg": "JSON decode error",
                "type": "json_invalid",
                "input": {},
                "ctx": {"error": "Expecting property name enclosed in double quotes"},
            },
            id="not-json",
        ),
        pytest.param(
            b"",
            {"loc": ["body"], "msg": "Field required", "type": "missing", "input": None},
            id="no-body",
        ),
        pytest.param(
            [1],
            {
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "type": "model_attributes_type",
                "input": [1],
            },
            id="a-list",
        ),
    ],
)
def test_a_422_has_the_documented_shape(
    dog: Callable[..., Desk], body: Any, expected: dict[str, Any]
) -> None:
    """422 lists loc, msg, type and input of each problem."""
    answer = dog().send("POST", CUSTOMERS, body)

    assert (answer.status, detail(answer)) == (422, [expected])


def test_all_problems_of_a_body_come_at_once(dog: Callable[..., Desk]) -> None:
    """A body with three wrong fields gets three entries, a key caller one sentence with all."""
    body = {"email": 1, "points": 1.5, "referrerId": "x"}
    desk = dog()

    places = [problem["loc"][1] for problem in detail(desk.send("POST", CUSTOMERS, body))]
    answer = desk.send("POST", CUSTOMERS, body, **KEY, idempotency_key="k")

    assert places == ["email", "points", "referrerId"]
    assert json.loads(answer.body)["code"] == "validation_error"
    assert all(place in json.loads(answer.body)["message"] for place in places)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v2/loyalty/programs/unknown", 404, id="program"),
        pytest.param("GET", "/v2/loyalty/programs/unknown/customers", 404, id="its-customers"),
        pytest.param("GET", CUSTOMERS + "/unknown", 404, id="customer"),
        pytest.param("GET", "/v2/nothing/here", 404, id="path"),
        pytest.param("PATCH", CUSTOMERS, 405, id="method"),
        pytest.param("GET", CUSTOMERS + "?page=x", 422, id="query"),
        pytest.param("GET", CUSTOMERS + "?byName=perhaps", 422, id="query-boolean"),
    ],
)
def test_wrong_addresses_get_a_detail(
    dog: Callable[..., Desk], method: str, path: str, status: int
) -> None:
    """Unknown programs, customers, paths, methods and parameters are refused in the JWT's shape."""
    answer = dog().send(method, path)

    assert answer.status == status
    assert detail(answer)


@pytest.mark.parametrize(
    ("policy", "status", "customers"),
    [
        pytest.param("allow", 200, 2, id="allow"),
        pytest.param("409", 409, 1, id="409"),
        pytest.param("422", 422, 1, id="422"),
        pytest.param("return-existing", 200, 1, id="return-existing"),
    ],
)
@pytest.mark.parametrize("shared", ["email", "phone"])
def test_duplicates_are_treated_as_switched(
    dog: Callable[..., Desk], policy: str, status: int, customers: int, shared: str
) -> None:
    """A second create with the same e-mail or phone ends as the switch says."""
    desk = dog(duplicates=policy)
    first = desk.ask("POST", CUSTOMERS, ADA)

    again = {"email": "ADA@example.com"} if shared == "email" else {"phone": "+1 202 555-0143"}
    answer = desk.send("POST", CUSTOMERS, {"firstName": "Other"} | again)

    assert answer.status == status
    assert len(desk.ask("GET", CUSTOMERS)) == customers
    if policy == "return-existing":
        assert json.loads(answer.body) == first
    elif policy != "allow":
        assert b"already exists" in answer.body


@pytest.mark.parametrize(
    ("switches", "points", "fields"),
    [
        pytest.param({}, 120, {"birthday": "1990-05-01", "city": "Rome"}, id="defaults"),
        pytest.param(
            {"omitted_points": "zero", "custom_fields_on_put": "replace"},
            0, {"city": "Rome"}, id="the-other-way",
        ),
    ],
)  # fmt: skip
def test_a_put_that_omits_is_read_as_switched(
    dog: Callable[..., Desk], switches: dict[str, str], points: int, fields: dict[str, str]
) -> None:
    """Omitted points stay or become 0, customFields merge or replace."""
    desk = dog(**switches)
    path = f"{CUSTOMERS}/{desk.ask('POST', CUSTOMERS, ADA)['id']}"

    updated = desk.ask("PUT", path, {"customFields": {"city": "Rome"}})

    assert (updated["points"], updated["customFields"]) == (points, fields)


@pytest.mark.parametrize(
    ("switches", "query", "expected"),
    [
        pytest.param({"short_list": "yes"}, "", [{}, {}], id="short-items"),
        pytest.param({"list_order": "newest"}, "", ["b", "a"], id="newest-first"),
        pytest.param({"list_limit_max": 1}, "?limit=9", ["a"], id="capped-pages"),
        pytest.param({"filters": "contains"}, "?email=example", ["a", "b"], id="loose-filter"),
        pytest.param({"filters": "exact"}, "?email=example", [], id="exact-filter"),
    ],
)
def test_lists_are_as_switched(
    dog: Callable[..., Desk], switches: dict[str, Any], query: str, expected: list[Any]
) -> None:
    """Item shape, order, page cap and match of filters follow their switches."""
    desk = dog(**switches)
    for name in "ab":
        desk.ask("POST", CUSTOMERS, {"firstName": name, "email": f"{name}@example.com"})

    listed = desk.ask("GET", CUSTOMERS + query)

    if "short_list" in switches:
        assert ["customFields" in customer for customer in listed] == [False, False]
    else:
        assert [customer["firstName"] for customer in listed] == expected


@pytest.mark.parametrize(
    ("switches", "call", "status"),
    [
        pytest.param(
            {"foreign_program": "403"}, ("GET", "/v2/loyalty/programs/x"), 403, id="foreign"
        ),
        pytest.param(
            {"phone_check": "none"}, ("POST", CUSTOMERS, {"phone": "07"}), 200, id="phone"
        ),
        pytest.param({"required_fields": "enforced"}, ("POST", CUSTOMERS, {}), 422, id="required"),
        pytest.param({"required_fields": "ignored"}, ("POST", CUSTOMERS, {}), 200, id="optional"),
    ],
)
def test_refusals_are_as_switched(
    dog: Callable[..., Desk], switches: dict[str, str], call: tuple[Any, ...], status: int
) -> None:
    """Foreign programs, odd phones and missing fields are refused only as switched."""
    desk = dog(**switches)
    desk.ask("PUT", PROGRAM, {"requiredFields": ["birthday"]})

    assert desk.send(*call).status == status


def test_deletes_answer_200_if_switched(dog: Callable[..., Desk]) -> None:
    """The prose says 202, the schema 200."""
    desk = dog(delete_status="200")
    created = desk.ask("POST", CUSTOMERS, ADA)

    assert desk.send("DELETE", f"{CUSTOMERS}/{created['id']}").status == 200


def test_reads_lag_as_switched(dog: Callable[..., Desk]) -> None:
    """With a read delay every read shows the world as it was; writes know better."""
    desk = dog(read_delay_s=10)
    path = f"{CUSTOMERS}/{desk.ask('POST', CUSTOMERS, ADA)['id']}"
    assert desk.send("GET", path).status == 404
    assert desk.ask("GET", CUSTOMERS + "?includeTotal=1") == {"customers": [], "total": 0}
    desk.now += 11
    desk.ask("PUT", path, {"firstName": "Augusta"})
    assert desk.ask("GET", path)["firstName"] == "Ada"
    desk.now += 11
    assert desk.ask("GET", path)["firstName"] == "Augusta"
    desk.ask("DELETE", path)
    assert desk.ask("GET", path)["firstName"] == "Augusta"
    desk.now += 11
    assert desk.send("GET", path).status == 404
    assert desk.now > START
