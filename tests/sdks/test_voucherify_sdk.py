"""The official `voucherify` package drives every customer operation against the sandbox.

    pip install --group sdks
    python -m pytest tests/sdks

Every answer is parsed by the SDK and, as it came, fits the documented schemas.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bulkload.sandbox import Sandbox, SandboxOptions, VoucherifySwitches
from tests.sdks.schemas import (
    FY_ACTION,
    FY_ACTIONS,
    FY_BULK_RESULT,
    FY_CSV_RESULT,
    FY_CUSTOMER,
    FY_CUSTOMERS,
    FY_DELETION,
    FY_ERROR,
    FY_EXPORT,
    FY_QUEUED,
    fits,
)

voucherify = pytest.importorskip(
    "voucherify", reason="voucherify is not installed: pip install --group sdks"
)

ANN = {
    "source_id": "ann@example.com",
    "name": "Ann Lee",
    "email": "ann@example.com",
    "phone": "+15123456789",
    "birthdate": "1990-05-01",
    "address": {"city": "Rome", "country": "IT"},
    "metadata": {"lang": "it", "vip": True},
}


@pytest.fixture
def client_for() -> Iterator[Callable[..., Any]]:
    """Build the SDK's clients, and close what they would leave open."""
    opened = []

    def build(sandbox: Sandbox, token: str = "sandbox-app-token") -> Any:  # noqa: S107 - opens nothing else
        keys = {"X-App-Id": "sandbox-app-id", "X-App-Token": token}
        configuration = voucherify.Configuration(host=sandbox.base_url, api_key=keys, retries=False)
        opened.append(voucherify.ApiClient(configuration))
        return opened[-1]

    yield build
    for client in opened:
        client.rest_client.pool_manager.clear()


@pytest.fixture
def quick() -> Iterator[Sandbox]:
    """Serve a sandbox whose asynchronous actions are done at once."""
    with Sandbox(SandboxOptions(voucherify=VoucherifySwitches(async_s=0, export_s=0))) as running:
        yield running


@pytest.fixture
def client(client_for: Callable[..., Any], quick: Sandbox) -> Any:
    """The SDK's client, pointed at the sandbox."""
    return client_for(quick)


@pytest.fixture
def customers(client: Any) -> Any:
    """The SDK's operations on customers."""
    return voucherify.CustomersApi(client)


