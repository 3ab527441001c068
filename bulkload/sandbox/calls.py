"""What an operation sees of HTTP: a call comes in, an answer goes out. Plain data, no sockets."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote

from bulkload.sandbox.options import SandboxOptions
from bulkload.sandbox.store import Store, compact


@dataclass(frozen=True)
class Call:
    """One request, fully read."""

    method: str
    path: str
    """As sent, still percent-encoded: an encoded slash belongs to its segment."""
    raw_query: str = ""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    now: float = 0.0
    """Unix seconds."""
    base_url: str = "http://127.0.0.1"
    """How the caller reached the sandbox, for links in answers."""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"

    def with_headers(self, more: Mapping[str, str]) -> Answer:
        """Return the same answer with more headers."""
        return dataclasses.replace(self, headers={**self.headers, **more}) if more else self


@dataclass(frozen=True)
class World:
    """All that an operation may look at or change besides its call."""

    store: Store
    options: SandboxOptions
    chance: random.Random
    """For ids and tokens."""

    def hex_id(self, digits: int) -> str:
        """Return a fresh hexadecimal id."""
        return f"{self.chance.getrandbits(4 * digits):0{digits}x}"

    def word_id(self, prefix: str, letters: int) -> str:
        """Return a fresh id of letters and digits after a prefix: `cust_CSnYd37M...`."""
        return prefix + "".join(self.chance.choices(_BASE62, k=letters))

    def effect(self, what: Mapping[str, Any], now: float) -> None:
        """Keep what a real system would now do to the customer: a link, a push, stamps."""
        self.store.put(EFFECTS, self.hex_id(24), {**what, "at": now}, now)


@dataclass(frozen=True)
class System:
    """One of the systems, as the HTTP side sees it."""

    prefix: str
    body_limit_bytes: int
    prepare: Callable[[Store, float], None]
    """Makes what exists from the start."""
    answer: Callable[[World, Call], Answer]
    refusal: Callable[[World, Call, int, float], Answer]
    """The system's own 413, 429 (wait in seconds) or 500 for what happens outside of operations."""
    settle: Callable[[World, float], None] = lambda _world, _now: None
    """Applies what is due by now."""


Operation = Callable[..., Answer]
"""`operation(world, call, *path_parameters)`."""

EFFECTS = "effect"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Routes:
    """Which operation answers a method and a path like `/v2/programs/{}/customers`."""

    def __init__(self, table: Iterable[tuple[str, str, Operation]]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for method, pattern, operation in table:
            segments = tuple(pattern.split("/"))
            bucket = self._by_length.setdefault(len(segments), [])
            for known, methods in bucket:
                if known == segments:
                    methods[method] = operation
                    break
            else:
                bucket.append((segments, {method: operation}))

    def match(self, path: str) -> tuple[Mapping[str, Operation], tuple[str, ...]] | None:
        """Return the operations by method and the decoded parameters; None for an unknown path."""
        segments = path.split("/")
        for pattern, methods in self._by_length.get(len(segments), ()):
            if all(a in ("{}", b) for a, b in zip(pattern, segments, strict=True)):
                found = zip(pattern, segments, strict=True)
                return methods, tuple(unquote(b) for a, b in found if a == "{}")
        return None


class NotJsonError(ValueError):
    """A body that is not the JSON that the systems accept."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message, self.position = message, position


def dumps(value: Any) -> bytes:
    """Return compact UTF-8 JSON."""
    return compact(value).encode()


def loads(body: bytes) -> Any:
    """Return the value of a JSON body.

    Raises:
        NotJsonError: not UTF-8, not JSON, too deep, a number that no JSON parser must accept, half
            a surrogate pair, or a NUL (which no database behind these systems keeps).
    """
    try:
        value = json.loads(body.decode(), parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise NotJsonError(error.msg, error.pos) from None
    except UnicodeDecodeError as error:
        raise NotJsonError("body is not UTF-8", error.start) from None
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    except ValueError as error:
        raise NotJsonError(str(error)) from None
    if b"\\u" in body:
        _check_escapes(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is out of range")
    return number


def _check_escapes(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text.replace("\\\\", ""):
        raise NotJsonError("NUL is not allowed in a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotJsonError("half a surrogate pair in a string") from None


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status, dumps(value), headers or {})
