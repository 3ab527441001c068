"""Every code can be spoken, in every language, in plain words."""

import ast
import re
import string
from pathlib import Path

import pytest

import bulkload
from bulkload import messages
from bulkload.messages import de, en, phrases, reference
from bulkload.messages.regions import REGIONS
from bulkload.records import Finding, Reject

PACKAGE = Path(bulkload.__file__).parent
CODE = re.compile(r"[a-z]+\d*(-[a-z0-9]+)+")
RAW = re.compile(r"pydantic|polars|Traceback|Error:|\bNone\b|value_error|Input should")


def placeholders(template: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def codes_in_use() -> set[str]:
    """Every first or second argument of Reject, Finding and refusal that is a literal code."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"Reject", "Finding", "refusal", "Refusal"}:
                texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
                found |= {t for t in texts if isinstance(t, str) and CODE.fullmatch(t)}
    return found


def test_every_code_in_use_has_an_entry() -> None:
    """No code of the package is without a sentence."""
    used = codes_in_use()

    assert len(used) > 20
    assert used <= set(en.MESSAGES)


def test_german_is_complete() -> None:
    """German has the codes of English, no more and no fewer."""
    assert set(de.MESSAGES) == set(en.MESSAGES)


@pytest.mark.parametrize("code", sorted(en.MESSAGES))
def test_german_uses_the_same_values(code: str) -> None:
    """Each German sentence has the placeholders of the English one, each page the same parts."""
    english, german = en.MESSAGES[code], de.MESSAGES[code]

    assert placeholders(german.what) == placeholders(english.what)
    assert placeholders(german.fix) == placeholders(english.fix)
    assert bool(german.cause) == bool(english.cause)
    assert bool(german.example) == bool(english.example)
    assert german.title
    assert german.what != english.what


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize(
    "code", sorted(code for code, entry in en.MESSAGES.items() if "{count}" in entry.what)
)
def test_one_cell_is_spoken_of_as_one(code: str, language: str) -> None:
    """What counts has a sentence for a single cell, which gives the same values."""
    entry = messages.message_for(code, language)
    found = Finding(code, "Phone", ("C2",), 1, ("0171",), {"usual": "numbers", "odd": "text"})

    assert placeholders(entry.one) == placeholders(entry.what) - {"count"}
    assert "1 " in messages.what(found, language)
    assert messages.what(found, language) != messages.what(
        Finding(code, "Phone", ("C2",), 2, ("0171",)), language
    )


@pytest.mark.parametrize("code", sorted(en.MESSAGES))
def test_every_page_says_what_why_and_how(code: str) -> None:
    """Plain sentences without a full stop of their own; a problem of a row has all four parts."""
    for language in messages.LANGUAGES:
        message = messages.message_for(code, language)
        assert message.what
        assert message.fix
        assert not message.what.endswith(".")
        assert not message.fix.endswith(".")
        assert not RAW.search(message.what + message.fix)
        if reference.is_about_a_row(message):
            assert message.cause
            assert message.example


def test_phrases_are_complete() -> None:
    """Both languages have the same phrases with the same placeholders."""
    assert set(phrases.GERMAN) == set(phrases.ENGLISH)
    for name, english in phrases.ENGLISH.items():
        assert placeholders(phrases.GERMAN[name]) == placeholders(english), name


def test_the_reference_is_current() -> None:
    """REFERENCE.md is what the catalogue says; `python -m bulkload.messages.reference` writes it."""
    assert reference.PATH.read_text("utf-8") == reference.reference()
    for code in en.MESSAGES:
        assert f"### {code}\n" in reference.reference()


def test_countries_have_names_in_every_language() -> None:
    """A sentence about a phone names the country, an unknown code as it is."""
    short = Reject(2, "phone-too-short", cell="0171/12", details={"region": "DE"})

    assert messages.what(short) == 'Phone "0171/12" has too few digits for Germany'
    assert messages.what(short, "de") == (
        "Das Telefon „0171/12“ hat zu wenige Ziffern für Deutschland"
    )
    assert set(REGIONS["en"]) == set(REGIONS["de"])
    unknown = Reject(2, "phone-unknown-region", cell="1", details={"region": "DEU"})
    assert '"DEU" is no country code' in messages.what(unknown)


def test_a_cell_is_inserted_as_it_is() -> None:
    """Braces and percent signs of a cell are text."""
    found = Reject(2, "email-missing-at", cell="{cell} %s {0}")

    assert messages.what(found) == 'E-mail "{cell} %s {0}" has no @'


def test_a_missing_value_leaves_a_gap_and_an_unknown_code_its_words() -> None:
    """A run never loses its report over a sentence."""
    assert messages.what(Reject(2, "phone-too-short", cell="1")) == (
        'Phone "1" has too few digits for …'
    )
    assert messages.what(Reject(2, "no-such-code", cell="x")) == "No such code: x"
    assert messages.what(Finding("blank-rows", count=1200), "de").startswith("1.200 Zeilen")
