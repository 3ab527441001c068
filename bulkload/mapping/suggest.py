"""Which column is which field: judged by headers and by cells, one column per field.

A column is placed with confidence only where its header is a known name of the thing and no cell
contradicts. Cells alone never suffice: the e-mail addresses may be those of whoever recommended the
customer. Everything else is left to the person, with candidates.
"""

# ruff: noqa: PLR2004 - thresholds of evidence are read where they weigh
from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl
from rapidfuzz import fuzz

from bulkload.mapping.evidence import Looks, looks
from bulkload.mapping.lexicon import NAMES

CONFIDENT = 0.85
POSSIBLE = 0.45
_EITHER = frozenset({"name", "nom", "nome", "nombre", "naam"})
"""Headers that mean a full name, or one of its parts beside a column with the other part."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that a column may hold."""

    thing: str
    score: float
    """From 0 to 1."""
    why: str
    exact: bool
    """The header is one of the thing's names."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one column holds, as far as can be told."""

    looks: Looks
    candidates: tuple[Candidate, ...]
    """The best first."""
    thing: str | None
    """The best candidate that no other column has a better claim to; None if there is none."""
    sure: bool

    @property
    def header(self) -> str:
        """The column."""
        return self.looks.header

    @property
    def score(self) -> float:
        """Confidence in `thing`, from 0 to 1."""
        return next((c.score for c in self.candidates if c.thing == self.thing), 0.0)

    @property
    def why(self) -> str:
        """What speaks for `thing`."""
        return next((c.why for c in self.candidates if c.thing == self.thing), "")


def suggest(rows: pl.DataFrame, headers: Sequence[str]) -> list[Suggestion]:
    """Judge every column of a source; one suggestion per header, in the file's order."""
    described = looks(rows, headers)
    beside = {thing for header in headers for thing in _EXACT.get(folded_words(header), ())}
    candidates = [_candidates(found, beside) for found in described]
    chosen = _assigned(candidates)
    return [
        Suggestion(found, tuple(ranked), thing, _is_sure(ranked, thing))
        for found, ranked, thing in zip(described, candidates, chosen, strict=True)
    ]


def _assigned(candidates: list[list[Candidate]]) -> list[str | None]:
    """Give each thing to one column: the strongest claims first."""
    claims = sorted(
        (
            (-candidate.score, column, candidate.thing)
            for column, ranked in enumerate(candidates)
            for candidate in ranked
        ),
    )
    chosen: list[str | None] = [None] * len(candidates)
    for _, column, thing in claims:
        if chosen[column] is None and thing not in chosen:
            chosen[column] = thing
    return chosen


def _is_sure(ranked: list[Candidate], thing: str | None) -> bool:
    """Whether the header names this thing and nothing else, and the cells agree."""
    exact = [candidate for candidate in ranked if candidate.exact and candidate.score >= POSSIBLE]
    return len(exact) == 1 and exact[0].thing == thing and exact[0].score >= CONFIDENT


def _candidates(found: Looks, beside: set[str]) -> list[Candidate]:
    ranked = []
    header = folded_words(found.header)
    scores = dict(header_scores(found.header))
    exact = set(_EXACT.get(header, ()))
    if header in _EITHER:
        exact = {_part_of_name(header, found, beside)}
        scores |= dict.fromkeys(("full_name", "first_name", "last_name"), 0.6)
        scores |= dict.fromkeys(exact, 1.0)
    for thing, named in scores.items():
        seen = _evidence(thing, found)
        score = _combined(thing, named, seen)
        if score >= POSSIBLE:
            why = _why(named, seen, found)
            ranked.append(Candidate(thing, round(score, 3), why, thing in exact))
    return sorted(ranked, key=lambda c: (-c.score, not c.exact, c.thing))


def _part_of_name(header: str, found: Looks, beside: set[str]) -> str:
    """Say which part of a name stands under a header that may mean any of them."""
    if header in {"nome", "nombre"}:
        # the given name in Italian, Spanish and Portuguese, where a column with the family name is near
        return "first_name" if "last_name" in beside and found.spaced < 0.5 else "full_name"
    return "last_name" if "first_name" in beside - {"full_name"} else "full_name"


@functools.lru_cache(maxsize=4096)
def header_scores(header: str) -> dict[str, float]:
    """Return how much a header is like the names of each thing, from 0 to 1."""
    return {
        thing: max(_likeness(folded_words(header), name) for name in names)
        for thing, names in _FOLDED.items()
    }


