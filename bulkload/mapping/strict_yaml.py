"""YAML without its traps: text in, plain data and the place of every node out.

Anchors, aliases, merge keys, tags and duplicate keys are refused, so that a small file cannot grow
into a large one and nothing is overruled silently. Scalars follow YAML 1.2 and keep what a person
typed: `NO`, `0123`, `12:30`, `2026-01-02` and `1.50` stay text.
"""

from __future__ import annotations

import functools
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
from bulkload.mapping.places import NodePath, Place

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 10_000
MAX_LINE_CHARACTERS = 4_000
MAX_LINES = 20_000
MAX_FLOW_CHARACTERS = 2_500
"""Brackets and braces in the whole file; ruamel looks far ahead behind each of them."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one file; `places` holds the place of each node by its path (keys and indexes)."""

    data: Any
    places: dict[NodePath, Place]


@dataclass(slots=True)
class _Open:
    """A list or an object that has not ended."""

    data: Any
    path: NodePath
    key: str | None = None
    """The key whose value comes next."""


@dataclass(slots=True)
class _Builder:
    """Builds the tree from parser events without recursion, so that depth costs nothing."""

    file: str
    places: dict[NodePath, Place] = field(default_factory=dict)
    nodes: int = 0
    _open: list[_Open] = field(default_factory=list)
    _root: Any = None
    _documents: int = 0

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
            tag = getattr(event, "tag", None)
            if tag:
                raise self.refuse(
                    f"the tag `{tag}` is not allowed in a mapping",
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
        """Return the tree that the events describe."""
        for event in events:
            self.checked(event, len(self._open))
            if isinstance(event, DocumentStartEvent):
                self._one_document(event)
            elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                self._open.pop()
            elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent)):
                self._node(event)
        return self._root

    def _one_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self.refuse(
                "the file holds more than one document",
                event,
                "keep one mapping per file; remove the line `---`",
            )

    def _node(self, event: Any) -> None:
        """Take a node as the next key, as the value of the last key or as the next item."""
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.data, dict) and parent.key is None:
            parent.key = self._key(event, parent.data, parent.path)
            return
        value: Any = [] if isinstance(event, SequenceStartEvent) else {}
        if isinstance(event, ScalarEvent):
            value = _scalar(event)
        path: NodePath = ()
        if parent is None:
            self._root = value
        elif isinstance(parent.data, list):
            path = (*parent.path, len(parent.data))
            parent.data.append(value)
        else:
            # a value stands where its key does
            path = (*parent.path, str(parent.key))
            parent.data[parent.key], parent.key = value, None
        self.places.setdefault(path, self._place(event))
        if not isinstance(event, ScalarEvent):
            self._open.append(_Open(value, path))

    def _key(self, event: Any, parent: dict[str, Any], path: NodePath) -> str:
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


@functools.lru_cache(maxsize=32)
def read_yaml(text: bytes | str, *, file: str) -> Document:
    """Read one YAML document strictly.

    What was read is kept: a run that looks for its mapping loads the one that fits again. So nobody
    may change what is returned.

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


def _decoded(content: bytes | str, file: str) -> str:
    """Return the text, if it is text and not too large for what follows."""
    if len(content) > MAX_BYTES:
        raise BulkloadError(
            f"the mapping has {len(content):,} bytes, more than {MAX_BYTES:,}",
            where=f"{file}:1:1",
            fix="a mapping holds rules, not rows; is this the source?",
        )
    text = content if isinstance(content, str) else _from_utf_8(content, file)
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        raise BulkloadError(
            f"the mapping has more than {MAX_LINES:,} lines",
            where=f"{file}:{MAX_LINES}:1",
            fix="a mapping holds rules, not rows; is this the source?",
        )
    for number, line_text in enumerate(lines, start=1):
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


def _from_utf_8(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise BulkloadError(
            "the mapping is not UTF-8 text",
            where=f"{file}:{line}:{column}",
            fix="save it as UTF-8",
        ) from None


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
