"""Which characters the bytes of a text file stand for, and the text as UTF-8.

The ladder: byte order mark, strict UTF-8, UTF-16 by its zero bytes, then charset-normalizer, limited
to the code pages that Excel writes. What was found is always shown and `--encoding` overrules it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from bulkload.errors import BadInputError
from bulkload.sources.stream import Content, Readable

SAMPLE_BYTES = 1 << 18
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODE_PAGES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "cp1255", "cp1256"),
    *("mac_roman", "cp850", "cp852", "cp437", "cp932", "gb18030", "big5", "cp949"),
)
# What charset-normalizer answers for western and central European names, right or wrong.
_LATIN = {"cp1250", "cp1252", "cp1254"}
_TURKISH = frozenset(b"\xd0\xdd\xde\xf0\xfd\xfe")


_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\v\f\r\x1a\x1b"})
_MOST_CONTROLS = 0.05
"""Share of control characters that damaged text may have; data that is no text has twice as many."""
_FEW_CONTROLS = 8


def find_encoding(content: Content) -> str:
    """Return the codec's name in Python's spelling, `utf-8` for plain ASCII.

    A file that is ASCII for long is read on until the first other byte shows its encoding.

    Raises:
        BadInputError: It is no text.
    """
    with content.content() as opened:
        sample = _read(opened, SAMPLE_BYTES)
        for mark, name in _MARKS:
            if sample.startswith(mark):
                return name
        wide = _utf16(sample)
        if wide:
            return wide
        while sample.isascii():
            following = _read(opened, SAMPLE_BYTES)
            if not following:
                return "utf-8"
            sample = following
        sample += _read(opened, SAMPLE_BYTES // 4)
    encoding = _by_content(sample)
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if not _is_utf8(sample) and controls > max(_FEW_CONTROLS, _MOST_CONTROLS * len(sample)):
        raise BadInputError(
            f"`{content.shown}` is no text",
            fix="save it as CSV or Excel; if it is text, name its characters with --encoding",
        )
    return encoding


def known_encoding(name: str) -> str:
    """Return Python's name of an encoding that a person named.

    Raises:
        BadInputError: There is no such text encoding.
    """
    try:
        found = codecs.lookup(name)
        "a".encode(found.name)
    except LookupError:
        raise BadInputError(
            f"there is no encoding `{name}`",
            fix="use one of utf-8, utf-16, cp1252, cp1250, cp1251, iso8859-2, mac_roman, shift_jis",
        ) from None
    return {"utf-8-sig": "utf-8"}.get(found.name, found.name)


def blocks(opened: Readable, encoding: str, size_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Yield text as UTF-8 without its byte order mark, and whether a character was unreadable.

    Unreadable bytes arrive as U+FFFD. UTF-8 itself is passed on unchecked.
    """
    first = True
    if encoding == "utf-8":
        while block := opened.read(size_bytes):
            yield (block.removeprefix(codecs.BOM_UTF8) if first else block), False
            first = False
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while True:
        block = opened.read(size_bytes)
        text = decoder.decode(block, final=not block)
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        # A lone surrogate is no character; UTF-8 cannot hold it.
        mended = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        if mended:
            yield mended.encode(), "\ufffd" in mended
        if not block:
            return


def _read(opened: Readable, size_bytes: int) -> bytes:
    pieces, missing = [], size_bytes
    while missing > 0 and (piece := opened.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _utf16(sample: bytes) -> str:
    """Return the kind of UTF-16 without a mark: every other byte of western text is zero."""
    pairs = len(sample) // 2
    if not pairs:
        return ""
    even, odd = sample[0 : pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * pairs and odd < 0.05 * pairs else ""


def _by_content(sample: bytes) -> str:
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    if _is_utf8(whole):
        return "utf-8"
    # One row with foreign bytes does not make a UTF-8 file another one.
    lines = [line for line in whole.splitlines() if not line.isascii()]
    right = sum(map(_is_utf8, lines))
    if right > len(lines) - right:
        return "utf-8"
    from charset_normalizer import from_bytes

    best = from_bytes(
        b"\n".join(lines)[:32_768], cp_isolation=list(_CODE_PAGES), threshold=0.5
    ).best()
    found = best.encoding if best else "cp1252"
    return _european(b"".join(lines), found) if found in _LATIN else found


def _european(text: bytes, found: str) -> str:
    """Tell cp1252 from cp1250, which share most letters and are confused on short texts.

    Polish shows itself by bytes that are no letters in cp1252, Czech and Slovak by s and z with a
    caron, Hungarian by its long umlauts where nothing speaks for French or Portuguese.
    """
    seen = set(text)
    if found == "cp1254" and seen & _TURKISH:
        return found
    polish = re.search(rb"[a-zA-Z][\xb3\xb9\xbf\xbe\x9d\x9f]|[\xa3\xaf\xa5\x8c][a-z]", text)
    czech = seen & set(b"\x8a\x9a\x8e\x9e") and seen & set(b"\xe8\xec\xf8\xf9\xf2\xef\xc8\xd8")
    hungarian = seen & set(b"\xf5\xfb\xd5\xdb") and not seen & set(b"\xe0\xe8\xea\xe7\xe3\xf1")
    return "cp1250" if polish or czech or hungarian else "cp1252"


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
