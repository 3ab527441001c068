"""Voucherify: single requests, the list beyond 9,900, the metadata schema and both bulk lanes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bulkload.connectors import base_url_of, connector_for
from bulkload.connectors.base import HasBulkLane, Outcome, Promise
from bulkload.connectors.voucherify import LAST_PAGE, Voucherify
from bulkload.connectors.voucherify_bulk import AsyncLane, CsvLane
from bulkload.errors import BulkloadError
from bulkload.records import Action, Customer, Field, Kind, Payload, Severity, Status
from bulkload.settings import ProfileOptions, resolve
from bulkload.wire import Request, Response

SYSTEM = Voucherify(app_id="app")
CREATE = Request("POST", "/v1/customers", b"{}")
UPDATE = Request("PUT", "/v1/customers/cust_1", b"{}")
GET = Request("GET", "/v1/customers/cust_1")
LIST = Request("GET", "/v1/customers?limit=100")
BULK = Request("POST", "/v1/customers/bulk/async", b"[]")
NOT_FOUND = {"code": 404, "key": "not_found", "message": "Resource not found"}


def answer(status: int, body: Any = None, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def payload(body: dict[str, Any], number: int = 2, action: Action = Action.CREATE) -> Payload:
    raw = json.dumps(body, separators=(",", ":")).encode()
    return Payload(number, {"source_id": body.get("source_id", "")}, raw, action)


@pytest.mark.parametrize(
    ("request_", "response", "outcome", "status"),
    [
        pytest.param(
            CREATE, answer(200, {"id": "cust_1"}), "applied", Status.CREATED, id="created"
        ),
        pytest.param(
            CREATE,
            answer(200, {"id": "cust_1", "updated_at": "2026-01-01T00:00:00.000Z"}),
            "applied",
            Status.UPDATED,
            id="existed",
        ),
        pytest.param(CREATE, answer(200, {"id": None}), "unknown", None, id="no-id"),
        pytest.param(CREATE, answer(200, b"<html>"), "unknown", None, id="not-json"),
        pytest.param(UPDATE, answer(200, {"id": "cust_1"}), "applied", Status.UPDATED, id="put"),
        pytest.param(UPDATE, answer(404, NOT_FOUND), "refused", None, id="put-nobody"),
        pytest.param(GET, answer(404, NOT_FOUND), "applied", None, id="get-nobody"),
        pytest.param(GET, answer(200, {"id": "cust_1"}), "applied", None, id="get"),
        pytest.param(LIST, answer(400, {"code": 400}), "stop", None, id="list-refused"),
        pytest.param(CREATE, answer(400, {"key": "invalid_payload"}), "refused", None, id="400"),
        pytest.param(CREATE, answer(401, {"key": "unauthorized"}), "unauthorized", None, id="401"),
        pytest.param(CREATE, answer(402, {}), "stop", None, id="402"),
        pytest.param(CREATE, answer(403, {"key": "wrong_api_endpoint"}), "stop", None, id="403"),
        pytest.param(CREATE, answer(409, {"key": "duplicate_found"}), "conflict", None, id="409"),
        pytest.param(CREATE, answer(423, {}), "not_applied", None, id="423"),
        pytest.param(CREATE, answer(429, {"code": 429}), "not_applied", None, id="429"),
        pytest.param(
            CREATE, answer(429, {}, x_rate_limit_type="api_calls_cycle"), "stop", None, id="cycle"
        ),
        pytest.param(CREATE, answer(500, b""), "unknown", None, id="500"),
        pytest.param(BULK, answer(202, {"async_action_id": "aa_1"}), "accepted", None, id="bulk"),
        pytest.param(BULK, answer(202, {}), "unknown", None, id="bulk-without-job"),
        pytest.param(BULK, answer(413, {"statusCode": 413}), "refused", None, id="bulk-too-large"),
    ],
)
def test_every_answer_has_one_meaning(request_, response, outcome, status):
    """What a documented or hostile answer says about its request."""
    found = SYSTEM.meaning(request_, response)

    assert found.outcome == Outcome(outcome)
    assert status is None or found.status is status


def test_a_schema_violation_leads_back_to_the_metadata():
    """`details` names the metadata that the schema refuses."""
    body = {
        "code": 400,
        "key": "metadata_validation_failed",
        "message": "Metadata validation failed",
        "details": "tier: must be a string, must be equal to one of Gold (actual value is 'x')",
    }

    found = SYSTEM.meaning(CREATE, answer(400, body))

    assert [p.field for p in found.problems] == ["metadata.tier"]
    assert "must be a string" in found.message


def test_a_missing_property_is_named():
    """A payload error names the property."""
    body = {"key": "invalid_payload", "details": "Payload should have required property 'x'. Property .email should be string"}  # fmt: skip

    assert [p.field for p in SYSTEM.meaning(CREATE, answer(400, body)).problems] == ["x", "email"]


def test_a_pace_is_waited_for_until_the_announced_moment():
    """Without Retry-After the moment in the vendor's own header counts."""
    asked = SYSTEM.meaning(CREATE, answer(429, {}, retry_after="9")).retry_after_s
    past = SYSTEM.meaning(CREATE, answer(429, {}, x_rate_limit_retry="1700000000")).retry_after_s

    assert (asked, past) == (9.0, 0.0)


