"""Bytes of a file as they are read again and again: plain, compressed, or from standard input."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import tempfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

import zstandard

from bulkload.ahead import Ahead
from bulkload.errors import BadInputError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_PIECE_BYTES = 1 << 18
"""What is hashed and copied at once."""


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
        self._sha256 = ""
        self._hashing: Ahead[str] | None = None
        self._is_closed = False
        self.modified_ns = 0
        if self.shown == "-":
            self.spooled = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the source
            self._sha256 = _copied(standard_input or sys.stdin.buffer, self.spooled)
            self.size_bytes = self.spooled.tell()
        else:
            found = Path(path).stat()
            self.size_bytes, self.modified_ns = found.st_size, found.st_mtime_ns
        with self.raw() as raw:
            self.head = raw.read(64)
        self.compression = _compression(self.head)

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
                yield raw
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
        """Hexadecimal digest of the bytes on disk."""
        if not self._sha256:
            self._sha256 = next(self._hashing or self._digests())
        return self._sha256

    def hash_ahead(self) -> None:
        """Find the digest in a thread, so that it is known when it is asked for."""
        if not self._sha256:
            self._hashing = Ahead(self._digests(until_closed=True), thread="bulkload-hash")

    def _digests(self, *, until_closed: bool = False) -> Generator[str]:
        """Yield the digest; nothing if the source is closed first and nobody can be waiting."""
        digest = hashlib.sha256()
        # What a thread has allocated and let go is not there for others: one buffer does for all.
        buffer = memoryview(bytearray(_PIECE_BYTES))
        with open(self.shown, "rb", buffering=0) as raw:  # noqa: PTH123 - unbuffered
            while size := raw.readinto(buffer):
                digest.update(buffer[:size])
                if until_closed and self._is_closed:
                    return
        yield digest.hexdigest()

    def close(self) -> None:
        """Let go of the copy of standard input, and of the thread that finds the digest."""
        self._is_closed = True
        hashing, self._hashing = self._hashing, None
        if hashing:
            hashing.close()
        if self.spooled is not None:
            self.spooled.close()


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


def _copied(source: IO[bytes], copy: IO[bytes]) -> str:
    """Copy all bytes and return their digest."""
    digest = hashlib.sha256()
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
        copy.write(piece)
    return digest.hexdigest()


def _compression(head: bytes) -> str:
    if head.startswith(GZIP_MAGIC):
        return "gz"
    return "zst" if head.startswith(ZSTD_MAGIC) else ""
