"""The mapping document: what may stand in the YAML, and what it means.

These models are the language: the reference page, the JSON Schema for editors and the errors are
made from them. They know no columns of any file and no system; `bound` brings those together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from bulkload.mapping.parts import (
    DATES_BY_LOCALE,
    NUMBERS_BY_LOCALE,
    Column,
    Condition,
    Dates,
    Locale,
    Name,
    Numbers,
    Otherwise,
    PhoneRegion,
    Replace,
    Rules,
    Scalar,
    Split,
    Text,
    Words,
)
from bulkload.records import Action, Kind, Severity

__all__ = [
    "DATES_BY_LOCALE",
    "NUMBERS_BY_LOCALE",
    "SOURCES",
    "ActionRules",
    "Column",
    "Condition",
    "Consents",
    "Dates",
    "FieldRules",
    "Mapping",
    "Numbers",
    "Otherwise",
    "PhoneRegion",
    "Replace",
    "Scalar",
    "SkipRule",
    "Split",
    "Value",
    "Words",
]

SOURCES = ("column", "coalesce", "concat", "template", "split", "constant", "list", "object")
"""Keys of which a field has exactly one: where its value comes from."""
Blank = Literal["keep", "clear", "reject"]
Case = Literal["lower", "upper", "title"]


class Value(Rules):
    """Where a value comes from and what is done to it, in the order of these keys."""

    column: Column | None = Field(None, description="The column that holds it.")
    coalesce: tuple[Value, ...] | None = Field(
        None, min_length=1, description="The first of several that is not blank."
    )
    concat: tuple[Value, ...] | None = Field(
        None, min_length=1, description="Several joined by `separator`; blank ones are left out."
    )
    separator: Annotated[str, StringConstraints(max_length=20)] | None = Field(
        None,
        description="Between the parts of `concat` (a space by default); what cuts a cell in pieces "
        "where `type: list`.",
    )
    template: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = Field(
        None, description="Text with `{column}` in it; blank if all its columns are."
    )
    split: Split | None = Field(None, description="A part of one column.")
    constant: Scalar | None = Field(None, description="The same value for every row.")
    list: tuple[Value, ...] | None = Field(
        None, min_length=1, description="Several values as a JSON list; blank ones are left out."
    )
    object: dict[Name, Value] | None = Field(
        None, min_length=1, description="Several values as a JSON object; blank ones are left out."
    )
    optional: bool = Field(
        default=False, description="The file may lack the column; the field is left out then."
    )
    nulls: tuple[Text, ...] | None = Field(
        None, description="Cells that mean `nothing here`: `['-', n/a, keine]`."
    )
    trim: bool = Field(default=True, description="Take white space off both ends.")
    replace: tuple[Replace, ...] = Field((), description="Replacements by pattern, in order.")
    case: Case | None = Field(
        None,
        description="Letters: `lower`, `upper` or `title` (only cells that are in one case all "
        "over, so that `McDonald` stays).",
    )
    map: dict[str, Text] | None = Field(
        None,
        min_length=1,
        description="Value map: text of the cell -> value, without regard to case.",
    )
    otherwise: Otherwise = Field(
        Otherwise(), description="What a cell that is not in `map` becomes."
    )
    type: Kind | None = Field(
        None,
        description="What the value is, for fields that the system leaves open "
        "(`customFields.visits`); others have their type already.",
    )
    items: Literal["text", "integer", "number", "boolean"] = Field(
        "text", description="What the pieces of a `type: list` are."
    )
    numbers: Numbers | None = Field(None, description="How numbers are written here.")
    dates: Dates | None = Field(None, description="How dates are written here.")
    words: Words | None = Field(None, description="Words for yes and no here.")
    default: Scalar | None = Field(None, description="Value for blank cells.")
    when: Condition | None = Field(
        None, description="The value counts only in rows where this is true; blank elsewhere."
    )
    required: bool = Field(default=False, description="A row without it is rejected.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return {"column": value}
        if isinstance(value, list) and value and all(isinstance(v, (str, int)) for v in value):
            return {"column": value}
        return value

    @field_validator("replace", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(f"`{name}`" for name in SOURCES)
            raise PydanticCustomError(
                "source",
                "a field needs exactly one of {known}, here are {given}",
                {"known": known, "given": " and ".join(f"`{g}`" for g in given) or "none"},
            )
        if "otherwise" in self.model_fields_set and self.map is None:
            raise PydanticCustomError("otherwise", "`otherwise` needs a `map`")
        inner = (*(self.coalesce or ()), *(self.concat or ()), *(self.list or ()))
        if any(part.required for part in inner):
            raise PydanticCustomError(
                "required", "`required` belongs to the whole field, or to a part of an `object`"
            )
        if self.required and self.optional:
            raise PydanticCustomError("required", "a field cannot be `optional` and `required`")
        return self


class FieldRules(Value):
    """One field of the payload. Short form: `email: E-Mail` is `email: {column: E-Mail}`."""

    region: PhoneRegion | None = Field(None, description="Where phone numbers are at home.")
    choices: tuple[Text, ...] = Field((), description="The only values that are allowed.")
    max_length: int | None = Field(None, ge=1, description="Longest text, in characters.")
    minimum: int | None = Field(None, description="Smallest number.")
    maximum: int | None = Field(None, description="Largest number.")
    blank: Blank = Field(
        "keep",
        description="A blank cell: `keep` what the system has, `clear` it there, or `reject` the row.",
    )
    severity: Severity = Field(
        Severity.REJECT,
        description="What a failed check does: `reject` the row, `warn` and send the cell as it is, "
        "or `off`.",
    )
    as_: Literal["set", "add", "keep"] | None = Field(
        None,
        alias="as",
        description="For balances: `set` the number, `add` it to what is there, or `keep` what is "
        "there and send nothing.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.blank == "clear" and (self.when or self.default is not None):
            raise PydanticCustomError(
                "blank", "`blank: clear` does not go with `when` or `default`"
            )
        if self.when and (self.required or self.blank == "reject"):
            raise PydanticCustomError(
                "when",
                "`when` leaves rows blank, so it does not go with `required` or `blank: reject`",
            )
        return self


class SkipRule(Rules):
    """Rows that are not to be sent. They are counted as skipped and reported with the reason."""

    when: Condition = Field(description="Which rows.")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        None, description="Why, in words for the report."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, dict) and "when" not in value:
            reason = {"reason": value["reason"]} if "reason" in value else {}
            return {"when": {k: v for k, v in value.items() if k != "reason"}, **reason}
        return value


class ActionRules(Rules):
    """What is to be done with each row, from a column. Short form: `action: Column`."""

    column: Column = Field(description="Column with the action.")
    map: dict[str, Literal["create", "update", "upsert", "skip"]] = Field(
        {}, description="Own words: text of the cell -> action."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, (str, int, list)) else value


class Consents(Rules):
    """Proof that goes with every consent of a row, for systems that keep a record of consents."""

    policy_version: Annotated[Text, StringConstraints(min_length=1)] = Field(
        description="Version of the privacy policy that the customers agreed to."
    )
    method: Literal["checkbox", "api", "paper", "verbal", "pos_terminal", "migration"] = Field(
        "migration", description="How consent was given; `migration` for lists from other systems."
    )


class Mapping(Rules):
    """How the columns of one kind of file become customers of one system."""

    bulkload: Literal[1] = Field(1, description="Version of the mapping language.")
    name: Name | None = Field(None, description="Name of the mapping; the file's by default.")
    description: str = Field("", description="What file it is for, in words.")
    extends: tuple[str, ...] = Field(
        (), description="Other mappings whose rules hold unless this file says otherwise."
    )
    connector: str | None = Field(
        None, description="System that receives the customers: `loyaltydog`, `voucherify`, `leal`."
    )
    program: Text | None = Field(
        None, description="Program or store, if the mapping fits only one."
    )
    mode: Action = Field(
        Action.CREATE,
        description="`create` new customers, `update` existing ones, or `upsert` both.",
    )
    action: ActionRules | None = Field(None, description="A column that says it for each row.")
    keys: tuple[Name, ...] | None = Field(
        None,
        description="Fields that name a customer, the preferred first; the system's by default.",
    )
    one_of: tuple[Name, ...] | None = Field(
        None, description="Fields of which a row needs one; the system's by default, `[]` for none."
    )
    locale: Locale | None = Field(
        None, description="How the file writes numbers and dates, unless a field says otherwise."
    )
    numbers: Numbers | None = Field(None, description="How the file writes numbers.")
    dates: Dates | None = Field(None, description="How the file writes dates.")
    nulls: tuple[Text, ...] = Field(
        (), description="Cells that mean `nothing here`, in all fields."
    )
    region: PhoneRegion | None = Field(None, description="Where all phone numbers are at home.")
    blank: Blank = Field("keep", description="Policy for blank cells, in all fields.")
    fields: dict[Name, FieldRules | None] = Field(
        min_length=1, description="Fields of the payload and where they come from."
    )
    consents: Consents | None = Field(
        None, description="Policy version and method of the fields `consents.NAME`."
    )
    ignore: tuple[Column, ...] = Field(
        (), description="Columns that are left out on purpose. Every other column must be used."
    )
    skip_if: tuple[SkipRule, ...] = Field((), description="Rows that are left out on purpose.")

    @field_validator("extends", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("ignore", mode="before")
    @classmethod
    def _maybe_none(cls, value: Any) -> Any:
        return [] if value is None else value
