"""The reference page of the mapping language, made from its models.

`python -m bulkload.mapping.reference` prints it; `mappings/REFERENCE.md` is what it printed.
"""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

import pydantic
from pydantic.fields import FieldInfo

from bulkload.mapping import document as language

_INTRO = """# Mappings: the reference

A mapping is a YAML file that says which column becomes which field. The keys below are all there
are; any other word is an error with its place in the file. Twenty worked cases stand in
[COOKBOOK.md](COOKBOOK.md). This page is made from the program's own models.

```yaml
# yaml-language-server: $schema=mapping.schema.json
connector: loyaltydog
fields:
  firstName: First name            # short for {column: First name}
  email: [E-Mail, Email, Correo]   # under whichever of these headers it comes
  phone: {column: Tel., region: DE}
  points: {column: Punkte, numbers: de, as: set}
ignore: [Notes]
```

What happens to a cell, in this order: `nulls` and white space (`trim`), `replace`, `case`, `map`, reading
as a number, date or yes/no, `default`, `when`. **A cell that cannot be read keeps its own text** and
the row is rejected with it; nothing is cut, guessed or dropped. Every column of the file must be
used or stand under `ignore:`.

YAML is read strictly: no anchors, aliases, merge keys, tags or duplicate keys; at most 1 MB,
20 levels and 10,000 values. `NO`, `0123`, `12:30` and `2026-01-02` are text, as typed.
Patterns run in Rust's engine (linear time, no look-around, at most 500 characters).
"""
_ORDER = (
    language.Mapping,
    language.FieldRules,
    language.Column,
    language.Condition,
    language.Replace,
    language.Split,
    language.Otherwise,
    language.Numbers,
    language.Dates,
    language.Words,
    language.PhoneRegion,
    language.SkipRule,
    language.ActionRules,
    language.Consents,
)
_TITLES = {
    language.Mapping: "The file",
    language.FieldRules: "A field, and any value inside one",
    language.Column: "A column",
    language.Condition: "A condition",
    language.Replace: "replace",
    language.Split: "split",
    language.Otherwise: "otherwise",
    language.Numbers: "numbers",
    language.Dates: "dates",
    language.Words: "words",
    language.PhoneRegion: "region",
    language.SkipRule: "skip_if",
    language.ActionRules: "action",
    language.Consents: "consents",
}
_SPOKEN: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    language.Value: "field",
}
_NOT_IN_PARTS = "Keys from `region` on belong to a whole field, not to a value inside one."


def reference() -> str:
    """Return the reference page as Markdown."""
    parts = [_INTRO]
    for model in _ORDER:
        text = inspect.cleandoc(model.__doc__ or "")
        parts.append(f"## {_TITLES[model]}\n\n{text}\n")
        if model is language.FieldRules:
            sources = ", ".join(f"`{name}`" for name in language.SOURCES)
            parts.append(
                f"Exactly one of {sources} says where the value comes from. {_NOT_IN_PARTS}\n"
            )
        parts.append("| key | takes | meaning |\n|---|---|---|")
        parts.extend(_row(info.alias or name, info) for name, info in model.model_fields.items())
        parts.append("")
    parts.append(_locales())
    return "\n".join(parts)


def _row(name: str, info: FieldInfo) -> str:
    takes = " or ".join(dict.fromkeys(_spoken(info.annotation)))
    meaning = (info.description or "").replace("|", "\\|")
    if info.is_required():
        meaning = f"**Needed.** {meaning}"
    elif (default := _default(info)) is not None:
        meaning = f"{meaning} Default: `{default}`."
    return f"| `{name}` | {takes} | {meaning} |"


def _default(info: FieldInfo) -> str | None:
    value = info.get_default()
    if isinstance(value, bool):
        return str(value).lower() if value else None
    if isinstance(value, (str, int)) and value != "":
        return str(value)
    return "reject" if isinstance(value, language.Otherwise) else None


def _spoken(annotation: Any) -> Iterator[str]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _spoken(arguments[0])
    elif origin in {typing.Union, types.UnionType}:
        for argument in arguments:
            yield from _spoken(argument)
    elif origin is not None:
        yield from _spoken_group(origin, arguments)
    elif annotation in _SPOKEN:
        yield _SPOKEN[annotation]
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield from (f"`{member.value}`" for member in annotation)
    elif isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        title = _TITLES[annotation]
        anchor = title.lower().replace(" ", "-").replace(",", "")
        short = title if annotation is not language.FieldRules else "field"
        yield f"[{short.removeprefix('A ')}](#{anchor})"


def _spoken_group(origin: Any, arguments: tuple[Any, ...]) -> Iterator[str]:
    if origin is typing.Literal:
        yield from (f"`{value}`" for value in arguments)
    elif origin is tuple:
        yield f"list of {' or '.join(dict.fromkeys(_spoken(arguments[0])))}"
    elif origin is dict:
        yield f"name: {' or '.join(dict.fromkeys(_spoken(arguments[1])))}"


def _locales() -> str:
    lines = ["## Locales", "", "| locale | numbers | dates |", "|---|---|---|"]
    for name, (decimal, thousands) in language.NUMBERS_BY_LOCALE.items():
        lines.append(
            f"| `{name}` | 1{thousands}250{decimal}50 | {language.DATES_BY_LOCALE[name]} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - printing is what this is for
