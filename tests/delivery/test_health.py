"""When sending pauses, and when retries end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.delivery.health import (
    FIRST_PAUSE_S,
    PROBES,
    QUOTA_TOKENS,
    Breaker,
    Health,
    RetryQuota,
)


def failing(breaker, now, calls=20):
    for _ in range(calls):
        breaker.called(now, failed=True)


def test_a_healthy_system_is_never_paused():
    """Fewer failures than half do not pause the run."""
    breaker = Breaker()
    for number in range(1000):
        breaker.called(number / 10, failed=number % 5 == 0)

    assert breaker.health(100.0) is Health.WELL


def test_twenty_failures_pause_the_run():
    """The twentieth failing call is the last one."""
    breaker = Breaker()
    failing(breaker, 0.0, 19)
    before = breaker.health(0.0)
    failing(breaker, 0.0, 1)

    assert before is Health.WELL
    assert breaker.health(0.0) is Health.PAUSED
    assert breaker.wait_s(0.0) == FIRST_PAUSE_S
    assert breaker.health(FIRST_PAUSE_S) is Health.PROBING


def test_probes_open_the_way_again():
    """Three reads that succeed, and creates may go."""
    breaker = Breaker()
    failing(breaker, 0.0)
    for _ in range(PROBES):
        assert breaker.health(40.0) is Health.PROBING
        breaker.probed(40.0, failed=False)

    assert breaker.health(40.0) is Health.WELL


def test_pauses_double_and_end():
    """Each failing probe doubles the pause; after three without a success the run ends."""
    breaker = Breaker()
    failing(breaker, 0.0)
    now, pauses = 0.0, []
    while breaker.health(now) is not Health.GONE:
        pauses.append(breaker.wait_s(now))
        now += pauses[-1]
        breaker.probed(now, failed=True)

    assert pauses == [30.0, 60.0, 120.0]


def test_old_failures_are_forgotten():
    """What failed more than half a minute ago speaks against nobody."""
    breaker = Breaker()
    failing(breaker, 0.0, 19)
    failing(breaker, 31.0, 19)

    assert breaker.health(31.0) is Health.WELL


@given(st.lists(st.tuples(st.integers(0, 14), st.booleans(), st.floats(0, 5))))
def test_the_quota_stays_within_its_bounds(steps):
    """Whatever is taken and given back, there are never fewer than none nor more than all."""
    quota, now = RetryQuota(), 0.0
    for cost, succeeds, passes_s in steps:
        now += passes_s
        if succeeds:
            quota.succeeded(cost)
        else:
            quota.take(cost, now)

        assert 0 <= quota.tokens <= QUOTA_TOKENS


def test_an_empty_quota_refuses():
    """A hundred retries in a row are all there are."""
    quota = RetryQuota()

    assert sum(quota.take(5, 1.0) for _ in range(1000)) == 100


@pytest.mark.parametrize("seconds", [10, 60])
def test_a_quota_comes_back_by_itself(seconds):
    """The last rows of a run are retried although nothing else succeeds."""
    quota = RetryQuota()
    while quota.take(5, 1.0):
        pass

    assert quota.take(5, 1.0 + seconds)
