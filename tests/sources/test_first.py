"""The main kinds of source."""

import polars as pl
import pytest

from bulkload.errors import BadInputError
from bulkload.sources import open_source


def test_csv_rows_are_text_with_row_numbers(tmp_path):
    """Cells stay text and the header is row 1."""
    (tmp_path / "a.csv").write_text("id;name\n007;Ada\n;Grace\n")
    with open_source(tmp_path / "a.csv") as source:
        (batch,) = source.batches()
    assert source.headers == ("id", "name")
    assert batch.rows.rows() == [(2, "007", "Ada"), (3, None, "Grace")]
    assert batch.rows.schema["row_number"] == pl.UInt32


def test_a_folder_is_refused(tmp_path):
    """A folder gets one sentence."""
    with pytest.raises(BadInputError, match="folder"):
        open_source(tmp_path)
