"""Workbooks made by hand, part by part: what no honest program would write, and what some do."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
PACKAGE = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def number_cell(place: str, number: str, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{number}</v></c>'


def rows(*lines: str, first: int = 1, attributes: dict[int, str] | None = None) -> str:
    return "".join(
        f'<row r="{n}" {(attributes or {}).get(n, "")}>{line}</row>'
        for n, line in enumerate(lines, start=first)
    )


def simple_rows(count: int = 3) -> str:
    head = text_cell("A1", "id") + text_cell("B1", "phone")
    body = [text_cell(f"A{n}", f"c{n}") + number_cell(f"B{n}", str(n)) for n in range(2, count + 2)]
    return rows(head, *body)


def write_workbook(
    path: Path,
    sheet_data: str,
    *,
    formats: tuple[str, ...] = (),
    after: str = "",
    before: str = "",
    book_attributes: str = "",
    sheets: tuple[tuple[str, str], ...] = (("Customers", ""),),
    extra: dict[str, str] | None = None,
    prologue: str = "",
) -> Path:
    """Write a workbook whose first sheet has the given rows; further sheets have the same."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" {state} r:id="rId{n}"/>'
        for n, (name, state) in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    codes = "".join(
        f'<numFmt numFmtId="{164 + n}" formatCode="{code}"/>' for n, code in enumerate(formats)
    )
    styles = '<xf numFmtId="0"/>' + "".join(
        f'<xf numFmtId="{164 + n}"/>' for n in range(len(formats))
    )
    sheet = (
        f'<?xml version="1.0"?>{prologue}<worksheet xmlns="{NAMESPACE}">{before}'
        f"<sheetData>{sheet_data}</sheetData>{after}</worksheet>"
    )
    relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": PACKAGE,
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{NAMESPACE}" xmlns:r="{LINKS}">'
        f"<workbookPr {book_attributes}/><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<?xml version="1.0"?><Relationships xmlns="{relationships}">'
        f'{links}<Relationship Id="rId90" Type="{LINKS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId91" Type="{LINKS}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<?xml version="1.0"?><styleSheet xmlns="{NAMESPACE}"><numFmts>{codes}'
        f"</numFmts><cellXfs>{styles}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f'<?xml version="1.0"?><sst xmlns="{NAMESPACE}"/>',
        **{f"xl/worksheets/sheet{n}.xml": sheet for n in range(1, len(sheets) + 1)},
        **(extra or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def sparse(path: Path) -> Path:
    return write_workbook(
        path, rows(text_cell("A1", "id")) + f'<row r="1048576">{text_cell("XFD1048576", "x")}</row>'
    )


def lying_count(path: Path) -> Path:
    strings = f'<sst xmlns="{NAMESPACE}" count="4294967295" uniqueCount="4294967295"><si><t>id</t></si></sst>'
    data = rows('<c r="A1" t="s"><v>0</v></c>', '<c r="A2" t="s"><v>0</v></c>')
    return write_workbook(path, data, extra={"xl/sharedStrings.xml": strings})


def zip_bomb(path: Path) -> Path:
    return write_workbook(path, simple_rows(), extra={"xl/media/image1.xml": "0" * (64 << 20)})


def laughs(path: Path) -> Path:
    lols = "".join(
        f'<!ENTITY l{n} "{("&l" + str(n - 1) + ";") * 10 if n else "lol"}">' for n in range(10)
    )
    return write_workbook(
        path,
        rows(text_cell("A1", "id"), text_cell("A2", "&l9;")),
        prologue=f"<!DOCTYPE w [{lols}]>",
    )


def quadratic(path: Path) -> Path:
    entity = f'<!DOCTYPE w [<!ENTITY a "{"a" * 50_000}">]>'
    return write_workbook(
        path, rows(text_cell("A1", "id"), text_cell("A2", "&a;" * 5_000)), prologue=entity
    )


def outside_entity(path: Path) -> Path:
    entity = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    return write_workbook(
        path, rows(text_cell("A1", "id"), text_cell("A2", "&x;")), prologue=entity
    )


def lying_dimension(path: Path) -> Path:
    return write_workbook(path, simple_rows(), before='<dimension ref="A1:XFD1048576"/>')


def truncated(path: Path) -> Path:
    write_workbook(path, simple_rows(2_000))
    path.write_bytes(path.read_bytes()[:-200])
    return path


def lying_directory(path: Path) -> Path:
    """Declare 100 bytes for a part that inflates to 32 MB."""
    big = "<row>" + " " * (32 << 20)
    write_workbook(path, simple_rows(), extra={"xl/worksheets/sheet1.xml": big})
    content = bytearray(path.read_bytes())
    name = b"xl/worksheets/sheet1.xml"
    central = content.rfind(name) - 46
    struct.pack_into("<I", content, central + 24, 100)
    path.write_bytes(bytes(content))
    return path


def many_parts(path: Path) -> Path:
    return write_workbook(path, simple_rows(), extra={f"xl/p{n}.xml": "<a/>" for n in range(1_200)})


def climbing_names(path: Path) -> Path:
    return write_workbook(path, simple_rows(), extra={"../../evil.xml": "<a/>"})


HOSTILE = {
    "sparse-corners": sparse,
    "lying-string-count": lying_count,
    "zip-bomb": zip_bomb,
    "billion-laughs": laughs,
    "quadratic-entity": quadratic,
    "outside-entity": outside_entity,
    "truncated": truncated,
    "lying-directory": lying_directory,
    "too-many-parts": many_parts,
    "climbing-names": climbing_names,
}


def open_document(path: Path, tables: str, styles: str = "") -> Path:
    """Write an OpenDocument workbook from the XML of its tables."""
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{spaces}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return path
