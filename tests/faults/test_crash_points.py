"""A process may die anywhere: every boundary, every promise of a system, every kind of answer."""

from __future__ import annotations

import pytest

from bulkload.connectors.base import Promise
from bulkload.delivery import DeliveryOptions
from tests.faults.broken import Forgetful
from tests.faults.instructions import Plan, Script
from tests.faults.sizes import sized
from tests.faults.world import World

ANSWERS = (
    "ok",
    "return-429-after:1",
    "return-500",
    "500-after-apply",
    "hang-up",
    "drop-answer",
    "late-apply:40",
    "late-drop:40",
)
ALONE = DeliveryOptions(concurrency=1, check_existing=False)
TOGETHER = DeliveryOptions(concurrency=3, check_existing=False)


def _world(rows, promise, answer, options, **parts):
    world = World(rows, promise=promise, options=options, **parts)
    world.network.script = Script(plans=[Plan([answer] * rows)])
    return world


def _crash_everywhere(rows, promise, answer, options, **parts):
    """Crash at each boundary in turn; yield the boundary and the verdict after the restart."""
    boundary = 0
    while True:
        boundary += 1
        with _world(rows, promise, answer, options, **parts) as world:
            life = world.live(crash_at=boundary)
            if not life.crashed:
                return
            world.finish()
            yield boundary, world.verdict()


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("promise", list(Promise))
def test_one_row_survives_a_crash_at_every_boundary(promise, answer, reached):
    """One row, dead at any step, is there exactly once after the restart."""
    found = list(_crash_everywhere(1, promise, answer, ALONE))

    reached("boundaries", len(found))
    assert len(found) > 5
    assert {at: verdict.problems() for at, verdict in found if not verdict.kept} == {}
    assert all(not verdict.review for _, verdict in found)


@pytest.mark.parametrize(
    "answer", sized(("ok", "500-after-apply", "hang-up", "late-drop:40"), ANSWERS)
)
@pytest.mark.parametrize("rows", sized((3,), (2, 3)))
@pytest.mark.parametrize("promise", list(Promise))
def test_several_rows_survive_a_crash_at_every_boundary(promise, rows, answer, reached):
    """Several rows at once, dead at any step, are there exactly once each."""
    found = list(_crash_everywhere(rows, promise, answer, TOGETHER))

    reached("boundaries", len(found))
    assert len(found) > 5 * rows
    assert {at: verdict.problems() for at, verdict in found if not verdict.kept} == {}


@pytest.mark.parametrize("answer", ["ok", "drop-answer", "late-drop:40"])
def test_a_second_crash_while_resuming_changes_nothing(answer):
    """Dead at any step, and dead again at any step of the restart: still exactly once."""
    broken = {}
    for first in range(1, 12):
        for second in range(1, 16):
            with _world(1, Promise.CREATE, answer, ALONE) as world:
                if not world.live(crash_at=first).crashed:
                    break
                world.live(crash_at=second)
                world.finish()
                verdict = world.verdict()
            if not verdict.kept:
                broken[first, second] = verdict.problems()

    assert broken == {}


def test_the_crash_test_sees_a_journal_without_intents():
    """Without intents some boundary duplicates the row."""
    found = list(_crash_everywhere(1, Promise.CREATE, "ok", ALONE, journal=Forgetful))

    assert any(verdict.duplicated for _, verdict in found)


def test_the_crash_test_sees_a_resend_without_a_quiet_time():
    """Looked up at once, a request that is still to be applied is sent again."""
    hasty = DeliveryOptions(concurrency=1, check_existing=False, quiesce_s=0, second_look_s=0)

    found = list(_crash_everywhere(1, Promise.CREATE, "late-drop:40", hasty))

    assert any(verdict.duplicated for _, verdict in found)
