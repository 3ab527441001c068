"""What the wire says after each way a real socket can fail, and whether that is true."""

from __future__ import annotations

import asyncio
import resource
import socket
import time

import pytest

from bulkload.wire import (
    NotSentError,
    OutcomeUnknownError,
    Request,
    Response,
    UnsendableError,
    UnusableTargetError,
    Wire,
    WireOptions,
)
from tests.faults.checker import read_creations
from tests.faults.endpoints import CUSTOMERS, JWT
from tests.faults.instructions import Script
from tests.faults.process import RunningServer

QUICK = WireOptions(connect_timeout_s=0.4, write_timeout_s=1, read_timeout_s=0.4, deadline_s=0.8)
BODY = b'{"email":"ada@example.com","note":"' + b"x" * 4000 + b'"}'


@pytest.fixture
def server(tmp_path):
    """A fault server with an empty log."""
    with RunningServer(tmp_path / "log.jsonl") as running:
        yield running


async def _send(base_url: str, times: int = 1, headers: dict[str, str] | None = None) -> object:
    """Return the answer to the last of several creates, or the error it raised."""
    authorization = {"Authorization": f"Bearer {JWT}"}
    request = Request("POST", CUSTOMERS, BODY, headers=headers or {})
    async with Wire(base_url, authorization=lambda: authorization, options=QUICK) as wire:
        for _ in range(times - 1):
            await wire.send(request)
        try:
            return await wire.send(request)
        except Exception as error:  # noqa: BLE001 - the error is what is looked at
            return error


@pytest.mark.parametrize(
    ("instruction", "expected", "created"),
    [
        pytest.param("close-after-headers", OutcomeUnknownError, 0, id="closed-after-headers"),
        pytest.param("reset-mid-body", OutcomeUnknownError, 0, id="reset-mid-body"),
        pytest.param("hang-up", OutcomeUnknownError, 0, id="closed-without-answer"),
        pytest.param("drop-answer", OutcomeUnknownError, 1, id="applied-and-closed"),
        pytest.param("reset", OutcomeUnknownError, 0, id="reset-after-request"),
        pytest.param("reset-answer", OutcomeUnknownError, 1, id="applied-and-reset"),
        pytest.param("stall:2", OutcomeUnknownError, 0, id="silence"),
        pytest.param("half-status", OutcomeUnknownError, 1, id="head-breaks-off"),
        pytest.param("truncate", OutcomeUnknownError, 1, id="body-breaks-off"),
        pytest.param("drip:0.1", OutcomeUnknownError, 1, id="dripping-body"),
        pytest.param("garbage", OutcomeUnknownError, 1, id="not-http"),
        pytest.param("bad-gzip", OutcomeUnknownError, 1, id="broken-compression"),
        pytest.param("huge:2000000", OutcomeUnknownError, 1, id="larger-than-allowed"),
        pytest.param("gzip-bomb:300000000", OutcomeUnknownError, 1, id="compressed-bomb"),
        pytest.param("late-drop:0.05", OutcomeUnknownError, 1, id="closed-then-applied"),
    ],
)
def test_a_broken_exchange_is_unknown(server, instruction, expected, created):
    """Whether or not the server applied it, no broken exchange is taken for more than unknown."""
    server.plan([instruction])

    outcome = asyncio.run(_send(server.base_url))

    server.settle()
    assert type(outcome) is expected
    assert len(read_creations(server.log)) == created
    assert server.stats()["left"] == 0


def test_a_connection_reset_on_accept_is_not_taken_for_not_sent(server):
    """A reset before anything was read could be a reset after it; it is unknown."""
    server.follow(Script(always="reset-on-accept"))

    assert type(asyncio.run(_send(server.base_url))) is OutcomeUnknownError


def test_an_idle_connection_that_dies_under_the_next_request_is_unknown(server):
    """A create on a connection that is being closed is never silently sent again."""
    server.plan(["close-idle"])

    outcome = asyncio.run(_send(server.base_url, times=2))

    assert type(outcome) is OutcomeUnknownError
    assert len(read_creations(server.log)) == 1


def test_an_answer_that_is_not_json_is_an_answer(server):
    """What a connector cannot read still arrives with its status."""
    server.plan(["not-json"])

    outcome = asyncio.run(_send(server.base_url))

    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.json()) == (200, None)


def test_a_redirect_is_not_followed(server, tmp_path):
    """Neither the body nor the credentials reach the host that a redirect names."""
    with RunningServer(tmp_path / "elsewhere.jsonl") as elsewhere:
        server.plan([f"redirect:{elsewhere.base_url}{CUSTOMERS}"])

        outcome = asyncio.run(_send(server.base_url))

        assert isinstance(outcome, Response)
        assert outcome.status == 307
        assert elsewhere.stats()["requests"] == 0


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        pytest.param("http://127.0.0.1:{closed}", NotSentError, id="refused"),
        pytest.param("http://bulkload.invalid", NotSentError, id="no-such-name"),
        pytest.param("https://127.0.0.1:{open}", NotSentError, id="tls-to-a-plain-port"),
        pytest.param("ftp://127.0.0.1:{open}", UnusableTargetError, id="no-such-scheme"),
        pytest.param("http://[::1", UnusableTargetError, id="no-address"),
    ],
)
def test_what_never_reached_a_server_is_known_not_to_be_sent(server, base_url, expected):
    """Without a connection nothing can have been applied, and the wire says so."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]

    outcome = asyncio.run(_send(base_url.format(closed=closed, open=server.port)))

    assert type(outcome) is expected
    assert server.stats()["creates"] == 0


def test_a_header_with_a_line_break_is_not_sent(server):
    """A value that would smuggle a header in is refused before a byte leaves."""
    outcome = asyncio.run(_send(server.base_url, headers={"X-Note": "a\r\nEvil: 1"}))

    assert type(outcome) is UnsendableError
    assert server.stats()["requests"] == 0


def test_a_compressed_bomb_does_not_grow_the_process(server):
    """300 MB that arrive as 292 kB cost neither memory nor more than the deadline."""
    server.plan(["gzip-bomb:300000000"] * 3)
    asyncio.run(_send(server.base_url))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    started = time.monotonic()
    asyncio.run(_send(server.base_url))

    grown_bytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown_bytes < 50e6
    assert time.monotonic() - started < 10
