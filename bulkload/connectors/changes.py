"""Which of the wanted values a system does not hold yet, written so that equal means equal.

wanted {"phone": "+12025550143", "customFields": {"tier": "gold"}}
held   {"phone": "+1 202 555 0143", "customFields": {"tier": "silver", "size": "L"}}
differing -> {"customFields": {"tier": "gold"}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bulkload.contacts import email_key, phone_key


def differing(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of `wanted` that `held` does not say already, nested as `wanted` is."""
    changes: dict[str, Any] = {}
    for name, value in wanted.items():
        there = held.get(name)
        if isinstance(value, Mapping):
            inner = differing(value, there if isinstance(there, Mapping) else {})
            if inner:
                changes[name] = inner
        elif not same(name, value, there):
            changes[name] = value
    return changes


def same(name: str, wanted: Any, held: Any) -> bool:
    """Whether two values of one field mean the same.

    Contacts are compared by their keys, birthdays by their day, blank is blank however it is written, and a number or truth
    value equals its own text: systems keep custom values as text or typed, as they please.
    """
    if wanted == held and isinstance(wanted, bool) == isinstance(held, bool):
        return True
    if _blank(wanted) or _blank(held):
        return _blank(wanted) and _blank(held)
    spelling = _SPELLINGS.get(name)
    if spelling:
        return spelling(wanted) == spelling(held)
    if isinstance(wanted, list | Mapping) or isinstance(held, list | Mapping):
        return False
    return _spoken(wanted) == _spoken(held)


def merged(held: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `held` with `changes` laid over it, object by object."""
    whole = dict(held)
    for name, value in changes.items():
        below = whole.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            whole[name] = merged(below, value)
        else:
            whole[name] = value
    return whole


def _day(value: Any) -> str:
    return str(value)[:10]


_SPELLINGS: Mapping[str, Callable[[Any], str]] = {
    "email": email_key,
    "phone": phone_key,
    "birthdate": _day,
    "birthday": _day,
}


def _blank(value: Any) -> bool:
    return value is None or value in ("", {}, [])


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
