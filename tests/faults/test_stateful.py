"""Any order of crashes, faults, waits, clock jumps and edits keeps the promise."""

from __future__ import annotations

import pytest

from bulkload.connectors.base import Promise
from tests.faults import stateful


def test_no_order_of_disturbances_breaks_the_promise():
    """Hypothesis finds no sequence after which a customer is lost or there twice."""
    stateful.check(examples=60, steps=12)


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
