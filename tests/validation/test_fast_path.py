"""The fast path says what the exact path says, or nothing."""

from __future__ import annotations

from collections.abc import Container

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.records import Action, Field, Kind
from bulkload.validation.fast.tiers import Tiers
from bulkload.validation.fast.twins import Twin, twin_of
from bulkload.validation.remembered import Contacts
from tests import compare_paths
from tests.fuzz_cells import NASTY
from tests.fuzz_fast_path import compare, compare_cells, fields_of

KINDS = [pytest.param(kind, id=kind.value) for kind in Kind]


@pytest.mark.parametrize("kind", KINDS)
def test_fast_and_exact_path_agree(kind: Kind) -> None:
    """Of 50,000 plausible, mangled and hostile cells none is judged differently."""
    found = compare(kind, rows=50_000, seed=20)

    assert found.differences == ()
    assert found.exact > 2_000


def test_a_whole_file_is_judged_alike() -> None:
    """Payloads and rejects of 5,000 customers are the same both ways, to the last byte."""
    found = compare_paths.compare(5_000)

    assert found.differences == ()
    assert found.rows == 5_000
    assert found.sent > 4_500


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(cells=st.lists(st.text(min_size=1) | st.sampled_from(NASTY), max_size=30))
def test_any_text_is_judged_alike(kind: Kind, cells: list[str]) -> None:
    """Whatever stands in a cell, the two paths agree about it."""
    for field in fields_of(kind):
        assert compare_cells(field, cells) == []


class _Careless(Twin):
    """Accepts what begins well."""

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(r"^[0-9a-zA-Z+-]")

    def json(self, value: pl.Expr) -> pl.Expr:
        return pl.concat_str(pl.lit('"'), value, pl.lit('"'))


class _Raising(_Careless):
    """Accepts addresses, but sends them changed."""

    def json(self, value: pl.Expr) -> pl.Expr:
        return super().json(value.str.to_uppercase())

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return twin_of(self.field, ()).accepts(value)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in Kind if kind is not Kind.JSON],
    ids=lambda kind: kind.value,
)
def test_a_careless_rule_is_caught(kind: Kind) -> None:
    """A planted rule that accepts too much is found within a thousand cells."""

    def planted(field: Field, columns: Container[str]) -> Twin:
        del columns
        return _Careless(field)

    assert compare(kind, rows=1_000, seed=1, twins=planted).differences


def test_a_rule_that_changes_a_value_is_caught() -> None:
    """A planted rule that accepts what it should, but with another value, is found as well."""

    def planted(field: Field, columns: Container[str]) -> Twin:
        del columns
        return _Raising(field)

    assert compare(Kind.EMAIL, rows=3_000, seed=1, twins=planted).differences


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        pytest.param(Kind.TEXT, "Ann", id="text"),
        pytest.param(Kind.TEXT, "Zoë Ółańska 🙂", id="text-in-unicode"),
        pytest.param(Kind.TEXT, ' the "Rock" \\ ', id="text-with-quotes"),
        pytest.param(Kind.EMAIL, "ada.lovelace+x@mail.example.com", id="email"),
        pytest.param(Kind.EMAIL, " John@Example.COM ", id="email-with-case-and-space"),
        pytest.param(Kind.PHONE, "+49 (151) 123-45678", id="phone"),
        pytest.param(Kind.PHONE, "0151/12345678", id="phone-national"),
        pytest.param(Kind.PHONE, "Tel: +49 (0)151 12345678 ext. 5", id="phone-with-words"),
        pytest.param(Kind.PHONE, "030.123.456.78", id="phone-with-points"),
        pytest.param(Kind.INTEGER, "-12", id="integer"),
        pytest.param(Kind.INTEGER, " 0012.0", id="integer-with-point"),
        pytest.param(Kind.NUMBER, "12.75", id="number"),
        pytest.param(Kind.DATE, "2024-02-29", id="date"),
        pytest.param(Kind.DATETIME, "2024-02-29T23:59:59Z", id="datetime"),
        pytest.param(Kind.BOOLEAN, "YES", id="boolean"),
        pytest.param(Kind.HEX_ID, "5eb7cf5a86d9755df3a6c593", id="hex-id"),
        pytest.param(Kind.URL, "https://shop.example.com/a", id="url"),
        pytest.param(Kind.LIST, '["a","ü"]', id="list"),
    ],
)
def test_common_cells_need_no_python(kind: Kind, cell: str) -> None:
    """What most files hold is accepted by the tiers; otherwise the fast path would be slow."""
    field = Field("value", kind, region="DE")
    records = pl.DataFrame({"row_number": pl.Series([2], dtype=pl.UInt32), "value": [cell]})
    tiers = Tiers((field,), records.columns, one_of=(), keys=(), action=Action.CREATE, bodies=True)

    sifted = tiers.sift(records)

    assert sifted.payloads.height == 1
    assert compare_cells(field, [cell]) == []


@pytest.mark.parametrize(
    "address",
    ["a@müller.de", "INFO@shop.com", "John@X.com", "j@" + "ü" * 40 + ".de", "é@a.de", "a@b..c"],
)
def test_remembered_domains_change_nothing(address: str) -> None:
    """An address gets the same verdict whether its domain was seen before or not."""
    knows, asks = Contacts(), Contacts(remember=False)

    def verdict(contacts: Contacts) -> str:
        try:
            return contacts.email(address)
        except ValueError as refusal:
            return str(refusal)

    assert [verdict(knows), verdict(knows)] == [verdict(asks), verdict(asks)]
