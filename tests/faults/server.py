"""A loyalty system that misbehaves on command, in a process of its own.

    python -m tests.faults.server --log creations.jsonl

It listens on 127.0.0.1 and a free port, and speaks one line of JSON at a time with whoever started
it: the port on its output, then one answer for each command on its input. When its input ends, it
stops; so it cannot outlive a test. It shares no code with bulkload and speaks raw HTTP, because
most of what it does wrong no HTTP library would let it do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.faults import replies
from tests.faults.endpoints import SLOW_DOWN, Answer, Call, Endpoints
from tests.faults.instructions import OK, Instruction, Script, parse
from tests.faults.store import Store


@dataclass(slots=True)
class Seen:
    """One request as it is remembered for the tests."""

    at_s: float
    """Monotonic clock of the machine, comparable between processes."""
    method: str
    route: str
    key: str
    instruction: str
    status: int = 0
    refused_by_limit: bool = False


@dataclass(slots=True)
class FaultServer(Endpoints):
    """What goes wrong on the way to the endpoints, and what happened."""

    clock: Callable[[], float] = time.monotonic
    epoch_s: Callable[[], float] = time.time
    seen: list[Seen] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    window: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    early_calls: int = 0
    """Requests that came before a Retry-After of the limit was over."""
    pending: set[asyncio.Future[Any]] = field(default_factory=set)

    # -- one connection ----------------------------------------------------------------------

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve requests until one side has had enough."""
        try:
            while await self.exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read one request and do to it what the script says; False ends the connection."""
        if self.script.always == "reset-on-accept":
            await reader.readexactly(1)
            replies.reset(writer)
            return False
        call = await read_head(reader)
        instruction = self.early_instruction(call)
        if instruction is not None:
            if instruction.reply == "close-after-headers":
                return False
            await reader.readexactly(10)
            replies.reset(writer)
            return False
        call.body = await reader.readexactly(int(call.headers.get("content-length", "0")))
        instruction = self.instruction_for(call)
        seen = Seen(self.clock(), call.method, call.route, call.key, instruction.text)
        self.seen.append(seen)
        if self.over_the_limit(seen):
            await replies.send(writer, 429, SLOW_DOWN, {"Retry-After": self.retry_after()})
            return True
        going_on = await self.obey(instruction, call, seen, writer)
        if instruction.reply == "close-idle":
            await reader.readexactly(1)
            replies.reset(writer)
        return going_on

    def early_instruction(self, call: Call) -> Instruction | None:
        """Return an instruction that strikes before the body, if one is due for any customer."""
        for plan in self.script.plans:
            if plan.matches(call.method, call.route, "") and plan.steps[plan.consumed] in (
                "close-after-headers",
                "reset-mid-body",
            ):
                text = plan.steps[plan.consumed]
                plan.consumed += 1
                self.injected[text] += 1
                return parse(text)
        return None

    def instruction_for(self, call: Call) -> Instruction:
        """Choose what happens: a plan first, then the rule for all, then the mix."""
        about = f"{call.method} {call.route} {call.key}"
        nth = self.attempts[about]
        self.attempts[about] += 1
        chosen = OK
        for plan in self.script.plans:
            if plan.matches(call.method, call.route, call.key):
                chosen = parse(plan.steps[plan.consumed])
                plan.consumed += 1
                break
        else:
            if self.script.always and call.route != "token":
                chosen = parse(self.script.always)
            elif call.route != "token":
                chosen = self.script.mix.draw(call.method, call.key, nth)
        if chosen is not OK:
            self.injected[chosen.text] += 1
        return chosen

    # -- limits ------------------------------------------------------------------------------

    def over_the_limit(self, seen: Seen) -> bool:
        """Count the request against the hidden limit."""
        script = self.script
        if not script.limit_calls:
            return False
        if seen.at_s < self.blocked_until:
            self.early_calls += 1
            seen.status, seen.refused_by_limit = 429, True
            return True
        while self.window and self.window[0] <= seen.at_s - script.limit_per_s:
            self.window.popleft()
        if len(self.window) < script.limit_calls:
            self.window.append(seen.at_s)
            return False
        self.blocked_until = seen.at_s + script.limit_retry_after_s
        seen.status, seen.refused_by_limit = 429, True
        return True

    def retry_after(self) -> str:
        """Return how long the limit refuses yet, as the script wants it said."""
        wait_s = max(self.blocked_until - self.clock(), 0.0)
        seconds = math.ceil(wait_s)
        if self.script.limit_date:
            return formatdate(self.epoch_s() + seconds, usegmt=True)
        return str(seconds)

    # -- faults ------------------------------------------------------------------------------

    async def obey(
        self, what: Instruction, call: Call, seen: Seen, writer: asyncio.StreamWriter
    ) -> bool:
        """Apply the request or not, and answer it or not."""
        if what.reply in ("late-apply", "late-drop"):
            return await self.apply_late(what, call, seen, writer)
        if what.reply == "echo":
            seen.status = int(what.argument)
            said = " ".join(map(str, call.fields().values()))
            await replies.send(writer, seen.status, {"detail": f"{said} {call.token}"}, {})
            return True
        if not what.applies:
            seen.status = what.status if what.reply == "status" else 0
            return await replies.refuse(writer, what)
        status, body = self.answer(call)
        seen.status = status
        if status >= 400:
            await replies.send(writer, status, body, {})
            return True
        return await replies.misanswer(writer, what, status, body)

    async def apply_late(
        self, what: Instruction, call: Call, seen: Seen, writer: asyncio.StreamWriter
    ) -> bool:
        """Apply after a while, whether or not anybody still listens."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        async def apply() -> None:
            await asyncio.sleep(what.seconds)
            done.set_result(self.answer(call))

        task = asyncio.create_task(apply())
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)
        if what.reply == "late-drop":
            return False
        status, body = await asyncio.shield(done)
        seen.status = status
        await replies.send(writer, status, body, {})
        return True

    # -- control -----------------------------------------------------------------------------

    async def obey_command(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what the starter of the server asks for."""
        if command["do"] == "script":
            self.script = Script.of(command["script"])
            self.script.validate()
            return {}
        if command["do"] == "settle":
            await asyncio.gather(*self.pending, return_exceptions=True)
            return {"created": len(self.store.customers)}
        if command["do"] == "seen":
            names = Seen.__dataclass_fields__
            return {"seen": [{name: getattr(one, name) for name in names} for one in self.seen]}
        if command["do"] == "forget":
            self.seen.clear()
            self.injected.clear()
            self.early_calls = 0
            return {}
        return {
            "requests": len(self.seen),
            "creates": sum(one.method == "POST" and one.route == "customers" for one in self.seen),
            "created": len(self.store.customers),
            "in_flight": len(self.pending),
            "injected": dict(self.injected),
            "left": sum(len(plan.steps) - plan.consumed for plan in self.script.plans),
            "early_calls": self.early_calls,
            "sign_ins": len(self.tokens) - 2,
        }


async def read_head(reader: asyncio.StreamReader) -> Call:
    """Read the request line and the headers."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    parts = urlsplit(target)
    headers = {}
    for line in head[1:-2]:
        name, _, text = line.partition(":")
        headers[name.strip().lower()] = text.strip()
    return Call(method, parts.path, dict(parse_qsl(parts.query)), headers, b"")


async def serve(log: Path) -> None:
    """Listen, tell the port, and obey commands until the input ends."""
    faults = FaultServer(Store(log))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    server = await asyncio.start_server(faults.connection, "127.0.0.1", 0, backlog=1024)
    commands = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    tell({"port": server.sockets[0].getsockname()[1]})
    while line := await commands.readline():
        try:
            tell(await faults.obey_command(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            tell({"error": f"{type(error).__name__}: {error}"})
    server.close()
    faults.store.close()


def tell(said: dict[str, Any]) -> None:
    """Answer the starter."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the server."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--log", type=Path, required=True, help="creation log, appended to")
    asyncio.run(serve(arguments.parse_args().log))


if __name__ == "__main__":
    main()
