"""Limits that answers announce are kept before the system has to refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from bulkload.connectors import connector_for
from bulkload.delivery import Credentials, DeliveryOptions, Journal, SystemClock, upload
from bulkload.records import Payload
from bulkload.wire import Wire

HEADERS = {
    "loyaltydog": ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
    "voucherify": ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Retry"),
    "leal": ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
}


class Told(SystemClock):
    """A clock that does not wait, but remembers how long it should have."""

    def __init__(self) -> None:
        self.waited_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.waited_s

    async def sleep(self, seconds: float) -> None:
        self.waited_s += seconds
        await asyncio.sleep(0)


def waited_s(
    system: str, headers: Mapping[str, str], folder: Path, *, headroom: float = 0.0
) -> float:
    """Deliver two rows one after the other; return how long the second was held back."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": "c1"}, headers=headers)

    bodies = [{"source_id": f"s{n}", "first_name": "A", "email": f"a{n}@x.de"} for n in range(2)]
    payloads = [
        Payload(n + 2, {"email": body["email"]}, json.dumps(body).encode())
        for n, body in enumerate(bodies)
    ]
    connector = connector_for(system, program="1", options={"limits": "none"})
    credentials, clock = Credentials(connector, "token"), Told()

    async def run() -> None:
        with Journal.open(folder / "j.sqlite") as journal:
            begun = journal.begin(source_sha256="a" * 64, mapping_sha256="b" * 64, target="t")
            transport = httpx.MockTransport(answer)
            async with Wire("http://127.0.0.1", transport=transport) as wire:
                options = DeliveryOptions(concurrency=1, check_existing=False, headroom=headroom)
                async for _ in upload(
                    payloads,
                    connector=connector,
                    wire=wire,
                    journal=begun,
                    options=options,
                    clock=clock,
                    credentials=credentials,
                ):
                    pass

    asyncio.run(run())
    return clock.waited_s


@pytest.mark.parametrize("system", HEADERS)
@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "headroom", "waits"),
    [
        pytest.param("100", "0", "30", 0.0, True, id="nothing-left"),
        pytest.param("100", "5", "30", 0.0, False, id="something-left"),
        pytest.param("100", "15", "30", 0.2, True, id="only-the-headroom-left"),
        pytest.param("100", "0", "7200", 0.0, False, id="hours-are-not-heeded"),
        pytest.param("100", "0", "soon", 0.0, False, id="unreadable-moment"),
        pytest.param("many", "0", "30", 0.0, True, id="unreadable-limit"),
    ],
)
def test_an_announced_limit_is_kept(system, limit, remaining, reset, headroom, waits, tmp_path):
    """When an answer says that nothing is left, the next request waits for the renewal."""
    headers = dict(zip(HEADERS[system], (limit, remaining, reset), strict=True))

    found_s = waited_s(system, headers, tmp_path, headroom=headroom)

    assert (found_s >= 29) is waits
