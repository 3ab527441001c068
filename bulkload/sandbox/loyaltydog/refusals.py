"""LoyaltyDog's errors: one body for JWT callers, another for `ld_*` keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkload.sandbox.calls import Answer, json_answer

CODES = {
    400: "bad_request",
    401: "unauthorized",
    402: "api_subscription_inactive",
    403: "forbidden",
    404: "not_found",
    405: "bad_request",
    409: "conflict",
    413: "bad_request",
    422: "validation_error",
    429: "rate_limited",
    500: "internal_error",
}


class RefusedError(Exception):
    """A call that is answered with an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.code = code or CODES[status]
        self.detail = message if detail is None else detail
        self.headers = headers or {}

    def answer(self, *, is_key: bool, request_id: str) -> Answer:
        """Return the body that this kind of caller gets."""
        if not is_key:
            return json_answer(self.status, {"detail": self.detail}, self.headers)
        message = self.message
        if isinstance(self.detail, list):
            places = (".".join(map(str, p["loc"])) + ": " + p["msg"] for p in self.detail)
            message = "; ".join(places)
        body = {"code": self.code, "message": message, "request_id": request_id}
        return json_answer(self.status, body, self.headers)
