"""The README is true: its commands run, and print what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SET_UP = re.compile(r"^(python3 -m venv|\.venv/bin/pip)")
ELSEWHERE = "tests."
"""Long campaigns are run by their own tests, in small; see the folder that the command names."""


def commands() -> list[str]:
    """Return every command in the README's shell blocks, in order, without set-up."""
    found = []
    for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        session = any(line.startswith("$ ") for line in lines)
        found += [
            line.removeprefix("$ ").strip()
            for line in lines
            if line.strip() and not line.startswith("#") and (line.startswith("$ ") or not session)
        ]
    return [command for command in found if not SET_UP.match(command)]


def spoken(command: str) -> list[str]:
    """Return a command's words as this machine must say them, without the README's comment."""
    words = shlex.split(command, comments=True)
    if words[0].endswith("bulkload"):
        words[0:1] = [sys.executable, "-m", "bulkload"]
    elif words[0].endswith("python"):
        words[0] = sys.executable
    return words


def test_every_command_of_the_readme_runs_in_order(tmp_path: Path) -> None:
    """A newcomer who types the README from top to bottom meets no error."""
    for name in ("samples", "mappings", "tests", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {**os.environ, "BULKLOAD_STATE_DIR": str(tmp_path / "state")}
    for command in commands():
        words = spoken(command)
        if any(word.startswith(ELSEWHERE) for word in words) or "pytest" in words:
            continue
        ended = subprocess.run(
            words,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        allowed = (2,) if "exit status 2" in command else (0, 1)
        assert ended.returncode in allowed, f"{command}\n{ended.stderr}"


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    """The example can be pasted."""
    example = re.search(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert example is not None
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    ended = subprocess.run(
        [sys.executable, "-c", example[1]],
        cwd=tmp_path,
        env={**os.environ, "BULKLOAD_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.stdout.startswith("360 "), ended.stderr


def plain(text: str) -> list[str]:
    """Return output without what differs from run to run: port, home, progress on a slow machine."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"kept in \S+/sandbox/", "kept in HOME/sandbox/", text)
    return [line.rstrip() for line in text.splitlines() if not re.match(r"(sent|checked) \d", line)]


def test_the_session_on_the_first_screen_is_what_a_terminal_shows(tmp_path: Path) -> None:
    """The output in the README is real, line by line, up to where it is cut."""
    session = re.search(r"^```console\n\$ (.*?)\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)
    assert session is not None
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    ended = subprocess.run(
        spoken(session[1]),
        cwd=tmp_path,
        env={**os.environ, "BULKLOAD_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    shown = plain(session[2])
    assert shown.pop() == "  ..."
    assert plain(ended.stdout + ended.stderr)[: len(shown)] == shown


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m (tests\.[\w.]+)", README))))
def test_every_module_that_the_readme_names_can_be_asked_for_help(module: str) -> None:
    """The longer commands exist under the names that the README gives."""
    ended = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr


def test_all_set_up_is_two_commands() -> None:
    """The first screen needs one line to see the main job and one to run the tests."""
    lines = [line for line in README.splitlines() if SET_UP.match(line)]

    assert lines[0].endswith("bulkload import samples/customers.csv")
    assert lines[1].endswith("pytest -n auto")
