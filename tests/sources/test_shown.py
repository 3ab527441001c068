"""What a person sees in a workbook is what arrives, whichever program saved it in which format.

`files/shown.xls` and `files/locked.*` were saved by LibreOffice 7.4: the first from the workbook
that `shown_workbook` writes, the others from a table of two cells, with the password `secret`.
"""

import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source
from bulkload.sources.number_format import differs, elapsed, kept_digits, moment
from tests.sources.binary_workbooks import record, write_binary_workbook

FILES = Path(__file__).parent / "files"
SHOWN = {
    "zip": (123, "0000000", "0000123"),
    "phone": (491711234567, '"+"0', "+491711234567"),
    "number": (5, '"KD-"00000', "KD-00005"),
    "share": (0.5, "0%", "0.5"),
    "amount": (1234.5, '#,##0.00 "EUR"', "1234.5"),
    "born": (32875, "dd.mm.yyyy", "1990-01-02"),
    "german": (32875, "[$-407]dd.mm.yyyy", "1990-01-02"),
    "seen": (32875.25, "yyyy-mm-dd hh:mm", "1990-01-02 06:00:00"),
    "time": (0.5, "hh:mm", "12:00:00"),
    "duration": (1.0625, "[h]:mm", "25:30:00"),
    "yes": (True, None, "true"),
    "text": ("2026-01-02 00:00:00", "@", "2026-01-02 00:00:00"),
    "card": (1234567890123450000, "0", "1234567890123450000"),
    "thousands": (1234567, "0,", "1234567"),
    "code": ("007", "@", "007"),
}
"""Value, format and what arrives, by header."""
TOLD = {
    ("numbers-as-shown", "zip"),
    ("numbers-as-shown", "phone"),
    ("numbers-as-shown", "number"),
    ("numbers-not-as-shown", "share"),
    ("numbers-not-as-shown", "thousands"),
    *((code, "") for code in ("rows-hidden", "columns-hidden", "sheets-hidden", "cells-merged")),
}


def load(path, **options):
    """Return the source, its rows and its malformed rows."""
    with open_source(path, SourceOptions(**options)) as source:
        batches = list(source.batches())
    found = [row for batch in batches for row in batch.rows.iter_rows()]
    return source, found, [bad for batch in batches for bad in batch.malformed]


