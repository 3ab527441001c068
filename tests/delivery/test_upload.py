"""Payloads become results: the ways a run can go, each to its end."""

import asyncio
import dataclasses
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkload.connectors.base import Limit, Promise
from bulkload.delivery import OnUnknown, Rate, Stop
from bulkload.errors import (
    BulkloadError,
    CredentialsError,
    InterruptedRunError,
    JournalStoppedError,
    UnreachableError,
)
from bulkload.records import Action, Status
from tests.delivery.rig import Rig
from tests.delivery.toy import Toy, payload, payloads

PLANS = [
    "ok",
    "lost-before",
    "lost-after",
    "500-after",
    "500-before",
    "refused",
    "429:1",
    "late:20",
]


def statuses(results):
    return [result.status for result in results]


def test_every_payload_gets_one_result_with_its_id(make_rig):
    """What was created is reported with the system's id, and journal and server agree."""
    rig = make_rig()

    results = rig.deliver(payloads(300))

    ids = {c["email"]: c["id"] for c in rig.server.created}
    assert statuses(results) == [Status.CREATED] * 300
    assert {r.key: r.remote_id for r in results} == ids
    assert rig.rows("SELECT count(*) FROM open_key") == [(0,)]
    assert rig.run_journal.summary.run_id == rig.last_run


def test_a_generator_is_delivered_like_a_list(make_rig):
    """Payloads that are made on the way are taken in a thread and arrive all the same."""
    rig = make_rig()
    rig.server.latency_s = 0.0

    with rig.open() as journal:
        from bulkload.delivery import upload
        from bulkload.wire import Wire

        run_journal = journal.begin(source_sha256="s", mapping_sha256="m", target="toy")

        async def all_of_them():
            wire = Wire("http://toy.example", transport=rig.server)
            made = (p for p in payloads(600))
            return [
                r.status
                async for r in upload(made, connector=Toy(), wire=wire, journal=run_journal)
            ]

        found = asyncio.run(all_of_them())

    assert found == [Status.CREATED] * 600


def test_a_second_run_of_the_same_rows_sends_nothing(make_rig):
    """Delivered is delivered: the second run says when and by whom, and makes no request at all."""
    rig = make_rig()
    rig.deliver(payloads(20))
    first, before = rig.last_run, len(rig.server.requests)

    results = rig.deliver(payloads(20))

    assert statuses(results) == [Status.UNCHANGED] * 20
    assert all(first in r.message for r in results)
    assert [r.remote_id for r in results] == [f"c{n}" for n in range(1, 21)]
    assert len(rig.server.requests) == before
    assert rig.run_journal.delivered_before == 20


def test_an_edited_file_sends_only_what_is_new(make_rig):
    """Sorted otherwise, longer and under another name: rows that are delivered stay at home."""
    rig = make_rig()
    rig.deliver(payloads(5))
    rig.source = "edited"
    edited = [
        dataclasses.replace(p, row_number=number)
        for number, p in enumerate(reversed(payloads(7)), start=2)
    ]

    results = rig.deliver(edited)

    assert statuses(results) == [Status.CREATED] * 2 + [Status.UNCHANGED] * 5
    assert len(rig.server.created) == 7


def test_other_values_for_a_delivered_customer_are_not_sent_by_a_create(make_rig):
    """A create never overwrites: the row is `existing`, with the id and the date."""
    rig = make_rig()
    rig.deliver(payloads(1))
    rig.source = "edited"

    (result,) = rig.deliver([payload(1, email="p1@example.com", name="Other")])

    assert (result.status, result.remote_id) == (Status.EXISTING, "c1")
    assert "with other values" in result.message


def test_starting_over_asks_the_system(make_rig):
    """A new run believes the system, not the journal: who is gone there is created again."""
    rig = make_rig()
    rig.deliver(payloads(3))
    del rig.server.created[1]
    rig.new = True

    results = rig.deliver(payloads(3))

    assert statuses(results) == [Status.EXISTING, Status.CREATED, Status.EXISTING]


def test_starting_over_is_refused_where_it_could_duplicate(make_rig):
    """Without asking the system, starting over would create everybody again."""
    rig = make_rig()
    rig.deliver(payloads(1))
    rig.new = True

    rig.deliver(payloads(1), check_existing=False)

    assert type(rig.failure) is BulkloadError
    assert len(rig.server.created) == 1


