"""Whether a folder lies on a network file system, where SQLite's locks and log cannot be relied on."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from bulkload.errors import BadInputError

Mounts = Callable[[], str]
"""Returns the system's mounts, in the form of `/proc/mounts`; empty where nothing tells them."""

NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("9p", "afs", "afp", "afpfs", "beegfs", "ceph", "cifs", "coda", "davfs", "gpfs", "lustre"),
        *("ncpfs", "nfs", "nfs4", "smb", "smb2", "smb3", "smbfs", "vboxsf"),
        *("fuse.ceph", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs"),
        *("fuse.rclone", "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs", "fuse.vmhgfs-fuse"),
    }
)

_OCTAL = re.compile(r"\\([0-7]{3})")
_FIELDS = 3


def system_mounts() -> str:
    """Return the text of `/proc/mounts`; empty on systems without it."""
    with contextlib.suppress(OSError):
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape")
    return ""


def file_system_of(folder: Path, mounts: str) -> str:
    r"""Return the type of the file system that holds a folder; empty if the mounts do not tell.

    The longest mount point above the folder decides, and of equal ones the last, which covers the
    others.

    Source: proc_mounts(5), fstab(5): fields apart by spaces, odd characters as `\040`.
    """
    place = os.path.realpath(folder) + os.sep
    longest, found = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < _FIELDS:
            continue
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[1]).rstrip("/") + "/"
        if place.startswith(point) and len(point) >= longest:
            longest, found = len(point), fields[2]
    return found


def refuse_network(path: Path, mounts: Mounts = system_mounts) -> None:
    """Refuse a journal on a network file system.

    Raises:
        BadInputError: It would lie on one; two machines could write it at once, and a commit that
            returned might not be on any disk.

    Source: sqlite.org/wal.html (all processes on one host), howtocorrupt.html section 2.1.
    """
    found = file_system_of(path.parent, mounts())
    if found.lower() in NETWORK_FILE_SYSTEMS:
        raise BadInputError(
            f"the journal would lie on a network file system ({found}), where what is written is"
            " not safe; nothing was sent",
            where=str(path),
            fix="set BULKLOAD_STATE_DIR to a folder on a local disk",
        )
