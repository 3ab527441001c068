"""The record scanner, and the quick ways round it."""

import csv
import io
import itertools

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkload.sources import SourceOptions
from bulkload.sources.dialect import Layout
from bulkload.sources.scanner import Grammar, Scanner
from bulkload.sources.text import TextTable
from tests.sources.pollution import KINDS, corpus, read

CELLS = st.text(st.sampled_from('ab,;"\n\r é\u00a0\0'), max_size=6)
LINES = (
    *(b"a,b,c\n", b'a,"b,c",d\n', b'"x\ny",,\n', b"a,b\n", b'a,b"c,d\n', b'"open,b,c\n', b"\n"),
    *(b",,\n", b"a,b,c,d\n", b"a,b,c\r\n", b"a,\rb,c\n", b"a,\xe9,c\n", b'"a""b",c,d\n', b" \n"),
    *(b"a,\0,c\n", b'"a\r\nb",c,"d"\r\n', b"\xef\xbb\xbfa,b,\x1f\n", b'"","",""\n'),
)
ANY_BYTES = st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b"\0", b"\xe9", b" "])).map(
    b"".join
)


class Content:
    """Bytes in memory instead of a file."""

    compression = ""
    shown = "memory"

    def __init__(self, content):
        self._content = content

    def content(self):
        return io.BytesIO(self._content)


def table(content, width, **options):
    headers = tuple(f"h{n}" for n in range(width))
    layout = Layout("utf-8", b",", b'"', b"\n", headers, width, 0, 1, 0)
    return TextTable(Content(content), layout, SourceOptions(**options))


def read_all(content, width, **options):
    """Return every row and every malformed row with its number, in order."""
    rows, malformed = [], []
    for batch in table(content, width, **options).batches():
        rows += [row for row in batch.rows.iter_rows() if any(row[1:])]
        malformed += [(bad.row_number, bad.text, bad.reject.code) for bad in batch.malformed]
    return rows, malformed


def scanned(content, width):
    """Return the same by the scanner alone, over the whole text at once."""
    mended = content.decode("utf-8", "replace").encode()
    scanner = Scanner(Grammar(b",", b'"', width), damaged=mended != content)
    rows, malformed, line = [], [], 1
    for span in scanner.spans(mended):
        text = mended[span.start : span.end]
        if span.problem:
            bad = text.rstrip(b"\r\n").decode("utf-8", "replace")
            malformed.append((line, bad, span.problem))
        elif not span.blank:
            cells = scanner.cells(mended, span)
            if any(cells):
                rows.append((line, *(cell.decode() or None for cell in cells)))
        line += text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
    return rows, malformed


