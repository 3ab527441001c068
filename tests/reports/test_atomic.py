"""Files appear whole, private, or not at all."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bulkload.errors import BulkloadError
from bulkload.reports.atomic import (
    atomic_file,
    new_private_folder,
    private_folder,
    safe_name,
    write_bytes,
)

WRITE_FOREVER = """
import sys
from pathlib import Path
from bulkload.reports.atomic import atomic_file
print("ready", flush=True)
while True:
    with atomic_file(Path(sys.argv[1])) as file:
        for number in range(20_000):
            file.write(b"%d,line\\n" % number)
"""


@pytest.mark.parametrize("umask", [pytest.param(0, id="open"), pytest.param(0o22, id="usual")])
def test_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """The mode is 0600 even where the process would make public files."""
    before = os.umask(umask)
    try:
        write_bytes(tmp_path / "results.csv", b"x")
        folder = private_folder(tmp_path / "run")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "results.csv").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_runs_of_one_second_get_a_folder_each(tmp_path: Path) -> None:
    """However many ask for the same name at once, nobody is given another's folder."""
    wanted = tmp_path / "bulkload-runs" / "20261121-110000-a"

    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(new_private_folder, [wanted] * 40))

    assert len(set(folders)) == 40
    assert {folder.name for folder in folders} == {
        wanted.name,
        *(f"{wanted.name}-{number}" for number in range(2, 41)),
    }
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    """A block that fails leaves the old file as it was and no other."""
    path = tmp_path / "results.csv"
    write_bytes(path, b"old")

    def break_off() -> None:
        with atomic_file(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """What a link at the final name points to stays as it was."""
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    link = tmp_path / "results.csv"
    link.symlink_to(target)

    write_bytes(link, b"new")

    assert target.read_bytes() == b"precious"
    assert not link.is_symlink()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The error says which folder to create."""
    with pytest.raises(BulkloadError, match="missing") as caught:
        write_bytes(tmp_path / "missing" / "results.csv", b"x")

    assert "create the folder" in str(caught.value)


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """A disk without space gives an error for people, not a stack trace."""

    def fill_the_disk() -> None:
        with atomic_file(tmp_path / "results.csv"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(BulkloadError, match="no space left"):
        fill_the_disk()

    assert list(tmp_path.iterdir()) == []


def test_a_kill_tears_nothing(tmp_path: Path) -> None:
    """Killed at any moment, the file is absent or complete."""
    path = tmp_path / "results.csv"
    complete = b"".join(b"%d,line\n" % number for number in range(20_000))
    for delay_ms in range(0, 60, 10):
        command = [sys.executable, "-c", WRITE_FOREVER, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay_ms / 1000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

        assert not path.exists() or path.read_bytes() == complete


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("customers.xlsx", "customers.xlsx", id="plain"),
        pytest.param("../../x", "x", id="upwards"),
        pytest.param("/etc/x", "etc-x", id="absolute"),
        pytest.param("CON", "file-CON", id="device"),
        pytest.param("a\0b/c\\d", "a-b-c-d", id="separators"),
        pytest.param("Kunden März.csv", "Kunden-M-rz.csv", id="umlaut"),
        pytest.param("..", "file", id="dots"),
        pytest.param("x" * 100, "x" * 64, id="long"),
    ],
)
def test_user_text_in_file_names_is_harmless(text: str, expected: str) -> None:
    """No user text leads out of the folder or names a device."""
    assert safe_name(text) == expected
