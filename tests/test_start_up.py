"""What the command line costs before it does anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkload.cli import COMMANDS

SAMPLES = Path(__file__).parent.parent / "samples"
HEAVY = ("polars", "httpx", "openpyxl", "pydantic", "starlette", "rich", "jinja2", "ruamel")
SENDING = ("httpx", "ssl", "asyncio", "sqlite3", "starlette", "uvicorn", "bulkload.delivery")
WORKBOOKS = ("openpyxl", "xlsxwriter", "fastexcel", "bulkload.reports.workbook")
SELDOM = (
    "rich",
    "rapidfuzz",
    "bulkload.sandbox.options",
    "bulkload.mapping.fixes",
    "bulkload.reports.export",
)

AFTER_READING = (
    "pydantic", "ruamel", "jinja2", "email_validator", "phonenumbers",
    "bulkload.mapping", "bulkload.connectors", "bulkload.validation", "bulkload.reports.html",
)  # fmt: skip


def modules_after(*arguments: str) -> set[str]:
    """Return the names of the modules that a command that succeeds leaves loaded."""
    code = (
        "import sys\n"
        "from bulkload.cli import main\n"
        f"assert main({list(arguments)!r}) == 0\n"
        "print('\\n'.join(sorted(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return set(ended.stderr.split())


def test_help_loads_click_alone() -> None:
    """`bulkload --help` answers at once because no library is loaded for it."""
    loaded = modules_after("--help")

    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_without_its_libraries(name: str) -> None:
    """Help of a command needs none of what the command needs."""
    assert modules_after(name, "--help").isdisjoint(HEAVY)


def test_a_dry_run_loads_nothing_that_it_does_not_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sends, what writes workbooks and what draws on terminals waits until it is needed."""
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))

    loaded = modules_after(
        "validate", str(SAMPLES / "customers.csv"), "--json", "--out", str(tmp_path / "run")
    )

    assert "polars" in loaded
    assert loaded.isdisjoint((*SENDING, *WORKBOOKS, *SELDOM))


def test_reading_begins_before_the_rest_of_a_run_is_loaded(tmp_path: Path) -> None:
    """The first rows are read while mapping, connectors and judge are still to be imported."""
    code = (
        "import sys\n"
        "from bulkload.sources.reading import FileSource\n"
        "begin = FileSource.read_ahead\n"
        "def watched(source):\n"
        "    print('\\n'.join(sys.modules), file=sys.stderr)\n"
        "    begin(source)\n"
        "FileSource.read_ahead = watched\n"
        "from bulkload.cli import main\n"
        f"main(['validate', {str(SAMPLES / 'customers.csv')!r}, '--json', "
        f"'--out', {str(tmp_path / 'run')!r}])\n"
    )
    environment = {**os.environ, "BULKLOAD_STATE_DIR": str(tmp_path / "state")}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        env=environment,
    )  # fmt: skip
    loaded = set(ended.stderr.split())

    assert "polars" in loaded
    assert loaded.isdisjoint(AFTER_READING)


def test_no_collection_of_garbage_falls_into_a_small_run(tmp_path: Path) -> None:
    """What start-up makes is not looked through for garbage: that takes as long as a small run."""
    code = (
        "import gc, sys\n"
        "from bulkload.__main__ import main\n"
        "gc.collect()\n"
        "gc.callbacks.append(lambda phase, _info: print(phase, file=sys.stderr))\n"
        f"sys.argv[1:] = ['validate', {str(SAMPLES / 'customers.csv')!r}, '--json', "
        f"'--out', {str(tmp_path / 'run')!r}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    gc.callbacks.clear()\n"
    )
    environment = {**os.environ, "BULKLOAD_STATE_DIR": str(tmp_path / "state")}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        env=environment,
    )  # fmt: skip

    assert "start" not in ended.stderr.split()


def test_importing_the_package_loads_nothing() -> None:
    """`import bulkload` is free until a name is used."""
    code = "import sys, bulkload; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert set(ended.stdout.split()).isdisjoint(HEAVY)


def test_an_interrupt_while_the_program_is_loaded_leaves_no_trace() -> None:
    """Ctrl-C right after Enter gets the same answer as later on."""
    code = (
        "import sys\n"
        "from bulkload.__main__ import main\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'bulkload.cli':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "stopped\n")
