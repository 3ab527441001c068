"""The contract: the same scenarios over every connector, against systems that answer for themselves.

A new connector is one more line in `MAKERS`; nothing else here knows which system it speaks to.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bulkload.connectors import connector_for
from bulkload.connectors.base import Connector, Deletes, FindsOwn, Outcome, Promise
from bulkload.records import Action, Customer, Payload, Status
from bulkload.sandbox import LoyaltyDogSwitches, Sandbox, SandboxOptions
from bulkload.wire import Request, Response

PROGRAM = "5eb7cf5a86d9755df3a6c593"
FREE = LoyaltyDogSwitches(burst_per_minute=0, sustained_per_hour=0, monthly=0)


def toy() -> Any:
    """Load the example from its file, as it stands in the documentation."""
    name = "tests_connectors_toy"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("toy.py"))
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@dataclass
class System:
    """One system with its connector, and what its payloads look like."""

    name: str
    connector: Connector
    token: str
    line: Callable[[Request, Mapping[str, str]], Response]
    person: Callable[[int], dict[str, Any]]
    change: dict[str, Any]
    """Fields that differ from every `person`."""
    wrong: dict[str, Any]
    """Fields that the system refuses."""
    keys: tuple[str, ...]
    asked: int = 0

    def send(self, request: Request, *, token: str | None = None) -> Response:
        self.asked += 1
        credentials = self.connector.authorization(self.token if token is None else token)
        return self.line(request, {**credentials, **request.headers})

    def payload(self, body: dict[str, Any], action: Action = Action.CREATE) -> Payload:
        keys: dict[str, str] = {name: body[name] for name in self.keys if name in body}
        return Payload(2, keys, json.dumps(body, separators=(",", ":")).encode(), action)

    def create(self, body: dict[str, Any], key: str = "k") -> str:
        request = self.connector.create(self.payload(body), idempotency_key=key)
        meaning = self.connector.meaning(request, self.send(request))
        assert meaning.outcome is Outcome.APPLIED, meaning
        return meaning.remote_id

    def get(self, remote_id: str) -> Customer | None:
        found = self.connector.customers(self.send(self.connector.get(remote_id)))
        return found[0] if found else None

    def update(self, remote_id: str, body: dict[str, Any], key: str = "u") -> Request | None:
        current = self.get(remote_id)
        assert current
        payload = self.payload(body, Action.UPDATE)
        return self.connector.update(payload, current, idempotency_key=key)

    def everyone(self) -> tuple[list[str], int | None]:
        cursor: str | None = None
        ids: list[str] = []
        total = None
        while True:
            response = self.send(self.connector.page(cursor))
            page = self.connector.page_of(cursor, response)
            ids += [customer.remote_id for customer in page.customers]
            total = page.total if page.total is not None else total
            cursor = page.next_cursor
            if cursor is None:
                return ids, total


def over_http(base_url: str) -> Callable[[Request, Mapping[str, str]], Response]:
    """Send over a plain socket, so that the connectors are tested without the rest of the house."""
    host = urlsplit(base_url).netloc

    def send(request: Request, headers: Mapping[str, str]) -> Response:
        with contextlib.closing(http.client.HTTPConnection(host, timeout=10)) as connection:
            kind = {"Content-Type": request.content_type} if request.body is not None else {}
            connection.request(request.method, request.path, request.body, {**kind, **headers})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, named, answer.read())

    return send


def sandboxed(stack: ExitStack, options: SandboxOptions | None = None) -> str:
    chosen = options or SandboxOptions(loyaltydog=FREE)
    return stack.enter_context(Sandbox(chosen)).base_url


def loyaltydog(
    stack: ExitStack, kind: str = "jwt", options: SandboxOptions | None = None
) -> System:
    """LoyaltyDog, as one of its two callers."""
    return System(
        f"loyaltydog-{kind}",
        connector_for("loyaltydog", program=PROGRAM, options={"token_kind": kind}),
        "sandbox-jwt" if kind == "jwt" else "ld_test_sandbox",
        over_http(sandboxed(stack, options)),
        lambda n: {
            "firstName": "Ada",
            "email": f"ada{n}@example.com",
            "phone": f"+12025550{n:03d}",
            "points": 120,
            "customFields": {"tier": "gold", "size": "L"},
        },
        {"firstName": "Bea", "customFields": {"tier": "silver"}},
        {"points": "many"},
        ("email", "phone"),
    )


def voucherify(stack: ExitStack) -> System:
    """Voucherify with application keys."""
    return System(
        "voucherify",
        connector_for("voucherify", options={"app_id": "sandbox-app-id", "limits": "none"}),
        "sandbox-app-token",
        over_http(sandboxed(stack)),
        lambda n: {
            "source_id": f"shop/{n} ü@x",
            "name": "Ada Lovelace",
            "email": f"ada{n}@example.com",
            "phone": f"+12025550{n:03d}",
            "address": {"city": "Bonn", "country": "DE"},
            "metadata": {"tier": "gold", "vip": True},
        },
        {"name": "Bea Lovelace", "metadata": {"tier": "silver"}},
        {"name": 5},
        ("source_id", "email", "phone"),
    )


def leal(stack: ExitStack) -> System:
    """Leal, for the store that the sandbox has."""
    return System(
        "leal",
        connector_for("leal", program="12"),
        "sandbox-leal-token",
        over_http(sandboxed(stack)),
        lambda n: {
            "first_name": "Ada",
            "last_name": "Lovelace",
            "email": f"ada{n}@example.com",
            "phone": f"+12025550{n:03d}",
            "birthday": "1990-05-01",
            "metadata": {"tier": "gold", "size": "L"},
            "external_references": {"square": f"SQ {n}"},
        },
        {"first_name": "Bea", "metadata": {"tier": "silver"}},
        {"first_name": ""},
        ("email", "phone"),
    )


def toys(stack: ExitStack) -> System:
    """The fourth system, which nothing outside its own file knows of."""
    module = toy()
    return System(
        "toy",
        module.ToyConnector(),
        "toy-token",
        module.ToySystem().send,
        lambda n: {"nickname": "Ada", "email": f"ada{n}@example.com", "marbles": 3},
        {"nickname": "Bea"},
        {"marbles": "many"},
        ("email",),
    )


MAKERS: dict[str, Callable[[ExitStack], System]] = {
    "loyaltydog-jwt": loyaltydog,
    "loyaltydog-key": lambda stack: loyaltydog(stack, "ld"),
    "voucherify": voucherify,
    "leal": leal,
    "toy": toys,
}


@pytest.fixture(params=MAKERS)
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    with ExitStack() as stack:
        yield MAKERS[request.param](stack)


def test_it_is_a_connector(system):
    """The protocol is fulfilled, and the schema's words fit together."""
    connector = system.connector
    schema = connector.schema

    assert isinstance(connector, Connector)
    assert all(schema.field(name) for name in (*schema.one_of, *schema.keys))
    assert len({declared.name for declared in schema.fields}) == len(schema.fields)


