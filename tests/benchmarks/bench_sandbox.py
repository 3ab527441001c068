"""How many creates a second the sandbox takes on one core.

    python -m pytest -s -m benchmark tests/benchmarks/bench_sandbox.py

Server and load run in processes of their own, each on one core where the system can pin them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

REQUESTS = 6_000
CONNECTIONS = 16
CREATES = {
    "loyaltydog": (
        "/v2/loyalty/programs/5eb7cf5a86d9755df3a6c593/customers",
        "Authorization: Bearer sandbox-jwt",
        lambda n: {
            "firstName": "Ada", "lastName": "Lovelace", "email": f"ada{n}@example.com",
            "phone": f"+1202555{n:07d}", "points": 120, "customFields": {"birthday": "1990-05-01"},
        },
    ),
    "voucherify": (
        "/v1/customers", "X-App-Id: sandbox-app-id\r\nX-App-Token: sandbox-app-token",
        lambda n: {
            "source_id": f"ada{n}", "name": "Ada Lovelace", "email": f"ada{n}@example.com",
            "phone": f"+1202555{n:07d}", "birthdate": "1990-05-01", "metadata": {"lang": "en"},
        },
    ),
    "leal": (
        "/api/v1/accounts/12/customers", "Authorization: Bearer sandbox-leal-token",
        lambda n: {
            "customer": {
                "first_name": "Ada", "last_name": "Lovelace", "email": f"ada{n}@example.com",
                "phone": f"+1202555{n:07d}", "birthday": "1990-05-01",
                "external_references": [{"source": "bulkload", "external_id": str(n)}],
            },
        },
    ),
}  # fmt: skip


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, int, psutil.Process]]:
    """Run `bulkload sandbox` on the first core; yield host, port and process."""
    command = [sys.executable, "-m", "bulkload", "sandbox", "--port", "0", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {0})
        host, _, port = process.stdout.readline().split("//")[1].split()[0].partition(":")
        try:
            yield host, int(port), psutil.Process(process.pid)
        finally:
            process.terminate()


def requests(system: str) -> list[bytes]:
    """Return distinct create requests, ready to be written."""
    path, header, body_of = CREATES[system]
    made = []
    for number in range(REQUESTS):
        body = json.dumps(body_of(number)).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def load(host: str, port: int, pending: list[bytes]) -> tuple[float, list[float]]:
    """Send everything over a few connections; return the seconds and each call's milliseconds."""
    latencies_ms: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while pending:
            began = time.perf_counter()
            writer.write(pending.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), head
            length = next(h for h in head.split(b"\r\n") if h.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            latencies_ms.append((time.perf_counter() - began) * 1000)
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began, latencies_ms


@pytest.mark.benchmark
@pytest.mark.parametrize("system", CREATES)
@pytest.mark.parametrize("durable", [False, True], ids=["memory", "file"])
def test_creates_a_second(tmp_path: Path, system: str, durable: bool) -> None:
    """Print creates a second, by the clock and by the server's own CPU time, and latency, in memory and with a data file."""
    arguments = ["--data", str(tmp_path / "sandbox.db")] if durable else []
    with serving(*arguments) as (host, port, process):
        before = process.cpu_times()
        seconds, latencies_ms = asyncio.run(load(host, port, requests(system)))
        after = process.cpu_times()
    cpu_s = after.user + after.system - before.user - before.system

    percentiles = statistics.quantiles(latencies_ms, n=100)
    print(  # noqa: T201 - a benchmark's figures are its result
        f"\n{system}, {'file' if durable else 'memory'}: {REQUESTS / seconds:,.0f} creates/s, "
        f"{REQUESTS / cpu_s:,.0f} a second of the server's CPU, "
        f"p50 {percentiles[49]:.1f} ms, p99 {percentiles[98]:.1f} ms ({CONNECTIONS} connections)"
    )
