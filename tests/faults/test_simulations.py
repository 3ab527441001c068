"""Imports in simulated time: five hundred seeds, and the same seed again."""

from __future__ import annotations

import pytest

from tests.faults.broken import Forgetful
from tests.faults.seeds import simulate


@pytest.mark.parametrize("first", range(0, 500, 50))
def test_no_seed_breaks_the_promise(first):
    """Whatever is drawn, every row is delivered once, refused, or under review."""
    found = [simulate(seed) for seed in range(first, first + 50)]

    broken = {one.seed: one.verdict.problems() for one in found if not one.kept}
    assert broken == {}, "replay one with: python -m tests.faults.seeds --seeds 1 --from SEED"


def test_a_seed_can_be_replayed():
    """The same seed gives the same trace, to the microsecond."""
    assert [simulate(seed).digest for seed in range(10)] == [
        simulate(seed).digest for seed in range(10)
    ]


def test_simulations_see_a_journal_without_intents():
    """Without intents some seed duplicates a customer."""
    found = [simulate(seed, journal=Forgetful) for seed in range(60)]

    assert sum(len(one.verdict.duplicated) for one in found) > 0


def test_simulations_see_a_resend_without_a_quiet_time():
    """Looking up at once and sending again duplicates a customer in some seed."""
    found = [simulate(seed, quiesce_s=0.0, second_look_s=0.0) for seed in range(60)]

    assert sum(len(one.verdict.duplicated) for one in found) > 0
