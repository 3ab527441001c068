"""Workbooks in .xlsb, record by record: no program that runs here writes them.

The records are those of [MS-XLSB], 2.1.4; LibreOffice, which reads the format, is asked in the
tests whether it sees in them what they are meant to hold.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.sources.workbooks import LINKS, PACKAGE

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/>'
    '<Override PartName="/xl/worksheets/sheet2.bin" ContentType="application/vnd.ms-excel.worksheet"/>'
    '<Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/>'
    '<Override PartName="/xl/sharedStrings.bin" ContentType="application/vnd.ms-excel.sharedStrings"/>'
    "</Types>"
)
ERRORS = {"#N/A": 0x2A, "#DIV/0!": 0x07, "#REF!": 0x17}
Cell = str | float | bool | None


def record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    length = b""
    while True:
        size, part = size >> 7, size & 0x7F
        length += bytes([part | (0x80 if size else 0)])
        if not size:
            return head + length + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_binary_workbook(
    path: Path,
    table: Sequence[Any],
    *,
    formats: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    hidden_columns: Sequence[int] = (),
    merged: Sequence[tuple[int, int, int, int]] = (),
    from_1904: bool = False,
    formulas: bool = False,
    parts: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a sheet, and a hidden second one like it.

    Args:
        path: The file.
        table: Rows of cells; `(7, 1)` has the first of the formats. A text that names an error is one.
        formats: Number formats.
        hidden_rows: From 1.
        hidden_columns: From 1.
        merged: First and last row, first and last column, from 1.
        from_1904: Count days from 1904.
        formulas: Write every number and text as what a formula gave.
        parts: Other content for some parts.
    """
    shared: list[str] = []
    data = b"".join(
        _row(number, cells, number in hidden_rows, shared, formulas=formulas)
        for number, cells in enumerate(table)
    )
    columns = b"".join(
        record(60, struct.pack("<IIIIH", one - 1, one - 1, 2_000, 0, 1)) for one in hidden_columns
    )
    areas = b"".join(record(176, struct.pack("<IIII", *(n - 1 for n in one))) for one in merged)
    sheet = (
        record(129)
        + record(148, struct.pack("<IIII", 0, len(table), 0, 100))
        + (record(390) + columns + record(391) if columns else b"")
        + record(145)
        + data
        + record(146)
        + (record(177, struct.pack("<I", len(merged))) + areas + record(178) if areas else b"")
        + record(130)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{LINKS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(
            [
                ("worksheet", "worksheets/sheet1.bin"),
                ("worksheet", "worksheets/sheet2.bin"),
                ("styles", "styles.bin"),
                ("sharedStrings", "sharedStrings.bin"),
            ],
            start=1,
        )
    )
    relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
    contents: dict[str, bytes] = {
        "[Content_Types].xml": TYPES.encode(),
        "_rels/.rels": PACKAGE.replace("workbook.xml", "workbook.bin").encode(),
        "xl/_rels/workbook.bin.rels": (
            f'<?xml version="1.0"?><Relationships xmlns="{relationships}">{links}</Relationships>'
        ).encode(),
        "xl/workbook.bin": _book(from_1904=from_1904),
        "xl/worksheets/sheet1.bin": sheet,
        "xl/worksheets/sheet2.bin": sheet,
        "xl/styles.bin": _styles(formats),
        "xl/sharedStrings.bin": record(159, struct.pack("<II", len(shared), len(shared)))
        + b"".join(record(19, b"\0" + wide(text)) for text in shared)
        + record(160),
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def _book(*, from_1904: bool) -> bytes:
    sheets = [(0, 1, "rId1", "Kunden"), (1, 2, "rId2", "Alt")]
    return (
        record(131)
        + record(153, struct.pack("<II", int(from_1904), 0) + wide(""))
        + record(143)
        + b"".join(
            record(156, struct.pack("<II", state, number) + wide(link) + wide(name))
            for state, number, link, name in sheets
        )
        + record(144)
        + record(132)
    )


def _styles(formats: Sequence[str]) -> bytes:
    codes = b"".join(
        record(44, struct.pack("<H", 164 + n) + wide(code)) for n, code in enumerate(formats)
    )
    numbers = [0, *range(164, 164 + len(formats))]
    styles = b"".join(
        record(47, struct.pack("<HHHHHBBHBB", 0, number, 0, 0, 0, 0, 0, 0, 1, 0))
        for number in numbers
    )
    return (
        record(278)
        + record(615, struct.pack("<I", len(formats)))
        + codes
        + record(616)
        + record(617, struct.pack("<I", len(numbers)))
        + styles
        + record(618)
        + record(279)
    )


def _row(
    number: int,
    cells: Sequence[Any],
    hidden: bool,
    shared: list[str],
    *,
    formulas: bool,
) -> bytes:
    head = struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 if hidden else 0, 0, 0)
    found = record(0, head)
    for column, told in enumerate(cells):
        cell, style = told if isinstance(told, tuple) else (told, 0)
        if cell is not None:
            place = struct.pack("<II", column, style)
            found += _formula(cell, place) if formulas else _cell(cell, place, shared)
    return found


def _cell(cell: Cell, place: bytes, shared: list[str]) -> bytes:
    if isinstance(cell, bool):
        return record(4, place + bytes([cell]))
    if isinstance(cell, int) and abs(cell) < 1 << 28:
        return record(2, place + struct.pack("<i", cell << 2 | 2))
    if isinstance(cell, int | float):
        return record(5, place + struct.pack("<d", cell))
    if cell in ERRORS:
        return record(3, place + bytes([ERRORS[cell]]))
    shared.append(str(cell))
    return record(7, place + struct.pack("<I", len(shared) - 1))


def _formula(cell: Cell, place: bytes) -> bytes:
    # The formula itself is `1`.
    after = struct.pack("<HI", 0, 3) + b"\x1e\x01\x00" + struct.pack("<I", 0)
    if isinstance(cell, bool):
        return record(10, place + bytes([cell]) + after)
    if isinstance(cell, int | float):
        return record(9, place + struct.pack("<d", cell) + after)
    if cell in ERRORS:
        return record(11, place + bytes([ERRORS[cell]]) + after)
    return record(8, place + wide(str(cell)) + after)
