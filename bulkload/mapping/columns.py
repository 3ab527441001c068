"""Which column of a source is meant: by header, alias, position or pattern."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydantic

from bulkload.errors import BulkloadError, UnknownColumnError
from bulkload.mapping import document as language
from bulkload.mapping.patterns import columns_of

NodePath = tuple[str | int, ...]


def folded(header: str) -> str:
    """Return a header as it is compared: one spelling, no case, single spaces."""
    spelled = unicodedata.normalize("NFKC", header).replace("\ufeff", "").replace("\u200b", "")
    return " ".join(spelled.casefold().split())


@dataclass(slots=True)
class Headers:
    """The headers of one source, and which of them a mapping uses or ignores."""

    names: tuple[str, ...]
    source: str
    used: set[str] = field(default_factory=set)
    _by_folded: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_folded = {}
        for name in self.names:
            self._by_folded.setdefault(folded(name), []).append(name)

    def matches(self, column: language.Column) -> list[str]:
        """Return every header that a column rule fits, in the order of the rule's own names."""
        if column.position is not None:
            return list(self.names[column.position - 1 : column.position])
        if column.pattern is not None:
            return _matching(column.pattern, self.names)
        found: list[str] = []
        for wanted in column.headers:
            exact = [name for name in self.names if name == wanted]
            found += exact or self._by_folded.get(folded(wanted), [])
        return list(dict.fromkeys(found))

    def find(self, column: language.Column, *, where: str) -> str:
        """Return the one header that is meant, and count it as used.

        Raises:
            BulkloadError: No header fits, or more than one.
        """
        found = self.matches(column)
        if not found:
            raise self.missing(column, where)
        if len(found) > 1:
            listed = ", ".join(f"`{name}`" for name in found)
            raise BulkloadError(
                f"the columns {listed} of `{self.source}` meet in one field",
                where=where,
                fix="name one of them and put the other under `ignore:`, or join them with "
                "`coalesce:` or `concat:`",
            )
        self.used.add(found[0])
        return found[0]

    def missing(self, column: language.Column, where: str) -> BulkloadError:
        """Return the error for a column that the source does not have."""
        if column.position is not None:
            return BulkloadError(
                f"`{self.source}` has no column {column.position}, only {len(self.names)}",
                where=where,
                fix="positions count from 1",
            )
        if column.pattern is not None:
            listed = ", ".join(f"`{name}`" for name in self.names)
            return BulkloadError(
                f"no column of `{self.source}` matches `{column.pattern}`",
                where=where,
                fix=f"the file has: {listed}",
            )
        return UnknownColumnError(column.headers[0], self.names, source=self.source, where=where)


def _matching(pattern: str, names: Sequence[str]) -> list[str]:
    import polars as pl  # 0.2 s, and few mappings name columns by pattern

    hits = pl.Series(names, dtype=pl.String).str.contains(pattern)
    return [name for name, hit in zip(names, hits, strict=True) if hit]


def references(node: Any, path: NodePath = ()) -> Iterator[tuple[NodePath, language.Column, bool]]:
    """Yield (path, column, may be missing) of every column named at or below a node."""
    yield from _references(node, path, optional=False)


def _references(
    node: Any, path: NodePath, *, optional: bool
) -> Iterator[tuple[NodePath, language.Column, bool]]:
    if isinstance(node, language.Column):
        yield path, node, optional
    elif isinstance(node, pydantic.BaseModel):
        optional = optional or bool(getattr(node, "optional", False))
        for piece in _template_columns(node):
            yield (*path, "template"), language.Column(header=piece), optional
        for name, info in type(node).model_fields.items():
            if name != "ignore":
                yield from _references(
                    getattr(node, name), (*path, info.alias or name), optional=optional
                )
    elif isinstance(node, (tuple, dict)):
        inside = node.items() if isinstance(node, dict) else enumerate(node)
        for step, value in inside:
            yield from _references(value, (*path, step), optional=optional)


def _template_columns(node: pydantic.BaseModel) -> list[str]:
    template = getattr(node, "template", None)
    if not isinstance(template, str):
        return []
    return [piece for piece, is_column in columns_of(template, where="") if is_column]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a mapping fits the headers of a source."""

    missing: tuple[str, ...]
    """Columns that the mapping needs and the source lacks."""
    unmapped: tuple[str, ...]
    """Columns of the source that the mapping neither uses nor ignores."""
    doubled: tuple[str, ...]
    """Columns that meet in one field."""
    used: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, left over or doubled."""
        return not (self.missing or self.unmapped or self.doubled)

    @property
    def faults(self) -> int:
        """How many columns stand in the way."""
        return len(self.missing) + len(self.unmapped) + len(self.doubled)


def fit(rules: language.Mapping, headers: Sequence[str]) -> Fit:
    """Compare a mapping with the headers of a source; raises nothing."""
    known = Headers(tuple(headers), "source")
    missing: dict[str, None] = {}
    doubled: dict[str, None] = {}
    for _path, column, optional in references(rules):
        found = known.matches(column)
        if not found and not optional:
            missing[str(column)] = None
        if len(found) > 1:
            doubled |= dict.fromkeys(found)
        known.used.update(found)
    ignored = {name for column in rules.ignore for name in known.matches(column)}
    unmapped = [name for name in headers if name not in known.used | ignored]
    used = tuple(name for name in headers if name in known.used)
    return Fit(tuple(missing), tuple(unmapped), tuple(doubled), used)
