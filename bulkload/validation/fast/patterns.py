r"""Regular expressions of Polars (Rust's regex) that accept what needs no second look.

Each one describes less than the exact path accepts, and what it describes is sent as it stands.
In Rust `$` is the end of the text, not the place before a last line break.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection

import email_validator
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from bulkload.validation.characters import CONTROLS, INVISIBLES

_OTHER = r"0-9_!#$%&'*+\-/=?^`{|}~À-ÖØ-öø-ž"
"""RFC 5322 atext without A to Z, and the accented Latin letters of RFC 6531: one character each,
which stays as it is in Unicode's normal form C."""
_ATEXT = "a-zA-Z" + _OTHER
_LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def no_word_of(words: Collection[str]) -> str:
    """Return a pattern for every word of lower-case letters, also the empty one, but for `words`."""
    endings: dict[str, set[str]] = {}
    for word in words:
        if word:
            endings.setdefault(word[0], set()).add(word[1:])
    others = "".join(letter for letter in _LETTERS if letter not in endings)
    choices = [f"[{others}][a-z]*"] if others else []
    choices += [first + no_word_of(rest) for first, rest in sorted(endings.items())]
    if "" not in words:
        choices.insert(0, "")
    return "(?:" + "|".join(choices) + ")"


# email-validator writes some mailbox names (POSTMASTER) in lower case: a local part of letters alone
# must be in lower case already, unless a dot or another sign keeps it from being such a name.
assert all(name.isalpha() and name.isascii() for name in CASE_INSENSITIVE_MAILBOX_NAMES)  # noqa: S101
_LOCAL = (
    rf"(?:[a-z{_OTHER}]+(?:\.[a-z{_OTHER}]+)*|[{_ATEXT}]+(?:\.[{_ATEXT}]+)+"
    rf"|[{_ATEXT}]*[{_OTHER}][{_ATEXT}]*(?:\.[{_ATEXT}]+)*)"
)
_TOP_LEVEL = no_word_of({*email_validator.SPECIAL_USE_DOMAIN_NAMES, ""})
EMAIL = rf"^{_LOCAL}@(?:{_LABEL}\.)+{_TOP_LEVEL}$"
_LOWER = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]+"
LOWER_EMAIL = rf"^{_LOWER}(?:\.{_LOWER})*@(?:{_LABEL}\.)+{_TOP_LEVEL}$"
"""ASCII in lower case: compared with other addresses as it stands."""
WORD_EMAIL = rf"^[a-zA-Z]+@(?:{_LABEL}\.)+{_TOP_LEVEL}$"
MAILBOX_NAMES = sorted(CASE_INSENSITIVE_MAILBOX_NAMES)
LONGEST_EMAIL_BYTES = 64
"""So short that no limit on a part of an address can be reached."""

TEXT = rf"^[^\s#{CONTROLS}{INVISIBLES}](?:[^{CONTROLS}{INVISIBLES}]*[^\s{CONTROLS}{INVISIBLES}])?$"
MAYBE_ERROR = r"^\s*#"
PRINTABLE_ASCII = r"^[\x20-\x7e]+$"
UNSEEN = f"[{CONTROLS}{INVISIBLES}]"

INTEGER = "^(?:0|-?[1-9][0-9]{0,14})$"
NOT_NEGATIVE = "^(?:0|[1-9][0-9]{0,14})$"
MENDED_INTEGER = r"^(?:\+|(-))?0{0,3}([0-9]{1,15}?)(?:\.0{1,2})?$"
NUMBER = r"^(?:0|-?[1-9][0-9]{0,8}|-?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,3}[1-9])$"

_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP_YEAR = "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|1[26]|[3579][26])00)"
_CALENDAR = f"(?:[1-9][0-9]{{3}}-{_DAY}|{_LEAP_YEAR}-02-29)"
DATE = f"^{_CALENDAR}$"
DATETIME = f"^{_CALENDAR}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?$"

HEX_ID = "^[0-9a-fA-F]{24}$"
URL = rf"^https?://(?:{_LABEL}\.)+[a-z]{{2,10}}(?:/[A-Za-z0-9_~./-]*)?$"
LONGEST_URL_BYTES = 200
_IN_TEXT = rf'"\\\n\t\r{CONTROLS}{INVISIBLES}'
_TEXT = rf'"(?:[^#\s{_IN_TEXT}][^{_IN_TEXT}]*)?"'
"""The errors of formulas begin with a `#`, perhaps behind white space."""
LIST_OF_TEXT = rf"^\[(?:{_TEXT}(?:,{_TEXT})*)?\]$"

TRUE_WORDS = ("1", "on", "t", "true", "y", "yes")
FALSE_WORDS = ("0", "off", "f", "false", "n", "no")

PHONE_SEPARATORS = (" ", "(", ")", "-", "/")
"""A point is none of them: behind the last one may stand what a spreadsheet added, `.0`."""
AS_NUMBER = r"^\+?[0-9]+\.0+$"
LEADING_WORD = r"^[A-Za-z.: ]+"
EXTENSION = r"^([0-9 ().+-]{6,}?) *(?:ext\.? ?|x ?)[0-9]{1,6}$"
LONGEST_PHONE_BYTES = 100


def spellings_of(words: Collection[str]) -> list[str]:
    """Return every mixture of upper and lower case."""
    cased = ([(letter.lower(), letter.upper()) for letter in word] for word in words)
    return sorted({"".join(letters) for word in cased for letters in itertools.product(*word)})
