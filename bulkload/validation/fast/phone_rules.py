"""The phone rules of one version of phonenumbers: shipped, cached or derived, never stale."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

BOUNDARY = "\x1f"
"""Stands between region and phone, so that no phone can pretend to begin with a region."""

_FORMAT = 3
_SHIPPED = "phone_rules.json"


@dataclass(frozen=True, slots=True)
class PhoneRules:
    """What is accepted without asking phonenumbers, and how its E.164 form is found."""

    version: str
    """Of phonenumbers, whose metadata they were derived from."""
    valid: Mapping[str, str]
    """By calling code, a pattern of E.164 without the plus sign: what matches is valid and stays
    as it is."""
    spellings: tuple[tuple[str, str], ...]
    """Beginnings of region + BOUNDARY + phone, and what replaces them."""
    trunk_codes: tuple[str, ...]
    """Calling codes after which a trunk `0` may stand, `+49 (0) 30`."""
    doubled_codes: tuple[str, ...]
    """Calling codes with which numbers other than mobile ones may begin within their country: what
    is one of these may be a mobile number without its plus sign as well."""


@functools.cache
def phone_rules() -> PhoneRules:
    """Return the rules of the installed phonenumbers."""
    shipped = resources.files(__package__).joinpath(_SHIPPED).read_text("utf-8")
    return rules_for(_installed(), shipped=shipped)


def rules_for(
    version: str,
    *,
    shipped: str,
    cache: Path | None = None,
    derive: Callable[[], PhoneRules] | None = None,
) -> PhoneRules:
    """Return the rules of one version of phonenumbers, the installed one.

    They are shipped for one version; for any other they are derived once, which takes a few
    seconds, and kept.

    Args:
        version: Of the installed phonenumbers.
        shipped: Text of the file that is shipped.
        cache: Folder for derived rules; None: the user's cache directory.
        derive: Makes them from the installed metadata; None: `calling.derive`.
    """
    rules = _read(shipped)
    if rules and rules.version == version:
        return rules
    path = (_cache_folder() if cache is None else cache) / f"phone-rules-{version}.json"
    with suppress(OSError):
        rules = _read(path.read_text("utf-8"))
        if rules and rules.version == version:
            return rules
    rules = (derive or _derived)()
    # Without a cache directory the next run derives them again: slower, not wrong.
    with suppress(OSError):
        _write(path, rules)
    return rules


def to_json(rules: PhoneRules) -> str:
    """Return the text of the file that is shipped."""
    return json.dumps({"format": _FORMAT, **dataclasses.asdict(rules)}, indent=1) + "\n"


def _installed() -> str:
    for name in ("phonenumberslite", "phonenumbers"):
        with suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    import phonenumbers

    return phonenumbers.__version__


def _read(text: str) -> PhoneRules | None:
    """Return the rules that the text holds; None if it is damaged or of another format."""
    try:
        read: dict[str, Any] = json.loads(text)
        if read.pop("format") != _FORMAT:
            return None
        spellings = tuple((str(written), str(e164)) for written, e164 in read.pop("spellings"))
        valid = {str(code): str(pattern) for code, pattern in read["valid"].items()}
        read |= {name: tuple(read[name]) for name in ("trunk_codes", "doubled_codes")}
        read["valid"] = valid
        return PhoneRules(**read, spellings=spellings)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _derived() -> PhoneRules:
    # Not above: it loads all of phonenumbers' metadata, which only a new version asks for.
    from bulkload.validation.fast.calling import derive

    return derive()


def _cache_folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("bulkload")


def _write(path: Path, rules: PhoneRules) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(to_json(rules))
    Path(name).replace(path)
