"""Hours in milliseconds: a loop with its own time, and a server that answers inside it.

    loop = SimulatedLoop()                 nothing waits; time jumps to the next timer
    clock = SimulatedClock(loop)           delivery's two clocks, the second of which may jump
    network = SimulatedNetwork(loop, seed) httpx's transport, with the fault server's endpoints behind it

One thread, one source of randomness: the same seed gives the same trace, so every failure can be
replayed from its seed.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import selectors
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.faults.endpoints import SLOW_DOWN, Call
from tests.faults.instructions import OK, Instruction, Script
from tests.faults.server import FaultServer, Seen
from tests.faults.store import Store

Answer = TypeVar("Answer")
EPOCH_S = 1_790_000_000.0
LONGEST_S = 4 * 86_400.0
"""No import, and no wait between two of them, takes longer in a simulation."""


class Crash(SystemExit):
    """The process ends here; asyncio lets a SystemExit out of the loop at once."""


class _Timers(selectors.DefaultSelector):
    """Watches nothing; the time that it would have waited has passed."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits, and no timer is set")
        self._loop.now_s += max(timeout, 0.0)
        if self._loop.now_s > self._loop.ends_s:
            raise AssertionError(f"still at work after {LONGEST_S / 86_400:.0f} simulated days")
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps from timer to timer."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.ends_s = math.inf
        """When whatever runs now has taken too long."""
        super().__init__(_Timers(self))
        # A nanosecond, asyncio's own, is lost in a float after half a year: no timer would be due.
        self._clock_resolution = 1e-6
        self.set_exception_handler(lambda *_: None)

    def time(self) -> float:
        """Return the simulated time in seconds."""
        return self.now_s

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run until the work is done.

        Raises:
            AssertionError: It is not done after `LONGEST_S` simulated seconds.
        """
        self.ends_s = self.now_s + LONGEST_S
        return self.run_until_complete(work)


class SimulatedClock:
    """Delivery's clock on the loop's time; Unix time can jump on its own."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop
        self.jump_s = 0.0

    def monotonic(self) -> float:
        """Return the loop's time."""
        return self._loop.now_s

    def epoch_s(self) -> float:
        """Return Unix time, wherever it has jumped."""
        return EPOCH_S + self._loop.now_s + self.jump_s

    async def sleep(self, seconds: float) -> None:
        """Wait in the loop."""
        await asyncio.sleep(max(seconds, 0.0))


