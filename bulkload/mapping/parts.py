"""The parts that rules are made of: columns, conditions, and how cells are read.

Every part has a long form, with each key by name, and most have a short one for the usual case.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

MAX_PATTERN_CHARACTERS = 500
NAME = r"^[^\s{}\"\\@](?:[^{}\"\\\n\r\t@]*[^\s{}\"\\@])?$"


def _as_text(value: Any) -> Any:
    """Give numbers and booleans back as they were typed: cells are text, so rules about them are."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return value


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
Text = Annotated[str, BeforeValidator(_as_text), WithJsonSchema(_SCALAR_SCHEMA)]
Header = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(min_length=1, max_length=1000),
    WithJsonSchema({**_SCALAR_SCHEMA, "minLength": 1}),
]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATTERN_CHARACTERS)]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Scalar = bool | int | float | str
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=200)]
Locale = Literal[
    "de", "de-AT", "de-CH", "en-GB", "en-US", "es", "fr", "it", "nl", "pl", "pt", "pt-BR", "sv"
]


NUMBERS_BY_LOCALE: dict[str, tuple[str, str]] = {
    "de": (",", "."),
    "de-AT": (",", "."),
    "de-CH": (".", "'"),
    "en-GB": (".", ","),
    "en-US": (".", ","),
    "es": (",", "."),
    "fr": (",", " "),
    "it": (",", "."),
    "nl": (",", "."),
    "pl": (",", " "),
    "pt": (",", "."),
    "pt-BR": (",", "."),
    "sv": (",", " "),
}
DATES_BY_LOCALE: dict[str, Literal["DMY", "MDY", "YMD"]] = {
    **dict.fromkeys(NUMBERS_BY_LOCALE, "DMY"),
    "en-US": "MDY",
    "sv": "YMD",
}


