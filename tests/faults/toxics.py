"""A bad line between program and server: eight ways in which a network can be poor.

    with ToxicLine(server.port, "latency:0.5:0.4") as line:  line.base_url

latency:S:S      each piece late, by the first number more or less the second
bandwidth:N      so many bytes a second
slicer:N         pieces of so many bytes
reset:S          RST so many seconds after the connection was made
limit:N          the connection ends after so many bytes of answer
slow-close:S     the end of the connection arrives late
down:S           nobody listens for so many seconds after the start

Source: the toxics of github.com/Shopify/toxiproxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from typing import Self

from tests.faults.replies import reset

_PIECE_BYTES = 4096


class ToxicLine:
    """Carries bytes between a free port and a server's port, in a thread of its own."""

    def __init__(self, to_port: int, toxic: str, seed: int = 0) -> None:
        self._to_port = to_port
        self._word, *numbers = toxic.split(":")
        self._numbers = [float(number) for number in numbers]
        self._random = random.Random(seed)
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = time.monotonic()
        self.port = 0
        self.connections = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    @property
    def base_url(self) -> str:
        """Where the program is to connect."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def heal(self) -> bool:
        """Carry everything from here on as it is."""
        self._word = ""
        return True

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda *_: None)
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._word == "down" and time.monotonic() < self._started + self._numbers[0]:
            reset(writer)
            return
        there, to_server = await asyncio.open_connection("127.0.0.1", self._to_port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, to_server, answers=False))
                both.create_task(self._carry(there, writer, answers=True))
                if self._word == "reset":
                    both.create_task(self._reset_later(writer))
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if self._word == "slow-close":
                await asyncio.sleep(self._numbers[0])
            to_server.close()
            writer.close()

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        carried = 0
        size = int(self._numbers[0]) if self._word in ("slicer", "bandwidth") else _PIECE_BYTES
        while piece := await source.read(size):
            await self._delay()
            if self._word == "limit" and answers:
                piece = piece[: max(int(self._numbers[0]) - carried, 0)]
                carried += len(piece)
            sink.write(piece)
            await sink.drain()
            if self._word == "limit" and answers and carried >= self._numbers[0]:
                break
        with contextlib.suppress(OSError):
            sink.write_eof() if not answers else sink.close()
        if answers:
            raise ConnectionResetError

    async def _delay(self) -> None:
        if self._word == "latency":
            middle_s, spread_s = self._numbers
            await asyncio.sleep(self._random.uniform(middle_s - spread_s, middle_s + spread_s))
        elif self._word == "bandwidth":
            await asyncio.sleep(1.0)

    async def _reset_later(self, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._random.uniform(0, self._numbers[0]))
        reset(writer)
        raise ConnectionResetError
