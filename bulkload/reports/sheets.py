"""Workbooks written from frames: plain strings, streamed, some ten times as fast as cell by cell.

    xl/worksheets/sheet1.xml     one Polars expression makes the XML of all rows of a frame

Every text becomes an inline string in a cell formatted as text, so nothing in it is ever a formula, a
link or a number, and what a person types over it keeps its zeros. A text that a workbook cannot hold
(over 32,767 characters or 253 line ends) is an error that names the cell, never a shorter text.
Characters that XML cannot hold are written as `_x000D_`, as Excel does, and read back by every reader
that follows it.

Source: ECMA-376 part 1, 18.3 (sheets), 22.9.2.19 (ST_Xstring); "Excel specifications and limits",
support.microsoft.com.
"""

from __future__ import annotations

import contextlib
import re
import zipfile
from collections.abc import Sequence
from types import TracebackType
from typing import IO, BinaryIO, Self

import polars as pl

from bulkload.errors import BulkloadError

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CHARACTERS = 32_767
MAX_LINE_ENDS = 253
_MAX_SHEET_NAME = 31
_WIDTHS = (8, 60)
_SAMPLE_ROWS = 1000

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_UNPRINTABLE = [chr(c) for c in (*range(9), 11, 12, 13, *range(14, 32), 0xFFFE, 0xFFFF)]
# A text may hold `_x000D_` itself; escaping every `_x` keeps it apart from an escape.
_ESCAPES = {
    "_x": "_x005F_x",
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    **{character: f"_x{ord(character):04X}_" for character in _UNPRINTABLE},
}
_escaped_characters = re.compile(f"_x|[&<>{''.join(map(re.escape, _UNPRINTABLE))}]")


def escaped(text: str) -> str:
    """Return a text as it stands between XML tags of a workbook."""
    return _escaped_characters.sub(lambda found: _ESCAPES[found[0]], text)


def attribute(text: str) -> str:
    """Return a text as it stands in an XML attribute."""
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def letters(column: int) -> str:
    """Return the letters of a column, counted from 1."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_number(name: str) -> int:
    """Return the number of a column, counted from 1, by its letters."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number


def sheet_name(text: str) -> str:
    """Return a text as a name that every spreadsheet accepts for a sheet."""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", text).strip().strip("'")[:_MAX_SHEET_NAME].strip()
    return name or "Sheet"