def test_credentials_are_checked_by_a_read(system):
    """`whoami` succeeds exactly when the credentials do."""
    request = system.connector.whoami()

    good = system.connector.meaning(request, system.send(request))
    bad = system.connector.meaning(request, system.send(request, token="no"))  # noqa: S106

    assert request.is_read
    assert (good.outcome, bad.outcome) == (Outcome.APPLIED, Outcome.UNAUTHORIZED)


def test_a_created_customer_is_there(system):
    """A create names an id under which the customer is found, with its keys."""
    body = system.person(1)

    remote_id = system.create(body)

    found = system.get(remote_id)
    assert found
    assert found.remote_id == remote_id
    keys = system.connector.keys_of(found)
    assert system.payload(body).keys.items() <= keys.items()


def test_every_declared_key_finds_exactly_its_customer(system):
    """Each look-up key finds the customer, and nobody for another value."""
    for number in range(3):
        system.create(system.person(number), key=f"k{number}")
    body = system.person(1)

    for key in system.connector.promises().lookup_keys:
        if key not in body:
            continue
        request = system.connector.find(key, body[key])
        response = system.send(request)
        found = [
            customer
            for customer in system.connector.customers(response)
            if system.connector.keys_of(customer).get(key) == body[key]
        ]
        assert len(found) == 1, key
        nobody = system.connector.find(key, "nobody@example.com")
        answer = system.send(nobody)
        assert system.connector.meaning(nobody, answer).outcome is Outcome.APPLIED
        assert not list(system.connector.customers(answer))


