"""Sheets as other programs than Excel write them, and as nobody should: nothing is lost silently."""

import re
import zipfile

import pytest

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source
from tests.sources.workbooks import (
    LINKS,
    NAMESPACE,
    number_cell,
    open_document,
    rows,
    simple_rows,
    text_cell,
    write_workbook,
)

SHEET = "xl/worksheets/sheet1.xml"
BAD_ROWS = rows(
    text_cell("A1", "id") + text_cell("B1", "zip"),
    text_cell("A2", "x") + number_cell("B2", "7", 1),
    text_cell("A3", "y") + '<c r="B3" t="e"><v>#N/A</v></c>',
    text_cell("A4", "z") + '<c r="B4"><f>1+1</f></c>',
)
STRICT = {
    NAMESPACE: "http://purl.oclc.org/ooxml/spreadsheetml/main",
    LINKS: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}


def load(path, **options):
    """Return the source, its rows and its malformed rows."""
    with open_source(path, SourceOptions(**options)) as source:
        batches = list(source.batches())
    found = [row for batch in batches for row in batch.rows.iter_rows()]
    return source, found, [bad for batch in batches for bad in batch.malformed]


def rewritten(path, *, content=None, name=None, only=None, large=False):
    """Write a workbook again with other contents or names of its parts, or as if it were large."""
    other = path.with_name(f"odd-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part).decode()
            if content and (only is None or part.filename == only):
                text = content(text)
            called = name(part.filename) if name else part.filename
            with new.open(called, "w", force_zip64=large) as opened:
                opened.write(text.encode())
    return other


def strict(text):
    for usual, other in STRICT.items():
        text = text.replace(usual, other)
    return text


def prefixed(text):
    return re.sub("<(/?)(?=[a-z])", r"<\1x:", text).replace("xmlns=", "xmlns:x=")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="as-usual"),
        pytest.param({"content": strict}, id="strict"),
        pytest.param({"content": prefixed, "only": SHEET}, id="prefixed-tags"),
        pytest.param(
            {"content": lambda text: re.sub(r' r="[A-Z]*\d+"', "", text), "only": SHEET},
            id="cells-without-place",
        ),
        pytest.param(
            {"content": lambda text: re.sub(r'<row r="\d+"', "<row", text), "only": SHEET},
            id="rows-without-number",
        ),
        pytest.param(
            {"content": lambda text: text.replace('"', "'"), "only": SHEET}, id="single-quotes"
        ),
        pytest.param(
            {"name": lambda name: name.replace("sheet1", "Sheet1")}, id="other-case-of-a-part"
        ),
        pytest.param({"name": lambda name: name.replace("/", "\\")}, id="backslashes"),
        pytest.param({"large": True}, id="zip64"),
    ],
)
def test_marks_are_found_however_a_sheet_is_written(tmp_path, change):
    """Formats, errors and formulas without value are seen in every dialect of the format."""
    path = write_workbook(tmp_path / "a.xlsx", BAD_ROWS, formats=("000",))
    _, found, malformed = load(rewritten(path, **change))
    assert found == [(2, "x", "007")]
    assert [(bad.row_number, bad.reject.code) for bad in malformed] == [
        (3, "cell-error"),
        (4, "formula-without-value"),
    ]


SHOWN = {
    ("43831", "[$-407]dd.mm.yyyy"): "2020-01-01",
    ("43831", "TT.MM.JJJJ"): "2020-01-01",
    ("43831", '[$-411]yyyy"年"m"月"d"日"'): "2020-01-01",
    ("43831.5", "[$-F800]dddd, mmmm dd, yyyy"): "2020-01-01 12:00:00",
    ("0.5", "h:mm AM/PM"): "12:00:00",
    ("1.0625", "[h]:mm"): "25:30:00",
    ("491711234567", "0000 000000"): "491711 234567",
    ("123456789", "000-00-0000"): "123-45-6789",
    ("5", '"KD-"00000'): "KD-00005",
    ("5", "00\\.00"): "00.05",
    ("7", "000;-000;;@"): "007",
    ("7", "[Red][<5]0;000"): "007",
    ("1234.5", '#,##0.00 "EUR"'): "1234.5",
    ("1234.5", "[$EUR-407] #,##0.00"): "1234.5",
    ("0.125", "0.0%"): "0.125",
    ("1.23456789012345E+18", "0"): "1234567890123450000",
    ("12345678901234567890", "0"): "12345678901234567890",
    ("1E-7", "General"): "0.0000001",
}
"""What arrives, by number and format."""


def test_numbers_arrive_as_they_are_shown(tmp_path):
    """Dates of any locale, durations, phones and ids; amounts and shares as plain numbers."""
    lines = [
        text_cell(f"A{n}", "x") + number_cell(f"B{n}", number, n - 1)
        for n, (number, _) in enumerate(SHOWN, start=2)
    ]
    data = rows(text_cell("A1", "a") + text_cell("B1", "b"), *lines)
    codes = tuple(code.replace("<", "&lt;").replace('"', "&quot;") for _, code in SHOWN)
    _, found, _ = load(write_workbook(tmp_path / "a.xlsx", data, formats=codes))
    assert dict(zip(SHOWN, [row[2] for row in found], strict=True)) == SHOWN


