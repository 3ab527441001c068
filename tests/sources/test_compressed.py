"""Compressed data that is not all there is refused, whatever its decompressor says."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bulkload.errors import BadInputError
from bulkload.sources import open_source

TEXT = (
    "email,name\n" + "".join(f"a{n * 7919}@example.com,Ada {n}\n" for n in range(40_000))
).encode()
SKIPPABLE = b"\x52\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"


def zst(data: bytes, *, checksum: bool = False) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=checksum).compress(data)


def frames(data: bytes) -> bytes:
    half = len(data) // 2
    return zst(data[:half]) + SKIPPABLE + zst(data[half:])


def streamed(data: bytes) -> bytes:
    """Without its size in the header, as a pipe leaves it."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return packer.compress(data) + packer.flush()


def repeated(data: bytes) -> bytes:
    """With blocks that say one byte again and again."""
    return zst(data + b"x,y\n" + b" " * 500_000 + b"\n")


KINDS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zst,
    "-sum.zst": lambda data: zst(data, checksum=True),
    "-streamed.zst": streamed,
    "-frames.zst": frames,
    "-runs.zst": repeated,
}


def rows_of(path: Path) -> int:
    with open_source(path) as source:
        return sum(batch.rows.height + len(batch.malformed) for batch in source.batches())


@pytest.mark.parametrize("kind", KINDS)
def test_whole_data_is_read(tmp_path: Path, kind: str) -> None:
    """Frames, checksums and sizes may be there or not."""
    path = tmp_path / f"people.csv{kind}"
    path.write_bytes(KINDS[kind](TEXT))

    assert rows_of(path) >= 40_000


@pytest.mark.parametrize("lost", [1, 3, 200, 0.3, 0.5])
@pytest.mark.parametrize("kind", KINDS)
def test_data_that_is_cut_off_is_refused(tmp_path: Path, kind: str, lost: float) -> None:
    """Half a file would be half of the customers, and a cell cut in two another value."""
    path = tmp_path / f"people.csv{kind}"
    packed = KINDS[kind](TEXT)
    path.write_bytes(packed[: -(int(lost * len(packed)) if lost < 1 else int(lost))])

    with pytest.raises(BadInputError, match="damaged or cut off"):
        rows_of(path)
