"""JSON text of accepted rows, built by Polars: the bytes that the exact path would send."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import polars as pl

Tree = dict[str, "pl.Expr | Tree"]


def object_text(parts: Sequence[tuple[Sequence[str], pl.Expr]]) -> pl.Expr:
    """Return one JSON object a row.

    Args:
        parts: Paths with their JSON text, null where the row says nothing. Paths that share a
            beginning share an object, which stands where the first of them stands.
    """
    tree: Tree = {}
    for (*groups, last), text in parts:
        branch = tree
        for group in groups:
            inner = branch.setdefault(group, {})
            assert isinstance(inner, dict)  # noqa: S101  # the model was built from the same names
            branch = inner
        branch[last] = text
    return pl.concat_str(pl.lit("{"), _members(tree).str.strip_prefix(","), pl.lit("}"))


def _members(tree: Mapping[str, pl.Expr | Tree]) -> pl.Expr:
    """Return `,"name":value` for all that is said, one behind the other; empty for nothing."""
    members: list[pl.Expr] = []
    for name, node in tree.items():
        start = f",{json.dumps(name, ensure_ascii=False)}:"
        if isinstance(node, dict):
            inner = _members(node)
            whole = pl.concat_str(pl.lit(start + "{"), inner.str.strip_prefix(","), pl.lit("}"))
            members.append(pl.when(inner != "").then(whole))
        else:
            members.append(pl.concat_str(pl.lit(start), node))
    return pl.concat_str(members, ignore_nulls=True)
