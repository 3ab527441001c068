"""Bytes of a file as they are read again and again: plain, compressed, or from standard input."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

import zstandard

from bulkload.errors import BadInputError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class Readable(Protocol):
    """What a block is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; empty at the end."""


class Content(Protocol):
    """Bytes that can be read again and again."""

    @property
    def shown(self) -> str:
        """Name for error messages."""

    def content(self) -> AbstractContextManager[Readable]:
        """Open the bytes, uncompressed."""


class FileBytes:
    """The content of one file, uncompressed on the way, and its identity.

    Standard input can be read once only, so it is copied to a temporary file that vanishes when
    the process ends.
    """

    def __init__(self, path: str | Path, *, standard_input: IO[bytes] | None = None) -> None:
        self.shown = str(path)
        self.spooled: IO[bytes] | None = None
        if self.shown == "-":
            self.spooled = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the source
            shutil.copyfileobj(standard_input or sys.stdin.buffer, self.spooled, 1 << 20)
            self.size_bytes = self.spooled.tell()
        else:
            self.size_bytes = Path(path).stat().st_size
        with self.raw() as raw:
            self.head = raw.read(64)
        self.compression = _compression(self.head)
        self._sha256 = ""

    @contextmanager
    def raw(self) -> Iterator[IO[bytes]]:
        """Open the bytes as they are on disk."""
        if self.spooled is not None:
            self.spooled.seek(0)
            yield self.spooled
            return
        with open(self.shown, "rb", buffering=0) as handle:  # noqa: PTH123 - unbuffered
            yield cast("IO[bytes]", handle)

    @contextmanager
    def content(self) -> Iterator[Readable]:
        """Open the bytes without their compression.

        Raises:
            BadInputError: The compressed data is broken or cut off (also while it is read).
        """
        with self.raw() as raw:
            if not self.compression:
                yield raw if self._sha256 else _Digested(raw, self._identified)
                return
            opened: Readable
            if self.compression == "gz":
                opened = cast("Readable", gzip.GzipFile(fileobj=raw, mode="rb"))
            else:
                opened = cast(
                    "Readable",
                    zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
                        raw, read_across_frames=True, closefd=False
                    ),
                )
            yield _Uncompressed(opened.read, self.shown, self.compression)

    def read_all(self) -> bytes:
        """Return all bytes on disk."""
        with self.raw() as raw:
            return raw.read()

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the bytes on disk; known already if they were read to the end."""
        if not self._sha256:
            with self.raw() as raw:
                digest = hashlib.sha256()
                while piece := raw.read(1 << 20):
                    digest.update(piece)
                self._sha256 = digest.hexdigest()
        return self._sha256

    def _identified(self, sha256: str) -> None:
        self._sha256 = sha256

    def close(self) -> None:
        """Let go of the copy of standard input."""
        if self.spooled is not None:
            self.spooled.close()


class _Digested:
    """Bytes as they are, and their digest when the last of them is read.

    A large file is read once less for it.
    """

    def __init__(self, raw: Readable, identified: Callable[[str], None]) -> None:
        self._raw, self._identified = raw, identified
        self._digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        piece = self._raw.read(size)
        if piece:
            self._digest.update(piece)
        elif size:
            self._identified(self._digest.hexdigest())
        return piece


class _Uncompressed(io.RawIOBase):
    """Turns what a decompressor raises into a sentence."""

    def __init__(self, read: Callable[[int], bytes], shown: str, kind: str) -> None:
        self._read, self._shown, self._kind = read, shown, kind
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        try:
            piece = self._read(size)
        except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            raise BadInputError(
                f"`{self._shown}` cannot be unpacked: its {self._kind} data is damaged or cut off",
                where=f"after {self._given:,} unpacked bytes ({error})",
                fix="copy or download the file again",
            ) from None
        self._given += len(piece)
        return piece


def _compression(head: bytes) -> str:
    if head.startswith(GZIP_MAGIC):
        return "gz"
    return "zst" if head.startswith(ZSTD_MAGIC) else ""
