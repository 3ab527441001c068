"""Voucherify's errors: code, key, message, details, and the few that look different."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkload.sandbox.calls import Answer, Call, NotJsonError, World, json_answer, loads

BODY_LIMIT_BYTES = 10 * 1024 * 1024
_MESSAGES = {
    "invalid_payload": "Invalid payload",
    "invalid_query_params": "Invalid query params",
    "metadata_validation_failed": "Metadata validation failed",
    "not_enough_source_ids": "Not enough source ids",
    "page_over_limit": "Page over limit",
    "invalid_export_fields": "Invalid Export",
    "not_found": "Resource not found",
    "unauthorized": "Unauthorized",
    "forbidden": "Forbidden",
    "unsupported_media_type": "Unsupported Media Type",
    "internal_error": "Internal Server Error",
}


class RefusedError(Exception):
    """A call that is answered with an error."""

    def __init__(
        self,
        status: int,
        key: str,
        details: str = "",
        *,
        resource: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(details or key)
        self.status, self.key, self.details = status, key, details
        self.resource = resource
        """Type and id of what the error is about."""
        self.headers = headers or {}

    def answer(self, world: World) -> Answer:
        """Return the documented body; 401 and some 429 lack parts of it."""
        body: dict[str, Any] = {"code": self.status}
        if self.status == 401:  # noqa: PLR2004 - HTTP
            body |= {"message": _MESSAGES[self.key], "key": self.key}
        elif self.status == 429:  # noqa: PLR2004 - HTTP
            body["message"] = "Too many requests hit the API too quickly."
        elif self.status == 405:  # noqa: PLR2004 - HTTP
            body["message"] = self.details
        elif self.status == 413:  # noqa: PLR2004 - HTTP
            body = {
                "statusCode": 413,
                "error": "Request Entity Too Large",
                "message": "Payload content length greater than maximum allowed: "
                f"{BODY_LIMIT_BYTES}",
            }
        else:
            body |= {"key": self.key, "message": _MESSAGES.get(self.key, self.key)}
            if self.details:
                body["details"] = self.details
            body["request_id"] = request_id(world)
        if self.resource is not None:
            body["resource_id"], body["resource_type"] = self.resource[1], self.resource[0]
        return json_answer(self.status, body, self.headers)


def request_id(world: World) -> str:
    """Return a fresh request id: `v-0b9e924dd243bf26e2`."""
    return f"v-{world.hex_id(18)}"


def not_found(kind: str, id_: str) -> RefusedError:
    """Return the 404 about one resource."""
    return RefusedError(404, "not_found", f"Cannot find {kind} with id {id_}", resource=(kind, id_))


def invalid(details: str) -> RefusedError:
    """Return the 400 about a body."""
    return RefusedError(400, "invalid_payload", details)


def body_of(call: Call) -> Any:
    """Return the JSON body.

    Raises:
        RefusedError: 400 for an empty body or one that is not JSON, 415 for another content type.
    """
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and content_type != "application/json" and "+json" not in content_type:
        raise RefusedError(415, "unsupported_media_type", f"Unsupported: {content_type[:80]}")
    if not call.body:
        raise invalid("The payload cannot be empty")
    try:
        return loads(call.body)
    except NotJsonError as error:
        raise invalid(f"The payload is not valid JSON: {error.message}") from None


def object_of(call: Call) -> dict[str, Any]:
    """Return the JSON body, which must be an object."""
    body = body_of(call)
    if not isinstance(body, dict):
        raise invalid("Payload should be object")
    return body
