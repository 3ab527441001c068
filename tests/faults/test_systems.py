"""Kills of the real program over every system: nobody lost, nobody twice, in any lane."""

from __future__ import annotations

import pytest

from tests.faults.driver import Plan
from tests.faults.systems import LANES, SystemDriver

pytestmark = pytest.mark.timeout(900)  # a machine may be busy; what is slow is not wrong


@pytest.mark.parametrize("lane", ["loyaltydog", "voucherify", "voucherify-bulk", "leal"])
def test_kills_lose_and_double_nothing_in_any_system(tmp_path, lane):
    """Killed while a quarter of all calls goes wrong, every lane delivers every row once."""
    outcome = SystemDriver(tmp_path, Plan(kills=2, rows=50, seed=7), LANES[lane]).run()

    assert not outcome.unfinished, outcome.unfinished
    assert outcome.verdict.problems() == {}
    assert outcome.verdict.delivered + len(outcome.verdict.review) == 50
    assert outcome.corrupt == 0
    assert sum(outcome.injected.values()) > 0


@pytest.mark.parametrize(
    ("lane", "broken"),
    [
        pytest.param("loyaltydog", "no_intent", id="forgets-what-it-sent"),
        pytest.param("voucherify", "hopeful", id="hopes-that-it-arrived-voucherify"),
        pytest.param("leal", "hopeful", id="hopes-that-it-arrived-leal"),
    ],
)
def test_the_kills_see_a_broken_program(tmp_path, lane, broken):
    """With a broken journal, customers are created twice, lost, or told with a wrong id."""

    def found(seed: int) -> set[str]:
        folder = tmp_path / str(seed)
        folder.mkdir()
        plan = Plan(kills=4, rows=60, seed=seed, broken=broken)
        return set(SystemDriver(folder, plan, LANES[lane]).run().verdict.problems())

    # A kill may fall where nothing is under way; four times four of them do not.
    assert any(found(seed) & {"lost", "duplicated", "wrong_ids"} for seed in range(1, 5))
