"""What bad input gets: at most three lines that name the place and the remedy, and the right exit code."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkload import cli
from bulkload.errors import EXIT_BUG, exit_code_of
from bulkload.sandbox import Sandbox, SandboxOptions
from bulkload.settings import state_dir

Run = Callable[..., Any]
HEADERS = (
    "First name,Last name,Email,Phone,Country,Birthday,Points,Card no.,Newsletter,Language,Notes\n"
)
ROW = "Ada,Lovelace,ada@example.com,,DE,,1,007,yes,en,\n"


def explained(err: str) -> list[str]:
    """Return the error's lines, without what was said before it went wrong."""
    lines = err.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("error: "))
    return lines[first:]


def assert_three_lines(err: str, *words: str) -> None:
    """The error is short, has no trace, and holds these words."""
    lines = explained(err)
    assert len(lines) <= 3, err
    assert "Traceback" not in err
    for word in words:
        assert word in "\n".join(lines)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A source that is fine."""
    path = tmp_path / "good.csv"
    path.write_text(HEADERS + ROW, "utf-8")
    return path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that is served elsewhere."""
    with Sandbox(SandboxOptions()) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        pytest.param("missing.csv", None, 65, ("missing.csv",), id="missing"),
        pytest.param("folder.csv", "DIR", 65, ("folder.csv",), id="directory"),
        pytest.param("empty.csv", b"", 65, ("empty.csv",), id="empty"),
        pytest.param("blank.csv", b"\n\n  \n", 65, ("blank.csv",), id="blank-lines-only"),
        pytest.param("a.xlsx", b"First name,Email\n", 65, ("a.xlsx",), id="text-named-xlsx"),
        pytest.param("a.csv", b"PK\x03\x04rest", 65, ("a.csv",), id="zip-named-csv"),
        pytest.param("a.pdf", b"%PDF-1.7", 65, ("a.pdf",), id="wrong-extension"),
        pytest.param(
            "a.csv", random.Random(1).randbytes(64) + b"\0" * 64, 65, ("a.csv",), id="binary"
        ),
        pytest.param(
            "a.csv", b"Farbe,Gr\xc3\xb6\xc3\x9fe\nrot,M\n", 2, ("mapping",), id="no-mapping-fits"
        ),
    ],
)
def test_a_source_that_cannot_be_read_is_named(
    bulkload: Run,
    tmp_path: Path,
    name: str,
    content: bytes | str | None,
    code: int,
    words: tuple[str, ...],
) -> None:
    """The sentence names the file; nothing is written under a final name."""
    path = tmp_path / name
    if content == "DIR":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)

    ended = bulkload("import", path, "--out", "run")

    assert ended.code == code, ended.err
    assert_three_lines(ended.err, *words)
    assert not (tmp_path / "run/results.csv").exists()


def test_a_header_without_rows_is_told(bulkload: Run, tmp_path: Path) -> None:
    """A file with headers only is no success that somebody overlooks."""
    (tmp_path / "a.csv").write_text(HEADERS, "utf-8")

    ended = bulkload("import", tmp_path / "a.csv")

    assert ended.code in (0, 65)
    assert "no rows" in ended.err.lower() or "nothing" in ended.err.lower()


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        pytest.param("fields: [", ("m.yaml:1",), id="not-yaml"),
        pytest.param("fields: {}\n", ("m.yaml",), id="no-fields"),
        pytest.param("fields: {emial: Email}\n", ("emial", "email"), id="unknown-field"),
        pytest.param("fields: {email: Emial}\n", ("Emial", "Email"), id="missing-column"),
        pytest.param("fields: {email: Email}\n", ("First name",), id="unmapped-column"),
        pytest.param("feilds: {email: Email}\n", ("feilds", "fields"), id="unknown-word"),
        pytest.param("a: &x [1]\nfields: {email: Email}\n", ("m.yaml:1",), id="anchor"),
        pytest.param("fields:\n  email: Email\n  email: Phone\n", ("m.yaml:3",), id="double-key"),
        pytest.param(None, ("m.yaml",), id="missing"),
    ],
)
def test_a_wrong_mapping_is_told_with_place_and_closest_word(
    bulkload: Run, tmp_path: Path, good: Path, mapping: str | None, words: tuple[str, ...]
) -> None:
    """Place, what is wrong, and what was probably meant."""
    if mapping is not None:
        (tmp_path / "m.yaml").write_text(f"connector: loyaltydog\n{mapping}" if "yaml:" not in str(words) else mapping, "utf-8")  # fmt: skip

    ended = bulkload("import", good, "--mapping", tmp_path / "m.yaml")

    assert ended.code == 2, ended.err
    assert_three_lines(ended.err, *words)


