"""LoyaltyDog: what is sent, and what every documented answer means."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bulkload.connectors import connector_for
from bulkload.connectors.base import Connector, Outcome, Promise, meaning_of_status
from bulkload.connectors.loyaltydog import LoyaltyDog
from bulkload.errors import BulkloadError, CredentialsError, SafetyStopError
from bulkload.records import Action, Customer, Kind, Payload, Status
from bulkload.wire import Request, Response

PROGRAM = "5eb7cf5a86d9755df3a6c593"
CUSTOMER = "65f0c0ffee0000000000a001"
BASE = f"/v2/loyalty/programs/{PROGRAM}/customers"
JWT = LoyaltyDog(PROGRAM)
KEYED = LoyaltyDog(PROGRAM, keyed=True)
CREATE = Request("POST", BASE, b"{}")
UPDATE = Request("PUT", f"{BASE}/{CUSTOMER}", b"{}")
LIST = Request("GET", f"{BASE}?email=a")
GET = Request("GET", f"{BASE}/{CUSTOMER}")


def answer(status: int, body: Any = None, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def payload(body: dict[str, Any], **extra: Any) -> Payload:
    keys: dict[str, str] = {k: body[k] for k in ("email", "phone") if k in body}
    raw = json.dumps(body, separators=(",", ":")).encode()
    return Payload(2, keys, raw, Action.CREATE, extra)


def test_every_system_is_a_connector():
    """The object that `connector_for` returns fulfils the protocol."""
    assert isinstance(connector_for("loyaltydog", program=PROGRAM), Connector)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param({"name": "loyaltidog"}, "`loyaltydog`", id="system"),
        pytest.param(
            {"name": "loyaltydog", "options": {"usernam": "x"}}, "`username`", id="option"
        ),
    ],
)
def test_a_misspelt_name_gets_the_closest_one(call, expected):
    """An unknown system or option is refused with a suggestion."""
    with pytest.raises(BulkloadError) as caught:
        connector_for(**call)

    assert f"did you mean {expected}" in str(caught.value)


def test_a_key_is_promised_more_than_a_jwt():
    """`ld_*` keys may replay for a day and have quotas; a JWT has neither."""
    keyed, jwt = KEYED.promises(), JWT.promises()

    assert (keyed.create, keyed.key_lifetime_s) == (Promise.KEYED, 86400.0)
    assert (jwt.create, jwt.key_lifetime_s) == (Promise.CREATE, 0.0)
    assert [(x.calls, x.per_s, x.hard) for x in keyed.limits] == [
        (60, 60, False),
        (1000, 3600, False),
        (10000, 31 * 86400, True),
        (300, 10, False),
    ]
    assert [x.name for x in jwt.limits] == ["edge"]
    assert LoyaltyDog(PROGRAM, unlimited=True).promises().limits == ()


def test_a_create_sends_the_body_as_it_is():
    """The bytes that validation judged are the bytes that are sent."""
    spoken = payload({"firstName": "Ada", "email": "ada@example.com"})

    request = KEYED.create(spoken, idempotency_key="k-1")

    assert (request.method, request.path, request.body) == ("POST", BASE, spoken.body)
    assert request.headers == {"Idempotency-Key": "k-1"}
    assert JWT.create(spoken, idempotency_key="k-1").headers == {}


def test_a_create_leaves_out_what_the_vendor_has_elsewhere():
    """Id, message and consents have their own places and never stand in a create."""
    spoken = payload({"id": "x", "email": "a@b.de", "consents": {"analytics": True}})

    assert json.loads(JWT.create(spoken, idempotency_key="").body or b"") == {"email": "a@b.de"}


CURRENT = Customer(
    CUSTOMER,
    {
        "id": CUSTOMER,
        "firstName": "Ada",
        "email": "Ada@Example.com",
        "phone": "+1 202 555 0143",
        "points": 120,
        "customFields": {"tier": "gold", "size": "L"},
    },
)


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        pytest.param({"firstName": "Ada", "email": "ada@example.com"}, None, id="same"),
        pytest.param({"phone": "+12025550143"}, None, id="phone-spelled-otherwise"),
        pytest.param({"customFields": {"tier": "gold"}}, None, id="same-custom-field"),
        pytest.param({"firstName": "Bea"}, {"firstName": "Bea", "points": 120}, id="keeps-balance"),
        pytest.param({"points": 50}, {"points": 50}, id="sets-balance"),
        pytest.param({"points": 0}, {"points": 0}, id="sets-balance-to-zero"),
        pytest.param(
            {"customFields": {"tier": "red"}},
            {"customFields": {"tier": "red", "size": "L"}, "points": 120},
            id="keeps-other-custom-fields",
        ),
        pytest.param({"firstName": None}, {"firstName": None, "points": 120}, id="clears"),
        pytest.param({"lastName": None}, None, id="blank-is-blank"),
        pytest.param(
            {"referrerId": "a" * 24, "consents": {"analytics": True}}, None, id="not-in-put"
        ),
    ],
)
def test_an_update_sends_what_differs_and_the_balance(wanted, sent):
    """PUT says only what the file says and differs, and always what keeps the balance."""
    request = JWT.update(payload(wanted), CURRENT, idempotency_key="k")

    assert (json.loads(request.body or b"") if request else None) == sent


def test_an_unseen_balance_is_never_guessed():
    """Where the balance is not shown, an update that could zero it stops the run."""
    short = Customer(CUSTOMER, {"id": CUSTOMER, "firstName": "Ada"})

    with pytest.raises(SafetyStopError, match="balance"):
        JWT.update(payload({"firstName": "Bea"}), short, idempotency_key="k")

    assert JWT.update(payload({"firstName": "Bea", "points": 5}), short, idempotency_key="k")


def test_points_are_added_by_their_own_endpoint():
    """`points: add` never touches the balance in the customer's body."""
    (effect,) = KEYED.effects(payload({"email": "a@b.de"}, points_add=50), CUSTOMER)

    assert effect.request.path == f"{BASE}/{CUSTOMER}/points/add"
    assert effect.request.body == b'{"points":50}'
    assert (effect.promise, effect.key_header) == (Promise.KEYED, "Idempotency-Key")
    assert JWT.effects(payload({}, points_add=50), CUSTOMER)[0].promise is Promise.CREATE


