"""What a person sees while a run goes on, and what is asked before anything leaves the machine."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkload.cli import printable
from bulkload.cli.terminal import LINE_EVERY_S, Consent, _Lines, watcher
from bulkload.errors import BulkloadError
from bulkload.progress import Plan
from bulkload.records import Counts, Status

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
REAL = Plan(8, "shop", "loyaltydog", "5eb7", is_local=False)


@pytest.mark.parametrize(
    ("consent", "plan", "covered"),
    [
        pytest.param(Consent(), Plan(8, "sandbox", "loyaltydog", "p", is_local=True), True, id="local"),
        pytest.param(Consent(), REAL, False, id="nothing-said"),
        pytest.param(Consent(yes=True), REAL, False, id="yes-with-nobody-there"),
        pytest.param(Consent(yes_production="5eb7"), REAL, True, id="this-program"),
        pytest.param(Consent(yes_production="5eb8"), REAL, False, id="another-program"),
        pytest.param(Consent(yes=True, yes_production="5eb8"), REAL, False, id="yes-to-another"),
        pytest.param(Consent(yes_production="voucherify"), Plan(8, "shop", "voucherify", "", is_local=False), True, id="a-system-without-programs"),
        pytest.param(Consent(yes_production=""), Plan(8, "shop", "voucherify", "", is_local=False), False, id="nothing-named"),
    ],
)  # fmt: skip
def test_nothing_is_sent_to_a_real_system_unless_it_was_named(
    consent: Consent, plan: Plan, covered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody sits at the terminal, only the program's own name is a yes."""
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: SIM115, PTH123 - nobody is there
    with sys.stdin:
        assert consent.covers(plan) is covered


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_interrupt_that_was_swallowed_withdraws_consent(log_format: str) -> None:
    """Whatever library was struck by Ctrl-C and went on: what was agreed to is so no more."""
    with watcher(yes_production="5eb7", log_format=log_format) as progress:
        assert progress.confirm(REAL)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            progress.confirm(REAL)

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def interrupted_and_renamed(error: Exception) -> None:
    with watcher():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise error from None


def test_an_interrupt_under_another_name_is_one() -> None:
    """Libraries wrap what strikes them; an error of the run itself keeps its own words."""
    with pytest.raises(KeyboardInterrupt):
        interrupted_and_renamed(RuntimeError("while a class was made"))
    with pytest.raises(BulkloadError, match="no such file"):
        interrupted_and_renamed(BulkloadError("no such file"))
    with pytest.raises(RuntimeError, match="a bug"), watcher():
        raise RuntimeError("a bug")


def test_a_job_that_ignores_interrupts_goes_on_ignoring_them() -> None:
    """A shell starts its background jobs like that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with watcher(yes_production="5eb7") as progress:
            signal.raise_signal(signal.SIGINT)
            assert progress.confirm(REAL)
    finally:
        signal.signal(signal.SIGINT, before)


class Silence(io.StringIO):
    """A terminal at which nobody answers."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("n\n", False), ("", False)])
def test_only_a_yes_sends_the_rest(
    typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Input that ends without an answer is a no, and the run ends as after one."""
    monkeypatch.setattr(sys, "stdin", Silence(typed))

    assert _Lines(Consent()).canary(["row 2 created"]) is agreed


def test_plain_lines_come_a_few_seconds_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody watches: one line every few seconds, with rate and failures."""
    now_s = 0.0
    lines = _Lines(Consent(), clock=lambda: now_s)
    counts = Counts(100)
    counts.add(Status.PENDING, 50)
    for now_s in (1.0, LINE_EVERY_S, LINE_EVERY_S + 1):  # noqa: B007 - the clock reads it
        lines.sent(counts, 100)

    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert re.fullmatch(r"sent 50 of 100, 0 failed, \d+\.\d/s", said[0])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Käthe 東京 😀", "Käthe 東京 😀", id="letters-stay"),
        pytest.param("\x1b]0;owned\x07", r"\x1b]0;owned\x07", id="terminal-title"),
        pytest.param("a\rb", r"a\rb", id="carriage-return"),
        pytest.param("a\x00b\x9bc", r"a\x00b\x9bc", id="nul-and-c1"),
        pytest.param("a\u202eb\u200bc", r"a\u202eb\u200bc", id="bidi-and-zero-width"),
        pytest.param("line\n\tnext", "line\n\tnext", id="our-own-layout"),
    ],
)
def test_no_cell_can_steer_the_terminal(text: str, shown: str) -> None:
    """Control characters are made visible; everything that can be read is left alone."""
    assert printable(text) == shown


def watched(command: list[str], cwd: Path, columns: int = 80, **environment: str) -> str:
    """Return what a terminal of so many columns shows of a command, escapes included."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bulkload", *command],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    seen = bytearray()
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    piece = os.read(ours, 65536)
                except OSError:  # the other side is closed
                    break
                if not piece:
                    break
                seen += piece
        assert process.wait(10) in (0, 1)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return seen.decode()


def test_a_person_sees_a_bar_with_rate_and_time_left(tmp_path: Path, samples: Path) -> None:
    """In a terminal the run is drawn, and the summary follows."""
    seen = watched(["import", str(samples / "customers.csv"), "--out", "run"], tmp_path)

    assert "sending" in seen
    assert re.search(r"\d+/360", ESCAPE.sub("", seen))
    assert "360 rows read" in ESCAPE.sub("", seen)


def test_without_colour_nothing_is_coloured(tmp_path: Path, samples: Path) -> None:
    """`NO_COLOR` is obeyed, and everything is still said."""
    seen = watched(["validate", str(samples / "customers-messy.csv")], tmp_path, NO_COLOR="1")

    assert COLOUR.search(seen.replace("\x1b[0m", "")) is None
    assert "rows read" in seen


def test_a_narrow_terminal_still_shows_the_counts(tmp_path: Path, samples: Path) -> None:
    """Forty columns are enough to know how many rows need a person."""
    seen = ESCAPE.sub("", watched(["validate", str(samples / "customers-messy.csv")], tmp_path, 40))

    assert re.search(r"\d+ rejected", seen)
    assert re.search(r"\d+ rows read", seen)


def test_a_closed_pipe_is_no_error(
    bulkload: Callable[..., Any], samples: Path, tmp_path: Path
) -> None:
    """`bulkload ... | head` ends quietly."""
    script = f"{sys.executable} -m bulkload validate {samples / 'customers-messy.csv'} --json | head -c 1"
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.stdout == "{"
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr
