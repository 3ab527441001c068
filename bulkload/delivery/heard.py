"""What came back from one request, and what it says about rows and about the whole run.

Heard           one answer, or the error in its place
stopped_by ...  the errors that end a run, with what to do about them
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from bulkload.connectors.base import Meaning
from bulkload.delivery.policy import Event
from bulkload.errors import BulkloadError, CredentialsError, UnreachableError
from bulkload.wire import Request, Response, UnusableTargetError, WireError

CHECK_NETWORK = "check the address and the network, then run the same command again"
AGAIN_LATER = "run the same command again later: it continues where it stopped"

_STOPS: Mapping[int, tuple[type[BulkloadError], str, str]] = {
    300: (
        BulkloadError,
        "this is not the system's own address",
        "set the base URL to the address that answers itself",
    ),
    402: (CredentialsError, "the system wants to be paid first", "see the system's dashboard"),
    403: (
        CredentialsError,
        "the credentials do not allow this",
        "check what the token may do; `bulkload doctor` shows it",
    ),
    404: (
        BulkloadError,
        "the system does not know this address",
        "check the program's id with `bulkload program list`, and the base URL",
    ),
    500: (UnreachableError, "the system cannot do this", "try again later"),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back from one request."""

    event: Event
    response: Response | None = None
    meaning: Meaning | None = None
    error: WireError | None = None
    retry_after_s: float | None = None

    @property
    def status(self) -> int | None:
        """HTTP status; None without an answer."""
        return self.response.status if self.response else None

    @property
    def words(self) -> str:
        """What to tell about it, without contact data."""
        if self.meaning is not None and self.meaning.message:
            return self.meaning.message
        if self.response is not None:
            return f"HTTP {self.response.status}"
        return str(self.error)

    @property
    def refusal(self) -> str:
        """What to tell about a row that was refused: the system's words, field by field if need be."""
        if self.meaning is None:
            return self.words
        problems = "; ".join(f"{p.field}: {p.message}" for p in self.meaning.problems[:5])
        return self.meaning.message or problems


def stopped_by(heard: Heard, request: Request, base_url: str) -> BulkloadError:
    """Return the error for an answer after which no request can succeed."""
    if isinstance(heard.error, UnusableTargetError):
        return BulkloadError(
            f"nothing can be sent to this address: {heard.error}",
            where=base_url,
            fix="check the base URL; certificates of a company's own are named in a file",
        )
    where = base_url + request.path.partition("?")[0]
    status, words = heard.status or 0, heard.words
    if heard.meaning is not None and heard.meaning.quota:
        return UnreachableError(
            f"the system's quota ({heard.meaning.quota}) is used up: {words}",
            where=where,
            fix="run the same command again when it renews: it continues where it stopped",
        )
    if 300 <= status < 400:  # noqa: PLR2004
        host = (heard.response.headers.get("location", "") if heard.response else "")[:200]
        words, status = f"it redirects to `{host}`, which is not followed", 300
    elif status >= 500:  # noqa: PLR2004
        status = 500
    error, what, fix = _STOPS.get(status, (BulkloadError, "the system refuses", ""))
    return error(f"{what}: {words}", where=where, fix=fix)


def put_off(
    base_url: str, asked_s: float, refused_s: float, words: str, *, epoch_s: float
) -> UnreachableError:
    """Return the error for a wait that is longer than the run may take.

    Args:
        base_url: Of the system.
        asked_s: What the system asks for now; 0 if it names no time.
        refused_s: For how long it has let nothing through.
        words: What it says.
        epoch_s: Unix time now.
    """
    what, when = f"for {refused_s:.0f} s the system has only asked to slow down ({words})", "later"  # fmt: skip
    if asked_s:
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch_s + min(asked_s, 10**9)))  # fmt: skip
        before = f"{what}, and" if refused_s >= 1 else "the system"
        what, when = f"{before} asks to wait until {until}", "then"
    return UnreachableError(
        what,
        where=base_url,
        fix=f"run the same command again {when}: it continues where it stopped;"
        " `--max-wait` lets it wait longer",
    )


def unanswered(base_url: str, words: str) -> UnreachableError:
    """Return the error for a read that failed too often."""
    what = f"the system does not answer ({words})"
    return UnreachableError(what, where=base_url, fix=CHECK_NETWORK)


def unreached(base_url: str) -> UnreachableError:
    """Return the error for a system that no request has come to."""
    return UnreachableError("no request has reached the system", where=base_url, fix=CHECK_NETWORK)


def failing(base_url: str) -> UnreachableError:
    """Return the error for a system that pauses did not help."""
    what = "the system keeps failing; every row is safe where it is"
    return UnreachableError(what, where=base_url, fix=AGAIN_LATER)
