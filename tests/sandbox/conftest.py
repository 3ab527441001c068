"""Ask the systems directly: calls in, answers out, no sockets; the clock is a number."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bulkload.sandbox import SandboxOptions
from bulkload.sandbox.calls import Answer, Call, World
from bulkload.sandbox.door import SYSTEMS
from bulkload.sandbox.store import Store

PROGRAM = "/v2/loyalty/programs/5eb7cf5a86d9755df3a6c593"
START = 1_780_000_000.0


@dataclass
class Desk:
    """One sandbox without HTTP."""

    world: World
    now: float = START
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Answer a call; a body that is not bytes goes as JSON, `_` in header names is `-`."""
        raw = b"" if body is None else body
        if not isinstance(raw, bytes):
            raw = json.dumps(body).encode()
        path, _, query = path.partition("?")
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        call = Call(
            method, path, query, {"content-type": "application/json", **self.headers, **named},
            raw, self.now,
        )  # fmt: skip
        system = next(s for s in SYSTEMS if path.startswith(s.prefix + "/"))
        with self.world.store.transaction():
            return system.answer(self.world, call)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of a call that must succeed."""
        answer = self.send(method, path, body, **headers)
        assert answer.status < 300, answer
        return json.loads(answer.body) if answer.body else None


@pytest.fixture
def desk_with() -> Iterator[Callable[..., Desk]]:
    """Build desks; called with the fields of `SandboxOptions`."""
    stores = []

    def build(**options: Any) -> Desk:
        store = Store(options.get("data"))
        stores.append(store)
        for system in SYSTEMS:
            system.prepare(store, START)
        return Desk(World(store, SandboxOptions(**options), random.Random(1)))

    yield build
    for store in stores:
        store.close()
