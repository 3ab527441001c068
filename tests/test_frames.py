"""Parts of frames are those that Polars' own filter gives."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bulkload.frames import where

ROWS = pl.DataFrame({"number": [1, 2, 3, 4], "text": ["a", None, "", "d"]})


@pytest.mark.parametrize(
    ("frame", "mask"),
    [
        (ROWS, [True, False, True, False]),
        (ROWS, [True, None, None, True]),
        (ROWS, [False] * 4),
        (ROWS, [True] * 4),
        (ROWS.clear(), []),
        (ROWS.select("text"), [None, True, True, None]),
        (pl.concat([ROWS, ROWS], rechunk=False), [True, False] * 4),
    ],
    ids=["some", "unknown", "none", "all", "no rows", "one column", "in pieces"],
)
def test_rows_are_taken_where_the_mask_is_true(
    frame: pl.DataFrame, mask: list[bool | None]
) -> None:
    """Null is not true; names, types and order stay."""
    wanted = pl.Series(mask, dtype=pl.Boolean)

    assert_frame_equal(where(frame, wanted), frame.filter(wanted))
