"""Voucherify, as documented: `/v1`, for application keys and for OAuth tokens.

call -> settle what is due -> caller and scope -> limits -> operation -> Answer
"""

from __future__ import annotations

from bulkload.sandbox.calls import Answer, Call, Operation, Routes, System, World
from bulkload.sandbox.quotas import Quota, Standing
from bulkload.sandbox.store import Store
from bulkload.sandbox.voucherify import access, actions, customers, exports, files, metadata
from bulkload.sandbox.voucherify.refusals import BODY_LIMIT_BYTES, RefusedError

_CUSTOMER = "/v1/customers/{}"
_ROUTES = Routes(
    [
        ("POST", "/v1/customers/importCSV", files.import_csv),
        ("POST", "/v1/customers/bulk/async", actions.update_in_bulk),
        ("POST", "/v1/customers/metadata/async", actions.update_metadata_in_bulk),
        ("GET", "/v1/customers", customers.list_customers),
        ("POST", "/v1/customers", customers.create_customer),
        ("GET", _CUSTOMER, customers.get_customer),
        ("PUT", _CUSTOMER, customers.update_customer),
        ("DELETE", _CUSTOMER, customers.delete_customer),
        ("POST", _CUSTOMER + "/permanent-deletion", customers.delete_permanently),
        ("GET", _CUSTOMER + "/segments", customers.no_history),
        ("GET", _CUSTOMER + "/activity", customers.no_history),
        ("GET", _CUSTOMER + "/redeemables", customers.no_history),
        ("GET", "/v1/async-actions", actions.list_actions),
        ("GET", "/v1/async-actions/{}", actions.get_action),
        ("GET", "/v1/async-actions/{}/report", actions.get_report),
        ("POST", "/v1/exports", exports.create_export),
        ("GET", "/v1/exports", exports.list_exports),
        ("GET", "/v1/exports/{}", exports.get_export),
        ("DELETE", "/v1/exports/{}", exports.delete_export),
        ("POST", "/v1/oauth/token", access.make_token),
        ("POST", "/v1/oauth/introspect", access.introspect),
        ("POST", "/v1/oauth/token/revoke", access.revoke),
        ("GET", "/v1/metadata-schemas", metadata.list_schemas),
        ("GET", "/v1/metadata-schemas/{}", metadata.get_schema),
        ("PUT", "/v1/metadata-schemas/{}", metadata.put_schema),
    ]
)
_BULK = (files.import_csv, actions.update_in_bulk, actions.update_metadata_in_bulk)
_OPEN = (actions.get_report,)
"""Opened by the token in its address."""


def prepare(store: Store, now: float) -> None:
    """Make what exists from the start."""
    metadata.found_schema(store, now)


def answer(world: World, call: Call) -> Answer:
    """Answer one call to Voucherify."""
    actions.settle(world, call.now)
    headers: dict[str, str] = {}
    try:
        operation, parameters = _operation(call)
        if operation not in _OPEN:
            access.check(world, call, call.path.split("/")[2])
        headers = access.limit(world, call, bulk=operation in _BULK)
        result = operation(world, call, *parameters)
    except RefusedError as refused:
        result = refused.answer(world)
    return result.with_headers(headers)


def refusal(world: World, call: Call, status: int, wait_s: float) -> Answer:
    """Return this system's own 413, 429 or 500."""
    if status == 429:  # noqa: PLR2004 - HTTP
        standing = Standing(Quota("api_calls", 100, 60), 0, call.now + wait_s)
        return access.too_many(call, standing).answer(world)
    return RefusedError(status, "internal_error").answer(world)


def _operation(call: Call) -> tuple[Operation, tuple[str, ...]]:
    matched = _ROUTES.match(call.path)
    if matched is None:
        raise RefusedError(404, "not_found", f"Cannot find {call.path}")
    methods, parameters = matched
    operation = methods.get(call.method)
    if operation is None:
        hint = " or ".join(methods)
        raise RefusedError(
            405, "", f"{call.method} is not supported by this endpoint. Did you mean {hint}?"
        )
    return operation, parameters


SYSTEM = System("/v1", BODY_LIMIT_BYTES, prepare, answer, refusal, actions.settle)
