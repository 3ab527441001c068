"""Whole imports in simulated time, everything about them drawn from a seed.

    python -m tests.faults.seeds --seeds 20000
    python -m tests.faults.seeds --from 4711 --seeds 1        one again, with its trace

Rows, concurrency, what the system promises, what goes wrong, how late requests are applied, when the
process dies and how the wall clock jumps: all of it follows from the number.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bulkload.connectors.base import Promise
from bulkload.delivery import DeliveryOptions, Journal
from tests.faults.checker import Verdict
from tests.faults.instructions import Mix, Script, mix_of
from tests.faults.world import World

QUIESCE_S = 90.0
_ODD = (
    "return-429-after:7",
    "return-429-date:3",
    "return-502",
    "return-503-after:4",
    "return-408",
    "502-after-apply",
    "504-after-apply",
    "drop-answer",
    "reset",
    "reset-answer",
    "hang-up",
    "stall:30",
    "truncate",
    "bad-gzip",
    "not-json",
    "empty",
    "no-id",
    "id:null",
    "late-apply:20",
    "late-drop:80",
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What one seed did."""

    seed: int
    verdict: Verdict
    trace: tuple[tuple[float, str], ...]
    crashes: int
    in_flight_most: int
    """Rows with a request under way at the worst crash."""
    concurrency: int

    @property
    def kept(self) -> bool:
        """Whether the promise was kept.

        A system that answers nothing but errors ends in rows that are given up and say so.
        """
        broken = self.verdict.problems().keys() - {"failed"}
        return not broken and self.in_flight_most <= self.concurrency

    @property
    def digest(self) -> str:
        """The trace in short: the same for the same seed."""
        return hashlib.sha256(repr(self.trace).encode()).hexdigest()[:16]


def simulate(
    seed: int,
    *,
    journal: type[Journal] = Journal,
    quiesce_s: float = QUIESCE_S,
    second_look_s: float = 5.0,
) -> Simulated:
    """Run the import of one seed, to its end."""
    randomness = random.Random(seed)
    options = DeliveryOptions(
        concurrency=randomness.randint(1, 8),
        quiesce_s=quiesce_s,
        second_look_s=second_look_s,
        check_existing=randomness.random() < 0.8,
        snapshot_above=randomness.choice([0, 2, 20]),
    )
    promise = randomness.choice([Promise.CREATE, Promise.CREATE, *Promise])
    with World(
        randomness.randint(1, 20),
        seed=seed,
        promise=promise,
        options=options,
        journal=journal,
    ) as world:
        world.network.script = _script(randomness, seed)
        in_flight_most = crashes = 0
        for _ in range(randomness.randint(0, 4)):
            _jumps(world, randomness)
            if randomness.random() < 0.5:
                life = world.live(crash_at=randomness.randint(1, 120))
            else:
                life = world.live(crash_after_s=randomness.uniform(0, 200))
            crashes += life.crashed
            in_flight_most = max(in_flight_most, life.under_way)
            world.network.pass_time(randomness.choice([0.0, 0.2, 30.0, 4000.0, 100_000.0]))
        if randomness.random() < 0.7:
            world.network.script = Script()
        world.finish()
        return Simulated(
            seed,
            world.verdict(),
            tuple(world.network.trace),
            crashes,
            in_flight_most,
            options.concurrency,
        )


def _script(randomness: random.Random, seed: int) -> Script:
    share = randomness.choice([0.0, 0.25, 0.25, 0.6])
    usual = mix_of(share, seed, late_s=randomness.choice([0.15, 20.0, 80.0]))
    odd = randomness.sample(_ODD, 4)
    chosen = usual if randomness.random() < 0.5 else Mix(seed, dict.fromkeys(odd, share / 4))
    return Script(mix=chosen, blind_s=randomness.choice([0.0, 0.0, 10.0]))


def _jumps(world: World, randomness: random.Random) -> None:
    """Let the wall clock jump some time during the next life."""
    if randomness.random() < 0.5:
        return
    by_s = randomness.choice([-1, 1]) * randomness.choice([3600.0, 31_536_000.0])

    def jump() -> None:
        world.clock.jump_s += by_s

    world.loop.call_later(randomness.uniform(0, 100), jump)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate many seeds and print what went wrong; 1 if anything did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--from", dest="start", type=int, default=0)
    said = parser.parse_args(arguments)
    broken = crashes = rows = review = 0
    for seed in range(said.start, said.start + said.seeds):
        try:
            found = simulate(seed)
        except Exception as error:  # noqa: BLE001 - the seed is what matters
            sys.stdout.write(f"seed {seed}: {type(error).__name__}: {error}\n")
            broken += 1
            continue
        crashes += found.crashes
        rows += found.verdict.rows
        review += len(found.verdict.review)
        if not found.kept:
            broken += 1
            sys.stdout.write(
                f"seed {seed}: {found.verdict.problems()},"
                f" {found.in_flight_most} under way of {found.concurrency}\n"
            )
        if said.seeds == 1:
            sys.stdout.writelines(f"{at_s:12.3f} {what}\n" for at_s, what in found.trace)
    sys.stdout.write(
        f"{said.seeds} simulations, {rows} rows, {crashes} crashes:"
        f" {broken} broke the promise, {review} rows under review\n"
    )
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
