"""YAML without its traps."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.errors import BulkloadError
from bulkload.mapping.strict_yaml import MAX_BYTES, read_yaml

REFUSAL_S = 2.0
"""Ten times what is promised, because the machine of the tests may be busy."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("0123", "0123", id="leading-zero-stays-text"),
        pytest.param("NO", "NO", id="norway"),
        pytest.param("yes", "yes", id="yes-is-a-word"),
        pytest.param("12:30", "12:30", id="no-sexagesimal"),
        pytest.param("2026-01-02", "2026-01-02", id="dates-stay-text"),
        pytest.param("0o17", "0o17", id="no-octal"),
        pytest.param("1_000", "1_000", id="no-underscores"),
        pytest.param("1.50", "1.50", id="trailing-zero-stays-text"),
        pytest.param("+49", "+49", id="plus-stays-text"),
        pytest.param("99999999999999999999", "99999999999999999999", id="long-id-stays-text"),
        pytest.param("17", 17, id="integer"),
        pytest.param("-3", -3, id="negative"),
        pytest.param("1.5", 1.5, id="float"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="tilde"),
        pytest.param("", None, id="nothing"),
        pytest.param("'true'", "true", id="quoted"),
    ],
)
def test_a_scalar_is_what_a_person_typed(text: str, value: Any) -> None:
    """YAML 1.2 scalars only, and what could lose a digit stays text."""
    assert read_yaml(f"a: {text}", file="m.yaml").data == {"a": value}


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        pytest.param("a: &x 1", "1:4", "anchor", id="anchor"),
        pytest.param("a: *x", "1:4", "alias", id="alias"),
        pytest.param("b: 1\n<<: {a: 1}", "2:1", "merge", id="merge-key"),
        pytest.param("a: !!python/object:os.system x", "1:4", "tag", id="tag"),
        pytest.param("a: 1\nb: 2\na: 3", "3:1", "second time", id="duplicate-key"),
        pytest.param("a:\n  b: 1\n  b: 2", "3:3", "second time", id="duplicate-key-below"),
        pytest.param("? [a]\n: b", "1:3", "key", id="key-that-is-a-list"),
        pytest.param("--- 1\n--- 2", "2:1", "document", id="two-documents"),
        pytest.param("a:\n\t- b", "2:1", "YAML", id="tab"),
        pytest.param("a: [1", "1:6", "YAML", id="open-bracket"),
        pytest.param("a: b: c", "1:5", "YAML", id="colon-in-text"),
        pytest.param('a: "\\ud800"', "1:4", "half", id="lone-surrogate"),
        pytest.param("[" * 2000, "1:22", "levels", id="brackets"),
        pytest.param(("[" * 1000 + "\n") * 20, "1:1", "brackets", id="20000-brackets"),
        pytest.param("- " * 30 + "x", "1:43", "levels", id="depth"),
        pytest.param("- x\n" * 10_001, "10000:3", "values", id="nodes"),
        pytest.param('"' + "x\n" * 100_000, "20000:1", "lines", id="open-quote"),
        pytest.param("x" * 4001, "1:1", "characters", id="long-line"),
        pytest.param("x\n" * (MAX_BYTES // 2 + 1), "1:1", "bytes", id="one-megabyte"),
        pytest.param(
            "a: [" + ", ".join(f"*x{n}" for n in range(400)) + "]", "1:5", "alias", id="bomb"
        ),
    ],
)
def test_a_trap_is_refused_at_its_place_and_at_once(text: str, place: str, word: str) -> None:
    """Bombs, aliases, tags, duplicates: an error with line and column, before time is lost."""
    begin = time.perf_counter()

    with pytest.raises(BulkloadError) as caught:
        read_yaml(text, file="m.yaml")

    assert time.perf_counter() - begin < REFUSAL_S
    assert caught.value.where == f"m.yaml:{place}"
    assert word in caught.value.what
    assert caught.value.fix


def test_bytes_that_are_not_utf_8_are_refused_at_their_place() -> None:
    """A mapping saved in another encoding is not guessed at."""
    with pytest.raises(BulkloadError) as caught:
        read_yaml("a: 1\nb: Grüße".encode("cp1252"), file="m.yaml")

    assert caught.value.where == "m.yaml:2:6"


@given(
    st.text(max_size=300)
    | st.text("ab:-[]{}&*!|>'\"#\n ?,<%@`\t", max_size=60)
    | st.binary(max_size=200)
)
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    """No text makes the reader fail in another way than with an error for people."""
    try:
        read_yaml(text, file="m.yaml")
    except BulkloadError as error:
        assert error.where.startswith("m.yaml")  # noqa: PT017 - either outcome is right
