"""Cells of every kind, plausible, mangled and hostile, for the search of `tests.fuzz_fast_path`."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

from bulkload.records import Kind

Cells = Callable[[random.Random], str]

NASTY = (
    *"\x00\x07\t\n\r\x0b\x1b\x1c\x1f\x7f\x80\x85\xa0\xad\u0301\u061c\u1680\u180e\u2003\u200b\u200d\u200e",
    *"\u2028\u202e\u2060\u2066\u3000\ufeff\uff10\uff0b\uff20\u0660\u212a\u017f\u0130\u0131\U0001f600\ue000",
    *"\"'\\/<>{}[]()@,;:%&=+-_~.*# ",
    *("&#x0;", "${jndi}", "'; --", "<script>", "%00", "NaN", "null", "\r\n", "e1", ".0", ",", "'"),
)
"""What is put into cells: strings that have broken programs before."""


def mangled(cell: str, chooses: random.Random) -> str:
    """Put nasty characters into some cells, and space around some."""
    chance = chooses.random()
    if chance < 0.15:
        at = chooses.randrange(len(cell) + 1)
        cell = cell[:at] + chooses.choice(NASTY) + cell[at:]
    elif chance < 0.22:
        cell = (
            chooses.choice(("", " ", "  ", "\t", "\xa0")) + cell + chooses.choice((" ", "\n", "  "))
        )
    elif chance < 0.24:
        cell = chooses.choice((cell.upper(), cell.title(), cell.swapcase(), cell * 2, cell[1:]))
    return cell


def _text(r: random.Random) -> str:
    parts = (
        "Ann",
        "é" * r.randrange(1, 24),
        "e\u0301",
        "Łukasz",
        "O'Brien",
        '"Rock"',
        "\\",
        " ",
        "",
        "🙂",
        "#N/A",
        "#",
    )
    return "".join(r.choice(parts) for _ in range(r.randrange(1, 5)))


LOCALS = (
    *("info", "INFO", "Sales", "john.doe", "John.Doe", "a", "a.b.c", "x" * 64, "x" * 60, "o'brien"),
    *(
        "user+tag",
        "u_v",
        "-a",
        "a-",
        "_",
        "postmaster",
        "POSTMASTER",
        "wWw",
        "Abuse",
        "abuse1",
        "NOC",
    ),
    *(
        "no.c",
        "John",
        "jürgen",
        ".a",
        "a.",
        "a..b",
        '"a b"',
        "ab\u0301c",
        "用户",
        "Webmaster",
        "x" * 40,
    ),
)
DOMAINS = (
    *(
        "gmail",
        "GMAIL",
        "a-b",
        "-a",
        "a-",
        "a--b",
        "xn--a",
        "ab--cd",
        "x" * 63,
        "x" * 64,
        "a.b",
        "1",
    ),
    *(
        "9a",
        "mail.sub",
        "müller",
        "foo_bar",
        "ex ample",
        "Straße",
        "xn--mller-kva",
        "bücher.example",
    ),
)
TOPS = (
    *(
        "com",
        "de",
        "co.uk",
        "local",
        "test",
        "arpa",
        "onion",
        "invalid",
        "localhost",
        "locals",
        "tes",
    ),
    *("testt", "COM", "Com", "c", "x1", "1", "xn--p1ai", "рф", "example", "internal", "tests.com"),
    *("test.com", "a.local", "onions", "arp", "loca", "local.com", "inval", "invalidx", "", "com."),
)


def _domain(r: random.Random) -> str:
    if r.random() < 0.4:
        return r.choice(
            ("gmail.com", "web.de", "GMX.de", "mail.co.uk", "sub.corp-mail.example.com")
        )
    return f"{r.choice(DOMAINS)}.{r.choice(TOPS)}"


def _email(r: random.Random) -> str:
    signs = ("@", "@", "@", "@", "@", "@", "@", "@", "@@", " @", "@ ", "", "\uff20")
    local = r.choice(LOCALS)
    if r.random() < 0.2:
        at = r.randrange(len(local) + 1)
        local = local[:at] + chr(r.randrange(0xA0, 0x250)) + local[at:]
    address = f"{local}{r.choice(signs)}{_domain(r)}"
    if r.random() < 0.05:
        around = ("Name <{}>", "<{}>", "{}.", '"a b" <{}>', "{}; x@y.com", "mailto:{}", "{}\n")
        address = r.choice(around).format(address)
    return address


def _integer(r: random.Random) -> str:
    match r.randrange(6):
        case 0:
            return "".join(
                r.choice("0123456789-+_. ,eE\u0660\uff11") for _ in range(r.randrange(1, 12))
            )
        case 1:
            return r.choice(("", "-", "+", "0", "00", "000", "0000", "-0")) + str(
                r.randrange(30_000)
            )
        case 2:
            return str(r.randrange(30_000)) + r.choice(
                (".0", ".00", ".000", ".5", ",0", ".", ".0.0")
            )
        case 3:
            return "1" * r.randrange(1, 30)
        case 4:
            return f"{r.randrange(1000)}{r.choice('., _')}{r.randrange(1000):03d}"
        case _:
            return str(r.randrange(-100, 30_000))


def _number(r: random.Random) -> str:
    match r.randrange(4):
        case 0:
            return _integer(r)
        case 1:
            return f"{r.uniform(-2000, 2000):.{r.randrange(8)}f}"
        case 2:
            return f"{r.randrange(10 ** r.randrange(1, 14))}.{r.randrange(10 ** r.randrange(1, 6))}"
        case _:
            return r.choice(
                ("-0", "-0.0", "0.0001", "0.00001", "1e5", "1E-7", ".5", "5.", "Infinity", "-.5")
            )


def _date(r: random.Random) -> str:
    year = r.choice(
        (0, 1, 999, 1000, 1600, 1900, 1999, 2000, 2024, 2100, 9999, r.randrange(10_000))
    )
    day = f"{year:04d}-{r.randrange(14):02d}-{r.randrange(33):02d}"
    others = (
        f"{year}-1-1",
        f"{year:04d}0101",
        f"{year:04d}-W01-1",
        "31/12/1990",
        f"{year:04d}-02-29",
    )
    return day if r.random() < 0.8 else r.choice(others)


def _datetime(r: random.Random) -> str:
    clock = f"{r.randrange(26):02d}:{r.randrange(62):02d}:{r.randrange(62):02d}"
    zones = ("", "Z", "z", "+00:00", "-00:00", "+0200", "+25:00", "+02", " Z", "+00:00:01")
    fraction = r.choice(("", "", "", ".5", ".123456", ".1234567", ".000000"))
    return _date(r) + r.choice(("T", "T", " ", "t", "")) + clock + fraction + r.choice(zones)


def _boolean(r: random.Random) -> str:
    words = (
        "1",
        "on",
        "t",
        "true",
        "y",
        "yes",
        "0",
        "off",
        "f",
        "false",
        "n",
        "no",
        "maybe",
        "2",
        "01",
        "ja",
    )
    word = r.choice((*words, "\uff39\uff25\uff33", "ye\u017f", "o\ufb00", "true\n"))
    return "".join(r.choice((letter.lower(), letter.upper())) for letter in word)


def _choice(r: random.Random) -> str:
    return r.choice(
        ("gold", "Gold", "GOLD", 'a"b\\', "é", "e\u0301", "1", "on hold", "diamond", "gol", "golds")
    )


def _hex_id(r: random.Random) -> str:
    return "".join(r.choices("0123456789abcdefABCDEFg", k=r.choice((23, 24, 24, 24, 24, 25))))


def _url(r: random.Random) -> str:
    starts = ("HTTPS://", "ftp://", "//", "", "https:/", "http:\\\\", "https://u:p@", "https://u@")
    start = r.choice(("http://", "https://")) if r.random() < 0.8 else r.choice(starts)
    hosts = ("1.2.3.4", "1.2.3.999", "[::1]", "0x7f.1", "localhost", "a.1", "a.b1", "a.xn--a")
    ends = ("/a b", "?q=1", "#x", ":80/", ":99999", "/%zz", "/ü", "/a\tb")
    plain = ("", "", "/", "/a/b.html", "/../..", "//x", "/~ada/_x-1")
    host = _domain(r) if r.random() < 0.8 else r.choice(hosts)
    return start + host + (r.choice(plain) if r.random() < 0.8 else r.choice(ends))


def _list(r: random.Random) -> str:
    items = (
        '"a"',
        '"ü"',
        '"a b"',
        '"\\u0041"',
        '"\\n"',
        '"x/y"',
        "1",
        "null",
        '["x"]',
        "'a'",
        '""',
        "1.0",
        "1e400",
    )
    inside = r.choice((",", ",", ",", ", ", ";", ",,")).join(r.choices(items, k=r.randrange(4)))
    return r.choice(("[{}]", "[{}]", "[{}]", "[ {} ]", "{}", '{{"a":{}}}')).format(inside)


def _json(r: random.Random) -> str:
    values = (
        "1",
        '"a"',
        "[]",
        "{}",
        "NaN",
        "1e999",
        '"\\ud800"',
        "[" * 50 + "]" * 50,
        '{"a":1,"a":2}',
        "tru",
    )
    return r.choice(('{{"k":{}}}', "{}", "[{}]", '{{"ü":[{0},{0}]}}')).format(
        r.choice((*values, _list(r)))
    )


CELLS: dict[Kind, Cells] = {
    Kind.TEXT: _text,
    Kind.EMAIL: _email,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.BOOLEAN: _boolean,
    Kind.CHOICE: _choice,
    Kind.HEX_ID: _hex_id,
    Kind.URL: _url,
    Kind.LIST: _list,
    Kind.JSON: _json,
}

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
EXAMPLES = {
    region: [
        number
        for kind in range(11)
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    for region in REGIONS
}
SEPARATORS = (" ", "-", ".", "/", "(", ")", "  ", " (", ") ", "")
INTRUDERS = (
    *(
        "+",
        "x",
        "ext",
        "#",
        "*",
        ";",
        "~",
        "/x",
        " ext. 12",
        "x5",
        "\uff10",
        "\u0663",
        "\u2013",
        "\xa0",
        "US",
        "DE",
    ),
    *("DE0", "00", "011", "(0)", "0", "1", " ", "\x1f", "DE\x1f0", ".0", "E+11", "tel:", "Tel: "),
)


def phone(r: random.Random) -> tuple[str, str | None]:
    """Return a phone as people write it, often wrong, and a region, often right."""
    region = r.choice(REGIONS)
    number = r.choice(EXAMPLES[region])
    own = phonenumbers.national_significant_number(number)
    if r.random() < 0.7:
        kept = own[: max(1, len(own) - r.randrange(7))]
        own = kept + "".join(r.choices("0123456789", k=len(own) - len(kept)))
    written = _written(region, number, own, r)
    if r.random() < 0.5:
        written = "".join(c + (r.choice(SEPARATORS) if r.random() < 0.2 else "") for c in written)
    written = _misspelt(written, r)
    chance = r.random()
    if chance < 0.1:
        return written, r.choice((None, "", "de", "XX", "Germany", " DE", "DE+", "001"))
    return written, region if chance < 0.85 else r.choice(REGIONS)


def _written(region: str, number: phonenumbers.PhoneNumber, own: str, r: random.Random) -> str:
    about: Any = PhoneMetadata.metadata_for_region(region)
    code = str(number.country_code)
    idd = about.international_prefix or "00"
    spellings = (
        lambda: f"+{code}{own}",
        lambda: own,
        lambda: (about.national_prefix or "") + own,
        lambda: (idd if idd.isdigit() else "00") + code + own,
        lambda: phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        lambda: phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        lambda: code + own,
        lambda: f"+{code} (0) {own}",
        lambda: (
            r.choice(("Tel: ", "Mob. ", "", "tel:", "Phone "))
            + f"+{code} {own}"
            + r.choice(("", " ext. 5", "x123", " x 44", "ext12"))
        ),
        lambda: f"{code}{own}.0",
    )
    return r.choice(spellings)()


def _misspelt(written: str, r: random.Random) -> str:
    letters = list(written)
    for _ in range(r.choice((0, 0, 1, 1, 2, 3))):
        at = r.randrange(len(letters) + 1)
        match r.randrange(6):
            case 0:
                letters.insert(at, r.choice("0123456789"))
            case 1 if letters:
                letters.pop(min(at, len(letters) - 1))
            case 2 if letters:
                letters[min(at, len(letters) - 1)] = r.choice("0123456789")
            case 3:
                letters.insert(at, r.choice(SEPARATORS))
            case 4:
                letters.insert(at, r.choice(INTRUDERS))
            case _:
                r.shuffle(letters[at : at + 2])
    return "".join(letters)
