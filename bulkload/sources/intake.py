"""Which reader a path gets, and what is said when it cannot be read at all."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import IO

from bulkload.cells import unguarded
from bulkload.errors import BadInputError
from bulkload.sources.columnar import open_lines, open_parquet
from bulkload.sources.reading import FileSource, Table, own_columns
from bulkload.sources.several import join_sources
from bulkload.sources.source import Source, SourceOptions
from bulkload.sources.stream import FileBytes
from bulkload.sources.text import open_text

DEFAULT_OPTIONS = SourceOptions()
_PARQUET = b"PAR1"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT = {"csv", "tsv", "txt", "tab", "psv", "dat", "text", ""}
_WORKBOOK = {"xlsx", "xlsm", "xlsb", "xls", "ods", "xltx", "xltm"}
_LINES = {"ndjson", "jsonl"}
_FOREIGN = {"pdf", "doc", "docx", "ppt", "pptx", "json", "xml", "html", "htm", "png", "jpg", "jpeg"}
_FOREIGN |= {
    "gif",
    "numbers",
    "pages",
    "sqlite",
    "db",
    "py",
    "yaml",
    "yml",
    "zip",
    "rar",
    "7z",
    "tar",
}


def open_source(
    path: str | Path,
    options: SourceOptions = DEFAULT_OPTIONS,
    *,
    standard_input: IO[bytes] | None = None,
) -> Source:
    """Open a file for reading; `-` is standard input, `exports/*.csv` all files that match.

    Raises:
        BadInputError: There is no such file, it is not what its name says, or it has no rows.
    """
    place = Path(path)
    if str(path) != "-":
        several = _matching(place)
        if several:
            return _of_several(str(path), several, options)
        _must_be_a_file(place)
    content = FileBytes(path, standard_input=standard_input)
    if not content.size_bytes:
        raise BadInputError(f"`{path}` is empty", fix="export it again; there is nothing in it")
    kind = options.format or _kind(place, content.head)
    if kind == "parquet":
        return _of_parquet(content, options)
    if kind == "ndjson":
        lines = open_lines(content, options)
        return _source(content, lines, options, lines.headers, format=kind, description={})
    if kind in _WORKBOOK:
        return _of_workbook(content, options)
    return _of_text(content, options)


def _matching(place: Path) -> list[Path]:
    """Return the files that a pattern names; nothing if it is no pattern, or a file's own name."""
    if not any(mark in str(place) for mark in "*?[") or place.exists():
        return []
    found = sorted(Path(name) for name in glob.glob(str(place), recursive=True))  # noqa: PTH207 - as shells do
    found = [one for one in found if one.is_file()]
    if not found:
        raise BadInputError(f"no file matches `{place}`", fix="check the pattern and the folder")
    return found


def _of_several(pattern: str, places: list[Path], options: SourceOptions) -> Source:
    sources: list[Source] = []
    try:
        for place in places:
            sources.append(open_source(place, options))  # noqa: PERF401 - closed below on error
        return join_sources(pattern, sources)
    except BadInputError:
        for source in sources:
            source.close()
        raise


def _of_parquet(content: FileBytes, options: SourceOptions) -> FileSource:
    if content.spooled is not None or content.compression:
        raise BadInputError(
            f"`{content.shown}` must be a plain Parquet file on disk",
            fix="write it to a file without .gz or .zst; Parquet is compressed already",
        )
    table = open_parquet(content, content.shown, options)
    return _source(content, table, options, table.headers, format="parquet", description={})


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
    names = tuple(header for header in headers if header not in own)
    if own and format == "csv":
        # Headers have their guard as cells do; a workbook has none at all.
        bare = tuple(map(unguarded, names))
        names = bare if len(set(bare)) == len(bare) else names
    return FileSource(
        name="standard input" if content.shown == "-" else Path(content.shown).name,
        path=content.shown,
        format=format,
        size_bytes=content.size_bytes,
        is_one_file=content.spooled is None,
        headers=names,
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
    if head.startswith(_PARQUET):
        return "parquet"
    if suffix in _LINES:
        return "ndjson"
    if suffix == "parquet":
        raise BadInputError(
            f"`{place}` is not a Parquet file, although it is called .parquet",
            fix="write it again, or give it the name of what it is",
        )
    if suffix in _FOREIGN:
        raise BadInputError(
            f"`{place}` is a .{suffix} file, not a spreadsheet",
            fix="save the table as .xlsx or .csv and load that",
        )
    if (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:9]
        .lower()
        .startswith((b"<html", b"<!doctype", b"<table"))
    ):
        raise BadInputError(
            f"`{place}` is a web page, not a spreadsheet",
            fix="open it in a spreadsheet program and save it as .xlsx or .csv",
        )
    if head.startswith((_ZIP, _OLE)):
        if suffix in _TEXT - {""}:
            raise BadInputError(
                f"`{place}` is not text, although it is called .{suffix}: it is a workbook",
                fix="name it .xlsx or .xls, as it was saved",
            )
        return "xlsx"
    if suffix in _WORKBOOK:
        raise BadInputError(
            f"`{place}` is not a workbook, although it is called .{suffix}",
            fix="open it in a spreadsheet and save it as .xlsx, or name it .csv if it is text",
        )
    return "text"
