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
    members, _ = _members(tree)
    return pl.concat_str(pl.lit("{"), *members, pl.lit("}"), ignore_nulls=True)


def _members(tree: Mapping[str, Member | Tree]) -> tuple[list[pl.Expr], pl.Expr]:
    """Return `"name":value` or null for each member, with commas between, and whether there is one.

    All of them are long, and copied once: a comma too many would have to be cut off a second copy.
    """
    members: list[pl.Expr] = []
    said = pl.lit(value=False)
    for name, node in tree.items():
        label = f"{json.dumps(name, ensure_ascii=False)}:"
        if isinstance(node, dict):
            inner, own = _members(node)
            text = pl.concat_str(_start(said, label + "{"), *inner, pl.lit("}"), ignore_nulls=True)
            members.append(pl.when(own).then(text))
        else:
            member, own = _member(said, label, node), node.said
            if node.is_cleared:
                own = pl.lit(value=True)
            members.append(member)
        said |= own
    return members, said


def _start(said: pl.Expr, label: str) -> pl.Expr:
    return pl.when(said).then(pl.lit("," + label)).otherwise(pl.lit(label))


def _member(said: pl.Expr, label: str, member: Member) -> pl.Expr:
    if member.is_string:
        text = pl.concat_str(_start(said, label + '"'), member.text, pl.lit('"'))
    else:
        text = pl.concat_str(_start(said, label), member.text)
    return text.fill_null(_start(said, label + "null")) if member.is_cleared else text