@pytest.mark.parametrize(
    ("held", "recorded"),
    [
        pytest.param([], ["marketing_email", "analytics"], id="none"),
        pytest.param(
            [
                {"consentType": "marketing_email", "granted": True},
                {"consentType": "marketing_email", "granted": False},
            ],
            ["analytics"],
            id="newest-first",
        ),
        pytest.param(
            [
                {"consentType": "marketing_email", "granted": True},
                {"consentType": "analytics", "granted": False},
            ],
            None,
            id="all-there",
        ),
    ],
)
def test_consents_are_recorded_once(held, recorded):
    """A consent that the newest record says already is not appended again."""
    consents = {"marketing_email": True, "analytics": False, "policyVersion": "2026-01"}
    (effect,) = JWT.effects(payload({"consents": consents}), CUSTOMER)
    assert effect.request.is_read
    assert effect.then

    request = effect.then(answer(200, held))

    body = json.loads(request.body or b"") if request else {"consents": []}
    assert [c["consentType"] for c in body["consents"]] == (recorded or [])
    assert all(c["method"] == "migration" for c in body["consents"])
    assert (request is None) == (recorded is None)


DETAIL = {"detail": [{"loc": ["body", "points"], "msg": "not an integer", "type": "int_parsing"}]}


@pytest.mark.parametrize(
    ("request_", "response", "outcome"),
    [
        pytest.param(CREATE, answer(200, {"id": CUSTOMER}), "applied", id="created"),
        pytest.param(CREATE, answer(201, {"customerId": CUSTOMER}), "applied", id="old-id-name"),
        pytest.param(CREATE, answer(200, {"id": 17}), "applied", id="id-is-a-number"),
        pytest.param(CREATE, answer(200, {"id": True}), "unknown", id="id-is-a-truth-value"),
        pytest.param(CREATE, answer(200, {"id": ""}), "unknown", id="id-empty"),
        pytest.param(CREATE, answer(200, {"id": None}), "unknown", id="id-null"),
        pytest.param(CREATE, answer(200, {"id": "null"}), "unknown", id="id-null-text"),
        pytest.param(CREATE, answer(200, {"id": {"$oid": "1"}}), "unknown", id="id-object"),
        pytest.param(CREATE, answer(200, {"id": "x" * 129}), "unknown", id="id-too-long"),
        pytest.param(CREATE, answer(200, {"id": "a\nb"}), "unknown", id="id-with-control"),
        pytest.param(CREATE, answer(200, b'{"id": NaN}'), "unknown", id="id-nan"),
        pytest.param(CREATE, answer(200, []), "unknown", id="list"),
        pytest.param(CREATE, answer(200, b"<html>"), "unknown", id="not-json"),
        pytest.param(CREATE, answer(200, b"[" * 100_000), "unknown", id="too-deep"),
        pytest.param(CREATE, answer(204, b""), "unknown", id="no-content"),
        pytest.param(CREATE, answer(202, {}), "unknown", id="accepted-without-id"),
        pytest.param(UPDATE, answer(200, {"id": CUSTOMER}), "applied", id="updated"),
        pytest.param(UPDATE, answer(200, b""), "applied", id="updated-without-body"),
        pytest.param(UPDATE, answer(200, {"id": "other"}), "unknown", id="updated-another"),
        pytest.param(CREATE, answer(301, b""), "stop", id="redirect"),
        pytest.param(CREATE, answer(400, {"detail": "bad"}), "refused", id="jwt-400"),
        pytest.param(CREATE, answer(400, {"detail": "exists already? duplicate"}), "conflict", id="400-dup"),
        pytest.param(CREATE, answer(401, {"detail": "Invalid token"}), "unauthorized", id="401"),
        pytest.param(CREATE, answer(402, {"code": "api_subscription_inactive"}), "stop", id="402"),
        pytest.param(CREATE, answer(403, {"code": "forbidden", "message": "scope"}), "stop", id="403"),
        pytest.param(CREATE, answer(404, {"detail": "Program template not found"}), "stop", id="404-program"),
        pytest.param(UPDATE, answer(404, {"detail": "Customer not found"}), "refused", id="404-customer"),
        pytest.param(UPDATE, answer(404, {"detail": "Program not found"}), "stop", id="404-program-put"),
        pytest.param(CREATE, answer(408, b""), "unknown", id="408"),
        pytest.param(CREATE, answer(409, {"code": "conflict", "message": "key reused"}), "conflict", id="409-key"),
        pytest.param(CREATE, answer(409, {"detail": "exists"}), "conflict", id="409-duplicate"),
        pytest.param(CREATE, answer(413, b""), "refused", id="413"),
        pytest.param(CREATE, answer(422, DETAIL), "refused", id="422"),
        pytest.param(
            CREATE,
            answer(422, {"detail": "A member with this email or phone already exists."}),
            "conflict",
            id="422-duplicate",
        ),
        pytest.param(
            CREATE,
            answer(422, {"code": "validation_error", "message": "email already exists"}),
            "conflict",
            id="422-duplicate-key",
        ),
        pytest.param(
            CREATE,
            answer(422, {"detail": [{"loc": ["path", "programId"], "msg": "x", "type": "y"}]}),
            "stop",
            id="422-program",
        ),
        pytest.param(CREATE, answer(425, b""), "not_applied", id="425"),
        pytest.param(CREATE, answer(429, {"code": "rate_limited"}), "not_applied", id="429"),
        pytest.param(CREATE, answer(429, {"code": "monthly_quota_exceeded"}), "stop", id="429-month"),
        pytest.param(CREATE, answer(500, {"code": "internal_error"}), "unknown", id="500"),
        pytest.param(CREATE, answer(501, b""), "stop", id="501"),
        pytest.param(CREATE, answer(502, b"<html>"), "unknown", id="502"),
        pytest.param(CREATE, answer(503, b"", retry_after="3"), "unknown", id="503"),
        pytest.param(CREATE, answer(520, b""), "unknown", id="520"),
        pytest.param(LIST, answer(200, []), "applied", id="read-nobody"),
        pytest.param(LIST, answer(200, b"<html>"), "unknown", id="read-not-json"),
        pytest.param(LIST, answer(404, {"detail": "Program not found"}), "stop", id="read-no-program"),
        pytest.param(LIST, answer(422, DETAIL), "stop", id="read-refused"),
        pytest.param(LIST, answer(500, b""), "unknown", id="read-500"),
        pytest.param(LIST, answer(429, b""), "not_applied", id="read-429"),
        pytest.param(GET, answer(404, {"detail": "Customer not found"}), "applied", id="get-nobody"),
        pytest.param(GET, answer(401, b""), "unauthorized", id="read-401"),
    ],
)  # fmt: skip
def test_every_answer_has_one_meaning(request_, response, outcome):
    """What a documented or hostile answer says about its request."""
    assert JWT.meaning(request_, response).outcome == Outcome(outcome)


