"""Where the rules of a mapping stand: file, line and column of every node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NodePath = tuple[str | int, ...]
"""Keys and indexes that lead to a node."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, counting from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def nearest(places: dict[NodePath, Place], path: Sequence[str | int]) -> Place:
    """Return the place of a node, or of the nearest one around it."""
    for length in range(len(path), -1, -1):
        if tuple(path[:length]) in places:
            return places[tuple(path[:length])]
    return Place("mapping")


def as_written(places: dict[NodePath, Place], path: Sequence[str | int]) -> NodePath:
    """Leave out the index of a list that the file writes as its only item."""
    written: NodePath = ()
    for step in path:
        if not (isinstance(step, int) and (*written, step) not in places and written in places):
            written = (*written, step)
    return written


def where(places: dict[NodePath, Place], path: Sequence[str | int]) -> str:
    """Return a place and the way to it: `mapping.yaml:3:5 (fields.email)`."""
    path = as_written(places, path)
    spoken = ".".join(str(step + 1) if isinstance(step, int) else step for step in path)
    return f"{nearest(places, path)}" + (f" ({spoken})" if spoken else "")
