"""E-mail addresses: email-validator is the judge, this module says why it refused."""

from __future__ import annotations

import email_validator
from email_validator import EmailNotValidError

from bulkload.validation.characters import SPACES, control_character, invisible_character, stripped
from bulkload.validation.refusals import refusal

LONGEST = 254
"""Characters of an address, RFC 5321."""
LONGEST_LOCAL_PART = 64


def email(text: str) -> str:
    """Return the address as it is sent: no space around it, the domain in lower case.

    Whether a mail server answers there is not asked.

    Raises:
        PydanticCustomError: It is no address; the code says why.
    """
    address = stripped(text)
    if len(address) > LONGEST + LONGEST_LOCAL_PART:
        raise refusal("email-too-long")
    # What email-validator always refuses need not be asked: bad addresses are the costly ones.
    if "@" not in address or ".." in address or "<" in address:
        raise why_not(address)
    try:
        return email_validator.validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise why_not(address) from None


def why_not(address: str) -> Exception:  # noqa: PLR0911  # a list of reasons
    """Return the refusal of an address that email-validator refuses, most telling reason first."""
    local, _, domain = address.rpartition("@")
    unseen = control_character(address) or invisible_character(address)
    if unseen:
        return refusal("email-invisible-character", character=unseen)
    if "@" not in address:
        return refusal("email-missing-at")
    if "<" in address or ">" in address:
        return refusal("email-with-name")
    if address.count("@") > 1:
        return refusal("email-several")
    if any(character in SPACES for character in address):
        return refusal("email-space")
    if "." not in domain:
        return refusal("email-no-domain-dot")
    if ".." in address or local.startswith(".") or local.endswith(".") or domain[0] in ".-":
        return refusal("email-dots")
    if any(_under(domain, name) for name in email_validator.SPECIAL_USE_DOMAIN_NAMES):
        return refusal("email-domain-reserved", domain=domain)
    if len(address) > LONGEST or len(local) > LONGEST_LOCAL_PART:
        return refusal("email-too-long")
    return refusal("email-invalid")


def _under(domain: str, name: str) -> bool:
    folded = domain.lower().rstrip(".")
    return folded == name or folded.endswith("." + name)