def raw(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Return the JSON that came, after the SDK has parsed it."""
    answer = call(*arguments, **named)
    assert answer.data is not None
    return json.loads(answer.raw_data)


def create(customers: Any, **fields: Any) -> Any:
    body = voucherify.CustomersCreateRequestBody.from_dict(ANN | fields)
    return fits(raw(customers.create_customer_with_http_info, body), FY_CUSTOMER)


def finished(client: Any, answer: Any, result: Any) -> Any:
    """Return the action that a queued call led to."""
    queued = fits(json.loads(answer.raw_data), FY_QUEUED)
    actions = voucherify.AsyncActionsApi(client)
    action = fits(
        raw(actions.get_async_action_with_http_info, queued["async_action_id"]), FY_ACTION
    )
    assert action["status"] == "DONE"
    fits(action["result"], result)
    return action


def test_customers_are_created_upserted_and_read(customers: Any) -> None:
    """Create, upsert by source_id, get by both ids; nulls for everything unset are survived."""
    created = create(customers)
    again = create(customers, name="Ann K. Lee")

    assert (again["id"], "updated_at" in created, "updated_at" in again) == (
        created["id"],
        False,
        True,
    )
    for id_ in (created["id"], ANN["source_id"]):
        read = fits(raw(customers.get_customer_with_http_info, id_), FY_CUSTOMER)
        assert read["name"] == "Ann K. Lee"
        assert read["metadata"] == ANN["metadata"]


def test_customers_are_changed_and_deleted(customers: Any) -> None:
    """PUT with the constructor form patches; both deletions work; 404 is the SDK's own."""
    create(customers)
    create(customers, source_id="b/c d@e.f")
    change = voucherify.CustomersUpdateRequestBody(name="New")

    changed = raw(customers.update_customer_with_http_info, "ann@example.com", change)
    assert fits(changed, FY_CUSTOMER)["phone"] == ANN["phone"]
    assert customers.delete_customer_with_http_info("ann@example.com").status_code == 204
    report = raw(customers.customer_permanently_deletion_with_http_info, "b/c d@e.f")
    fits(report, FY_DELETION)
    for operation in (customers.get_customer, customers.delete_customer):
        with pytest.raises(voucherify.exceptions.NotFoundException) as missing:
            operation("ann@example.com")
        error = fits(json.loads(missing.value.body), FY_ERROR)
        assert (error["key"], error["resource_type"]) == ("not_found", "customer")


def test_customers_have_no_history(customers: Any) -> None:
    """Segments, activity and redeemables parse, and are empty."""
    create(customers)

    for operation in ("segments", "activity", "redeemables"):
        listed = getattr(customers, f"list_customer_{operation}")("ann@example.com")
        assert (listed.object, listed.data_ref, listed.data) == ("list", "data", [])


def test_customers_are_listed(customers: Any) -> None:
    """Paging, order, filters and the date cursor, with dates as the SDK writes them."""
    for number in range(5):
        create(customers, source_id=f"s{number}", email=f"{number}@example.com", name=f"N{number}")

    def names(**query: Any) -> list[str]:
        answer = fits(raw(customers.list_customers_with_http_info, **query), FY_CUSTOMERS)
        return [customer["name"] for customer in answer["customers"]]

    order = voucherify.ParameterOrderListCustomers
    assert names(limit=2, page=2, order=order.SOURCE_ID) == ["N2", "N3"]
    assert names(email="3@example.com") == names(name="N3") == ["N3"]
    assert len(names(city="Rome")) == 5
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert names(created_at_after=tomorrow) == []
    assert len(names(created_at_before=tomorrow)) == 5
    assert len(names(updated_at_before=tomorrow.replace(tzinfo=None))) == 5
    assert len(names(starting_after=tomorrow, limit=3)) == 3
    assert names(starting_after=tomorrow, order=order.CREATED_AT) == []


def test_customers_are_scrolled_through(customers: Any) -> None:
    """The vendor's scroll (cursor = newest created_at, stop at has_more) meets every customer."""
    for number in range(7):
        create(customers, source_id=f"s{number}")
    found: set[str] = set()
    cursor, order = datetime(1970, 1, 1, tzinfo=UTC), voucherify.ParameterOrderListCustomers
    while True:
        page = customers.list_customers(limit=3, order=order.CREATED_AT, starting_after=cursor)
        found |= {customer.id for customer in page.customers}
        if not page.has_more:
            break
        # One millisecond back: customers of the same millisecond come twice rather than never.
        cursor = page.customers[-1].created_at - timedelta(milliseconds=1)

    assert len(found) == 7


def test_customers_are_updated_in_bulk(client: Any, customers: Any) -> None:
    """Bulk and metadata updates are queued, done, and reported in the documented shapes."""
    create(customers)
    rows = [
        voucherify.CustomersUpdateInBulkRequestBody(source_id="ann@example.com", name="A"),
        voucherify.CustomersUpdateInBulkRequestBody(source_id="new", name="B"),
    ]

    action = finished(
        client, customers.update_customers_in_bulk_with_http_info(rows), FY_BULK_RESULT
    )
    assert (action["type"], action["result"]["done_count"]) == ("CUSTOMERS.BULK_UPDATE", 2)
    metadata = voucherify.CustomersMetadataUpdateInBulkRequestBody(
        source_ids=["new"], metadata={"lang": "en"}
    )
    answer = customers.update_customers_metadata_in_bulk_with_http_info(metadata)
    assert finished(client, answer, FY_BULK_RESULT)["type"] == "CUSTOMERS.METADATA_UPDATE"
    assert customers.get_customer("new").metadata == {"lang": "en"}
    actions = voucherify.AsyncActionsApi(client)
    listed = fits(raw(actions.list_async_actions_with_http_info, limit=1), FY_ACTIONS)
    assert (len(listed["async_actions"]), listed["has_more"]) == (1, True)


@pytest.mark.parametrize("form", ["path", "bytes"])
def test_a_csv_is_imported(client: Any, customers: Any, tmp_path: Path, form: str) -> None:
    """ImportCSV takes a path and bytes alike, and tells the rows that failed."""
    text = "Name,Source_id,Phone,City\nAnn,a,+15123456789,Rome\nBob,b,1,Oslo\n"
    path = tmp_path / "c.csv"
    path.write_text(text)

    answer = customers.import_customers_using_csv_with_http_info(
        str(path) if form == "path" else text.encode()
    )

    result = finished(client, answer, FY_CSV_RESULT)["result"]
    assert result["message"] == "1 customer(s) imported successfully, 1 failed."
    assert result["failed"] == [{"source_id": "b", "row": 2, "reason": "Invalid phone format"}]
    assert customers.get_customer("a").address.city == "Rome"


def test_an_export_is_made_and_downloaded(client: Any, customers: Any) -> None:
    """Create (with explicit nulls), get, list, download by token, delete."""
    create(customers)
    exports = voucherify.ExportsApi(client)
    wanted = {
        "exported_object": "customer",
        "parameters": {"order": "-created_at", "fields": ["name", "source_id", "phone"]},
    }
    body = voucherify.ExportsCreateRequestBody.from_dict(wanted)

    export = fits(raw(exports.create_export_with_http_info, body), FY_EXPORT)

    done = fits(raw(exports.get_export_with_http_info, export["id"]), FY_EXPORT)
    token = parse_qs(urlsplit(done["result"]["url"]).query)["token"][0]
    file = exports.download_export(export["id"], token=token)
    assert file.splitlines() == ["name,source_id,phone", "Ann Lee,ann@example.com,+15123456789"]
    listed = raw(exports.list_exports_with_http_info, limit=5, page=1)
    assert [fits(e, FY_EXPORT)["id"] for e in listed["exports"]] == [export["id"]]
    assert exports.delete_export_with_http_info(export["id"]).status_code == 204
    with pytest.raises(voucherify.exceptions.NotFoundException):
        exports.get_export(export["id"])


def test_the_metadata_schema_is_read(client: Any) -> None:
    """The customers' schema parses, alone and in the list."""
    api = voucherify.MetadataSchemasApi(client)

    assert api.get_metadata_schema("customer").related_object == "customer"
    assert api.list_metadata_schemas().total == 1


def test_oauth_tokens_are_accepted(
    quick: Sandbox, client: Any, client_for: Callable[..., Any]
) -> None:
    """A bearer token instead of the application keys opens the same operations."""
    form = {"grant_type": "client_credentials", "scope": "customers"}
    answer = client.rest_client.request(
        "POST", f"{quick.base_url}/v1/oauth/token",
        headers={"X-App-Id": "sandbox-app-id", "X-App-Token": "sandbox-app-token",
                 "Content-Type": "application/x-www-form-urlencoded"},
        post_params=list(form.items()),
    )  # fmt: skip
    token = json.loads(answer.read())["access_token"]
    bearer = voucherify.ApiClient(voucherify.Configuration(host=quick.base_url, retries=False))
    bearer.set_default_header("Authorization", f"Bearer {token}")
    try:
        assert voucherify.CustomersApi(bearer).list_customers().total == 0
    finally:
        bearer.rest_client.pool_manager.clear()


def test_errors_are_the_sdks_own(
    quick: Sandbox, client_for: Callable[..., Any], customers: Any
) -> None:
    """400, 401 and 429 raise the SDK's exceptions with readable bodies and headers."""
    stranger = voucherify.CustomersApi(client_for(quick, token="wrong"))  # noqa: S106 - it is refused
    with pytest.raises(voucherify.exceptions.UnauthorizedException) as unauthorized:
        stranger.list_customers()
    with pytest.raises(voucherify.exceptions.BadRequestException) as bad:
        customers.update_customers_in_bulk([])
    for raised in (unauthorized, bad):
        fits(json.loads(raised.value.body), FY_ERROR)
    limits = VoucherifySwitches(calls_per_minute=1)
    with Sandbox(SandboxOptions(voucherify=limits)) as limited:
        api = voucherify.CustomersApi(client_for(limited))
        api.list_customers()
        with pytest.raises(voucherify.exceptions.ApiException) as refused:
            api.list_customers()
    assert refused.value.status == 429
    assert refused.value.headers["X-Rate-Limit-Type"] == "api_calls"
    fits(json.loads(refused.value.body), FY_ERROR)