@pytest.mark.parametrize("count", [5, 300], ids=["look-ups", "snapshot"])
def test_customers_who_were_there_before_are_not_created(make_rig, count):
    """A fresh journal, or a lost one, duplicates nobody."""
    rig = make_rig()
    for number in range(1, count + 1, 2):
        rig.server.add(email=f"p{number}@example.com", name="before")

    results = rig.deliver(payloads(count))

    expected = [Status.EXISTING if n % 2 else Status.CREATED for n in range(1, count + 1)]
    assert statuses(results) == expected
    assert len(rig.server.created) == count
    reads = sum(method == "GET" for _, method, _ in rig.server.requests)
    assert reads <= (count if count <= 20 else count // 100 + 1)


def test_a_look_up_that_answers_too_much_misleads_nobody(make_rig):
    """What the system's filter takes for the same is compared here."""
    rig = make_rig()
    rig.server.add(email="p1@example.com.au", name="another")
    rig.server.fuzzy = True

    (result,) = rig.deliver(payloads(1))

    assert result.status is Status.CREATED


def test_an_unknown_row_holds_nobody_up(make_rig):
    """Others go on while a row waits for the time when a look-up can tell."""
    rig = make_rig(plan=["lost-after"])

    results = rig.deliver(payloads(50))

    assert statuses(results) == [Status.CREATED] * 50
    writes = [at for at, method, _ in rig.server.requests if method == "POST"]
    assert max(writes) - min(writes) < 1.0
    assert rig.loop.time() - 1000 >= 60.0


def test_many_unknown_rows_cost_few_reads(make_rig):
    """More than twenty look-ups become pages of all customers, never two reads a row."""
    rig = make_rig(plan=["lost-after"] * 200)

    results = rig.deliver(payloads(200), check_existing=False, concurrency=100)

    reads = [path for _, method, path in rig.server.requests if method == "GET"]
    assert statuses(results) == [Status.CREATED] * 200
    assert len(rig.server.created) == 200
    assert any("page=" in path for path in reads)
    assert len(reads) <= 100


def test_two_looks_are_needed_before_a_row_is_sent_again(make_rig):
    """A look-up that is behind for a moment does not create a second customer."""
    rig = make_rig(plan=["late:58"])
    rig.server.blind_s = 4.0

    (result,) = rig.deliver(payloads(1))

    assert result.status is Status.CREATED
    assert len(rig.server.created) == 1


def test_review_needs_no_assumption(make_rig):
    """With `on_unknown=review` a row of unknown outcome is never sent again, also later."""
    rig = make_rig(plan=["late:600"])

    (result,) = rig.deliver(payloads(1), on_unknown=OnUnknown.REVIEW)
    (again,) = rig.deliver(payloads(1), on_unknown=OnUnknown.REVIEW)

    assert result.status is Status.REVIEW
    assert again.status is Status.REVIEW
    assert rig.server.writes == 1


def test_a_reviewed_customer_who_turns_up_is_recognised(make_rig):
    """Once the person, or time, has settled it, the next run sees the customer."""
    rig = make_rig(plan=["late:600"])
    rig.deliver(payloads(1), on_unknown=OnUnknown.REVIEW)
    rig.loop.run_until_complete(asyncio.sleep(700))

    (result,) = rig.deliver(payloads(1), on_unknown=OnUnknown.REVIEW)

    assert (result.status, result.remote_id) == (Status.EXISTING, "c1")


def test_several_matches_are_for_a_person(make_rig):
    """Two customers with the row's key: it is not known which is ours."""
    rig = make_rig(plan=["lost-after"])
    rig.server.on_create = lambda: rig.server.add(email="p1@example.com", name="twin")

    (result,) = rig.deliver(payloads(1))

    assert result.status is Status.REVIEW
    assert "c1" in result.message
    assert "c2" in result.message


def test_a_match_that_contradicts_is_for_a_person(make_rig):
    """The same phone with another e-mail neither proves nor disproves the create."""
    rig = make_rig(plan=["lost-before"])
    row = payload(1, email="p1@example.com", phone="+491701234567", name="P")
    rig.server.on_refusal = lambda: rig.server.add(email="x@example.com", phone="+491701234567")

    (result,) = rig.deliver([row])

    assert result.status is Status.REVIEW


def test_a_row_without_contacts_cannot_be_looked_up(make_rig):
    """If its answer is lost, a person has to look; it is never sent again."""
    rig = make_rig(plan=["lost-after"])

    (result,) = rig.deliver([payload(1, name="No contacts")])

    assert result.status is Status.REVIEW
    assert rig.server.writes == 1


def test_rows_without_contacts_are_known_by_their_content(make_rig):
    """Two equal rows are two customers, and the second run sends neither again."""
    rig = make_rig()
    rows = [payload(1, name="Same"), payload(2, name="Same")]

    first = rig.deliver(rows)
    second = rig.deliver(rows)

    assert statuses(first) == [Status.CREATED] * 2
    assert statuses(second) == [Status.UNCHANGED] * 2
    assert len(rig.server.created) == 2


def test_rows_of_one_customer_go_one_after_the_other(make_rig):
    """Never two requests for one customer at once; the second row finds the first one's customer."""
    rig = make_rig()
    rig.server.latency_s = 1.0
    rows = [payload(n, email="same@example.com", name=f"N{n}") for n in range(1, 5)]

    results = rig.deliver(rows, check_existing=False)

    assert statuses(results) == [Status.CREATED] + [Status.EXISTING] * 3
    assert len(rig.server.created) == 1


def test_poison_is_given_up_and_the_rest_goes_on(make_rig):
    """A row that the system fails on every time fails, once it is proven that it was not applied."""
    rig = make_rig()
    rig.server.poison = "p3@example.com"

    results = rig.deliver(payloads(30))

    assert [r.status for r in results if r.key == "p3@example.com"] == [Status.FAILED]
    assert statuses(results).count(Status.CREATED) == 29
    assert "5 times" in results[2].message


def test_a_dead_system_ends_the_run_soon(make_rig):
    """Nobody there: the run ends within seconds, and nothing is failed."""
    rig = make_rig()
    rig.server.refuses_everything = "refused"

    results = rig.deliver(payloads(1000))

    assert type(rig.failure) is UnreachableError
    assert rig.loop.time() - 1000 < 30
    assert not [r for r in results if r.status is Status.FAILED]


def test_a_system_that_dies_on_the_way_pauses_the_run_then_ends_it(make_rig):
    """The breaker opens within about twenty calls, probes with reads, and fails no row."""
    rig = make_rig(Promise.UPSERT)
    rig.deliver(payloads(10))
    rig.server.refuses_everything = "503"
    before = rig.server.writes

    results = rig.deliver(payloads(500), check_existing=False)

    assert type(rig.failure) is UnreachableError
    assert rig.server.writes - before <= 30
    assert not [r for r in results if r.status is Status.FAILED]
    assert any("half of the recent requests failed" in sentence for sentence in rig.said)

    rig.server.refuses_everything = ""
    results = rig.deliver(payloads(500))

    assert {r.status for r in results} <= {Status.CREATED, Status.UNCHANGED}
    assert len(rig.server.created) == 500


def test_a_sick_system_that_recovers_gets_every_row(make_rig):
    """Half a minute of errors, a pause, probes that are reads, and then everything arrives."""
    rig = make_rig(plan=["500-before"] * 25)

    results = rig.deliver(payloads(100))

    assert rig.failure is None
    assert statuses(results) == [Status.CREATED] * 100
    assert any(path == "/whoami" for _, _, path in rig.server.requests)


def test_retries_of_a_repeatable_create_are_bounded(make_rig):
    """Five minutes of nothing but 503: at most 1.1 requests a row, and the quota."""
    rig = make_rig(Promise.UPSERT)
    rig.deliver(payloads(1))
    rig.server.refuses_everything = "503"
    before = rig.server.writes

    rig.deliver(payloads(300))

    assert rig.server.writes - before <= 1.1 * 300 + 500 / 5


def test_retries_do_not_take_the_place_of_first_requests(make_rig):
    """While rows wait for their first request a tenth are retries at most; then all are sent."""
    fails = random.Random(1)
    plan = ["500-before" if fails.random() < 0.25 else "ok" for _ in range(2400)]
    rig = make_rig(Promise.UPSERT, plan=plan)

    results = rig.deliver(payloads(1600), check_existing=False, rate=Rate(10, 1.0))

    assert rig.failure is None
    assert statuses(results).count(Status.CREATED) > 1590
    first = 0
    for last, tick in enumerate(rig.ticks):
        window = [t for t in rig.ticks[: last + 1] if t.at_s > tick.at_s - 119]
        first += tick.sent - tick.retried
        if first < 1500:
            shares = sum(t.retried for t in window), 0.1 * sum(t.sent for t in window)
            assert shares[0] <= max(10, shares[1]) + 2
    requests = sum(tick.sent for tick in rig.ticks)
    retries = sum(tick.retried for tick in rig.ticks)
    assert retries >= 400
    assert rig.loop.time() - 1000 < 1.1 * requests / 10 + 60


def test_a_few_rows_are_retried_at_once(make_rig):
    """A short run with failures ends within a minute: a share of little is not nothing."""
    rig = make_rig(Promise.UPSERT, plan=["ok", "ok", "500-before"] * 10)

    results = rig.deliver(payloads(30), check_existing=False)

    assert statuses(results) == [Status.CREATED] * 30
    assert rig.loop.time() - 1000 < 60


def test_fewer_requests_are_under_way_while_the_system_fails(make_rig):
    """Eight errors leave room for three, and once it answers all eight come back."""
    rig = make_rig(Promise.UPSERT, plan=["500-before"] * 8)
    rig.server.latency_s = 1.0

    results = rig.deliver(payloads(80), check_existing=False, concurrency=8)

    bursts = list(Counter(at for at, _, _ in rig.server.requests).values())
    assert bursts[:2] == [8, 3]
    assert max(bursts[2:]) > 6
    assert statuses(results) == [Status.CREATED] * 80


def test_no_second_holds_more_than_the_rate(make_rig):
    """A thousand rows at 20 a second take 50 seconds, and no second sees more than 20."""
    rig = make_rig(options=dataclasses.replace(Rig.options, rate=Rate(20, 1.0), concurrency=16))

    rig.deliver(payloads(1000))

    times = [at for at, _, _ in rig.server.requests]
    fullest = max(sum(t <= other < t + 1 - 1e-6 for other in times) for t in times)
    assert fullest <= 20
    assert 49 <= times[-1] - times[0] <= 52


def test_the_systems_own_limits_are_kept(make_rig):
    """What the connector declares is obeyed without being asked for."""
    rig = make_rig(connector=Toy(limits=(Limit(60, 60.0), Limit(100, 3600.0))))

    rig.deliver(payloads(110))

    times = [at for at, _, _ in rig.server.requests]
    assert max(sum(t <= other < t + 60 - 1e-6 for other in times) for t in times) <= 60
    assert times[-1] - times[0] >= 3600


def test_retry_after_is_waited_for_and_told(make_rig):
    """No request leaves before the time that the system named, and the user hears why."""
    rig = make_rig(plan=["ok", "429:120"])

    rig.deliver(payloads(50), concurrency=1)

    times = [at for at, method, _ in rig.server.requests if method == "POST"]
    assert times[2] - times[1] >= 120
    assert any("slow down" in sentence for sentence in rig.said)
    assert rig.failure is None


def test_a_token_is_renewed_once_for_all(make_rig):
    """Sixteen refused requests, one sign-in, every row delivered once."""
    rig = make_rig(connector=Toy(password="open sesame"))  # noqa: S106 - nobody's
    rig.server.latency_s = 0.5
    rig.server.expire_after = 40

    results = rig.deliver(payloads(100), concurrency=16)

    assert rig.failure is None
    assert statuses(results) == [Status.CREATED] * 100
    assert rig.server.sign_ins == 1
    assert len(rig.server.created) == 100


def test_a_new_token_that_is_refused_too_ends_the_run(make_rig):
    """Nothing fails, nothing is sent twice; the credentials are at fault."""
    rig = make_rig(connector=Toy(password="open sesame"))  # noqa: S106 - nobody's
    rig.server.expire_after = 5
    rig.server.accepts_new_tokens = False

    results = rig.deliver(payloads(20))

    assert type(rig.failure) is CredentialsError
    assert not [r for r in results if r.status is Status.FAILED]


def test_a_stop_finishes_what_is_under_way(make_rig):
    """After a signal no request leaves; answers under way are recorded; the rest is for later."""
    rig = make_rig()
    rig.server.latency_s = 1.0
    stop = Stop()
    rig.loop.call_later(3.5, stop.ask, 15)

    results = rig.deliver(payloads(100), stop=stop, check_existing=False)
    sent = rig.server.writes

    assert type(rig.failure) is InterruptedRunError
    assert rig.failure.signal_number == 15
    assert statuses(results) == [Status.CREATED] * sent
    assert rig.rows("SELECT count(*) FROM row WHERE state != 'done'") == [(0,)]

    rig.server.latency_s = 0.0
    results = rig.deliver(payloads(100), check_existing=False)

    assert statuses(results) == [Status.CREATED] * 100
    assert len(rig.server.created) == 100
    assert rig.run_journal.resumed


def test_a_stop_does_not_wait_for_ever(make_rig):
    """An answer that does not come within the grace stays an intent and is looked up later."""
    rig = make_rig(plan=["stall"] * 4)
    stop = Stop()
    rig.loop.call_later(1.0, stop.ask)

    rig.deliver(payloads(4), stop=stop, check_existing=False)
    ended = rig.loop.time()
    results = rig.deliver(payloads(4), check_existing=False)

    assert ended - 1000 <= 27
    assert statuses(results) == [Status.CREATED] * 4
    assert len(rig.server.created) == 4


class FullDisk:
    """A connection whose commits fail from some point on, as on a full disk."""

    def __init__(self, connection, commits):
        self._connection = connection
        self.commits_left = commits

    def execute(self, statement, parameters=()):
        if statement == "COMMIT":
            self.commits_left -= 1
            if self.commits_left < 0:
                import sqlite3

                self._connection.execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, parameters)

    def executemany(self, statement, parameters):
        return self._connection.executemany(statement, parameters)

    def close(self):
        self._connection.close()