def test_texts_that_look_like_dates_stay_as_they_are(tmp_path):
    """Only cells that are dates are spelled as dates, wherever the text is kept."""
    texts = [
        *("2026-01-02 00:00:00", "1899-12-31 10:00:00", "1899-12-30"),
        *("2026-01-02T10:00:00", "12345 xyz, 00:00:00"),
    ]
    aid = '<rPh sb="0" eb="1"><t>x</t></rPh>'
    strings = "".join(
        f"<si><t>{text}</t></si>"
        f"<si><r><t>{text[:10]}</t></r><r><rPr/><t>{text[10:]}</t></r>{aid}</si>"
        for text in texts
    )
    shared = f'<?xml version="1.0"?><sst xmlns="{NAMESPACE}"><si/>{strings}</sst>'
    lines = [
        text_cell(f"A{n}", text)
        + f'<c r="B{n}" t="s"><v>{2 * n - 3}</v></c><c r="C{n}" t="s"><v>{2 * n - 2}</v></c>'
        + f'<c r="D{n}" t="str"><f>B1</f><v>{text}</v></c>'
        for n, text in enumerate(texts, start=2)
    ]
    data = rows("".join(text_cell(f"{column}1", column) for column in "ABCD"), *lines)
    path = write_workbook(tmp_path / "a.xlsx", data, extra={"xl/sharedStrings.xml": shared})
    assert [row[1:] for row in load(path)[1]] == [(text,) * 4 for text in texts]


def test_every_bad_cell_of_a_row_is_told(tmp_path):
    """Whoever mends the row mends it once; errors stay in their cells."""
    head = "".join(text_cell(f"{column}1", column.lower()) for column in "ABCD")
    bad = (
        '<c r="A2" t="e"><v>#REF!</v></c>' + text_cell("B2", "x") + '<c r="C2"><f>1+1</f></c>'
        '<c r="D2" t="e"><f>B2/0</f><v>#DIV/0!</v></c>'
    )
    _, _, malformed = load(write_workbook(tmp_path / "a.xlsx", rows(head, bad)))
    assert [(one.code, one.column, one.cell) for one in malformed[0].rejects] == [
        ("cell-error", "a", "#REF!"),
        ("formula-without-value", "c", ""),
        ("cell-error", "d", "#DIV/0!"),
    ]
    assert malformed[0].cells == ("#REF!", "x", "", "#DIV/0!")


def test_an_error_that_comes_back_uncorrected_is_an_error_still(tmp_path):
    """A workbook to correct has errors as text; nobody is called `#REF!`."""
    head = text_cell("A1", "name") + text_cell("B1", "bulkload_row")
    data = rows(head, text_cell("A2", "#REF!") + number_cell("B2", "7"))
    _, found, malformed = load(write_workbook(tmp_path / "a.xlsx", data))
    assert found == []
    assert [(bad.reject.code, bad.cells) for bad in malformed] == [("cell-error", ("#REF!",))]


def test_a_row_of_nothing_but_uncalculated_formulas_is_a_reject(tmp_path):
    """The parser sees no such row; it is not left out for that."""
    data = rows(text_cell("A1", "a"), '<c r="A2"><f>1+1</f></c>', '<c r="A3"><f>1+2</f></c>')
    _, found, malformed = load(write_workbook(tmp_path / "a.xlsx", data))
    assert (found, [bad.row_number for bad in malformed]) == ([], [2, 3])


def test_a_day_before_the_calendar_is_a_reject(tmp_path):
    """A spreadsheet shows signs in place of it; the parser would make up a date."""
    data = rows(text_cell("A1", "born"), number_cell("A2", "-5", 1))
    _, _, malformed = load(write_workbook(tmp_path / "a.xlsx", data, formats=("yyyy-mm-dd",)))
    assert malformed[0].reject.cell == "########"


def test_styled_empty_cells_do_not_move_the_table(tmp_path):
    """A format belongs to the cell that has it, wherever the table begins."""
    head = number_cell("A1", "", 1).replace("<v></v>", "") + text_cell("AB1", "zip")
    data = rows(head, number_cell("AB2", "7", 1) + '<c r="AD2" s="1"/>')
    _, found, _ = load(write_workbook(tmp_path / "a.xlsx", data, formats=("000",)))
    assert found == [(2, "007")]


def test_many_styles_are_told_apart(tmp_path):
    """A workbook that was copied together has hundreds of formats."""
    codes = tuple("0" * (2 + n % 5) for n in range(200))
    data = rows(text_cell("A1", "a"), number_cell("A2", "7", 4), number_cell("A3", "7", 198))
    _, found, _ = load(write_workbook(tmp_path / "a.xlsx", data, formats=codes))
    assert [row[1] for row in found] == ["00007", "0007"]


