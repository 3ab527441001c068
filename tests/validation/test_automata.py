"""Proofs about digit patterns, checked against `re` on all words and on random ones."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.validation.fast.automata import (
    Automaton,
    alternatives,
    begins_with_any,
    included,
)

ATOMS = st.sampled_from(["0", "1", "12", r"\d", "[1-3]", "[02-4]", r"\d{2}", "1?", "[01]{1,2}"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("({})?".format, inner)
    ),
    max_leaves=5,
)
WORDS = ["".join(word) for length in range(4) for word in itertools.product("01234", repeat=length)]


def words_of(pattern: str) -> set[str]:
    compiled = re.compile(pattern)
    return {word for word in WORDS if compiled.fullmatch(word)}


def accepts(pattern: str, word: str) -> bool:
    automaton = Automaton(pattern)
    state = automaton.start
    for digit in word:
        state = automaton.steps(state)[int(digit)]
    return automaton.accepts(state)


@settings(max_examples=60, deadline=None)
@given(PATTERNS)
def test_an_automaton_accepts_what_the_pattern_matches(pattern: str) -> None:
    """Every short word is accepted exactly if `re` matches it."""
    assert {word for word in WORDS if accepts(pattern, word)} == words_of(pattern)


@settings(max_examples=60, deadline=None)
@given(PATTERNS, PATTERNS)
def test_inclusion_is_never_claimed_wrongly(inner: str, outer: str) -> None:
    """If one set is said to lie inside another, no word contradicts it."""
    if included(Automaton(inner), Automaton(outer)):
        assert words_of(inner) <= words_of(outer)
    assert included(Automaton(inner), Automaton(f"{outer}|{inner}"))


@settings(max_examples=60, deadline=None)
@given(PATTERNS, PATTERNS)
def test_a_common_beginning_is_never_missed(words: str, beginnings: str) -> None:
    """If no word is said to begin with one of the others, none does."""
    if not begins_with_any(Automaton(words), Automaton(beginnings)):
        assert not [
            (word, start)
            for word in words_of(words)
            for start in words_of(beginnings)
            if word.startswith(start)
        ]


@settings(max_examples=60, deadline=None)
@given(PATTERNS)
def test_lengths_are_those_of_the_words(pattern: str) -> None:
    """No word has a length that is not named."""
    assert {len(word) for word in words_of(pattern)} <= Automaton(pattern).lengths()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("1|2", ["1", "2"], id="top-level"),
        pytest.param("(?:1|2)3|4", ["(?:1|2)3", "4"], id="not-inside-groups"),
        pytest.param("12", ["12"], id="only-one"),
    ],
)
def test_alternatives_are_cut_at_the_top_level(pattern: str, expected: list[str]) -> None:
    """Only a bar outside of all groups parts alternatives."""
    assert alternatives(pattern) == expected


@pytest.mark.parametrize("pattern", ["(?!1)2", "1*", "(1", "a", "1)", "[^1]", "1+?"])
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    """A construct that the proofs do not know raises instead of being read wrongly."""
    with pytest.raises(ValueError, match=r"not understood|not closed"):
        Automaton(pattern)
