"""What LoyaltyDog accepts, as the published schemas say it, and its 422 for everything else.

The vendor's service is FastAPI with Pydantic, and so are its error texts; Pydantic writes them here
too.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from bulkload.sandbox.calls import Call, NotJsonError, loads
from bulkload.sandbox.loyaltydog.refusals import RefusedError

T = TypeVar("T")
_SEPARATORS = str.maketrans("", "", " -().")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")


def _phone(text: str, info: ValidationInfo) -> str:
    if (info.context or {}).get("phone_check") == "none":
        return text
    number = text.translate(_SEPARATORS)
    if not _E164.match(number):
        raise PydanticCustomError("value_error", "value is not a valid phone number")
    return number


Phone = Annotated[str, AfterValidator(_phone)]
Points = Annotated[int, Field(ge=-(2**53), le=2**53)]
ObjectId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class CreateCustomerPayload(_Body):
    """A new customer; no field is required."""

    firstName: str | None = None  # noqa: N815 - the vendor's names
    lastName: str | None = None  # noqa: N815
    email: str | None = None
    phone: Phone | None = None
    points: Points = 0
    referrerId: ObjectId | None = None  # noqa: N815
    customFields: dict[str, Any] | None = None  # noqa: N815
    initialConsentGranted: dict[str, Any] | None = None  # noqa: N815


class UpdateCustomerPayload(_Body):
    """Changes of a customer; `points` has a declared default of 0."""

    firstName: str | None = None  # noqa: N815
    lastName: str | None = None  # noqa: N815
    email: str | None = None
    phone: Phone | None = None
    points: Points = 0
    currentMessage: str | None = None  # noqa: N815
    customFields: dict[str, Any] | None = None  # noqa: N815


class AddPointsPayload(_Body):
    """Points on top of the balance."""

    points: Points


class Consent(_Body):
    """One yes or no."""

    consentType: Literal["marketing_email", "marketing_sms", "analytics", "data_sharing"]  # noqa: N815
    granted: bool
    method: Literal["checkbox", "api", "paper", "verbal", "pos_terminal", "migration"]


class ConsentsPayload(_Body):
    """At least one consent under one policy."""

    consents: Annotated[list[Consent], Field(min_length=1)]
    policyVersion: Annotated[str, StringConstraints(min_length=1)]  # noqa: N815


class PushPayload(_Body):
    """A message to the customer's card."""

    message: str | None = None


class TemplatePlaceholder(_Body):
    """The definition of a custom field."""

    name: str
    type: Literal["text", "email", "number", "date", "selection", "json"] = "text"
    displayName: str | None = None  # noqa: N815
    defaultValue: str | None = None  # noqa: N815
    points: int | None = None
    options: str | None = None
    required: bool | None = None


class _Program(_Body):
    description: str | None = None
    language: str | None = None
    country: str | None = None
    company: str | None = None
    address: str | None = None
    website: Annotated[AnyUrl, Field(max_length=2083)] | None = None
    email: str | None = None
    phone: str | None = None
    terms: str | None = None
    pointsAddEmail: int | None = None  # noqa: N815
    pointsAddPhone: int | None = None  # noqa: N815
    pointsInstallPass: int | None = None  # noqa: N815
    pointsScanPass: int | None = None  # noqa: N815
    dynamicScanPoints: bool | None = None  # noqa: N815
    pointsReferral: int | None = None  # noqa: N815
    referralRequiredPoints: int | None = None  # noqa: N815
    scannerType: Literal["Browser", "PassVerifier", "CodeReadr", "None"] | None = "None"  # noqa: N815
    customPointsChangeMessage: str | None = None  # noqa: N815
    disableCustomPointsChangeMessage: bool | None = None  # noqa: N815
    customPointName: str | None = None  # noqa: N815
    customPointsName: str | None = None  # noqa: N815
    customFields: list[TemplatePlaceholder] = []  # noqa: N815
    requiredFields: list[str] = []  # noqa: N815