CURRENT = Customer(
    "cust_1",
    {
        "id": "cust_1",
        "source_id": "s1",
        "name": "Ada",
        "birthdate": "1990-05-01T00:00:00.000Z",
        "address": {"city": "Bonn", "country": "DE"},
        "metadata": {"vip": True, "age": 7},
        "created_at": "2026-01-01T00:00:00.000Z",
    },
)


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        pytest.param(
            {"source_id": "s1", "name": "Ada", "birthdate": "1990-05-01"}, None, id="same"
        ),
        pytest.param({"metadata": {"age": "7", "vip": "true"}}, None, id="typed-elsewhere"),
        pytest.param({"source_id": "s2"}, None, id="source-id-never-changes"),
        pytest.param({"name": "Bea"}, {"name": "Bea"}, id="one-field"),
        pytest.param(
            {"address": {"city": "Köln"}},
            {"address": {"city": "Köln", "country": "DE"}},
            id="address",
        ),
        pytest.param(
            {"metadata": {"age": 8}}, {"metadata": {"vip": True, "age": 8}}, id="metadata"
        ),
    ],
)
def test_an_update_patches_what_differs(wanted, sent):
    """PUT says only what differs; objects whose merging is undocumented go whole."""
    request = SYSTEM.update(payload(wanted), CURRENT, idempotency_key="")

    assert (json.loads(request.body or b"") if request else None) == sent


def test_rows_without_an_identity_are_refused_beforehand():
    """The schema asks for source_id or id, because a POST without them always creates."""
    assert SYSTEM.schema.one_of == ("source_id", "id")
    assert SYSTEM.promises().create is Promise.UPSERT


def test_both_kinds_of_credentials():
    """Application keys go in two headers; OAuth signs in with them for a bearer token."""
    assert SYSTEM.authorization("t") == {"X-App-Id": "app", "X-App-Token": "t"}
    assert SYSTEM.sign_in() is None
    oauth = connector_for(
        "voucherify", options={"auth": "oauth", "app_id": "app", "app_token": "secret"}
    )
    request = oauth.sign_in()

    assert request
    assert request.headers == {"X-App-Id": "app", "X-App-Token": "secret"}
    assert parse_qs((request.body or b"").decode())["grant_type"] == ["client_credentials"]
    assert oauth.token_of(answer(200, {"access_token": "tok"})) == "tok"
    assert oauth.authorization("tok") == {"Authorization": "Bearer tok"}
    assert "secret" not in repr(oauth)