class SimulatedNetwork:
    """The way to the fault server's endpoints, and what can go wrong on it.

    A request that has left is the network's: it takes effect, or not, whatever becomes of its
    sender. Each life of the client has a transport of its own, which dies with it.
    """

    def __init__(self, loop: SimulatedLoop, seed: int = 0) -> None:
        self.loop = loop
        self.random = random.Random(seed)
        self.server = FaultServer(
            Store(clock=loop.time), clock=loop.time, epoch_s=lambda: EPOCH_S + loop.now_s
        )
        self.latency_s = (0.005, 0.05)
        self.trace: list[tuple[float, str]] = []
        self.departures: list[tuple[float, str]] = []
        """When each request left, and which way: `POST customers`."""
        self.on_wire = 0
        """Requests that have left and are not answered."""
        self.most_on_wire = 0

    @property
    def script(self) -> Script:
        """What goes wrong."""
        return self.server.script

    @script.setter
    def script(self, script: Script) -> None:
        self.server.script = script

    def transport(self, boundary: Callable[[str], None] = lambda _: None) -> SimulatedTransport:
        """Return the transport of one life of the client.

        Args:
            boundary: Called with the name of each step; may raise `Crash`.
        """
        return SimulatedTransport(self, boundary)

    def created(self) -> list[tuple[str, str]]:
        """Return e-mail and id of every create that took effect."""
        return [
            (str(entry["customer"].get("email", "")).lower(), entry["customer"]["id"])
            for entry in self.server.store.entries
            if entry["event"] == "create"
        ]

    def note(self, what: str) -> None:
        """Add to the trace."""
        self.trace.append((round(self.loop.now_s, 6), what))

    async def carry(self, call: Call) -> httpx.Response:
        """Bring a request to the server and its answer back."""
        server = self.server
        await asyncio.sleep(self.random.uniform(*self.latency_s))
        what = server.instruction_for(call)
        seen = Seen(self.loop.now_s, call.method, call.route, call.key, what.text)
        server.seen.append(seen)
        self.note(f"{call.method} {call.route} {call.key} {what.text}")
        if server.over_the_limit(seen):
            said = {"Retry-After": server.retry_after(), "Date": self.date()}
            return httpx.Response(429, headers=said, content=json.dumps(SLOW_DOWN).encode())
        if what.reply == "late-drop":
            self.later(self.apply(call, after_s=what.seconds))
            raise httpx.RemoteProtocolError(what.text)
        late_s = what.seconds if what.reply == "late-apply" else 0.0
        seen.status, body = await self.apply(call, after_s=late_s) if what.applies else (0, {})
        await asyncio.sleep(self.random.uniform(*self.latency_s))
        return _answered(what, seen.status, body, self.date)

    def date(self, in_s: float = 0.0) -> str:
        """Return the server's time, which does not jump with the client's."""
        return formatdate(self.server.epoch_s() + in_s, usegmt=True)

    async def apply(self, call: Call, *, after_s: float) -> tuple[int, Any]:
        """Let a request take effect."""
        if after_s:
            await asyncio.sleep(after_s)
        status, body = self.server.answer(call)
        self.note(f"applied {call.method} {call.key} {status}")
        return status, body

    def later(self, work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        """Do something that nobody can stop."""
        task = asyncio.ensure_future(work)
        self.server.pending.add(task)
        task.add_done_callback(self.server.pending.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    def pass_time(self, seconds: float) -> None:
        """Let time pass while nobody runs."""
        self.loop.run(asyncio.sleep(seconds))

    def settle(self) -> None:
        """Let everything that has left take effect."""
        while self.server.pending:
            self.loop.run(_done(self.server.pending))


class SimulatedTransport(httpx.AsyncBaseTransport):
    """What one life of the client sends through."""

    def __init__(self, network: SimulatedNetwork, boundary: Callable[[str], None]) -> None:
        self._network = network
        self._boundary = boundary
        self.dead = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait for its answer; the request goes on without its sender."""
        if self.dead:
            await asyncio.get_running_loop().create_future()
        parts = urlsplit(str(request.url))
        headers = {name.lower(): text for name, text in request.headers.items()}
        body = await request.aread()
        call = Call(request.method, parts.path, dict(parse_qsl(parts.query)), headers, body)
        self._boundary(f"before sending {call.method}")
        network = self._network
        network.departures.append((network.loop.now_s, f"{call.method} {call.route}"))
        network.on_wire += 1
        network.most_on_wire = max(network.most_on_wire, network.on_wire)
        journey = network.later(network.carry(call))
        try:
            self._boundary(f"after sending {call.method}")
            answer: httpx.Response = await asyncio.shield(journey)
        finally:
            network.on_wire -= 1
        if self.dead:
            await asyncio.get_running_loop().create_future()
        self._boundary(f"before reading the answer to {call.method}")
        return answer


async def _done(futures: set[asyncio.Future[Any]]) -> None:
    await asyncio.wait(futures)


_ERRORS: dict[str, type[httpx.RequestError]] = {
    "reset": httpx.ReadError,
    "reset-answer": httpx.ReadError,
    "hang-up": httpx.RemoteProtocolError,
    "close-after-headers": httpx.RemoteProtocolError,
    "drop-answer": httpx.RemoteProtocolError,
    "late-drop": httpx.RemoteProtocolError,
    "truncate": httpx.RemoteProtocolError,
    "garbage": httpx.RemoteProtocolError,
    "half-status": httpx.RemoteProtocolError,
    "stall": httpx.ReadTimeout,
    "drip": httpx.ReadTimeout,
    "bad-gzip": httpx.DecodingError,
}


def _answered(
    what: Instruction, status: int, body: Any, date: Callable[[float], str]
) -> httpx.Response:
    """Return what the client gets to see, or raise what httpx would."""
    if what.reply in _ERRORS:
        raise _ERRORS[what.reply](what.text)
    headers = {"Content-Type": "application/json", "Date": date(0.0)}
    if what.retry_after:
        wait = what.retry_after
        headers["Retry-After"] = date(float(wait)) if what.retry_after_is_date else wait
    if what.reply == "redirect":
        headers["Location"] = what.argument
        return httpx.Response(307, headers=headers, content=b"")
    if what.reply == "status":
        return httpx.Response(what.status, headers=headers, content=b'{"detail":"told to fail"}')
    if what is not OK and status < 400:
        if what.reply in ("not-json", "empty"):
            return httpx.Response(
                status, headers=headers, content=b"<htm>"[: 5 * (what.reply != "empty")]
            )
        if what.reply in ("no-id", "id") and isinstance(body, dict):
            body = {name: value for name, value in body.items() if name != "id"}
            if what.reply == "id":
                body["id"] = json.loads(what.argument)
    return httpx.Response(status, headers=headers, content=json.dumps(body).encode())
