"""HTTP as the rest of the package sees it: one request out, one fully read answer back.

The only module that imports httpx, so that its successor with the same API is a change of one line.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What a connector wants to be sent; authentication is added on the way out."""

    method: str
    path: str
    """Path and query below the profile's base URL, already percent-encoded: `/v2/token`."""
    body: bytes | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"

    @property
    def is_read(self) -> bool:
        """Whether sending it twice changes nothing."""
        return self.method in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Response:
    """A fully read answer, within the size limit."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; None if it is not JSON (an answer may be anything)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class WireError(Exception):
    """No usable answer. Subclasses say what is known about the server's side."""


class NotSentError(WireError):
    """The server cannot have seen the whole request (refused, no DNS, no connection, pool full)."""


class OutcomeUnknownError(WireError):
    """The server may or may not have applied the request (time-out, reset, broken answer)."""


class UnusableTargetError(WireError):
    """The address or its certificate is wrong; no request to it can succeed."""
