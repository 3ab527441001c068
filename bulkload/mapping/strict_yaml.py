"""YAML without its traps: text in, plain data and the place of every node out.

Anchors, aliases, merge keys, tags and duplicate keys are refused, so that a small file cannot grow
into a large one and nothing is overruled silently. Scalars follow YAML 1.2 and keep what a person
typed: `NO`, `0123`, `12:30`, `2026-01-02` and `1.50` stay text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bulkload.errors import BulkloadError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 10_000
MAX_LINE_CHARACTERS = 4_000
MAX_FLOW_CHARACTERS = 5_000
"""Brackets and braces in the whole file; ruamel looks far ahead behind each of them."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, counting from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one file; `places` holds the place of each node by its path (keys and indexes)."""

    data: Any
    places: dict[Path, Place]


@dataclass(slots=True)
class _Builder:
    """Builds the tree from parser events without recursion, so that depth costs nothing."""

    file: str
    places: dict[Path, Place] = field(default_factory=dict)
    nodes: int = 0

    def refuse(self, what: str, event: Any, fix: str) -> BulkloadError:
        mark = event.start_mark
        return BulkloadError(what, where=f"{self.file}:{mark.line + 1}:{mark.column + 1}", fix=fix)

    def checked(self, event: Any, depth: int) -> None:
        """Refuse what the strict language does not have, and more of anything than the limits."""
        if isinstance(event, AliasEvent):
            raise self.refuse(
                f"the alias `*{event.anchor}` is not allowed in a mapping",
                event,
                "write the value out; to share between files use `extends:`",
            )
        if isinstance(event, NodeEvent):
            self.nodes += 1
            if event.anchor:
                raise self.refuse(
                    f"the anchor `&{event.anchor}` is not allowed in a mapping",
                    event,
                    "write the value out where it is needed; text that begins with & goes in quotes",
                )
            if isinstance(event, ScalarEvent) and _SURROGATE.search(event.value):
                raise self.refuse("the text holds half a character", event, "remove the \\u escape")
            if getattr(event, "tag", None):
                raise self.refuse(
                    f"the tag `{event.tag}` is not allowed in a mapping",
                    event,
                    "remove it; text that begins with ! goes in quotes",
                )
        if self.nodes > MAX_NODES:
            raise self.refuse(
                f"the mapping has more than {MAX_NODES:,} values",
                event,
                "split it into several files",
            )
        if depth > MAX_DEPTH:
            raise self.refuse(
                f"the mapping is nested more than {MAX_DEPTH} levels deep",
                event,
                "check the brackets and the indentation",
            )

    def build(self, events: Iterator[Any]) -> Any:
        result: Any = None
        open_nodes: list[Any] = []
        paths: list[Path] = []
        key: list[str | None] = []
        documents = 0
        for event in events:
            self.checked(event, len(open_nodes))
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.refuse(
                        "the file holds more than one document",
                        event,
                        "keep one mapping per file; remove the line `---`",
                    )
            if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                open_nodes.pop()
                paths.pop()
                key.pop()
                continue
            if not isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent)):
                continue
            parent = open_nodes[-1] if open_nodes else None
            if isinstance(parent, dict) and key[-1] is None:
                key[-1] = self._key(event, parent, paths[-1])
                continue
            path: Path = ()
            if isinstance(parent, dict):
                path = (*paths[-1], str(key[-1]))
            elif isinstance(parent, list):
                path = (*paths[-1], len(parent))
            value: Any = _scalar(event) if isinstance(event, ScalarEvent) else None
            if isinstance(event, MappingStartEvent):
                value = {}
            elif isinstance(event, SequenceStartEvent):
                value = []
            if isinstance(parent, dict):
                parent[key[-1]] = value
                key[-1] = None
            elif isinstance(parent, list):
                parent.append(value)
            else:
                result = value
            if not isinstance(parent, dict):
                self.places[path] = self._place(event)
            if isinstance(value, (dict, list)):
                open_nodes.append(value)
                paths.append(path)
                key.append(None)
        return result

    def _key(self, event: Any, parent: dict[str, Any], path: Path) -> str:
        if not isinstance(event, ScalarEvent):
            raise self.refuse(
                "a key must be plain text", event, "text that begins with [ or { goes in quotes"
            )
        name = str(event.value)
        if name == "<<" and event.implicit[0]:
            raise self.refuse(
                "the merge key `<<` is not allowed in a mapping",
                event,
                "write the values out; to share between files use `extends:`",
            )
        if name in parent:
            first = self.places[(*path, name)]
            raise self.refuse(
                f"`{name}` stands here a second time (first in line {first.line})",
                event,
                "keep one of the two; to join two columns in one field use `coalesce:` or `concat:`",
            )
        self.places[(*path, name)] = self._place(event)
        return name

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)


def read_yaml(text: bytes | str, *, file: str) -> Document:
    """Read one YAML document strictly.

    Args:
        text: The whole file.
        file: Its name, for errors and places.

    Raises:
        BulkloadError: With file:line:column, for everything that is not plain, small YAML.
    """
    decoded = _decoded(text, file)
    builder = _Builder(file)
    try:
        data = builder.build(YAML(typ="safe", pure=True).parse(io.StringIO(decoded)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        told = " ".join(filter(None, (error.context, error.problem)))
        raise BulkloadError(
            f"this is not YAML: {told}", where=where, fix=_remedy(str(error.problem))
        ) from None
    except (YAMLError, ValueError, RecursionError, AttributeError, IndexError) as error:
        # ruamel answers a few malformed documents with errors of its own inside
        raise BulkloadError(
            f"this is not YAML: {_first_line(error)}",
            where=f"{file}:1:1",
            fix="start from a mapping that works: `bulkload mapping init SOURCE`",
        ) from None
    builder.places.setdefault((), Place(file))
    return Document(data, builder.places)


def _decoded(text: bytes | str, file: str) -> str:
    if len(text) > MAX_BYTES:
        raise BulkloadError(
            f"the mapping has {len(text):,} bytes, more than {MAX_BYTES:,}",
            where=f"{file}:1:1",
            fix="a mapping holds rules, not rows; is this the source?",
        )
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = text.count(b"\n", 0, error.start) + 1
            column = error.start - (text.rfind(b"\n", 0, error.start) + 1) + 1
            raise BulkloadError(
                "the mapping is not UTF-8 text",
                where=f"{file}:{line}:{column}",
                fix="save it as UTF-8",
            ) from None
    for number, line_text in enumerate(text.split("\n"), start=1):
        if len(line_text) > MAX_LINE_CHARACTERS:
            raise BulkloadError(
                f"the line has more than {MAX_LINE_CHARACTERS:,} characters",
                where=f"{file}:{number}:1",
                fix="break it, or is this the source?",
            )
    if text.count("[") + text.count("{") > MAX_FLOW_CHARACTERS:
        raise BulkloadError(
            f"the mapping has more than {MAX_FLOW_CHARACTERS:,} brackets",
            where=f"{file}:1:1",
            fix="write lists with dashes, one value per line",
        )
    return text


def _scalar(event: Any) -> Any:
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text) and text != "-0":
        return int(text)
    if "." in text and _is_canonical_float(text):
        return float(text)
    return text


def _is_canonical_float(text: str) -> bool:
    try:
        return repr(float(text)) == text
    except ValueError:
        return False


def _remedy(problem: str) -> str:
    if "\\t" in problem:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return 'text that holds ": " goes in quotes; otherwise check the indentation'
    if "end of stream" in problem or "stream end" in problem:
        return "a quote or a bracket is not closed"
    return "check the indentation and the quotes around this place"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