def test_a_missing_customer_is_an_answer(system):
    """Reading somebody who is not there is APPLIED with nobody in it, never a failure."""
    request = system.connector.get("999999")
    response = system.send(request)

    assert system.connector.meaning(request, response).outcome is Outcome.APPLIED
    assert not list(system.connector.customers(response))


def test_creating_twice_keeps_its_promise(system):
    """What the connector promises about a repetition, the system does."""
    body = system.person(1)
    first = system.create(body)
    request = system.connector.create(system.payload(body), idempotency_key="k")

    again = system.connector.meaning(request, system.send(request))

    promise = system.connector.promises().create
    if promise in (Promise.UPSERT, Promise.KEYED):
        assert (again.outcome, again.remote_id) == (Outcome.APPLIED, first)
        assert len(system.everyone()[0]) == 1
    elif promise is Promise.UNIQUE:
        assert again.outcome is Outcome.CONFLICT
        assert len(system.everyone()[0]) == 1
    else:
        assert again.outcome in (Outcome.APPLIED, Outcome.CONFLICT)


def test_an_unchanged_customer_asks_for_nothing(system):
    """The file that created a customer has nothing to update."""
    remote_id = system.create(system.person(1))

    assert system.update(remote_id, system.person(1)) is None


def test_an_update_changes_its_fields_and_nothing_else(system):
    """One edit is one request, afterwards there is nothing left to do, and all else is kept."""
    before = system.person(1)
    remote_id = system.create(before)
    request = system.update(remote_id, system.change)
    assert request

    meaning = system.connector.meaning(request, system.send(request))

    assert (meaning.outcome, meaning.status) == (Outcome.APPLIED, Status.UPDATED)
    assert meaning.remote_id in (remote_id, "")
    assert system.update(remote_id, system.change) is None
    kept = {name: value for name, value in before.items() if name not in system.change}
    for name, value in before.items():
        if isinstance(value, dict) and name in system.change:
            kept[name] = value | system.change[name]
    assert system.update(remote_id, kept) is None


def test_a_wrong_row_is_refused_with_words(system):
    """The system's refusal is REFUSED, with a message."""
    request = system.connector.create(
        system.payload({**system.person(1), **system.wrong}), idempotency_key="k"
    )

    meaning = system.connector.meaning(request, system.send(request))

    assert meaning.outcome is Outcome.REFUSED
    assert meaning.message
    assert "ada1@" not in meaning.message


def test_the_list_shows_everyone(system):
    """Paging gives every customer, and the total where the system tells one."""
    size = system.connector.promises().page_size
    count = size + 7 if size <= 100 else 130
    created = {system.create(system.person(n), key=f"k{n}") for n in range(count)}

    ids, total = system.everyone()

    assert set(ids) == created
    assert total in (None, count)


def test_the_programs_can_be_listed(system):
    """Where there are programs or stores, the list names the one that is used."""
    request = system.connector.programs()
    if request is None:
        return

    programs = system.connector.programs_of(system.send(request))

    assert system.connector.program in programs


def test_a_deleted_customer_is_gone(system):
    """Where customers can be deleted, they are not found afterwards."""
    deleting: object = system.connector
    if not isinstance(deleting, Deletes):
        return
    remote_id = system.create(system.person(1))
    request = deleting.delete(remote_id)

    meaning = system.connector.meaning(request, system.send(request))

    assert meaning.outcome is Outcome.APPLIED
    assert system.get(remote_id) is None


