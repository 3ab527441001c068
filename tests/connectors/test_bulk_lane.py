"""The bulk lane end to end: rows into Voucherify in batches, and all that can happen to a batch."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bulkload.connectors import connector_for
from bulkload.delivery import Credentials, DeliveryOptions, Journal, upload
from bulkload.errors import BulkloadError
from bulkload.records import Action, Payload, Result, Status
from bulkload.sandbox import Sandbox, SandboxOptions
from bulkload.wire import Wire

Tamper = Callable[[httpx.Request, int], httpx.Response | None]


@dataclass
class Tampered(httpx.AsyncBaseTransport):
    """The real network, but for answers that a test wants to be different."""

    tamper: Tamper
    after: bool = False
    """The real system sees the request before its answer is replaced."""
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._network = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        kind = (
            "poll" if "async-actions" in request.url.path else request.url.path.rsplit("/", 1)[-1]
        )
        self.calls[kind] += 1
        answer = self.tamper(request, self.calls[kind])
        if answer is not None and not self.after:
            return answer
        real = await self._network.handle_async_request(request)
        if answer is None:
            return real
        await real.aread()
        return answer

    async def aclose(self) -> None:
        await self._network.aclose()


def rows(count: int, action: Action = Action.UPSERT, **more: Any) -> list[Payload]:
    return [
        Payload(
            number + 2,
            {"source_id": f"s{number}"},
            json.dumps({"source_id": f"s{number}", "name": f"N {number}", **more}).encode(),
            action,
        )
        for number in range(count)
    ]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(record_calls=True)) as running:
        yield running


def sent(
    sandbox: Sandbox,
    journal: Path,
    payloads: list[Payload],
    *,
    lane: str = "bulk",
    transport: httpx.AsyncBaseTransport | None = None,
    name: str = "voucherify",
    skip_unchanged: bool = False,
) -> list[Result]:
    """Deliver payloads in one run and return their results."""
    options = {"app_id": "sandbox-app-id", "limits": "none"} if name == "voucherify" else {}
    connector = connector_for(name, program="12", options=options)
    credentials = Credentials(connector, "sandbox-app-token")

    async def run() -> list[Result]:
        with Journal.open(journal) as opened:
            begun = opened.begin(source_sha256="a" * 64, mapping_sha256="b" * 64, target="t")
            async with Wire(
                sandbox.base_url, authorization=credentials.headers, transport=transport
            ) as wire:
                found = [
                    result
                    async for result in upload(
                        payloads,
                        connector=connector,
                        wire=wire,
                        journal=begun,
                        options=DeliveryOptions(
                            lane=lane,
                            quiesce_s=0.1,
                            second_look_s=0.05,
                            skip_unchanged=skip_unchanged,
                        ),
                        credentials=credentials,
                    )
                ]
            begun.finish(rows=len(payloads))
            return found

    return asyncio.run(run())


def names(sandbox: Sandbox) -> dict[str, str]:
    customers = sandbox.customers("voucherify")
    found = {customer["source_id"]: customer["name"] for customer in customers}
    assert len(found) == len(customers)
    return found


def statuses(results: list[Result]) -> Counter[Status]:
    return Counter(result.status for result in results)


def test_ten_thousand_rows_take_at_most_ten_calls(sandbox, tmp_path):
    """10,000 rows are in the system with at most ten calls besides polling; again sends nothing."""
    payloads = rows(10_000)

    first = sent(sandbox, tmp_path / "j.sqlite", payloads)
    calls = [call for call in sandbox.calls if "async-actions" not in call.path]
    again = sent(sandbox, tmp_path / "j.sqlite", payloads)

    assert len(calls) <= 10
    assert len(names(sandbox)) == len({result.row_number for result in first}) == 10_000
    assert statuses(again) == {Status.UNCHANGED: 10_000}
    assert len([call for call in sandbox.calls if "async-actions" not in call.path]) == len(calls)


@pytest.mark.parametrize("lane", ["bulk", "csv", "single"])
def test_every_lane_ends_in_the_same_customers(sandbox, tmp_path, lane):
    """Whatever the lane, every row is a customer, and every row has a result of its own."""
    results = sent(sandbox, tmp_path / "j.sqlite", rows(30), lane=lane)

    assert names(sandbox) == {f"s{number}": f"N {number}" for number in range(30)}
    assert sorted(result.row_number for result in results) == list(range(2, 32))
    assert set(statuses(results)) <= {Status.CREATED, Status.UPDATED}


def test_created_and_updated_are_told_apart_where_few_were_there(sandbox, tmp_path):
    """The lane's report does not tell; who was there before does, where they are a few pages."""
    sent(sandbox, tmp_path / "before.sqlite", rows(3, name="old"), lane="single")

    results = sent(sandbox, tmp_path / "j.sqlite", rows(30))

    assert statuses(results) == {Status.UPDATED: 3, Status.CREATED: 27}
    assert {result.message for result in results} == {""}