def test_an_applied_answer_names_the_customer():
    """A create carries the new id, an update the id of its path."""
    created = JWT.meaning(CREATE, answer(200, {"id": CUSTOMER}))
    updated = JWT.meaning(UPDATE, answer(200, {"id": CUSTOMER}))

    assert (created.status, created.remote_id) == (Status.CREATED, CUSTOMER)
    assert (updated.status, updated.remote_id) == (Status.UPDATED, CUSTOMER)


def test_a_refusal_leads_back_to_the_field():
    """Each entry of a 422 names the payload's field, without the value that was sent."""
    body = {
        "detail": [
            {
                "loc": ["body", "customFields", "age"],
                "msg": "too old",
                "type": "x",
                "input": "ada@x.de",
            }
        ]
    }

    found = JWT.meaning(CREATE, answer(422, body))

    assert [(p.field, p.message) for p in found.problems] == [("customFields.age", "too old")]
    assert found.message == "customFields.age: too old"


def test_the_used_up_month_is_named():
    """The hard quota stops the run with its name and the vendor's wait."""
    found = KEYED.meaning(
        CREATE, answer(429, {"code": "monthly_quota_exceeded", "message": "m"}, retry_after="60")
    )

    assert (found.quota, found.retry_after_s) == ("month", 60.0)


