"""Columns that are computed one after the other: what a mapping is when it is applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

Stages = tuple[tuple[pl.Expr, ...], ...]
"""Expressions over the rows, then over what those gave, and so on."""
NUMBER = {"row_number": pl.col("row_number")}


def computed(rows: pl.DataFrame, stages: Sequence[Sequence[pl.Expr]]) -> pl.DataFrame:
    """Return what the last stage makes of the rows."""
    # One stage after the other: a plan of them all would be optimised anew for every batch.
    for stage in stages:
        rows = rows.select_seq(stage)
    return rows


def passing_on(held: Sequence[Mapping[str, pl.Expr]], records: Mapping[str, pl.Expr]) -> Stages:
    """Let every stage pass on what later ones read, and nothing else: a column is memory."""
    stages = [*held, records]
    passing: list[tuple[pl.Expr, ...]] = []
    read_later: set[str] = set()
    for stage in reversed(stages):
        passed = sorted(read_later - stage.keys())
        passing.append((*map(pl.col, passed), *(made.alias(name) for name, made in stage.items())))
        read_later = set(passed).union(*(made.meta.root_names() for made in stage.values()))
    return tuple(reversed(passing))
