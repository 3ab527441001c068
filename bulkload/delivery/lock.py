"""One holder per journal: a lock that dies with its process, and the journal's last known length."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from bulkload.errors import JournalBusyError

_DIGITS = 20
_HELD: set[Path] = set()
"""Locks of this process: the system's own would let one process lock a file twice."""


class HolderLock:
    """An exclusive lock on `<journal>.lock`, and in it the holder and the journal's length.

    The lock belongs to the process, not to the file handle, so that a forked child that outlives its
    parent does not keep it. The length (`sealed`) is the number of commits that had returned; it is
    written without sync, so it never runs ahead of the journal, whatever happens to the machine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._file = -1
        self.fingerprint = ""
        """Of the journal when its last holder closed it; empty if that one was killed."""

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            JournalBusyError: Another run holds it; the error names it.
        """
        if self.path in _HELD:
            raise busy(self.path, {"pid": os.getpid()})
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(os.pread(file, 4096, _DIGITS + 1))
            os.close(file)
            raise busy(self.path, holder) from error
        self._file = file
        _HELD.add(self.path)
        before = _holder(os.pread(file, 4096, _DIGITS + 1))
        self.fingerprint = str(before.get("closed", ""))
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}
        if not os.pread(file, _DIGITS, 0):
            os.pwrite(file, b"0" * _DIGITS + b"\n", 0)
        self._say(holder)

    @property
    def sealed(self) -> int:
        """Commits that the journal must hold at least; -1 if the record is unreadable."""
        text = os.pread(self._file, _DIGITS, 0)
        return int(text) if text.isdigit() else -1

    def seal(self, commits: int) -> None:
        """Note that so many commits are on disk."""
        os.pwrite(self._file, b"%0*d" % (_DIGITS, commits), 0)

    def release(self, fingerprint: str = "") -> None:
        """Let go of the lock; the file stays, with length and fingerprint in it."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                self._say({"closed": fingerprint})
            os.close(self._file)
            self._file = -1
            _HELD.discard(self.path)

    def _say(self, words: dict[str, Any]) -> None:
        os.ftruncate(self._file, _DIGITS + 1)
        os.pwrite(self._file, json.dumps(words).encode() + b"\n", _DIGITS + 1)


def busy(path: Path, holder: dict[str, Any]) -> JournalBusyError:
    """Return the error that names who holds the lock."""
    since = holder.get("since")
    named = f"process {holder.get('pid', 'unknown')}"
    if host := holder.get("host"):
        named += f" on {host}"
    if isinstance(since, int):
        named += time.strftime(", since %H:%M:%S", time.localtime(since))
    return JournalBusyError(
        f"another run is using this profile's journal ({named})",
        where=str(path.with_suffix("")),
        fix="wait until it has finished; nothing was sent",
    )


def _holder(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
