"""Temporary folders with customers' data are private, and do not outlive their process for long."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bulkload.scratch import Scratch

HOLDER = """\
import sys, time
from pathlib import Path
from bulkload.scratch import Scratch
folder = Scratch(Path(sys.argv[1]))
(folder.path / "keys").write_text("ada@example.com")
print(folder.path, flush=True)
time.sleep(600)
"""


def grow_old(folder: Path) -> None:
    """Let a folder look as if nothing had been written into it for an hour."""
    then = folder.stat().st_mtime - 3600
    os.utime(folder, (then, then))


@pytest.fixture
def held(tmp_path: Path):
    """A folder that another process holds, and that process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        grow_old(folder)
        yield folder, process
        process.kill()


def test_only_its_owner_can_look_into_it_and_it_goes_with_its_holder(tmp_path: Path):
    """The mode is 0700; closed, it is gone with what is in it."""
    with Scratch(tmp_path) as scratch:
        (scratch.path / "keys").write_text("ada@example.com")

        assert stat.S_IMODE(scratch.path.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path, held):
    """Held by a living process it stays, however old; held by nobody it goes."""
    folder, process = held
    with Scratch(tmp_path):
        assert (folder / "keys").exists()

    process.kill()
    process.wait()
    with Scratch(tmp_path):
        assert not folder.exists()


def test_a_folder_that_was_just_made_is_left_alone(tmp_path: Path):
    """Its maker may not have come to hold it yet."""
    young = tmp_path / "bulkload-scratch-young"
    young.mkdir()

    with Scratch(tmp_path):
        assert young.exists()


def test_a_link_is_not_followed(tmp_path: Path):
    """A link under such a name leads nobody to remove what it points to."""
    target = tmp_path / "precious"
    target.mkdir()
    (target / "file").write_text("kept")
    (tmp_path / "bulkload-scratch-link").symlink_to(target)
    os.utime(tmp_path / "bulkload-scratch-link", (0, 0), follow_symlinks=False)

    with Scratch(tmp_path):
        assert (target / "file").read_text() == "kept"
