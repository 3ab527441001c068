"""When sending pauses, and when retries end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.delivery.health import (
    FIRST_PAUSE_S,
    FREE_RETRIES,
    PROBES,
    QUOTA_TOKENS,
    RETRY_SHARE,
    SHARE_WINDOW_S,
    Breaker,
    Health,
    RetryQuota,
    RetryShare,
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


def taken(share, now, wanted=1000):
    """Return how many retries a share allows, taking them."""
    count = 0
    while count < wanted and share.allows(now):
        share.retried(now)
        count += 1
    return count


@pytest.mark.parametrize(
    ("requests", "retries"), [(0, 10), (1, 10), (100, 10), (109, 10), (110, 11), (2000, 200)]
)
def test_a_tenth_of_the_requests_may_be_retries(requests, retries):
    """A few retries are always free; beyond them it is one in ten."""
    share = RetryShare()
    for number in range(requests):
        share.sent(number * 100 / max(requests, 1))

    assert taken(share, 100.0) == retries


def test_what_was_retried_is_forgotten_after_two_minutes():
    """The window slides: what has left it neither allows nor forbids."""
    share = RetryShare()
    for _ in range(1000):
        share.sent(0.0)

    assert taken(share, 0.0) == 100
    assert taken(share, SHARE_WINDOW_S - 1) == 0
    assert taken(share, SHARE_WINDOW_S + 1) == FREE_RETRIES


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 9)), max_size=300))
def test_no_window_holds_more_retries_than_its_share(steps):
    """Whenever a retry is allowed, the last two minutes held fewer than the share before it."""
    share, now = RetryShare(), 0.0
    requests: list[int] = []
    retries: list[int] = []
    for is_retry, passes_s in steps:
        now += passes_s
        if not is_retry:
            share.sent(now)
            requests.append(int(now))
        elif share.allows(now):
            share.retried(now)
            since = int(now) - SHARE_WINDOW_S
            seen = sum(at > since for at in requests)
            assert sum(at > since for at in retries) < max(FREE_RETRIES, RETRY_SHARE * seen)
            retries.append(int(now))
