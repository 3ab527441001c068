"""The workbook to mend is the user's own, with the problems marked and nothing else changed."""

import re
import resource
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table as SheetTable

from bulkload.errors import BulkloadError
from bulkload.records import Reject, Status
from bulkload.reports import ExportWriter, RejectedRows, Table, write_workbook
from bulkload.reports import table as table_module
from bulkload.reports.styles import MARK
from bulkload.sources import open_source
from tests.reports import office
from tests.reports.naughty import NAUGHTY

NICE = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\ufffe\uffff")
HEADERS = ("Name", "E-mail", "Phone", "Level")
SHEET = "Kunden & Co"


@dataclass(frozen=True)
class Malformed:
    """A row that the reader could not cut."""

    row_number: int
    text: str
    cells: tuple[str, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True)
class Batch:
    """Some rows of a source."""

    rows: pl.DataFrame
    malformed: tuple[Malformed, ...] = ()


def users_workbook(path: Path, rows: int = 10) -> None:
    """A sheet as people have it: coloured, commented, filtered, with formulas elsewhere."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append(HEADERS)
    for row in range(2, rows + 2):
        mail = None if row == 5 else f"a{row}@example.com"
        sheet.append([f"Name {row}", mail, f"0171/{row}", "gold" if row % 2 else "silver"])
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor="FF336699")
    sheet["D2"].fill = PatternFill("solid", fgColor="FFFFFF00")
    sheet["B3"].comment = Comment("ask her", "Ada")
    sheet["B9"].comment = Comment("left alone", "Ada")
    sheet.column_dimensions["B"].width = 33
    sheet.auto_filter.ref = f"A1:D{rows + 1}"
    sheet.freeze_panes = "A2"
    own = DataValidation(type="whole", operator="greaterThan", formula1="0")
    own.add("A2:A5")
    sheet.add_data_validation(own)
    sheet.conditional_formatting.add(
        "C2:C5", openpyxl.formatting.rule.CellIsRule("equal", ['"x"'], font=Font(bold=True))
    )
    other = book.create_sheet("Sums")
    other["A1"] = "=SUM(1,2)"
    other["A2"].hyperlink = "https://example.com/"
    book.save(path)


REJECTS = (
    Reject(3, "email-missing-at", "E-mail", "email", "a3example.com"),
    Reject(3, "phone-too-short", "Phone", "phone", "0171/3", {"region": "DE"}),
    Reject(5, "contact-missing", details={"fields": "E-mail or Phone"}),
    Reject(5, "email-no-domain-dot", "E-mail", "email", "x"),
    Reject(7, "choice-unknown", "Level", "level", "gold", {"choices": "a, b"}),
    Reject(7, "integer-invalid", "Level", "level", "gold"),
)


def marked(
    tmp_path: Path, rejects: Iterable[Reject] = REJECTS, **parts: object
) -> tuple[Path, openpyxl.Workbook]:
    """The user's workbook with problems marked."""
    source, path = tmp_path / "customers.xlsx", tmp_path / "rejects.xlsx"
    if not source.exists():
        users_workbook(source)
    found = tuple(rejects)
    table = Table(headers=HEADERS, batches=tuple, path=str(source), format="xlsx", **parts)  # type: ignore[arg-type]
    assert write_workbook(path, table, lambda: iter(found)) == []
    return path, openpyxl.load_workbook(path)


def fills(sheet: object) -> set[str]:
    """The cells with the colour of a problem."""
    return {
        cell.coordinate
        for row in sheet.iter_rows(max_row=50)  # type: ignore[attr-defined]
        for cell in row
        if cell.fill.fill_type and cell.fill.fgColor.rgb == MARK
    }


def test_cells_with_problems_are_coloured_and_say_why(tmp_path: Path) -> None:
    """Each problem is on its cell; one of the whole row is on its first."""
    _, book = marked(tmp_path)
    sheet = book[SHEET]

    assert fills(sheet) == {"B3", "C3", "A5", "B5", "D7"}
    assert sheet["C3"].comment.text == (
        'bulkload:\nPhone "0171/3" has too few digits for Germany. '
        "Add the missing digits; the area code is needed, too."
    )
    assert sheet["B3"].comment.text.startswith(
        'ask her\nbulkload:\nE-mail "a3example.com" has no @'
    )
    assert sheet["D7"].comment.text.count("gold") == 2
    assert sheet["B9"].comment.text == "left alone"


