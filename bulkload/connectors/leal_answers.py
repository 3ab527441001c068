"""What Leal's answers mean.

    {"errors": {"email": ["has already been taken"]}}     {"errors": ["Email has already been taken"]}
    {"error": "Store not found"}

Source: app.getleal.com/docs/api/v1 (Customers, Customer Cards); the Error type of leal-sdk 0.0.16.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bulkload.connectors.answers import id_of, masked, retry_after_s, says_taken, text_of
from bulkload.connectors.base import Meaning, Outcome, Problem, meaning_of_status
from bulkload.records import Customer, Status
from bulkload.wire import Request, Response

_ITEM = re.compile(r"/customers/(?P<id>[^/?]+)(?P<below>/[^?]*)?$")
_STORE = re.compile(r"\b(?:store|account)\b", re.IGNORECASE)
_FIELDS = ("first_name", "last_name", "email", "phone", "birthday", "card_id", "metadata", "stamps")
WALLETS = ("apple_wallet_url", "google_wallet_url")


def meaning(request: Request, response: Response) -> Meaning:
    """Say what an answer to any request of this connector means."""
    status, body = response.status, response.json()
    item = _ITEM.search(request.path.partition("?")[0])
    if 200 <= status < 300:  # noqa: PLR2004
        return _of_success(request, item, response, body)
    message, problems = words(body)
    outcome = meaning_of_status(status)
    if _STORE.search(message):
        item = None
    if status == 404 and item and request.is_read:  # noqa: PLR2004
        return Meaning(Outcome.APPLIED, message=message)
    if (status == 404 and not item) or status == 410:  # noqa: PLR2004 - gone: a retired API version
        outcome = Outcome.STOP
    elif status == 422 and says_taken(message):  # noqa: PLR2004
        outcome = Outcome.CONFLICT
    if request.is_read and outcome in (Outcome.REFUSED, Outcome.CONFLICT):
        outcome = Outcome.STOP
    return Meaning(
        outcome,
        message=message or f"HTTP {status}",
        problems=problems,
        retry_after_s=retry_after_s(response.headers),
    )


def customers(response: Response) -> list[Customer]:
    """Return the customers of a list or of a single read."""
    body = response.json()
    if response.status != 200 or not isinstance(body, Mapping):  # noqa: PLR2004
        return []
    listed = body.get("customers")
    items: list[Any] = listed if isinstance(listed, list) else [body]
    return [Customer(found, item) for item in items if (found := id_of(item, "id"))]


def pagination(response: Response) -> tuple[int | None, int | None]:
    """Return the number of customers and of pages, where the answer tells them."""
    body = response.json()
    told = body.get("pagination") if isinstance(body, Mapping) else None
    if not isinstance(told, Mapping):
        return None, None
    count, pages = told.get("count"), told.get("pages")
    return (count if isinstance(count, int) else None, pages if isinstance(pages, int) else None)


def references(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return external ids by source."""
    listed = fields.get("external_references")
    return {
        str(item["source"]): text_of(item.get("external_id"))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, Mapping) and item.get("source")
    }


def cards(body: Any) -> list[Mapping[str, Any]]:
    """Return a customer's cards, under either of the two names that the documentation uses."""
    if not isinstance(body, Mapping):
        return []
    listed = body.get("customer_cards")
    if isinstance(listed, list):
        return [card for card in listed if isinstance(card, Mapping)]
    single = body.get("customer_card")
    return [single] if isinstance(single, Mapping) else []


def words(body: Any) -> tuple[str, tuple[Problem, ...]]:
    """Return the complaint without contact data, and the fields it names, from both shapes."""
    if not isinstance(body, Mapping):
        return "", ()
    errors = body.get("errors")
    problems: tuple[Problem, ...] = ()
    if isinstance(errors, Mapping):
        problems = tuple(
            Problem(str(field).removeprefix("customer."), masked(_joined(texts)))
            for field, texts in errors.items()
        )
    elif isinstance(errors, list):
        problems = tuple(_problem(str(text)) for text in errors)
    parts = [f"{p.field}: {p.message}" if p.field else p.message for p in problems]
    if isinstance(body.get("error"), str):
        parts.insert(0, body["error"])
    return masked("; ".join(parts)), problems


def _joined(texts: Any) -> str:
    return ", ".join(str(text) for text in texts) if isinstance(texts, list) else str(texts)


def _problem(text: str) -> Problem:
    folded = text.lower().replace(" ", "_")
    field = next((name for name in _FIELDS if folded.startswith(name)), "")
    return Problem(field, masked(text[len(field) :].strip() if field else text))


def _of_success(
    request: Request, item: re.Match[str] | None, response: Response, body: Any
) -> Meaning:
    if request.is_read:
        readable = response.status == 200 and isinstance(body, Mapping | list)  # noqa: PLR2004
        return Meaning(Outcome.APPLIED if readable else Outcome.UNKNOWN)
    if item:
        return Meaning(Outcome.APPLIED, Status.UPDATED, item["id"], extra=_wallets(body))
    found = id_of(body, "id") or id_of(_inner(body), "id")
    if not found:
        return Meaning(Outcome.UNKNOWN, message=f"HTTP {response.status} without a usable id")
    return Meaning(Outcome.APPLIED, Status.CREATED, found, extra=_wallets(body))


def _inner(body: Any) -> Any:
    return body.get("customer") if isinstance(body, Mapping) else None


def _wallets(body: Any) -> dict[str, str]:
    held = cards(body) or cards(_inner(body))
    return {
        name: url
        for name in WALLETS
        if held
        and isinstance(url := held[-1].get(name), str)
        and url.startswith(("https://", "http://"))
    }
