"""No window above the rate, from the first second on; and what refusals teach."""

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.delivery.pacing import Gcra, Pace, Pacer, Rate
from bulkload.errors import BulkloadError
from tests.delivery.virtual_time import VirtualClock, VirtualLoop


@pytest.mark.parametrize(
    ("text", "calls", "per_s"),
    [
        pytest.param("20/s", 20, 1.0, id="a-second"),
        pytest.param("100/min", 100, 60.0, id="a-minute"),
        pytest.param("1000/h", 1000, 3600.0, id="an-hour"),
        pytest.param("300/10s", 300, 10.0, id="ten-seconds"),
        pytest.param(" 5 / S ", 5, 1.0, id="spaces-and-capitals"),
    ],
)
def test_a_rate_is_read(text, calls, per_s):
    """A rate is a number of calls and a length of time."""
    assert Rate.parse(text) == Rate(calls, per_s)


@pytest.mark.parametrize(
    "text", ["", "20", "/s", "0/s", "20/0s", "20/fortnight", "-1/s", "1.5/s", "20/s/s", "٣/s"]
)
def test_what_is_no_rate_is_refused_with_an_example(text):
    """The error shows how a rate is written."""
    with pytest.raises(BulkloadError, match="20/s"):
        Rate.parse(text)


def most_in_a_window(departures, per_s):
    """Return how many departures fall into the fullest half-open window of that length."""
    most = start = 0
    for end, last in enumerate(departures):
        while departures[start] <= last - per_s:
            start += 1
        most = max(most, end - start + 1)
    return most


@given(
    calls=st.integers(1, 50),
    per_s=st.sampled_from([0.5, 1.0, 10.0, 60.0]),
    delays=st.lists(st.floats(0, 3), min_size=1, max_size=200),
    even=st.booleans(),
)
@settings(max_examples=200)
def test_no_window_holds_more_than_the_rate(calls, per_s, delays, even):
    """However late requests come, no window of the rate's length holds more than its calls."""
    window = Gcra(Rate(calls, per_s), even=even)
    now, departures = 1000.0, []
    for delay in delays:
        now += delay * per_s / calls
        while (wait := window.wait_s(now)) > 0:
            now += wait
        window.depart(now)
        departures.append(now)

    assert most_in_a_window(departures, per_s * (1 - 1e-9)) <= calls


def test_a_full_queue_uses_the_whole_rate():
    """The limit costs nothing: a queue that is never empty goes at the rate."""
    loop = VirtualLoop()
    pacer = Pacer([Rate(20, 1.0)], VirtualClock(loop))

    async def hundred_seconds():
        began = loop.time()
        for _ in range(2000):
            await pacer.slot()
        return loop.time() - began

    taken_s = loop.run_until_complete(hundred_seconds())
    loop.close()

    assert 99 <= taken_s <= 100.1


@pytest.mark.parametrize(
    "windows",
    [
        pytest.param([Rate(20, 1.0)], id="one"),
        pytest.param([Rate(60, 60.0), Rate(1000, 3600.0)], id="minute-and-hour"),
        pytest.param([Rate(100, 60.0), Rate(300, 10.0)], id="user-and-edge"),
    ],
)
def test_all_windows_hold_together_for_many_who_wait(windows):
    """Concurrent waiters are served in order, and every window holds."""
    loop = VirtualLoop()
    pacer = Pacer(windows, VirtualClock(loop))
    served = []

    async def one(number):
        await pacer.slot()
        served.append((number, loop.time()))

    async def everyone():
        await asyncio.gather(*(one(number) for number in range(300)))

    loop.run_until_complete(everyone())
    loop.close()

    assert [number for number, _ in served] == list(range(300))
    for rate in windows:
        assert most_in_a_window([t for _, t in served], rate.per_s - 1e-6) <= rate.calls


def test_requests_of_an_earlier_process_count():
    """A resumed run does not begin the minute anew."""
    loop = VirtualLoop()
    pacer = Pacer([Rate(60, 60.0)], VirtualClock(loop))
    pacer.remember([10.0] * 60)

    wait_s = pacer.wait_s()
    loop.close()

    assert wait_s == pytest.approx(50.0, abs=0.1)


