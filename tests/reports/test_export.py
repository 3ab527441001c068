"""Tables hold text as text, in every format and of any length."""

import csv
import io
import zipfile
from pathlib import Path

import fastexcel
import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.cells import unguarded
from bulkload.errors import BulkloadError
from bulkload.records import Customer, Result, Status
from bulkload.reports import ExportWriter, flat, sheets, write_results
from tests.reports.naughty import NAUGHTY

# XML has no place for these two, and they are no characters.
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"))
CELLS = st.none() | st.sampled_from(NAUGHTY) | TEXT


def csv_rows(path: Path) -> list[list[str]]:
    """The file as any reader cuts it."""
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def sheet_cells(path: Path) -> list[str | None]:
    """The first column of a workbook below its header, as text."""
    sheet = fastexcel.read_excel(path).load_sheet(
        0, dtypes="string", skip_whitespace_tail_rows=False
    )
    return sheet.to_polars()["text"].to_list()


@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_csv_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str | None]
) -> None:
    """Read, with the guard taken off where the file says so, every cell is what was written."""
    path = tmp_path_factory.mktemp("out") / "customers.csv"

    with ExportWriter(path) as writer:
        writer.write({"text": cell, "last": "x"} for cell in cells)

    header, *rows = csv_rows(path)
    marked = "bulkload_row" in header
    assert [unguarded(row[0]) if marked else row[0] for row in rows] == [c or "" for c in cells]
    assert not any(row[0].startswith(("=", "@", "-", "\t", "\r")) for row in rows)


@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_workbooks_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str | None]
) -> None:
    """Every text is the same after a workbook; an empty text is an empty cell."""
    path = tmp_path_factory.mktemp("out") / "customers.xlsx"

    with ExportWriter(path) as writer:
        writer.write(pl.DataFrame({"text": [*cells, "end"]}, schema={"text": pl.String}))

    assert [c or None for c in sheet_cells(path)] == [*(c or None for c in cells), "end"]


@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_parquet_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str | None]
) -> None:
    """Parquet keeps even the difference between an empty text and nothing."""
    path = tmp_path_factory.mktemp("out") / "customers.parquet"

    with ExportWriter(path) as writer:
        writer.write({"text": cell} for cell in cells)

    assert pl.read_parquet(path)["text"].to_list() == cells


def test_a_workbook_holds_no_formula_and_no_link(tmp_path: Path) -> None:
    """Whatever the cells, headers and the sheet's name say, nothing in the file is active."""
    path = tmp_path / "customers.xlsx"

    with ExportWriter(path, sheet="=cmd|' /C calc'!A0") as writer:
        writer.write(pl.DataFrame({"text": NAUGHTY, "=HYPERLINK(1)": NAUGHTY}))

    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<f>" not in everything
    assert b"<hyperlink" not in everything
    assert b'TargetMode="External"' not in everything
    workbook = openpyxl.load_workbook(path)
    assert {cell.data_type for row in workbook.active for cell in row} <= {"s", "n", "inlineStr"}


def test_columns_met_late_are_columns_all_the_same(tmp_path: Path) -> None:
    """A field that only the last customer has is a column; earlier rows are empty there."""
    for ending in ("csv", "xlsx", "parquet"):
        with ExportWriter(tmp_path / f"c.{ending}", ["id"]) as writer:
            writer.write([{"name": "Ada", "id": "1"}])
            writer.write(pl.DataFrame({"id": ["2"], "late": ["x"]}))

    assert csv_rows(tmp_path / "c.csv") == [
        ["id", "name", "late"],
        ["1", "Ada", ""],
        ["2", "", "x"],
    ]
    assert pl.read_parquet(tmp_path / "c.parquet").columns == ["id", "name", "late"]
    rows = openpyxl.load_workbook(tmp_path / "c.xlsx").active.iter_rows(values_only=True)
    assert list(rows) == [("id", "name", "late"), ("1", "Ada", None), ("2", None, "x")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("x" * 32_768, "row 3, column `text`", id="characters"),
        pytest.param("🎉" * 16_384, "row 3, column `text`", id="characters-outside-the-plane"),
        pytest.param("\n" * 254, "row 3, column `text`", id="line-ends"),
    ],
)
def test_a_text_too_long_for_a_workbook_is_an_error(tmp_path: Path, text: str, place: str) -> None:
    """Nothing is cut: the cell is named and no file appears."""
    writer = ExportWriter(tmp_path / "c.xlsx")
    writer.write([{"text": "x"}, {"text": text}])

    with pytest.raises(BulkloadError, match="does not fit into a workbook") as caught:
        writer.close()

    assert caught.value.where == place
    assert list(tmp_path.iterdir()) == []