class Rules(BaseModel):
    """Base of every part of a mapping: unknown words are errors, nothing changes after loading."""

    # A part is mostly checked as a part of `Mapping`, and has no need of a check of its own.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class Column(Rules):
    """Which column: by one of its headers, by position or by a pattern over the headers.

    Short forms: `column: E-Mail` and `column: [E-Mail, Email, Correo]`. Headers are compared without
    regard to case and surrounding spaces; more than one match is an error.
    """

    header: Header | None = Field(None, description="Header as it stands in the file.")
    aliases: tuple[Header, ...] = Field(
        (), description="Other headers under which the column may come, in any language."
    )
    position: int | None = Field(
        None,
        ge=1,
        description="Place among the columns, counting from 1; for files without headers.",
    )
    pattern: Pattern | None = Field(
        None, description="Regular expression that exactly one header matches, `(?i)^tel`."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, (str, int, float)):
            return {"header": value}
        if isinstance(value, list) and value and all(isinstance(v, (str, int)) for v in value):
            return {"header": value[0], "aliases": value[1:]}
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.header, self.position, self.pattern)) != 1:
            raise PydanticCustomError(
                "column", "a column is named by one of `header`, `position` and `pattern`"
            )
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header under which the column may come."""
        return (*((self.header,) if self.header is not None else ()), *self.aliases)

    def __str__(self) -> str:
        if self.position is not None:
            return f"column {self.position}"
        return self.header or f"/{self.pattern}/"


class Condition(Rules):
    """A test of a row: one column against one thing, or several conditions together.

    Text is compared after trimming, without regard to case.
    """

    column: Column | None = Field(None, description="Column that is tested.")
    is_: tuple[Text, ...] | None = Field(
        None, alias="is", description="True if the cell is this text, or one of these texts."
    )
    is_not: tuple[Text, ...] | None = Field(
        None, description="True if the cell is none of these texts (a blank cell is none)."
    )
    blank: bool | None = Field(None, description="True if the cell is empty (`false`: is not).")
    matches: Pattern | None = Field(None, description="True if the pattern is found in the cell.")
    at_least: float | None = Field(None, description="True if the cell is a number, this or more.")
    at_most: float | None = Field(None, description="True if the cell is a number, this or less.")
    all: tuple[Condition, ...] | None = Field(None, description="True if all of these are.")
    any: tuple[Condition, ...] | None = Field(None, description="True if one of these is.")
    not_: Condition | None = Field(None, alias="not", description="True if this one is not.")

    @field_validator("is_", "is_not", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        tests = (self.is_, self.is_not, self.blank, self.matches, self.at_least, self.at_most)
        tested = sum(test is not None for test in tests)
        joined = sum(part is not None for part in (self.all, self.any, self.not_))
        if (self.column is None) != (tested == 0) or (self.column is not None) + joined != 1:
            raise PydanticCustomError(
                "condition",
                "a condition is `column:` with one or more of `is`, `is_not`, `blank`, `matches`, "
                "`at_least`, `at_most`; or one of `all`, `any`, `not`",
            )
        return self


class Replace(Rules):
    """A pattern and what takes the place of everything that matches it."""

    pattern: Pattern = Field(
        description="Regular expression of the Rust engine: linear time, no look-around."
    )
    with_: Annotated[str, BeforeValidator(_as_text), StringConstraints(max_length=500)] = Field(
        "", alias="with", description="Text put in its place; `${1}` is the first group."
    )


class Split(Rules):
    """A part of one column: a piece between separators, or a part of a full name."""

    column: Column = Field(description="Column that is cut.")
    part: Literal["first_name", "last_name"] | int = Field(
        description="`first_name`, `last_name` (knows `Last, First` and `van`, `von`, `de` ...), "
        "or which piece: 1 is the first, -1 the last."
    )
    by: Annotated[str, StringConstraints(min_length=1, max_length=20)] = Field(
        " ", description="Separator of numbered pieces."
    )

    @field_validator("part")
    @classmethod
    def _not_zero(cls, value: Any) -> Any:
        if value == 0 or isinstance(value, bool):
            raise PydanticCustomError("part", "pieces are counted from 1; -1 is the last")
        return value


class Numbers(Rules):
    """How numbers are written. Short form: a locale, `numbers: de`."""

    decimal: Literal[".", ","] = Field(".", description="Decimal sign.")
    thousands: Literal[".", ",", " ", "'", ""] = Field(
        "", description="Sign between groups of three digits; a space covers the narrow ones too."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            if value not in NUMBERS_BY_LOCALE:
                known = ", ".join(f"`{name}`" for name in NUMBERS_BY_LOCALE)
                raise PydanticCustomError(
                    "locale",
                    "`{value}` is not a locale; known are {known}",
                    {"value": value, "known": known},
                )
            decimal, thousands = NUMBERS_BY_LOCALE[value]
            return {"decimal": decimal, "thousands": thousands}
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.decimal == self.thousands:
            raise PydanticCustomError(
                "numbers", "`decimal` and `thousands` cannot be the same sign"
            )
        return self


class Dates(Rules):
    """How dates are written. Short form: the order, `dates: DMY`."""

    order: Literal["DMY", "MDY", "YMD"] | None = Field(
        None, description="Order of day, month and year in dates that are not ISO."
    )
    short_years_from: int | None = Field(
        None,
        ge=1800,
        le=2100,
        description="First year that a two-digit year may mean: with 1930, `29` is 2029 and `30` is "
        "1930. Without it two-digit years are refused.",
    )
    serial: Literal[1900, 1904] | None = Field(
        None,
        description="Read numbers of five digits as Excel's serial dates, from 1900 or from 1904.",
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"order": value} if isinstance(value, str) else value


class Words(Rules):
    """The words that a column uses for yes and no; they take the place of the built-in ones."""

    yes: tuple[Text, ...] = Field(min_length=1, description="Words for yes, `[Ja, x]`.")
    no: tuple[Text, ...] = Field((), description="Words for no, `[Nein, '-']`.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        both = {w.strip().lower() for w in self.yes} & {w.strip().lower() for w in self.no}
        if both:
            raise PydanticCustomError(
                "words", "`{word}` cannot mean yes and no", {"word": min(both)}
            )
        return self


class Otherwise(Rules):
    """What happens to a cell that the value map does not know. Short form: `otherwise: reject`."""

    do: Literal["reject", "keep", "blank", "value"] = Field(
        "reject",
        description="`reject` the row, `keep` the cell's text, treat it as `blank`, or use `value`.",
    )
    value: Text | None = Field(None, description="Value for every cell that is not in the map.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"do": value}
        if isinstance(value, dict) and "do" not in value and "value" in value:
            return {**value, "do": "value"}
        return value

    @model_validator(mode="after")
    def _has_value(self) -> Self:
        if (self.do == "value") != (self.value is not None):
            raise PydanticCustomError("otherwise", "write `otherwise: {value: ...}` with a value")
        return self


class PhoneRegion(Rules):
    """Where a phone number without calling code is at home. Short form: `region: DE`.

    A country column may hold ISO codes or the names of countries in eight languages.
    """

    default: Region | None = Field(
        None, description="ISO 3166-1 alpha-2 code for rows without a country, `DE`."
    )
    column: Column | None = Field(None, description="Column with each customer's country.")
    map: dict[str, Region] = Field(
        {}, description="Own names of countries: text of the cell -> ISO code."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"default": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.default is None and self.column is None:
            raise PydanticCustomError("region", "a region needs `default` or `column`")
        return self
