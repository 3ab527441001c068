"""The quick proof that a block needs no scanner, against the scanner itself."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkload.sources.blocks import QUOTES_OF_A_LINE, clean
from bulkload.sources.scanner import Grammar, Scanner
from tests.sources.test_scanner import read_all, scanned

PIECES = st.lists(
    st.sampled_from(['"', '""', ",", '","', '",', ',"', "a", "é", " ", "\n", '"\n', '\n"']),
    max_size=30,
).map(lambda pieces: "".join(pieces).encode())
CELLS = st.sampled_from(
    ["", "a", " ", "é", "abcdef", '""', '"a"', '"a,b"', '""""', '"a""b"', '"a""","b"', 'a"', '"a']
)
LINES = st.lists(CELLS, min_size=2, max_size=4).map(",".join)


@settings(max_examples=300, deadline=None)
@given(PIECES, st.sampled_from([b"\n", b"\r\n", b"\r"]))
@example(b'a,"b""c"\n"d","e', b"\n")
@example(b'a,"b"c\n"d","e"\n', b"\n")
@example(b'a,b"c"\n', b"\n")
def test_a_block_is_proven_where_each_of_its_lines_is_well_formed(block, line_end):
    """Quotes are proven all at once exactly where the scanner finds no fault line by line."""
    scanner = Scanner(Grammar(b",", b'"', 2))
    lines = [line + b"\n" for line in block.removesuffix(b"\n").split(b"\n")]
    well_formed = [scanner.any_record(line, 0) for line in lines]
    expected = all(
        end == len(line) and not bad for line, (end, _, bad) in zip(lines, well_formed, strict=True)
    )

    proven = clean(block.replace(b"\n", line_end), scanner, line_end[-1:])

    if block.count(b'"') <= QUOTES_OF_A_LINE:  # with more quotes, lines are matched in another way
        assert (proven is not None) == expected
    if proven is not None:
        assert expected
        cells = [cell for line in lines for cell in scanner.any_record(line, 0)[1]]
        delimiters = len(cells) - len(lines)
        rest = sum(map(len, cells)) + delimiters + block.count(b"\n")
        assert proven.marks == len(block) - rest + block.count(b"\n") * (line_end == b"\r\n")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(LINES, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 1),
    st.integers(1, 120),
)
@example(["a,b,c", "", "a,b", '"a,b",c,'], "\n", 1, 120)
@example(['"","",""', '"a""b","c,d",""'], "\r\n", 0, 120)
@example(["a,b,", "a,b", "a,b,c"], "\n", 1, 120)
def test_quoted_cells_are_read_as_the_scanner_reads_them(lines, line_end, ended, block_bytes):
    """Rows, malformed rows and numbers are the scanner's, on any mixture of quoted cells."""
    content = (line_end.join(lines) + line_end * ended).encode()
    for width in (2, 3):
        assert read_all(content, width, block_bytes=block_bytes) == scanned(content, width)


@pytest.mark.parametrize("lengths", list(itertools.permutations([3, 900, 1_100])))
def test_a_cell_above_the_limit_is_found_in_a_clean_block(lengths):
    """One cell is too large, however large the others are and in whatever column it stands."""
    content = (",".join("x" * length for length in lengths) + "\n").encode() + b"a,b,c\n"
    rows, malformed = read_all(content, 3, max_cell_bytes=1_000)
    assert [row[0] for row in rows] == [2]
    assert [(number, code) for number, _, code in malformed] == [(1, "cell-too-large")]


def test_columns_may_be_larger_than_one_cell_may_be():
    """Many small cells are no large one."""
    content = b"abcdef,b,c\n" * 1_000
    rows, malformed = read_all(content, 3, max_cell_bytes=100)
    assert (len(rows), malformed) == (1_000, [])