def test_everything_else_is_as_it_was(tmp_path: Path) -> None:
    """Styles, widths, panes, validations, conditional formats and other sheets are the user's."""
    path, book = marked(tmp_path)
    sheet = book[SHEET]
    before = openpyxl.load_workbook(tmp_path / "customers.xlsx")[SHEET]

    for row in before.iter_rows():
        for cell in row:
            after = sheet[cell.coordinate]
            assert after.value == cell.value
            assert repr(after.font) == repr(cell.font)
            if cell.coordinate not in fills(sheet):
                assert repr(after.fill) == repr(cell.fill)
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.freeze_panes == "A2"
    assert [rule.type for rule in sheet.data_validations.dataValidation] == ["whole"]
    assert [str(found.sqref) for found in sheet.conditional_formatting] == ["C2:C5"]
    with zipfile.ZipFile(tmp_path / "customers.xlsx") as old, zipfile.ZipFile(path) as new:
        for name in ("xl/worksheets/sheet2.xml", "xl/theme/theme1.xml", "docProps/core.xml"):
            assert new.read(name) == old.read(name)


def test_the_identity_is_hidden_and_sorted_along(tmp_path: Path) -> None:
    """Every row keeps its number in a hidden column that belongs to the filter's area."""
    _, book = marked(tmp_path)
    sheet = book[SHEET]

    assert [cell.value for cell in sheet["E"]] == ["bulkload_row", *range(2, 12)]
    assert sheet.column_dimensions["E"].hidden
    assert sheet.auto_filter.ref == "A1:E11"


def test_the_marked_sheet_is_the_one_that_is_read_again(tmp_path: Path) -> None:
    """A workbook whose second sheet was imported is read from that sheet without being told."""
    source = tmp_path / "customers.xlsx"
    users_workbook(source)
    book = openpyxl.load_workbook(source)
    first = book.create_sheet("Read me", 0)
    first["A1"], first["A2"] = "Name", "This is no list of customers"
    book.save(source)

    path, _ = marked(tmp_path, sheet=SHEET)

    with open_source(path) as found:
        assert found.sheet == SHEET
        assert found.headers == HEADERS


def test_a_table_takes_the_identity_in(tmp_path: Path) -> None:
    """A table that ends beside the hidden column is one column wider, so that sorting moves it."""
    source = tmp_path / "customers.xlsx"
    users_workbook(source)
    book = openpyxl.load_workbook(source)
    book[SHEET].auto_filter.ref = None
    book[SHEET].add_table(SheetTable(displayName="Customers", ref="A1:D11"))
    book.save(source)

    _, after = marked(tmp_path)

    table = after[SHEET].tables["Customers"]
    assert table.ref == "A1:E11"
    assert [column.name for column in table.tableColumns] == [*HEADERS, "bulkload_row"]


def test_the_sheet_of_problems_links_to_every_cell(tmp_path: Path) -> None:
    """One line a problem, in order, with a link and plain words."""
    _, book = marked(tmp_path)
    sheet = book["Problems"]

    assert [cell.value for cell in sheet["A"][3:]] == ["B3", "C3", "A5", "B5", "D7", "D7"]
    assert [cell.hyperlink.location for cell in sheet["A"][3:]] == [
        f"'{SHEET}'!{ref}" for ref in ("B3", "C3", "A5", "B5", "D7", "D7")
    ]
    assert [cell.value for cell in sheet[4]][1:] == [
        3,
        "E-mail",
        "a3example.com",
        'E-mail "a3example.com" has no @',
        "Write it as name@example.com",
        "email-missing-at",
    ]
    assert sheet["A1"].value.startswith("6 problems in 3 rows.")


