"""Phone numbers: phonenumbers is the judge, this module says why it refused."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

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
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


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
    if _may_lack_its_plus(spelled, number):
        raise refusal("phone-plus-lost", region=home or "", calling_code=f"+{number.country_code}")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _may_lack_its_plus(spelled: str, number: PhoneNumber) -> bool:
    """Whether what was read as a national number is as well a mobile one without its `+`.

    Spreadsheets take the sign away: `4917612345678` is a mobile phone of Germany then, and read as a
    number within Germany the landline of somebody else.
    """
    if spelled.startswith(("+", "\uff0b")):
        return False
    if phonenumbers.number_type(number) in _MOBILE:
        return False
    own, code = phonenumbers.national_significant_number(number), str(number.country_code)
    if not own.startswith(code) or not phonenumbers.normalize_digits_only(spelled).startswith(own):
        return False
    rest = own.removeprefix(code)
    # A number that begins with zeros keeps them apart.
    other = PhoneNumber(
        country_code=number.country_code,
        national_number=int(rest or 0),
        italian_leading_zero=rest.startswith("0") or None,
        number_of_leading_zeros=len(rest) - len(rest.lstrip("0")) or None,
    )
    return phonenumbers.number_type(other) in _MOBILE


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
