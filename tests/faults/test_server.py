"""The fault server does what it is told, counts it, and remembers every create."""

from __future__ import annotations

import json
import socket

import httpx
import pytest

from tests.faults.checker import read_creations
from tests.faults.endpoints import CUSTOMERS, HASHED_KEY, JWT
from tests.faults.instructions import Mix, Plan, Script, mix_of, parse
from tests.faults.process import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the module; tests use e-mails of their own."""
    with RunningServer(tmp_path_factory.mktemp("faults") / "log.jsonl") as running:
        yield running


@pytest.fixture
def client(server):
    """A caller with a JWT, on a server without faults."""
    server.follow(Script())
    server.ask(do="forget")
    headers = {"Authorization": f"Bearer {JWT}"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=2) as caller:
        yield caller


def test_instructions_are_taken_one_a_request_and_counted(server, client):
    """Each step strikes once, in order, and what is left over is known."""
    server.plan(["return-503", "return-429-after:2", "no-id", "stall:9"], key="i@example.com")

    answers = [client.post(CUSTOMERS, json={"email": "i@example.com"}) for _ in range(3)]
    client.post(CUSTOMERS, json={"email": "other@example.com"}).raise_for_status()

    assert [answer.status_code for answer in answers] == [503, 429, 200]
    assert answers[1].headers["retry-after"] == "2"
    assert "id" not in answers[2].json()
    assert server.stats()["left"] == 1
    assert server.stats()["injected"] == {"return-503": 1, "return-429-after:2": 1, "no-id": 1}


@pytest.mark.parametrize(
    ("instruction", "applied"),
    [
        ("return-500", 0),
        ("reset", 0),
        ("hang-up", 0),
        ("500-after-apply", 1),
        ("drop-answer", 1),
        ("reset-answer", 1),
        ("truncate", 1),
        ("garbage", 1),
        ("half-status", 1),
        ("late-apply:0.05", 1),
        ("late-drop:0.05", 1),
    ],
)
def test_the_log_tells_whether_a_request_took_effect(server, client, instruction, applied):
    """Whatever the client gets to see, the log holds exactly the creates that took effect."""
    email = f"{instruction.replace(':', '-')}@example.com"
    server.plan([instruction], key=email)

    try:
        answer = client.post(CUSTOMERS, json={"email": email}).status_code
    except httpx.TransportError:
        answer = 0

    server.settle()
    assert answer != 200 or instruction.startswith("late-apply")
    assert [found for found, _ in read_creations(server.log)].count(email) == applied
    assert server.stats()["left"] == 0


def test_a_late_create_happens_after_the_client_is_gone(server, client):
    """A request that was read whole takes effect even though its sender is dead."""
    server.plan(["late-apply:0.3"], key="late@example.com")
    body = b'{"email":"late@example.com"}'
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST {CUSTOMERS} HTTP/1.1\r\nAuthorization: Bearer {JWT}\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while not server.stats()["in_flight"]:
            pass

    assert "late@example.com" not in dict(read_creations(server.log))
    server.settle()
    assert "late@example.com" in dict(read_creations(server.log))


def test_a_create_sent_twice_is_created_twice(server, client):
    """The server forgives nothing to callers with a JWT, key or not."""
    for _ in range(2):
        client.post(
            CUSTOMERS, json={"email": "two@example.com"}, headers={"Idempotency-Key": "k"}
        ).raise_for_status()

    assert [email for email, _ in read_creations(server.log)].count("two@example.com") == 2


def test_hashed_keys_are_idempotent_as_documented(server, client):
    """A key replays its answer, is required, and may not be used for another body."""
    client.headers["Authorization"] = f"Bearer {HASHED_KEY}"
    keyed = {"Idempotency-Key": "5f1b"}

    first = client.post(CUSTOMERS, json={"email": "k@example.com"}, headers=keyed)
    again = client.post(CUSTOMERS, json={"email": "k@example.com"}, headers=keyed)
    other = client.post(CUSTOMERS, json={"email": "x@example.com"}, headers=keyed)
    without = client.post(CUSTOMERS, json={"email": "k@example.com"})

    assert first.json() == again.json()
    assert (other.status_code, without.status_code) == (409, 400)
    assert set(other.json()) == {"code", "message", "request_id"}
    assert [email for email, _ in read_creations(server.log)].count("k@example.com") == 1


def test_lists_have_filters_pages_and_a_total(server, client):
    """Looking up is exact but for case, pages cover everything once."""
    for number in range(5):
        client.post(CUSTOMERS, json={"email": f"Page{number}@example.com", "phone": "+49301"})

    found = client.get(CUSTOMERS, params={"email": "page3@EXAMPLE.com"}).json()
    pages = [
        client.get(
            CUSTOMERS,
            params={"phone": "+49301", "page": page, "limit": 2, "includeTotal": "true"},
        ).json()
        for page in (1, 2, 3)
    ]

    assert [one["email"] for one in found] == ["Page3@example.com"]
    assert [len(page["customers"]) for page in pages] == [2, 2, 1]
    assert {page["total"] for page in pages} == {5}


def test_fresh_customers_can_be_invisible(server, client):
    """A blind server does not show what it has only just created."""
    server.follow(Script(blind_s=30))
    client.post(CUSTOMERS, json={"email": "blind@example.com"}).raise_for_status()

    assert client.get(CUSTOMERS, params={"email": "blind@example.com"}).json() == []


def test_tokens_wear_out_and_can_be_had_again(server, client):
    """After so many requests a token is refused, and a sign-in gives another."""
    form = {"username": "u", "password": "p"}
    fresh = client.post("/v2/token", data=form).json()["accessToken"]
    server.follow(Script(token_calls=1))
    client.headers["Authorization"] = f"Bearer {fresh}"

    statuses = [client.get("/v2/token").status_code for _ in range(2)]

    assert statuses == [200, 401]
    server.follow(Script(refuse_sign_in=True))
    assert client.post("/v2/token", data=form).status_code == 401


def test_the_hidden_limit_refuses_and_counts_impatience(server, client):
    """Beyond the limit comes 429 with a wait, and who does not wait is counted."""
    server.follow(Script(limit_calls=2, limit_per_s=60, limit_retry_after_s=1))

    statuses = [client.get(CUSTOMERS, params={"limit": 1}).status_code for _ in range(4)]

    assert statuses == [200, 200, 429, 429]
    assert server.stats()["early_calls"] == 1


def test_a_mix_is_the_same_for_the_same_seed():
    """What happens depends on seed, customer and attempt alone, in the shares asked for."""
    mix = mix_of(0.25, seed=7)
    drawn = [mix.draw("POST", f"c{number}@example.com", 0).text for number in range(4000)]

    assert drawn == [mix.draw("POST", f"c{n}@example.com", 0).text for n in range(4000)]
    assert drawn != [
        mix_of(0.25, seed=8).draw("POST", f"c{n}@example.com", 0).text for n in range(4000)
    ]
    assert 0.22 < sum(text != "ok" for text in drawn) / 4000 < 0.28
    assert Mix().draw("POST", "x", 0).text == "ok"


def test_unknown_instructions_are_refused(server, client):
    """A misspelt fault is an error, not a fault that never strikes."""
    with pytest.raises(ValueError, match="does not know"):
        parse("retrun-503")
    with pytest.raises(ValueError, match="does not know"):
        server.follow(Script(plans=[Plan(["dorp-answer"])]))


def test_the_log_outlives_the_server(tmp_path):
    """Customers are there again after a restart, with the ids they had."""
    log = tmp_path / "log.jsonl"
    headers = {"Authorization": f"Bearer {JWT}"}
    with RunningServer(log) as first:
        made = httpx.post(
            first.base_url + CUSTOMERS, json={"email": "a@example.com"}, headers=headers
        )
    with RunningServer(log) as second:
        found = httpx.get(second.base_url + CUSTOMERS, headers=headers).json()

    assert found == [made.json()]
    assert json.loads(log.read_text())["customer"] == made.json()
