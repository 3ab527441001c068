"""Overload, refusals and outages, minutes of them, in simulated time."""

from __future__ import annotations

import itertools

import pytest

from bulkload.connectors.base import Promise
from bulkload.delivery import DeliveryOptions, OnUnknown, Rate
from tests.faults.instructions import Mix, Script
from tests.faults.sizes import sized
from tests.faults.world import World


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_a_hidden_limit_is_found_and_used(as_date, reached):
    """After a minute few requests are refused, most of the limit is used, and no wait is cut short."""
    with World(1500, options=DeliveryOptions(concurrency=16, check_existing=False)) as world:
        world.network.script = Script(limit_calls=10, limit_date=as_date)
        started = world.loop.now_s
        world.finish()
        seen = [one for one in world.network.server.seen if one.at_s > started + 60]
        verdict = world.verdict()

    refused = sum(one.refused_by_limit for one in seen)
    steady_s = seen[-1].at_s - seen[0].at_s
    reached("refused_percent_max", round(100 * refused / len(seen), 2))
    reached("limit_used_percent_min", round(10 * (len(seen) - refused) / steady_s, 1))
    assert verdict.kept
    assert len(world.lives) == 1
    assert world.network.server.early_calls < 16, "only what was under way at the first refusal"
    assert refused <= 0.02 * len(seen)
    assert (len(seen) - refused) / steady_s >= 0.9 * 10


def test_the_rate_is_never_exceeded(reached):
    """In no second do more requests leave than the user allows, faults and retries included."""
    options = DeliveryOptions(concurrency=16, rate=Rate.parse("20/s"), check_existing=False)
    with World(1000, options=options) as world:
        world.network.script = Script(mix=Mix(0, {"return-500": 0.1, "drop-answer": 0.05}))
        world.finish()
        left = [at_s for at_s, _ in world.network.departures]
        verdict = world.verdict()

    fullest = max(
        sum(at <= other < at + 1 for other in left[n : n + 40]) for n, at in enumerate(left)
    )
    reached("requests", len(left))
    reached("requests_in_a_second_max", fullest)
    assert verdict.kept
    assert fullest == 20, "the rate was never tried"


def test_an_outage_is_not_answered_with_more_requests(reached):
    """Five minutes of nothing but 503 cost one try per row and what the retry quota allows."""
    rows = 300
    with World(rows, promise=Promise.KEYED, options=DeliveryOptions(check_existing=False)) as world:
        world.network.script = Script(mix=Mix(0, {"return-503": 1.0}))
        world.loop.call_later(300, setattr, world.network, "script", Script())
        world.live()
        during = [at for at, _ in world.network.departures if at < 1000 + 300]
        first = world.network.server.seen[:40]
        world.finish()
        verdict = world.verdict()

    reached("rows", rows)
    reached("requests", len(during))
    assert verdict.kept
    assert len(during) <= 1.1 * rows + 500 / 5
    creates = [one for one in first if one.method == "POST" and one.at_s < 1000 + 20]
    assert len(creates) <= 20 + 8


def test_a_breaker_probes_with_reads_and_fails_nobody(reached):
    """Half of everything failing for half a minute pauses the run and costs no row."""
    with World(400, options=DeliveryOptions(check_existing=False)) as world:
        world.network.script = Script(mix=Mix(0, {"return-500": 0.6}))
        world.loop.call_later(30, setattr, world.network, "script", Script())
        world.finish()
        departures = world.network.departures
        verdict = world.verdict()

    gaps = [
        (after, what)
        for (before, _), (after, what) in itertools.pairwise(departures)
        if after - before > 20
    ]
    reached("delivered", verdict.delivered)
    reached("failed", len(verdict.failed))
    assert verdict.kept
    assert not verdict.failed
    assert gaps
    assert gaps[0][1].startswith("GET")


@pytest.mark.parametrize(
    "answer",
    [
        *("500-after-apply", "drop-answer", "reset-answer", "truncate", "bad-gzip", "not-json"),
        *("no-id", "empty", "id:null", 'id:""', 'id:{"a": 1}', "id:1e999", "late-apply:40"),
    ],
)
def test_a_create_that_took_effect_unseen_is_found(answer, reached):
    """A customer whose answer was lost or unusable is found, with the right id, and not sent again."""
    rows = sized(60, 100)
    with World(rows, options=DeliveryOptions(check_existing=False)) as world:
        world.network.script = Script(mix=Mix(0, {answer: 1.0}))
        world.finish()
        verdict = world.verdict()

    assert verdict.kept
    assert verdict.delivered == rows
    assert world.network.server.injected[answer] == rows
    reached("answers", 1)
    reached("found", verdict.delivered)


