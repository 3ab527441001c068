"""The mappings that come with bulkload, each run over a small export of its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkload.connectors.leal import SCHEMA as LEAL
from bulkload.connectors.loyaltydog import SCHEMA as LOYALTYDOG
from bulkload.connectors.voucherify import SCHEMA as VOUCHERIFY
from bulkload.mapping import find_mapping, load_mapping, shipped_mappings
from bulkload.mapping.strict_yaml import read_yaml
from bulkload.sources import open_source
from bulkload.validation import Judge

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "samples"
SCHEMAS = {"leal": LEAL, "loyaltydog": LOYALTYDOG, "voucherify": VOUCHERIFY}
EXPORTS = {
    "hubspot-to-loyaltydog": ("exports/hubspot.csv", 2),
    "hubspot-to-voucherify": ("exports/hubspot.csv", 2),
    "kasse-to-leal": ("exports/kasse.csv", 2),
    "kasse-to-loyaltydog": ("exports/kasse.csv", 2),
    "leal-customers": ("../../samples/customers.csv", 360),
    "loyaltydog-customers": ("../../samples/customers.csv", 360),
    "mailchimp-to-loyaltydog": ("exports/mailchimp.csv", 2),
    "shopify-to-loyaltydog": ("exports/shopify.csv", 3),
    "shopify-to-voucherify": ("exports/shopify.csv", 3),
    "square-to-leal": ("exports/square.csv", 3),
    "square-to-loyaltydog": ("exports/square.csv", 3),
    "voucherify-customers": ("../../samples/customers.csv", 360),
    "voucherify-import-template": ("exports/voucherify.csv", 1),
}


def bodies(
    mapping: str, source: Path
) -> tuple[list[dict[str, object]], list[tuple[int, str]], int]:
    document = load_mapping(shipped_mappings()[mapping])
    schema = SCHEMAS[document.connector or ""]
    found: list[dict[str, object]] = []
    rejects: list[tuple[int, str]] = []
    skipped = 0
    with open_source(source) as opened:
        bound = document.bind(opened.headers, schema, source=opened.name)
        judge = Judge(
            bound.fields,
            schema_name=schema.name,
            one_of=bound.one_of,
            keys=bound.keys,
            action=bound.action,
        )
        for batch in opened.batches():
            verdicts = judge.split(batch.rows, bound.apply(batch.rows))
            found += [json.loads(body) for body in verdicts.payloads["body"]]
            rejects += [(reject.row_number, reject.code) for reject in verdicts.rejects]
            skipped += len(verdicts.skipped)
    return found, rejects, skipped


def test_every_shipped_mapping_is_run() -> None:
    """No mapping is shipped without an export that proves it."""
    assert set(shipped_mappings()) == set(EXPORTS)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_shipped_mapping_loads_its_export(name: str) -> None:
    """Every customer of the export becomes a payload; none is rejected."""
    path, expected = EXPORTS[name]
    found, rejects, _ = bodies(name, HERE / path)
    assert rejects == []
    assert len(found) == expected


@pytest.mark.parametrize("name", EXPORTS)
def test_a_shipped_mapping_is_found_by_its_headers(name: str, tmp_path: Path) -> None:
    """Among all shipped mappings the headers and the system lead to this one."""
    with open_source(HERE / EXPORTS[name][0]) as source:
        connector = load_mapping(shipped_mappings()[name]).connector or ""
        assert find_mapping(source.headers, connector=connector, folder=tmp_path).stem == name


@pytest.mark.parametrize("name", EXPORTS)
def test_the_first_line_names_the_schema(name: str) -> None:
    """Editors find the JSON Schema through the first line."""
    first = shipped_mappings()[name].read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=mapping.schema.json"


def test_the_till_s_own_customer_is_skipped() -> None:
    """`Laufkunde`, under whom a till books strangers, is no customer."""
    found, _, skipped = bodies("kasse-to-loyaltydog", HERE / "exports/kasse.csv")
    assert skipped == 1
    assert found[0] == {
        "firstName": "Käthe",
        "lastName": "Brückner",
        "email": "kaethe@example.com",
        "phone": "+493023125010",
        "points": 1250,
        "customFields": {"birthday": "1958-12-31", "customerNumber": "000117"},
        "initialConsentGranted": {"marketing_email": True},
    }


def test_voucherify_s_own_template_keeps_every_column() -> None:
    """All fourteen columns of the vendor's template arrive, the list as a list."""
    [customer], _, _ = bodies("voucherify-import-template", HERE / "exports/voucherify.csv")
    assert customer == {
        "source_id": "test-user@example.io",
        "name": "Mason Clark",
        "description": "A good customer.",
        "email": "test-user@example.io",
        "phone": "+12025550170",
        "birthdate": "2002-07-03",
        "address": {
            "line_1": "100 Main St",
            "line_2": "Blg 2 Apt 3",
            "city": "New York",
            "postal_code": "12345",
            "state": "New York",
            "country": "United States",
        },
        "metadata": {
            "favorite_brands": ["Nike", "Fenty", "Reebok"],
            "CRM_created_date": "2022-05-18T10:00:00Z",
        },
    }


def test_the_mapping_that_is_found_is_not_read_again() -> None:
    """A run loads the mapping that fits, and what came of reading it when it was tried is taken."""
    headers = (SAMPLES / "customers.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    path = find_mapping(headers, connector="loyaltydog", folder=HERE)
    read = read_yaml.cache_info().misses

    document = load_mapping(path)

    assert read_yaml.cache_info().misses == read
    assert document.rules == load_mapping(path).rules
