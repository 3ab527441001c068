"""The sandbox on its port: loopback, hosts, faults, signals, clean ends."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bulkload.sandbox import Sandbox, SandboxOptions, app
from bulkload.sandbox.faults import Fault, FaultPlan
from bulkload.sandbox.store import StoreError
from tests.sandbox.conftest import PROGRAM

CUSTOMERS = PROGRAM + "/customers"
SCOPE = "loyaltydog/5eb7cf5a86d9755df3a6c593"
HEADERS = {"Authorization": "Bearer sandbox-jwt", "Content-Type": "application/json"}


def send(sandbox: Sandbox, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Return status, headers in lower case and body of one call on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    try:
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, raw, HEADERS | headers)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return response.status, names, response.read()
    finally:
        connection.close()


def test_it_answers_and_leaves_nothing_behind() -> None:
    """A sandbox starts, answers, and takes its thread, sockets and port with it."""
    threads = threading.active_count()
    with Sandbox() as sandbox:
        status, headers, body = send(sandbox, "POST", CUSTOMERS, {"email": "ada@example.com"})
        assert (status, headers["content-type"]) == (200, "application/json")
        assert sandbox.customers(SCOPE) == [json.loads(body)]
        port = sandbox.port
    sandbox.close()

    gc.collect()
    assert threading.active_count() == threads
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_data_file_keeps_everything(tmp_path: Path) -> None:
    """Customers survive a restart on the same file; two sandboxes on one file are refused."""
    options = SandboxOptions(data=tmp_path / "sandbox.db")
    with Sandbox(options) as sandbox:
        send(sandbox, "POST", CUSTOMERS, {"email": "ada@example.com"})
        kept = sandbox.customers(SCOPE)

    with Sandbox(options) as sandbox:
        assert sandbox.customers(SCOPE) == kept


def test_a_file_is_served_once_at_a_time(tmp_path: Path) -> None:
    """A second sandbox on the same file is refused; the file is the owner's alone."""
    options = SandboxOptions(data=tmp_path / "sandbox.db")

    with Sandbox(options), pytest.raises(StoreError, match="another sandbox is using it"):
        Sandbox(options).start()

    assert options.data is not None
    assert options.data.stat().st_mode & 0o777 == 0o600


