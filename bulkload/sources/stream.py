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
ZSTD_SKIPPABLE = b"\x50\x2a\x4d\x18"
"""And fifteen more that differ in the low half of the first byte."""
_ZSTD_HEAD_BYTES = 18
"""The longest header of a frame."""
_ZSTD_SKIPPABLE_BYTES = 8
_ZSTD_RLE = 1
"""The kind of block that says one byte again and again."""
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
        self._modified_ns = 0
        if self.shown == "-":
            self.spooled = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the source
            self._sha256 = _copied(standard_input or sys.stdin.buffer, self.spooled)
            self.size_bytes = self.spooled.tell()
        else:
            found = Path(path).stat()
            self.size_bytes, self._modified_ns = found.st_size, found.st_mtime_ns
        with self.raw() as raw:
            self.head = raw.read(64)
        self.compression = _compression(self.head)

    @property
    def is_unchanged(self) -> bool:
        """Whether the file on disk is still the one that was opened; what was copied always is."""
        if self.spooled is not None:
            return True
        try:
            found = Path(self.shown).stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.size_bytes, self._modified_ns)

    @contextmanager
    def raw(self) -> Iterator[IO[bytes]]:
        """Open the bytes as they are on disk.

        Raises:
            BadInputError: They cannot be read (also while they are read).
        """
        try:
            if self.spooled is not None:
                self.spooled.seek(0)
                yield self.spooled
            else:
                with open(self.shown, "rb", buffering=0) as handle:  # noqa: PTH123 - unbuffered
                    yield cast("IO[bytes]", handle)
        except OSError as error:
            raise BadInputError(
                f"`{self.shown}` cannot be read: {(error.strerror or str(error)).lower()}",
                fix="copy it to a disk of this machine and run the same command again",
            ) from error

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
            if self.compression == "zst" and not _is_whole(raw):
                raise _damaged(self.shown, "zst", "before its end")
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
        with self.raw() as raw:
            while size := cast("io.FileIO", raw).readinto(buffer):
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
            if isinstance(error, OSError) and error.errno is not None:
                # It is the disk's.
                raise
            where = f"after {self._given:,} unpacked bytes ({error})"
            raise _damaged(self._shown, self._kind, where) from None
        self._given += len(piece)
        return piece


def _damaged(shown: str, kind: str, where: str) -> BadInputError:
    return BadInputError(
        f"`{shown}` cannot be unpacked: its {kind} data is damaged or cut off",
        where=where,
        fix="copy or download the file again",
    )


def _is_whole(raw: IO[bytes]) -> bool:
    """Whether the last frame of Zstandard data is complete, which its decompressor does not tell.

    Frames and blocks say how long they are (RFC 8878, section 3.1), so nothing is unpacked. Data that
    is none of these is left to the decompressor.
    """
    size = raw.seek(0, io.SEEK_END)
    at = raw.seek(0)
    while at < size:
        head = raw.read(_ZSTD_HEAD_BYTES)
        if len(head) < _ZSTD_SKIPPABLE_BYTES:
            return False
        if head[1:4] == ZSTD_SKIPPABLE[1:] and head[0] & 0xF0 == ZSTD_SKIPPABLE[0]:
            at += _ZSTD_SKIPPABLE_BYTES + int.from_bytes(head[4:8], "little")
        elif head.startswith(ZSTD_MAGIC):
            try:
                frame = zstandard.get_frame_parameters(head)
                at += zstandard.frame_header_size(head)
            except zstandard.ZstdError:
                break
            is_last = False
            while not is_last:
                raw.seek(at)
                block = int.from_bytes(raw.read(3), "little")
                is_last, kind = bool(block & 1), block >> 1 & 3
                at += 3 + (1 if kind == _ZSTD_RLE else block >> 3)
                if at > size:
                    return False
            at += 4 if frame.has_checksum else 0
        else:
            break
        raw.seek(at)
    raw.seek(0)
    return at <= size


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
