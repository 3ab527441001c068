"""How a run is asked to stop: once to finish what is under way, twice to end at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator

from bulkload.errors import InterruptedRunError

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Stop:
    """A request to stop, from a signal or a caller."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.signal_number = int(signal.SIGINT)

    @property
    def is_asked(self) -> bool:
        """Whether no request may leave any more."""
        return self._asked.is_set()

    def ask(self, signal_number: int = signal.SIGINT) -> None:
        """Ask; the number decides the exit code."""
        if not self._asked.is_set():
            self.signal_number = int(signal_number)
            self._asked.set()

    async def asked(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()

    def error(self) -> InterruptedRunError:
        """Return what ends the run."""
        return InterruptedRunError(
            f"stopped by {signal.Signals(self.signal_number).name};"
            " every answer that had arrived is in the journal",
            fix="run the same command again, or `bulkload resume`: it continues where it stopped",
            signal_number=self.signal_number,
        )

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[Stop]:
        """Listen to SIGINT, SIGTERM and SIGHUP while the block runs, inside an event loop.

        A second signal ends the process at once: rows under way stay intents in the journal and are
        looked up by the next run.
        """
        loop = asyncio.get_running_loop()
        numbers = [int(getattr(signal, name)) for name in SIGNALS if hasattr(signal, name)]

        def received(number: int) -> None:
            if self.is_asked:
                os._exit(128 + number)
            self.ask(number)

        for number in numbers:
            loop.add_signal_handler(number, received, number)
        try:
            yield self
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