@pytest.mark.parametrize("commits", range(2, 14))
def test_nothing_is_sent_once_the_journal_cannot_be_written(make_rig, commits):
    """Wherever the disk fills up, sending stops at once, and the next run loses and doubles nobody."""
    from bulkload.delivery.opening import connect_sqlite

    rig = make_rig(connect=lambda path: FullDisk(connect_sqlite(path), commits))

    rig.deliver(payloads(10), check_existing=False, concurrency=2)

    assert type(rig.failure) is JournalStoppedError
    assert rig.server.writes <= commits

    rig.connect = connect_sqlite
    results = rig.deliver(payloads(10), check_existing=False)

    assert statuses(results) == [Status.CREATED] * 10
    assert len(rig.server.created) == 10


@pytest.mark.parametrize("jump_s", [-31_536_000, -3600, 3600, 31_536_000])
@pytest.mark.parametrize("when", ["between", "during"])
def test_the_wall_clock_may_jump(make_rig, jump_s, when):
    """Waits are measured by a clock that only grows; only what people read changes."""
    rig = make_rig(plan=["lost-after", "429:5", "lost-before"])
    jump = rig.clock.jump
    if when == "during":
        rig.loop.call_later(0.1, jump, jump_s)
        rig.server.latency_s = 0.2
    results = rig.deliver(payloads(10))
    if when == "between":
        jump(jump_s)
    again = rig.deliver(payloads(10))

    assert statuses(results) == [Status.CREATED] * 10
    assert statuses(again) == [Status.UNCHANGED] * 10
    assert len(rig.server.created) == 10