def test_no_contact_data_comes_back_in_messages():
    """The vendor's words are masked, in both error shapes."""
    for body in (
        {"detail": "ada.lovelace@example.com and +1 (202) 555-0143 already exist"},
        {
            "code": "conflict",
            "message": "ada.lovelace@example.com / 12025550143",
            "request_id": "r1",
        },
    ):
        message = JWT.meaning(CREATE, answer(409, body)).message

        assert "a***@e***" in message
        assert "***43" in message
        assert "lovelace" not in message
        assert "555" not in message


@pytest.mark.parametrize(
    ("body", "ids", "cursor", "total"),
    [
        pytest.param([], [], None, None, id="bare-empty-is-the-last"),
        pytest.param([{"id": "a"}], ["a"], "2:1", None, id="bare-short-may-go-on"),
        pytest.param({"customers": [{"id": "a"}], "total": 1}, ["a"], None, 1, id="total-reached"),
        pytest.param({"customers": [{"id": "a"}], "total": 9}, ["a"], "2:1", 9, id="capped-page"),
        pytest.param({"customers": [], "total": 9}, [], None, 9, id="empty-page-ends"),
    ],
)
def test_paging_ends_where_the_list_does(body, ids, cursor, total):
    """A page goes on until the total or, where none is told, an empty page."""
    page = JWT.page_of(None, answer(200, body))

    assert [c.remote_id for c in page.customers] == ids
    assert (page.next_cursor, page.total) == (cursor, total)


def test_page_requests_ask_for_250_and_a_total():
    """The first page is 1; a cursor carries the page number."""
    first, third = JWT.page(None), JWT.page("3:500")

    assert parse_qs(urlsplit(first.path).query) == {
        "page": ["1"],
        "limit": ["250"],
        "includeTotal": ["true"],
    }
    assert parse_qs(urlsplit(third.path).query)["page"] == ["3"]


def test_look_ups_are_encoded_and_compared_by_key():
    """A phone's plus survives the query, and what comes back is compared in one spelling."""
    assert "phone=%2B12025550143" in JWT.find("phone", "+12025550143").path
    assert JWT.find("id", "a/b").path == f"{BASE}/a%2Fb"
    assert JWT.keys_of(CURRENT) == {
        "id": CUSTOMER,
        "email": "ada@example.com",
        "phone": "+12025550143",
    }


def test_logging_in_sends_a_form_and_reads_the_token():
    """`POST /v2/token` takes a form and answers in camelCase."""
    connector = connector_for(
        "loyaltydog", program=PROGRAM, options={"username": "u@x.de", "password": "p&w"}
    )
    request = connector.sign_in()

    assert request
    assert request.content_type == "application/x-www-form-urlencoded"
    assert parse_qs((request.body or b"").decode()) == {
        "grant_type": ["password"],
        "username": ["u@x.de"],
        "password": ["p&w"],
    }
    assert connector.token_of(answer(200, {"accessToken": "eyJ", "tokenType": "bearer"})) == "eyJ"
    assert connector.token_of(answer(200, {"accessToken": None})) is None
    assert "p&w" not in repr(connector)
    assert JWT.sign_in() is None


def test_a_second_factor_is_said():
    """A log-in that waits for a second factor says which key to use instead."""
    with pytest.raises(CredentialsError, match="second factor"):
        JWT.token_of(answer(200, {"accessToken": None, "mfaPending": True}))


def test_programs_are_listed_by_id():
    """Names by id, in the vendor's order."""
    body = [{"id": "p1", "name": "Café"}, {"id": "p2", "name": None}, {"name": "x"}]

    assert JWT.programs_of(answer(200, body)) == {"p1": "Café", "p2": ""}


def test_without_a_program_nothing_is_sent():
    """Customers cannot be addressed without a program, and the text says where to name it."""
    with pytest.raises(BulkloadError, match="no LoyaltyDog program"):
        LoyaltyDog("").page(None)


def test_a_status_alone_never_proves_a_create():
    """No status is taken for applied without its body."""
    assert Outcome.APPLIED not in {meaning_of_status(status) for status in range(100, 600)}


def test_consent_is_said_by_yes_and_no_alone():
    """Whatever a mapping says of the column: the word `No` must not be stored as a yes."""
    field = connector_for("loyaltydog", program=PROGRAM).schema.field("initialConsentGranted.mail")

    assert field
    assert field.kind is Kind.BOOLEAN