@pytest.mark.parametrize(
    ("content", "extra", "words"),
    [
        pytest.param(
            rows(text_cell("A1", "a"), '<c r="A2" t="s"><v>7</v></c>'), {}, "is damaged", id="no-strings"
        ),
        pytest.param(
            simple_rows(), {"xl/workbook.xml": "<workbook/>"}, "lists no sheets", id="no-sheets"
        ),
        pytest.param(
            rows(text_cell("A1", "a"), text_cell("A2", "x" * 2_000)), {}, "a cell holds 2,000", id="long-cell"
        ),
        pytest.param(
            rows(text_cell("A1", "a"))
            + "".join(f'<row r="{n}"><c r="A{n}" t="e"><v>#N/A</v></c></row>' for n in range(2, 100_003)),
            {}, "more than 100,000 cells", id="errors-throughout",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_throughout_is_refused(tmp_path, content, extra, words):
    """The sentence says what is wrong with the workbook."""
    path = write_workbook(tmp_path / "a.xlsx", content, extra=extra)
    with pytest.raises(BadInputError, match=words):
        load(path, max_cell_bytes=1_000, max_workbook_ratio=1_000)


def document_cell(kind, value, text, attribute="value", before=""):
    told = f'office:value-type="{kind}" office:{attribute}="{value}"'
    return f"<table:table-cell {told}>{before}<text:p>{text}</text:p></table:table-cell>"


def document_text(text):
    return (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


NOTE = "<office:annotation><text:p>see 5</text:p></office:annotation>"
DOCUMENT_CELLS = [
    (document_cell("float", "7", "007"), "007"),
    (document_cell("float", "7", "007", before=NOTE), "007"),
    (document_cell("float", "5", "KD-00005"), "KD-00005"),
    (document_cell("float", "5", "5 kg"), "5"),
    (document_cell("float", "1.5E10", "15000000000"), "15000000000"),
    (document_cell("float", "1.23456789012345E+018", "1,23E+018"), "1234567890123450000"),
    (document_cell("float", "1", "WAHR"), "true"),
    (document_cell("percentage", "0.5", "50 %"), "0.5"),
    (document_cell("currency", "1234.5", "1.234,50 €"), "1234.5"),
    (document_cell("boolean", "false", "FALSCH", "boolean-value"), "false"),
    (document_cell("date", "2026-01-02", "2.1.26", "date-value"), "2026-01-02"),
    (document_cell("date", "1890-05-01", "1.5.1890", "date-value"), "1890-05-01"),
    (document_cell("date", "2026-01-02T03:04:05", "x", "date-value"), "2026-01-02 03:04:05"),
    (document_cell("date", "2026-01-02T03:04:05.1239", "x", "date-value"), "2026-01-02 03:04:05.123"),
    (document_cell("time", "PT25H30M00S", "25:30", "time-value"), "25:30:00"),
    (document_cell("time", "PT00H00M08.640S", "00:08", "time-value"), "00:00:08.640"),
    (document_text("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
    (document_text("2026-01-02 00:00:00"), "2026-01-02 00:00:00"),
    (document_text('a<text:s text:c="2"/>b</text:p><text:p>c'), "a  b\nc"),
]  # fmt: skip


def test_open_document_cells_arrive_as_they_are_shown(tmp_path):
    """Each kind of cell has its value in an attribute of its own, and the text that is seen."""
    lines = "".join(
        f"<table:table-row>{document_text('x')}{cell}</table:table-row>"
        for cell, _ in [(document_text("b"), ""), *DOCUMENT_CELLS]
    )
    path = open_document(tmp_path / "a.ods", f'<table:table table:name="S">{lines}</table:table>')
    _, found, _ = load(path)
    assert [row[2] for row in found] == [expected for _, expected in DOCUMENT_CELLS]


def test_hidden_and_repeated_parts_of_an_open_document_are_counted(tmp_path):
    """The first visible sheet is read; rows that are written once and meant often are all there."""
    row = f"{document_cell('float', '7', '007')}{document_text('x')}"
    head = f"<table:table-row>{document_text('zip')}{document_text('b')}</table:table-row>"
    hidden = f'<table:table table:name="Old" table:style-name="ta1">{head}</table:table>'
    shown = (
        '<table:table table:name="New">'
        '<table:table-column table:number-columns-repeated="16384" table:visibility="collapse"/>'
        f'{head}<table:table-row table:number-rows-repeated="1500">{row}</table:table-row>'
        f'<table:table-row table:visibility="filter">{row}</table:table-row></table:table>'
    )
    style = (
        '<style:style style:name="ta1" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    source, found, _ = load(open_document(tmp_path / "a.ods", hidden + shown, style))
    assert (source.sheet, len(found), {row[1] for row in found}) == ("New", 1501, {"007"})
    counts = {one.code: one.count for one in source.findings}
    assert (counts["sheets-hidden"], counts["columns-hidden"], counts["rows-hidden"]) == (1, 2, 1)


def test_cells_that_are_repeated_without_end_are_not_followed(tmp_path):
    """A few bytes that stand for 17 billion cells cost neither time nor memory."""
    row = (
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384" office:value-type="float" office:value="7">'
        "<text:p>007</text:p></table:table-cell></table:table-row>"
    )
    path = open_document(tmp_path / "a.ods", f'<table:table table:name="S">{row}</table:table>')
    with pytest.raises(BadInputError):
        load(path)