def test_nothing_goes_before_the_pause_is_over():
    """A pause that the system asked for holds for whoever waits already, too."""
    loop = VirtualLoop()
    pacer = Pacer([], VirtualClock(loop))

    async def paused():
        pacer.close_for(7.0)
        pacer.close_for(3.0)
        began = loop.time()
        await pacer.slot()
        return loop.time() - began

    waited_s = loop.run_until_complete(paused())
    loop.close()

    assert waited_s == pytest.approx(7.0)


class HiddenLimit:
    """A server with a token bucket that nobody was told about."""

    def __init__(self, per_s, burst):
        self.per_s, self.burst, self.tokens, self.at = per_s, burst, burst, None

    def allows(self, now):
        if self.at is not None:
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_s)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@pytest.mark.parametrize("limit_per_s", [2, 10, 50])
@pytest.mark.parametrize("concurrency", [1, 8, 32])
def test_a_hidden_limit_is_found_and_used(limit_per_s, concurrency):
    """After a minute at most 2 % are refused and at least 90 % of the limit is used."""
    loop = VirtualLoop()
    pacer = Pacer([], VirtualClock(loop))
    server = HiddenLimit(limit_per_s, limit_per_s)
    answers = []

    async def worker():
        while loop.time() < 1000 + 660:
            await pacer.slot()
            sent = loop.time()
            allowed = server.allows(sent)
            await asyncio.sleep(0.05)
            answers.append((sent, allowed))
            if allowed:
                pacer.pace.accepted(loop.time())
            else:
                pacer.pace.throttled(loop.time(), sent=sent, pause_s=2.0)
                pacer.close_for(2.0)

    async def everyone():
        await asyncio.gather(*(worker() for _ in range(concurrency)))

    loop.run_until_complete(everyone())
    loop.close()
    steady = [allowed for sent, allowed in answers if sent >= 1060]
    possible = min(limit_per_s, concurrency / 0.05) * 600

    assert steady.count(False) <= 0.02 * len(steady)
    assert steady.count(True) >= 0.9 * possible


def test_a_limit_that_was_lifted_is_noticed():
    """Long after the last refusal the pace is far above the old limit."""
    pace = Pace(0.0)
    for tenth in range(100):
        pace.accepted(tenth / 10)
    pace.throttled(10.0, sent=9.9, pause_s=2.0)

    assert pace.per_s(12.0) == pytest.approx(9.0, rel=0.15)
    assert pace.per_s(42.0) == pytest.approx(10.0, rel=0.15)
    assert pace.per_s(400.0) > 100


def test_a_burst_of_refusals_is_one_lesson():
    """Requests that were under way when the pace was cut do not cut it again."""
    pace = Pace(0.0)
    for _ in range(10):
        pace.accepted(0.5)
    pace.throttled(1.0, sent=0.9, pause_s=None)
    once = pace.per_s(1.0)
    for _ in range(10):
        pace.throttled(1.1, sent=0.95, pause_s=None)

    assert pace.per_s(1.0) == once
    assert once < math.inf


def test_a_refusal_before_anything_was_let_through_is_no_crawl():
    """It says nothing about the limit's height: one a second, then half of it each time."""
    pace = Pace(0.0)
    paces = []
    for number in range(1, 9):
        pace.throttled(10.0 * number, sent=10.0 * number - 0.1, pause_s=None)
        paces.append(pace.per_s(10.0 * number + 45.0))

    assert paces[:3] == pytest.approx([1.0, 0.5, 0.25], rel=0.35)
    assert paces[-1] >= 0.05


def test_whoever_waits_hears_of_a_pace_that_rises():
    """A request that waits for a slow pace goes as soon as the pace allows it."""
    loop = VirtualLoop()
    pacer = Pacer([], VirtualClock(loop))
    pacer.pace.throttled(loop.time(), sent=loop.time() - 0.1, pause_s=None)
    for number in range(6):
        loop.run_until_complete(asyncio.sleep(1))
        pacer.pace.throttled(loop.time(), sent=loop.time() - 0.1 * number, pause_s=None)

    async def waited_for_the_second():
        await pacer.slot()
        began = loop.time()
        loop.call_later(0.1, pacer.pace.accepted, began + 0.1)
        await pacer.slot()
        return loop.time() - began

    slow_s = 1 / pacer.pace.per_s(loop.time())
    waited_s = loop.run_until_complete(waited_for_the_second())
    loop.close()

    assert slow_s > 10
    assert waited_s < slow_s / 2
