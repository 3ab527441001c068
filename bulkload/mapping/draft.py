"""Suggestions become a commented mapping that a person finishes.

What is sure stands under `fields:`, with its reason beside it. What is not stands below as comments
with its candidates, and under `ignore:` as comments to decide: until then the mapping does not fit
its file, so no column is lost by oversight.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bulkload.mapping.evidence import Looks
from bulkload.mapping.lexicon import HOMES, SPOKEN, Home
from bulkload.mapping.schema import FILE_NAME
from bulkload.mapping.suggest import Suggestion

IGNORE = "ignore"
"""What a person answers to leave a column out."""
_PLAIN = re.compile(r"[^\W\d_]\w*(?:[ _.-]\w+)*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}
_CUSTOM = {"loyaltydog": "customFields.", "voucherify": "metadata.", "leal": "metadata."}
COMMENT_COLUMN = 44
SHOWN_CHARACTERS = 40
CLEAR_MAJORITY = 20
"""How many dates of one order outweigh one of the other, which then is a mistake."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping as far as it could be written, and what is left to decide."""

    text: str
    placed: Mapping[str, str]
    """Field by column."""
    undecided: tuple[str, ...]
    """Columns that the person has to place or ignore."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known besides headers and cells."""

    region: str | None = None
    """Where national phone numbers of the file are valid."""
    region_why: str = ""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """By column: the field that a person chose, or `ignore`."""


