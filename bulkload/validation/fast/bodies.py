"""JSON text of accepted rows, built by Polars: the bytes that the exact path would send."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Member:
    """One value of an object."""

    path: Sequence[str]
    text: pl.Expr
    """Its JSON text, without the quotes of a string; null where the row says nothing."""
    is_string: bool
    is_cleared: bool = False
    """Whether it is `null` where the row says nothing, instead of left out."""


Tree = dict[str, "Member | Tree"]


Hold = Callable[[pl.Expr], pl.Expr]
"""Computes an expression once, as a column, where it is used twice."""


def object_text(parts: Sequence[Member], hold: Hold) -> pl.Expr:
    """Return one JSON object a row.

    Args:
        parts: Those whose paths share a beginning share an object, which stands where the first of
            them stands.
        hold: Computes an expression once.
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
    return pl.concat_str(pl.lit("{"), _members(tree, hold).str.strip_prefix(","), pl.lit("}"))


def _members(tree: Mapping[str, Member | Tree], hold: Hold) -> pl.Expr:
    """Return `,"name":value` for all that is said, one behind the other; empty for nothing."""
    members: list[pl.Expr] = []
    for name, node in tree.items():
        start = f",{json.dumps(name, ensure_ascii=False)}:"
        if isinstance(node, dict):
            inner = hold(_members(node, hold))
            whole = pl.concat_str(pl.lit(start + "{"), inner.str.strip_prefix(","), pl.lit("}"))
            members.append(pl.when(inner != "").then(whole))
        else:
            members.append(_member(start, node))
    return pl.concat_str(members, ignore_nulls=True)


def _member(start: str, member: Member) -> pl.Expr:
    if member.is_string:
        text = pl.concat_str(pl.lit(f'{start}"'), member.text, pl.lit('"'))
    else:
        text = pl.concat_str(pl.lit(start), member.text)
    return text.fill_null(f"{start}null") if member.is_cleared else text
