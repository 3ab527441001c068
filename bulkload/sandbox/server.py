"""The sandbox on a loopback port: uvicorn in a daemon thread, or in the foreground until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bulkload.sandbox.calls import EFFECTS
from bulkload.sandbox.door import ABORT, SYSTEMS, CallRecord, Door, app
from bulkload.sandbox.options import SandboxOptions
from bulkload.sandbox.store import Filter

_START_S = 10.0
_TICK_S = 0.1


class Sandbox:
    """A running sandbox: `with Sandbox() as sandbox: ... sandbox.base_url`.

    Raises:
        ValueError: the options are impossible.
        StoreError: the data file cannot be used.
        OSError: the port is taken.
    """

    def __init__(
        self,
        options: SandboxOptions | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options or SandboxOptions()
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._server: _Server
        self._door: Door
        self.port = self.options.port

    @property
    def base_url(self) -> str:
        """Where it listens, without a slash at the end."""
        host = "[::1]" if self.options.host == "::1" else "127.0.0.1"
        return f"http://{host}:{self.port}"

    @property
    def calls(self) -> list[CallRecord]:
        """The calls so far, if `record_calls` is on."""
        return list(self._door.calls)

    def customers(self, scope: str) -> list[dict[str, Any]]:
        """Return all customers in the order of their creation, past every fault and delay.

        Args:
            scope: `loyaltydog/<program id>`, `voucherify` or `leal/<account id>`.
        """
        world = self._door.world
        with world.store.transaction():
            for system in SYSTEMS:
                system.settle(world, self._clock())
            return world.store.find(scope, Filter())

    def effects(self) -> list[dict[str, Any]]:
        """Return what customers would have received: card links, pushes, welcome stamps."""
        store = self._door.world.store
        with store.transaction():
            return store.documents(EFFECTS)

    def start(self) -> Self:
        """Listen; return when calls are answered."""
        listener = _listener(self.options)
        try:
            application = app(self.options, clock=self._clock)
        except BaseException:
            listener.close()
            raise
        self._door = application.state.door
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            application,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL + 1,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="bulkload-sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(_START_S):
            self.close()
            raise OSError(f"the sandbox did not start within {_START_S:g} s")
        return self

    def close(self) -> None:
        """Stop listening and release the data file; safe to call twice."""
        if self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self._thread = None
        self._door.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(options: SandboxOptions, announce: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `announce` gets the base URL.

    Raises:
        ValueError, StoreError, OSError: as `Sandbox`.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in _STOP_SIGNALS}
    try:
        with Sandbox(options) as sandbox:
            announce(sandbox.base_url)
            while not stop.wait(1.0):  # a bare wait() would not see Ctrl-C on Windows
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Server(uvicorn.Server):
    """A server that says when it listens and stops without waiting for its next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        stop = self._stop
        counter = 0
        while stop is not None and not await self.on_tick(counter):
            counter += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK_S)

    def stop(self) -> None:
        self.should_exit = True
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)


class _Protocol(H11Protocol):
    """HTTP/1.1 that lets the application reset its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = functools.partial(_with_abort, self.app, transport)


async def _with_abort(
    inner: ASGIApp, transport: asyncio.Transport, scope: Scope, receive: Receive, send: Send
) -> None:
    scope.setdefault("extensions", {})[ABORT] = transport.abort
    await inner(scope, receive, send)


def _listener(options: SandboxOptions) -> socket.socket:
    family = socket.AF_INET6 if options.host == "::1" else socket.AF_INET
    # With its protocol named, asyncio turns Nagle off: no 40 ms between headers and body.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::1" if options.host == "::1" else "127.0.0.1", options.port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener
