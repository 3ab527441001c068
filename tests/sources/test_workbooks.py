"""Workbooks: what honest ones show, and what hostile ones get."""

import datetime as dt
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source
from bulkload.sources.number_format import shown
from tests.sources import workbooks
from tests.sources.workbooks import number_cell, rows, simple_rows, text_cell, write_workbook

NOON = dt.datetime.fromisoformat("2026-01-02T03:04:05")


def load(path, **options):
    """Return the source, its rows and its malformed rows."""
    with open_source(path, SourceOptions(**options)) as source:
        batches = list(source.batches())
    found = [row for batch in batches for row in batch.rows.iter_rows()]
    return source, found, [bad for batch in batches for bad in batch.malformed]


def codes(source):
    return [finding.code for finding in source.findings]


@pytest.fixture
def saved(tmp_path):
    """Return what writes a workbook with openpyxl from {place: (value, format)}."""

    def save(cells, setup=None):
        book = openpyxl.Workbook()
        for place, told in cells.items():
            value, form = told if isinstance(told, tuple) else (told, None)
            book.active[place] = value
            if form:
                book.active[place].number_format = form
        if setup:
            setup(book)
        path = tmp_path / "a.xlsx"
        book.save(path)
        return path

    return save


def test_cells_arrive_as_the_workbook_shows_them(saved):
    """Zeros of a number format, dates, times and booleans; text to the letter."""
    path = saved(
        {
            "A1": "phone", "B1": "zip", "C1": "born", "D1": "seen", "E1": "yes", "F1": "text", "G1": "amount",
            "A2": (123, "0000000"), "B2": (1067, "00000"), "C2": dt.date(1990, 1, 2),
            "D2": NOON, "E2": True, "F2": " 007 ", "G2": (1234.5, "#,##0.00"),
        }
    )  # fmt: skip
    source, found, malformed = load(path)
    assert found == [
        (2, "0000123", "01067", "1990-01-02", "2026-01-02 03:04:05", "true", " 007 ", "1234.5")
    ]
    assert malformed == []
    assert codes(source).count("numbers-as-shown") == 2


@pytest.mark.parametrize(
    ("number", "code", "expected"),
    [
        pytest.param("123", "0000000", "0000123", id="zeros"),
        pytest.param("12345678", "0000000", "12345678", id="longer-than-the-zeros"),
        pytest.param("491711234567", '"+"0', "+491711234567", id="plus"),
        pytest.param("5551234567", "(000) 000-0000", "(555) 123-4567", id="brackets"),
        pytest.param(
            "5551234", "[&lt;=9999999]###-####;(###) ###-####".replace("&lt;", "<"), "555-1234",
            id="condition",
        ),
        pytest.param(
            "4155551234", "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "(415) 555-1234", id="otherwise"
        ),
        pytest.param("4.917E+11", "000000000000", "491700000000", id="exponent"),
        pytest.param("12", "#,##0", None, id="amount"),
        pytest.param("12", '0 "EUR"', None, id="unit"),
        pytest.param("0.5", "00%", None, id="percent"),
        pytest.param("1.5", "000", None, id="fraction"),
        pytest.param("-5", "000", None, id="negative"),
    ],
)  # fmt: skip
def test_number_formats_that_add_digits_are_followed(number, code, expected):
    """A phone or postcode is shown with its zeros; amounts keep the plain number."""
    assert shown(number, code) == expected


def test_a_number_that_its_format_does_not_suit_is_told(saved):
    """The plain number is read where the format cannot be followed, and that is said."""
    path = saved({"A1": "phone", "A2": (1.5, "0000"), "A3": (7, "0000")})
    source, found, _ = load(path)
    assert found == [(2, "1.5"), (3, "0007")]
    (told,) = [one for one in source.findings if one.code == "numbers-not-as-shown"]
    assert (told.cells, told.details["format"]) == (("A2",), "0000")


def test_formulas_without_value_and_error_cells_are_rejects(saved):
    """What was never calculated, or failed, is never loaded as empty."""
    path = saved(
        {"A1": "id", "B1": "sum", "A2": 1, "B2": "=1+1", "A3": 2, "B3": "#N/A", "A4": 3, "B4": 4}
    )
    _, found, malformed = load(path)
    assert found == [(4, "3", "4")]
    assert [(bad.row_number, bad.reject.code, bad.reject.column) for bad in malformed] == [
        (2, "formula-without-value", "sum"),
        (3, "cell-error", "sum"),
    ]


def test_formulas_that_were_calculated_are_read(tmp_path):
    """The value that the spreadsheet kept counts, an empty text included."""
    cells = (
        text_cell("A1", "id") + text_cell("B1", "sum"),
        text_cell("A2", "x") + '<c r="B2"><f>1+1</f><v>2</v></c>',
        text_cell("A3", "y") + '<c r="B3" t="str"><f>""</f><v></v></c>',
    )
    _, found, malformed = load(write_workbook(tmp_path / "a.xlsx", rows(*cells)))
    assert (found, malformed) == ([(2, "x", "2"), (3, "y", None)], [])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [("", "2020-01-01"), ('date1904="1"', "2024-01-02")],
    ids=["from-1900", "from-1904"],
)
def test_days_are_counted_from_where_the_workbook_says(tmp_path, attributes, expected):
    """1900 and 1904 workbooks give the dates that they show."""
    data = rows(text_cell("A1", "born"), number_cell("A2", "43831", 1))
    path = write_workbook(
        tmp_path / "a.xlsx", data, formats=("yyyy-mm-dd",), book_attributes=attributes
    )
    source, found, _ = load(path)
    assert found == [(2, expected)]
    assert ("dates-1904" in codes(source)) == bool(attributes)


def test_row_numbers_are_those_of_the_sheet_below_a_preamble(tmp_path):
    """The header row is found below titles and blank rows, in any column."""
    data = (
        f'<row r="2">{text_cell("C2", "Report")}</row>'
        f'<row r="5">{text_cell("C5", "id")}{text_cell("D5", "name")}{text_cell("E5", "x")}</row>'
        f'<row r="7">{text_cell("C7", "1")}{text_cell("D7", "Ada")}{number_cell("E7", "9")}</row>'
    )
    source, found, _ = load(write_workbook(tmp_path / "a.xlsx", data))
    assert source.headers == ("id", "name", "x")
    assert found == [(7, "1", "Ada", "9")]
    assert ("blank-rows", 1) in [(one.code, one.count) for one in source.findings]


def test_hidden_rows_merged_cells_and_further_sheets_are_told(tmp_path):
    """Everything is read, and what a person may not see is said."""
    head = text_cell("A1", "id") + text_cell("B1", "name")
    data = rows(head, text_cell("A2", "1"), text_cell("A3", "2"), attributes={3: 'hidden="1"'})
    path = write_workbook(
        tmp_path / "a.xlsx",
        data,
        before='<cols><col min="2" max="2" hidden="1"/></cols>',
        after='<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="A2:A3"/></mergeCells>',
        sheets=(("Old", 'state="hidden"'), ("Customers", ""), ("Notes", "")),
    )
    source, found, _ = load(path)
    assert (source.sheet, len(found)) == ("Customers", 2)
    expected = {"rows-hidden", "columns-hidden", "header-merged", "cells-merged", "sheets-hidden"}
    assert expected | {"sheets-more"} <= set(codes(source))


def test_a_sheet_is_chosen_by_name(tmp_path):
    """`--sheet` chooses, also a hidden one; a wrong name gets the closest."""
    sheets = (("Customers", ""), ("Archive", 'state="hidden"'))
    path = write_workbook(tmp_path / "a.xlsx", simple_rows(), sheets=sheets)
    assert load(path, sheet="Archive")[0].sheet == "Archive"
    with pytest.raises(BadInputError, match="did you mean `Customers`"):
        load(path, sheet="Custmers")


