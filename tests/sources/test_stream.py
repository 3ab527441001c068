"""What identifies a file is the same however its bytes are read."""

from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import Path

import pytest

from bulkload.sources import open_source

ROWS = "email,name\n" + "".join(f"a{n}@example.com,Jos\u00e9 {n}\n" for n in range(500))
KINDS = {
    "people.csv": ROWS.encode(),
    "people-1252.csv": ROWS.encode("cp1252"),
    "people-16.csv": ROWS.encode("utf-16"),
    "people.csv.gz": gzip.compress(ROWS.encode()),
    "-": ROWS.encode(),
}


@pytest.mark.parametrize("drawn", [None, 1, 10**9], ids=["unread", "read-in-part", "read"])
@pytest.mark.parametrize("name", KINDS)
def test_a_source_is_known_by_its_bytes(tmp_path: Path, name: str, drawn: int | None) -> None:
    """Asked before, while or after the rows are read: the digest is that of the file on disk."""
    content = KINDS[name]
    (tmp_path / name).write_bytes(content)
    path = name if name == "-" else tmp_path / name

    with open_source(path, standard_input=io.BytesIO(content)) as source:
        for _ in range(2):
            if drawn is not None:
                assert [batch for batch, _ in zip(source.batches(), range(drawn), strict=False)]
        found = source.sha256

    assert found == hashlib.sha256(content).hexdigest()