def test_a_killed_sandbox_loses_nothing(tmp_path: Path) -> None:
    """What was answered before SIGKILL is there when the file is served again."""
    data = tmp_path / "sandbox.db"
    command = [sys.executable, "-m", "bulkload", "sandbox", "--port", "0", "--data", str(data)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().partition("127.0.0.1:")[2].split()[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for number in range(20):
            connection.request("POST", CUSTOMERS, json.dumps({"points": number}), HEADERS)
            assert connection.getresponse().read()
        connection.close()
        process.kill()

    with Sandbox(SandboxOptions(data=data)) as sandbox:
        assert [c["points"] for c in sandbox.customers(SCOPE)] == list(range(20))


def test_a_late_call_and_its_repetition_apply_once() -> None:
    """Under one Idempotency-Key, a late first attempt and a second one create one customer."""
    key = {"Authorization": "Bearer ld_test_sandbox", "Idempotency-Key": "k"}
    options = SandboxOptions(faults="late=50%,late_s=0.2", seed=_seed_of("late", ""))
    with Sandbox(options) as sandbox:
        with pytest.raises(ConnectionError):
            send(sandbox, "POST", CUSTOMERS, {"points": 1}, **key)
        status, _, body = send(sandbox, "POST", CUSTOMERS, {"points": 1}, **key)
        time.sleep(0.4)

        assert status == 200
        assert sandbox.customers(SCOPE) == [json.loads(body)]


def _seed_of(*fates: str) -> int:
    """Return a seed under which the first calls meet these faults (rates of 50%)."""
    plan = FaultPlan.parse("late=50%")
    for seed in range(1000):
        chance = random.Random(seed)
        if [plan.draw(chance, is_read=False) or "" for _ in fates] == list(fates):
            return seed
    raise AssertionError(fates)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PATCH", "BREW"])
def test_other_methods_are_refused(method: str) -> None:
    """A method that no system knows is refused like any wrong call."""
    with Sandbox() as sandbox:
        assert send(sandbox, method, CUSTOMERS)[0] == 405


@pytest.mark.parametrize(
    "bytes_sent",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01", id="tls"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="version"),
        pytest.param(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", id="endless-path"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", id="length"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab", id="cut"
        ),
    ],
)
def test_broken_requests_leave_it_standing(bytes_sent: bytes) -> None:
    """What is not HTTP harms nobody else."""
    with Sandbox() as sandbox:
        with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as broken:
            broken.sendall(bytes_sent)
            broken.shutdown(socket.SHUT_WR)
            assert not broken.recv(65_536).startswith(b"HTTP/1.1 5")

        assert send(sandbox, "GET", CUSTOMERS)[0] == 200


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """A data file of another kind is left alone."""
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database " * 10)

    with pytest.raises(StoreError, match="not a database"):
        Sandbox(SandboxOptions(data=path)).start()

    assert path.read_text().startswith("these are my notes")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("127.0.0.1:1", 200, id="address"),
        pytest.param("localhost", 200, id="name"),
        pytest.param("[::1]:80", 200, id="ipv6"),
        pytest.param("evil.example", 403, id="foreign"),
        pytest.param("127.0.0.1.evil.example:80", 403, id="foreign-with-our-address"),
        pytest.param("", 403, id="none"),
    ],
)
def test_foreign_hosts_are_refused(host: str, status: int) -> None:
    """A page that rebinds its name to 127.0.0.1 gets 403."""
    with Sandbox() as sandbox:
        assert send(sandbox, "GET", CUSTOMERS, Host=host)[0] == status


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"host": "0.0.0.0"}, id="every-interface"),  # noqa: S104 - what is refused
        pytest.param({"host": "192.168.0.1"}, id="network"),
        pytest.param({"port": 70_000}, id="port"),
        pytest.param({"faults": "429=200%"}, id="more-than-all"),
        pytest.param({"faults": "drop=60%,late=60%"}, id="more-than-all-together"),
        pytest.param({"faults": "explode=1%"}, id="unknown-fault"),
        pytest.param({"faults": "429=often"}, id="no-rate"),
        pytest.param({"faults": "429=nan"}, id="not-a-number"),
        pytest.param({"faults": "slow_s=inf"}, id="endless"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    """Only loopback addresses, real ports and possible fault plans are accepted."""
    with pytest.raises(ValueError, match=r"\w"):
        SandboxOptions(**options)


def test_a_taken_port_is_an_error() -> None:
    """Two sandboxes cannot share a port, and the second one releases what it took."""
    with Sandbox() as first, pytest.raises(OSError, match="in use"):
        Sandbox(SandboxOptions(port=first.port)).start()


@pytest.mark.parametrize(
    ("fault", "status", "customers"),
    [
        pytest.param("429=100%", 429, 0, id="429"),
        pytest.param("500-before=100%", 500, 0, id="500-before"),
        pytest.param("500-after=100%", 500, 1, id="500-after"),
        pytest.param("slow=100%,slow_s=0.1", 200, 1, id="slow"),
    ],
)
def test_faults_that_answer(fault: str, status: int, customers: int) -> None:
    """429 and 500 come in the system's shape, before or after the customer is there."""
    with Sandbox(SandboxOptions(faults=fault)) as sandbox:
        began = time.monotonic()
        answered, headers, body = send(sandbox, "POST", CUSTOMERS, {"firstName": "Ada"})

        assert (answered, len(sandbox.customers(SCOPE))) == (status, customers)
        assert isinstance(json.loads(body), dict)
        assert ("retry-after" in headers) is (status == 429)
        assert not any(name.startswith("x-ratelimit") for name in headers)
        if fault.startswith("slow"):
            assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("fault", ["drop", "late"])
def test_faults_that_do_not_answer(fault: str) -> None:
    """The connection is reset; the customer is there at once, or a little later."""
    options = SandboxOptions(faults=f"{fault}=100%,late_s=0.2", record_calls=True)
    with Sandbox(options) as sandbox:
        with pytest.raises(ConnectionError):
            send(sandbox, "POST", CUSTOMERS, {"firstName": "Ada"})
        at_once = len(sandbox.customers(SCOPE))
        deadline = time.monotonic() + 5
        while not sandbox.customers(SCOPE) and time.monotonic() < deadline:
            time.sleep(0.02)

        assert at_once == (fault == "drop")
        assert len(sandbox.customers(SCOPE)) == 1
        assert [(call.status, call.fault) for call in sandbox.calls] == [(0, fault)]


def test_what_was_applied_is_what_the_fates_say() -> None:
    """Under all faults at once and many callers, the store holds exactly the calls applied."""
    plan = "429=5%,500-before=5%,500-after=5%,drop=5%,late=8%,slow=5%,slow_s=0.02,late_s=0.1"

    def caller(number: int) -> int:
        answered = 0
        for row in range(40):
            try:
                points = number * 1000 + row
                answered += send(sandbox, "POST", CUSTOMERS, {"points": points})[0] == 200
            except (ConnectionError, http.client.HTTPException):
                continue
        return answered

    with Sandbox(SandboxOptions(faults=plan, seed=3, record_calls=True)) as sandbox:
        with ThreadPoolExecutor(8) as pool:
            answered = sum(pool.map(caller, range(8)))
        time.sleep(0.3)
        points = [customer["points"] for customer in sandbox.customers(SCOPE)]
        fates = Counter(call.fault for call in sandbox.calls)

    assert sum(fates.values()) == 320
    assert set(fates) == {"", *Fault}
    assert answered == fates[""] + fates["slow"]
    assert len(points) == len(set(points)) == 320 - fates["429"] - fates["500-before"]


def test_reads_can_be_spared() -> None:
    """With writes=only a GET never meets a fault."""
    with Sandbox(SandboxOptions(faults="500-before=100%,writes=only")) as sandbox:
        assert send(sandbox, "GET", CUSTOMERS)[0] == 200
        assert send(sandbox, "POST", CUSTOMERS, {})[0] == 500


def test_the_seed_decides_which_calls_fail() -> None:
    """The same seed gives the same fates, at about the rates that were asked for."""

    def fates(seed: int) -> list[int]:
        options = SandboxOptions(faults="429=20%,500-before=10%", seed=seed, record_calls=True)
        with Sandbox(options) as sandbox:
            connection = http.client.HTTPConnection("127.0.0.1", sandbox.port)
            for _ in range(300):
                connection.request("GET", CUSTOMERS, headers=HEADERS)
                connection.getresponse().read()
            connection.close()
            return [call.status for call in sandbox.calls]

    first = fates(1)

    assert first == fates(1) != fates(2)
    assert 30 <= first.count(429) <= 90
    assert 10 <= first.count(500) <= 60


SYSTEMS = {
    "loyaltydog": (CUSTOMERS, HEADERS, {"detail"}, {"detail"}),
    "loyaltydog-key": (
        CUSTOMERS,
        HEADERS | {"Authorization": "Bearer ld_test_sandbox", "Idempotency-Key": "k"},
        {"code", "message", "request_id"},
        {"code", "message", "request_id"},
    ),
    "voucherify": (
        "/v1/customers",
        HEADERS | {"X-App-Id": "sandbox-app-id", "X-App-Token": "sandbox-app-token"},
        {"statusCode", "error", "message"},
        {"code", "message"},
    ),
    "leal": (
        "/api/v1/accounts/12/customers",
        HEADERS | {"Authorization": "Bearer sandbox-leal-token"},
        {"error"},
        {"error"},
    ),
}
"""Path, headers, and the names in the bodies of 413 and 429, by system."""


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_huge_body_gets_413(system: str) -> None:
    """A body above the limit is refused in the vendor's shape, and others are served on."""
    path, headers, names, _ = SYSTEMS[system]
    with Sandbox() as sandbox:
        status, _, body = send(sandbox, "POST", path, b"x" * (11 * 1024 * 1024), **headers)

        assert (status, set(json.loads(body))) == (413, names)
        assert send(sandbox, "GET", path, **headers)[0] == 200


@pytest.mark.parametrize("system", SYSTEMS)
def test_faults_speak_like_their_system(system: str) -> None:
    """A 429 on order has the system's body, its headers and a Retry-After; a 500 its body."""
    path, headers, _, names = SYSTEMS[system]
    with Sandbox(SandboxOptions(faults="429=100%,retry_after_s=7")) as sandbox:
        status, answered, body = send(sandbox, "POST", path, {}, **headers)
    with Sandbox(SandboxOptions(faults="500-before=100%")) as sandbox:
        failed, _, failure = send(sandbox, "POST", path, {}, **headers)

    assert (status, answered["retry-after"], set(json.loads(body))) == (429, "7", names)
    limits = {name for name in answered if "ratelimit" in name or "rate-limit" in name}
    assert bool(limits) is (system != "loyaltydog")
    assert failed == 500
    assert names <= set(json.loads(failure))


def test_the_application_serves_without_a_server() -> None:
    """`app` is an ASGI application for tests; a fault that would cut the line raises instead."""
    application = app(SandboxOptions(faults="drop=100%"), clock=lambda: 0.0)

    assert isinstance(application, Starlette)
    sent: list[Any] = []

    async def call(path: str, host: bytes = b"localhost") -> None:
        scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"",
            "headers": [(b"host", host)],
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def keep(message: Any) -> None:
            sent.append(message)

        await application(scope, receive, keep)

    asyncio.run(call("/"))
    assert sent[0]["status"] == 200
    with pytest.raises(ConnectionResetError):
        asyncio.run(call(CUSTOMERS))
    application.state.door.close()


def test_the_front_page_says_what_it_is() -> None:
    """GET / names the systems; a path of no system is 404."""
    with Sandbox() as sandbox:
        assert "systems" in json.loads(send(sandbox, "GET", "/")[2])
        assert send(sandbox, "GET", "/elsewhere")[0] == 404
        assert send(sandbox, "GET", "/v2x")[0] == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_the_command_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """`bulkload sandbox` says where it listens and what it accepts, and ends with exit code 0."""
    data = tmp_path / "sandbox.db"
    command = [sys.executable, "-m", "bulkload", "sandbox", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(number)
        out, err = process.stdout.read(), process.stderr.read()
        process.wait(timeout=20)

    assert "http://127.0.0.1:" in first
    assert "ld_test_sandbox" in out
    assert "curl" in out
    assert (process.returncode, err) == (0, "stopped\n")
    assert data.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--host", "0.0.0.0"], "loopback only", id="host"),  # noqa: S104 - refused
        pytest.param(["--faults", "boom=1%"], "no such fault", id="faults"),
        pytest.param(
            ["--switch", "loyaltydog.duplicate=409"],
            "did you mean loyaltydog.duplicates",
            id="switch",
        ),
        pytest.param(
            ["--switch", "loyaltydog.duplicates=never"], "must be one of", id="switch-value"
        ),
        pytest.param(["--switch", "loyaltydog.monthly=many"], "must be a number", id="number"),
        pytest.param(["--data", "/nonexistent/x.db"], "no such file or directory", id="data"),
    ],
)
def test_wrong_flags_get_a_few_lines(arguments: list[str], words: str) -> None:
    """Wrong options end with exit code 2, the reason and a hint; no trace."""
    command = [sys.executable, "-m", "bulkload", "sandbox", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) <= 3


def test_the_command_lists_all_switches() -> None:
    """`--switches` names every switch with its default and values, and calls them guesses."""
    command = [sys.executable, "-m", "bulkload", "sandbox", "--switches"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)

    assert "loyaltydog.duplicates = allow    (allow | 409 | 422 | return-existing)" in done.stdout
    assert "guesses" in done.stdout