def test_clusters_have_their_own_addresses():
    """A cluster is named by region; an unknown one is refused with a suggestion."""
    assert base_url_of("voucherify") == "https://api.voucherify.io"
    assert base_url_of("voucherify", {"cluster": "us1"}) == "https://us1.api.voucherify.io"
    with pytest.raises(BulkloadError, match="no cluster"):
        base_url_of("voucherify", {"cluster": "us2"})
    with pytest.raises(BulkloadError, match="no plan"):
        Voucherify(plan="busines")


def listing(count: int, *, since: str = "", per_ms: int = 7) -> list[dict[str, str]]:
    """Customers in order of creation, several in each millisecond."""
    moments = [n // per_ms for n in range(count)]
    stamps = [
        f"2026-01-01T00:{n // 60_000:02d}:{n // 1000 % 60:02d}.{n % 1000:03d}Z" for n in moments
    ]
    all_of_them = [{"id": f"cust_{n}", "created_at": at} for n, at in enumerate(stamps)]
    return [c for c in all_of_them if c["created_at"] > since]


def walked(customers: list[dict[str, str]]) -> tuple[list[str], int, set[int | None]]:
    cursor: str | None = None
    ids: list[str] = []
    totals: set[int | None] = set()
    windows: dict[str, list[dict[str, str]]] = {}
    calls = 0
    while True:
        query = parse_qs(urlsplit(SYSTEM.page(cursor).path).query)
        since = query.get("created_at[after]", [""])[0]
        number = int(query["page"][0])
        assert 1 <= number <= LAST_PAGE
        if since not in windows:
            windows[since] = [c for c in customers if c["created_at"] > since]
        shown = windows[since]
        body = {
            "object": "list",
            "customers": shown[(number - 1) * 100 : number * 100],
            "total": len(shown),
        }
        page = SYSTEM.page_of(cursor, answer(200, body))
        ids += [c.remote_id for c in page.customers]
        totals.add(page.total)
        cursor, calls = page.next_cursor, calls + 1
        if cursor is None:
            return ids, calls, totals


def test_the_list_goes_on_beyond_the_last_page():
    """25,000 customers, seven to a millisecond: everyone comes, the borders twice."""
    ids, calls, totals = walked(listing(25_000))

    assert len(set(ids)) == 25_000
    assert len(ids) - len(set(ids)) <= 2 * 2 * 7
    assert calls <= 253
    assert totals == {25_000, None}


def test_a_strict_border_without_overlap_would_lose_customers():
    """The control: beginning strictly after the newest moment seen skips its twins."""
    customers = listing(9_999 + 1)
    border = customers[9_899]["created_at"]

    assert len(customers[:9_900]) + len(listing(10_000, since=border)) < 10_000


def test_a_list_that_cannot_go_on_says_so():
    """More than 9,900 customers in one millisecond end with a remedy, not with a silent gap."""
    with pytest.raises(BulkloadError, match="same millisecond"):
        walked(listing(20_000, per_ms=20_000))


SCHEMA_BODY = {
    "properties": {
        "age": {"type": "number", "optional": True, "array": False},
        "tier": {"type": "string", "optional": False, "eq": ["Gold", "Silver"]},
        "tags": {"type": "string", "optional": True, "array": True},
    },
    "allow_defined_only": True,
}


@pytest.mark.parametrize(
    ("fields", "complaints"),
    [
        pytest.param([Field("metadata.tier")], [], id="fits"),
        pytest.param([], [("metadata.tier", "reject")], id="required"),
        pytest.param(
            [Field("metadata.tier"), Field("metadata.agee", Kind.INTEGER)],
            [("metadata.agee", "reject")],
            id="undefined",
        ),
        pytest.param(
            [Field("metadata.tier"), Field("metadata.age")], [("metadata.age", "reject")], id="kind"
        ),
        pytest.param(
            [Field("metadata.tier", Kind.CHOICE, choices=("Gold", "Bronze"))],
            [("metadata.tier", "reject")],
            id="choice",
        ),
        pytest.param(
            [Field("metadata.tier"), Field("metadata.tags")],
            [("metadata.tags", "reject")],
            id="list",
        ),
        pytest.param([Field("metadata.tier"), Field("name")], [], id="ordinary-fields-are-left"),
    ],
)
def test_metadata_is_checked_against_the_schema(fields, complaints):
    """What the schema would refuse is known before the first row is sent."""
    definitions = SYSTEM.definitions_of(answer(200, SCHEMA_BODY))

    found = SYSTEM.check(definitions, fields)

    assert [(p.field, p.severity.value) for p in found] == complaints


def test_an_open_schema_only_warns():
    """Where undefined metadata is kept as text, a misspelling is a warning with a suggestion."""
    definitions = SYSTEM.definitions_of(answer(200, {**SCHEMA_BODY, "allow_defined_only": False}))

    (found,) = SYSTEM.check(definitions, [Field("metadata.tier"), Field("metadata.agee")])

    assert found.severity is Severity.WARN
    assert "did you mean `age`" in found.message


def test_a_project_without_a_schema_allows_anything():
    """404 on the schema is an answer, not an error."""
    response = answer(404, NOT_FOUND)

    assert SYSTEM.meaning(SYSTEM.definitions(), response).outcome is Outcome.APPLIED
    assert SYSTEM.definitions_of(response).by_name == {}


def test_headers_announce_the_limit():
    """`X-Rate-Limit-*`, with a hyphen more than elsewhere, and its moment of renewal."""
    headers = {
        "x_rate_limit_limit": "100",
        "x_rate_limit_remaining": "42",
        "x_rate_limit_retry": "1767614430",
        "x_rate_limit_type": "bulk_api_calls",
    }

    found = SYSTEM.observe(answer(200, {}, **headers), now_epoch_s=1767614400.0)

    assert found
    assert (found.limit, found.remaining, found.reset_s) == (100, 42, 30.0)
    assert found.name == "bulk_api_calls"
    assert SYSTEM.observe(answer(200, {}), now_epoch_s=0.0) is None


ROWS = [payload({"source_id": f"s{n}", "name": f"N{n}"}, n + 2) for n in range(10)]


def test_ten_thousand_rows_are_a_handful_of_calls():
    """The bulk lane takes 10,000 rows in at most ten calls, in order, below 10 MB each."""
    rows = [payload({"source_id": f"s{n}", "name": "x" * 200}, n) for n in range(10_000)]

    batches = list(AsyncLane().batches(rows))

    assert len(batches) <= 9
    assert [p.row_number for b in batches for p in b.payloads] == list(range(10_000))
    assert all(len(b.request.body or b"") < 10_000_000 for b in batches)
    assert json.loads(batches[0].request.body or b"")[0] == json.loads(rows[0].body)


def test_batches_stay_below_the_size():
    """No request exceeds the limit, whatever the rows weigh."""
    lane = AsyncLane(max_bytes=500)

    batches = list(
        lane.batches([payload({"source_id": f"s{n}", "name": "x" * 90}) for n in range(40)])
    )

    assert all(len(b.request.body or b"") <= 502 for b in batches)
    assert sum(len(b.payloads) for b in batches) == 40


def test_one_batch_never_holds_a_source_id_twice():
    """What the vendor does with twins inside one array is unknown, so there are none."""
    rows = [payload({"source_id": key}) for key in "aba"]

    assert [len(b.payloads) for b in AsyncLane().batches(rows)] == [2, 1]


def test_a_batch_that_is_too_large_is_halved():
    """413 splits the batch; a single row stays itself."""
    lane = AsyncLane()
    (batch,) = lane.batches(ROWS)

    halves = lane.halves(batch)

    assert [len(half.payloads) for half in halves] == [5, 5]
    (single,) = lane.batches(ROWS[:1])
    assert lane.halves(single) == (single,)


@pytest.mark.parametrize("lane", [AsyncLane(), CsvLane()], ids=["async", "csv"])
def test_rows_with_an_id_go_singly(lane):
    """The lanes know customers by source_id only."""
    assert lane.takes(ROWS[0])
    assert not lane.takes(payload({"id": "cust_1", "source_id": "s"}))
    assert not lane.takes(payload({"name": "x"}))


def done(**result: Any) -> Response:
    return answer(200, {"id": "aa_1", "status": "DONE", "progress": 100, "result": result})


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(
            done(done_count=3, failed_count=0, errors=[]), "applied applied applied", id="all"
        ),
        pytest.param(
            done(done_count=2, failed_count=1, errors=[{"source_id": "s1", "message": "bad"}]),
            "applied refused applied",
            id="one-refused",
        ),
        pytest.param(
            done(done_count=2, failed_count=1, errors=[{"message": "no source id"}]),
            "unknown unknown unknown",
            id="unnamed-failure",
        ),
        pytest.param(done(done_count=2, failed_count=0), "unknown unknown unknown", id="lost-row"),
        pytest.param(
            done(
                done_count=2,
                failed_count=0,
                results=[{"source_id": "s0", "updated": True, "found": True}],
            ),
            "applied unknown unknown",
            id="inline-results",
        ),
        pytest.param(done(), "unknown unknown unknown", id="without-counts"),
        pytest.param(
            answer(200, {"status": "FAILED", "result": None}),
            "unknown unknown unknown",
            id="failed",
        ),
    ],
)
def test_a_finished_batch_is_told_row_by_row(response, expected):
    """Every row gets its own meaning, and what the counts do not account for is unknown."""
    lane = AsyncLane()
    (batch,) = lane.batches(ROWS[:3])

    found = lane.progress(batch, response)

    assert found.finished
    assert [found.outcomes[n].outcome.value for n in (2, 3, 4)] == expected.split()


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(answer(200, {"status": "ENQUEUED"}), id="queued"),
        pytest.param(answer(200, {"status": "IN_PROGRESS", "progress": 40}), id="in-progress"),
        pytest.param(answer(500, b""), id="server-failure"),
        pytest.param(answer(200, b"<html>"), id="not-json"),
    ],
)
def test_an_unfinished_batch_is_asked_for_again(response):
    """Anything but DONE and FAILED is polled again."""
    lane = AsyncLane()
    (batch,) = lane.batches(ROWS[:1])

    assert not lane.progress(batch, response).finished


