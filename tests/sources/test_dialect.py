"""How a text file is cut is found out, shown, and overruled."""

import gzip
import io
import tempfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source


def load(path, **options):
    """Return headers, rows and malformed rows of a file."""
    with open_source(path, SourceOptions(**options)) as source:
        batches = list(source.batches())
    rows = [row for batch in batches for row in batch.rows.iter_rows()]
    return source, rows, [bad for batch in batches for bad in batch.malformed]


@pytest.fixture
def file(tmp_path):
    def write(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "headers", "first"),
    [
        pytest.param("id,name\n007,Ada\n", ("id", "name"), (2, "007", "Ada"), id="comma"),
        pytest.param("id;name\n1,5;Ada\n", ("id", "name"), (2, "1,5", "Ada"), id="semicolon"),
        pytest.param("id\tname\n1\tSmith, J\n", ("id", "name"), (2, "1", "Smith, J"), id="tab"),
        pytest.param("id|name\n1|Ada\n", ("id", "name"), (2, "1", "Ada"), id="bar"),
        pytest.param("sep=;\nid;a,b\n1;2,3\n", ("id", "a,b"), (3, "1", "2,3"), id="sep-line"),
        pytest.param("\ufeffid,name\n1,Ada\n", ("id", "name"), (2, "1", "Ada"), id="mark"),
        pytest.param("e-mail\na@b.de\n", ("e-mail",), (2, "a@b.de"), id="one-column"),
        pytest.param("id,name\r\n1,Ada\r\n", ("id", "name"), (2, "1", "Ada"), id="crlf"),
        pytest.param("id,name\r1,Ada\r2,B\r", ("id", "name"), (2, "1", "Ada"), id="cr"),
        pytest.param("id,name\r\n1,Ada\n2,B\r3,C", ("id", "name"), (2, "1", "Ada"), id="mixed"),
        pytest.param(
            "Report of May\n\nMade by X, Y\nid;name;mail\n1;Ada;a@b.de\n2;B;c@d.de\n",
            ("id", "name", "mail"), (5, "1", "Ada", "a@b.de"), id="preamble",
        ),
        pytest.param(
            "Report;;\n;;\nid;name;mail\n1;Ada;a@b.de\n",
            ("id", "name", "mail"), (4, "1", "Ada", "a@b.de"), id="preamble-with-delimiters",
        ),
        pytest.param("id,name,\n1,Ada,\n2,B,\n", ("id", "name"), (2, "1", "Ada"), id="trailing"),
        pytest.param("id,name\n1,Ada,\n2,B,\n", ("id", "name"), (2, "1", "Ada"), id="trailing-rows"),
        pytest.param("id,,id\n1,x,2\n", ("id", "column_2", "id (2)"), (2, "1", "x", "2"), id="odd-headers"),
        pytest.param(
            '\u00a0E-Mail\u200b,"First\nname"\na,b\n', ("E-Mail", "First name"), (3, "a", "b"), id="clean",
        ),
        pytest.param("'id','a,b'\n'1','2'\n'3','4,5'\n", ("id", "a,b"), (2, "1", "2"), id="apostrophes"),
        pytest.param(
            'id\tsize\n1\t5" pipe\n2\t6" pipe\n3\t7" pipe\n', ("id", "size"), (2, "1", '5" pipe'),
            id="no-quoting",
        ),
        pytest.param('id,name\n1," Ada "\n', ("id", "name"), (2, "1", " Ada "), id="untrimmed"),
    ],
)  # fmt: skip
def test_the_dialect_is_found(file, content, headers, first):
    """Delimiter, quote, line end, preamble and header row are told from the content."""
    source, rows, malformed = load(file(content))
    assert source.headers == headers
    assert rows[0] == first
    assert malformed == []


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        pytest.param("utf-8", b"", id="utf-8"),
        pytest.param("cp1252", b"", id="cp1252"),
        pytest.param("cp1250", b"", id="cp1250"),
        pytest.param("utf-16-le", b"\xff\xfe", id="utf-16-with-mark"),
        pytest.param("utf-16-be", b"\xfe\xff", id="utf-16-be-with-mark"),
        pytest.param("utf-16-le", b"", id="utf-16-without-mark"),
    ],
)
def test_the_encoding_is_found_and_shown(file, encoding, mark):
    """Text arrives right from every encoding that Excel writes."""
    names = {
        "cp1250": [
            "Łukasz Wiśniewski",
            "Małgorzata Dąbrowska",
            "Zażółć gęślą jaźń",
            "Šárka Růžičková",
        ],
    }.get(encoding, ["Jürgen Größe", "José Muñoz", "François Lefèvre", "Zoë Brontë"])
    text = "id;name\n" + "".join(f"{n};{name}\n" for n, name in enumerate(names * 5))
    source, rows, _ = load(file(mark + text.encode(encoding)))
    assert [row[2] for row in rows] == names * 5
    assert source.description["dialect"]["encoding"] == encoding


