"""The samples: what the generator makes, valid where they say so."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import openpyxl
import phonenumbers
import pytest
from email_validator import validate_email

from tests.samples.generate import HEADERS, SAMPLES, customers, write
from tests.samples.people import LANDS

CODES = ("DE", "AT", "CH", "US", "GB", "FR", "ES", "IT", "PL", "PT", "NL")
REGIONS = dict(zip((land.country for land in LANDS), CODES, strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples as the generator makes them today."""
    folder = tmp_path_factory.mktemp("samples")
    write(folder)
    return folder


@pytest.mark.parametrize("name", ["customers.csv", "customers-messy.csv"])
def test_csv_samples_are_what_the_generator_makes(name: str, made: Path) -> None:
    """Nobody has edited a sample by hand: the generator gives the same bytes."""
    assert (made / name).read_bytes() == (SAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", ["customers.xlsx", "customers-messy.xlsx"])
def test_workbooks_are_what_the_generator_makes(name: str, made: Path) -> None:
    """The workbooks hold the cells that the generator puts there."""
    assert cells_of(made / name) == cells_of(SAMPLES / name)


def cells_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.values) for sheet in book.worksheets}


def test_the_workbook_holds_the_people_of_the_csv() -> None:
    """Both clean samples are the same list."""
    [rows] = cells_of(SAMPLES / "customers.xlsx").values()
    with (SAMPLES / "customers.csv").open(encoding="utf-8", newline="") as file:
        expected = [tuple(cell or None for cell in row) for row in csv.reader(file)]
    assert rows == expected


def test_every_clean_customer_can_be_reached() -> None:
    """E-mails and phones are valid to the libraries that judge them, and no two people share one."""
    emails, phones = [], []
    for row in customers():
        assert tuple(row) == HEADERS
        assert row["Email"] or row["Phone"]
        if row["Email"]:
            emails.append(validate_email(row["Email"], check_deliverability=False).normalized)
        if row["Phone"]:
            number = phonenumbers.parse(row["Phone"], REGIONS[row["Country"]])
            assert phonenumbers.is_valid_number(number), row["Phone"]
            phones.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    assert len(set(emails)) == len(emails) > 250
    assert len(set(phones)) == len(phones) > 250


def test_no_sample_address_can_belong_to_anyone() -> None:
    """Every e-mail of the clean sample lies below a domain that is reserved for examples."""
    reserved = re.compile(r"@(?:[a-z]+\.)?example\.(?:com|net|org)$")
    assert all(reserved.search(row["Email"]) for row in customers() if row["Email"])