@pytest.mark.parametrize(
    "quiesce_s", [pytest.param(90, id="waited-for"), pytest.param(0, id="control")]
)
def test_a_create_applied_long_after_the_client_died_is_waited_for(quiesce_s, reached):
    """Up to half the quiet time late, and applied although nobody waits; without it, doubled."""
    rows = sized(200, 1000)
    late = {"late-drop:45": 0.2, "late-drop:20": 0.1, "late-apply:45": 0.05}
    options = DeliveryOptions(
        check_existing=False, quiesce_s=quiesce_s, second_look_s=min(quiesce_s, 5)
    )
    with World(rows, options=options) as world:
        world.network.script = Script(mix=Mix(0, late))
        for _ in range(5):
            world.live(crash_after_s=rows / 400)
        world.finish()
        verdict = world.verdict()

    injected = sum(world.network.server.injected.values())
    name = "control_doubled" if quiesce_s == 0 else "doubled"
    reached(name, len(verdict.duplicated))
    assert injected >= 0.2 * rows
    if quiesce_s == 0:
        assert verdict.duplicated
        return
    reached("late", injected)
    reached("rows", rows)
    assert verdict.kept
    assert sum(life.crashed for life in world.lives) == 5


def test_later_than_the_quiet_time_needs_review_to_be_safe(reached):
    """With `review` nothing is assumed: a create applied far too late is still the only one."""
    options = DeliveryOptions(on_unknown=OnUnknown.REVIEW, quiesce_s=90, check_existing=False)
    with World(200, options=options) as world:
        world.network.script = Script(mix=Mix(0, {"late-drop:300": 0.3, "hang-up": 0.1}))
        world.finish()
        verdict = world.verdict()

    reached("rows", 200)
    reached("doubled", len(verdict.duplicated))
    reached("review", len(verdict.review))
    assert verdict.kept
    assert not verdict.duplicated
    assert len(verdict.review) == sum(world.network.server.injected.values())


def test_look_ups_that_are_blind_for_a_while_are_waited_for(reached):
    """A system that shows a customer only ten seconds later does not get it twice."""
    with World(200, options=DeliveryOptions(check_existing=False)) as world:
        world.network.script = Script(mix=Mix(0, {"drop-answer": 0.2, "hang-up": 0.2}), blind_s=10)
        world.finish()
        verdict = world.verdict()

    reached("rows", verdict.rows)
    reached("doubled", len(verdict.duplicated))
    assert verdict.kept


def test_many_unknown_rows_are_found_with_few_calls(reached):
    """Hundreds of lost answers cost a few walks through the pages, not two look-ups each."""
    rows = sized(600, 2000)
    with World(rows, options=DeliveryOptions(concurrency=8, check_existing=False)) as world:
        world.network.script = Script(mix=Mix(0, {"no-id": 1.0}))
        world.finish()
        reads = [what for _, what in world.network.departures if what.startswith("GET")]
        verdict = world.verdict()

    reached("unknown", rows)
    reached("reads", len(reads))
    assert verdict.kept
    assert len(reads) <= rows / 4, "most are found by walking through the pages"
    assert sum(what == "POST customers" for _, what in world.network.departures) == rows


@pytest.mark.parametrize("jump_s", [-31_536_000, -3600, 3600, 31_536_000])
@pytest.mark.parametrize("when", ["mid-run", "between-runs"])
def test_a_jump_of_the_wall_clock_shortens_no_wait(jump_s, when, reached):
    """The quiet time is measured by a clock that cannot jump."""
    with World(20, options=DeliveryOptions(quiesce_s=90, check_existing=False)) as world:
        world.network.script = Script(mix=Mix(0, {"late-drop:80": 0.4}))
        if when == "mid-run":
            world.loop.call_later(10, setattr, world.clock, "jump_s", jump_s)
            world.finish()
        else:
            world.live(crash_after_s=1.0)
            world.clock.jump_s = jump_s
            world.finish()
        verdict = world.verdict()

    reached("jumps", 1)
    assert verdict.kept
    assert verdict.delivered == 20


def test_a_lost_journal_creates_nobody_twice():
    """Without the journal, whoever is there is recognised by comparing with the system."""
    with World(300) as world:
        world.finish()
        created = len(world.network.created())
        world.forget_journal()
        world.finish()

        assert len(world.network.created()) == created == 300
        assert {line.status for line in world.lines()} == {"existing"}
