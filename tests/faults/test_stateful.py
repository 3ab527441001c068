"""Any order of crashes, faults, waits, clock jumps and edits keeps the promise."""

from __future__ import annotations

from tests.faults import stateful


def test_no_order_of_disturbances_breaks_the_promise():
    """Hypothesis finds no sequence after which a customer is lost or there twice."""
    stateful.check(examples=60, steps=12)