def test_own_references_find_exactly_their_customer(system):
    """Where bulkload leaves its own reference, the exact look-up finds one customer or nobody."""
    finding: object = system.connector
    if not isinstance(finding, FindsOwn):
        return
    remote_id = system.create(system.person(1))
    system.create(system.person(2))

    found = finding.find_own(system.payload(system.person(1)))
    nobody = finding.find_own(system.payload(system.person(3)))

    assert found
    assert nobody
    there = system.connector.customers(system.send(found))
    assert [customer.remote_id for customer in there] == [remote_id]
    assert not list(system.connector.customers(system.send(nobody)))


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param({"omitted_points": "zero"}, id="put-zeroes-omitted-points"),
        pytest.param({"custom_fields_on_put": "replace"}, id="put-replaces-custom-fields"),
        pytest.param({"short_list": "yes"}, id="short-list-items"),
        pytest.param({"list_limit_max": 20}, id="smaller-pages-than-asked"),
        pytest.param({"filters": "contains"}, id="fuzzy-filters"),
        pytest.param({"list_order": "newest"}, id="newest-first"),
        pytest.param({"delete_status": "200"}, id="delete-answers-200"),
    ],
)
def test_loyaltydogs_open_questions_do_no_harm(switches):
    """However the vendor behaves where it says nothing: all are listed, updates keep the rest."""
    options = SandboxOptions(loyaltydog=replace(FREE, **switches))
    with ExitStack() as stack:
        system = loyaltydog(stack, options=options)
        created = [system.create(system.person(n)) for n in range(45)]

        ids, total = system.everyone()
        request = system.update(created[1], {"firstName": "Bea", "customFields": {"tier": "x"}})
        assert request
        system.send(request)
        after = system.get(created[1])

        assert set(ids) == set(created)
        assert total == 45
        assert after
        assert after.fields["points"] == 120
        assert after.fields["customFields"] == {"tier": "x", "size": "L"}
        response = system.send(system.connector.find("email", "ada4@example.com"))
        exact = [
            customer
            for customer in system.connector.customers(response)
            if system.connector.keys_of(customer).get("email") == "ada4@example.com"
        ]
        assert len(exact) == 1


@pytest.mark.parametrize(
    ("policy", "outcomes"),
    [
        pytest.param("allow", {Outcome.APPLIED}, id="allow"),
        pytest.param("409", {Outcome.CONFLICT}, id="409"),
        pytest.param("422", {Outcome.CONFLICT}, id="422"),
        pytest.param("return-existing", {Outcome.APPLIED}, id="return-existing"),
    ],
)
@pytest.mark.parametrize("kind", ["jwt", "ld"])
def test_every_duplicate_policy_is_understood(kind, policy, outcomes):
    """Whatever LoyaltyDog does with a customer who is there, the answer is read right."""
    options = SandboxOptions(loyaltydog=replace(FREE, duplicates=policy))
    with ExitStack() as stack:
        system = loyaltydog(stack, kind, options)
        system.create(system.person(1), key="first")
        request = system.connector.create(
            system.payload(system.person(1)), idempotency_key="second"
        )

        assert system.connector.meaning(request, system.send(request)).outcome in outcomes


def test_loyaltydogs_points_and_consents_are_applied_once():
    """Points are added by their endpoint; consents are recorded, and not a second time."""
    with ExitStack() as stack:
        system = loyaltydog(stack, "ld")
        body = system.person(1) | {"consents": {"marketing_email": True, "policyVersion": "1"}}
        remote_id = system.create(body)
        payload = replace(system.payload(body), extra={"points_add": 30})
        points, consents = system.connector.effects(payload, remote_id)

        request = replace(points.request, headers={points.key_header: "p-1"})
        for _ in range(2):
            answer = system.send(request)
            assert system.connector.meaning(request, answer).outcome is Outcome.APPLIED
        assert consents.then
        write = consents.then(system.send(consents.request))
        assert write
        meaning = system.connector.meaning(write, system.send(write))

        after = system.get(remote_id)
        assert after
        assert after.fields["points"] == 150
        assert meaning.outcome is Outcome.APPLIED
        assert consents.then(system.send(consents.request)) is None


def test_logging_in_gives_a_token_that_works():
    """User name and password become a token that the system accepts."""
    with ExitStack() as stack:
        options = {"username": "owner@example.com", "password": "sandbox"}
        connector = connector_for("loyaltydog", program=PROGRAM, options=options)
        line = over_http(sandboxed(stack))
        request = connector.sign_in()
        assert request

        token = connector.token_of(line(request, {}))

        assert token
        who = connector.whoami()
        answer = line(who, connector.authorization(token))
        assert connector.meaning(who, answer).outcome is Outcome.APPLIED
