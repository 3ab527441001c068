"""Which reader a path gets, and what is said when it cannot be read at all."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from bulkload.errors import BadInputError
from bulkload.sources.reading import FileSource, Table, own_columns
from bulkload.sources.source import Source, SourceOptions
from bulkload.sources.stream import FileBytes
from bulkload.sources.text import open_text

DEFAULT_OPTIONS = SourceOptions()
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT = {"csv", "tsv", "txt", "tab", "psv", "dat", "text", ""}
_WORKBOOK = {"xlsx", "xlsm", "xlsb", "xls", "ods", "xltx", "xltm"}
_LINES = {"ndjson", "jsonl"}


def open_source(
    path: str | Path,
    options: SourceOptions = DEFAULT_OPTIONS,
    *,
    standard_input: IO[bytes] | None = None,
) -> Source:
    """Open a file for reading; `-` is standard input.

    Raises:
        BadInputError: There is no such file, it is not what its name says, or it has no rows.
    """
    place = Path(path)
    if str(path) != "-":
        _must_be_a_file(place)
    content = FileBytes(path, standard_input=standard_input)
    if not content.size_bytes:
        raise BadInputError(f"`{path}` is empty", fix="export it again; there is nothing in it")
    kind = options.format or _kind(place, content.head)
    if kind == "workbook":
        return _of_workbook(content, options)
    return _of_text(content, options)


def _of_text(content: FileBytes, options: SourceOptions) -> FileSource:
    table = open_text(content, options)
    dialect = table.layout.description()
    description: dict[str, object] = {"dialect": dialect, "compression": content.compression}
    headers = table.layout.headers
    return _source(content, table, options, headers, format="csv", description=description)


def _of_workbook(content: FileBytes, options: SourceOptions) -> FileSource:
    from bulkload.sources.workbook import open_workbook

    book = open_workbook(content, options)
    source = _source(
        content,
        book.table,
        options,
        book.table.headers,
        format=book.archive.format,
        description=book.description(),
    )
    source.sheet = book.sheet
    return source


def _source(
    content: FileBytes,
    table: Table,
    options: SourceOptions,
    headers: tuple[str, ...],
    *,
    format: str,  # noqa: A002 - it is called so in `Source`
    description: dict[str, object],
) -> FileSource:
    own = own_columns(headers)
    return FileSource(
        name="standard input" if content.shown == "-" else Path(content.shown).name,
        path=content.shown,
        format=format,
        size_bytes=content.size_bytes,
        headers=tuple(header for header in headers if header not in own),
        own_columns=own,
        description=description,
        content=content,
        table=table,
        options=options,
    )


def _must_be_a_file(place: Path) -> None:
    try:
        if place.is_dir():
            raise BadInputError(
                f"`{place}` is a folder, not a file", fix="name one spreadsheet in it"
            )
        if not place.exists():
            raise BadInputError(
                f"there is no file `{place}`", fix="check the spelling and the folder"
            )
        with place.open("rb"):
            pass
    except OSError as error:
        raise BadInputError(
            f"`{place}` cannot be opened: {error.strerror}", fix="check who may read it"
        ) from None


def _suffix(place: Path) -> str:
    suffixes = [suffix.lower().removeprefix(".") for suffix in place.suffixes]
    if suffixes and suffixes[-1] in {"gz", "zst", "zstd"}:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _kind(place: Path, head: bytes) -> str:
    suffix = _suffix(place)
    if head.startswith((_ZIP, _OLE)):
        if suffix in _TEXT - {""}:
            raise BadInputError(
                f"`{place}` is not text, although it is called .{suffix}: it is a workbook",
                fix="name it .xlsx or .xls, as it was saved",
            )
        return "workbook"
    if suffix in _WORKBOOK:
        raise BadInputError(
            f"`{place}` is not a workbook, although it is called .{suffix}",
            fix="open it in a spreadsheet and save it as .xlsx, or name it .csv if it is text",
        )
    return "text"