class CreateProgramPayload(_Program):
    """A new program."""

    passTypeIdentifier: Annotated[str, StringConstraints(pattern=r"^pass\..*")]  # noqa: N815
    name: str
    schema_: Annotated[
        Literal["stampCard", "tieredMembership", "specialOffers", "custom"], Field(alias="schema")
    ] = "tieredMembership"
    programType: Literal["loyalty", "giftcard"] = "loyalty"  # noqa: N815
    retention_period_days: Annotated[int, Field(ge=0, le=365)] = 30


class UpdateProgramPayload(_Program):
    """Changes of a program."""

    name: str | None = None
    retention_period_days: Annotated[int, Field(ge=0, le=365)] | None = None


class AppKeyPayload(_Body):
    """A new JWT App Key."""

    name: str | None = None
    fullAccess: bool | None = None  # noqa: N815
    expires: int | None = None
    allowedTemplates: list[ObjectId] | None = None  # noqa: N815


class TokenForm(_Body):
    """The log-in form."""

    username: str
    password: str
    grant_type: Annotated[str, StringConstraints(pattern="^password$")] | None = None


class ListQuery(_Body):
    """Filters and paging of the list of customers."""

    phone: str | None = None
    email: str | None = None
    pid: str | None = None
    pidNumber: str | None = None  # noqa: N815
    orderBy: str | None = None  # noqa: N815
    q: str | None = None
    byName: bool | None = None  # noqa: N815
    page: int = 1
    limit: int = 250
    offset: int | None = None
    includeTotal: bool = False  # noqa: N815


class ExportQuery(_Body):
    """The form of one person's data."""

    format: Literal["json", "csv"] = "json"


PLACEHOLDERS = TypeAdapter(list[TemplatePlaceholder])


def body_of(call: Call, shape: type[T] | TypeAdapter[T], **context: str) -> T:
    """Return the JSON body as `shape`.

    Raises:
        RefusedError: 422 in the vendor's shape.
    """
    if not call.body:
        raise invalid([_problem("missing", ["body"], "Field required", None)])
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = not content_type or content_type == "application/json" or "+json" in content_type
    try:
        value = loads(call.body) if is_json else call.body.decode(errors="replace")
    except NotJsonError as error:
        raise invalid(
            [
                _problem("json_invalid", ["body", error.position], "JSON decode error", {})
                | {"ctx": {"error": error.message}}
            ]
        ) from None
    if isinstance(shape, type) and not isinstance(value, dict):
        text = "Input should be a valid dictionary or object to extract fields from"
        raise invalid([_problem("model_attributes_type", ["body"], text, value)])
    return _valid(shape, value, "body", context)


def form_of(call: Call, shape: type[T]) -> T:
    """Return a form-urlencoded body as `shape`; 422 like `body_of`."""
    try:
        pairs = parse_qsl(call.body.decode(errors="replace"), max_num_fields=100)
    except ValueError:
        pairs = []
    return _valid(shape, dict(pairs), "body", {})


def query_of(call: Call, shape: type[T]) -> T:
    """Return the query's parameters as `shape`; 422 like `body_of`."""
    return _valid(shape, call.query, "query", {})


def invalid(problems: list[dict[str, Any]]) -> RefusedError:
    """Return a 422 with these problems."""
    return RefusedError(422, "Request validation failed", detail=problems)


def refused_field(name: str, message: str) -> RefusedError:
    """Return a 422 about one field of the body."""
    return invalid([_problem("value_error", ["body", name], message, None)])


def _valid(shape: type[T] | TypeAdapter[T], value: Any, place: str, context: dict[str, str]) -> T:
    adapter = shape if isinstance(shape, TypeAdapter) else None
    try:
        if adapter is not None:
            return adapter.validate_python(value, context=context)
        return shape.model_validate(value, context=context)  # type: ignore[union-attr,no-any-return]
    except ValidationError as error:
        problems = json.loads(error.json(include_url=False))
    raise invalid(
        [
            _problem(p["type"], [place, *p["loc"]], p["msg"], p["input"])
            | ({"ctx": p["ctx"]} if "ctx" in p else {})
            for p in problems
        ]
    )


def _problem(type_: str, loc: list[str | int], message: str, value: Any) -> dict[str, Any]:
    return {"loc": loc, "msg": message, "type": type_, "input": value}
