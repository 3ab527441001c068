"""How contacts are written when two of them are compared: one spelling per person, nothing judged.

What a valid e-mail address or phone number is, `validation` knows. These rules are for the other
side: a system may keep `Ada@Example.com` and `+1 (202) 555-0143` and means the same customer.
"""

from __future__ import annotations

from typing import Any


def email_key(text: Any) -> str:
    """Return the address without surrounding space, in lower case; empty if there is none."""
    return text.strip().lower() if isinstance(text, str) else ""


def phone_key(text: Any) -> str:
    """Return `+` and digits for a number with calling code (`+` or `00`), else the bare digits."""
    if not isinstance(text, str | int) or isinstance(text, bool):
        return ""
    spelled = str(text).strip()
    digits = "".join(str(int(c)) for c in spelled if c.isdecimal())
    if not digits:
        return ""
    if spelled.startswith(("+", "\uff0b")):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") and digits != "00" else digits
