"""Plain rows are judged without being mapped: with the same verdicts, bodies and counts."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bulkload.connectors import connector_for
from bulkload.mapping import BoundMapping, load_mapping, words
from bulkload.planning import Tally
from bulkload.records import Kind
from bulkload.validation import Judge, judge_all
from bulkload.validation.fast import patterns
from bulkload.validation.fast.phone_rules import BOUNDARY, phone_rules
from tests.fuzz_cells import CELLS, mangled, phone

KINDS = {
    "First": Kind.TEXT,
    "E-mail": Kind.EMAIL,
    "Phone": Kind.PHONE,
    "Points": Kind.INTEGER,
    "Born": Kind.DATE,
    "Tier": Kind.CHOICE,
    "Mail?": Kind.BOOLEAN,
    "Referrer": Kind.HEX_ID,
    "Spent": Kind.NUMBER,
    "Tags": Kind.LIST,
    "Page": Kind.URL,
    "Since": Kind.DATETIME,
}
HEADERS = (*KINDS, "Country")
PLAIN = """\
connector: loyaltydog
fields:
  firstName: First
  email: E-mail
  phone: {column: Phone, region: {column: Country}}
  points: {column: Points, as: set}
  referrerId: Referrer
  customFields.born: {column: Born, type: date}
  customFields.tier: {column: Tier, choices: [gold, Gold, "on hold", "1"]}
  customFields.spent: {column: Spent, type: number}
  customFields.tags: {column: Tags, type: list}
  customFields.page: {column: Page, type: url}
  customFields.since: {column: Since, type: datetime}
  initialConsentGranted.mail: {column: "Mail?", type: boolean}
"""


def changed(old: str, new: str) -> str:
    """Return the plain mapping with one line written otherwise."""
    assert old in PLAIN
    return PLAIN.replace(old, new)


MAPPINGS = {
    "plain": PLAIN,
    "words-for-nothing": PLAIN + "nulls: ['-', n/a, none, 'no', Ann]\n",
    "numbers-for-nothing": PLAIN + "nulls: ['0', '1990-01-01']\n",
    "own-words": changed("type: boolean", "type: boolean, words: {yes: [Ja, 'n'], no: [Nein, y]}"),
    "value-map": changed("firstName: First", "firstName: {column: First, map: {Ann: Anna}}"),
    "value-map-of-tiers": changed(
        "{column: Tier,", "{column: Tier, map: {gold: Gold}, otherwise: keep,"
    ),
    "default": changed("as: set", "as: set, default: 0"),
    "default-word": changed("firstName: First", "firstName: {column: First, default: Guest}"),
    "german-numbers": PLAIN + "numbers: de\n",
    "british-numbers": PLAIN + "numbers: en-GB\n",
    "day-first": PLAIN + "dates: {order: DMY, serial: 1900, short_years_from: 1930}\n",
    "region": changed("{column: Country}", "{default: DE}"),
    "region-and-default": changed("{column: Country}", "{column: Country, default: GB}"),
    "own-countries": changed("{column: Country}", "{column: Country, map: {DE: AT, GB: US}}"),
    "cut-at-commas": changed("type: list", "type: list, separator: ','"),
    "untrimmed": changed("firstName: First", "firstName: {column: First, trim: false}"),
    "capitals": changed("email: E-mail", "email: {column: E-mail, case: upper}"),
    "replaced": changed("Points, as", "Points, replace: {pattern: '0$', with: ''}, as"),
    "added": changed("as: set", "as: add"),
    "kept": changed("as: set", "as: keep"),
    "cleared": PLAIN + "blank: clear\n",
    "required": changed("firstName: First", "firstName: {column: First, required: true}"),
    "bounded": changed("as: set", "as: set, minimum: 0, maximum: 500"),
    "lenient": changed("email: E-mail", "email: {column: E-mail, severity: warn}"),
    "when": changed(
        "referrerId: Referrer", "referrerId: {column: Referrer, when: {column: Tier, is: [gold]}}"
    ),
    "joined": changed("firstName: First", "firstName: {concat: [First, Tier]}"),
    "skipped": PLAIN + "skip_if: [{when: {column: Tier, is: [gold]}, reason: has gold}]\n",
    "actions": PLAIN + "action: {column: Tier, map: {gold: update, '1': skip}}\n",
    "proof-of-consents": changed(
        'initialConsentGranted.mail: {column: "Mail?", type: boolean}',
        'consents.analytics: "Mail?"',
    )
    + "consents: {policy_version: 2024-05}\n",
    "two-fields-of-a-column": changed("type: url}", "type: url}\n  lastName: First"),
}


USUAL: dict[str, tuple[str | None, ...]] = {
    "First": ("Ann", "Zoë", "O'Brien", "#5", None),
    "Phone": ("+4915112345678", "0151 12345678", "(0151) 1234567", "+1 202-555-0143", None),
    "Points": ("0", "10", "120", "-5", None),
    "Born": ("1990-01-01", "2000-02-29", "31.12.1990", "33000", None),
    "Tier": ("gold", "Gold", "on hold", "1", None),
    "Mail?": ("yes", "NO", "1", "f", "true", "n", "y", None),
    "Referrer": ("5eb7cf5a86d9755df3a6c593", None),
    "Spent": ("12.5", "1234", "1.234", None),
    "Tags": ('["a","b"]', "a,b", None),
    "Page": ("https://example.com/a", None),
    "Since": ("2020-01-01T10:00:00Z", None),
    "Country": ("DE", "US", "GB", None),
}


def rows_of(count: int, seed: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows of which many are plain; in the others a cell or two are anything."""
    r = random.Random(seed)
    for number in range(count):
        row = {header: r.choice(cells) for header, cells in USUAL.items()}
        row["E-mail"] = f"{r.choice(('ann', 'Ann', 'info'))}{number * 9 // 10}@example.com"
        for header in r.sample(list(KINDS), r.choice((0, 0, 1, 2))):
            kind = KINDS[header]
            cell = phone(r)[0] if kind is Kind.PHONE else CELLS[kind](r)
            row[header] = mangled(cell, r)
        if r.random() < 0.1:
            row["Country"] = r.choice(("de", "Germany", " FR", "UK", "XX", "NL"))
        yield number + 2, *(row[header] for header in HEADERS)


