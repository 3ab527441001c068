# ruff: noqa: RUF001  full-width signs are what is tested
"""What is put before a cell's text comes off again, and formulas stay text."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.cells import guarded, guarded_expr, printable, unguarded, unguarded_expr

LIKE_FORMULAS = st.text(alphabet="'=+-@\t\r\n\0 \"\ufeff＝＋－＠\u200b5a().", max_size=30)
PHONES = st.from_regex(r"\A\+[0-9][0-9 ().-]{4,20}\Z")
TEXTS = st.one_of(st.text(), LIKE_FORMULAS, PHONES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("-5", "'-5", id="negative-number"),
        pytest.param("\tx", "'\tx", id="tab"),
        pytest.param("\rx", "'\rx", id="carriage-return"),
        pytest.param("＝1+1", "'＝1+1", id="full-width"),
        pytest.param(" =1", "' =1", id="after-a-space"),
        pytest.param('"=1', "'\"=1", id="after-a-quote"),
        pytest.param("\ufeff=1", "'\ufeff=1", id="after-a-byte-order-mark"),
        pytest.param("'=1", "''=1", id="with-its-own-apostrophe"),
        pytest.param("+49 171 1234567", "+49 171 1234567", id="phone"),
        pytest.param("+49 171 1234567\n", "'+49 171 1234567\n", id="phone-and-a-line-end"),
        pytest.param("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0", id="no-phone"),
        pytest.param("O'Brien", "O'Brien", id="apostrophe-inside"),
        pytest.param("'t Hart", "'t Hart", id="apostrophe-before-a-letter"),
        pytest.param("", "", id="empty"),
    ],
)
def test_formula_like_cells_get_an_apostrophe(text: str, expected: str) -> None:
    """Only what a spreadsheet could run is guarded."""
    assert guarded(text) == expected


@settings(deadline=None)
@given(TEXTS)
def test_the_guard_comes_off_again(text: str) -> None:
    """Guarded and unguarded is what it was, and what is guarded begins with no formula."""
    safe = guarded(text)

    assert unguarded(safe) == text
    assert unguarded(text) == text or text.startswith("'")
    assert not safe.startswith(("=", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


@settings(deadline=None)
@given(st.lists(st.none() | TEXTS, min_size=1))
def test_the_polars_twins_give_the_same(texts: list[str | None]) -> None:
    """The expressions agree with the functions on every text."""
    frame = pl.DataFrame({"cell": pl.Series(texts, dtype=pl.String)}).select(
        safe=guarded_expr(pl.col("cell")), back=unguarded_expr(pl.col("cell"))
    )

    assert frame["safe"].to_list() == [t if t is None else guarded(t) for t in texts]
    assert frame["back"].to_list() == [t if t is None else unguarded(t) for t in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("\x1b]0;x\x07", "\\x1b]0;x\\x07", id="window-title"),
        pytest.param("a\nINFO fake", "a\\nINFO fake", id="line"),
        pytest.param("\u202eevil", "\\u202eevil", id="right-to-left-override"),
        pytest.param("Zoë 東京 🎉", "Zoë 東京 🎉", id="people's-names"),
        pytest.param("\x9b2J", "\\x9b2J", id="c1"),
    ],
)
def test_terminals_get_one_harmless_line(text: str, expected: str) -> None:
    """Nothing that steers a terminal is left."""
    assert printable(text) == expected


@settings(deadline=None)
@given(st.text())
def test_what_is_shown_is_one_line(text: str) -> None:
    """No control character and no line end comes through."""
    shown = printable(text)

    assert len(shown.splitlines()) <= 1
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
