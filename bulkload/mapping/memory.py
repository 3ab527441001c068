"""The headers that a mapping saw last time, so that a changed file is noticed before it is sent.

One JSON file in the state directory holds, by mapping, the headers of the last run. It holds
headers only, never cells.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkload.errors import SafetyStopError
from bulkload.mapping.columns import folded

FILE_NAME = "headers.json"
_ALIKE = 60.0
MAX_REMEMBERED = 500
"""Mappings; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """What differs from the headers of the last run."""

    vanished: tuple[str, ...]
    new: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    """Pairs of a column that vanished and its likely successor."""

    def __bool__(self) -> bool:
        return bool(self.vanished or self.new)

    def sentences(self) -> list[str]:
        """Say what changed, a sentence for each column."""
        successors = dict(self.renamed)
        told = [
            f"the column `{old}` is gone"
            + (f"; its successor seems to be `{successors[old]}`" if old in successors else "")
            for old in self.vanished
        ]
        after = set(successors.values())
        return told + [f"the column `{name}` is new" for name in self.new if name not in after]


def fingerprint(headers: Sequence[str]) -> str:
    """Return 16 hexadecimal digits that differ when the headers do, whatever their order."""
    spelled = "\0".join(sorted(folded(header) for header in headers))
    return hashlib.sha256(spelled.encode()).hexdigest()[:16]


def changes(before: Sequence[str], now: Sequence[str]) -> HeaderChanges:
    """Compare the headers of two runs; a column that moved is no change."""
    old, new = {folded(h): h for h in before}, {folded(h): h for h in now}
    vanished = [name for key, name in old.items() if key not in new]
    added = [name for key, name in new.items() if key not in old]
    places = {name: place for place, name in enumerate(before)}
    places_now = {name: place for place, name in enumerate(now)}
    claims = sorted(
        (
            (-_likeness(gone, came, same_place=places[gone] == places_now[came]), gone, came)
            for gone in vanished
            for came in added
        ),
    )
    renamed: dict[str, str] = {}
    for score, gone, came in claims:
        if -score >= _ALIKE and gone not in renamed and came not in renamed.values():
            renamed[gone] = came
    return HeaderChanges(tuple(vanished), tuple(added), tuple(renamed.items()))


def _likeness(gone: str, came: str, *, same_place: bool) -> float:
    """Names that sound alike; a column in the same place needs to sound alike less."""
    from rapidfuzz import fuzz

    named = fuzz.token_sort_ratio(folded(gone), folded(came))
    return named + (25 if same_place else 0)


@dataclass(frozen=True, slots=True)
class Memory:
    """The headers that mappings saw, in one file of the state directory."""

    path: Path

    @classmethod
    def in_folder(cls, state_dir: Path) -> Memory:
        """Return the memory kept in a state directory."""
        return cls(state_dir / FILE_NAME)

    def check(self, mapping: str, headers: Sequence[str], *, source: str) -> HeaderChanges:
        """Stop if the headers differ from those of the mapping's last run.

        Args:
            mapping: Key of the mapping: its resolved path.
            headers: The source's headers.
            source: Name of the source, for the error.

        Raises:
            SafetyStopError: A column was renamed, vanished or came; nothing was remembered.
        """
        before = self._read().get(mapping)
        found = changes(before, headers) if before else HeaderChanges((), (), ())
        if found:
            raise SafetyStopError(
                f"the columns of `{source}` are not those of the last run: "
                + "; ".join(found.sentences()),
                where=mapping,
                fix="look at the file; if it is right, run again with `--accept-columns`",
            )
        return found

    def remember(self, mapping: str, headers: Sequence[str]) -> None:
        """Keep the headers of a run. A memory that cannot be written is no reason to fail."""
        known = self._read()
        known.pop(mapping, None)
        known[mapping] = list(headers)
        kept = dict(list(known.items())[-MAX_REMEMBERED:])
        text = json.dumps({"version": 1, "headers": kept}, ensure_ascii=False, indent=1)
        beside = self.path.with_suffix(f".{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - the mode must hold from the first byte
                file.write(text)
            beside.replace(self.path)

    def _read(self) -> dict[str, list[str]]:
        """Return what is remembered; a damaged file is as good as none."""
        try:
            data: Any = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        headers = data.get("headers") if isinstance(data, dict) else None
        if not isinstance(headers, dict):
            return {}
        return {
            str(name): [str(header) for header in found]
            for name, found in headers.items()
            if isinstance(found, list)
        }
