"""What a workbook's file is, looked at from outside before anything parses it.

Sizes are those of the archive's directory; the process that inflates is limited besides, so that a
directory that lies gains nothing.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

from bulkload.errors import BadInputError
from bulkload.sources.source import SourceOptions
from bulkload.sources.stream import FileBytes

MAX_PARTS = 1_000
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_RATIO_FROM_BYTES = 100_000
_HEAD_BYTES = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MANIFEST = "META-INF/manifest.xml"
_WHOLE_ENCRYPTED = "encrypted-package"
"""What an OpenDocument file is kept in if all of it is encrypted, names of its parts included."""
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, KeyError, ValueError),
)
"""What unpacking a damaged archive raises."""
_ASK_AGAIN = "save it again from a spreadsheet program"


@dataclass(frozen=True, slots=True)
class Archive:
    """A workbook that may be parsed."""

    format: str
    """`xlsx`, `xlsm`, `xlsb`, `ods` or `xls`."""


def inspect_archive(content: FileBytes, options: SourceOptions) -> Archive:
    """Tell the kind of a workbook from its content, and refuse what is no honest workbook.

    Raises:
        BadInputError: It is encrypted, cut off, something else, or unpacks to too much.
    """
    if content.head.startswith(_OLE):
        return _inspect_old(content)
    with content.raw() as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                return _inspect_zip(archive, content.shown, options)
        except UNREADABLE:
            raise BadInputError(
                f"`{content.shown}` is cut off or damaged: it cannot be unpacked",
                fix=f"copy or download the file again, or {_ASK_AGAIN}",
            ) from None


def _inspect_old(content: FileBytes) -> Archive:
    with content.raw() as raw:
        if _contains(raw, _ENCRYPTED):
            raise protected(content.shown)
    return Archive("xls")


def protected(shown: str) -> BadInputError:
    """Return the sentence for a workbook that needs a password."""
    return BadInputError(
        f"`{shown}` is protected with a password",
        fix="open it in the spreadsheet program and save a copy without a password",
    )


def _contains(raw: IO[bytes], wanted: bytes) -> bool:
    before = b""
    while piece := raw.read(1 << 20):
        if wanted in before + piece:
            return True
        before = piece[-len(wanted) :]
    return False


def _inspect_zip(archive: zipfile.ZipFile, shown: str, options: SourceOptions) -> Archive:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if len(parts) > MAX_PARTS:
        raise _refused(shown, f"it has {len(parts):,} parts; at most {MAX_PARTS:,} are read")
    if any(".." in name.split("/") or name.startswith("/") for name in names):
        raise _refused(shown, "its parts have names that lead out of the archive")
    if len(names) != len(parts):
        raise _refused(shown, "two of its parts have the same name")
    if any(part.flag_bits & 1 for part in parts):
        raise protected(shown)
    if any(part.compress_type not in _METHODS for part in parts):
        raise _refused(shown, "it is packed in a way that no spreadsheet program uses")
    total = sum(part.file_size for part in parts)
    if total > options.max_workbook_bytes:
        limit = options.max_workbook_bytes >> 20
        raise _refused(shown, f"it unpacks to {total >> 20:,} MB; at most {limit:,} MB are read")
    for part in parts:
        packed = max(1, part.compress_size)
        if part.file_size > _RATIO_FROM_BYTES and (
            part.file_size > packed * options.max_workbook_ratio
        ):
            times = part.file_size // packed
            raise _refused(shown, f"its part {part.filename} unpacks to {times:,} times its size")
    kind = _format(archive, {name.replace("\\", "/") for name in names}, shown)
    _refuse_entities(archive, shown)
    return Archive(kind)


def _refuse_entities(archive: zipfile.ZipFile, shown: str) -> None:
    for part in archive.infolist():
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as opened:
                head = opened.read(_HEAD_BYTES)
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise _refused(shown, f"its part {part.filename} defines XML entities")


def _format(archive: zipfile.ZipFile, names: set[str], shown: str) -> str:
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "mimetype" in names and names & {"content.xml", _WHOLE_ENCRYPTED}:
        kind = archive.read("mimetype")[:100]
        if _WHOLE_ENCRYPTED in names or _is_encrypted(archive, names):
            raise protected(shown)
        if b"spreadsheet" in kind:
            return "ods"
        raise _other(shown, "a text document")
    if "word/document.xml" in names:
        raise _other(shown, "a Word document")
    if "ppt/presentation.xml" in names:
        raise _other(shown, "a presentation")
    if not any(name.startswith("xl/") for name in names):
        raise _other(shown, "an archive of other files")
    return "xlsm" if "xl/vbaProject.bin" in names else "xlsx"


def _is_encrypted(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if _MANIFEST not in names:
        return False
    with archive.open(_MANIFEST) as opened:
        return b":encryption-data" in opened.read(1 << 20)


def _other(shown: str, what: str) -> BadInputError:
    return BadInputError(
        f"`{shown}` is {what}, not a workbook", fix="save the table as .xlsx or .csv"
    )


def _refused(shown: str, why: str) -> BadInputError:
    return BadInputError(
        f"`{shown}` was refused: {why}",
        fix=f"{_ASK_AGAIN}; if you trust the file, raise the limits",
    )
