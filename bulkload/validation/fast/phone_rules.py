"""The phone rules of one version of phonenumbers: shipped, cached or derived, never stale."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

BOUNDARY = "\x1f"
"""Stands between region and phone, so that no phone can pretend to begin with a region."""

_FORMAT = 1
_SHIPPED = "phone_rules.json"


@dataclass(frozen=True, slots=True)
class PhoneRules:
    """What is accepted without asking phonenumbers, and how its E.164 form is found."""

    version: str
    """Of phonenumbers, whose metadata they were derived from."""
    valid: str
    """Regular expression over E.164; every match is valid and stays as it is."""
    spellings: tuple[tuple[str, str], ...]
    """Beginnings of region + BOUNDARY + phone, and what replaces them."""
    trunk_codes: tuple[str, ...]
    """Calling codes after which a trunk `0` may stand, `+49 (0) 30`."""


@functools.cache
def phone_rules() -> PhoneRules:
    """Return the rules of the installed phonenumbers.

    They are shipped for one version; for any other they are derived once, which takes a few
    seconds, and kept in the user's cache directory.
    """
    version = _installed()
    shipped = _read(resources.files(__package__).joinpath(_SHIPPED).read_text("utf-8"))
    if shipped and shipped.version == version:
        return shipped
    cache = _cache_file(version)
    with suppress(OSError):
        cached = _read(cache.read_text("utf-8"))
        if cached and cached.version == version:
            return cached
    from bulkload.validation.fast.calling import derive

    rules = derive()
    # Without a cache directory the next run derives them again: slower, not wrong.
    with suppress(OSError):
        _write(cache, rules)
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
        return PhoneRules(**read | {"trunk_codes": tuple(read["trunk_codes"])}, spellings=spellings)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _cache_file(version: str) -> Path:
    import platformdirs

    return platformdirs.user_cache_path("bulkload") / f"phone-rules-{version}.json"


def _write(path: Path, rules: PhoneRules) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(to_json(rules))
    Path(name).replace(path)