def frame_of(count: int, seed: int) -> pl.DataFrame:
    schema = {"row_number": pl.UInt32, **dict.fromkeys(HEADERS, pl.String)}
    frame = pl.DataFrame(list(rows_of(count, seed)), schema=schema, orient="row")
    return frame.with_columns(pl.when(pl.col(HEADERS) != "").then(pl.col(HEADERS)))


@dataclass(frozen=True)
class Rows:
    rows: pl.DataFrame


def bound(text: str, folder: Path) -> BoundMapping:
    path = folder / "mapping.yaml"
    path.write_text("name: tried\n" + text, encoding="utf-8")
    schema = connector_for("loyaltydog").schema
    used = [name for name in HEADERS if name in text]
    left = [name for name in HEADERS if name not in used]
    if left:
        path.write_text(path.read_text() + f"ignore: {left}\n")
    return load_mapping(path).bind(HEADERS, schema, source="tried.csv")


def verdicts(mapping: BoundMapping, frame: pl.DataFrame) -> tuple[Any, ...]:
    """Return all that comes out, in an order that can be compared."""
    judge = Judge(
        mapping.fields,
        schema_name="Tried",
        one_of=mapping.one_of,
        keys=mapping.keys,
        action=mapping.action,
    )
    tally = Tally(mapping.fields)
    payloads, rejects, warnings, skipped = [], [], [], []
    batches = [Rows(frame.slice(at, 400)) for at in range(0, frame.height, 400)]
    for _, found in judge_all(judge, batches, mapping):
        payloads += found.payloads.sort("row_number").rows()
        rejects += found.rejects
        warnings += found.warnings
        skipped += found.skipped
        tally.add(found.records)
    return payloads, rejects, warnings, skipped, tally.counts, tally.balances


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_plain_row_needs_no_mapping(name: str, tmp_path: Path) -> None:
    """Whatever a mapping asks for, rows that are skimmed get what mapped rows get."""
    mapping = bound(MAPPINGS[name], tmp_path)
    frame = frame_of(1_600, seed=7)

    found = verdicts(mapping, frame)

    assert mapping.skimming
    assert found[0]
    assert found == verdicts(dataclasses.replace(mapping, skimming=()), frame)


@pytest.mark.parametrize(
    "name", ["own-words", "value-map", "default", "skipped", "own-countries", "capitals"]
)
def test_rules_that_are_skimmed_over_are_noticed(name: str, tmp_path: Path) -> None:
    """The comparison finds a mapping whose rules are forgotten for plain cells."""
    mapping = bound(MAPPINGS[name], tmp_path)
    frame = frame_of(1_600, seed=7)
    plain = bound(PLAIN, tmp_path)
    careless = dataclasses.replace(mapping, skimming=plain.skimming, reading=plain.reading)

    try:
        found = verdicts(careless, frame)
    except pl.exceptions.ColumnNotFoundError:
        return

    assert found != verdicts(mapping, frame)


def test_a_mapping_of_made_values_is_not_skimmed(tmp_path: Path) -> None:
    """Where no field is a column as it stands there is nothing to save."""
    text = "connector: loyaltydog\nfields:\n  email: {column: E-mail, case: lower}\n"

    assert bound(text, tmp_path).skim(frame_of(3, seed=1)) is None


def test_words_mean_the_same_to_mapping_and_judge() -> None:
    """A word for yes or no that is plain is what the mapping's own words make of it, or unknown."""
    assert set(patterns.TRUE_WORDS).isdisjoint(words.NO)
    assert set(patterns.FALSE_WORDS).isdisjoint(words.YES)


def test_codes_of_countries_stay_as_they_are() -> None:
    """A region that a phone can be read in at sight is the country of that code."""
    regions = {before.partition(BOUNDARY)[0] for before, _ in phone_rules().spellings} - {""}

    assert len(regions) > 200
    assert {code: words.COUNTRIES.get(code.lower(), code) for code in regions} == {
        code: code for code in regions
    }