def test_columns_without_text_are_no_columns(tmp_path):
    """Phantom columns and rows go; a column of values without header gets a name."""
    data = rows(
        text_cell("A1", "id") + text_cell("D1", ""),
        text_cell("A2", "1") + text_cell("C2", "x") + text_cell("D2", ""),
        text_cell("A9", ""),
    )
    source, found, _ = load(write_workbook(tmp_path / "a.xlsx", data))
    assert source.headers == ("id", "column_2")
    assert found == [(2, "1", "x")]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return the hostile workbooks by kind."""
    folder = tmp_path_factory.mktemp("hostile")
    return {kind: make(folder / f"{kind}.xlsx") for kind, make in workbooks.HOSTILE.items()}


@pytest.mark.parametrize("kind", workbooks.HOSTILE)
def test_a_hostile_workbook_ends_in_one_sentence(kind, hostile):
    """It is refused within 10 s with exit code 65, and nothing of the machine is in the text."""
    path = hostile[kind]
    started = time.monotonic()
    with pytest.raises(BadInputError) as caught:
        load(path)
    assert time.monotonic() - started < 10
    assert len(str(caught.value).splitlines()) <= 3
    assert os.uname().nodename not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
def test_refusing_hostile_workbooks_takes_little_memory(hostile):
    """The process that asks stays below 300 MB and alive, whatever the file."""
    paths = [str(path) for path in hostile.values()]
    script = (
        "import sys\n"
        "from bulkload.errors import BadInputError\n"
        "from bulkload.sources import open_source\n"
        "refused = 0\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n        open_source(path)\n"
        "    except BadInputError:\n        refused += 1\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(refused, int(peak.split()[1]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True
    )
    refused, peak_mb = map(int, done.stdout.split())
    assert refused == len(paths)
    assert peak_mb < 300


def test_a_dimension_that_lies_does_no_harm(tmp_path):
    """What a sheet says of its own size is not believed."""
    path = workbooks.lying_dimension(tmp_path / "a.xlsx")
    assert len(load(path)[1]) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(rows(text_cell("A1", "id")), "headers but no rows", id="header-only"),
        pytest.param("", "is empty", id="empty"),
    ],
)
def test_a_sheet_without_rows_is_refused(tmp_path, content, words):
    """There is nothing to load, and the sentence says so."""
    with pytest.raises(BadInputError, match=words):
        load(write_workbook(tmp_path / "a.xlsx", content))


ODS_CELLS = """
<table:table table:name="Kunden"><table:table-row table:number-rows-repeated="2"/>
<table:table-row><table:table-cell table:number-columns-repeated="2"/>{head}</table:table-row>
<table:table-row table:visibility="collapse"><table:table-cell table:number-columns-repeated="2"/>
<table:table-cell office:value-type="float" office:value="123"><text:p>0000123</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="1234"><text:p>1 234</text:p></table:table-cell>
</table:table-row>
<table:table-row><table:table-cell table:number-columns-repeated="2"/>
<table:table-cell office:value-type="float" office:value="5"><text:p>0000005</text:p></table:table-cell>
<table:table-cell table:formula="of:=1/0" office:value-type="string" calcext:value-type="error">
<text:p>#DIV/0!</text:p></table:table-cell></table:table-row></table:table>
"""


def test_open_document_numbers_arrive_as_shown(tmp_path):
    """An OpenDocument cell keeps its shown zeros, and an error in it is a reject."""
    names = ("office", "table", "text")
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    )
    spaces += (
        ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    )
    head = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        for name in ("phone", "points")
    )
    sheet = ODS_CELLS.format(head=head).replace("\n", "")
    content = (
        f'<?xml version="1.0"?><office:document-content{spaces}><office:body>'
        f"<office:spreadsheet>{sheet}</office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    source, found, malformed = load(path)
    assert found == [(4, "0000123", "1234")]
    assert [(bad.row_number, bad.reject.code, bad.reject.cell) for bad in malformed] == [
        (5, "cell-error", "#DIV/0!")
    ]
    assert {"rows-hidden", "numbers-as-shown"} <= set(codes(source))


def test_what_xlsxwriter_saves_is_read_in_batches(tmp_path):
    """Rows come in order, in batches of the size asked for."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for row in range(25):
            sheet.write_row(row, 0, ["id", "name"] if not row else [f"c{row}", f"Ada {row}"])
    with open_source(tmp_path / "a.xlsx", SourceOptions(batch_rows=10)) as source:
        sizes = [batch.rows.height for batch in source.batches()]
        numbers = [n for batch in source.batches() for n in batch.rows["row_number"]]
    assert sizes == [10, 10, 4]
    assert numbers == list(range(2, 26))
