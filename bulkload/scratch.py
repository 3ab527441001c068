"""Temporary folders for customers' data: private, and gone when their process ends, however it ends.

A process that is killed cannot tidy up after itself; the next one does it for every folder that
nobody holds any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from bulkload.errors import BulkloadError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = "bulkload-scratch-"
_TAKEN_AFTER_S = 60.0
"""A younger folder may not be held yet by the process that has just made it."""


def claim(descriptor: int) -> bool:
    """Mark an open file or folder as in use until its process ends; False if another uses it."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def hold(folder: Path) -> int:
    """Mark a folder as in use; return what to close then, -1 where there are no such marks."""
    if fcntl is None:
        return -1
    descriptor = os.open(folder, os.O_RDONLY)
    claim(descriptor)
    return descriptor


class Scratch:
    """A temporary folder of this process, 0700.

    Args:
        parent: Where it is made; None: the system's folder for such.
    """

    def __init__(self, parent: Path | None = None) -> None:
        where = Path(tempfile.gettempdir()) if parent is None else parent
        _sweep(where)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=where))
        self._end = weakref.finalize(self, _remove, self.path, hold(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Say which folder is meant where it cannot be written, whatever library found that out.

        Raises:
            BulkloadError: The disk is full, or takes no more for another reason.
        """
        try:
            yield
        except OSError as error:
            raise BulkloadError(
                f"the temporary folder cannot be written: {error.strerror or error}",
                where=str(self.path.parent),
                fix="free some space there, or name another folder in TMPDIR",
            ) from error

    def close(self) -> None:
        """Remove it with all that is in it."""
        self._end()


def _remove(folder: Path, descriptor: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if descriptor >= 0:
        os.close(descriptor)


def _sweep(parent: Path) -> None:
    """Remove the folders of processes that were killed."""
    if fcntl is None:
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        # Folders of other people, and those that vanish meanwhile, are none of our business.
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if found.st_uid != os.getuid() or time.time() - found.st_mtime < _TAKEN_AFTER_S:
                continue
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if claim(descriptor):
                    shutil.rmtree(folder)
            finally:
                os.close(descriptor)
