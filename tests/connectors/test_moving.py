"""Mappings for exported files: back into the same system, and over into another."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from bulkload.connectors import connector_for
from bulkload.connectors.moving import bridge, origin_of
from bulkload.mapping import parse_mapping

ROWS: dict[str, dict[str, str]] = {
    "loyaltydog": {
        "id": "65f0",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "email": "ada@example.com",
        "phone": "+12025550143",
        "points": "120",
        "currentMessage": "hi",
        "customFields.birthday": "1990-05-01",
        "customFields.größe:#1": "L",
        "customFields.shoe size": "41",
        "createdAt": "2026-01-01T00:00:00Z",
    },
    "voucherify": {
        "id": "cust_1",
        "source_id": "s1",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+12025550143",
        "birthdate": "1990-05-01",
        "address.city": "Bonn",
        "metadata.tier": "gold",
        "loyalty.points": "120",
        "summary.orders.total_count": "0",
        "created_at": "2026-01-01T00:00:00Z",
        "object": "customer",
    },
    "leal": {
        "id": "501",
        "account_id": "12",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "phone": "+12025550143",
        "birthday": "1990-05-01",
        "stamp_count": "4",
        "metadata.tier": "gold",
        "external_references": "[]",
    },
}
PAIRS = [pytest.param(a, b, id=f"{a}-to-{b}") for a, b in itertools.product(ROWS, ROWS)]


def carried(here: str, there: str) -> dict[str, str]:
    """Apply the made mapping to one exported row."""
    headers = tuple(ROWS[here])
    found = bridge(headers, there)
    assert found
    schema = connector_for(there, program="1").schema
    bound = parse_mapping(found.text).bind(headers, schema, source="export.csv")
    rows = pl.DataFrame({"row_number": [2], **{h: [v] for h, v in ROWS[here].items()}})
    record = bound.apply(rows).row(0, named=True)
    return {name: value for name, value in record.items() if value is not None}


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_every_export_has_a_mapping_into_every_system(here, there):
    """Contacts, name and birthday come over, whichever way."""
    record = carried(here, there)

    assert {"ada@example.com", "+12025550143", "1990-05-01"} <= set(record.values())
    assert {"Ada", "Lovelace"} <= set(record.values()) or "Ada Lovelace" in record.values()


@pytest.mark.parametrize("system", ROWS)
def test_an_export_goes_back_by_id(system):
    """Into the same system the fields keep their names, and the id names the customer."""
    found = bridge(tuple(ROWS[system]), system)
    record = carried(system, system)

    assert found
    assert found.lost == (("customFields.shoe size",) if system == "loyaltydog" else ())
    assert {name: ROWS[system][name] for name in record if name != "row_number"} == {
        name: value for name, value in record.items() if name != "row_number"
    }
    assert record["id"] == ROWS[system]["id"]


@pytest.mark.parametrize(
    ("here", "there", "lost"),
    [
        pytest.param(
            "loyaltydog",
            "voucherify",
            ("points", "currentMessage", "customFields.shoe size"),
            id="d-v",
        ),
        pytest.param("voucherify", "loyaltydog", ("address.city",), id="v-d"),
        pytest.param("voucherify", "leal", ("address.city", "loyalty.points"), id="v-l"),
        pytest.param("leal", "loyaltydog", ("stamp_count", "external_references"), id="l-d"),
    ],
)
def test_what_has_no_place_is_named(here, there, lost):
    """Columns that the other system cannot hold are listed; the system's own bookkeeping is not."""
    found = bridge(tuple(ROWS[here]), there)

    assert found
    assert found.lost == lost


def test_points_and_custom_fields_come_over():
    """A balance goes where there is a balance, custom fields keep their names."""
    record = carried("voucherify", "loyaltydog")

    assert (record["points"], record["customFields.tier"]) == ("120", "gold")
    assert carried("leal", "voucherify")["source_id"] == "leal:501"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(("Name", "E-Mail"), id="somebody-elses"),
        pytest.param(("id", "email", "phone"), id="too-little-to-tell"),
        pytest.param((), id="none"),
    ],
)
def test_other_files_are_left_to_their_own_mappings(headers):
    """Only what an export of the system surely has is taken for one."""
    assert origin_of(headers) is None
    assert bridge(headers, "leal") is None
