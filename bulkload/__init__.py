"""bulkload moves customers between spreadsheets and loyalty systems.

    report = bulkload.load("customers.csv")                        # create them, in the sandbox
    report = bulkload.validate("customers.xlsx")                   # check them, send nothing
    report = bulkload.export("customers.xlsx")                     # write them into a workbook

Names are loaded on first use, so that `import bulkload` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkload.errors import (
        BadInputError,
        BulkloadError,
        CredentialsError,
        InterruptedRunError,
        SafetyStopError,
        UnreachableError,
    )
    from bulkload.options import LoadOptions
    from bulkload.pipeline import export, load, validate
    from bulkload.progress import Plan, Progress
    from bulkload.records import Cause, Counts, Finding, Reject, RunReport, Status
    from bulkload.settings import ProfileOptions
    from bulkload.sources import SourceOptions

_ROOMS = {
    "errors": (
        "BadInputError",
        "BulkloadError",
        "CredentialsError",
        "InterruptedRunError",
        "SafetyStopError",
        "UnreachableError",
    ),
    "options": ("LoadOptions",),
    "pipeline": ("export", "load", "validate"),
    "progress": ("Plan", "Progress"),
    "records": ("Cause", "Counts", "Finding", "Reject", "RunReport", "Status"),
    "settings": ("ProfileOptions",),
    "sources": ("SourceOptions",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "BadInputError",
    "BulkloadError",
    "Cause",
    "Counts",
    "CredentialsError",
    "Finding",
    "InterruptedRunError",
    "LoadOptions",
    "Plan",
    "ProfileOptions",
    "Progress",
    "Reject",
    "RunReport",
    "SafetyStopError",
    "SourceOptions",
    "Status",
    "UnreachableError",
    "export",
    "load",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module `bulkload` has no attribute `{name}`")
    return getattr(importlib.import_module(f"bulkload.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
