"""A fourth system in one file: the example for "how to add a system", and the proof that it suffices.

`ToyConnector` is what one writes. `ToySystem` stands in for the vendor, in memory. Toys are guests
of a playroom; they have a number, a nickname and marbles, and a nickname belongs to one guest only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bulkload.connectors.answers import id_of, masked
from bulkload.connectors.base import (
    Effect,
    Meaning,
    Outcome,
    Page,
    Promise,
    Promises,
    meaning_of_status,
)
from bulkload.connectors.changes import differing
from bulkload.contacts import email_key
from bulkload.records import Action, Customer, Field, Kind, Payload, Schema, Status
from bulkload.wire import Request, Response

PAGE_SIZE = 10


@dataclass(frozen=True)
class ToyConnector:
    """The toy system."""

    name = "toy"
    schema = Schema(
        "Guest",
        (Field("nickname"), Field("email", Kind.EMAIL), Field("marbles", Kind.INTEGER)),
        one_of=("email",),
        keys=("email",),
    )

    def promises(self) -> Promises:
        """A second create with the same address is refused."""
        return Promises(Promise.UNIQUE, frozenset(Action), ("email",), page_size=PAGE_SIZE)

    def authorization(self, token: str) -> Mapping[str, str]:
        """The token is a header of its own."""
        return {"X-Toy": token}

    def sign_in(self) -> Request | None:
        """There is no log-in."""
        return None

    def token_of(self, response: Response) -> str | None:
        """There is no log-in."""
        return None

    def whoami(self) -> Request:
        """Any list will do."""
        return Request("GET", "/guests?page=1")

    def create(self, payload: Payload, *, idempotency_key: str) -> Request:
        """POST the body."""
        return Request("POST", "/guests", payload.body)

    def update(
        self, payload: Payload, current: Customer, *, idempotency_key: str
    ) -> Request | None:
        """PATCH what differs."""
        changes = differing(json.loads(payload.body), current.fields)
        if not changes:
            return None
        return Request("PATCH", f"/guests/{current.remote_id}", json.dumps(changes).encode())

    def effects(self, payload: Payload, remote_id: str) -> Sequence[Effect]:
        """Guests have nothing besides."""
        return ()

    def meaning(self, request: Request, response: Response) -> Meaning:
        """Start from the status, read the body for the rest."""
        body = response.json()
        if 200 <= response.status < 300:
            found = id_of(body, "number")
            status = Status.CREATED if request.method == "POST" else Status.UPDATED
            if request.is_read or found:
                return Meaning(Outcome.APPLIED, status, found)
            return Meaning(Outcome.UNKNOWN)
        if response.status == 404 and request.is_read:
            return Meaning(Outcome.APPLIED)
        words = body.get("sorry", "") if isinstance(body, dict) else ""
        return Meaning(meaning_of_status(response.status), message=masked(str(words)))

    def find(self, key: str, value: str) -> Request:
        """Ask the list."""
        return Request("GET", f"/guests?{urlencode({key: value, 'page': 1})}")

    def get(self, remote_id: str) -> Request:
        """Ask for one."""
        return Request("GET", f"/guests/{remote_id}")

    def customers(self, response: Response) -> Sequence[Customer]:
        """A list, or one guest."""
        body = response.json()
        items = body if isinstance(body, list) else [body]
        return [Customer(found, item) for item in items if (found := id_of(item, "number"))]

    def keys_of(self, customer: Customer) -> Mapping[str, str]:
        """The address in one spelling."""
        return {"email": email_key(customer.fields.get("email"))}

    def page(self, cursor: str | None) -> Request:
        """The cursor is the page's number."""
        return Request("GET", f"/guests?page={cursor or 1}")

    def page_of(self, cursor: str | None, response: Response) -> Page:
        """An empty page is the last one."""
        found = self.customers(response)
        return Page(found, str(int(cursor or 1) + 1) if found else None)

    def programs(self) -> Request | None:
        """There is one playroom."""
        return None

    def programs_of(self, response: Response) -> Mapping[str, str]:
        """There is one playroom."""
        return {}


@dataclass
class ToySystem:
    """The vendor: answers requests from memory."""

    guests: dict[str, dict[str, Any]] = field(default_factory=dict)

    def send(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Answer one request."""
        status, body = self._answer(request, headers)
        return Response(status, {}, json.dumps(body).encode())

    def _answer(  # noqa: PLR0911 - a vendor says many things
        self, request: Request, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        if headers.get("X-Toy") != "toy-token":
            return 401, {"sorry": "who are you"}
        path = urlsplit(request.path)
        number = path.path.removeprefix("/guests").strip("/")
        if request.method == "GET" and not number:
            return 200, self._page(parse_qs(path.query))
        if number and number not in self.guests:
            return 404, {"sorry": "no such guest"}
        if request.method == "GET":
            return 200, self.guests[number]
        said = json.loads(request.body or b"{}")
        if not isinstance(said.get("marbles", 0), int):
            return 422, {"sorry": "marbles are counted"}
        if request.method == "PATCH":
            self.guests[number] |= said
            return 200, self.guests[number]
        if any(
            email_key(g.get("email")) == email_key(said.get("email")) for g in self.guests.values()
        ):
            return 409, {"sorry": f"{said.get('email')} is here"}
        number = str(len(self.guests) + 1)
        self.guests[number] = {"marbles": 0, **said, "number": number}
        return 201, self.guests[number]

    def _page(self, query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        start = (int(query["page"][0]) - 1) * PAGE_SIZE
        wanted = email_key(query.get("email", [""])[0])
        found = [
            g for g in self.guests.values() if not wanted or email_key(g.get("email")) == wanted
        ]
        return found[start : start + PAGE_SIZE]
