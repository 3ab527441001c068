"""Leal, as documented: `/api/v1`, for bearer tokens.

call -> caller -> limit -> operation -> Answer
"""

from __future__ import annotations

from bulkload.sandbox.calls import Answer, Call, Operation, Routes, System, World
from bulkload.sandbox.credentials import LEAL_TOKEN
from bulkload.sandbox.leal import cards, customers, stores
from bulkload.sandbox.leal.refusals import RefusedError
from bulkload.sandbox.quotas import Quota, spend
from bulkload.sandbox.store import Store

_STORE = "/api/v1/accounts/{}"
_CUSTOMER = _STORE + "/customers/{}"
_CUSTOMER_CARD = _CUSTOMER + "/customer_cards/{}"
_ROUTES = Routes(
    [
        ("GET", "/api/v1/status", stores.status),
        ("GET", "/api/v1/accounts", stores.list_stores),
        ("GET", _STORE, stores.get_store),
        ("PATCH", _STORE, stores.update_store),
        ("GET", _STORE + "/customers", customers.list_customers),
        ("POST", _STORE + "/customers", customers.create_customer),
        ("GET", _CUSTOMER, customers.get_customer),
        ("PATCH", _CUSTOMER, customers.update_customer),
        ("GET", _CUSTOMER + "/customer_cards", customers.list_customer_cards),
        ("GET", _CUSTOMER_CARD, customers.get_customer_card),
        ("POST", _CUSTOMER_CARD + "/stamp", customers.stamp_card),
        ("POST", _CUSTOMER_CARD + "/redeem", customers.redeem_reward),
        ("GET", _STORE + "/cards", cards.list_cards),
        ("POST", _STORE + "/cards", cards.create_card),
        ("GET", _STORE + "/cards/{}", cards.get_card),
        ("PATCH", _STORE + "/cards/{}", cards.update_card),
        ("GET", _STORE + "/rewards", cards.list_rewards),
        ("POST", _STORE + "/rewards", cards.create_reward),
        ("GET", _STORE + "/rewards/{}", cards.get_reward),
        ("PATCH", _STORE + "/rewards/{}", cards.update_reward),
        ("DELETE", _STORE + "/rewards/{}", cards.delete_reward),
    ]
)


def prepare(store: Store, now: float) -> None:
    """Make what exists from the start."""
    stores.found_store(store, now)
    cards.found_cards(store, now)


def answer(world: World, call: Call) -> Answer:
    """Answer one call to Leal."""
    headers: dict[str, str] = {}
    try:
        operation, parameters = _operation(call)
        if world.options.leal.retired == "yes":
            raise RefusedError(410, "This API version has been retired")  # noqa: TRY301 - one place answers
        if operation is not stores.status:
            _check(call)
        headers = _limit(world, call)
        result = operation(world, call, *parameters)
    except RefusedError as refused:
        result = refused.answer(world)
    return result.with_headers(headers)


def refusal(world: World, call: Call, status: int, wait_s: float) -> Answer:
    """Return this system's own 413, 429 or 500."""
    if status == 429:  # noqa: PLR2004 - HTTP
        return _too_many(world, call, call.now + wait_s).answer(world)
    text = {413: "Payload Too Large"}.get(status, "Internal Server Error")
    return RefusedError(status, text).answer(world)


def _check(call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.strip() != LEAL_TOKEN:
        raise RefusedError(401, "Unauthorized")


def _limit(world: World, call: Call) -> dict[str, str]:
    calls, window_s = stores.rate_limit(world)
    if not world.options.leal.calls_per_window:
        return _headers(world, calls, window_s)
    standing = spend(world.store, "leal", [Quota("calls", calls, window_s)], call.now)[0]
    if standing.refused:
        raise _too_many(world, call, standing.resets_at)
    return _headers(world, standing.remaining, standing.resets_at - call.now)


def _too_many(world: World, call: Call, resets_at: float) -> RefusedError:
    wait_s = max(1, int(resets_at - call.now + 0.999))
    headers = _headers(world, 0, wait_s) | {"Retry-After": str(wait_s)}
    return RefusedError(429, "Rate limit exceeded", headers=headers)


def _headers(world: World, remaining: int, resets_s: float) -> dict[str, str]:
    calls, window_s = stores.rate_limit(world)
    return {
        "RateLimit-Limit": str(calls),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(max(0, int(resets_s + 0.999))),
        "RateLimit-Policy": f"{calls};w={window_s}",
    }


def _operation(call: Call) -> tuple[Operation, tuple[str, ...]]:
    matched = _ROUTES.match(call.path)
    if matched is None:
        raise RefusedError(404, "Not Found")
    methods, parameters = matched
    operation = methods.get(call.method)
    if operation is None:
        raise RefusedError(404, "Not Found")
    return operation, parameters


SYSTEM = System("/api/v1", 10 * 1024 * 1024, prepare, answer, refusal)