@pytest.mark.parametrize("lane", ["single", "bulk"])
def test_unchanged_customers_can_be_skipped(sandbox, tmp_path, lane):
    """Without a journal that knows them, customers are compared first, and only the edit is sent."""
    sent(sandbox, tmp_path / "before.sqlite", rows(6), lane="bulk")
    wanted = [*rows(6)[:5], *rows(6, name="new")[5:], *rows(8)[7:]]
    before = len([call for call in sandbox.calls if call.method != "GET"])

    results = sent(sandbox, tmp_path / "j.sqlite", wanted, lane=lane, skip_unchanged=True)

    written = [call for call in sandbox.calls if call.method != "GET"][before:]
    assert statuses(results) == {Status.UNCHANGED: 5, Status.UPDATED: 1, Status.CREATED: 1}
    assert sorted(call.method for call in written) == ["POST", "PUT"]


def test_customers_who_are_there_are_not_overwritten_by_creates(sandbox, tmp_path):
    """With `create`, the first walk through all customers keeps those who are there out of batches."""
    sent(sandbox, tmp_path / "before.sqlite", rows(3, name="old"), lane="single")

    results = sent(sandbox, tmp_path / "j.sqlite", rows(30, Action.CREATE))

    assert statuses(results) == {Status.EXISTING: 3, Status.CREATED: 27}
    assert [names(sandbox)[f"s{number}"] for number in range(4)] == ["old", "old", "old", "N 3"]


def test_rows_that_the_lane_does_not_take_go_singly(sandbox, tmp_path):
    """Updates and rows that are named by an id find their way beside the batches."""
    sent(sandbox, tmp_path / "before.sqlite", rows(2), lane="single")
    changed = rows(2, Action.UPDATE, name="new")
    missing = Payload(90, {"source_id": "nobody"}, b'{"source_id":"nobody"}', Action.UPDATE)

    results = sent(sandbox, tmp_path / "j.sqlite", [*changed, *rows(5)[2:], missing])

    assert Counter(names(sandbox).values()) == {"new": 2, "N 2": 1, "N 3": 1, "N 4": 1}
    assert [r.status for r in results if r.row_number == 90] == [Status.FAILED]


def test_a_refused_row_fails_alone(sandbox, tmp_path):
    """One wrong row of a batch fails with the system's words; the others are there."""
    wrong = Payload(50, {"source_id": "w"}, b'{"source_id":"w","name":5}', Action.UPSERT)

    results = sent(sandbox, tmp_path / "j.sqlite", [*rows(5), wrong])

    (failed,) = [result for result in results if result.status is Status.FAILED]
    assert failed.row_number == 50
    assert failed.message
    assert len(names(sandbox)) == 5


def replaced(status: int, body: Any, *, kind: str, until: int = 1) -> Tamper:
    def tamper(request: httpx.Request, number: int) -> httpx.Response | None:
        is_poll = "async-actions" in request.url.path
        is_batch = request.url.path.endswith("/bulk/async")
        if not (is_poll if kind == "poll" else is_batch):
            return None
        return httpx.Response(status, json=body) if number <= until else None

    return tamper


FAILED = {"id": "aa_1", "status": "FAILED", "result": {"message": "broken"}}
SHORT = {"id": "aa_1", "status": "DONE", "result": {"done_count": 3, "failed_count": 0}}


@pytest.mark.parametrize(
    ("tamper", "after"),
    [
        pytest.param(replaced(202, {}, kind="submit"), True, id="202-without-a-job"),
        pytest.param(replaced(500, {}, kind="submit"), True, id="500-after-applying"),
        pytest.param(replaced(503, {}, kind="submit"), False, id="503-before"),
        pytest.param(replaced(413, {"statusCode": 413}, kind="submit"), False, id="413-halves"),
        pytest.param(replaced(413, {}, kind="submit", until=9), False, id="413-down-to-one-row"),
        pytest.param(replaced(400, {"code": 400}, kind="submit"), False, id="400-whole-batch"),
        pytest.param(replaced(200, FAILED, kind="poll"), True, id="job-failed"),
        pytest.param(replaced(200, SHORT, kind="poll"), True, id="report-misses-rows"),
        pytest.param(replaced(404, {}, kind="poll", until=9), True, id="job-unknown"),
        pytest.param(replaced(500, {}, kind="poll"), False, id="poll-fails-once"),
        pytest.param(
            replaced(200, {"status": "ENQUEUED"}, kind="poll", until=3), False, id="queued"
        ),
    ],
)
def test_every_row_ends_whatever_happens_to_its_batch(sandbox, tmp_path, tamper, after):
    """Lost, failed, halved or half reported: every row is a customer once, with one result."""
    transport = Tampered(tamper, after=after)

    results = sent(sandbox, tmp_path / "j.sqlite", rows(8), transport=transport)

    assert names(sandbox) == {f"s{number}": f"N {number}" for number in range(8)}
    assert sorted(result.row_number for result in results) == list(range(2, 10))
    assert set(statuses(results)) <= {Status.CREATED, Status.UPDATED}


def test_credentials_that_are_refused_end_the_run(sandbox, tmp_path):
    """401 for a batch stops before anything is sent."""
    transport = Tampered(replaced(401, {}, kind="submit", until=99))

    with pytest.raises(BulkloadError, match="credentials"):
        sent(sandbox, tmp_path / "j.sqlite", rows(3), transport=transport)

    assert names(sandbox) == {}


def test_a_system_without_a_bulk_lane_says_so(sandbox, tmp_path):
    """Asking for batches where there are none is a mistake with a remedy."""
    with pytest.raises(BulkloadError, match="no bulk lane"):
        sent(sandbox, tmp_path / "j.sqlite", rows(3), name="leal")