class PlainWorkbook:
    """Streams frames into sheets of an .xlsx file; memory is that of one frame.

    workbook = PlainWorkbook(file)
    with workbook.sheet("customers", columns, sample) as sheet: sheet.write(frame)
    workbook.close()
    """

    def __init__(self, file: BinaryIO, *, compressed: bool = True) -> None:
        kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        self._zip = zipfile.ZipFile(file, "w", kind, compresslevel=1 if compressed else None)
        self._part: IO[bytes] | None = None
        self._names: list[str] = []
        self._ranges: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        # The file is given up; what cannot be ended on a full disk need not be.
        with contextlib.suppress(Exception):
            if self._part is not None:
                self._part.close()
            self._zip.close()

    def sheet(self, name: str, columns: Sequence[str], sample: pl.DataFrame) -> PlainSheet:
        """Begin a sheet; the one before must be closed.

        Args:
            name: Cut to what Excel accepts.
            columns: Headers.
            sample: Some rows, by which the widths are set.

        Raises:
            BulkloadError: More columns than a sheet has.
        """
        if len(columns) > MAX_COLUMNS:
            raise too_many_columns(len(columns))
        taken = {used.casefold() for used in self._names}
        self._names.append(unused_name(sheet_name(name), taken))
        path = f"xl/worksheets/sheet{len(self._names)}.xml"
        self._part = self._zip.open(path, "w", force_zip64=True)
        return PlainSheet(self._part, columns, sample, self._ranges)

    def close(self) -> None:
        """Write what names the sheets, and end the archive."""
        numbers = range(1, len(self._names) + 1)
        for path, text in {
            "[Content_Types].xml": _content_types(numbers),
            "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
            "xl/workbook.xml": self._workbook(),
            "xl/_rels/workbook.xml.rels": _relations(
                [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
                + [("styles", "styles.xml")]
            ),
            "xl/styles.xml": _STYLES,
        }.items():
            self._zip.writestr(path, _DECLARATION + text)
        self._zip.close()

    def _workbook(self) -> str:
        sheets = "".join(
            f'<sheet name="{attribute(name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in enumerate(self._names, start=1)
        )
        filters = "".join(
            f'<definedName name="_xlnm._FilterDatabase" localSheetId="{n}" hidden="1">'
            f"{escaped(place(name, ref))}</definedName>"
            for n, (name, ref) in enumerate(zip(self._names, self._ranges, strict=True))
        )
        return (
            f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets>'
            f"<definedNames>{filters}</definedNames></workbook>"
        )


class PlainSheet:
    """One sheet being written: a frozen header row, then the rows of the frames."""

    def __init__(
        self, part: IO[bytes], columns: Sequence[str], sample: pl.DataFrame, ranges: list[str]
    ) -> None:
        self.last_row = 1
        self._part = part
        self._columns = tuple(columns)
        self._ranges = ranges
        widths = "".join(
            f'<col min="{n}" max="{n}" width="{width}" style="1" customWidth="1"/>'
            for n, width in enumerate(column_widths(columns, sample), start=1)
        )
        header = "".join(
            f'<c r="{letters(n)}1" s="2" t="inlineStr"><is><t xml:space="preserve">'
            f"{escaped(name)}</t></is></c>"
            for n, name in enumerate(columns, start=1)
        )
        self._write(
            f'{_DECLARATION}<worksheet xmlns="{NAMESPACE}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
            f"</sheetView></sheetViews>{f'<cols>{widths}</cols>' if widths else ''}"
            f'<sheetData><row r="1">{header}</row>'
        )

    @property
    def room(self) -> int:
        """Rows that still fit."""
        return MAX_ROWS - self.last_row

    def write(self, rows: pl.DataFrame) -> None:
        """Append rows: the sheet's columns in order; Strings, integers as numbers, null as nothing.

        Raises:
            BulkloadError: A text that no workbook can hold, with its cell.
        """
        refuse_too_long(rows.select(self._columns), self.last_row + 1)
        numbered = rows.select(self._columns).with_row_index("\0row", offset=self.last_row + 1)
        numbered = numbered.with_columns(pl.col("\0row").cast(pl.String))
        cells = [
            _cell(name, rows.schema[name], letters(n))
            for n, name in enumerate(self._columns, start=1)
        ]
        row = pl.concat_str(
            pl.lit('<row r="'), pl.col("\0row"), pl.lit('">'), *cells, pl.lit("</row>")
        )
        self._write("".join(numbered.select(row).to_series().to_list()))
        self.last_row += rows.height

    def close(self) -> None:
        """End the sheet."""
        ref = f"A1:{letters(max(len(self._columns), 1))}{self.last_row}"
        self._ranges.append(ref)
        self._write(f'</sheetData><autoFilter ref="{ref}"/></worksheet>')
        self._part.close()

    def _write(self, text: str) -> None:
        self._part.write(text.encode())


def place(sheet: str, ref: str) -> str:
    """Return `'Sheet name'!$A$1:$C$9` for a range or a cell of a sheet."""
    fixed = re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", ref)
    return f"'{sheet.replace(chr(39), chr(39) * 2)}'!{fixed}"


def unused_name(name: str, taken: set[str]) -> str:
    """Return `name`, with a number if a sheet is called so already, whatever its case."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        end = f" {number}"
        candidate = name[: _MAX_SHEET_NAME - len(end)] + end
    return candidate


def _cell(name: str, kind: pl.DataType, column: str) -> pl.Expr:
    value = pl.col(name)
    start, row = f'<c r="{column}', pl.col("\0row")
    if kind.is_integer():
        end = [pl.lit('"><v>'), value.cast(pl.String), pl.lit("</v></c>")]
    else:
        text = value.cast(pl.String).str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
        end = [
            pl.lit('" s="1" t="inlineStr"><is><t xml:space="preserve">'),
            text,
            pl.lit("</t></is></c>"),
        ]
    cell = pl.concat_str(pl.lit(start), row, *end)
    return pl.when(value.is_null()).then(pl.lit("")).otherwise(cell)


def too_many_columns(number: int) -> BulkloadError:
    """Return the error for a table that is wider than a sheet."""
    return BulkloadError(
        f"{number:,} columns do not fit into a sheet, which has {MAX_COLUMNS:,}",
        fix="write a .csv or .parquet file instead",
    )


def refuse_too_long(rows: pl.DataFrame, first_row: int) -> None:
    """Refuse a text that no workbook can hold, naming its cell; `first_row` counts from 1."""
    strings = pl.selectors.string()
    suspects = rows.select(
        (
            (strings.str.len_bytes() > MAX_CHARACTERS)
            | (strings.str.count_matches("\n") > MAX_LINE_ENDS)
        ).any()
    )
    for name in (column for column in suspects.columns if suspects[column][0]):
        for offset, text in enumerate(rows[name]):
            if text is None:
                continue
            length = len(text.encode("utf-16-le")) // 2
            if length > MAX_CHARACTERS or text.count("\n") > MAX_LINE_ENDS:
                raise BulkloadError(
                    f"a cell of {length:,} characters and {text.count(chr(10)):,} line ends does not "
                    f"fit into a workbook, which holds {MAX_CHARACTERS:,} and {MAX_LINE_ENDS}",
                    where=f"row {first_row + offset}, column `{name}`",
                    fix="write a .csv or .parquet file instead",
                )


def column_widths(columns: Sequence[str], sample: pl.DataFrame) -> list[int]:
    """Return the width of each column in characters, by what stands in most of its cells."""
    least, most = _WIDTHS
    rows = sample.head(_SAMPLE_ROWS)
    widths = []
    for name in columns:
        longest = rows[name].cast(pl.String).str.len_chars().quantile(0.95) if rows.height else None
        widths.append(int(min(max(longest or 0, len(name) + 2, least) + 2, most)))
    return widths


def _content_types(numbers: range) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in numbers
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{sheets}</Types>'
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


# Three formats: the obligatory default, text, text in bold for the header row.
_STYLES = (
    f'<styleSheet xmlns="{NAMESPACE}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