@settings(deadline=None)
@given(
    st.lists(st.lists(CELLS.map(lambda c: c.replace("\0", "")), min_size=3, max_size=3)),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_well_formed_text_is_cut_as_csv_cuts_it(rows, line_end, quoting):
    """On what Python's csv module writes, the scanner finds what the csv module reads."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows(rows)
    content = text.getvalue().encode()
    scanner = Scanner(Grammar(b",", b'"', 3))
    expected = [row for row in csv.reader(io.StringIO(text.getvalue(), newline="")) if row]

    spans = [span for span in scanner.spans(content) if not span.blank]

    got = [[cell.decode() for cell in scanner.cells(content, span)] for span in spans]
    if expected != [row for row in rows if row]:
        return  # the csv module itself does not read back what it wrote
    if not any(span.problem for span in spans):
        assert got == expected
    else:
        # A cell that itself holds three lines of good rows is taken for an unclosed quote.
        assert any("\n" in cell or "\r" in cell for row in rows for cell in row)


@settings(deadline=None)
@given(ANY_BYTES, st.integers(1, 4))
def test_every_byte_is_accounted_for(content, width):
    """Spans lie edge to edge from the first byte to the last, whatever the bytes."""
    spans = list(Scanner(Grammar(b",", b'"', width)).spans(content))
    edges = [0, *(span.end for span in spans)]
    assert [span.start for span in spans] == edges[:-1]
    assert edges[-1] == len(content)
    assert all(span.end > span.start for span in spans)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(LINES),
        max_size=12,
    ).map(b"".join),
    st.integers(1, 60),
)
@example(b'a,b,c\n"open,b,c\n' + b"a,b,c\n" * 20, 7)
def test_blocks_of_any_size_read_as_the_scanner_reads_the_whole(content, block_bytes):
    """The quick paths and the cuts between blocks change nothing: same rows, rejects, numbers."""
    if content.decode("utf-8", "replace").encode() != content or b"\xef\xbb\xbf" in content:
        block_bytes = len(content) + 1
    content = content.removeprefix(b"\xef\xbb\xbf")
    assert read_all(content, 3, block_bytes=block_bytes) == scanned(content, 3)


@settings(max_examples=200, deadline=None)
@given(ANY_BYTES.filter(lambda b: b"\xe9" not in b), st.integers(1, 4), st.integers(1, 30))
def test_any_bytes_read_the_same_in_any_block(content, width, block_bytes):
    """No input makes the reader fail, and none makes it depend on the size of its blocks."""
    assert read_all(content, width, block_bytes=block_bytes) == scanned(content, width)


@pytest.mark.parametrize("kind", KINDS)
def test_a_polluted_row_costs_exactly_that_row(kind, tmp_path):
    """No file is refused, no good row lost, no wrong row loaded, and there is one reject."""
    files = itertools.islice(corpus((kind,)), KINDS_OFFSET[kind], None, 11)
    failed = [
        (file.row, file.column, verdict)
        for file in files
        if not (verdict := read(file, tmp_path)).perfect
    ]
    assert failed == []


KINDS_OFFSET = {kind: number for number, kind in enumerate(KINDS)}


def test_an_unclosed_quote_costs_one_row_of_a_large_file():
    """A quote opened on line 2 of many does not swallow the file."""
    content = b'1,"x,y\n' + b"a,b,c\n" * 200_000
    rows, malformed = read_all(content, 3, block_bytes=1 << 16, max_row_bytes=1 << 18)
    assert len(rows) == 200_000
    assert [(number, code) for number, _, code in malformed] == [(1, "quote-unclosed")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"a,b," + b"x" * 5_000 + b"\na,b,c\n", "cell-too-large", id="cell"),
        pytest.param(b"a,b," + b"x" * 50_000 + b"\na,b,c\n", "row-too-large", id="line"),
        pytest.param(b"a,b," + b"x" * 9_000 + b"\na,b,c\n", "row-too-large", id="row"),
    ],
)
def test_what_is_too_large_is_a_reject_that_names_the_limit(content, code):
    """A cell or row beyond the limit is refused alone, and the next row is read."""
    rows, malformed = read_all(
        content, 3, block_bytes=1_000, max_cell_bytes=4_000, max_row_bytes=8_000
    )
    assert rows == [(2, "a", "b", "c")]
    assert [(number, got) for number, _, got in malformed] == [(1, code)]


@pytest.mark.parametrize("first", ["x^2", "x\x01", "(\ub5b5/", "\ufeffa"])
def test_a_block_may_begin_like_something_else(first):
    """Text that looks like a compressed file or a mark in the middle of a file is text."""
    content = f"a,b,c\n{first},b,c\n".encode() * 3
    rows, malformed = read_all(content, 3, block_bytes=7)
    assert [row[1] for row in rows] == ["a", first] * 3
    assert malformed == []


def test_row_numbers_are_the_physical_lines():
    """A record with a line break in a cell moves the numbers below it."""
    content = b'a,"b\nc",d\n\n1,2,3\nx\n4,5,6\n'
    rows, malformed = read_all(content, 3)
    assert rows == [(1, "a", "b\nc", "d"), (4, "1", "2", "3"), (6, "4", "5", "6")]
    assert malformed == [(5, "x", "row-too-short")]


def test_rows_have_the_promised_types():
    """Row numbers are UInt32 and every cell is a String."""
    (batch,) = table(b"1,2,3\n", 3).batches()
    assert batch.rows.schema == {
        "row_number": pl.UInt32,
        **dict.fromkeys(("h0", "h1", "h2"), pl.String),
    }
