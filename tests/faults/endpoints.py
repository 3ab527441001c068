"""The endpoints of a loyalty system, as its vendor documents them, in minimal form.

Written from the documentation alone, without a line of bulkload's: a misunderstanding that both
shared could not be seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.faults.instructions import Script
from tests.faults.store import Store

PROGRAM = "5eb7cf5a86d9755df3a6c593"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYXVsdHMifQ.c2lnbmF0dXJl"
HASHED_KEY = "ld_test_faults"
CUSTOMERS = f"/v2/loyalty/programs/{PROGRAM}/customers"
FIXED: dict[str, Any] = {
    "/v2/token": {"id": "u1", "name": "Faults", "email": "owner@example.com"},
    "/v2/loyalty/programs": [{"id": PROGRAM, "name": "Faults", "shareUrl": None}],
    f"/v2/loyalty/programs/{PROGRAM}": {"id": PROGRAM, "name": "Faults"},
}
SLOW_DOWN = {"detail": "slow down"}
Answer = tuple[int, Any]


@dataclass(slots=True)
class Call:
    """One request, read whole."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """The bearer token; empty without one."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def fields(self) -> dict[str, Any]:
        """Return the body as an object; empty if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def key(self) -> str:
        """E-mail that the request is about."""
        return str(self.query.get("email") or self.fields().get("email") or "").lower()

    @property
    def route(self) -> str:
        """The endpoint, in the words of `Plan.route`."""
        if self.path == "/v2/token":
            return "token"
        if not self.path.startswith(CUSTOMERS):
            return "programs"
        if self.method != "GET":
            return "customers"
        return "lookup" if {"email", "phone"} & set(self.query) else "list"


@dataclass(slots=True)
class Endpoints:
    """Answers to requests that arrive whole."""

    store: Store
    script: Script = field(default_factory=Script)
    tokens: dict[str, int] = field(default_factory=lambda: {JWT: 0, HASHED_KEY: 0})
    """Requests made by token."""
    duplicates: str = "allow"
    """A create for an e-mail that is there: `allow` creates another, `update` changes the one that
    is there, `refuse` answers 409. It is what the system is, and no part of a script: requests that
    are under way when a script is replaced meet the same system."""

    def answer(self, call: Call) -> Answer:
        """Do what was asked and return status and body."""
        if call.path == "/v2/token" and call.method == "POST":
            return self.sign_in(call)
        if refusal := self.unauthorized(call):
            return refusal
        if call.path in FIXED:
            return 200, FIXED[call.path]
        if call.path == CUSTOMERS:
            return self.create(call) if call.method == "POST" else self.list(call)
        if call.path.startswith(CUSTOMERS + "/"):
            return self.one(call)
        return self.problem(call, 404, "not_found", "Not found")

    def sign_in(self, call: Call) -> Answer:
        """Give a fresh token for any user name and password."""
        form = dict(parse_qsl(call.body.decode()))
        if self.script.refuse_sign_in or not form.get("username") or not form.get("password"):
            return 401, {"detail": "Incorrect username or password"}
        token = f"{JWT}{len(self.tokens)}"
        self.tokens[token] = 0
        return 200, {
            "accessToken": token,
            "tokenType": "bearer",
            "mfaPending": False,
            "pendingToken": None,
        }

    def unauthorized(self, call: Call) -> Answer | None:
        """Refuse unknown and worn-out tokens."""
        if call.token in self.script.tokens:
            return None
        used = self.tokens.get(call.token)
        if used is None or (self.script.token_calls and used >= self.script.token_calls):
            return self.problem(call, 401, "unauthorized", "Invalid authentication token")
        self.tokens[call.token] = used + 1
        return None

    def create(self, call: Call) -> Answer:
        """Create a customer, if the system's rule about duplicates lets it."""
        fields = call.fields()
        if not fields:
            return 422, {"detail": [{"loc": ["body"], "msg": "Invalid JSON", "type": "json"}]}
        if self.duplicates != "allow" and (there := self.named(call.key)):
            if self.duplicates == "refuse":
                return self.problem(call, 409, "conflict", "Duplicate creation")
            return 200, self.store.update(there["id"], fields)
        if call.token.startswith("ld_"):
            return self.create_once(call, fields)
        return 200, self.store.create(fields)

    def create_once(self, call: Call, fields: dict[str, Any]) -> Answer:
        """Create a customer for a caller with a hashed key, or give the first answer again."""
        key = call.headers.get("idempotency-key", "")
        if not key:
            return self.problem(call, 400, "bad_request", "Idempotency-Key is required")
        if known := self.store.by_idempotency_key.get(key):
            if known[0] != call.body:
                return self.problem(call, 409, "conflict", "key was used with another body")
            return 200, known[1]
        customer = self.store.create(fields)
        self.store.by_idempotency_key[key] = (call.body, dict(customer))
        return 200, customer

    def named(self, email: str) -> dict[str, Any] | None:
        """Return the customer with an e-mail; None if there is none."""
        for customer in self.store.customers.values():
            if str(customer.get("email", "")).lower() == email:
                return customer
        return None

    def one(self, call: Call) -> Answer:
        """Read, change or credit one customer."""
        customer_id, _, rest = call.path.removeprefix(CUSTOMERS + "/").partition("/")
        found: dict[str, Any] | None = self.store.customers.get(customer_id)
        if call.method == "PUT" and not rest:
            found = self.store.update(customer_id, call.fields())
        elif call.method == "POST" and rest == "points/add":
            found = self.store.add_points(customer_id, int(call.fields()["points"]))
        if found is None:
            return self.problem(call, 404, "not_found", "Customer not found")
        return 200, found

    def list(self, call: Call) -> Answer:
        """List or look up, by pages."""
        found = self.store.visible(self.script.blind_s)
        if email := call.query.get("email"):
            found = [one for one in found if str(one.get("email", "")).lower() == email.lower()]
        if phone := call.query.get("phone"):
            found = [one for one in found if one.get("phone") == phone]
        limit = int(call.query.get("limit", "250"))
        start = int(call.query.get("offset", (int(call.query.get("page", "1")) - 1) * limit))
        page = found[start : start + limit]
        if call.query.get("includeTotal") == "true":
            return 200, {"customers": page, "total": len(found)}
        return 200, page

    def problem(self, call: Call, status: int, code: str, message: str) -> Answer:
        """Complain in the shape that the kind of caller gets."""
        if call.token.startswith("ld_"):
            return status, {"code": code, "message": message, "request_id": "faults"}
        return status, {"detail": message}
