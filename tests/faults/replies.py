"""Answers on a raw socket, right and wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from tests.faults.instructions import Instruction

_REASONS = {200: "OK", 307: "Temporary Redirect", 429: "Too Many Requests"}


def head(status: int, headers: Mapping[str, str], length: int) -> bytes:
    """Return status line and headers."""
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}",
        f"Date: {formatdate(usegmt=True)}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        *(f"{name}: {text}" for name, text in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def send(
    writer: asyncio.StreamWriter, status: int, body: Any, headers: Mapping[str, str]
) -> None:
    """Answer properly."""
    content = json.dumps(body).encode()
    writer.write(head(status, headers, len(content)) + content)
    await writer.drain()


async def refuse(writer: asyncio.StreamWriter, what: Instruction) -> bool:
    """Answer a request that had no effect; False ends the connection."""
    if what.reply == "status":
        headers = {}
        if what.retry_after_is_date:
            at = time.time() + float(what.retry_after)
            headers["Retry-After"] = formatdate(at, usegmt=True)
        elif what.retry_after:
            headers["Retry-After"] = what.retry_after
        await send(writer, what.status, {"detail": "told to fail"}, headers)
        return True
    if what.reply == "redirect":
        await send(writer, 307, {}, {"Location": what.argument})
        return True
    if what.reply == "stall":
        await asyncio.sleep(what.seconds)
    elif what.reply in ("reset", "reset-mid-body", "reset-on-accept"):
        reset(writer)
    return False


async def misanswer(
    writer: asyncio.StreamWriter, what: Instruction, status: int, body: Any
) -> bool:
    """Answer a request that took effect; False ends the connection."""
    broken = _BROKEN.get(what.reply)
    if broken is not None:
        writer.write(broken(json.dumps(body).encode(), what))
        await writer.drain()
        return what.reply in ("not-json", "bad-gzip", "gzip-bomb", "huge", "empty")
    if what.reply in ("drop-answer", "reset-answer"):
        if what.reply == "reset-answer":
            reset(writer)
        return False
    if what.reply == "drip":
        return await _drip(writer, json.dumps(body).encode(), what.seconds)
    if what.reply == "slow":
        await asyncio.sleep(what.seconds)
    if what.reply == "status":
        status, body = what.status, {"detail": "told to fail after all"}
    if what.reply in ("no-id", "id") and isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "id"}
        if what.reply == "id":
            body["id"] = json.loads(what.argument)
    await send(writer, status, body, {})
    return what.reply != "close-idle"


async def _drip(writer: asyncio.StreamWriter, content: bytes, every_s: float) -> bool:
    writer.write(head(200, {}, len(content)))
    for position in range(len(content)):
        writer.write(content[position : position + 1])
        await writer.drain()
        await asyncio.sleep(every_s)
    return True


def _half_status(_content: bytes, _what: Instruction) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Le"


def _truncated(content: bytes, _what: Instruction) -> bytes:
    return head(200, {}, len(content)) + content[: len(content) // 2]


def _garbage(_content: bytes, _what: Instruction) -> bytes:
    return b"\x16\x03\x01 lol\r\n\r\n"


def _not_json(_content: bytes, _what: Instruction) -> bytes:
    return head(200, {}, 5) + b"<htm>"


def _empty(_content: bytes, _what: Instruction) -> bytes:
    return head(200, {}, 0)


def _bad_gzip(_content: bytes, _what: Instruction) -> bytes:
    return head(200, {"Content-Encoding": "gzip"}, 5) + b"hello"


def _gzip_bomb(_content: bytes, what: Instruction) -> bytes:
    packed = gzip.compress(b" " * what.size_bytes, compresslevel=9)
    return head(200, {"Content-Encoding": "gzip"}, len(packed)) + packed


def _huge(_content: bytes, what: Instruction) -> bytes:
    content = b'{"padding":"' + b"x" * what.size_bytes + b'"}'
    return head(200, {}, len(content)) + content


_BROKEN = {
    "half-status": _half_status,
    "truncate": _truncated,
    "garbage": _garbage,
    "not-json": _not_json,
    "empty": _empty,
    "bad-gzip": _bad_gzip,
    "gzip-bomb": _gzip_bomb,
    "huge": _huge,
}


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST."""
    linger = struct.pack("ii", 1, 0)
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
