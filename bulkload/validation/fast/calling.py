"""Rules that accept phone numbers without asking phonenumbers, derived from its own metadata.

A number is accepted by one regular expression over its E.164 form, and its E.164 form is found by
replacing what stands in front: `DE` + `0151...` becomes `+49151...`. Only those alternatives of
the metadata's patterns are kept of which automata prove that

- every word lies inside the region's general pattern and its lengths,
- no word begins with the national or international prefix, so that nothing is cut off it,
- no region that phonenumbers would ask first claims the word.

For all other numbers the rules say nothing, and phonenumbers itself is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

from bulkload.validation.fast.automata import Automaton, alternatives, begins_with_any, included
from bulkload.validation.fast.phone_rules import BOUNDARY, PhoneRules

_TYPES = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
_NORTH_AMERICA = 1
_ALSO_HOMES = frozenset({"CA"})
"""Regions that share their calling code and whose customers' national numbers are read as well."""


@dataclass(frozen=True, slots=True)
class _Region:
    name: str
    calling_code: int
    international_prefix: str
    national_prefix: str
    """Pattern of what is cut off in front of a national number."""
    transforms: bool
    leading_digits: str
    general: Automaton
    lengths: frozenset[int]
    types: tuple[tuple[str, frozenset[int]], ...]
    besides_mobile: tuple[str, ...]
    """Patterns of all types but the mobile one."""
    is_main: bool


def derive() -> PhoneRules:
    """Derive the rules of the installed phonenumbers; takes a few seconds."""
    regions = {name: _region(name) for name in sorted(phonenumbers.SUPPORTED_REGIONS)}
    kept: dict[int, list[str]] = {}
    prefixes: dict[str, list[tuple[str, str]]] = {}
    trunk_codes: set[str] = set()
    doubled_codes: set[str] = set()
    for calling_code, names in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        # In the order in which phonenumbers asks them whose number it is.
        sharing = [regions[name] for name in names if name in regions]
        homes = [region for region in sharing if region.is_main or region.name in _ALSO_HOMES]
        kept[calling_code] = sorted(
            {
                alternative
                for position, region in enumerate(sharing)
                for alternative in _kept(region, homes, sharing[:position])
            }
        )
        beginning = Automaton(str(calling_code))
        if any(
            begins_with_any(Automaton(pattern), beginning)
            for region in sharing
            for pattern in region.besides_mobile
        ):
            doubled_codes.add(str(calling_code))
        for home in homes:
            if home.leading_digits and len(sharing) > 1:
                continue
            prefixes[home.name] = _prefixes(home)
            trunk = home.national_prefix == "0" or home.name == "GB"
            if trunk and home.is_main and not home.transforms:
                trunk_codes.add(str(calling_code))
    for name in regions.keys() - prefixes.keys():
        prefixes[name] = [("+", "+"), ("(+", "+")]
    return PhoneRules(
        version=phonenumbers.__version__,
        valid={str(code): _pattern(code, kept[code]) for code in sorted(kept) if kept[code]},
        spellings=_spellings(prefixes),
        trunk_codes=tuple(sorted(trunk_codes)),
        doubled_codes=tuple(sorted(doubled_codes)),
    )


def _region(name: str) -> _Region:
    found: Any = PhoneMetadata.metadata_for_region(name)
    described = [getattr(found, kind) for kind in _TYPES]
    lengths = frozenset(found.general_desc.possible_length)
    return _Region(
        name=name,
        calling_code=found.country_code,
        international_prefix=found.international_prefix or "",
        national_prefix=found.national_prefix_for_parsing or "",
        transforms=bool(found.national_prefix_transform_rule),
        leading_digits=found.leading_digits or "",
        general=Automaton(found.general_desc.national_number_pattern),
        lengths=lengths,
        types=tuple(
            (kind.national_number_pattern, frozenset(kind.possible_length or lengths))
            for kind in described
            if kind is not None and kind.national_number_pattern
        ),
        besides_mobile=tuple(
            kind.national_number_pattern
            for name, kind in zip(_TYPES, described, strict=True)
            if name != "mobile" and kind is not None and kind.national_number_pattern
        ),
        is_main=phonenumbers.region_code_for_country_code(found.country_code) == name,
    )


def _kept(
    region: _Region, homes: Sequence[_Region], asked_first: Sequence[_Region]
) -> Iterator[str]:
    """Yield the alternatives of a region's number types for which all that is needed is proven.

    Args:
        region: Whose types they are.
        homes: Regions of its calling code whose prefixes may stand in front of a number.
        asked_first: Regions of its calling code that phonenumbers asks before it. One that knows
            its numbers by their types alone does no harm: what it claims is valid.
    """
    cut = [prefix for home in homes for prefix in (home.national_prefix, home.international_prefix)]
    cut += [other.leading_digits for other in asked_first]
    # `$` only narrows a prefix, so leaving it out forbids more than needed.
    forbidden = [Automaton(pattern.replace("$", "")) for pattern in cut if pattern]
    own = Automaton(rf"(?:{region.leading_digits})\d{{0,17}}") if region.leading_digits else None
    for pattern, lengths in region.types:
        for alternative in alternatives(pattern):
            words = Automaton(alternative)
            if (
                words.lengths() <= lengths
                and all(_inside(words, place) for place in (region, *homes))
                and not any(begins_with_any(words, beginning) for beginning in forbidden)
                and (own is None or included(words, own))
            ):
                yield alternative


def _inside(words: Automaton, region: _Region) -> bool:
    return words.lengths() <= region.lengths and included(words, region.general)


def _prefixes(region: _Region) -> list[tuple[str, str]]:
    """Return how a number of this region may begin, and how it begins in E.164."""
    calling_code = str(region.calling_code)
    idd = region.international_prefix
    # British numbers begin with 0 or, for one operator, 180020; kept alternatives begin with neither.
    national = "0" if region.name == "GB" else region.national_prefix
    pairs = [("+", "+")]
    if idd.isdigit():
        pairs.append((idd, "+"))
        if (
            national.isdigit()
            and not region.transforms
            and (region.calling_code == _NORTH_AMERICA or not calling_code.startswith(national))
        ):
            pairs.append((national, f"+{calling_code}"))
    pairs.append(("", f"+{calling_code}"))
    return [(bracket + written, e164) for written, e164 in pairs for bracket in ("", "(")]


def _pattern(code: int, kept: Sequence[str]) -> str:
    return f"{code}(?:{'|'.join(kept)})".replace(r"\d", "[0-9]")


def _spellings(prefixes: dict[str, list[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = [(f"{BOUNDARY}+", "+"), (f"{BOUNDARY}(+", "+")]
    for name in sorted(prefixes):
        found += [(f"{name}{BOUNDARY}{written}", e164) for written, e164 in prefixes[name]]
    return tuple(found)
