"""How long a run lets a system put it off, and how it ends then."""

import pytest

from bulkload import delivery
from bulkload.connectors.base import Promise
from bulkload.delivery import Credentials
from bulkload.delivery.health import Refusals
from bulkload.errors import UnreachableError
from bulkload.options import LoadOptions
from bulkload.records import Action, Status
from bulkload.wire import Wire, WireOptions
from tests.delivery.toy import Toy, ToyServer, payload, payloads
from tests.delivery.virtual_time import VirtualClock, VirtualLoop, run


@pytest.mark.parametrize("asks", ["429", "429:5", "429:120", "503:5"])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_system_that_refuses_everything_ends_the_run(make_rig, asks, concurrency):
    """After as long as the run may wait it stops; no row has failed, and the next run delivers."""
    rig = make_rig(connector=Toy(not_applied_on_503=True))
    rig.server.refuses_everything = asks if asks[:3] == "429" else asks.replace("503", "503-before")
    began = rig.loop.time()

    results = rig.deliver(payloads(20), check_existing=False, concurrency=concurrency)

    assert type(rig.failure) is UnreachableError
    assert "slow down" in str(rig.failure)
    assert 900 - 120 <= rig.loop.time() - began <= 1000
    assert not [r for r in results if r.status is not Status.PENDING]
    rig.server.refuses_everything = ""
    assert {r.status for r in rig.deliver(payloads(20))} == {Status.CREATED}
    assert len(rig.server.created) == 20


def test_the_time_that_a_run_waits_can_be_said(make_rig):
    """A minute means a minute."""
    rig = make_rig()
    rig.server.refuses_everything = "429:5"
    began = rig.loop.time()

    rig.deliver(payloads(3), max_wait_s=60.0)

    assert type(rig.failure) is UnreachableError
    assert 50 <= rig.loop.time() - began <= 80


def test_refusals_between_successes_never_end_a_run(make_rig):
    """However long it takes: what counts is the time in which nothing was let through."""
    rig = make_rig(plan=["429:50", "ok"] * 40)
    began = rig.loop.time()

    results = rig.deliver(payloads(40), max_wait_s=60.0, concurrency=1)

    assert rig.failure is None
    assert {r.status for r in results} == {Status.CREATED}
    assert rig.loop.time() - began > 1900


@pytest.mark.parametrize("action", [Action.UPDATE, Action.UPSERT])
def test_reads_that_are_let_through_do_not_keep_refused_changes_alive(make_rig, action):
    """Every try of a change looks the customer up first; the changes are refused all the same."""
    rig = make_rig(Promise.UNIQUE, plan=["429"] * 10_000)
    rig.server.add(email="p1@example.com", name="before")
    began = rig.loop.time()

    rig.deliver([payload(1, action=action)])

    assert type(rig.failure) is UnreachableError
    assert rig.loop.time() - began < 1100


def test_refused_look_ups_end_the_run(make_rig):
    """Creates get through; the look-up of one whose answer was lost never does."""
    rig = make_rig(plan=["lost-after"])
    rig.server.read_plan.extend(["429:20"] * 10_000)
    began = rig.loop.time()

    rig.deliver(payloads(30), check_existing=False)

    assert type(rig.failure) is UnreachableError
    assert len(rig.server.created) == 30
    assert 900 <= rig.loop.time() - began <= 1200


@pytest.mark.parametrize("asks", ["429:86400", "503-before:86400"])
@pytest.mark.parametrize("path", ["read", "write"])
def test_a_pause_longer_than_the_run_may_wait_is_not_begun(make_rig, asks, path):
    """The run says until when the system wants to be left alone, and ends at once."""
    rig = make_rig(Promise.UPSERT)
    (rig.server.read_plan if path == "read" else rig.server.plan).append(asks)
    began = rig.loop.time()

    rig.deliver(payloads(3), concurrency=1)

    assert type(rig.failure) is UnreachableError
    assert "asks to wait until 20" in str(rig.failure)
    assert rig.loop.time() - began < 5


def test_an_export_does_not_wait_for_ever_either():
    """Paging through all customers ends like an import does."""
    server, loop = ToyServer(), VirtualLoop()
    server.refuses_everything = "429:30"
    began = loop.time()

    async def export():
        wire = Wire(
            "http://toy.example",
            authorization=dict,
            transport=server,
            options=WireOptions(),
        )
        async with wire:
            async for _ in delivery.customers(Toy(), wire, clock=VirtualClock(loop)):
                pass

    with pytest.raises(UnreachableError, match="slow down"):
        run(export(), loop)
    loop.close()
    assert 800 <= loop.time() - began <= 1100


def test_refusals_that_crossed_the_first_one_add_nothing():
    """What was under way when the first refusal came in says nothing about later."""
    refusals = Refusals()

    assert refusals.refused(100.0, sent=70.0) == 0
    assert refusals.refused(129.0, sent=99.0) == 0
    assert refusals.refused(161.0, sent=160.0) == 60
    refusals.accepted()
    assert refusals.refused(170.0, sent=169.0) == 0


def test_nothing_said_is_a_quarter_of_an_hour():
    """The library's wish, if there is none, leaves delivery's default."""
    assert LoadOptions().max_wait_s is None
    assert delivery.DeliveryOptions().max_wait_s == 900


@pytest.mark.parametrize("answer", ["429:5", "500-before", "503-before:3"])
def test_a_system_that_signs_nobody_in_is_not_taken_for_a_wrong_password(answer):
    """It is unreachable for now; nobody is sent looking for a better password."""
    server, loop = ToyServer(), VirtualLoop()
    server.refuses_everything = answer
    credentials = Credentials(Toy(password="open sesame"))  # noqa: S106 - nobody's

    async def sign_in():
        wire = Wire(
            "http://toy.example", authorization=dict, transport=server, options=WireOptions()
        )
        async with wire:
            await credentials.ensure(wire)

    with pytest.raises(UnreachableError, match="signing in failed"):
        run(sign_in(), loop)
    loop.close()


def test_a_row_that_waits_for_its_look_up_is_told(make_rig):
    """Nothing moves for a minute; whoever watches must know why, once."""
    rig = make_rig(plan=["lost-after", "ok", "lost-after"])

    rig.deliver(payloads(5), concurrency=1)

    told = [sentence for sentence in rig.said if "looked up" in sentence]
    assert len(told) == 1
    assert "waiting 60 s, until" in told[0]
