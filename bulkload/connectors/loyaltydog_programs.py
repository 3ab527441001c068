"""LoyaltyDog's programs: what a new one may say, and the requests that list, show and create them.

A program is written as YAML with the vendor's own names:

    passTypeIdentifier: pass.com.example.cafe
    name: Café Lovelace
    schema: stampCard
    customFields:
      - {name: birthday, type: date, required: true}

Source: create-loyalty-program and TemplatePlaceholder of the vendor's openapi.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from bulkload.connectors.answers import id_of
from bulkload.errors import BulkloadError, did_you_mean
from bulkload.wire import Request, Response

_URL = TypeAdapter(AnyUrl)
_OWN_FIELDS = ("firstName", "lastName", "email", "phone")
"""Fields that every customer has, besides the custom ones."""


def _address(text: str) -> str:
    _URL.validate_python(text)
    return text


Website = Annotated[str, StringConstraints(min_length=1, max_length=2083), AfterValidator(_address)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


class TemplatePlaceholder(_Strict):
    """A custom field of the program's customers."""

    name: Annotated[str, StringConstraints(min_length=1)]
    type: Literal["text", "email", "number", "date", "selection", "json"] = "text"
    display_name: str | None = None
    default_value: str | None = None
    points: int | None = None
    """Points that a customer gets for filling it in."""
    options: str | None = None
    required: bool | None = None


class CreateProgramPayload(_Strict):
    """A new program, in the vendor's words."""

    pass_type_identifier: Annotated[str, StringConstraints(pattern=r"^pass\..*")]
    name: str
    schema_: Annotated[
        Literal["stampCard", "tieredMembership", "specialOffers", "custom"], Field(alias="schema")
    ] = "tieredMembership"
    program_type: Literal["loyalty", "giftcard"] = "loyalty"
    description: str | None = None
    language: str | None = None
    country: str | None = None
    company: str | None = None
    address: str | None = None
    website: Website | None = None
    email: Email | None = None
    phone: str | None = None
    terms: str | None = None
    points_add_email: int | None = None
    points_add_phone: int | None = None
    points_install_pass: int | None = None
    points_scan_pass: int | None = None
    dynamic_scan_points: bool | None = None
    points_referral: int | None = None
    referral_required_points: int | None = None
    scanner_type: Literal["Browser", "PassVerifier", "CodeReadr", "None"] | None = "None"
    custom_points_change_message: str | None = None
    disable_custom_points_change_message: bool | None = None
    custom_point_name: str | None = None
    custom_points_name: str | None = None
    custom_fields: list[TemplatePlaceholder] = []
    required_fields: list[str] = []
    retention_period_days: Annotated[int, Field(ge=0, le=365, alias="retention_period_days")] = 30

    @model_validator(mode="after")
    def _fields_fit(self) -> CreateProgramPayload:
        names = [placeholder.name for placeholder in self.custom_fields]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise PydanticCustomError("twice", "customFields names `{name}` twice", {"name": twice})
        known = (*_OWN_FIELDS, *names)
        for name in self.required_fields:
            if name not in known:
                hint = did_you_mean(name, known)
                raise PydanticCustomError(
                    "unknown_field",
                    "requiredFields names `{name}`, which is no field of the program; {hint}",
                    {"name": name, "hint": hint or f"there are {', '.join(known)}"},
                )
        return self


def program_of(document: Any, *, where: str) -> CreateProgramPayload:
    """Return the program that a document describes.

    Raises:
        BulkloadError: With every problem of the document at once.
    """
    if not isinstance(document, Mapping):
        raise BulkloadError(
            "this is not a program",
            where=where,
            fix="write `passTypeIdentifier: pass.…` and `name: …`, one field a line",
        )
    try:
        return CreateProgramPayload.model_validate(document)
    except ValidationError as error:
        problems = [_said(found) for found in error.errors(include_url=False, include_input=False)]
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise BulkloadError(
            f"the program has {count}: " + "; ".join(problems),
            where=where,
            fix="correct the file; nothing was sent",
        ) from None


def create_request(program: CreateProgramPayload) -> Request:
    """Return `POST /v2/programs` with what the document says, and nothing that it does not."""
    body = program.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return Request(
        "POST", "/v2/programs", json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    )


def show_request(program_id: str) -> Request:
    """Return the read of one program."""
    return Request("GET", f"/v2/loyalty/programs/{quote(program_id, safe='')}")


def created_id(response: Response) -> str:
    """Return the new program's id; empty if the answer has none."""
    return id_of(response.json(), "id", "_id", "programId")


def _said(found: ErrorDetails) -> str:
    place = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        known = TemplatePlaceholder if place.startswith("customFields.") else CreateProgramPayload
        names = [field.alias or name for name, field in known.model_fields.items()]
        hint = did_you_mean(str(found["loc"][-1]), names).strip()
        return f"`{place}` is no field of a program" + (f" ({hint})" if hint else "")
    if found["type"] == "missing":
        return f"`{place}` is missing"
    said = found["msg"][:1].lower() + found["msg"][1:]
    return f"`{place}`: {said}" if place else said
