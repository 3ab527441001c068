"""Any order of crashes, faults, waits, clock jumps and edits keeps the promise."""

from __future__ import annotations

import pytest

from bulkload.connectors.base import Promise
from tests.faults import stateful
from tests.faults.sizes import sized


@pytest.mark.timeout(sized(300, 0))
def test_no_order_of_disturbances_breaks_the_promise(reached):
    """Hypothesis finds no sequence after which a customer is lost or there twice."""
    examples, steps = sized((60, 12), (2000, 50))
    stateful.check(examples, steps, seed=3)

    reached("examples", examples)
    reached("steps_max", steps)


def test_a_request_under_way_meets_the_same_system_after_the_disturbance():
    """What the server does about duplicates does not end with what goes wrong."""
    state = stateful.Imports()
    state.begin(rows=1, promise=Promise.UPSERT, concurrency=1, check_existing=False, seed=0)
    state.run_to_a_boundary(boundary=6)
    state.run_to_a_boundary(boundary=4)
    state.heal()
    state.wait(seconds=1.0)
    state.nobody_is_there_twice()
    state.what_is_decided_stays_decided()
    state.teardown()


def test_a_system_that_only_asks_to_slow_down_ends_the_run():
    """With nothing but refusals a run comes to an end, and the next one delivers."""
    state = stateful.Imports()
    state.begin(rows=3, promise=Promise.CREATE, concurrency=2, check_existing=True, seed=0)
    state.disturb(fault="return-429-after:5", share=1.0)
    began = state.there.loop.now_s
    state.run_undisturbed()

    error = state.there.lives[-1].error
    assert error is not None
    assert "slow down" in error.what
    assert state.there.loop.now_s - began < 1000
    state.teardown()


@pytest.mark.parametrize("promise", Promise, ids=lambda promise: promise.value)
def test_a_crash_while_an_earlier_runs_row_is_settled_doubles_nobody(promise):
    """Two runs die over the same customer in turn, the second one at every boundary."""
    for boundary in range(1, 61):
        state = stateful.Imports()
        state.begin(check_existing=False, concurrency=2, rows=5, promise=promise, seed=105)
        state.run_for_a_while(seconds=1e-7)
        state.edit(place=6)
        state.sort()
        state.run_to_a_boundary(boundary=boundary)
        state.sort()
        state.run_undisturbed()
        state.nobody_is_there_twice()
        state.teardown()
