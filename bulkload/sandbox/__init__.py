"""The local stand-in for the three systems: one port, one SQLite file, no network beyond loopback.

    HTTP -> door -> Call -> <system>.answer(world, call) -> Answer -> HTTP

Every operation of every system is one function of a `Call` over the `Store`; time, randomness and
the switches come in with its arguments. What a vendor leaves undocumented is a switch with a
default that is labelled as a guess. Nothing of the rest of the package is imported, so that the
sandbox cannot share a misunderstanding with the connectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bulkload.sandbox.options import (
    LealSwitches,
    LoyaltyDogSwitches,
    SandboxOptions,
    VoucherifySwitches,
)

if TYPE_CHECKING:
    from bulkload.sandbox.door import app
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


def __getattr__(name: str) -> Any:
    """Load the HTTP side on first use; the options alone are cheap to import."""
    if name == "app":
        from bulkload.sandbox import door

        return door.app
    if name in ("Sandbox", "serve"):
        from bulkload.sandbox import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