def shown_workbook(path):
    """Write the table with an error below it, a hidden row and column, a merged cell and a sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    for column, (header, (value, code, _)) in enumerate(SHOWN.items(), start=1):
        sheet.cell(1, column, header)
        sheet.cell(2, column, value).number_format = code or "General"
    sheet["A3"], sheet["B3"], sheet["C3"] = "#N/A", "x", "#DIV/0!"
    sheet["A4"] = "merged"
    sheet.merge_cells("A4:B4")
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["E"].hidden = True
    book.create_sheet("Old")["A1"] = "x"
    book["Old"].sheet_state = "hidden"
    book.save(path)
    return path


def check_shown(path):
    """Ask for every cell, every problem and every finding."""
    source, found, malformed = load(path)
    assert source.headers == tuple(SHOWN)
    assert found[0] == (2, *(expected for _, _, expected in SHOWN.values()))
    assert [row[0] for row in found] == [2, 4]
    assert [(one.row_number, one.code, one.column, one.cell) for one in malformed[0].rejects] == [
        (3, "cell-error", "zip", "#N/A"),
        (3, "cell-error", "number", "#DIV/0!"),
    ]
    assert {(one.code, one.column) for one in source.findings} >= TOLD


def test_an_xlsx_arrives_as_it_is_shown(tmp_path):
    """Formats, types, errors and what is out of sight, as openpyxl writes them."""
    check_shown(shown_workbook(tmp_path / "a.xlsx"))


def test_an_xls_arrives_as_it_is_shown():
    """The same of a file in the old format."""
    check_shown(FILES / "shown.xls")


def test_an_xlsb_arrives_as_it_is_shown(tmp_path):
    """The same of a binary workbook, of which the parser tells neither formats nor errors."""
    codes = [code or "General" for _, code, _ in SHOWN.values()]
    table = [
        list(SHOWN),
        [(value, style) for style, (value, _, _) in enumerate(SHOWN.values(), start=1)],
        ["#N/A", "x", "#DIV/0!"],
        ["merged"],
    ]
    path = write_binary_workbook(
        tmp_path / "a.xlsb",
        table,
        formats=codes,
        hidden_rows=[3],
        hidden_columns=[5],
        merged=[(4, 4, 1, 2)],
    )
    check_shown(path)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice makes these formats")
@pytest.mark.parametrize("kind", ["ods", "xls", "xlsx"])
def test_what_libreoffice_saves_arrives_as_it_is_shown(kind, tmp_path, office_home):
    """The same workbook, saved again by a real spreadsheet program in each of its formats."""
    path = shown_workbook(tmp_path / "a.xlsx")
    saved = convert(path, kind, tmp_path / "out", office_home)
    check_shown(saved)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice reads the format")
def test_a_spreadsheet_program_sees_the_same_in_a_crafted_xlsb(tmp_path, office_home):
    """What the tests write record by record is an .xlsb for others, too."""
    table = [["zip", "number"], [(123, 1), (5, 2)], ["#N/A", (0.25, 0)]]
    path = write_binary_workbook(tmp_path / "a.xlsb", table, formats=["0000000", '"KD-"00000'])
    as_shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
    saved = convert(path, as_shown, tmp_path / "out", office_home)
    assert saved.read_text("utf-8").splitlines() == ["zip,number", "0000123,KD-00005", "#N/A,0.25"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param(False, ["1990-01-02", "12:00:00", "########"], id="from-1900"),
        pytest.param(True, ["1994-01-03", "12:00:00"], id="from-1904"),
    ],
)
def test_dates_of_an_xlsb_count_from_where_it_says(tmp_path, attributes, expected):
    """Whole days are packed in a way that the parser takes for plain numbers."""
    cells = [(32875, 1), (0.5, 1), (-3, 1)][: len(expected)]
    path = write_binary_workbook(
        tmp_path / "a.xlsb", [["a", "b", "c"], cells], formats=["d.m.yy"], from_1904=attributes
    )
    _, found, malformed = load(path)
    cells = malformed[0].cells if malformed else found[0][1:]
    assert [cell for cell in cells if cell] == expected


def test_what_formulas_gave_is_read_from_an_xlsb(tmp_path):
    """Values of formulas have records of their own."""
    table = [["a", "b", "c"], [(7, 1), "x", True], ["#REF!", 1.5, "#N/A"]]
    path = write_binary_workbook(tmp_path / "a.xlsb", table, formats=["000"], formulas=True)
    _, found, malformed = load(path)
    assert found == [(2, "007", "x", "true")]
    assert [one.cell for one in malformed[0].rejects] == ["#REF!", "#N/A"]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.bin", "xl/styles.bin"])
def test_formats_that_cannot_be_read_are_said(tmp_path, part):
    """Values alone are never taken for what a person sees without a word."""
    table = [["zip"], [(7, 1)], ["end"]]
    whole = write_binary_workbook(tmp_path / "a.xlsb", table, formats=["000"])
    with zipfile.ZipFile(whole) as archive:
        damaged = archive.read(part) + b"\x01"
    path = write_binary_workbook(tmp_path / "b.xlsb", table, formats=["000"], parts={part: damaged})
    source, found, _ = load(path)
    assert found == [(2, "7"), (3, "end")]
    assert "formats-not-read" in [one.code for one in source.findings]


def test_two_far_corners_of_an_xlsb_are_refused(tmp_path):
    """A few bytes that ask for 17 billion cells end in a sentence."""
    text = struct.pack("<II", 0, 0)
    corners = [(0, 0), (1_048_575, 16_383)]
    cells = b"".join(
        record(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0))
        + record(7, struct.pack("<I", column) + text)
        for row, column in corners
    )
    size = struct.pack("<IIII", 0, 1_048_575, 0, 16_383)
    sheet = record(129) + record(148, size) + record(145) + cells + record(146) + record(130)
    parts = {"xl/worksheets/sheet1.bin": sheet}
    path = write_binary_workbook(tmp_path / "a.xlsb", [["a"], ["b"]], parts=parts)
    with pytest.raises(BadInputError, match="was refused"):
        load(path)


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_password_is_told(kind):
    """Each format is encrypted in a way of its own; the sentence is the same."""
    with pytest.raises(BadInputError, match="is protected with a password") as caught:
        load(FILES / f"locked.{kind}")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("0%", True, id="percent"),
        pytest.param('0"%"', False, id="percent-as-text"),
        pytest.param("0,", True, id="thousands"),
        pytest.param('#,##0.0,,"M"', True, id="millions"),
        pytest.param("#,##0.00", False, id="amount"),
        pytest.param('#,##0 "EUR"', False, id="unit"),
        pytest.param("[$EUR-407] 0", False, id="currency"),
        pytest.param("# ?/?", True, id="fraction"),
        pytest.param(";;;", True, id="hidden"),
        pytest.param("[h]:mm", True, id="duration"),
        pytest.param("dd/mm/yyyy", False, id="date"),
        pytest.param('"KD-"0', True, id="word-before"),
        pytest.param("General", False, id="general"),
    ],
)
def test_formats_that_show_another_number_are_known(code, expected):
    """Amounts, units and dates show the number that the cell holds; these do not."""
    assert differs(code) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [("1.0625", "25:30:00"), ("-0.5", "-12:00:00"), ("x", None), ("1E400", None)],
)
def test_durations_are_hours_minutes_seconds(number, expected):
    """A duration may be longer than a day, or negative."""
    assert elapsed(number, "[hh]:mm") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("4111111111111111", None),
        ("1.23456789012345E+18", "1234567890123450000"),
        ("-1.23456789012345E+18", "-1234567890123450000"),
        ("12345678901234567890", "12345678901234567890"),
        ("1E+40", None),
        ("x", None),
    ],
)
def test_long_numbers_keep_the_digits_of_the_file(number, expected):
    """Beyond 2^53 the parser makes digits up; the file has the right ones, or 15 and zeros."""
    assert kept_digits(number) == expected


@pytest.mark.parametrize(
    ("days", "from_1904", "expected"),
    [
        (1, False, "1900-01-01"),
        (59, False, "1900-02-28"),
        (61, False, "1900-03-01"),
        (32875.75, False, "1990-01-02 18:00:00"),
        (0.0001, False, "00:00:08.640"),
        (0, True, "00:00:00"),
        (1, True, "1904-01-02"),
        (-1, False, None),
        (2_958_466, False, None),
    ],
)
def test_days_are_dates_of_either_calendar(days, from_1904, expected):
    """The calendar from 1900 has a day too many; both end with the year 9999."""
    assert moment(days, from_1904=from_1904) == expected


def convert(path, kind, folder, office_home):
    """Let LibreOffice save a file in another format."""
    home = f"-env:UserInstallation=file://{office_home}"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", kind, "--outdir", str(folder), str(path)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder / f"{path.stem}.{kind.partition(':')[0]}"


@pytest.fixture(scope="module")
def office_home(tmp_path_factory):
    """Return a folder in which LibreOffice keeps its settings, so that it starts quickly again."""
    return tmp_path_factory.mktemp("office")