def test_the_csv_lane_is_taken_only_on_request_and_says_its_danger():
    """The lane that overwrites has to be named, and says why."""
    assert isinstance(SYSTEM, HasBulkLane)
    assert isinstance(SYSTEM.bulk_lane(), AsyncLane)
    assert "overwrites" in SYSTEM.bulk_lane("csv").danger
    with pytest.raises(BulkloadError, match="no bulk lane"):
        SYSTEM.bulk_lane("xml")


def test_the_csv_file_has_the_templates_headers():
    """Attributes under the template's headers, metadata as columns, everything quoted by csv."""
    row = payload(
        {
            "source_id": "s1",
            "name": 'Ada "L", x',
            "address": {"city": "Bonn"},
            "metadata": {"vip": True, "tags": ["a", "b"]},
        }
    )

    (batch,) = CsvLane().batches([row])

    text = (batch.request.body or b"").decode()
    assert 'name="file"' in text
    assert 'Source_id,Name,City,vip,tags\ns1,"Ada ""L"", x",Bonn,true,"a,b"\n' in text
    assert batch.request.content_type.startswith("multipart/form-data; boundary=")


def test_a_profiles_cluster_is_its_address(tmp_path, monkeypatch):
    """A profile may name the region instead of the address; `--base-url` still has the last word."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bulkload.yaml").write_text(
        "profiles:\n  us:\n    connector: voucherify\n    options: {cluster: us1}\n", "utf-8"
    )

    assert resolve(ProfileOptions(profile="us")).base_url == "https://us1.api.voucherify.io"
    local = ProfileOptions(profile="us", base_url="http://127.0.0.1:1")
    assert resolve(local).base_url == "http://127.0.0.1:1"
