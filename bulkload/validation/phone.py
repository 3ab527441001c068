"""Phone numbers: phonenumbers is the judge, this module says why it refused."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from bulkload.validation.characters import stripped
from bulkload.validation.refusals import refusal

_AS_NUMBER = re.compile(r"\+?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+|\+?[0-9]+\.0+")
"""What a spreadsheet makes of a phone that it took for a number: `4.915E+11`, `4915112345678.0`."""

_UNPARSED = {
    NumberParseException.NOT_A_NUMBER: "phone-not-a-number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "phone-too-short",
    NumberParseException.TOO_SHORT_NSN: "phone-too-short",
    NumberParseException.TOO_LONG: "phone-too-long",
}
_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: "phone-too-short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "phone-too-short",
    ValidationResult.TOO_LONG: "phone-too-long",
}


def phone(text: str, region: str | None) -> str:
    """Return the number in E.164, `+4915112345678`.

    Args:
        text: The cell; an extension behind the number is left away.
        region: ISO 3166-1 alpha-2, for numbers without calling code.

    Raises:
        PydanticCustomError: It is no number that can be called; the code says why.
    """
    spelled = stripped(text)
    if _AS_NUMBER.fullmatch(spelled):
        raise refusal("phone-as-number")
    home = stripped(region or "").upper() or None
    try:
        number = phonenumbers.parse(spelled, home)
    except NumberParseException as error:
        raise _unparsed(error.error_type, spelled, home) from None
    if not phonenumbers.is_valid_number(number):
        calling_code = f"+{number.country_code}"
        possible = phonenumbers.is_possible_number_with_reason(number)
        raise refusal(_IMPOSSIBLE.get(possible, "phone-invalid"), region=home or calling_code)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _unparsed(error_type: int, spelled: str, home: str | None) -> Exception:
    if error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return refusal(_UNPARSED[error_type], region=home or "any country")
    if spelled.startswith(("+", "\uff0b")):
        return refusal("phone-unknown-calling-code")
    if home is None:
        return refusal("phone-no-country")
    if home not in phonenumbers.SUPPORTED_REGIONS:
        return refusal("phone-unknown-region", region=home)
    return refusal("phone-unknown-calling-code")
