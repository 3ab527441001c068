"""Requests a second over loopback: the wire beside httpx's own client.

    python -m pytest -s -m benchmark tests/benchmarks/bench_wire.py

Distinct bodies of about 250 bytes to a server in a process of its own that answers with an id;
medians of five, the sides in turn. `BULKLOAD_BENCH_CALLS` sets the requests of a round.
"""

# ruff: noqa: T201 - figures are printed

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import time

import httpx
import pytest

from bulkload.wire import Request, Wire
from tests.benchmarks.bench_journal import base_url

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]

CALLS = int(os.environ.get("BULKLOAD_BENCH_CALLS", "4000"))
ROUNDS = 5

__all__ = ["base_url"]


def _body(number):
    return b'{"email":"ada%08d@example.com","note":"%b"}' % (number, b"x" * 200)


async def _through(send, concurrency):
    numbers = iter(range(CALLS))

    async def worker():
        for number in numbers:
            await send(_body(number))

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return CALLS / (time.perf_counter() - began)


async def _wire(base_url, concurrency):
    headers = {"Authorization": "Bearer jwt"}
    async with Wire(base_url, authorization=lambda: headers) as wire:
        return await _through(lambda b: wire.send(Request("POST", "/customers", b)), concurrency)


async def _client(base_url, concurrency):
    limits = httpx.Limits(max_connections=concurrency)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, trust_env=False) as client:
        headers = {"Authorization": "Bearer jwt", "Content-Type": "application/json"}

        async def send(body):
            answer = await client.post("/customers", content=body, headers=headers)
            return answer.content

        return await _through(send, concurrency)


@pytest.mark.parametrize("concurrency", [1, 8, 16, 64])
def test_requests_a_second(base_url, concurrency):
    """Print how many requests a second go through each side, and what one costs."""
    sides = {"wire": _wire, "httpx.AsyncClient": _client}
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for side, run in sides.items():
            busy = resource.getrusage(resource.RUSAGE_SELF)
            per_s = asyncio.run(run(base_url, concurrency))
            after = resource.getrusage(resource.RUSAGE_SELF)
            cpu = after.ru_utime + after.ru_stime - busy.ru_utime - busy.ru_stime
            found[side].append((per_s, cpu / CALLS * 1e6))
    print(f"\n{CALLS:,} requests, {concurrency} at once, medians of {ROUNDS}")
    for side, rounds in found.items():
        per_s, cost_us = (statistics.median(r[part] for r in rounds) for part in (0, 1))
        print(f"  {side:18} {per_s:6.0f} requests/s  {cost_us:5.0f} us of processor each")
