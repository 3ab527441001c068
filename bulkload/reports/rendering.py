"""What may be said about how a run is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How a run is shown."""

    language: str = "en"
    """One of `messages.LANGUAGES`."""
    show_values: bool = False
    """Show cells in report.html and report.json; otherwise only their shape."""
    metrics: bool = False
    """Write metrics.prom as well."""
    workbook: str = "auto"
    """Write rejects.xlsx: `always`, `never`, or `auto`: up to `folder.MOST_PROBLEMS`."""