@pytest.mark.parametrize("action", [Action.UPDATE, Action.UPSERT])
@pytest.mark.parametrize("count", [3, 60], ids=["look-ups", "snapshot"])
def test_updates_send_only_what_differs(make_rig, action, count):
    """Who is there is updated, who is the same stays untouched, who is not there is created or not."""
    rig = make_rig()
    for number in range(1, count):
        rig.server.add(email=f"p{number}@example.com", name=f"P {number}" if number % 2 else "old")

    results = rig.deliver(payloads(count, action=action))

    expected = [Status.UNCHANGED if n % 2 else Status.UPDATED for n in range(1, count)]
    last = Status.FAILED if action is Action.UPDATE else Status.CREATED
    assert statuses(results) == [*expected, last]
    assert all(c["name"].startswith("P ") for c in rig.server.created)


@pytest.mark.parametrize("instruction", ["lost-after", "lost-before", "500-after", "429:2"])
def test_an_update_is_repeated_by_reading_again(make_rig, instruction):
    """What the lost answer left behind is read before anything is sent once more."""
    rig = make_rig(plan=[instruction])
    rig.server.add(email="p1@example.com", name="old")

    (result,) = rig.deliver(payloads(1, action=Action.UPDATE))

    assert result.status is Status.UPDATED
    assert rig.server.created[0]["name"] == "P 1"


