"""Patterns and templates of a mapping, checked when it is loaded.

Patterns run in Polars' engine, which takes time in proportion to the text, whatever the pattern; a
pattern that would need a large automaton is refused by the engine itself. Templates know `{column}`
and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pydantic

from bulkload.errors import BulkloadError
from bulkload.mapping import document as language

_TOKEN = re.compile(r"\{([^{}]*)\}|([{}])")
_MAX_REPETITIONS = 1000
SHOWN_CHARACTERS = 57
_COUNTED = re.compile(r"(?<!\\[xuUpP])\{(\d*)(?:,(\d*))?\}")

Where = Callable[[Sequence[str | int]], str]


def check(rules: language.Mapping, where: Where) -> None:
    """Refuse patterns that the engine does not accept and templates that are more than columns.

    Raises:
        BulkloadError: With the place that `where` gives for the path of the rule.
    """
    found = [(path, key, text) for path, key, text in _texts(rules, ())]
    for path, key, text in found:
        if key == "template":
            columns_of(text, where=where((*path, key)))
        else:
            _check_pattern(text, where=where((*path, key)))


def columns_of(template: str, *, where: str) -> list[tuple[str, bool]]:
    """Cut a template into pieces: text, and whether it is the name of a column.

    Raises:
        BulkloadError: Braces that do not pair, or anything but a column between them.
    """
    pieces: list[tuple[str, bool]] = []
    end = 0
    for token in _TOKEN.finditer(template):
        column = token.group(1)
        if column is None or not column.strip() or "__" in column or "!" in column:
            raise BulkloadError(
                f"`{token.group(0)}` cannot stand in a template",
                where=where,
                fix="a template knows `{column}` only, with the header of a column between the braces",
            )
        pieces.append((template[end : token.start()], False))
        pieces.append((column.strip(), True))
        end = token.end()
    pieces.append((template[end:], False))
    if not any(is_column for _, is_column in pieces):
        raise BulkloadError(
            "the template names no column", where=where, fix="write `constant:` for fixed text"
        )
    return [piece for piece in pieces if piece[0]]


def _texts(
    node: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield (path, key, text) of every pattern and template below a node."""
    if isinstance(node, pydantic.BaseModel):
        for name, info in type(node).model_fields.items():
            value = getattr(node, name)
            key = info.alias or name
            if key in {"pattern", "matches", "template"} and isinstance(value, str):
                yield path, key, value
            elif isinstance(value, (pydantic.BaseModel, tuple, dict)):
                yield from _texts(value, (*path, key))
    elif isinstance(node, tuple):
        for index, value in enumerate(node):
            yield from _texts(value, (*path, index))
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, (*path, key))


def _check_pattern(pattern: str, *, where: str) -> None:
    # Nested counts multiply: the engine would build the automaton up to its limit before it refuses.
    size = 1
    for least, most in _COUNTED.findall(pattern):
        size *= max(int(least or 1), int(most or 1), 1)
        if size > _MAX_REPETITIONS:
            raise BulkloadError(
                f"the pattern `{_short(pattern)}` repeats more than {_MAX_REPETITIONS:,} times",
                where=where,
                fix="use `+` or `*` instead of large counts",
            )
    problem = _refused_by_polars(pattern)
    if problem:
        raise BulkloadError(
            f"the pattern `{_short(pattern)}` is not valid: {problem}",
            where=where,
            fix="patterns are regular expressions of the Rust engine: no look-around, no back-references",
        )


def _refused_by_polars(pattern: str) -> str:
    import polars as pl  # 0.2 s, and most mappings hold no pattern

    try:
        pl.Series(["x"]).str.contains(pattern, strict=True)
    except pl.exceptions.PolarsError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = next((line for line in lines if line.startswith("error:")), lines[-1])
        return told.removeprefix("error:").strip()
    return ""


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= SHOWN_CHARACTERS else pattern[:SHOWN_CHARACTERS] + "..."
