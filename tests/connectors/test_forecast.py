"""The forecast before the first call: how long, and which quota ends the run."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.connectors.base import Limit
from bulkload.connectors.forecast import forecast, spoken_s
from bulkload.connectors.loyaltydog import KEY_LIMITS
from bulkload.connectors.voucherify import PLANS

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("calls", "limits", "used", "expected"),
    [
        pytest.param(0, KEY_LIMITS, {}, (0.0, "", None), id="nothing"),
        pytest.param(60, KEY_LIMITS, {}, (60.0, "burst", None), id="one-minute"),
        pytest.param(900, KEY_LIMITS, {}, (900.0, "burst", None), id="a-minute-each-sixty"),
        pytest.param(2_500, KEY_LIMITS, {}, (7_200.0, "hour", None), id="two-hours-of-waiting"),
        pytest.param(2_500, KEY_LIMITS, {"hour": 1_000}, (10_800.0, "hour", None), id="hour-used"),
        pytest.param(12_000, KEY_LIMITS, {}, (32_400.0, "hour", 10_000), id="month-ends-it"),
        pytest.param(100, KEY_LIMITS, {"month": 9_990}, (10.0, "burst", 10), id="month-used"),
        pytest.param(10_000, PLANS["business"], {}, (6_000.0, "minute", None), id="business"),
        pytest.param(250, PLANS["sandbox"], {}, (7_200.0, "hour", None), id="sandbox-project"),
        pytest.param(10_000, (), {}, (0.0, "", None), id="no-limits"),
    ],
)
def test_duration_and_end_follow_from_the_limits(calls, limits, used, expected):
    """The slowest limit sets the pace, a hard one ends the run."""
    found = forecast(calls, limits, used, now=NOW)

    assert (found.duration_s, found.slowest, found.stops_after) == expected


def test_the_month_renews_on_its_first():
    """A calendar quota goes on with the next month in UTC, and the sentence says so."""
    found = forecast(12_000, KEY_LIMITS, now=NOW)

    assert found.resumes_utc == "2026-12-01T00:00:00Z"
    assert found.pauses == ("hour",)
    assert found.text == (
        "12,000 calls, about 9 h (the limit per hour sets the pace). The quota per month ends the"
        " run after 10,000 calls; the same command goes on from 2026-12-01T00:00:00Z"
    )


def test_headroom_leaves_room_for_the_shop():
    """A fifth of every limit stays free: slower, and fewer before the quota ends the run."""
    found = forecast(10_000, KEY_LIMITS, now=NOW, headroom=0.2)

    assert found.stops_after == 8_000
    assert found.duration_s > forecast(8_000, KEY_LIMITS, now=NOW).duration_s


def test_bulk_calls_have_their_own_bucket():
    """Single limits do not count bulk calls, and the other way round."""
    limits = (Limit(100, 60, "minute"), Limit(20, 3600, "bulk", bulk=True))

    assert forecast(5, limits, now=NOW, bulk=True).slowest == ""
    assert forecast(45, limits, now=NOW, bulk=True).duration_s == 7200.0
    assert forecast(200, limits, now=NOW).slowest == "minute"


@given(st.integers(0, 50_000), st.integers(0, 12_000), st.floats(0, 0.9))
def test_more_calls_never_take_less(calls, used, headroom):
    """Duration grows with the calls, and no quota lets through more than it has."""
    few = forecast(calls, KEY_LIMITS, {"month": used}, now=NOW, headroom=headroom)
    more = forecast(calls + 1, KEY_LIMITS, {"month": used}, now=NOW, headroom=headroom)

    assert more.duration_s >= few.duration_s
    assert few.stops_after is None or few.stops_after <= 10_000 * (1 - headroom)


@pytest.mark.parametrize(("calls", "headroom"), [(-1, 0.0), (1, 1.0), (1, -0.1)])
def test_impossible_numbers_are_refused(calls, headroom):
    """Negative calls and a headroom of everything are mistakes of the caller."""
    with pytest.raises(ValueError, match="headroom"):
        forecast(calls, (), now=NOW, headroom=headroom)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (90, "1 min 30 s"), (19_200, "5 h 20 min"), (187_200, "2 days 4 h")],
)  # fmt: skip
def test_durations_are_spoken(seconds, words):
    """Two units at most, whole numbers."""
    assert spoken_s(seconds) == words