@pytest.mark.parametrize(
    ("promise", "instruction", "status", "points"),
    [
        pytest.param(Promise.CREATE, "ok", Status.CREATED, 50, id="applied"),
        pytest.param(Promise.CREATE, "429:2", Status.CREATED, 50, id="not-applied"),
        pytest.param(Promise.CREATE, "refused", Status.CREATED, 50, id="not-sent"),
        pytest.param(Promise.CREATE, "lost-after", Status.REVIEW, 50, id="lost-after"),
        pytest.param(Promise.CREATE, "lost-before", Status.REVIEW, 0, id="lost-before"),
        pytest.param(Promise.CREATE, "422", Status.FAILED, 0, id="refused-by-system"),
        pytest.param(Promise.KEYED, "lost-after", Status.CREATED, 50, id="keyed-lost-after"),
        pytest.param(Promise.KEYED, "lost-before", Status.CREATED, 50, id="keyed-lost-before"),
        pytest.param(Promise.KEYED, "500-after", Status.CREATED, 50, id="keyed-500"),
    ],
)
def test_points_are_never_added_twice(make_rig, promise, instruction, status, points):
    """What cannot be proven about an addition is for a person."""
    rig = make_rig(plan=["ok", instruction], connector=Toy(promise, effect_promise=promise))
    rig.server.promise = promise
    row = payload(1, email="p1@example.com", name="P", extra={"points_add": 50})

    (result,) = rig.deliver([row])
    (again,) = rig.deliver([row])

    assert result.status is status
    assert result.remote_id == "c1"
    assert rig.server.points["c1"] == points
    assert again.remote_id == "c1"