def _likeness(header: str, name: str) -> float:
    """Whole headers count; a name that is only a part of the header counts much less."""
    if header == name:
        return 1.0
    whole = fuzz.ratio(header.replace(" ", ""), name.replace(" ", "")) / 100
    sorted_words = fuzz.token_sort_ratio(header, name) / 100
    part = 0.0
    if len(name) > 2:
        words, wanted = header.split(), name.split()
        if all(word in words for word in wanted):
            part = 0.6 + 0.3 * len(wanted) / len(words)
    # Short words are alike by accident: `cap` and `cp`, `nom` and `nome`.
    trust = 1.0 if min(len(header), len(name)) > 5 else 0.8
    return max(whole * trust, sorted_words * trust, part)


def folded_words(header: str) -> str:
    """Return a header as words without case, accents and punctuation."""
    apart = re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z][a-z])", " ", header)
    spelled = (
        apart.casefold().replace("ł", "l").replace("ø", "o").replace("n°", "nr").replace("nº", "nr")
    )
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c)
    )
    joined = re.sub(r"\be[ -]?mail", "email", bare)
    return " ".join(re.findall(r"[^\W_]+", joined))


_FOLDED: dict[str, tuple[str, ...]] = {
    thing: tuple(dict.fromkeys(folded_words(name) for name in names))
    for thing, names in NAMES.items()
}
_EXACT: dict[str, tuple[str, ...]] = {}
for _listed, _spellings in _FOLDED.items():
    for _spelling in _spellings:
        _EXACT[_spelling] = (*_EXACT.get(_spelling, ()), _listed)


def _evidence(thing: str, found: Looks) -> float | None:
    """Return how far the cells agree, from 0 (impossible) to 1 (typical); None if they cannot say."""
    if not found.seen:
        return None
    judge = _EVIDENCE.get(thing)
    if judge is None:
        return 0.1 if found.email > 0.5 else 0.7
    return judge(found)


def _words_only(found: Looks) -> float:
    coded = found.boolean if found.distinct < 0.5 else 0.0
    return min(found.letters, 1 - max(found.email, coded))


def _name(found: Looks) -> float:
    return _words_only(found) if found.length < 30 else 0.2


def _yes_or_no(found: Looks) -> float:
    # own words for yes and no are few
    few = found.seen >= 5 and found.distinct * found.seen <= 4
    return max(found.boolean, 0.75 if few and not found.date and not found.email else 0.0)


def _number_of_a_customer(found: Looks) -> float:
    return found.distinct if found.date < 0.5 and found.boolean < 0.9 else 0.1


def _postal_code(found: Looks) -> float:
    return 0.9 if 3 <= found.length <= 9 and found.email == 0 and found.date < 0.5 else 0.1


_EVIDENCE: dict[str, Callable[[Looks], float]] = {
    "email": lambda found: found.email,
    "phone": lambda found: found.phone,
    "mobile": lambda found: found.phone,
    "birthday": lambda found: 0.5 * found.date + 0.5 * found.past,
    "created": lambda found: max(found.date, 0.2),
    "last_visit": lambda found: max(found.date, 0.2),
    "points": lambda found: found.integer,
    "stamps": lambda found: found.integer,
    "visits": lambda found: found.integer,
    "spent": lambda found: max(found.amount, found.integer),
    "consent_email": _yes_or_no,
    "consent_sms": _yes_or_no,
    "language": lambda found: found.language,
    "country": lambda found: found.country,
    "gender": lambda found: found.gender,
    "first_name": _name,
    "last_name": _name,
    "full_name": lambda found: min(_words_only(found), 0.3 + found.spaced),
    "city": _words_only,
    "state": _words_only,
    "customer_number": _number_of_a_customer,
    "postal_code": _postal_code,
}


def _combined(thing: str, named: float, seen: float | None) -> float:
    if seen is None:
        return named * 0.95
    if thing == "email" and seen > 0.9:
        return max(0.93, named)
    if seen < 0.5:
        return named * seen
    return named * (0.8 + 0.2 * seen)


def _why(named: float, seen: float | None, found: Looks) -> str:
    share = f"{(seen or 0) * 100:.0f} % of {found.seen} cells fit"
    if seen is None:
        return "by its header; the column is empty"
    if named > 0.8:
        return f"by its header; {share}"
    return f"{share}; the header is only similar" if named > 0.5 else share
