r"""Sets of digit strings, as regular expressions describe them, with proofs about them.

What phone metadata needs and nothing more: digits, `\d`, classes, groups, alternatives, `?` and
counted repetition. All sets are finite. Every answer is exact: `included` and `begins_with_any`
walk all pairs of states that some word can reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

DIGITS = range(10)
_TOKEN = re.compile(
    r"(?P<open>\(\??:?)|(?P<close>\))|(?P<either>\|)|(?P<optional>\?)|(?P<any>\\d)|(?P<digit>\d)"
    r"|\[(?P<members>[\d-]+)\]|\{(?P<least>\d+)(?:,(?P<most>\d+))?\}"
)


class Automaton:
    """The words of one pattern; deterministic, made state by state as it is asked."""

    def __init__(self, pattern: str) -> None:
        self._moves: list[tuple[frozenset[int], int]] = []
        self._free: list[list[int]] = []
        builder = _Builder(pattern, self._moves, self._free)
        start, self._final = builder.built()
        self._sets: dict[frozenset[int], int] = {}
        self._members: list[frozenset[int]] = []
        self._next: list[list[int] | None] = []
        self.start = self._state(self._closed({start}))

    def accepts(self, state: int) -> bool:
        """Whether a word may end in this state."""
        return self._final in self._members[state]

    def is_dead(self, state: int) -> bool:
        """Whether no word passes through this state; in all others some word can still end."""
        return not self._members[state]

    def steps(self, state: int) -> list[int]:
        """Return the state after each of the ten digits."""
        known = self._next[state]
        if known is None:
            known = [self._state(self._closed(self._after(state, digit))) for digit in DIGITS]
            self._next[state] = known
        return known

    def lengths(self) -> set[int]:
        """Return the lengths of all words."""
        found, level, length = set(), {self.start}, 0
        while level:
            if any(self.accepts(state) for state in level):
                found.add(length)
            level = {s for state in level for s in self.steps(state) if not self.is_dead(s)}
            length += 1
        return found

    def _after(self, state: int, digit: int) -> set[int]:
        moves = (self._moves[member] for member in self._members[state])
        return {target for digits, target in moves if digit in digits}

    def _closed(self, states: set[int]) -> frozenset[int]:
        waiting = list(states)
        while waiting:
            for target in self._free[waiting.pop()]:
                if target not in states:
                    states.add(target)
                    waiting.append(target)
        return frozenset(states)

    def _state(self, members: frozenset[int]) -> int:
        if members not in self._sets:
            self._sets[members] = len(self._members)
            self._members.append(members)
            self._next.append(None)
        return self._sets[members]


def included(inner: Automaton, outer: Automaton) -> bool:
    """Whether every word of `inner` is a word of `outer`."""
    return not any(inner.accepts(i) and not outer.accepts(o) for i, o in _pairs(inner, outer))


def begins_with_any(words: Automaton, beginnings: Automaton) -> bool:
    """Whether some word of `words` begins with (or is) a word of `beginnings`."""
    return any(beginnings.accepts(b) for _, b in _pairs(words, beginnings))


def alternatives(pattern: str) -> list[str]:
    """Return the alternatives of a pattern at its top level."""
    cuts, depth = [-1], 0
    for position, character in enumerate(pattern):
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            cuts.append(position)
    cuts.append(len(pattern))
    return [pattern[left + 1 : right] for left, right in pairwise(cuts)]


def _pairs(left: Automaton, right: Automaton) -> Iterator[tuple[int, int]]:
    """Walk the states that some beginning of a word of `left` leads to."""
    waiting = [(left.start, right.start)]
    seen = set(waiting)
    while waiting:
        pair = waiting.pop()
        yield pair
        for after in zip(left.steps(pair[0]), right.steps(pair[1]), strict=True):
            if after not in seen and not left.is_dead(after[0]):
                seen.add(after)
                waiting.append(after)


class _Builder:
    """Thompson's construction by recursive descent."""

    def __init__(
        self, pattern: str, moves: list[tuple[frozenset[int], int]], free: list[list[int]]
    ) -> None:
        self._pattern, self._at = pattern, 0
        self._moves, self._free = moves, free

    def built(self) -> tuple[int, int]:
        whole = self._either()
        if self._at < len(self._pattern):
            raise ValueError(f"not understood at {self._at}: {self._pattern}")
        return whole

    def _new(self, digits: frozenset[int] = frozenset(), target: int = -1) -> int:
        self._moves.append((digits, target))
        self._free.append([])
        return len(self._moves) - 1

    def _token(self) -> re.Match[str] | None:
        return _TOKEN.match(self._pattern, self._at)

    def _either(self) -> tuple[int, int]:
        start, end = self._new(), self._new()
        while True:
            first, last = self._sequence()
            self._free[start].append(first)
            self._free[last].append(end)
            token = self._token()
            if token is None or token.lastgroup != "either":
                return start, end
            self._at = token.end()

    def _sequence(self) -> tuple[int, int]:
        start = end = self._new()
        while (token := self._token()) and token.lastgroup not in {"either", "close"}:
            begin = self._at
            self._item(token)
            item_end = self._at
            least, most = self._times()
            after = self._at
            for repetition in range(most):
                self._at = begin
                first, last = self._item(self._token())
                assert self._at == item_end  # noqa: S101  # the same item, once more
                self._free[end].append(first)
                if repetition >= least:
                    self._free[first].append(last)
                end = last
            self._at = after
        return start, end

    def _item(self, token: re.Match[str] | None) -> tuple[int, int]:
        if token is None or token.lastgroup not in {"open", "any", "digit", "members"}:
            raise ValueError(f"not understood at {self._at}: {self._pattern}")
        self._at = token.end()
        if token.lastgroup == "open":
            inside = self._either()
            closing = self._token()
            if closing is None or closing.lastgroup != "close":
                raise ValueError(f"a group is not closed: {self._pattern}")
            self._at = closing.end()
            return inside
        end = self._new()
        return self._new(_digits(token), end), end

    def _times(self) -> tuple[int, int]:
        token = self._token()
        if token is None or token.lastgroup not in {"optional", "least", "most"}:
            return 1, 1
        self._at = token.end()
        if token.lastgroup == "optional":
            return 0, 1
        return int(token["least"]), int(token["most"] or token["least"])


def _digits(token: re.Match[str]) -> frozenset[int]:
    if token.lastgroup == "any":
        return frozenset(DIGITS)
    if token.lastgroup == "digit":
        return frozenset({int(token.group())})
    members = re.sub(
        r"(\d)-(\d)",
        lambda span: "".join(map(str, range(int(span[1]), int(span[2]) + 1))),
        token["members"],
    )
    return frozenset(map(int, members))