def test_a_lost_create_still_gets_its_points(make_rig):
    """Found by look-up, the customer's outstanding effects are carried out once."""
    rig = make_rig(plan=["lost-after"])
    row = payload(1, email="p1@example.com", name="P", extra={"points_add": 50})

    (result,) = rig.deliver([row])

    assert result.status is Status.CREATED
    assert rig.server.points["c1"] == 50


def test_refused_points_leave_the_customer_known(make_rig):
    """The row fails, its customer is there: the next run does not create it again."""
    rig = make_rig(plan=["ok", "422"])
    row = payload(1, email="p1@example.com", name="P", extra={"points_add": 50})

    (failed,) = rig.deliver([row], check_existing=False)
    (again,) = rig.deliver([row], check_existing=False)

    assert (failed.status, failed.remote_id) == (Status.FAILED, "c1")
    assert (again.status, again.remote_id) == (Status.EXISTING, "c1")
    assert len(rig.server.created) == 1


def interrupted(rig, rows, **changes):
    """Let the process end while all rows are under way."""
    stop = Stop()
    rig.loop.call_later(1.0, stop.ask)
    rig.deliver(rows, stop=stop, check_existing=False, stop_grace_s=1.0, **changes)


@pytest.mark.parametrize(
    ("hours", "keys"),
    [pytest.param(1, 1, id="young"), pytest.param(30, 1, id="expired-but-found")],
)
def test_an_idempotency_key_outlives_the_process(make_rig, hours, keys):
    """The key is on disk before the request; while it lives, the same one is sent again."""
    rig = make_rig(Promise.KEYED, plan=["stall"])
    interrupted(rig, payloads(1))
    rig.clock.jump(hours * 3600)

    (result,) = rig.deliver(payloads(1), check_existing=False)

    assert (result.status, result.remote_id) == (Status.CREATED, "c1")
    assert len(set(rig.server.keys_seen)) == keys
    assert rig.server.writes == (2 if hours == 1 else 1)