def test_known_values_are_offered(tmp_path: Path) -> None:
    """A short list stands in the drop-down, one with commas in a hidden column; own rules stay."""
    choices = {
        "Level": ["gold", 'sil"ver'],
        "E-mail": ["a,b", "c"],
        "Name": ["kept out by the rule of the user"],
        "Phone": ["x" * 300],
        "no": ["x"],
    }

    _, book = marked(tmp_path, choices=choices)

    rules = {str(r.sqref): r.formula1 for r in book[SHEET].data_validations.dataValidation}
    assert rules == {
        "A2:A5": "0",
        "D2:D11": '"gold,sil""ver"',
        "B2:B11": "'Problems'!$H$1:$H$2",
        "C2:C11": "'Problems'!$I$1:$I$1",
    }
    problems = book["Problems"]
    assert [problems["H1"].value, problems["H2"].value] == ["a,b", "c"]
    assert problems.column_dimensions["H"].hidden


def test_the_second_round_shows_only_what_is_left(tmp_path: Path) -> None:
    """A workbook that comes back loses the marks of mended cells and gets no second sheet."""
    marked(tmp_path)
    (tmp_path / "rejects.xlsx").replace(tmp_path / "customers.xlsx")

    _, book = marked(tmp_path, REJECTS[:1])

    assert book.sheetnames == [SHEET, "Sums", "Problems"]
    assert fills(book[SHEET]) == {"B3"}
    comments = {
        c.coordinate: c.comment.text for r in book[SHEET].iter_rows() for c in r if c.comment
    }
    assert set(comments) == {"B3", "B9"}
    assert comments["B3"].count("bulkload:") == 1
    assert [cell.value for cell in book["Problems"]["A"][3:]] == ["B3"]
    assert [cell.value for cell in book[SHEET][1]] == [*HEADERS, "bulkload_row"]


def test_no_cell_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    """Whatever stands in cells, headers and sheet names, nothing of it becomes active."""
    headers = ("=cmd|'/C calc'!A0", '</t><f>1</f>"&')
    frame = pl.DataFrame(
        {
            "row_number": pl.Series(range(2, 2 + len(NAUGHTY)), dtype=pl.UInt32),
            **dict.fromkeys(headers, NAUGHTY),
        }
    )
    rejects = [
        Reject(number, "email-missing-at", headers[number % 2], "email", NAUGHTY[number - 2])
        for number in frame["row_number"]
    ]
    table = Table(
        headers=headers,
        batches=lambda: [Batch(frame)],
        path="=x'[].csv",
        rows=frame.height,
        choices={headers[0]: NAUGHTY[1:5]},
    )

    write_workbook(tmp_path / "rejects.xlsx", table, lambda: rejects)

    with zipfile.ZipFile(tmp_path / "rejects.xlsx") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<f>" not in everything
    assert b"TargetMode" not in everything
    assert everything.count(b"<hyperlink ") == len(rejects)
    with open_source(tmp_path / "rejects.xlsx") as source:
        assert source.headers == headers
        cells = [cell for batch in source.batches() for cell in batch.rows[headers[0]]]
    assert cells == [text for text in NAUGHTY if text]


def test_a_source_of_text_becomes_the_same_from_its_cells(tmp_path: Path) -> None:
    """Rows that could not be cut stand among the others; each keeps its number in the source."""
    frame = pl.DataFrame(
        {
            "row_number": pl.Series([4, 6], dtype=pl.UInt32),
            **{name: [f"{name} 4", None] for name in HEADERS},
        }
    )
    broken = Malformed(5, "a,b,c,d,e", ("a", "b", "c", "d", "e"), (Reject(5, "duplicate-in-file"),))
    rejects = [*broken.rejects, Reject(6, "email-missing-at", "E-mail", "email", "x")]
    table = Table(headers=HEADERS, batches=lambda: [Batch(frame, (broken,))], path="c.csv", rows=3)

    write_workbook(tmp_path / "rejects.xlsx", table, lambda: rejects, "de")

    sheet, problems = openpyxl.load_workbook(tmp_path / "rejects.xlsx").worksheets
    rows = list(sheet.iter_rows(values_only=True))
    assert rows == [
        (*HEADERS, "bulkload_row"),
        ("Name 4", "E-mail 4", "Phone 4", "Level 4", 4),
        ("a,b,c,d,e", None, None, None, 5),
        (None, None, None, None, 6),
    ]
    assert fills(sheet) == {"A3", "B4"}
    assert sheet["B4"].number_format == "@"
    assert problems.title == "Probleme"
    assert [cell.value for cell in problems["B"][3:]] == [5, 6]


