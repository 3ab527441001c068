"""Verdicts that are worth keeping: the domain of an e-mail address, a phone that comes again.

The answers are those of `email` and `phone`; only the asking is spared.
"""

from __future__ import annotations

import re

from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from pydantic_core import PydanticCustomError

from bulkload.validation.characters import stripped
from bulkload.validation.email import email, why_not
from bulkload.validation.phone import phone

MOST = 50_000
"""Verdicts kept of each sort, so that memory stays bounded."""
_SHORT = 100
"""Characters; in a longer address a limit on its length could decide."""

_BAD = ""
"""The verdict on a domain that no address is valid with."""

_ATEXT = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_PLAIN = re.compile(rf"({_ATEXT}(?:\.{_ATEXT})*)@([A-Za-z0-9][^@<>\"\\\x00-\x20\x7f]*)")
_NAMES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


class Contacts:
    """Checks e-mails and phones as the exact path does.

    Args:
        remember: False asks anew for every cell, to compare.
    """

    def __init__(self, *, remember: bool = True) -> None:
        self._remember = remember
        self._domains: dict[str, str] = {}
        self._last = ("", "")
        """A row that has been found good cell by cell is judged once more as a whole."""
        self._phones: dict[tuple[str, str | None], str] = {}

    def email(self, text: str) -> str:
        """Return what `email` returns; a plain local part needs its domain to be judged once."""
        if not self._remember:
            return email(text)
        if text == self._last[0]:
            return self._last[1]
        found = self._email(text)
        self._last = (text, found)
        return found

    def _email(self, text: str) -> str:
        address = stripped(text)
        parts = _PLAIN.fullmatch(address) if len(address) <= _SHORT else None
        if parts is None:
            return email(text)
        local, domain = parts.groups()
        known = self._domains.get(domain)
        if known is None:
            try:
                known = email(f"a@{domain}").removeprefix("a@")
            except PydanticCustomError:
                known = _BAD
            if len(self._domains) >= MOST:
                self._domains.clear()
            self._domains[domain] = known
        if known == _BAD:
            raise why_not(address)
        if len(known.encode()) > _SHORT or len(local) > _SHORT // 2:
            return email(text)
        return f"{local.lower() if local.lower() in _NAMES else local}@{known}"

    def phone(self, cell: tuple[str, str | None]) -> str:
        """Return what `phone` returns for text and region."""
        known = self._phones.get(cell)
        if known is None:
            known = phone(*cell)
            if len(self._phones) >= MOST:
                self._phones.clear()
            if self._remember:
                self._phones[cell] = known
        return known