def test_the_first_byte_that_is_not_ascii_may_come_late(file):
    """A long ASCII beginning does not hide the encoding of what follows."""
    text = "id;name\n" + "1;Ada\n" * 100_000 + "2;Jürgen Müller\n3;Größe Süß\n"
    source, rows, malformed = load(file(text.encode("cp1252")))
    assert (rows[-2][2], malformed) == ("Jürgen Müller", [])
    assert source.description["dialect"]["encoding"] == "cp1252"


@pytest.mark.parametrize(
    ("options", "content", "expected"),
    [
        pytest.param({"delimiter": ";"}, "a,b;c\n1,2;3\n", (2, "1,2", "3"), id="delimiter"),
        pytest.param({"delimiter": "tab"}, "a,b\tc\n1,2\t3\n", (2, "1,2", "3"), id="tab"),
        pytest.param({"quote": "none"}, 'a,b\n"1,2"\n', (2, '"1', '2"'), id="no-quote"),
        pytest.param({"quote": "'"}, "a,b\n'1,2',3\n", (2, "1,2", "3"), id="quote"),
        pytest.param({"skip_rows": 2}, "x,y\nx,y\na,b\n1,2\n", (4, "1", "2"), id="skip-rows"),
        pytest.param({"header_row": 2}, "x,y\na,b\n1,2\n", (3, "1", "2"), id="header-row"),
        pytest.param({"no_header": True}, "1,2\n3,4\n", (1, "1", "2"), id="no-header"),
        pytest.param({"encoding": "cp437"}, b"a,b\n\x81,1\n", (2, "ü", "1"), id="encoding"),
    ],
)
def test_flags_overrule_what_was_found(file, options, content, expected):
    """What the user says is not second-guessed."""
    _, rows, _ = load(file(content), **options)
    assert rows[0] == expected


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.csv", b"", "is empty", id="empty"),
        pytest.param("a.csv", b"\n \n\n", "is empty", id="blank-lines"),
        pytest.param("a.csv", b"id,name\n", "has headers but no rows", id="header-only"),
        pytest.param("a.xlsx", b"id,name\n1,2\n", "is not a workbook", id="text-called-xlsx"),
        pytest.param("a.csv", b"PK\x03\x04....", "is not text", id="workbook-called-csv"),
        pytest.param("a.pdf", b"%PDF-1.7", "not a spreadsheet", id="pdf"),
        pytest.param("a.xls", b"<html><table>", "is a web page", id="web-page-called-xls"),
        pytest.param("a.parquet", b"id,name\n1,2\n", "is not a Parquet file", id="no-parquet"),
        pytest.param(
            "a.csv.gz", gzip.compress(b"id,name\n" * 900)[:30], "cannot be unpacked", id="gz-cut"
        ),
        pytest.param(
            "a.csv",
            b",".join(b"c%d" % n for n in range(2_100)) + b"\n1\n",
            "2,100 columns",
            id="wide",
        ),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(file, name, content, words):
    """The error says what is wrong and what to do, and has exit code 65."""
    with pytest.raises(BadInputError) as caught:
        load(file(content, name))
    assert words in str(caught.value)
    assert caught.value.fix
    assert caught.value.exit_code == 65


@pytest.mark.parametrize("name", ["missing.csv", ".", "missing-*.csv"])
def test_a_missing_file_a_folder_and_a_pattern_without_files_are_refused(tmp_path, name):
    """A path without a readable file is one sentence."""
    with pytest.raises(BadInputError, match=r"no file|folder"):
        open_source(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        pytest.param("a.csv.gz", gzip.compress, id="gz"),
        pytest.param("a.csv.zst", zstandard.ZstdCompressor().compress, id="zst"),
    ],
)
def test_compressed_text_is_read_like_plain_text(file, name, pack):
    """Rows can be read twice, and the digest is that of the file on disk."""
    path = file(pack(b"id,name\n1,Ada\n2,B\n"), name)
    with open_source(path) as source:
        twice = [
            [row for batch in source.batches() for row in batch.rows.iter_rows()] for _ in "12"
        ]
    assert twice == [[(2, "1", "Ada"), (3, "2", "B")]] * 2
    assert source.description["compression"] in name