@pytest.mark.parametrize("kept", [False, True], ids=["read-again", "kept"])
def test_a_large_source_of_text_is_cut_to_its_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Beyond the limit only rejected rows are written, and the user is told."""
    monkeypatch.setattr(table_module, "MAX_WHOLE_ROWS", 2)
    frame = pl.DataFrame(
        {"row_number": pl.Series(range(2, 6), dtype=pl.UInt32), "Name": ["a", "b", "c", "d"]}
    )
    rejects = [Reject(4, "duplicate-in-file", "Name", status=Status.DUPLICATE)]
    batches: Sequence[table_module.Rows] = [Batch(frame.head(1)), Batch(frame.tail(3))]
    if kept:
        rejected = RejectedRows(1)
        rejected.add(batches[0], [])
        rejected.add(batches[1], [4])
        batches = rejected.batches(4) or ()
        assert [len(batch.rows) for batch in batches] == [1]
    table = Table(headers=["Name"], batches=lambda: batches, path="c.csv", rows=4)

    notes = write_workbook(tmp_path / "rejects.xlsx", table, lambda: rejects)

    sheet = openpyxl.load_workbook(tmp_path / "rejects.xlsx").worksheets[0]
    assert list(sheet.iter_rows(values_only=True)) == [("Name", "bulkload_row"), ("c", 4)]
    assert notes == ["rejects.xlsx holds the 1 rejected rows alone, out of 4"]


def test_a_full_disk_names_the_workbook(tmp_path: Path) -> None:
    """Also where the cells themselves do not fit, before the file has its name."""
    names = [f"Name {number}" * 100 for number in range(2, 502)]
    numbers = pl.Series(range(2, 502), dtype=pl.UInt32)
    frame = pl.DataFrame({"row_number": numbers, "Name": names})
    rejects = [Reject(4, "duplicate-in-file", "Name", status=Status.DUPLICATE)]
    table = Table(headers=["Name"], batches=lambda: [Batch(frame)], path="c.csv", rows=500)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(
            BulkloadError, match=r"rejects\.xlsx` cannot be written: file too large"
        ):
            write_workbook(tmp_path / "rejects.xlsx", table, lambda: rejects)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(tmp_path.iterdir()) == []


def test_rejected_rows_are_kept_up_to_a_number() -> None:
    """Too many of them, a small source or rejects that came later: the source is read again."""
    frame = pl.DataFrame({"row_number": pl.Series([2, 3], dtype=pl.UInt32), "Name": ["a", "b"]})
    rejected, full, late = RejectedRows(1), RejectedRows(1), RejectedRows(1)
    for rows, numbers in ((rejected, [2]), (full, [2, 3]), (late, [2])):
        rows.add(Batch(frame), numbers)
    late.forget()

    assert rejected.batches(table_module.MAX_WHOLE_ROWS) is None
    assert rejected.batches(table_module.MAX_WHOLE_ROWS + 1) is not None
    assert full.batches(table_module.MAX_WHOLE_ROWS + 1) is None
    assert late.batches(table_module.MAX_WHOLE_ROWS + 1) is None


def test_a_workbook_of_another_kind_is_made_from_its_cells(tmp_path: Path) -> None:
    """What cannot be amended in place still gives a workbook to mend, and the user is told."""
    source = tmp_path / "customers.xlsx"
    users_workbook(source)
    macros = tmp_path / "macros.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(macros, "w") as new:
        for name in old.namelist():
            kind = b"spreadsheetml.sheet.main+xml"
            new.writestr(name, old.read(name).replace(kind, b"macroEnabled.main+xml"))
    frame = pl.DataFrame({"row_number": pl.Series([2], dtype=pl.UInt32), "Name": ["a"]})
    table = Table(
        headers=["Name"],
        batches=lambda: [Batch(frame)],
        name="macros.xlsx",
        path=str(macros),
        format="xlsx",
    )

    notes = write_workbook(
        tmp_path / "rejects.xlsx", table, lambda: [Reject(2, "email-missing-at", "Name")]
    )

    assert "without its formats" in notes[0]
    assert fills(openpyxl.load_workbook(tmp_path / "rejects.xlsx").worksheets[0]) == {"A2"}


def test_tags_with_a_prefix_are_marked_too(tmp_path: Path) -> None:
    """Some programs write every tag of a workbook with a prefix."""
    source = tmp_path / "customers.xlsx"
    users_workbook(tmp_path / "usual.xlsx")
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(tmp_path / "usual.xlsx") as old, zipfile.ZipFile(source, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.startswith("xl/") and name.endswith(".xml") and space.encode() in text:
                text = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", text)
                text = text.replace(f'xmlns="{space}"'.encode(), f'xmlns:x="{space}"'.encode())
            new.writestr(name, text)

    _, book = marked(tmp_path)

    assert fills(book[SHEET]) == {"B3", "C3", "A5", "B5", "D7"}
    assert [cell.value for cell in book[SHEET]["E"][:11]] == ["bulkload_row", *range(2, 12)]
    assert book.sheetnames == [SHEET, "Sums", "Problems"]


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.lists(
            st.none() | st.sampled_from(NAUGHTY[1:]) | st.text(NICE, max_size=8),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=8,
    ),
    st.sets(st.tuples(st.integers(2, 9), st.sampled_from(["a", "b", "c", "gone"])), max_size=9),
)
def test_marking_changes_no_value(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str | None]],
    places: set[tuple[int, str]],
) -> None:
    """Whatever the cells hold and wherever the problems are, every cell reads as before."""
    folder = tmp_path_factory.mktemp("run")
    rows = [*rows, ["end", "end", "end"]]
    with ExportWriter(folder / "customers.xlsx") as writer:
        writer.write(pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row"))
    rejects = [
        Reject(row, "email-missing-at", column, "email", "x") for row, column in sorted(places)
    ]
    table = Table(
        headers=["a", "b", "c"],
        batches=tuple,
        path=str(folder / "customers.xlsx"),
        format="xlsx",
    )

    assert write_workbook(folder / "rejects.xlsx", table, lambda: rejects) == []

    with (
        open_source(folder / "customers.xlsx") as before,
        open_source(folder / "rejects.xlsx") as after,
    ):
        pairs = zip(before.batches(), after.batches(), strict=True)
        assert all(one.rows.equals(other.rows) for one, other in pairs)


@pytest.mark.skipif(office.SOFFICE is None, reason="LibreOffice is not installed")
def test_corrected_in_libreoffice_it_is_a_source_again(tmp_path: Path) -> None:
    """Corrected, sorted, with rows deleted and saved, every row still knows its number."""
    path, _ = marked(tmp_path, choices={"Level": ["gold", "silver"]})
    steps = [
        office.write("B3", "ada@example.com"),
        office.write("C3", "+49 171 1234567"),
        office.write("D7", "007"),
        office.delete_row(5),
        *office.sort("A1:E10", 1),
    ]

    office.Desk(tmp_path).edit(path, tmp_path / "saved.xlsx", SHEET, steps)

    book = openpyxl.load_workbook(tmp_path / "saved.xlsx")
    written = book[SHEET].iter_rows(min_row=2, max_row=11, values_only=True)
    rows = {row[4]: row[:4] for row in written if any(row)}
    assert set(rows) == {2, 3, 4, 6, 7, 8, 9, 10, 11}
    assert rows[3] == ("Name 3", "ada@example.com", "+49 171 1234567", "gold")
    assert rows[7] == ("Name 7", "a7@example.com", "0171/7", "007")
    assert book[SHEET]["A2"].value == "Name 3"
    assert book[SHEET].column_dimensions["E"].hidden
    with open_source(tmp_path / "saved.xlsx") as source:
        assert source.headers == HEADERS
        assert source.own_columns == ("bulkload_row",)
    (tmp_path / "saved.xlsx").replace(tmp_path / "customers.xlsx")
    _, again = marked(tmp_path, [Reject(4, "email-missing-at", "E-mail", "email", "x")])
    assert fills(again[SHEET]) == {"B4"}
    assert again.sheetnames == [SHEET, "Sums", "Problems"]
    comments = [c.coordinate for r in again[SHEET].iter_rows(max_row=11) for c in r if c.comment]
    assert len(comments) == 3
