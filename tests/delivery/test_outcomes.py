"""Every line of the policy, from the first request to the result, against the toy system.

A case is one instruction to the server, and what has to come of it for each promise: status,
customers created, requests that write. After the instruction the server is well again. Each
instruction must have been used up, or the case has tested nothing.
"""

import pytest

from bulkload.connectors.base import Promise
from bulkload.errors import BulkloadError, CredentialsError, UnreachableError
from bulkload.records import Status
from tests.delivery.toy import payloads

CREATED = Status.CREATED
FAILED = Status.FAILED

ALL = tuple(Promise)
REPEATABLE = (Promise.KEYED, Promise.UPSERT, Promise.UNIQUE)

# instruction: (status, created, writes where a create is never repeated, writes where it may be)
OUTCOMES = {
    "ok": (CREATED, 1, 1, 1),
    "refused": (CREATED, 1, 2, 2),
    "lost-before": (CREATED, 1, 2, 2),
    "lost-after": (CREATED, 1, 1, 2),
    "late:30": (CREATED, 1, 1, 2),
    "stall": (CREATED, 1, 1, 2),
    "408-before": (CREATED, 1, 2, 2),
    "408-after": (CREATED, 1, 1, 2),
    "425": (CREATED, 1, 2, 2),
    "429": (CREATED, 1, 2, 2),
    "429:3": (CREATED, 1, 2, 2),
    "500-before": (CREATED, 1, 2, 2),
    "500-after": (CREATED, 1, 1, 2),
    "502-before": (CREATED, 1, 2, 2),
    "502-after": (CREATED, 1, 1, 2),
    "503": (CREATED, 1, 2, 2),
    "503:4": (CREATED, 1, 2, 2),
    "503-after": (CREATED, 1, 1, 2),
    "504-after": (CREATED, 1, 1, 2),
    "520-after": (CREATED, 1, 1, 2),
    "599-before": (CREATED, 1, 2, 2),
    "no-id": (CREATED, 1, 1, 1),
    "garbage": (CREATED, 1, 1, 1),
    "202": (CREATED, 1, 1, 1),
    "400": (FAILED, 0, 1, 1),
    "404": (FAILED, 0, 1, 1),
    "405": (FAILED, 0, 1, 1),
    "413": (FAILED, 0, 1, 1),
    "415": (FAILED, 0, 1, 1),
    "422": (FAILED, 0, 1, 1),
    "431": (FAILED, 0, 1, 1),
}

STOPS = {
    "301": BulkloadError,
    "302": BulkloadError,
    "307": BulkloadError,
    "308": BulkloadError,
    "401": CredentialsError,
    "402": CredentialsError,
    "403": CredentialsError,
    "501": UnreachableError,
    "505": UnreachableError,
    "511": UnreachableError,
    "429:100000": UnreachableError,
}


@pytest.mark.parametrize("promise", ALL, ids=str)
@pytest.mark.parametrize("instruction", OUTCOMES, ids=str)
def test_an_answer_has_one_consequence(make_rig, promise, instruction):
    """Each answer leads to the promised result, and no customer is created twice."""
    status, created, once, repeated = OUTCOMES[instruction]
    rig = make_rig(promise, plan=[instruction])

    (result,) = rig.deliver(payloads(1))

    assert rig.failure is None
    assert not rig.server.plan
    assert result.status is status
    assert len(rig.server.created) == created
    assert result.remote_id == ("c1" if created else "")
    assert rig.server.writes == (repeated if promise in REPEATABLE else once)
    assert rig.journaled == [_without_key(result)]


@pytest.mark.parametrize("promise", ALL, ids=str)
@pytest.mark.parametrize("instruction", STOPS, ids=str)
def test_an_answer_that_speaks_of_the_run_stops_it(make_rig, promise, instruction):
    """Nothing more is sent, the row stays pending, and the next run delivers it once."""
    rig = make_rig(promise, plan=[instruction])

    rig.deliver(payloads(1))

    assert type(rig.failure) is STOPS[instruction]
    assert rig.server.writes == 1
    assert not rig.server.plan
    assert rig.server.created == []
    assert [r.status for r in rig.journaled] == [Status.PENDING]

    results = rig.deliver(payloads(1))

    assert rig.failure is None
    assert [r.status for r in results] == [CREATED]
    assert len(rig.server.created) == 1


READS = {
    "ok": None,
    "refused": None,
    "lost-before": None,
    "lost-after": None,
    "stall": None,
    "408": None,
    "425": None,
    "429:3": None,
    "500": None,
    "502": None,
    "503:4": None,
    "garbage": None,
    "202": None,
    "301": BulkloadError,
    "400": BulkloadError,
    "401": CredentialsError,
    "403": CredentialsError,
    "409": BulkloadError,
    "501": UnreachableError,
}


@pytest.mark.parametrize("instruction", READS, ids=str)
def test_a_read_is_repeated_until_it_can_be_read(make_rig, instruction):
    """The list of those who are there comes through every passing fault before anything is sent."""
    rig = make_rig()
    rig.server.read_plan.append(instruction)

    results = rig.deliver(payloads(1))

    expected = READS[instruction]
    if expected is None:
        assert rig.failure is None
        assert [r.status for r in results] == [CREATED]
    else:
        assert type(rig.failure) is expected
        assert rig.server.writes == 0
    assert not rig.server.read_plan


def _without_key(result):
    from dataclasses import replace

    return replace(result, key="")
