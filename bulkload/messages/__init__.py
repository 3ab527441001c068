"""What people read about a reject or a finding: one catalogue per language, keyed by code.

Codes are stable. A sentence may use `{column}`, `{cell}`, `{field}`, `{row_number}` and the
reject's `details`; values are inserted as they are and escaped by whoever shows them.
"""

from __future__ import annotations

from bulkload.messages import de, en
from bulkload.messages.entry import Message
from bulkload.messages.phrases import WORDS, number, phrase
from bulkload.messages.regions import region_name
from bulkload.records import Finding, Reject

LANGUAGES = {"en": en.MESSAGES, "de": de.MESSAGES}


def message_for(code: str, language: str = "en") -> Message:
    """Return the catalogue entry of a code; English where a language has none.

    A code without an entry, which the tests do not let happen, is spoken as its own words: a run must
    not lose its report over a missing sentence.
    """
    found = LANGUAGES.get(language, en.MESSAGES).get(code) or en.MESSAGES.get(code)
    return found or Message(what=f"{code.replace('-', ' ').capitalize()}: {{cell}}", fix="")


def what(found: Reject | Finding, language: str = "en") -> str:
    """Return what is wrong, as one sentence."""
    return what_and_fix(found, language)[0]


def fix(found: Reject | Finding, language: str = "en") -> str:
    """Return how to mend it, as one sentence."""
    return what_and_fix(found, language)[1]


def what_and_fix(found: Reject | Finding, language: str = "en") -> tuple[str, str]:
    """Return both sentences, for little more than one of them costs."""
    message = message_for(found.code, language)
    alone = isinstance(found, Finding) and found.count == 1
    template = message.one if alone and message.one else message.what
    values = _values(found, language)
    return template.format_map(values), message.fix.format_map(values)


def title(code: str, language: str = "en") -> str:
    """Return what is wrong in a few words, without any value."""
    return message_for(code, language).title or code.replace("-", " ").capitalize()


def _values(found: Reject | Finding, language: str) -> _Values:
    values = _Values(column=found.column)
    for name, value in found.details.items():
        values[name] = _spoken(name, value, found.code, language)
    if isinstance(found, Reject):
        values["cell"], values["field"] = found.cell, found.field
        values["row_number"] = str(found.row_number)
    else:
        values["count"] = number(found.count, language)
        values["examples"] = ", ".join(found.examples)
    return values


def _spoken(name: str, value: str, code: str, language: str) -> str:
    # A code that is no country is the very thing that sentence is about.
    if name == "region" and code != "phone-unknown-region":
        value = region_name(value, language)
    if name == "fields":
        value = value.replace(" or ", f" {phrase('or', language)} ")
    return WORDS.get(language, {}).get(value, value)


class _Values(dict[str, str]):
    """Values of a sentence; one that nobody gave leaves a gap rather than a run without its report."""

    def __missing__(self, name: str) -> str:
        return "…"
