"""An export on its way into a system: its mapping, and what has to stay behind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkload import settings
from bulkload.connectors.moving import bridge


@dataclass(frozen=True, slots=True)
class Move:
    """A source that `bulkload export` wrote."""

    origin: str
    """The system that it comes from."""
    to: str
    mapping: Path
    """Made from the headers; it can be read, copied and changed like any other."""
    lost: tuple[str, ...]
    """Columns for which the other system has no place."""

    @property
    def notes(self) -> list[str]:
        """What the user should know before and after."""
        if not self.lost:
            return []
        columns = ", ".join(f"`{column}`" for column in self.lost)
        return [f"{self.to} has no place for {columns}; these columns stay behind"]


def move_of(headers: Sequence[str], to: str) -> Move | None:
    """Return the move that a file's headers show; None if no export has these headers.

    The mapping is kept in the state directory, so that an interrupted run finds it again.
    """
    found = bridge(headers, to)
    if found is None:
        return None
    folder = settings.state_dir() / "mappings"
    folder.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256(found.text.encode()).hexdigest()[:12]
    path = folder / f"{found.origin}-export-to-{to}-{digest}.yaml"
    if not path.exists():
        written = path.with_suffix(f".{os.getpid()}.tmp")
        written.write_text(found.text + "\n", "utf-8")
        written.replace(path)
    return Move(found.origin, to, path, found.lost)
