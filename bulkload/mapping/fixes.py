"""Mapping lines that would mend many rejects at once, and the file with such a line in it.

A candidate is only an idea; how many rows it mends is found by judging the source with the amended
mapping, so that the number promised is the number that validating again gives.
"""

from __future__ import annotations

import copy
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from ruamel.yaml import YAML

from bulkload.errors import BulkloadError
from bulkload.mapping.document import DATES_BY_LOCALE
from bulkload.mapping.loading import MappingDocument, load_mapping
from bulkload.mapping.words import NOTHING
from bulkload.records import Field, Kind, Reject

REGIONS = (
    "DE",
    "US",
    "GB",
    "FR",
    "ES",
    "IT",
    "PL",
    "PT",
    "NL",
    "AT",
    "CH",
    "BE",
    "BR",
    "MX",
    "IE",
    "CA",
    "AU",
)
"""Homes that are tried for phones without calling code, in this order."""
_ALSO_NOTHING = frozenset("/.x?")
"""Too short to be sure of, unless the cell was rejected."""
_INVISIBLE = r"[\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
_ABOUT_EQUAL = 0.9
MOST_EQUALS = 3
_UNIT = r"^[+-]?[0-9][0-9.,' ]* *[\p{L}€$£%.]+$"


@dataclass(frozen=True, slots=True)
class Change:
    """Keys to be set in the rules of one field."""

    field: str
    rules: Mapping[str, Any]
    """Plain data; a list is added to what stands there."""

    @property
    def line(self) -> str:
        """The change as it is told: `phone: {region: DE}`."""
        text = io.StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = True
        yaml.width = 4000
        yaml.dump({self.field: dict(self.rules)}, text)
        return text.getvalue().strip().removeprefix("{").removesuffix("}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line for the mapping and the number of rejected rows that it mends."""

    change: Change
    code: str
    column: str
    mends: int
    """Rows that are no longer rejected."""
    clears: int
    """Problems that are gone; a row with two problems needs two lines."""

    @property
    def line(self) -> str:
        """The line for the mapping."""
        return self.change.line


Trial = Callable[[MappingDocument], "Tally"]
"""Judges with a mapping."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What judging found wrong."""

    rows: int
    """Rows that are rejected."""
    problems: int
    """Reasons in all."""


@dataclass(slots=True)
class Mending:
    """The mapping of a run, with the changes that were accepted so far."""

    document: MappingDocument
    now: Tally
    """What is wrong with the mapping as it is, accepted changes included."""
    quick: Trial
    """Judges some of the rejected rows alone: enough to compare two changes."""
    whole: Trial
    """Judges the whole source: what a change really mends, doubled customers included."""
    region: str | None = None
    """Where the file seems to be at home; decides between regions that fit equally well."""
    accepted: list[Change] = field(default_factory=list)

    def proposals(self, fields: Sequence[Field], rejects: Iterable[Reject]) -> Iterator[Proposal]:
        """Yield a proposal for every cause that a line would mend, the most frequent cause first.

        Each number counts on top of what has been accepted when it is yielded.
        """
        by_name = {known.name: known for known in fields}
        groups: dict[tuple[str, str, str], list[str]] = {}
        for reject in rejects:
            if reject.field in by_name:
                groups.setdefault((reject.code, reject.column, reject.field), []).append(
                    reject.cell
                )
        for (code, column, name), cells in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0])):
            best = self._best(candidates(by_name[name], code, cells))
            if best is not None:
                change, after = best
                mends, clears = self.now.rows - after.rows, self.now.problems - after.problems
                yield Proposal(change, code, column, mends, clears)

    def accept(self, proposal: Proposal) -> None:
        """Count further proposals on top of this one."""
        self.accepted.append(proposal.change)
        self.now = Tally(self.now.rows - proposal.mends, self.now.problems - proposal.clears)

    def text(self) -> str:
        """Return the mapping file with everything that was accepted."""
        return amended(self.document, self.accepted)

    def _best(self, changes: Iterable[Change]) -> tuple[Change, Tally] | None:
        """Return the change that clears most; of equals none, for then the file does not decide."""
        wanted = list(changes)
        if not wanted:
            return None
        before = self.quick(self._tried()).problems
        tried = [(before - self.quick(self._tried(change)).problems, change) for change in wanted]
        best = max(cleared for cleared, _ in tried)
        if best <= 0:
            return None
        equals = [change for cleared, change in tried if cleared >= best * _ABOUT_EQUAL]
        if any("region" in change.rules for change in equals):
            # Some countries take almost any number, so a few more valid ones prove nothing.
            at_home = {"default": self.region}
            equals = [c for c in equals if len(equals) == 1 or c.rules.get("region") == at_home]
        found = [(self.whole(self._tried(change)), change) for change in equals[:MOST_EQUALS]]
        found.sort(key=lambda pair: pair[0].problems)
        if not found or (len(found) > 1 and found[0][0].problems == found[1][0].problems):
            return None
        after, change = found[0]
        helps = after.problems < self.now.problems and after.rows <= self.now.rows
        return (change, after) if helps else None

    def _tried(self, *changes: Change) -> MappingDocument:
        if not self.accepted and not changes:
            return self.document
        text = amended(self.document, [*self.accepted, *changes])
        return load_mapping(self.document.path, content=text.encode())


