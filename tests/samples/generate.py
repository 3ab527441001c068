"""The generator of `samples/`: `python -m tests.samples.generate` writes them anew.

Everything is drawn from one seeded source, so the same code gives the same files.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator
from pathlib import Path

from tests.samples.people import DOMAINS, LANDS, Land, ascii_of, e164, names, national_number

SEED = 20261121
PEOPLE = 360
SAMPLES = Path(__file__).parent.parent.parent / "samples"
HEADERS = (
    "First name", "Last name", "Email", "Phone", "Country", "Birthday", "Points", "Card no.",
    "Newsletter", "Language", "Notes",
)  # fmt: skip
Row = dict[str, str]


def people(total: int) -> list[Row]:
    """Return customers who are valid in every cell; none shares a contact with another."""
    chance = random.Random(SEED)
    taken: set[str] = set()
    rows = []
    for number in range(1, total + 1):
        land = LANDS[(number * 7 + chance.randrange(3)) % len(LANDS)]
        rows.append(_customer(number, land, chance, taken))
    return rows


def customers() -> list[Row]:
    """Return the customers of the clean sample."""
    return people(PEOPLE)


def _customer(number: int, land: Land, chance: random.Random, taken: set[str]) -> Row:
    first, last = names(land, chance)
    local = f"{ascii_of(first)}.{ascii_of(last)}"
    email = f"{local}@{DOMAINS[number % len(DOMAINS)]}"
    if email in taken:
        email = f"{local}{number}@{DOMAINS[number % len(DOMAINS)]}"
    taken.add(email)
    phone = national_number(land, number // len(LANDS) + 10)
    while phone in taken:
        phone = national_number(land, chance.randrange(100))
    taken.add(phone)
    if chance.random() < 0.3:
        phone = e164(land, phone)
    contact = chance.random()
    points = chance.choice(
        (0, chance.randrange(1, 400), chance.randrange(400, 1000), chance.randrange(1000, 30000))
    )
    born = dt.date(1940, 1, 1) + dt.timedelta(days=chance.randrange(25_000))
    return {
        "First name": first,
        "Last name": last,
        "Email": "" if contact < 0.06 else email,
        "Phone": "" if contact > 0.9 else phone,
        "Country": land.country,
        "Birthday": "" if chance.random() < 0.2 else born.strftime("%d/%m/%Y"),
        "Points": f"{points:,}",
        "Card no.": f"{number * 37:06d}",
        "Newsletter": chance.choice(("yes", "no", "yes", "no", "")),
        "Language": land.language,
        "Notes": chance.choice(land.notes) if chance.random() < 0.25 else "",
    }


def csv_text(rows: list[Row] | Iterator[Row], headers: tuple[str, ...] = HEADERS) -> str:
    """Return rows as CSV, as a spreadsheet program saves it for anyone."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headers, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write(folder: Path) -> None:
    """Write all samples into a folder."""
    from tests.samples import messy, workbooks

    clean = customers()
    (folder / "customers.csv").write_text(csv_text(clean), encoding="utf-8", newline="")
    workbooks.write_clean(folder / "customers.xlsx", clean)
    messy_rows = messy.rows()
    (folder / "customers-messy.csv").write_text(
        messy.text(messy_rows), encoding="utf-8", newline=""
    )
    workbooks.write_messy(folder / "customers-messy.xlsx", messy_rows)


if __name__ == "__main__":
    write(SAMPLES)
