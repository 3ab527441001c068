"""The local stand-in for the three systems: one port, one SQLite file, no network beyond loopback.

    HTTP -> door -> Call -> <system>.answer(world, call) -> Answer -> HTTP

Every operation of every system is one function of a `Call` over the `Store`; time, randomness and
the switches come in with its arguments. What a vendor leaves undocumented is a switch with a
default that is labelled as a guess. Nothing of the rest of the package is imported, so that the
sandbox cannot share a misunderstanding with the connectors.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkload.sandbox.door import app
    from bulkload.sandbox.options import (
        LealSwitches,
        LoyaltyDogSwitches,
        SandboxOptions,
        VoucherifySwitches,
    )
    from bulkload.sandbox.server import Sandbox, serve

__all__ = [
    "LealSwitches",
    "LoyaltyDogSwitches",
    "Sandbox",
    "SandboxOptions",
    "VoucherifySwitches",
    "app",
    "serve",
]


_FILES = {
    "door": ("app",),
    "options": ("LealSwitches", "LoyaltyDogSwitches", "SandboxOptions", "VoucherifySwitches"),
    "server": ("Sandbox", "serve"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name on first use: most runs want the credentials of a profile and no more."""
    if name not in _FILE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"bulkload.sandbox.{_FILE_OF[name]}"), name)
