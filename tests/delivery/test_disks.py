"""On which disks a journal may lie."""

from pathlib import Path

import pytest

from bulkload.delivery import Journal
from bulkload.delivery.disks import file_system_of, system_mounts
from bulkload.errors import BadInputError

LOCAL = "/dev/sda1 / ext4 rw,relatime 0 0\nproc /proc proc rw 0 0\n"


@pytest.mark.parametrize(
    ("line", "folder", "found"),
    [
        pytest.param("", "/home/ada/state", "ext4", id="only-the-root"),
        pytest.param("server:/x /home nfs4 rw 0 0", "/home/ada/state", "nfs4", id="above"),
        pytest.param("server:/x /home/ada/state nfs rw 0 0", "/home/ada/state", "nfs", id="itself"),
        pytest.param("server:/x /home/ad nfs rw 0 0", "/home/ada/state", "ext4", id="name-begins"),
        pytest.param(
            "server:/x /home nfs rw 0 0\n/dev/b /home/ada xfs rw 0 0",
            "/home/ada/state",
            "xfs",
            id="local-below-network",
        ),
        pytest.param(
            "/dev/b /home/ada xfs rw 0 0\nserver:/x /home nfs rw 0 0",
            "/home/ada/state",
            "xfs",
            id="in-any-order",
        ),
        pytest.param(
            "/dev/b /home ext4 rw 0 0\n//s/x /home cifs rw 0 0", "/home/ada", "cifs", id="covered"
        ),
        pytest.param(
            r"ada@host: /mnt/my\040disk fuse.sshfs rw 0 0",
            "/mnt/my disk/state",
            "fuse.sshfs",
            id="space-in-the-name",
        ),
        pytest.param("one two", "/home/ada", "ext4", id="unreadable-line"),
    ],
)
def test_the_longest_mount_point_decides(line, folder, found):
    """What holds a folder is told by the mount point nearest above it."""
    assert file_system_of(Path(folder), LOCAL + line + "\n") == found


def test_without_mounts_nothing_is_known():
    """On systems that tell no mounts, no file system is named."""
    assert file_system_of(Path("/home/ada"), "") == ""


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "NFS", "fuse.s3fs"]
)
def test_a_journal_on_a_network_disk_is_refused(tmp_path, kind):
    """The sentence names the file system and the way out, and no file is made."""
    mounts = f"{LOCAL}server:/x {tmp_path} {kind} rw 0 0\n"

    with pytest.raises(BadInputError) as refused:
        Journal.open(tmp_path / "journal.sqlite", mounts=lambda: mounts)

    assert kind in refused.value.what
    assert "BULKLOAD_STATE_DIR" in refused.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "mounts",
    [
        pytest.param(LOCAL, id="ext4"),
        pytest.param("tmpfs / tmpfs rw 0 0\n", id="tmpfs"),
        pytest.param("overlay / overlay rw 0 0\n", id="container"),
        pytest.param("/dev/sdb / fuseblk rw 0 0\n", id="ntfs"),
        pytest.param("", id="no-mounts-told"),
    ],
)
def test_a_journal_on_a_local_disk_is_opened(tmp_path, mounts):
    """Whatever is not known to be a network disk is taken."""
    with Journal.open(tmp_path / "journal.sqlite", mounts=lambda: mounts) as journal:
        assert journal.runs() == []


def test_a_link_to_a_network_disk_is_seen_through(tmp_path):
    """The folder itself decides, not the name by which it is reached."""
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    mounts = f"{LOCAL}server:/x {tmp_path}/far nfs rw 0 0\n"

    with pytest.raises(BadInputError, match="network file system"):
        Journal.open(tmp_path / "near" / "journal.sqlite", mounts=lambda: mounts)


def test_the_systems_own_mounts_can_be_read():
    """The default source of mounts is text, here and on systems without one."""
    assert isinstance(system_mounts(), str)
