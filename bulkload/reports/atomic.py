"""Files that are there whole or not at all, and that only their owner can read.

    temporary name beside the final one (O_EXCL, O_NOFOLLOW, 0600) -> fsync -> rename -> fsync of the folder

What a killed process has left under a temporary name is removed by whoever writes that file next,
where the system tells whether a process still holds it.

A crash at any point leaves the old file, the new file or none, never half of one. What stood at the
final name before is replaced; if it was a link, the link is replaced and what it points to is not
touched.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bulkload.errors import BulkloadError
from bulkload.scratch import claim

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM}
_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}
_LONGEST_NAME = 64


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write into; it gets its name only when the block ends without an error.

    Args:
        path: Final name; its folder must exist.

    Raises:
        BulkloadError: The folder is missing or not writable, or the disk is full.
    """
    sweep(path)
    with disk_errors(path):
        temporary, descriptor = _new_file(path)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _new_file(path: Path) -> tuple[Path, int]:
    """Return a temporary file of one's own beside `path`, and its descriptor."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    tries = 3
    while True:
        tries -= 1
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
        descriptor = os.open(temporary, flags | getattr(os, "O_BINARY", 0), 0o600)
        # Before it was claimed, another run may have swept it away as one that was left behind. Where
        # nothing can be claimed, nothing is swept.
        is_own = claim(descriptor) and os.fstat(descriptor).st_nlink > 0
        if is_own or not tries:
            return temporary, descriptor
        os.close(descriptor)
        temporary.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove what processes that died while writing `path` have left behind."""
    beside = f".{glob.escape(path.name)}."
    for stray in [*path.parent.glob(f"{beside}*.part"), *path.parent.glob(f"{beside}*.parts")]:
        with contextlib.suppress(OSError):
            descriptor = os.open(stray, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                if not claim(descriptor):
                    continue
                if stray.is_dir():
                    shutil.rmtree(stray)
                else:
                    stray.unlink()
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say which file is meant where the disk takes no more, whatever library found that out."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.parent.exists():
            fix = f"create the folder `{path.parent}` first"
        elif error.errno in _DISK:
            fix = "free some space or choose another folder with --out"
        else:
            raise
        reason = (error.strerror or str(error)).lower()
        raise BulkloadError(f"`{path}` cannot be written: {reason}", fix=fix) from error


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder, and some network file systems cannot sync one: the rename has
    # happened all the same, only its survival of a power cut is then the system's business.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a small file atomically."""
    with atomic_file(path) as file:
        file.write(content)


def private_folder(path: Path) -> Path:
    """Return `path`, created with its parents if need be; one that is new only its owner can read."""
    with disk_errors(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def new_private_folder(path: Path) -> Path:
    """Return a new folder of one's own: `path`, or `path-2`, `path-3`... where others were first."""
    private_folder(path.parent)
    made, number = path, 1
    with disk_errors(path):
        while True:
            try:
                made.mkdir(mode=0o700)
            except FileExistsError:
                number += 1
                made = path.with_name(f"{path.name}-{number}")
            else:
                return made


def safe_name(text: str) -> str:
    """Return what of a user's text may be part of a file name: at most 64 of `A-Za-z0-9._-`."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:_LONGEST_NAME].rstrip("-.")
    if not name or name.split(".")[0].lower() in _DEVICES:
        return f"file-{name}".rstrip("-")
    return name
