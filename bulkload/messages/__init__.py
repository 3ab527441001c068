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
    message = message_for(found.code, language)
    alone = isinstance(found, Finding) and found.count == 1
    return _filled(message.one if alone and message.one else message.what, found, language)


def fix(found: Reject | Finding, language: str = "en") -> str:
    """Return how to mend it, as one sentence."""
    return _filled(message_for(found.code, language).fix, found, language)


def title(code: str, language: str = "en") -> str:
    """Return what is wrong in a few words, without any value."""
    return message_for(code, language).title or code.replace("-", " ").capitalize()


def _filled(template: str, found: Reject | Finding, language: str) -> str:
    details = {
        name: _spoken(name, value, found.code, language) for name, value in found.details.items()
    }
    values = {"column": found.column, **details}
    if isinstance(found, Reject):
        values |= {
            "cell": found.cell,
            "field": found.field,
            "row_number": str(found.row_number),
        }
    else:
        values |= {"count": number(found.count, language), "examples": ", ".join(found.examples)}
    return template.format_map(_Values(values))


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
