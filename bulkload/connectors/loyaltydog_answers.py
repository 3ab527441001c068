"""What LoyaltyDog's answers mean, in the words of both of its callers.

    JWT      {"detail": "text"}   {"detail": [{"loc": ["body", "email"], "msg": "...", "type": "..."}]}
    ld_*     {"code": "validation_error", "message": "...", "request_id": "..."}

Source: errors, idempotency and rate-limits guides of docs.loyalty.dog; the create page's openapi.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bulkload.connectors.answers import id_of, masked, retry_after_s, says_taken
from bulkload.connectors.base import Meaning, Outcome, Problem, meaning_of_status
from bulkload.records import Customer, Status
from bulkload.wire import Request, Response

ID_NAMES = ("id", "_id", "customerId")
_ITEM = re.compile(r"/customers/(?P<id>[^/?]+)(?P<below>/[^?]*)?$")
_PROGRAM = re.compile(r"\bprogram\b", re.IGNORECASE)


def meaning(request: Request, response: Response) -> Meaning:
    """Say what an answer to any request of this connector means."""
    status, body = response.status, response.json()
    if request.is_read:
        return _of_read(request, response, body)
    if 200 <= status < 300:  # noqa: PLR2004
        return _of_success(request, response, body)
    message, problems = words(body)
    outcome = meaning_of_status(status)
    quota = ""
    if status == 404 and (not _item_of(request) or _PROGRAM.search(message)):  # noqa: PLR2004
        outcome = Outcome.STOP
    elif status in (400, 422) and says_taken(message):
        outcome = Outcome.CONFLICT
    elif status == 422 and any(problem.field == "programId" for problem in problems):  # noqa: PLR2004
        outcome = Outcome.STOP
    elif status == 429 and _code(body) == "monthly_quota_exceeded":  # noqa: PLR2004
        outcome, quota = Outcome.STOP, "month"
    return Meaning(
        outcome,
        message=message or f"HTTP {status}",
        problems=problems,
        retry_after_s=retry_after_s(response.headers),
        quota=quota,
    )


def customers(response: Response) -> list[Customer]:
    """Return the customers of a list (bare, or with a total) or of a single read."""
    body = response.json()
    if response.status != 200 or body is None:  # noqa: PLR2004
        return []
    if isinstance(body, Mapping):
        listed = body.get("customers")
        items: Any = listed if isinstance(listed, list) else [body]
    else:
        items = body if isinstance(body, list) else []
    return [Customer(found, item) for item in items if (found := id_of(item, *ID_NAMES))]


def total(response: Response) -> int | None:
    """Return the total that a list tells, if it tells one."""
    body = response.json()
    told = body.get("total") if isinstance(body, Mapping) else None
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None


def words(body: Any) -> tuple[str, tuple[Problem, ...]]:
    """Return the vendor's complaint without contact data, and what it says about single fields."""
    if not isinstance(body, Mapping):
        return "", ()
    detail = body.get("detail")
    if isinstance(detail, str):
        return masked(detail), ()
    if isinstance(detail, list):
        problems = tuple(_problem(item) for item in detail if isinstance(item, Mapping))
        return "; ".join(p.field + ": " + p.message for p in problems), problems
    nested = body.get("error")
    spoken = nested if isinstance(nested, Mapping) else body
    message = " ".join(
        str(spoken[part]) for part in ("code", "message") if isinstance(spoken.get(part), str)
    )
    request_id = body.get("request_id")
    tail = f" (request {request_id})" if isinstance(request_id, str) and request_id else ""
    return masked(message) + (tail if message else ""), ()


def _problem(item: Mapping[str, Any]) -> Problem:
    loc = item.get("loc")
    parts = [str(part) for part in loc] if isinstance(loc, Sequence) else []
    named = parts[1:] if parts[:1] in (["body"], ["path"], ["query"]) else parts
    return Problem(".".join(named), masked(str(item.get("msg") or item.get("type") or "")))


def _of_read(request: Request, response: Response, body: Any) -> Meaning:
    status = response.status
    message, _ = words(body)
    outcome = meaning_of_status(status)
    if status == 200 and isinstance(body, list | dict):  # noqa: PLR2004
        return Meaning(Outcome.APPLIED)
    if status == 404 and _item_of(request) and not _PROGRAM.search(message):  # noqa: PLR2004
        return Meaning(Outcome.APPLIED, message=message)
    if status == 429 and _code(body) == "monthly_quota_exceeded":  # noqa: PLR2004
        return Meaning(Outcome.STOP, message=message, quota="month")
    if outcome in (Outcome.REFUSED, Outcome.CONFLICT):
        outcome = Outcome.STOP
    if outcome is Outcome.ACCEPTED:
        outcome = Outcome.UNKNOWN
    return Meaning(
        outcome,
        message=message or f"HTTP {status}",
        retry_after_s=retry_after_s(response.headers),
    )


def _of_success(request: Request, response: Response, body: Any) -> Meaning:
    item = _item_of(request)
    if item is None:
        found = id_of(body, *ID_NAMES) or id_of(_inner(body), *ID_NAMES)
        if not found:
            return Meaning(Outcome.UNKNOWN, message=f"HTTP {response.status} without a usable id")
        return Meaning(Outcome.APPLIED, Status.CREATED, found)
    spoken = id_of(body, *ID_NAMES)
    if request.method == "PUT" and spoken and spoken != item:
        return Meaning(Outcome.UNKNOWN, message="the answer speaks of another customer")
    return Meaning(Outcome.APPLIED, Status.UPDATED, item)


def _inner(body: Any) -> Any:
    return body.get("customer") if isinstance(body, Mapping) else None


def _item_of(request: Request) -> str | None:
    """Return the customer id in the path; None for the collection and everything above it."""
    found = _ITEM.search(request.path.partition("?")[0])
    return found["id"] if found else None


def _code(body: Any) -> str:
    code = body.get("code") if isinstance(body, Mapping) else None
    return code if isinstance(code, str) else ""
