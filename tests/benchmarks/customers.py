"""Writes the customers file of the benchmarks: 12 columns, nine countries, mistakes on demand.

python -m tests.benchmarks.customers --rows 1000000 --bad 3 --odd customers.csv
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

HEADERS = (
    *("external_id", "first_name", "last_name", "email", "phone", "country", "points"),
    *("birthdate", "tier", "referrer_id", "marketing_consent", "sms_consent"),
)
MAPPING = """\
name: benchmark
connector: loyaltydog
fields:
  firstName: first_name
  lastName: last_name
  email: email
  phone: {column: phone, region: {column: country}}
  points: {column: points, as: set, minimum: 0}
  referrerId: referrer_id
  customFields.externalId: external_id
  customFields.birthdate: {column: birthdate, type: date, dates: YMD}
  customFields.tier: {column: tier, choices: [bronze, silver, gold, platinum]}
  initialConsentGranted.marketing_email: {column: marketing_consent, type: boolean}
  initialConsentGranted.marketing_sms: {column: sms_consent, type: boolean}
"""
FIRST = (
    *(
        "James",
        "Mary",
        "Robert",
        "Linda",
        "Hans",
        "Greta",
        "Pierre",
        "Camille",
        "Carlos",
        "Daan",
        "Emma",
    ),
    *(
        "Luca",
        "Giulia",
        "Ana",
        "José",
        "Zoë",
        "Jürgen",
        "Łukasz",
        "Владимир",
        "美咲",
        "Anna",
        "Tom",
    ),
)
LAST = (
    *(
        "Smith",
        "Johnson",
        "Garcia",
        "Schmidt",
        "Fischer",
        "Dubois",
        "Leroy",
        "Jansen",
        "Rossi",
        "Silva",
    ),
    *(
        "Müller",
        "O'Brien",
        "Đặng",
        "Иванов",
        "McDonald, Jr.",
        'Dwayne "Rock" J',
        "Smith-Jones",
        "Weber",
    ),
)
DOMAINS = (
    *(
        "gmail.com",
        "yahoo.com",
        "hotmail.com",
        "outlook.com",
        "icloud.com",
        "gmx.de",
        "web.de",
        "orange.fr",
    ),
    *("ziggo.nl", "libero.it", "uol.com.br", "mail.co.uk", "sub.corp-mail.example.com"),
)
COUNTRIES = {"US": 35, "GB": 20, "DE": 15, "FR": 10, "ES": 8, "NL": 6, "IT": 3, "BR": 2, "CA": 1}
TIERS = ("bronze", "silver", "gold", "platinum")
WORDS = ("yes", "no", "true", "false", "1", "0", "Y", "N", "TRUE", "FALSE")
MISTAKES = (
    *(("email", text) for text in ("ada.example.com", "ada..@gmail.com", "ada@office.local")),
    *(("phone", text) for text in ("+4912", "call me", "+999 123456")),
    *(("points", text) for text in ("12.5", "1,234", "-5")),
    *(("referrer_id", "5eb7cf5a86d9755df3a6c59"), ("birthdate", "31/02/1990"), ("tier", "diamond")),
    ("marketing_consent", "perhaps"),
)


def customers(rows: int, *, bad_percent: float, odd: bool, seed: int = 42) -> Iterator[list[str]]:
    """Yield rows as cells; with `odd`, about 15 % are written in ways that have to be mended.

    Phones are drawn, so some come twice; without bad rows none does.
    """
    r = random.Random(seed)
    taken: set[str] | None = None if bad_percent else set()
    names, weights = list(COUNTRIES), list(COUNTRIES.values())
    for number in range(rows):
        country = r.choices(names, weights)[0]
        row = _plain(number, country, r, taken)
        if odd and r.random() < 0.15:
            _make_odd(row, number, r)
        if r.random() * 100 < bad_percent:
            column, text = r.choice(MISTAKES)
            row[column] = text
        yield list(row.values())


def _plain(number: int, country: str, r: random.Random, taken: set[str] | None) -> dict[str, str]:
    first, last = r.choice(FIRST), r.choice(LAST)
    local = "".join(c for c in f"{first}{last}".lower() if c.isascii() and c.isalnum())
    cells = (
        *(f"C{number:08d}", first, last, f"{local or 'user'}{number}@{r.choice(DOMAINS)}"),
        *(
            "" if r.random() < 0.12 else _phone(country, r, taken),
            country,
            str(r.randrange(20_000)),
        ),
        f"{r.randrange(1940, 2007)}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}",
        *(r.choice(TIERS), "" if r.random() < 0.85 else f"{r.getrandbits(96):024x}"),
        *(r.choice(WORDS), r.choice(WORDS)),
    )
    return dict(zip(HEADERS, cells, strict=True))


def _number(country: str, r: random.Random, taken: set[str] | None) -> PhoneNumber:
    example = phonenumbers.example_number_for_type(country, 1)
    assert example is not None
    own = phonenumbers.national_significant_number(example)
    while True:
        digits = own[:1] + "".join(r.choices("0123456789", k=len(own) - 1))
        number = PhoneNumber(country_code=example.country_code, national_number=int(digits))
        if not phonenumbers.is_valid_number(number):
            continue
        if taken is None:
            return number
        written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if written not in taken:
            taken.add(written)
            return number


def _phone(country: str, r: random.Random, taken: set[str] | None) -> str:
    number = _number(country, r, taken)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    spelling = r.randrange(10)
    if spelling < 4:
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if spelling < 7:
        return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return international.replace(" ", "-") if spelling < 8 else international


def _make_odd(row: dict[str, str], number: int, r: random.Random) -> None:
    match r.randrange(7):
        case 0:
            row["email"] = f"First.{number}@{r.choice(DOMAINS).upper()}"
        case 1:
            local = "jürgen" if r.random() < 0.1 else "Juergen"
            row["email"] = f" {local}{number}@{r.choice(DOMAINS)}"
        case 2:
            row["phone"] = row["phone"].replace("-", ".").replace(" ", ".")
        case 3:
            row["phone"] = row["phone"] and f"Tel: {row['phone']} ext. {r.randrange(10, 999)}"
        case 4:
            row["points"] += ".0"
        case 5:
            row["first_name"] = f" {row['first_name']} "
        case _:
            row["points"] = ""


def write(path: Path, rows: int, *, bad_percent: float, odd: bool) -> None:
    """Write the file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADERS)
        writer.writerows(customers(rows, bad_percent=bad_percent, odd=odd))


def main() -> None:
    """Write a file as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.customers")
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--bad", type=float, default=3, metavar="PERCENT")
    parser.add_argument("--odd", action="store_true")
    wanted = parser.parse_args()
    write(wanted.path, wanted.rows, bad_percent=wanted.bad, odd=wanted.odd)


if __name__ == "__main__":
    main()