def candidates(of: Field, code: str, cells: Sequence[str]) -> Iterator[Change]:
    """Yield changes to a field's rules that may mend these cells."""
    words = Counter(cell.strip() for cell in cells)
    words_for_nothing = NOTHING | _ALSO_NOTHING
    tokens = sorted({word for word in words if word.lower() in words_for_nothing})
    if tokens:
        yield Change(of.name, {"nulls": tokens})
    if code == "phone-no-country" and of.region is None:
        yield from (Change(of.name, {"region": {"default": region}}) for region in REGIONS)
    if of.kind is Kind.DATE:
        yield from _dates(of.name, words)
    if of.kind in {Kind.INTEGER, Kind.NUMBER}:
        yield from _numbers(of.name, words)
    for pattern, becomes in _replacements(of, code, words):
        yield Change(of.name, {"replace": [{"pattern": pattern, "with": becomes}]})


def _replacements(of: Field, code: str, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    if code in {"text-invisible-character", "email-invisible-character"}:
        yield _INVISIBLE, ""
    if code == "email-with-name":
        yield "^.*<([^<>]+)>$", "${1}"
    if code == "email-space":
        yield " +", ""
    if of.kind is Kind.EMAIL and all(word.lower().startswith("mailto:") for word in words):
        yield "(?i)^mailto:", ""


def _numbers(name: str, words: Iterable[str]) -> Iterator[Change]:
    known = list(words)
    if any("," in word or "." in word for word in known):
        yield from (Change(name, {"numbers": style}) for style in ("en-US", "de"))
    if _all_match(known, _UNIT):
        yield Change(name, {"replace": [{"pattern": r" *[\p{L}€$£%.]+$", "with": ""}]})


def _dates(name: str, words: Iterable[str]) -> Iterator[Change]:
    known = list(words)
    serial = _any_match(known, "^[0-9]{5}$")
    short = _any_match(known, "^[0-9]{1,2}[./ -][0-9]{1,2}[./ -][0-9]{2}$")
    for order in ("DMY", "MDY"):
        rules: dict[str, Any] = {"order": order}
        if short:
            rules["short_years_from"] = 1930
        yield Change(name, {"dates": rules})
    if serial:
        yield Change(name, {"dates": {"serial": 1900}})


def _all_match(words: Iterable[str], pattern: str) -> bool:
    return bool(pl.Series(list(words), dtype=pl.String).str.contains(pattern).all())


def _any_match(words: Iterable[str], pattern: str) -> bool:
    return bool(pl.Series(list(words), dtype=pl.String).str.contains(pattern).any())


def amended(document: MappingDocument, changes: Sequence[Change]) -> str:
    """Return the text of a mapping file with changes in it; comments and order stay.

    Raises:
        BulkloadError: A field stands in another file, which this one extends.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4000
    text = document.path.read_text(encoding="utf-8-sig")
    tree = yaml.load(text)
    fields = tree.get("fields") or {}
    for change in changes:
        if change.field not in fields:
            raise BulkloadError(
                f"the rules of `{change.field}` stand in another file",
                where=document.where("fields", change.field),
                fix=f"write there: {change.line}",
            )
        rules = fields[change.field]
        if not isinstance(rules, dict):
            rules = fields[change.field] = yaml.map(column=rules)
        for key, value in change.rules.items():
            there = rules[key] if key in rules else _inherited(tree, document, key)
            rules[key] = _joined(there, copy.deepcopy(value))
    out = io.StringIO()
    sequences = "\n  - " in text or "\n- " not in text
    yaml.indent(mapping=2, sequence=4 if sequences else 2, offset=2 if sequences else 0)
    yaml.dump(tree, out)
    return out.getvalue()


def _inherited(tree: Mapping[str, Any], document: MappingDocument, key: str) -> Any:
    """Return what the file says for all fields, which a field's own rule would overrule."""
    if key not in {"nulls", "region", "dates"}:
        return None
    if key in tree:
        return copy.deepcopy(tree[key])
    locale = document.rules.locale
    return DATES_BY_LOCALE[locale] if key == "dates" and locale else None


def _joined(old: Any, new: Any) -> Any:
    """Add to lists and groups of rules that stand there; replace everything else."""
    if isinstance(new, list):
        kept = old if isinstance(old, list) else [] if old is None else [old]
        kept.extend(item for item in new if item not in kept)
        return kept
    if isinstance(new, dict) and old is not None:
        rules = old if isinstance(old, dict) else _long_form(str(old))
        rules.update(new)
        return rules
    return new


def _long_form(short: str) -> dict[str, str]:
    return {"order": short} if short in {"DMY", "MDY", "YMD"} else {"default": short}


def write_mapping(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a mapping, whole or not at all.

    Raises:
        BulkloadError: The file is there already, or cannot be written.
    """
    import os

    if path.exists() and not replace:
        raise BulkloadError(
            f"`{path}` is there already", where=str(path), fix="choose another name with `--to`"
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BulkloadError(
            f"the mapping cannot be written: {error.strerror}",
            where=str(path),
            fix="choose another place with `--to`",
        ) from None
