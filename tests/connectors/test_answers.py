"""What is read out of answers, whatever they hold."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkload.connectors.answers import masked, retry_after_s, seconds_of, usable_id, whole
from bulkload.connectors.changes import differing, merged, same
from bulkload.contacts import email_key, phone_key

NOW = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        pytest.param({}, None, id="absent"),
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": " 7 "}, 7.0, id="space"),
        pytest.param({"retry-after": "-7"}, None, id="negative"),
        pytest.param({"retry-after": "7.5"}, None, id="fraction"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "\u0667"}, None, id="other-digits"),
        pytest.param({"retry-after": "Mon, 05 Jan 2026 12:00:30 GMT"}, 30.0, id="date"),
        pytest.param({"retry-after": "Monday, 05-Jan-26 12:00:30 GMT"}, 30.0, id="rfc850"),
        pytest.param({"retry-after": "Mon, 05 Jan 2026 11:00:00 GMT"}, 0.0, id="past"),
        pytest.param(
            {
                "retry-after": "Mon, 05 Jan 2026 13:00:30 GMT",
                "date": "Mon, 05 Jan 2026 13:00:00 GMT",
            },
            30.0,
            id="by-the-servers-clock",
        ),
    ],
)
def test_retry_after_is_read_in_both_forms(headers, expected_s):
    """Seconds or a date, judged by the answer's own clock; nonsense is ignored."""
    assert retry_after_s(headers, now=NOW) == expected_s


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_retry_after_raises(asked, date):
    """Any header is a wait of 0 or more seconds, or ignored."""
    found = retry_after_s({"retry-after": asked, "date": date}, now=NOW)

    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ada@example.com is taken", "a***@e*** is taken", id="email"),
        pytest.param("<ada@example.com>", "a***@e***", id="email-in-brackets"),
        pytest.param("+1 (202) 555-0143 is taken", "***43 is taken", id="phone"),
        pytest.param("phone 0049 30 123456", "phone ***56", id="phone-double-zero"),
        pytest.param("limit 100 per 3600 s", "limit 100 per 3600 s", id="small-numbers-stay"),
        pytest.param("a\x1b[31mb\nc", "a [31mb c", id="control"),
    ],
)
def test_contacts_are_masked(text, expected):
    """No contact survives, ordinary words do, on one printable line."""
    assert masked(text) == expected


@given(st.emails())
def test_no_email_survives(email):
    """Whatever address the vendor quotes, it is not passed on."""
    assert email not in masked(f"{email} exists")


@given(st.text())
def test_masking_keeps_one_short_printable_line(text):
    """Any text becomes at most 300 printable characters."""
    found = masked(text)

    assert len(found) <= 300
    assert found.isprintable()


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.lists(st.integers())))
def test_ids_are_short_printable_text(value):
    """Whatever stands where an id should be, it is usable text or nothing."""
    found = usable_id(value)

    assert found == "" or (found == value and len(found) <= 128 and found.isprintable())


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("30", 30.0, id="delay"),
        pytest.param("1767614430", 30.0, id="unix-seconds"),
        pytest.param("1767614430000", 30.0, id="unix-milliseconds"),
        pytest.param("2026-01-05", None, id="date"),
    ],
)
def test_a_reset_is_a_delay_or_a_moment(text, expected_s):
    """Both ways of announcing the end of a window give seconds from here."""
    assert seconds_of(text, now_epoch_s=1767614400.0) == expected_s


def test_a_header_number_may_carry_its_policy():
    """The first number of a list counts."""
    assert whole("100, 100;w=60") == 100


@pytest.mark.parametrize(
    ("name", "wanted", "held", "expected"),
    [
        pytest.param("email", "a@x.de", " A@X.de", True, id="email"),
        pytest.param("phone", "+12025550143", "001 202-555-0143", True, id="phone"),
        pytest.param("points", 5, 5.0, True, id="whole-float"),
        pytest.param("age", "5", 5, True, id="number-as-text"),
        pytest.param("vip", "true", True, True, id="truth-as-text"),
        pytest.param("vip", 1, True, False, id="one-is-not-true"),
        pytest.param("name", "ada", "Ada", False, id="case-of-names"),
        pytest.param("name", None, "", True, id="blank"),
        pytest.param("points", 0, None, False, id="zero-is-not-blank"),
        pytest.param("tags", ["a"], ["a"], True, id="list"),
        pytest.param("tags", ["a"], "['a']", False, id="list-is-not-text"),
    ],
)
def test_same_means_the_same(name, wanted, held, expected):
    """Spelling does not make a change, meaning does."""
    assert same(name, wanted, held) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=4)


@given(OBJECTS, OBJECTS)
def test_changes_laid_over_what_is_held_leave_no_change(wanted, held):
    """After an update has been applied, the same file asks for nothing."""
    after = merged(held, differing(wanted, held))

    assert differing(wanted, after) == {}


@given(OBJECTS)
def test_a_customer_does_not_differ_from_itself(held):
    """An unedited export plans no change."""
    assert differing(held, held) == {}


@given(st.text())
def test_contact_keys_are_stable(text):
    """A key's key is itself."""
    assert email_key(email_key(text)) == email_key(text)
    assert phone_key(phone_key(text)) == phone_key(text)
