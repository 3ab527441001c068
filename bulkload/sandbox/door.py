"""HTTP around the operations: read the request, decide about faults, apply, send the answer.

request -> host check -> Call -> fault? -> transaction(system.answer) -> Answer -> response
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from bulkload.sandbox import leal, loyaltydog, voucherify
from bulkload.sandbox.calls import Answer, Call, System, World, dumps, json_answer
from bulkload.sandbox.faults import Fault
from bulkload.sandbox.options import SandboxOptions
from bulkload.sandbox.store import Store

ABORT = "bulkload.abort"
"""ASGI extension: a function that resets the connection."""
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_DRIPS = 10


SYSTEMS: tuple[System, ...] = (loyaltydog.SYSTEM, voucherify.SYSTEM, leal.SYSTEM)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, for tests."""

    at_s: float
    """Unix seconds, when the request had been read."""
    method: str
    path: str
    """With its query."""
    status: int
    """0 for a call that got no answer."""
    fault: str = ""


class Door:
    """The ASGI application that leads into the systems."""

    def __init__(self, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self.world = World(Store(options.data), options, random.Random())  # noqa: S311 - no secrets
        self.calls: list[CallRecord] = []
        self._clock = clock
        self._plan = options.fault_plan
        self._fate = random.Random(options.seed)  # noqa: S311 - repeatable on purpose
        with self.world.store.transaction():
            for system in SYSTEMS:
                system.prepare(self.world.store, clock())

    def close(self) -> None:
        """Release the data file."""
        self.world.store.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        path = (
            (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        )
        system = _system(path)
        body = await _read(receive, system.body_limit_bytes if system else 0)
        if body is None:
            return
        host = headers.get("host", "")
        call = Call(
            method=scope["method"],
            path=path,
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            now=self._clock(),
            base_url=f"http://{host}",
        )
        if host.rpartition(":")[0] not in _LOCAL_HOSTS and host not in _LOCAL_HOSTS:
            message = b"the sandbox answers to 127.0.0.1 and localhost only\n"
            await _send(send, Answer(403, message, {}, "text/plain"))
        elif system is None:
            await _send(send, _elsewhere(call))
        elif len(body) > system.body_limit_bytes:
            await _send(send, system.refusal(self.world, call, 413, 0))
        else:
            await self._answer(system, call, scope, send)

    async def _answer(self, system: System, call: Call, scope: Scope, send: Send) -> None:
        fault = self._plan.draw(self._fate, is_read=call.method == "GET")
        if fault is Fault.LATE:
            self._note(call, 0, fault)
            asyncio.get_running_loop().call_later(self._plan.late_s, self._apply, system, call)
            await _abort(scope)
            return
        if fault is Fault.TOO_MANY:
            answer = system.refusal(self.world, call, 429, self._plan.retry_after_s)
        elif fault is Fault.FAIL_BEFORE:
            answer = system.refusal(self.world, call, 500, 0)
        else:
            answer = self._apply(system, call)
        if fault is Fault.FAIL_AFTER:
            answer = system.refusal(self.world, call, 500, 0)
        self._note(call, 0 if fault is Fault.DROP else answer.status, fault)
        if fault is Fault.DROP:
            await _abort(scope)
        else:
            await _send(send, answer, over_s=self._plan.slow_s if fault is Fault.SLOW else 0)

    def _apply(self, system: System, call: Call) -> Answer:
        with self.world.store.transaction():
            return system.answer(self.world, call)

    def _note(self, call: Call, status: int, fault: Fault | None) -> None:
        if self.world.options.record_calls:
            path = call.path + ("?" if call.raw_query else "") + call.raw_query
            self.calls.append(CallRecord(call.now, call.method, path, status, fault or ""))


def app(
    options: SandboxOptions | None = None, *, clock: Callable[[], float] = time.time
) -> Starlette:
    """Return the sandbox as an ASGI application.

    Args:
        options: Switches, faults and the data file; host and port are the server's business.
        clock: Unix seconds; tests may turn it forward.

    Returns:
        An application whose `state.door` holds the store (`state.door.close()` releases it).
    """
    door = Door(options or SandboxOptions(), clock)
    application = Starlette(routes=[Mount("", app=door)])
    application.state.door = door
    return application


def _system(path: str) -> System | None:
    for system in SYSTEMS:
        if path.startswith(system.prefix) and path[len(system.prefix) : len(system.prefix) + 1] in (
            "",
            "/",
        ):
            return system
    return None


def _elsewhere(call: Call) -> Answer:
    if call.path == "/":
        places = {"sandbox": "bulkload", "systems": [system.prefix for system in SYSTEMS]}
        return json_answer(200, places)
    return Answer(404, dumps({"detail": "Not Found"}))


async def _read(receive: Receive, limit_bytes: int) -> bytes | None:
    """Read the whole body but keep little more than the limit; None if the caller has gone."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= limit_bytes:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


async def _send(send: Send, answer: Answer, over_s: float = 0) -> None:
    headers = [(name.lower().encode(), v.encode("latin-1")) for name, v in answer.headers.items()]
    if answer.body or answer.status != 204:  # noqa: PLR2004 - No Content
        headers.append((b"content-type", answer.content_type.encode()))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for piece in _pieces(answer.body) if over_s else ():
        await asyncio.sleep(over_s / _DRIPS)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if over_s else answer.body})


def _pieces(body: bytes) -> Iterable[bytes]:
    size = max(1, -(-len(body) // _DRIPS))
    return (body[start : start + size] for start in range(0, len(body), size))


async def _abort(scope: Scope) -> None:
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise ConnectionResetError("the sandbox dropped this call on purpose")
    abort()
    await asyncio.sleep(0)  # lets the server notice before it looks for an answer
