"""Imports in simulated time: five hundred seeds, and the same seed again."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.broken import Forgetful
from tests.faults.seeds import simulate
from tests.faults.simulation import LONGEST_S, SimulatedLoop
from tests.faults.sizes import sized


@pytest.mark.timeout(sized(300, 0))
@pytest.mark.parametrize("first", range(0, sized(500, 20_000), 50))
def test_no_seed_breaks_the_promise(first, reached):
    """Whatever is drawn, every row is delivered once, refused, or under review."""
    found = [simulate(seed) for seed in range(first, first + 50)]

    reached("seeds", len(found))
    reached("crashes", sum(one.crashes for one in found))
    reached("review", sum(len(one.verdict.review) for one in found))
    broken = {one.seed: one.verdict.problems() for one in found if not one.kept}
    assert broken == {}, "replay one with: python -m tests.faults.seeds --seeds 1 --from SEED"


@pytest.mark.parametrize("seed", [15102])
def test_what_a_seed_once_broke_stays_mended(seed):
    """A key went stale between a look that came too early to prove anything and the next send."""
    assert simulate(seed).verdict.problems() == {}


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


def test_a_timer_is_due_after_years_of_simulated_time():
    """Late in a simulation a float has no room for nanoseconds, and timers are due all the same."""
    loop = SimulatedLoop()
    loop.now_s = 2.0**24 + 0.1
    for _ in range(100):
        loop.run(asyncio.sleep(0.3))

    assert loop.now_s == pytest.approx(2**24 + 30.1)
    loop.close()


def test_a_simulation_that_goes_on_for_days_is_a_failure():
    """What never ends says so, however little happens in it."""
    loop = SimulatedLoop()

    def again():
        loop.call_later(60, again)

    async def never_ends():
        again()
        await asyncio.sleep(2 * LONGEST_S)

    with pytest.raises(AssertionError, match="still at work after 4 simulated days"):
        loop.run(never_ends())
    assert loop.now_s == pytest.approx(1000 + LONGEST_S, abs=61)
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run(asyncio.sleep(0))
    loop.close()
