"""What Voucherify's answers mean.

    {"code": 400, "key": "metadata_validation_failed", "message": "...", "details": "tier: must ..."}
    {"statusCode": 413, "error": "Request Entity Too Large", "message": "..."}     above 10 MB
    {"code": 429, "message": "Too many requests hit the API too quickly."}         without a key

Source: the errors, limits and data-synchronization guides; openapi of customers and async-actions.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from bulkload.connectors.answers import id_of, masked, retry_after_s, seconds_of
from bulkload.connectors.base import Meaning, Outcome, Problem, meaning_of_status
from bulkload.records import Customer, Status
from bulkload.wire import Request, Response

_ITEM = re.compile(r"/v1/customers/([^/?]+)$")
_MAY_BE_ABSENT = re.compile(r"/v1/(?:customers|async-actions|metadata-schemas)/[^/]+$")
_PROPERTY = re.compile(r"[Pp]roperty [.']?([\w.]+)")
_METADATA = re.compile(r"([\w.-]{1,100}): must ")


def meaning(request: Request, response: Response) -> Meaning:
    """Say what an answer to any request of this connector means."""
    status, body = response.status, response.json()
    path = request.path.partition("?")[0]
    if 200 <= status < 300:  # noqa: PLR2004
        return _of_success(request, path, response, body)
    if request.is_read and status == 404 and _MAY_BE_ABSENT.match(path):  # noqa: PLR2004
        return Meaning(Outcome.APPLIED)
    outcome = meaning_of_status(status)
    if status == 423:  # noqa: PLR2004 - locked: another request holds the customer
        outcome = Outcome.NOT_APPLIED
    if request.is_read and outcome in (Outcome.REFUSED, Outcome.CONFLICT):
        outcome = Outcome.STOP
    quota = ""
    if status == 429 and response.headers.get("x-rate-limit-type") == "api_calls_cycle":  # noqa: PLR2004
        outcome, quota = Outcome.STOP, "cycle"
    message, problems = words(body)
    return Meaning(
        outcome,
        message=message or f"HTTP {status}",
        problems=problems,
        retry_after_s=_wait_s(response) if status in (429, 503) else None,
        quota=quota,
    )


def customers(response: Response) -> list[Customer]:
    """Return the customers of a list or of a single read."""
    body = response.json()
    if response.status != 200 or not isinstance(body, Mapping):  # noqa: PLR2004
        return []
    listed = body.get("customers")
    items: list[Any] = listed if isinstance(listed, list) else [body]
    return [Customer(found, item) for item in items if (found := id_of(item, "id"))]


def words(body: Any) -> tuple[str, tuple[Problem, ...]]:
    """Return the vendor's complaint without contact data, and the fields that it names."""
    if not isinstance(body, Mapping):
        return "", ()
    parts = [body.get(part) for part in ("key", "message", "error", "details")]
    message = masked(": ".join(dict.fromkeys(p for p in parts if isinstance(p, str) and p)))
    details = body.get("details")
    if not isinstance(details, str):
        return message, ()
    if body.get("key") == "metadata_validation_failed":
        named = [f"metadata.{name}" for name in _METADATA.findall(details)]
    else:
        named = [name.strip(".") for name in _PROPERTY.findall(details)]
    return message, tuple(Problem(name, masked(details)) for name in named[:20])


def _of_success(request: Request, path: str, response: Response, body: Any) -> Meaning:
    if request.is_read:
        readable = response.status == 200 and isinstance(body, Mapping)  # noqa: PLR2004
        return Meaning(Outcome.APPLIED if readable else Outcome.UNKNOWN)
    if request.method == "DELETE":
        return Meaning(Outcome.APPLIED, Status.UPDATED)
    if path.endswith(("/async", "/importCSV")):
        job = id_of(body, "async_action_id")
        told = "" if job else "accepted without the id of an async action"
        return Meaning(Outcome.ACCEPTED if job else Outcome.UNKNOWN, job=job, message=told)
    found = id_of(body, "id")
    if not found:
        return Meaning(Outcome.UNKNOWN, message=f"HTTP {response.status} without a usable id")
    there_before = bool(_ITEM.search(path)) or bool(body.get("updated_at"))
    return Meaning(Outcome.APPLIED, Status.UPDATED if there_before else Status.CREATED, found)


def _wait_s(response: Response) -> float | None:
    asked_s = retry_after_s(response.headers)
    if asked_s is not None:
        return asked_s
    moment = response.headers.get("x-rate-limit-retry")
    return seconds_of(moment, now_epoch_s=dt.datetime.now(dt.UTC).timestamp())
