"""How a check says no: with a stable code of ours, never with a library's sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from pydantic_core import PydanticCustomError

from bulkload.records import Kind

_CODES: Mapping[str, LiteralString] = {
    "missing": "required-missing",
    "string_too_long": "text-too-long",
    "string_pattern_mismatch": "hex-id-invalid",
    "bool_parsing": "boolean-unknown",
    "literal_error": "choice-unknown",
    "string_unicode": "text-invisible-character",
}
_INVALID: Mapping[Kind, LiteralString] = {
    Kind.TEXT: "text-control-character",
    Kind.EMAIL: "email-invalid",
    Kind.PHONE: "phone-invalid",
    Kind.INTEGER: "integer-invalid",
    Kind.NUMBER: "number-invalid",
    Kind.DATE: "date-not-in-calendar",
    Kind.DATETIME: "datetime-invalid",
    Kind.BOOLEAN: "boolean-unknown",
    Kind.CHOICE: "choice-unknown",
    Kind.HEX_ID: "hex-id-invalid",
    Kind.URL: "url-invalid",
    Kind.LIST: "list-invalid",
    Kind.JSON: "json-invalid",
}


def refusal(code: LiteralString, **details: str) -> PydanticCustomError:
    """Return the exception by which a Pydantic validator refuses a value."""
    return PydanticCustomError(code, code, dict(details))


def code_of(error_type: str, kind: Kind) -> str:
    """Return our code for the type of one of Pydantic's errors; our own codes are returned as they are."""
    if "-" in error_type:
        return error_type
    if error_type == "greater_than_equal":
        return f"{kind.value}-too-small"
    if error_type == "less_than_equal":
        return f"{kind.value}-too-large"
    return _CODES.get(error_type) or _INVALID[kind]


def details_of(context: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what the sentence of a code needs besides the cell."""
    named = {"ge": "minimum", "le": "maximum", "max_length": "maximum"}
    return {named.get(name, name): str(value) for name, value in (context or {}).items()}
