"""Parameters as Leal's documentation declares them: strings, hashes, numbers, booleans."""

from __future__ import annotations

from typing import Any, NoReturn

from bulkload.sandbox.calls import Call, NotJsonError, World, dumps, loads
from bulkload.sandbox.leal.refusals import RefusedError, invalid

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_MOST_DIGITS = 15
_SHOWN = 80


def body_of(world: World, call: Call) -> dict[str, Any]:
    """Return the JSON body; an empty one has no parameters.

    Raises:
        RefusedError: 400 if it is not JSON, as switched if it is no object.
    """
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not call.body or (content_type and "json" not in content_type):
        return {}
    try:
        body = loads(call.body)
    except NotJsonError as error:
        raise RefusedError(400, f"The request body is not valid JSON: {error.message}") from None
    if not isinstance(body, dict):
        wrong(world, "body", body, "Must be a Hash")
    return body


def hash_of(world: World, body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the required hash `name`."""
    if name not in body:
        raise RefusedError(_status(world), f"Missing parameter {name}")
    value = body[name]
    if not isinstance(value, dict):
        wrong(world, name, value, "Must be a Hash")
    return value


def text(world: World, place: str, value: Any) -> str | None:
    """Return a string or null."""
    if value is not None and not isinstance(value, str):
        wrong(world, place, value, "Must be a String")
    return value


def whole(world: World, place: str, value: Any) -> int:
    """Return a number, which may come as text."""
    spoken = str(value) if not isinstance(value, bool | dict | list | None) else "?"
    digits = spoken.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        wrong(world, place, value, "Must be a number.")
    return int(spoken)


def boolean(world: World, place: str, value: Any) -> bool:
    """Return one of true, false, 1, 0."""
    spoken = str(value).lower()
    if isinstance(value, dict | list) or spoken not in _BOOLEANS:
        wrong(world, place, value, "Must be one of: true, false, 1, 0.")
    return _BOOLEANS[spoken]


def path_id(what: str, spoken: str) -> str:
    """Return an id of the path; 404 if it is no number."""
    if not (spoken.isascii() and spoken.isdigit() and len(spoken) <= _MOST_DIGITS):
        raise RefusedError(404, f"{what} not found or not accessible")
    return str(int(spoken))


def query_number(call: Call, name: str, default: int) -> int:
    """Return a positive number of the query; anything else is the default."""
    spoken = call.query.get(name, "")
    fits = spoken.isascii() and spoken.isdigit() and len(spoken) <= _MOST_DIGITS
    return int(spoken) if fits and int(spoken) > 0 else default


def required(place: str) -> RefusedError:
    """Return the 422 for a blank field."""
    return invalid(**{place: "can't be blank"})


def wrong(world: World, place: str, value: Any, rule: str) -> NoReturn:
    """Raise the error for a parameter of another type."""
    shown = dumps(value).decode()[:_SHOWN]
    raise RefusedError(_status(world), f"Invalid parameter '{place}' value {shown}: {rule}")


def _status(world: World) -> int:
    return int(world.options.leal.wrong_type_status)
