"""Voucherify's bulk updates, CSV imports and exports: queued, settled, reported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from bulkload.sandbox import VoucherifySwitches
from tests.sandbox.conftest import Desk

CUSTOMERS = "/v1/customers"
KEYS = {"x-app-id": "sandbox-app-id", "x-app-token": "sandbox-app-token"}


@pytest.fixture
def fy(desk_with: Callable[..., Desk]) -> Callable[..., Desk]:
    """Build a Voucherify desk with application keys; called with switches."""

    def build(**switches: Any) -> Desk:
        desk = desk_with(voucherify=VoucherifySwitches(**switches))
        desk.headers = dict(KEYS)
        return desk

    return build


def upload(desk: Desk, text: str, name: str = "file") -> Any:
    """Send a CSV as the multipart upload that browsers and SDKs make."""
    body = (
        f'--cut\r\nContent-Disposition: form-data; name="{name}"; filename="c.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{text}\r\n--cut--\r\n"
    ).encode()
    return desk.send(
        "POST", CUSTOMERS + "/importCSV", body, content_type="multipart/form-data; boundary=cut"
    )


def finished(desk: Desk, answer: Any) -> Any:
    """Let an action finish; return it."""
    assert answer.status == 202, answer
    desk.now += 60
    return desk.ask("GET", f"/v1/async-actions/{json.loads(answer.body)['async_action_id']}")


def test_a_bulk_update_upserts_and_reports(fy: Callable[..., Desk]) -> None:
    """Known rows change, unknown ones are created; the result counts, the report tells apart."""
    desk = fy()
    desk.ask("POST", CUSTOMERS, {"source_id": "a", "name": "Old", "email": "a@x.org"})

    rows = [{"source_id": "a", "name": "New"}, {"source_id": "b"}]
    action = finished(desk, desk.send("POST", CUSTOMERS + "/bulk/async", rows))

    assert (action["type"], action["status"], action["operation_status"], action["progress"]) == (
        "CUSTOMERS.BULK_UPDATE", "DONE", "SUCCESS", 100,
    )  # fmt: skip
    result = action["result"]
    assert (result["done_count"], result["failed_count"], result["errors"]) == (2, 0, [])
    assert desk.ask("GET", CUSTOMERS + "/a")["name"] == "New"
    assert desk.ask("GET", CUSTOMERS + "/a")["email"] == "a@x.org"
    path = result["reports"][0].removeprefix("http://127.0.0.1")
    report = desk.send("GET", path, x_app_id="").body.decode()
    assert report.splitlines() == ["source_id,found,updated", "a,true,true", "b,false,true"]
    assert desk.send("GET", path + "x", x_app_id="").status == 401


def test_actions_wait_for_those_before_them(fy: Callable[..., Desk]) -> None:
    """Actions are done in their order, each after its time; until then reads show nothing of it."""
    desk = fy(async_s=10)
    ids = [
        json.loads(desk.send("POST", CUSTOMERS + "/bulk/async", [row]).body)["async_action_id"]
        for row in ({"source_id": "a", "name": "1"}, {"source_id": "a", "name": "2"})
    ]

    def statuses() -> list[str]:
        return [desk.ask("GET", f"/v1/async-actions/{id_}")["status"] for id_ in ids]

    assert statuses() == ["IN_PROGRESS", "ENQUEUED"]
    assert desk.send("GET", CUSTOMERS + "/a").status == 404
    desk.now += 11
    assert statuses() == ["DONE", "IN_PROGRESS"]
    assert desk.ask("GET", CUSTOMERS + "/a")["name"] == "1"
    desk.now += 10
    assert statuses() == ["DONE", "DONE"]
    assert desk.ask("GET", CUSTOMERS + "/a")["name"] == "2"


def test_rows_that_fail_are_told_one_by_one(fy: Callable[..., Desk]) -> None:
    """A row that breaks the metadata schema fails alone, with its source_id."""
    desk = fy()
    schema = {"properties": {"lang": {"type": "string", "eq": ["en", "de"]}}}
    desk.ask("PUT", "/v1/metadata-schemas/customer", schema)
    rows = [
        {"source_id": "a", "metadata": {"lang": "en"}},
        {"source_id": "b", "metadata": {"lang": "xx"}},
    ]

    action = finished(desk, desk.send("POST", CUSTOMERS + "/bulk/async", rows))

    assert (action["result"]["done_count"], action["result"]["failed_count"]) == (1, 1)
    (problem,) = action["result"]["errors"]
    assert (problem["source_id"], problem["key"]) == ("b", "metadata_validation_failed")
    assert set(problem) == {"message", "details", "key", "source_id"}
    assert desk.send("GET", CUSTOMERS + "/b").status == 404


def test_wrong_metadata_refuses_the_whole_request_if_switched(fy: Callable[..., Desk]) -> None:
    """With `request` one wrong row refuses all of them at once."""
    desk = fy(bulk_metadata_failure="request")
    schema = {"properties": {"lang": {"type": "string"}}}
    desk.ask("PUT", "/v1/metadata-schemas/customer", schema)

    rows = [{"source_id": "a"}, {"source_id": "b", "metadata": {"lang": 5}}]

    assert desk.send("POST", CUSTOMERS + "/bulk/async", rows).status == 400


@pytest.mark.parametrize(
    ("switches", "rows", "details"),
    [
        pytest.param({}, {}, "Payload should be array", id="object"),
        pytest.param({}, [], "The payload cannot be empty", id="empty"),
        pytest.param({}, [5], "Payload items should be object", id="numbers"),
        pytest.param(
            {}, [{"name": "x"}], "Payload should have required property 'source_id'", id="no-source-id"
        ),
        pytest.param({}, [{"source_id": 5}], "Property .source_id should be string", id="wrong-type"),
        pytest.param(
            {"bulk_rows_max": 1}, [{"source_id": "a"}] * 2,
            "Payload should NOT have more than 1 items", id="too-many-rows",
        ),
    ],
)  # fmt: skip
def test_wrong_bulk_requests_are_refused(
    fy: Callable[..., Desk], switches: dict[str, int], rows: Any, details: str
) -> None:
    """Shape errors of a bulk request are answered at once with 400."""
    answer = fy(**switches).send("POST", CUSTOMERS + "/bulk/async", rows)

    assert (answer.status, json.loads(answer.body)["details"]) == (400, details)


def test_metadata_is_updated_for_many(fy: Callable[..., Desk]) -> None:
    """metadata/async upserts the same metadata for every source_id."""
    desk = fy()
    desk.ask("POST", CUSTOMERS, {"source_id": "a", "metadata": {"old": 1}})
    body = {"source_ids": ["a", "b"], "metadata": {"lang": "en"}}

    action = finished(desk, desk.send("POST", CUSTOMERS + "/metadata/async", body))

    assert action["type"] == "CUSTOMERS.METADATA_UPDATE"
    assert desk.ask("GET", CUSTOMERS + "/a")["metadata"] == {"old": 1, "lang": "en"}
    assert desk.ask("GET", CUSTOMERS + "/b")["metadata"] == {"lang": "en"}


@pytest.mark.parametrize(
    ("body", "key", "details"),
    [
        pytest.param(
            {"source_ids": [], "metadata": {}}, "not_enough_source_ids",
            "Specify at least 1 source_id", id="none",
        ),
        pytest.param(
            {"source_ids": ["a"]}, "invalid_payload",
            "Payload should have required property 'metadata'", id="no-metadata",
        ),
        pytest.param(
            {"metadata": {}}, "invalid_payload",
            "Payload should have required property 'source_ids'", id="no-ids",
        ),
        pytest.param(
            {"source_ids": "a", "metadata": {}}, "invalid_payload",
            "Property .source_ids should be array of string", id="ids-text",
        ),
    ],
)  # fmt: skip
def test_wrong_metadata_requests_are_refused(
    fy: Callable[..., Desk], body: dict[str, Any], key: str, details: str
) -> None:
    """metadata/async has the documented refusals."""
    error = json.loads(fy().send("POST", CUSTOMERS + "/metadata/async", body).body)

    assert (error["key"], error["details"]) == (key, details)


def test_actions_are_listed_without_results(fy: Callable[..., Desk]) -> None:
    """The list is newest first, paged by limit and end_date, and omits results."""
    desk = fy()
    for source_id in "abc":
        desk.now += 1
        desk.send("POST", CUSTOMERS + "/bulk/async", [{"source_id": source_id}])
    desk.now += 10

    listed = desk.ask("GET", "/v1/async-actions?limit=2")

    assert (listed["data_ref"], listed["has_more"]) == ("async_actions", True)
    created = [action["created_at"] for action in listed["async_actions"]]
    assert created == sorted(created, reverse=True)
    assert "result" not in listed["async_actions"][0]
    rest = desk.ask("GET", f"/v1/async-actions?end_date={created[-1]}")
    assert (len(rest["async_actions"]), rest["has_more"]) == (1, False)
    wrong = desk.send("GET", "/v1/async-actions?end_date=soon")
    assert json.loads(wrong.body)["details"] == (
        "Property .end_date cannot be recognized as a ISO-8601 compliant date"
    )
    missing = json.loads(desk.send("GET", "/v1/async-actions/aa_1").body)
    assert missing["resource_type"] == "async_action"


def test_a_csv_overwrites_whole_customers(fy: Callable[..., Desk]) -> None:
    """ImportCSV replaces: what the file does not name is lost, metadata is text unless declared."""
    desk = fy()
    known = {"source_id": "a", "description": "old", "metadata": {"x": 1}}
    created = desk.ask("POST", CUSTOMERS, known)
    schema = {"properties": {
        "age": {"type": "number"}, "vip": {"type": "boolean"},
        "tags": {"type": "string", "array": True},
    }}  # fmt: skip
    desk.ask("PUT", "/v1/metadata-schemas/customer", schema)

    text = 'source_id,Name,City,Address_Country,age,vip,tags,shoe\na,Ann,Rome,IT,5,true,"n,f",42\n'
    action = finished(desk, upload(desk, text))

    assert action["type"] == "CUSTOMERS.IMPORT_CSV"
    assert action["result"] == {
        "message": "1 customer(s) imported successfully, 0 failed.",
        "failed": [],
        "done_count": 1,
        "failed_count": 0,
    }
    ann = desk.ask("GET", CUSTOMERS + "/a")
    assert (ann["id"], ann["name"], ann.get("description")) == (created["id"], "Ann", None)
    assert ann["address"] == {"city": "Rome", "country": "IT"}
    assert ann["metadata"] == {"age": 5, "vip": True, "tags": ["n", "f"], "shoe": "42"}


def test_rows_of_a_csv_fail_with_their_number(fy: Callable[..., Desk]) -> None:
    """Row numbers begin with 1 below the header; a wrong boolean drops the whole row."""
    desk = fy()
    desk.ask("PUT", "/v1/metadata-schemas/customer", {"properties": {"vip": {"type": "boolean"}}})
    text = "Source_id,Phone,vip\na,+15123456789,true\nb,+15123456789,yes\nc,12,false\nd,,null\n"

    result = finished(desk, upload(desk, text))["result"]

    assert result["message"] == "2 customer(s) imported successfully, 2 failed."
    assert result["failed"] == [
        {"source_id": "b", "row": 2, "reason": "vip: must be a boolean"},
        {"source_id": "c", "row": 3, "reason": "Invalid phone format"},
    ]
    assert desk.ask("GET", CUSTOMERS)["total"] == 2


@pytest.mark.parametrize(
    ("text", "name", "details"),
    [
        pytest.param("a\n1\n", "other", "required property 'file'", id="no-part"),
        pytest.param("", "file", "no header row", id="empty"),
        pytest.param("Source id,Name\n1,2\n", "file", "spaces", id="spaces-in-headers"),
        pytest.param('Name\n"open\n', "file", "not CSV", id="open-quote"),
    ],
)
def test_wrong_uploads_are_refused(
    fy: Callable[..., Desk], text: str, name: str, details: str
) -> None:
    """An upload without a usable file gets 400."""
    answer = upload(fy(), text, name)

    assert answer.status == 400
    assert details in json.loads(answer.body)["details"]


def test_an_export_is_scheduled_then_downloaded(fy: Callable[..., Desk]) -> None:
    """A scheduled export is done later; its address holds the token that opens the file."""
    desk = fy()
    declared = {"properties": {"lang": {"type": "string"}}}
    desk.ask("PUT", "/v1/metadata-schemas/customer", declared)
    for name in ("Ann", "Bob"):
        desk.now += 1
        metadata = {"lang": "en", "free": "lost"}
        body = {"source_id": name, "name": name, "metadata": metadata, "address": {"city": "R"}}
        desk.ask("POST", CUSTOMERS, body)
    fields = ["name", "source_id", "address_city", "metadata", "loyalty_points"]
    parameters = {"order": "created_at", "fields": fields, "filters": None}

    export = desk.ask(
        "POST", "/v1/exports", {"exported_object": "customer", "parameters": parameters}
    )

    assert (export["status"], export["result"]) == ("SCHEDULED", None)
    assert desk.ask("GET", f"/v1/exports/{export['id']}")["status"] == "SCHEDULED"
    desk.now += 1
    done = desk.ask("GET", f"/v1/exports/{export['id']}")
    assert done["status"] == "DONE"
    path = done["result"]["url"].removeprefix("http://127.0.0.1")
    file = desk.send("GET", path)
    assert file.content_type == "text/plain"
    assert list(csv.reader(io.StringIO(file.body.decode()))) == [
        ["name", "source_id", "address_city", "loyalty_points", "lang"],
        ["Ann", "Ann", "R", "0", "en"],
        ["Bob", "Bob", "R", "0", "en"],
    ]
    wrong = desk.send("GET", path + "x")
    assert json.loads(wrong.body) == {"code": 401, "message": "Unauthorized", "key": "unauthorized"}
    assert desk.ask("GET", "/v1/exports")["total"] == 1
    assert desk.send("DELETE", f"/v1/exports/{export['id']}").status == 204
    assert desk.send("GET", f"/v1/exports/{export['id']}").status == 404
    assert desk.send("DELETE", f"/v1/exports/{export['id']}").status == 404


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param({"name": {"conditions": {"$is": ["Ann"]}}}, ["Ann"], id="is"),
        pytest.param({"name": {"conditions": {"$in": ["Ann", "Bob"]}}}, ["Bob", "Ann"], id="in"),
        pytest.param({"name": {"conditions": {"$not_in": ["Ann"]}}}, ["Cy", "Bob"], id="not-in"),
        pytest.param({"name": {"conditions": {"$starts_with": ["B"]}}}, ["Bob"], id="starts"),
        pytest.param({"name": {"conditions": {"$ends_with": ["y"]}}}, ["Cy"], id="ends"),
        pytest.param({"name": {"conditions": {"$contains": ["n"]}}}, ["Ann"], id="contains"),
        pytest.param({"city": {"conditions": {"$is": ["X1"]}}}, ["Bob"], id="city"),
        pytest.param({"metadata.n": {"conditions": {"$more_than": ["0"]}}}, ["Cy", "Bob"], id="more"),
        pytest.param({"metadata.n": {"conditions": {"$less_than": ["1"]}}}, ["Ann"], id="less"),
        pytest.param({"email": {"conditions": {"$is_unknown": [""]}}}, ["Cy", "Bob", "Ann"], id="no"),
        pytest.param({"email": {"conditions": {"$has_value": [""]}}}, [], id="has-value"),
        pytest.param(
            {"created_at": {"conditions": {"$after": ["2026-05-28T20:26:41.500Z"]}}},
            ["Cy", "Bob"], id="after",
        ),
        pytest.param(
            {"junction": "or", "name": {"conditions": {"$is": ["Ann"]}},
             "city": {"conditions": {"$is": ["X2"]}}}, ["Cy", "Ann"], id="or",
        ),
    ],
)  # fmt: skip
def test_exports_are_filtered(
    fy: Callable[..., Desk], filters: dict[str, Any], names: list[str]
) -> None:
    """Filters take arrays of values and combine by their junction."""
    desk = fy(export_s=0, export_headers="human")
    for number, name in enumerate(("Ann", "Bob", "Cy")):
        desk.now += 1
        address, metadata = {"city": f"X{number}"}, {"n": number}
        desk.ask("POST", CUSTOMERS, {"name": name, "address": address, "metadata": metadata})
    parameters = {"filters": filters, "fields": ["name"]}
    body = {"exported_object": "customer", "parameters": parameters}
    export = desk.ask("POST", "/v1/exports", body)

    url = desk.ask("GET", f"/v1/exports/{export['id']}")["result"]["url"]
    file = desk.send("GET", url.removeprefix("http://127.0.0.1")).body.decode()

    assert file.splitlines() == ["Name", *names]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        pytest.param({}, "invalid_payload", id="nothing"),
        pytest.param({"exported_object": "cat"}, "invalid_payload", id="object"),
        pytest.param(
            {"exported_object": "customer", "parameters": {"fields": ["shoe"]}},
            "invalid_export_fields", id="field",
        ),
        pytest.param(
            {"exported_object": "customer", "parameters": {"order": "shoe"}},
            "invalid_payload", id="order",
        ),
        pytest.param(
            {"exported_object": "customer", "parameters": 5}, "invalid_payload", id="parameters"
        ),
    ],
)  # fmt: skip
def test_wrong_exports_are_refused(fy: Callable[..., Desk], body: Any, key: str) -> None:
    """Objects, fields and orders beyond the documented ones get 400."""
    assert json.loads(fy().send("POST", "/v1/exports", body).body)["key"] == key
