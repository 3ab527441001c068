"""Runs the cases of the cookbook."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path

import polars as pl

from bulkload.connectors.leal import SCHEMA as LEAL
from bulkload.connectors.loyaltydog import SCHEMA as LOYALTYDOG
from bulkload.connectors.voucherify import SCHEMA as VOUCHERIFY
from bulkload.mapping import load_mapping

COOKBOOK = Path(__file__).parent.parent.parent / "mappings" / "COOKBOOK.md"
SCHEMAS = {"leal": LEAL, "loyaltydog": LOYALTYDOG, "voucherify": VOUCHERIFY}


def cases() -> dict[str, tuple[list[str], str, str]]:
    """Return mappings, rows and records of every case, by title."""
    found = {}
    for part in COOKBOOK.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, rest = part.partition("\n")
        mappings = re.findall(r"```yaml\n(.*?)\n```", rest, re.DOTALL)
        rows, records = re.findall(r"```csv\n(.*?)```", rest, re.DOTALL)
        found[title] = mappings, rows, records
    return found


def records_of(mappings: list[str], rows: str) -> str:
    """Apply the last mapping to rows given as CSV; return the records as CSV."""
    with tempfile.TemporaryDirectory() as folder:
        for text in mappings:
            named = re.match(r"# file: (\S+)\n", text)
            path = Path(folder, named.group(1) if named else "case.yaml")
            path.write_text(text, encoding="utf-8")
        document = load_mapping(path)
    headers, *cells = csv.reader(io.StringIO(rows.strip()))
    columns = {
        header: pl.Series([row[place] or None for row in cells], dtype=pl.String)
        for place, header in enumerate(headers)
    }
    frame = pl.DataFrame(
        {"row_number": pl.Series(range(2, len(cells) + 2), dtype=pl.UInt32), **columns}
    )
    schema = SCHEMAS[document.connector or "loyaltydog"]
    applied = document.bind(headers, schema, source="rows.csv").apply(frame)
    return applied.drop("row_number").write_csv(None)