def test_a_wrong_token_is_told(bulkload: Run, good: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """Exit status 3, and the token is not repeated."""
    token = tmp_path / "token"
    token.write_text("not-the-token", "utf-8")

    ended = bulkload(
        "import", good, "--profile", "loyaltydog", "--program", "5eb7cf5a86d9755df3a6c593",
        "--base-url", sandbox.base_url, "--token-file", token,
    )  # fmt: skip

    assert ended.code == 3, ended.err
    assert_three_lines(ended.err, "credentials")
    assert "not-the-token" not in ended.err


def test_an_unknown_program_is_told(bulkload: Run, good: Path) -> None:
    """The program is named, with the command that lists those that exist."""
    ended = bulkload("import", good, "--program", "f" * 24)

    assert ended.code == 2, ended.err
    assert_three_lines(ended.err, "program")


def test_a_server_that_is_not_there_is_told(bulkload: Run, good: Path, tmp_path: Path) -> None:
    """Exit status 4, the address is named, and the run can be resumed."""
    token = tmp_path / "token"
    token.write_text("t", "utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

    ended = bulkload(
        "import", good, "--profile", "loyaltydog", "--program", "5eb7cf5a86d9755df3a6c593",
        "--base-url", url, "--token-file", token,
    )  # fmt: skip

    assert ended.code == 4, ended.err
    assert_three_lines(ended.err, url)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["imprt", "a.csv"], id="command"),
        pytest.param(["import"], id="no-source"),
        pytest.param(["import", "a.csv", "--rate", "fast"], id="rate"),
        pytest.param(["import", "a.csv", "--concurrency", "0"], id="concurrency"),
        pytest.param(["import", "a.csv", "--profile", "sandbx"], id="profile"),
        pytest.param(["import", "a.csv", "--token", "x"], id="token-in-argv"),
        pytest.param(["export", "--to", "out.pdf"], id="export-format"),
        pytest.param(["export", "--to", "no/such/folder/out.csv"], id="export-folder"),
    ],
)
def test_wrong_usage_is_told(bulkload: Run, tmp_path: Path, arguments: list[str]) -> None:
    """Exit status 2 and a sentence, not a trace."""
    (tmp_path / "a.csv").write_text(HEADERS + ROW, "utf-8")

    ended = bulkload(*arguments)

    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_and_nothing_is_half_written(
    bulkload: Run, good: Path, tmp_path: Path
) -> None:
    """A report that cannot be written whole is not there at all."""
    import resource

    bulkload("import", good, "--out", "warm")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    big = tmp_path / "big.csv"
    big.write_text(
        HEADERS + "".join(ROW.replace("ada@", f"bad-{n}@@") for n in range(2000)), "utf-8"
    )
    import signal

    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    try:
        ended = bulkload("validate", big, "--out", "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)

    assert ended.code == 2, ended.err
    assert_three_lines(ended.err)
    assert list((tmp_path / "full").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), 2, id="disk-full"),
        pytest.param(OSError("got lost in a library"), EXIT_BUG, id="without-a-number"),
        pytest.param(TimeoutError(), EXIT_BUG, id="time-out-that-leaked"),
    ],
)
def test_only_what_the_operating_system_refuses_is_called_a_refusal(
    error: OSError, code: int
) -> None:
    """An error without its number is bulkload's own fault, and leaves a trace to look into."""
    cli._explained(error)

    assert exit_code_of(error) == code
    assert (state_dir() / "crash.txt").exists() == (code == EXIT_BUG)
