"""The mistakes that people make in customer lists, one row each, among rows that are right."""

from __future__ import annotations

from tests.samples.generate import HEADERS, PEOPLE, Row, csv_text, people

ROWS = 240
TOO_MANY_CELLS = "Mia,Brandt,mia.brandt@example.com,0176 04069001,Germany,03/04/1985,1,250,000909,yes,de,was there, twice"
TOO_FEW_CELLS = "Uwe,Kern,uwe.kern@example.com"

MISTAKES: tuple[tuple[str, dict[str, str]], ...] = (
    ("e-mail without @", {"Email": "anna.mueller.example.com"}),
    ("e-mail with two @", {"Email": "anna@@example.com"}),
    ("e-mail with a space", {"Email": "lukas weber@example.com"}),
    ("e-mail without a dot in the domain", {"Email": "mia@example"}),
    ("e-mail with two dots", {"Email": "jonas..koch@example.com"}),
    ("e-mail that ends with a dot", {"Email": "lea.vogt.@example.com"}),
    ("comma for a dot", {"Email": "felix@example,com"}),
    ("name and address", {"Email": "Clara Stein <clara.stein@example.com>"}),
    ("two e-mails in one cell", {"Email": "bjoern@example.com; bjoern@example.net"}),
    ("invisible character in an e-mail", {"Email": "sabine\u200b.roth@example.com"}),
    ("reserved domain", {"Email": "uwe@shop.test"}),
    ("very long e-mail", {"Email": "a" * 250 + "@example.com"}),
    ("a word for nothing in the e-mail", {"Email": "none"}),
    ("umlaut without an address", {"Email": "käthe"}),
    ("mailto: in front", {"Email": "mailto:reto@example.com"}),
    ("phone too short", {"Phone": "0176 0406", "Country": "Germany"}),
    ("phone too long", {"Phone": "0176 040690123456789", "Country": "Germany"}),
    ("phone as a rounded number", {"Phone": "4.9176E+12", "Country": "Germany"}),
    ("phone with letters", {"Phone": "call reception", "Country": "Germany"}),
    ("two phones in one cell", {"Phone": "0176 04069070 / 030 23125010", "Country": "Germany"}),
    ("phone without country", {"Phone": "0176 04069071", "Country": ""}),
    ("phone in an unknown country", {"Phone": "0176 04069072", "Country": "Narnia"}),
    ("calling code that does not exist", {"Phone": "+999 123456789"}),
    ("placeholder phone", {"Phone": "000000000"}),
    ("phone of another country", {"Phone": "07400 000123", "Country": "France"}),
    ("a dash in the phone", {"Phone": "-", "Country": "Germany"}),
    ("day that does not exist", {"Birthday": "31/02/1990"}),
    ("month before day", {"Birthday": "06/26/1990"}),
    ("words for a date", {"Birthday": "sometime in May"}),
    ("day number of a spreadsheet", {"Birthday": "32874"}),
    ("two-digit year", {"Birthday": "03/08/90"}),
    ("year only", {"Birthday": "1990"}),
    ("fraction of a point", {"Points": "12.5"}),
    ("other thousands separator", {"Points": "52.620"}),
    ("number in words", {"Points": "many"}),
    ("negative points", {"Points": "-50"}),
    ("points with unit", {"Points": "120 pts"}),
    ("far too many points", {"Points": "99999999999999999999"}),
    ("neither yes nor no", {"Newsletter": "maybe"}),
    ("a date for yes", {"Newsletter": "12/05/2023"}),
    ("no contact at all", {"Email": "", "Phone": ""}),
    ("control character in a name", {"First name": "Fr\x07anz"}),
    ("direction mark in a name", {"Last name": "\u202eHuber"}),
    ("nothing but spaces as contact", {"Email": "   ", "Phone": "\u00a0"}),
    ("error value of a spreadsheet", {"Email": "#N/A", "Points": "#REF!"}),
    ("several mistakes at once", {"Email": "eva@", "Phone": "12", "Points": "x", "Birthday": "0"}),
)
"""What is wrong, and the cells that make it so."""

TOLERATED: tuple[tuple[str, dict[str, str]], ...] = (
    ("spaces around everything", {"First name": "  Theresa ", "Last name": " Moser\u00a0"}),
    ("an ISO date", {"Birthday": "1984-11-02"}),
    ("a date with a month's name", {"Birthday": "12 March 1985"}),
    ("a country in its own language", {"Country": "Deutschland", "Phone": "0176 04069073"}),
    ("a country's code", {"Country": "DE", "Phone": "0176 04069074"}),
    ("two zeros for the plus", {"Phone": "0049 176 04069075"}),
    ("yes in German", {"Newsletter": "JA"}),
    ("plain digits", {"Points": "1250"}),
    ("text that looks like a formula", {"Notes": '=HYPERLINK("https://example.com";"click")'}),
    ("a note over two lines", {"Notes": "first line\nsecond line, with a comma"}),
    ("an emoji", {"Notes": "loves ☕ and 🥐"}),
)
"""What looks odd and is right."""


def rows() -> list[Row]:
    """Return good rows with one mistake in about every fifth; doubled customers at the end."""
    found = people(PEOPLE + ROWS)[PEOPLE:]
    changes = [*TOLERATED, *MISTAKES]
    for position, (label, cells) in enumerate(changes):
        row = found[2 + position * 3]
        row.update(cells)
        row["Notes"] = cells.get("Notes", label)
    whole = [row for row in found[200:] if row["Email"] and row["Phone"]]
    again = [dict(whole[0]), dict(whole[1]), dict(whole[2])]
    again[0] |= {
        "Email": again[0]["Email"].upper(),
        "Phone": "",
        "Notes": "same e-mail, other case",
    }
    again[1] |= {
        "Email": "",
        "Phone": again[1]["Phone"].replace(" ", ""),
        "Notes": "same phone, other spacing",
    }
    again[2] |= {"Notes": "the same row again"}
    return [*found, *again]


def text(found: list[Row]) -> str:
    """Return the file as a tired person saves it: two rows that do not fit and a line of totals."""
    lines = csv_text(found[:100])
    total = dict.fromkeys(HEADERS, "") | {"First name": "Total", "Points": "412,310"}
    rest = csv_text([*found[100:], total]).split("\n", 1)[1]
    return lines + TOO_MANY_CELLS + "\n" + TOO_FEW_CELLS + "\n" + rest
