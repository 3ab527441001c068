"""The server's word about waiting, and jitter where it has none."""

import datetime as dt
import math
import random
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.delivery.retry import LONGEST_S, backoff_s, retry_after_s
from tests.faults.sizes import sized

NOW = dt.datetime(2026, 8, 1, 12, 0, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("", None, id="empty"),
        pytest.param("0", 0.0, id="zero"),
        pytest.param("120", 120.0, id="seconds"),
        pytest.param(" 120 ", 120.0, id="surrounding-space"),
        pytest.param("007", 7.0, id="leading-zeros"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("1e3", None, id="exponent"),
        pytest.param("+5", None, id="plus"),
        pytest.param("١٢", None, id="other-digits"),
        pytest.param("99999999999999999999", math.inf, id="for-ever"),
        pytest.param("9" * 5000, math.inf, id="endless"),
        pytest.param("Sat, 01 Aug 2026 12:00:30 GMT", 30.0, id="date"),
        pytest.param("Sat, 01 Aug 2026 11:59:00 GMT", 0.0, id="date-in-the-past"),
        pytest.param("Saturday, 01-Aug-26 12:00:30 GMT", 30.0, id="date-of-rfc-850"),
        pytest.param("Sat Aug  1 12:00:30 2026", 30.0, id="date-of-asctime"),
        pytest.param("Sat, 01 Aug 2026 14:00:30 +0200", 30.0, id="date-with-zone"),
        pytest.param("Sat, 01 Aug 2026 12:00:30", 30.0, id="date-without-zone"),
        pytest.param("2026-08-01T12:00:30Z", None, id="iso-date"),
        pytest.param("soon", None, id="word"),
        pytest.param("120, 60", None, id="list"),
        pytest.param("Sat, 99 Aug 2026 12:00:30 GMT", None, id="impossible-date"),
        pytest.param("Sat, 01 Aug 2026 12:00:30 +9999999999", None, id="absurd-zone"),
        pytest.param("\x00", None, id="nul"),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value, expected_s):
    """Digits or a date; anything else is as if it were not there."""
    headers = {} if value is None else {"retry-after": value}

    assert retry_after_s(headers, epoch_s=NOW.timestamp()) == expected_s


@pytest.mark.parametrize("off_s", [-31_536_000, -3600, 3600, 31_536_000])
def test_a_wrong_clock_here_does_not_matter(off_s):
    """A date is judged by the answer's own `Date`."""
    headers = {
        "retry-after": "Sat, 01 Aug 2026 12:00:30 GMT",
        "date": "Sat, 01 Aug 2026 12:00:00 GMT",
    }

    assert retry_after_s(headers, epoch_s=NOW.timestamp() + off_s) == 30.0


@settings(max_examples=sized(200, 10_000), deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_breaks_the_reader(value, date):
    """Whatever stands there, the answer is a wait of at least 0 or nothing."""
    found = retry_after_s({"retry-after": value, "date": date}, epoch_s=NOW.timestamp())

    assert found is None or found >= 0


@given(st.integers(0, 100_000))
def test_a_date_and_seconds_say_the_same(seconds):
    """Both forms of the same wait are the same wait."""
    until = format_datetime(NOW + dt.timedelta(seconds=seconds), usegmt=True)

    assert retry_after_s({"retry-after": until}, epoch_s=NOW.timestamp()) == seconds


@pytest.mark.parametrize("attempt", [1, 3, 5, 50])
def test_jitter_is_full_and_uniform(attempt):
    """Ten thousand draws fill every tenth of the range within 20 %, up to the cap."""
    jitter = random.Random(7)
    most = min(LONGEST_S, 0.5 * 2.0 ** min(attempt, 20))
    draws = [backoff_s(attempt, jitter) for _ in range(10_000)]
    tenths = [sum(most * n / 10 <= d < most * (n + 1) / 10 for d in draws) for n in range(10)]

    assert all(0 <= draw <= most for draw in draws)
    assert all(800 <= count <= 1200 for count in tenths)
