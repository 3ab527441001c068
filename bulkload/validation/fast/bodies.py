"""JSON text of accepted rows, built by Polars: the bytes that the exact path would send."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Member:
    """One value of an object."""

    path: Sequence[str]
    text: pl.Expr
    """Its JSON text, without the quotes of a string; null where the row says nothing."""
    said: pl.Expr
    """Whether the row says something."""
    is_string: bool
    is_cleared: bool = False
    """Whether it is `null` where the row says nothing, instead of left out."""


_MOST_COUNTED = 24
"""Of more members it is not asked which of them comes first: that grows with their square."""
Tree = dict[str, "Member | Tree"]


def object_text(parts: Sequence[Member]) -> pl.Expr:
    """Return one JSON object a row.

    Args:
        parts: Those whose paths share a beginning share an object, which stands where the first of
            them stands, and only in rows that say something in it.
    """
    tree: Tree = {}
    for part in parts:
        *groups, last = part.path
        branch = tree
        for group in groups:
            inner = branch.setdefault(group, {})
            assert isinstance(inner, dict)  # noqa: S101  # the model was built from the same names
            branch = inner
        branch[last] = part
    is_short = len(parts) <= _MOST_COUNTED
    members, _ = _members(tree, is_short=is_short)
    return pl.concat_str(
        pl.lit("{"), *_joined(members, is_short=is_short), pl.lit("}"), ignore_nulls=True
    )


def _members(
    tree: Mapping[str, Member | Tree], *, is_short: bool
) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """Return `"name":value` or null for each member, and for each whether the row says it.

    In a short object commas stand between the members: all is long, and copied once. In a long one
    a comma is before each of them.
    """
    members: list[pl.Expr] = []
    said: list[pl.Expr] = []
    for name, node in tree.items():
        label = f"{json.dumps(name, ensure_ascii=False)}:"
        begun = pl.any_horizontal(said or [pl.lit(value=False)]) if is_short else pl.lit(value=True)
        if isinstance(node, dict):
            inner, told = _members(node, is_short=is_short)
            own = pl.any_horizontal(told)
            text = pl.concat_str(
                _start(begun, label + "{"),
                *_joined(inner, is_short=is_short),
                pl.lit("}"),
                ignore_nulls=True,
            )
            members.append(pl.when(own).then(text))
        else:
            members.append(_member(begun, label, node))
            own = pl.lit(value=True) if node.is_cleared else node.said
        said.append(own)
    return members, said


def _joined(members: Sequence[pl.Expr], *, is_short: bool) -> Sequence[pl.Expr]:
    if is_short:
        return members
    return [pl.concat_str(members, ignore_nulls=True).str.strip_prefix(",")]


def _start(said: pl.Expr, label: str) -> pl.Expr:
    return pl.when(said).then(pl.lit("," + label)).otherwise(pl.lit(label))


def _member(said: pl.Expr, label: str, member: Member) -> pl.Expr:
    if member.is_string:
        text = pl.concat_str(_start(said, label + '"'), member.text, pl.lit('"'))
    else:
        text = pl.concat_str(_start(said, label), member.text)
    return text.fill_null(_start(said, label + "null")) if member.is_cleared else text