def plain_yaml(text: str) -> str:
    """Return text as a YAML scalar, quoted where it needs to be."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    if not text.isprintable():
        quoted: str = json.dumps(text)
        return quoted
    return "'" + text.replace("'", "''") + "'"


def homes_for(connector: str) -> Mapping[str, Home]:
    """Return where each thing belongs in a system; nothing for a system without a table."""
    return HOMES.get(connector, {})


def field_candidates(suggestion: Suggestion, connector: str) -> list[tuple[str, str]]:
    """Return fields that a column may be, the likeliest first, each with the reason."""
    homes = homes_for(connector)
    found = [
        (homes[candidate.thing].field, f"{candidate.score * 100:.0f} % {SPOKEN[candidate.thing]}")
        for candidate in suggestion.candidates
        if candidate.thing in homes
    ]
    custom = custom_field(suggestion.header, connector)
    return list(dict([*found[:3], (custom, "a field of your own")]).items())


def custom_field(header: str, connector: str) -> str:
    """Return a name for a column that the system has no field for."""
    words = re.findall(r"[^\W_]+", header) or ["column"]
    name: str = words[0].lower() + "".join(
        word[:1].upper() + word[1:].lower() for word in words[1:]
    )
    return _CUSTOM.get(connector, "") + name


def draft(
    suggestions: Sequence[Suggestion], *, connector: str, source: str, hints: Hints | None = None
) -> Draft:
    """Write a mapping from suggestions.

    Args:
        suggestions: One per column, in the file's order.
        connector: The system that is to receive the customers.
        source: Name of the file, for the head of the mapping.
        hints: Region of the phones and the person's decisions.
    """
    hints = hints or Hints()
    writer = _Writer(connector, hints)
    for suggestion in suggestions:
        writer.place(suggestion)
    return writer.finish(suggestions, source)


@dataclass(slots=True)
class _Writer:
    connector: str
    hints: Hints
    by_field: dict[str, list[tuple[Suggestion, str]]] = field(default_factory=dict)
    """Columns and their rules, by field."""
    country: Suggestion | None = None

    def place(self, suggestion: Suggestion) -> None:
        """Put a column under its field, if that is decided or sure."""
        decided = self.hints.decisions.get(suggestion.header)
        thing = suggestion.thing if suggestion.sure else None
        if decided == IGNORE:
            return
        if decided is None and thing == "country":
            self.country = suggestion
        homes = homes_for(self.connector)
        if decided is not None:
            rules = next((home.rules for home in homes.values() if home.field == decided), "")
            self.by_field.setdefault(decided, []).append((suggestion, rules))
        elif thing is not None and thing in homes:
            home = homes[thing]
            self.by_field.setdefault(home.field, []).append((suggestion, home.rules))
        elif thing == "full_name":
            first, last = homes["first_name"].field, homes["last_name"].field
            self.by_field.setdefault(first, []).append((suggestion, "split: first_name"))
            self.by_field.setdefault(last, []).append((suggestion, "split: last_name"))
        elif thing in {"first_name", "last_name"} and "full_name" in homes:
            self.by_field.setdefault(homes["full_name"].field, []).append((suggestion, "concat"))

    def finish(self, suggestions: Sequence[Suggestion], source: str) -> Draft:
        placed = {s.header: name for name, parts in self.by_field.items() for s, _ in parts}
        if self.country and "phone" in self.by_field:
            placed.setdefault(self.country.header, "phone")
        ignored = [h for h, answer in self.hints.decisions.items() if answer == IGNORE]
        undecided = [s for s in suggestions if s.header not in placed and s.header not in ignored]
        lines = [
            f"# yaml-language-server: $schema={FILE_NAME}",
            f"# Written by `bulkload mapping init` from {' '.join(source.split())}. Read every line before the first import.",
            "",
            f"connector: {self.connector}",
            *_nothing(suggestions),
            "",
            "fields:",
        ]
        for name, parts in self.by_field.items():
            lines += self._field(name, parts)
        lines += self._left(undecided)
        lines += ["", "ignore:" if ignored or undecided else "ignore: []"]
        lines += [f"  - {plain_yaml(header)}" for header in ignored]
        lines += [f"  # - {plain_yaml(s.header)}" for s in undecided]
        return Draft("\n".join(lines) + "\n", placed, tuple(s.header for s in undecided))

    def _field(self, name: str, parts: list[tuple[Suggestion, str]]) -> list[str]:
        first, rules = parts[0]
        columns = [plain_yaml(suggestion.header) for suggestion, _ in parts]
        comment = f"# {_percent(first)} {first.why}"
        key = plain_yaml(name)
        inside: list[str] = []
        if rules == "concat":
            inside = [f"concat: [{', '.join(columns)}]"]
        elif rules.startswith("split: "):
            inside = [f"split: {{column: {columns[0]}, part: {rules.removeprefix('split: ')}}}"]
        elif len(parts) > 1:
            mobile_first = sorted(parts, key=lambda part: part[0].thing != "mobile")
            inside = [
                "coalesce: [" + ", ".join(plain_yaml(s.header) for s, _ in mobile_first) + "]"
            ]
            inside += [rules] if rules else []
        else:
            inside = [f"column: {columns[0]}"] + ([rules] if rules else [])
        inside += _reading(name, rules, first.looks)
        if name == "phone":
            inside += self._region()
        if inside == [f"column: {columns[0]}"]:
            return [_beside(f"  {key}: {columns[0]}", comment)]
        return [_beside(f"  {key}:", comment), *(f"    {line}" for line in inside)]

    def _region(self) -> list[str]:
        default = self.hints.region
        if self.country:
            lines = ["region:", f"  column: {plain_yaml(self.country.header)}"]
            return [*lines, f"  default: {default}"] if default else lines
        if default:
            return [
                _beside(f"region: {default}", f"# {self.hints.region_why}", at=COMMENT_COLUMN - 4)
            ]
        return [
            "# region: DE    where numbers without +49 are at home; without it they are rejected"
        ]

    def _left(self, undecided: Sequence[Suggestion]) -> list[str]:
        if not undecided:
            return []
        lines = [
            "",
            "  # To decide: take the # off one line for each column, here or under `ignore:`.",
        ]
        for suggestion in undecided:
            shown = ", ".join(_shown(example) for example in suggestion.looks.examples)
            lines.append(f"  # {_shown(suggestion.header)}: {shown or 'an empty column'}")
            lines += [
                _beside(f"  #   {plain_yaml(name)}: {plain_yaml(suggestion.header)}", f"# {why}")
                for name, why in field_candidates(suggestion, self.connector)
                if name not in self.by_field
            ]
        return lines


def _reading(name: str, rules: str, found: Looks) -> list[str]:
    """Return how numbers and dates of a column are to be read, as far as its cells decide it."""
    if "date" in rules or name in {"birthdate", "birthday"}:
        more, less = sorted((found.day_first, found.month_first), reverse=True)
        if more > less * CLEAR_MAJORITY:
            return [f"dates: {'DMY' if found.day_first == more else 'MDY'}"]
        why = "the cells speak for both" if less else "no cell decides it"
        return [f"# dates: DMY    or MDY; {why}"] if found.date > 0 else []
    if "integer" in rules or rules.startswith("as:"):
        if found.comma_groups and not found.point_groups:
            return ["numbers: en-US"]
        if found.point_groups and not found.comma_groups:
            return ["numbers: de"]
    return []


def _nothing(suggestions: Sequence[Suggestion]) -> list[str]:
    """Return the line for cells that mean nothing, if the file has any."""
    tokens = sorted({token.lower() for s in suggestions for token in s.looks.nothing})
    if not tokens:
        return []
    return [
        _beside(
            f"nulls: [{', '.join(map(plain_yaml, tokens))}]", "# cells that mean `nothing here`"
        )
    ]


def _percent(suggestion: Suggestion) -> str:
    return f"{suggestion.score * 100:.0f} %:" if suggestion.score else "your choice:"


def _shown(text: str) -> str:
    """Return a cell for a comment: one line, short, nothing that ends the comment."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    return f"`{flat[:SHOWN_CHARACTERS]}{'...' if len(flat) > SHOWN_CHARACTERS else ''}`"


def _beside(line: str, comment: str, at: int = COMMENT_COLUMN) -> str:
    return f"{line.ljust(at)} {comment}"