def test_standard_input_can_be_read_twice():
    """A dash names standard input, plain or compressed."""
    for content in (b"id,name\n1,Ada\n", gzip.compress(b"id,name\n1,Ada\n")):
        with open_source("-", standard_input=io.BytesIO(content)) as source:
            for _ in range(2):
                (batch,) = source.batches()
                assert batch.rows.rows() == [(2, "1", "Ada")]
        assert source.name == "standard input"


def test_rows_of_delimiters_alone_are_left_out_and_counted(file):
    """A row without any text is no customer, and its absence is told."""
    source, rows, malformed = load(file("id,name\n1,Ada\n,\n,\n2,B\n"))
    assert rows == [(2, "1", "Ada"), (5, "2", "B")]
    assert malformed == []
    (finding,) = [one for one in source.findings if one.code == "blank-rows"]
    assert (finding.count, finding.cells) == (2, ("A3", "A4"))


def test_text_beyond_the_headers_is_a_reject(file):
    """A note beside the table is never dropped silently."""
    _, rows, malformed = load(file("id,name,\n1,Ada,\n2,B,\n" + "3,C,\n" * 2_000 + "4,D,note\n"))
    assert len(rows) == 2_002
    assert [(bad.reject.code, bad.cells) for bad in malformed] == [
        ("cell-without-header", ("4", "D", "note"))
    ]


def test_a_rejects_file_reads_as_the_source_it_came_from(file):
    """Own columns go, and the guard before formula-like cells is taken off again."""
    content = "name,phone,bulkload_row,bulkload_problems\n'=1+1,+49 171 1234567,7,x\n''a,b,8,y\n"
    source, rows, _ = load(file(content))
    assert source.headers == ("name", "phone")
    assert source.own_columns == ("bulkload_row", "bulkload_problems")
    assert rows == [(2, "=1+1", "+49 171 1234567"), (3, "''a", "b")]


def test_a_row_in_another_encoding_is_one_reject(file):
    """Foreign bytes never arrive as a replacement sign."""
    content = "id,name\n1,José\n2,Zoë\n".encode() + b"3,Jos\xe9\n" + "4,Ön\n".encode()
    _, rows, malformed = load(file(content))
    assert [row[1] for row in rows] == ["1", "2", "4"]
    assert [(bad.row_number, bad.reject.code) for bad in malformed] == [(4, "undecodable")]


@pytest.mark.parametrize(
    ("content", "headers", "rows", "rejects"),
    [
        pytest.param("a,b\n1,2,3\n4,5,6\n", ("a", "b", "column_3"), 2, 0, id="header-too-short"),
        pytest.param("a,b,c\n1,2\n4,5\n", ("a", "b", "c"), 0, 2, id="rows-too-short"),
        pytest.param("a,b,,\n1,2\n4,5\n", ("a", "b"), 2, 0, id="delimiters-after-header-only"),
        pytest.param("a,b\n1,2\n4,5,\n6,7\n", ("a", "b"), 2, 1, id="one-row-too-long"),
    ],
)
def test_the_header_row_decides_unless_all_rows_have_more(file, content, headers, rows, rejects):
    """Cells that have no header get one; cells that are missing are never made up."""
    source, found, malformed = load(file(content))
    assert (source.headers, len(found), len(malformed)) == (headers, rows, rejects)
    told = {finding.code for finding in source.findings}
    assert ("header-width" in told) == (len(headers) != 2)


def test_a_file_of_broken_quotes_takes_no_longer_than_others(file):
    """Each line with an open quote costs a glance; the good lines between them are read."""
    content = b"a,b,c\n1,2,3\n" + b'"x,b,c\n1,2,3\n' * 5_000 + b'"open,b,c\n' * 2_000
    _, found, malformed = load(file(content))
    assert (len(found), len(malformed)) == (5_001, 7_000)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([200, 5_000]))
def test_what_is_no_text_is_not_taken_for_some(random, size):
    """Bytes of a picture or an archive are refused as such; guessing would find some encoding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(b"\x89" + random.randbytes(size) + b"\n\0")

        with pytest.raises(BadInputError, match="is no text"):
            open_source(path)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_text_with_a_few_control_characters_is_still_text(file, encoding):
    """Damage in some cells does not make a file another kind of file."""
    text = "name,mail\n" + "Jürgen,ju@example.com\n" * 20 + "Zoë\0\x01,zo@example.com\n" * 3

    source, rows, bad = load(file(text.encode(encoding)))

    assert source.headers == ("name", "mail")
    assert len(rows) + len(bad) == 23
