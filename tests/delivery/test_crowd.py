"""How many may be under way at once, and who gets a place."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.delivery.crowd import Crowd
from tests.delivery.virtual_time import VirtualLoop, run


@pytest.mark.parametrize(
    ("overloads", "limit"), [(0, 8), (1, 7), (2, 6), (8, 3), (20, 1), (1000, 1)]
)
def test_each_overload_takes_a_tenth(overloads, limit):
    """The limit falls by a tenth of itself, and never below one."""
    crowd = Crowd(8)
    for _ in range(overloads):
        crowd.overloaded()

    assert int(crowd.limit) == limit


@pytest.mark.parametrize(
    ("under_way", "limit"),
    [
        pytest.param(1, 4, id="a-quarter-in-use"),
        pytest.param(2, 5, id="half-in-use"),
        pytest.param(4, 5, id="all-in-use"),
    ],
)
def test_only_a_limit_that_is_in_use_rises(under_way, limit):
    """An answer says nothing about more requests than were under way."""
    crowd = Crowd(16)
    crowd.limit = 4.0
    crowd.answered(under_way)

    assert crowd.limit == limit


@given(
    st.integers(1, 64),
    st.lists(st.one_of(st.just(None), st.integers(1, 64)), max_size=300),
)
def test_the_limit_stays_between_one_and_what_was_configured(most, answers):
    """Whatever the system answers, somebody may send, and never more than were asked for."""
    crowd = Crowd(most)
    for under_way in answers:
        if under_way is None:
            crowd.overloaded()
        else:
            crowd.answered(under_way)

        assert 1 <= crowd.limit <= most


@given(
    most=st.integers(1, 6),
    visits=st.lists(
        st.tuples(st.floats(0, 3), st.floats(0, 3), st.booleans(), st.booleans()), max_size=40
    ),
)
def test_everybody_gets_in_and_never_too_many(most, visits):
    """With workers that come, go, fail and are cancelled, no place is lost and none is made up."""
    inside, finished = 0, []

    async def visit(crowd, number, comes_s, stays_s, fails):
        nonlocal inside
        await asyncio.sleep(comes_s)
        await crowd.enter()
        assert inside < int(crowd.limit)
        inside += 1
        try:
            await asyncio.sleep(stays_s)
            if fails:
                crowd.overloaded()
            else:
                crowd.answered(inside)
        finally:
            inside -= 1
            crowd.leave()
        finished.append(number)

    async def everybody():
        crowd = Crowd(most)
        tasks = []
        for number, (comes_s, stays_s, fails, is_cancelled) in enumerate(visits):
            task = asyncio.create_task(visit(crowd, number, comes_s, stays_s, fails))
            if is_cancelled:
                asyncio.get_running_loop().call_later(1.0, task.cancel)
            tasks.append(task)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [error for error in outcomes if isinstance(error, AssertionError)]

    loop = VirtualLoop()
    try:
        run(everybody(), loop)
    finally:
        loop.close()

    patient = {number for number, visit in enumerate(visits) if not visit[3]}
    assert patient <= set(finished)