def test_an_expired_key_is_replaced_once_nobody_is_there(make_rig):
    """What was never applied is sent again, under a key that the system has not seen."""
    rig = make_rig(Promise.KEYED, plan=["lost-before"])
    rig.server.latency_s = 30.0
    interrupted(rig, payloads(1))
    rig.server.latency_s = 0.0
    rig.clock.jump(30 * 3600)

    (result,) = rig.deliver(payloads(1), check_existing=False)

    assert result.status is Status.CREATED
    assert len(rig.server.created) == 1


@pytest.mark.parametrize("hours", [-1, 30])
def test_a_look_that_comes_early_proves_nobodys_absence(make_rig, hours):
    """What the system does not show yet is not created again because the key became stale meanwhile."""
    rig = make_rig(Promise.KEYED, plan=["no-id"])
    rig.server.blind_s = 10.0
    rig.loop.call_later(3, rig.clock.jump, hours * 3600)

    (result,) = rig.deliver(payloads(1), check_existing=False)

    assert result.status is Status.CREATED
    assert len(rig.server.created) == 1


@pytest.mark.parametrize("instruction", ["stall", "ok"])
def test_a_row_left_open_is_settled_by_the_run_of_an_edited_file(make_rig, instruction):
    """Another file with the same customer waits for the quiet time and asks before it sends."""
    rig = make_rig(plan=[instruction])
    rig.server.latency_s = 0.0 if instruction == "stall" else 30.0
    interrupted(rig, payloads(1))
    first, rig.source, rig.server.latency_s = rig.last_run, "edited", 0.0
    began = rig.loop.time()

    (result,) = rig.deliver(payloads(1), check_existing=False)

    assert len(rig.server.created) == 1
    assert result.remote_id == "c1"
    assert result.status is (Status.EXISTING if instruction == "stall" else Status.CREATED)
    assert rig.loop.time() - began >= 60.0
    with rig.open() as journal:
        (older,) = journal.results(first)
    expected = Status.CREATED if instruction == "stall" else Status.PENDING
    assert older.status is expected


def test_a_list_that_hides_somebody_is_not_believed(make_rig):
    """Where the total is never reached, those who were not shown are asked for one by one."""
    rig = make_rig()
    rig.server.add(email="p1@example.com", name="before")
    rig.server.hidden = 1

    results = rig.deliver(payloads(30))

    assert statuses(results) == [Status.EXISTING] + [Status.CREATED] * 29
    assert sum("email=" in path for _, _, path in rig.server.requests) == 29


def test_a_look_up_that_cannot_be_read_ends_the_run_in_words(make_rig):
    """The row stays undecided, and the next run decides it."""
    rig = make_rig(plan=["lost-after"])
    rig.server.read_plan.extend(["500"] * 10)

    rig.deliver(payloads(1), check_existing=False)
    failure = rig.failure
    (result,) = rig.deliver(payloads(1), check_existing=False)

    assert type(failure) is UnreachableError
    assert result.status is Status.CREATED
    assert len(rig.server.created) == 1


def test_original_values_stay_known_after_other_ones_were_seen(make_rig):
    """A run with other values does not make the journal forget what was delivered."""
    rig = make_rig()
    rig.deliver(payloads(1))
    rig.source = "edited"
    rig.deliver([payload(1, email="p1@example.com", name="Other")])
    rig.source = "source"

    (result,) = rig.deliver(payloads(1))

    assert result.status is Status.UNCHANGED


@pytest.mark.parametrize("promise", list(Promise), ids=str)
@given(plan=st.lists(st.sampled_from(PLANS), max_size=40), seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_nobody_is_lost_and_nobody_doubled(tmp_path_factory, promise, plan, seed):
    """Any sequence of faults: one customer a row, the same ids in results, journal and system."""
    rig = Rig(tmp_path_factory.mktemp("run"), promise, plan=plan, seed=seed)
    try:
        results = rig.deliver(payloads(20), concurrency=random.Random(seed).choice([1, 4, 16]))
    finally:
        rig.loop.close()

    assert rig.failure is None
    assert statuses(results) == [Status.CREATED] * 20
    assert sorted(c["email"] for c in rig.server.created) == sorted(r.key for r in results)
    assert {r.remote_id for r in results} == {c["id"] for c in rig.server.created}
    assert [r.remote_id for r in rig.journaled] == [r.remote_id for r in results]