def test_the_longest_text_fits(tmp_path: Path) -> None:
    """What Excel can hold is written whole."""
    with ExportWriter(tmp_path / "c.xlsx") as writer:
        writer.write([{"text": "x" * 32_767}])

    assert sheet_cells(tmp_path / "c.xlsx") == ["x" * 32_767]


def test_rows_beyond_one_sheet_go_on_in_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook of more rows than a sheet holds has two sheets, each with the headers."""
    monkeypatch.setattr(sheets, "MAX_ROWS", 4)

    with ExportWriter(tmp_path / "c.xlsx") as writer:
        writer.write({"text": str(number)} for number in range(7))

    workbook = openpyxl.load_workbook(tmp_path / "c.xlsx")
    found = {s.title: [row[0] for row in s.iter_rows(values_only=True)] for s in workbook}
    assert found == {
        "customers": ["text", "0", "1", "2"],
        "customers 2": ["text", "3", "4", "5"],
        "customers 3": ["text", "6"],
    }
    assert all(sheet.freeze_panes == "A2" for sheet in workbook)


def test_an_export_of_nothing_has_its_headers(tmp_path: Path) -> None:
    """A program without customers gives a file with the columns."""
    for ending in ("csv", "xlsx", "parquet"):
        with ExportWriter(tmp_path / f"c.{ending}", ["id", "email"]):
            pass

    assert csv_rows(tmp_path / "c.csv") == [["id", "email"]]
    assert pl.read_parquet(tmp_path / "c.parquet").columns == ["id", "email"]
    assert openpyxl.load_workbook(tmp_path / "c.xlsx").active.dimensions == "A1:B1"


def test_an_unknown_ending_is_refused_at_once(tmp_path: Path) -> None:
    """The formats are named before anything is fetched."""
    with pytest.raises(BulkloadError, match=r"\.csv, \.xlsx or \.parquet"):
        ExportWriter(tmp_path / "customers.pdf")


def test_a_missing_folder_is_named_before_anybody_is_read(tmp_path: Path) -> None:
    """Reading all customers may take an hour."""
    with pytest.raises(BulkloadError, match="there is no such folder") as caught:
        ExportWriter(tmp_path / "gone" / "customers.xlsx")

    assert "create the folder" in caught.value.fix


def test_a_customer_becomes_one_row() -> None:
    """Nested fields become dotted columns; every value is its own text."""
    customer = Customer(
        "abc",
        {
            "id": "abc",
            "email": "a@example.com",
            "points": 7,
            "phone": None,
            "isActive": True,
            "customFields": {"birthday": "1990-01-02", "deep": {"x": 1.5}},
            "tags": ["a", "ü"],
            "empty": {},
        },
    )

    assert flat(customer) == {
        "id": "abc",
        "email": "a@example.com",
        "points": "7",
        "phone": None,
        "isActive": "true",
        "customFields.birthday": "1990-01-02",
        "customFields.deep.x": "1.5",
        "tags": '["a", "ü"]',
        "empty": "{}",
    }


def test_results_stand_in_source_order_with_their_extra_columns(tmp_path: Path) -> None:
    """One line a payload; what only one result knows is a column for all."""
    results = [
        Result(2, "ada@example.com", Status.CREATED, "id-1", 201, 1),
        Result(3, "=x", Status.FAILED, "", 422, 2, "taken", {"url": "u"}),
    ]

    for ending in ("csv", "parquet", "xlsx"):
        assert write_results(tmp_path / f"results.{ending}", results) == 2

    assert csv_rows(tmp_path / "results.csv") == [
        ["row_number", "key", "status", "remote_id", "http_status", "attempts", "message", "url"],
        ["2", "ada@example.com", "created", "id-1", "201", "1", "", ""],
        ["3", "'=x", "failed", "", "422", "2", "taken", "u"],
    ]
    assert pl.read_parquet(tmp_path / "results.parquet")["http_status"].to_list() == [201, 422]
    sheet = openpyxl.load_workbook(tmp_path / "results.xlsx").active
    assert [cell.value for cell in sheet[3]] == [3, "=x", "failed", None, 422, 2, "taken", "u"]
