"""Query parameters as Voucherify checks them: limits, pages, dates, orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bulkload.sandbox.calls import Call
from bulkload.sandbox.voucherify.refusals import RefusedError


def number(call: Call, name: str, default: int, most: int) -> int:
    """Return a whole number from 1 to `most`."""
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - fits any use
        raise _wrong(f"Property .{name} should be integer")
    value = int(text)
    if value < 1:
        raise _wrong(f"Property .{name} should be >= 1")
    if value > most:
        if name == "page":
            raise RefusedError(400, "page_over_limit", f"Page should be <= {most}")
        raise _wrong(f"Property .{name} should be <= {most}")
    return value


def when(call: Call, name: str) -> float | None:
    """Return a date-time as Unix seconds; without a zone it is UTC."""
    text = call.query.get(name)
    if text is None:
        return None
    try:
        # A plus that the caller left unescaped arrives as a space.
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise _wrong(
            f"Property .{name} cannot be recognized as a ISO-8601 compliant date"
        ) from None


def choice(call: Call, name: str, allowed: Sequence[str]) -> str | None:
    """Return one of `allowed`."""
    text = call.query.get(name)
    if text is not None and text not in allowed:
        raise _wrong(
            f"Property .{name} should be equal to one of the allowed values"
            f" [ {', '.join(allowed)} ]"
        )
    return text


def _wrong(details: str) -> RefusedError:
    return RefusedError(400, "invalid_query_params", details)
