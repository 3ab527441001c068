"""Which reader a path gets, and what is said when it cannot be read at all."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from bulkload.cells import unguarded
from bulkload.errors import BadInputError
from bulkload.sources.reading import FileSource, own_columns
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
        from bulkload.sources.workbook import open_workbook

        return open_workbook(content, options)
    table = open_text(content, options)
    headers = table.layout.headers
    own = own_columns(headers)
    return FileSource(
        name="standard input" if str(path) == "-" else place.name,
        path=str(path),
        format="csv",
        size_bytes=content.size_bytes,
        headers=tuple(
            unguarded(header) if own else header for header in headers if header not in own
        ),
        own_columns=own,
        description={"dialect": table.layout.description(), "compression": content.compression},
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
