"""What can be done to one request, as a small language.

    return-503  return-429-after:2  return-429-date:2  500-after-apply  drop-answer  late-apply:0.15

An instruction says two things: whether (and when) the request takes effect on the server, and what
the client gets to see. The server consumes one instruction a request and counts it, so a test can
prove that everything it meant to inject was really injected.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOT_APPLIED = frozenset(
    {
        "reset",  # RST after the whole request
        "reset-on-accept",  # RST as soon as the first byte arrives
        "reset-mid-body",  # RST after the first bytes of the body
        "close-after-headers",  # FIN before the body
        "hang-up",  # FIN after the whole request, no answer
        "stall",  # silence for so many seconds, then FIN
        "redirect",  # 307 to the URL in the argument
        "echo",  # the status in the argument, with what was sent in its message
    }
)
APPLIED = frozenset(
    {
        "ok",
        "drop-answer",  # FIN instead of the answer
        "reset-answer",  # RST instead of the answer
        "half-status",  # the head breaks off
        "truncate",  # the body breaks off
        "garbage",  # not HTTP at all
        "not-json",
        "no-id",  # an object without its id
        "id",  # the id is the JSON in the argument
        "empty",  # 200 without a body
        "bad-gzip",
        "gzip-bomb",  # so many bytes, compressed
        "huge",  # so many bytes of JSON
        "drip",  # one byte every so many seconds
        "slow",  # applied at once, answered after so many seconds
        "late-apply",  # applied after so many seconds even if the client is gone, then answered
        "late-drop",  # FIN at once, applied after so many seconds
        "close-idle",  # a good answer, then the connection is shut when it is used again
    }
)
_STATUS = re.compile(r"return-(?P<status>\d{3})(?:-(?P<form>after|date):(?P<wait>.+))?")
_STATUS_APPLIED = re.compile(r"(?P<status>\d{3})-after-apply")


@dataclass(frozen=True, slots=True)
class Instruction:
    """What happens to one request."""

    text: str
    reply: str
    """A word of `APPLIED` or `NOT_APPLIED`, or `status`."""
    applies: bool
    argument: str = ""
    status: int = 200
    retry_after: str = ""
    """Seconds; with `retry_after_is_date` sent as an HTTP date so far from now."""
    retry_after_is_date: bool = False

    @property
    def seconds(self) -> float:
        """The argument as a duration."""
        return float(self.argument)

    @property
    def size_bytes(self) -> int:
        """The argument as a number of bytes."""
        return int(self.argument)


def parse(text: str) -> Instruction:
    """Read one instruction; ValueError for a word that the server does not know."""
    if found := _STATUS.fullmatch(text):
        return Instruction(
            text,
            "status",
            applies=False,
            status=int(found["status"]),
            retry_after=found["wait"] or "",
            retry_after_is_date=found["form"] == "date",
        )
    if found := _STATUS_APPLIED.fullmatch(text):
        return Instruction(text, "status", applies=True, status=int(found["status"]))
    word, _, argument = text.partition(":")
    if word not in APPLIED | NOT_APPLIED:
        raise ValueError(f"the fault server does not know `{text}`")
    return Instruction(text, word, applies=word in APPLIED, argument=argument)


OK = parse("ok")


@dataclass(slots=True)
class Plan:
    """Instructions for the requests that match, taken one a request, in order."""

    steps: list[str]
    method: str = "POST"
    route: str = "customers"
    """`customers`, `token`, `programs`, `lookup`, `list`, or empty for any."""
    key: str = ""
    """E-mail of the customer the request is about; empty for any."""
    consumed: int = 0

    def matches(self, method: str, route: str, key: str) -> bool:
        """Whether the next step is meant for such a request."""
        return (
            self.consumed < len(self.steps)
            and self.method in ("", method)
            and self.route in ("", route)
            and self.key in ("", key)
        )


@dataclass(frozen=True, slots=True)
class Mix:
    """Random faults from a seed: the same seed does the same to the nth request of a customer."""

    seed: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    """Share of the requests by instruction; the rest is answered well."""
    method: str = "POST"

    def draw(self, method: str, key: str, nth: int) -> Instruction:
        """Choose what happens to the nth request (from 0) about `key`."""
        if method != self.method or not self.weights:
            return OK
        digest = hashlib.sha256(f"{self.seed}/{key}/{nth}".encode()).digest()
        point = random.Random(digest).random()
        for text, share in self.weights.items():
            point -= share
            if point < 0:
                return parse(text)
        return OK


def mix_of(share: float, seed: int, late_s: float = 0.15) -> Mix:
    """Return the usual mix of faults, scaled so that `share` of all creates is hit.

    Few of them are refusals of pace: the program slows down for each, as it should.
    """
    parts = {
        "return-429-after:0": 0.5,
        "return-500": 3.5,
        "hang-up": 2,
        "500-after-apply": 4,
        "drop-answer": 4,
        "reset-answer": 2,
        f"late-apply:{late_s}": 5,
        f"late-drop:{late_s}": 4,
    }
    whole = sum(parts.values())
    return Mix(seed, {text: share * part / whole for text, part in parts.items()})


@dataclass(slots=True)
class Script:
    """Everything that a server does wrong on purpose."""

    plans: list[Plan] = field(default_factory=list)
    mix: Mix = field(default_factory=Mix)
    always: str = ""
    """One instruction for every request to the customers, until it is taken away."""
    blind_s: float = 0.0
    """A customer younger than this is in no answer to a GET."""
    limit_calls: int = 0
    """At most so many calls in any `limit_per_s`; 0 for no limit."""
    limit_per_s: float = 1.0
    limit_retry_after_s: int = 2
    limit_date: bool = False
    """Say the wait as an HTTP date."""
    token_calls: int = 0
    """A token is refused after so many requests; 0 for never."""
    refuse_sign_in: bool = False
    tokens: list[str] = field(default_factory=list)
    """Tokens that are good besides the usual ones."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Script:
        """Read a script from JSON."""
        parts = dict(said)
        plans = [Plan(**plan) for plan in parts.pop("plans", [])]
        return cls(plans=plans, mix=Mix(**parts.pop("mix", {})), **parts)

    def as_json(self) -> dict[str, Any]:
        """Return what `of` reads."""
        return dataclasses.asdict(self)

    def validate(self) -> None:
        """ValueError if any instruction is unknown."""
        steps = [step for plan in self.plans for step in plan.steps]
        for text in (*steps, *self.mix.weights, *([self.always] if self.always else [])):
            parse(text)
