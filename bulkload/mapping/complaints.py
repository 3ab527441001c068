"""Pydantic's complaints in words for people: what is wrong, what would be right, and where."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

import pydantic

from bulkload.errors import did_you_mean
from bulkload.mapping import document as language
from bulkload.mapping.places import NodePath, Place, nearest


def order_of(problem: Any, data: Any, places: dict[NodePath, Place]) -> tuple[bool, int, int]:
    """Return by what complaints are sorted: unknown words first, then by place."""
    place = nearest(places, _node_path(problem["loc"], data))
    return problem["type"] != "extra_forbidden", place.line, place.column


def _node_path(location: Sequence[str | int], data: Any) -> NodePath:
    """Return the part of Pydantic's location that is a path in the YAML."""
    path: list[str | int] = []
    for step in location:
        inside = isinstance(data, dict) and step in data
        if inside or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            path.append(step)
            data = data[step]
    return tuple(path)


def explained(problem: Any, data: Any) -> tuple[str, str, NodePath]:
    """Put one of Pydantic's complaints into words: what, remedy, path."""
    location, kind = problem["loc"], problem["type"]
    at = _node_path(location, data)
    name = str(location[-1]) if location else "mapping"
    if kind == "extra_forbidden":
        known = words_at(location[:-1])
        shown = ", ".join(f"`{word}`" for word in known)
        return (
            f"`{name}` is not a word of the mapping language here",
            (did_you_mean(name, known) + f"known are {shown}"),
            at,
        )
    if kind == "missing":
        return f"`{name}:` is missing", f"add `{name}:`", at
    given = problem.get("input")
    if kind in {"enum", "literal_error"}:
        expected = str(problem["ctx"]["expected"])
        known = [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]
        guess = did_you_mean(str(given), known)
        return f"`{given}` is not possible for `{_key(at, name)}`", f"{guess}write {expected}", at
    message = str(problem["msg"])
    if kind == "string_pattern_mismatch" and name == "[key]":
        return (
            f"`{given}` cannot be the name of a field",
            "names have no quotes, braces, backslashes or @, and no space at their ends",
            at,
        )
    if kind.endswith(("_type", "_parsing")):
        shown = "nothing" if given is None else f"`{given}`"[:80]
        return f"`{_key(at, name)}` cannot be {shown}: {message.lower()}", "see the reference", at
    return f"`{_key(at, name)}`: {message}", "see the reference: `mappings/REFERENCE.md`", at


def _key(path: NodePath, name: str) -> str:
    for step in reversed(path):
        if isinstance(step, str):
            return step
    return name


def words_at(location: Sequence[str | int]) -> list[str]:
    """Return the words that the language knows at a place given as Pydantic's location."""
    models: list[Any] = [language.Mapping]
    for step in location:
        reached: list[Any] = []
        for model in models:
            annotation = model
            if isinstance(model, type) and issubclass(model, pydantic.BaseModel):
                known = {f.alias or n: f.annotation for n, f in model.model_fields.items()}
                annotation = known.get(str(step))
            reached += _models_in(annotation, into=not isinstance(step, str) or annotation is model)
        models = reached or models
    words: list[str] = []
    for model in models:
        if isinstance(model, type) and issubclass(model, pydantic.BaseModel):
            words += [f.alias or n for n, f in model.model_fields.items()]
    return words


def _models_in(annotation: Any, *, into: bool) -> Iterator[Any]:
    """Yield models (and containers that lead to one) inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
        return
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType, typing.Annotated, tuple, dict}:
        for argument in typing.get_args(annotation):
            yield from _models_in(argument, into=into)
