"""LoyaltyDog, as documented: `/v2`, for JWT callers and for `ld_*` keys.

call -> edge -> caller -> limits -> once -> operation -> Answer
"""

from __future__ import annotations

from bulkload.sandbox.calls import Answer, Call, Operation, Routes, System, World
from bulkload.sandbox.loyaltydog import callers, customers, personal, programs
from bulkload.sandbox.loyaltydog.refusals import RefusedError
from bulkload.sandbox.quotas import Quota, Standing
from bulkload.sandbox.store import Store

_PROGRAM = "/v2/loyalty/programs/{}"
_CUSTOMER = _PROGRAM + "/customers/{}"
_ROUTES = Routes(
    [
        ("GET", _PROGRAM + "/customers", customers.list_customers),
        ("POST", _PROGRAM + "/customers", customers.create_customer),
        ("GET", _CUSTOMER, customers.get_customer),
        ("PUT", _CUSTOMER, customers.update_customer),
        ("DELETE", _CUSTOMER, customers.delete_customer),
        ("POST", _CUSTOMER + "/points/add", customers.add_points),
        ("GET", _CUSTOMER + "/points/reserved", customers.reserved_points),
        ("GET", _CUSTOMER + "/consents", customers.get_consents),
        ("POST", _CUSTOMER + "/consents", customers.add_consents),
        ("POST", _CUSTOMER + "/push", customers.push_message),
        ("GET", _CUSTOMER + "/activities", personal.no_history),
        ("GET", _CUSTOMER + "/transactions", personal.no_history),
        ("GET", _CUSTOMER + "/export", personal.export_customer),
        ("GET", _CUSTOMER + "/offers", personal.no_history),
        ("GET", _PROGRAM + "/activities", personal.no_history),
        ("GET", _PROGRAM + "/transactions", personal.no_history),
        ("GET", "/v2/loyalty/programs", programs.list_programs),
        ("GET", _PROGRAM, programs.get_program),
        ("PUT", _PROGRAM, programs.update_program),
        ("GET", _PROGRAM + "/customFields", programs.get_custom_fields),
        ("PUT", _PROGRAM + "/customFields", programs.update_custom_fields),
        ("POST", "/v2/programs", programs.create_program),
        ("POST", "/v2/token", programs.log_in),
        ("GET", "/v2/token", programs.who_am_i),
        ("POST", "/v2/appkeys", programs.create_app_key),
    ]
)
_KEYED = (customers.create_customer, customers.update_customer, customers.add_points)
"""The writes that an Idempotency-Key covers."""


def prepare(store: Store, now: float) -> None:
    """Make what exists from the start, and forget answers that no key can ask for again."""
    programs.found_program(store, now)
    store.forget(callers.IDEMPOTENCY, now - callers.KEY_LIFETIME_S)


def answer(world: World, call: Call) -> Answer:
    """Answer one call to LoyaltyDog."""
    stopped = callers.edge(world, call)
    if stopped is not None:
        return stopped
    caller = callers.caller_of(world, call)
    headers = {"X-Request-Id": caller.request_id} if caller.is_key else {}
    try:
        operation, parameters = _operation(call)
        if operation is not programs.log_in:
            callers.check(world, call, caller)
            headers |= callers.limit(world, call, caller)
        if operation in _KEYED:
            result = callers.once(world, call, caller, operation, parameters)
        else:
            result = operation(world, call, *parameters)
    except RefusedError as refused:
        result = refused.answer(is_key=caller.is_key, request_id=caller.request_id)
    return result.with_headers(headers)


def refusal(world: World, call: Call, status: int, wait_s: float) -> Answer:
    """Return this system's own 413, 429 or 500."""
    caller = callers.caller_of(world, call)
    if status == 429:  # noqa: PLR2004 - HTTP
        standing = Standing(Quota("burst", 0, 60), 0, call.now + wait_s)
        refused = callers.too_many(world, call, standing, is_key=caller.is_key)
    else:
        text = {413: "Request body too large"}.get(status, "Internal Server Error")
        refused = RefusedError(status, text)
    result = refused.answer(is_key=caller.is_key, request_id=caller.request_id)
    return result.with_headers({"X-Request-Id": caller.request_id} if caller.is_key else {})


def _operation(call: Call) -> tuple[Operation, tuple[str, ...]]:
    matched = _ROUTES.match(call.path)
    if matched is None:
        raise RefusedError(404, "Not Found")
    methods, parameters = matched
    operation = methods.get(call.method)
    if operation is None:
        raise RefusedError(405, "Method Not Allowed", headers={"Allow": ", ".join(methods)})
    return operation, parameters


SYSTEM = System("/v2", 10 * 1024 * 1024, prepare, answer, refusal)
