"""A model of imports that are disturbed in any order, for hypothesis to find a way to break.

    python -m tests.faults.stateful --examples 2000 --steps 50
    python -m tests.faults.stateful --examples 2000 --steps 50 --seed 4711      one search again

The model is small: each customer may be on the server at most once, what the journal calls decided
stays decided, and in the end everybody is there.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bulkload.connectors.base import Promise
from bulkload.delivery import DeliveryOptions
from tests.faults.instructions import Mix, Script
from tests.faults.world import World

FAULTS = (
    "return-429-after:5",
    "return-500",
    "500-after-apply",
    "hang-up",
    "drop-answer",
    "reset-answer",
    "no-id",
    "late-apply:40",
    "late-drop:80",
)
DECIDED = "done"


class Imports(RuleBasedStateMachine):
    """One program, one journal, one list of customers that is edited between the runs."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.decided: dict[tuple[int, int], str] = {}

    @property
    def there(self) -> World:
        """The world, made by the first rule."""
        assert self.world is not None
        return self.world

    @initialize(
        rows=st.integers(1, 6),
        promise=st.sampled_from(Promise),
        concurrency=st.integers(1, 4),
        check_existing=st.booleans(),
        seed=st.integers(0, 1000),
    )
    def begin(
        self, rows: int, promise: Promise, concurrency: int, check_existing: bool, seed: int
    ) -> None:
        """Draw the size of it."""
        options = DeliveryOptions(concurrency=concurrency, check_existing=check_existing)
        self.world = World(rows, seed=seed, promise=promise, options=options)

    @rule(fault=st.sampled_from(FAULTS), share=st.sampled_from([0.3, 1.0]))
    def disturb(self, fault: str, share: float) -> None:
        """Let something go wrong with creates from here on."""
        mix = Mix(len(self.there.lives), {fault: share})
        self.there.network.script = Script(mix=mix)

    @rule()
    def heal(self) -> None:
        """Let everything go well from here on."""
        self.there.network.script = Script()

    @rule(boundary=st.integers(1, 60))
    def run_to_a_boundary(self, boundary: int) -> None:
        """Run, and die at a boundary."""
        self.there.live(crash_at=boundary)

    @rule(seconds=st.floats(0, 200))
    def run_for_a_while(self, seconds: float) -> None:
        """Run, and die after a while."""
        self.there.live(crash_after_s=seconds)

    @rule()
    def run_undisturbed(self) -> None:
        """Run to the end, or to where it gives up."""
        self.there.live()

    @rule(seconds=st.sampled_from([1.0, 60.0, 3600.0, 100_000.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.there.network.pass_time(seconds)

    @rule(seconds=st.sampled_from([-31_536_000.0, -3600.0, 3600.0, 100_000.0]))
    def jump(self, seconds: float) -> None:
        """Set the wall clock to another time."""
        self.there.clock.jump_s += seconds

    @rule(place=st.integers(0, 100))
    def edit(self, place: int) -> None:
        """Put a further customer somewhere into the file; the rows below move down."""
        self.there.insert_row(place % (len(self.there.payloads) + 1))

    @rule()
    def sort(self) -> None:
        """Turn the file upside down."""
        self.there.reverse_rows()

    @invariant()
    def nobody_is_there_twice(self) -> None:
        """No e-mail has two customers, whatever is still on its way."""
        if self.world is not None:
            created = Counter(email for email, _ in self.world.network.created())
            assert max(created.values(), default=0) <= 1, created

    @invariant()
    def what_is_decided_stays_decided(self) -> None:
        """A row that was done is done with the same id, and the id is on the server."""
        if self.world is None:
            return
        now = self.world.decided()
        assert {row: now.get(row) for row in self.decided} == self.decided
        self.decided = now

    def teardown(self) -> None:
        """In the end everybody is there, once, with the id that was reported."""
        if self.world is None:
            return
        with self.world as world:
            world.network.script = Script()
            world.finish()
            assert world.verdict().problems() == {}


def check(examples: int, steps: int, seed: int) -> None:
    """Search for a way to break the promise; raises with the shortest one found.

    Args:
        examples: Orders of events to try.
        steps: Events in each, at most.
        seed: Decides which; the same seed tries the same ones.
    """
    run_state_machine_as_test(
        hypothesis.seed(seed)(Imports),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # Tracing lines to explain a failure makes each example ten times as slow, and the
            # shortest order of events explains itself.
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Search at the size asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, help="default: another one every time")
    said = parser.parse_args(arguments)
    seed = random.randrange(2**32) if said.seed is None else said.seed
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    check(said.examples, said.steps, seed)
    sys.stdout.write(f"{said.examples} examples of up to {said.steps} steps: promise kept\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
