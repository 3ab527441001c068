"""A system small enough to be right: its connector, and its server as a transport.

The server's `created` is the oracle: everything that was ever created, in order, by whatever
request. What it does with each request is told by instructions, and every one has to be used up.
"""

import asyncio
import itertools
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from bulkload.connectors.base import (
    Effect,
    Limit,
    Meaning,
    Outcome,
    Page,
    Promise,
    Promises,
    meaning_of_status,
)
from bulkload.records import Action, Customer, Field, Kind, Payload, Schema, Status
from bulkload.wire import Request, Response

_LOST = {"refused": httpx.ConnectError, "lost-before": httpx.ReadError}


class Toy:
    """A connector whose promise can be chosen."""

    name = "toy"
    schema = Schema("Toy", (Field("email", Kind.EMAIL), Field("phone", Kind.PHONE), Field("name")))

    def __init__(
        self,
        promise: Promise = Promise.CREATE,
        *,
        limits: tuple[Limit, ...] = (),
        key_lifetime_s: float = 86_400.0,
        effect_promise: Promise = Promise.CREATE,
        not_applied_on_503: bool = False,
        can_list: bool = True,
        password: str = "",
    ) -> None:
        self._promises = Promises(
            create=promise,
            actions=frozenset(Action),
            lookup_keys=("email", "phone"),
            key_lifetime_s=key_lifetime_s if promise is Promise.KEYED else 0.0,
            page_size=100,
            limits=limits,
            not_applied_on_503=not_applied_on_503,
            can_list=can_list,
        )
        self._effect_promise = effect_promise
        self._password = password

    def promises(self) -> Promises:
        return self._promises

    def authorization(self, token: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {token}"}

    def sign_in(self) -> Request | None:
        return Request("POST", "/token", self._password.encode()) if self._password else None

    def token_of(self, response: Response) -> str | None:
        body = response.json()
        return body.get("token") if isinstance(body, dict) else None

    def whoami(self) -> Request:
        return Request("GET", "/whoami")

    def create(self, payload: Payload, *, idempotency_key: str) -> Request:
        headers = {}
        if self._promises.create is Promise.KEYED:
            headers = {"Idempotency-Key": idempotency_key}
        return Request("POST", "/customers", payload.body, headers)

    def update(
        self, payload: Payload, current: Customer, *, idempotency_key: str
    ) -> Request | None:
        wanted = json.loads(payload.body)
        changes = {k: v for k, v in wanted.items() if current.fields.get(k) != v}
        path = f"/customers/{current.remote_id}"
        return Request("PUT", path, json.dumps(changes).encode()) if changes else None

    def effects(self, payload: Payload, remote_id: str) -> Sequence[Effect]:
        points = payload.extra.get("points_add")
        if not points:
            return ()
        path = f"/customers/{remote_id}/points"
        header = "Idempotency-Key" if self._effect_promise is Promise.KEYED else ""
        body = json.dumps({"points": points}).encode()
        return (Effect("points", Request("POST", path, body), self._effect_promise, header),)

    def meaning(self, request: Request, response: Response) -> Meaning:
        body = response.json()
        outcome = meaning_of_status(response.status)
        if request.is_read and response.status in (200, 404):
            return Meaning(Outcome.APPLIED)
        if response.status in (200, 201):
            found = body.get("id") if isinstance(body, dict) else None
            if not isinstance(found, str) or not found:
                return Meaning(Outcome.UNKNOWN)
            status = Status.UPDATED if request.method == "PUT" else Status.CREATED
            return Meaning(Outcome.APPLIED, status, found)
        if response.status == 404 and "/programs" in request.path:
            outcome = Outcome.STOP
        return Meaning(outcome, message=f"HTTP {response.status}")

    def find(self, key: str, value: str) -> Request:
        return Request("GET", f"/customers?{key}={quote(value)}")

    def get(self, remote_id: str) -> Request:
        return Request("GET", f"/customers/{remote_id}")

    def customers(self, response: Response) -> Sequence[Customer]:
        body = response.json()
        items = body.get("customers", [body]) if isinstance(body, dict) else []
        return [Customer(item["id"], item) for item in items if "id" in item]

    def keys_of(self, customer: Customer) -> Mapping[str, str]:
        keys = {name: str(customer.fields.get(name) or "").lower() for name in ("email", "phone")}
        return {name: value for name, value in keys.items() if value}

    def page(self, cursor: str | None) -> Request:
        return Request("GET", f"/customers?page={cursor or 1}&limit={self._promises.page_size}")

    def page_of(self, cursor: str | None, response: Response) -> Page:
        found = self.customers(response)
        more = len(found) == self._promises.page_size
        return Page(found, str(int(cursor or 1) + 1) if more else None, response.json()["total"])

    def programs(self) -> Request | None:
        return None

    def programs_of(self, response: Response) -> Mapping[str, str]:
        return {}


class ToyServer(httpx.AsyncBaseTransport):
    """The system itself; `promise` says what it does with a create that comes twice.

    Instructions, one per write, `ok` once they are used up:

        ok              apply and answer
        refused         no connection
        lost-before     the request never arrives, the answer never comes
        lost-after      applied, the answer never comes
        late:S          applied S seconds later, whatever has become of the client
        500-before      500:... STATUS-before, STATUS-after
        429:S           not applied, Retry-After: S
        no-id, garbage  applied, answered with nothing usable
        400, 401, ...   not applied, that status
        stall           applied, answered after 45 seconds
    """

    def __init__(self, promise: Promise = Promise.CREATE, plan: Sequence[str] = ()) -> None:
        self.promise = promise
        self.plan = deque(plan)
        self.read_plan: deque[str] = deque()
        self.created: list[dict[str, Any]] = []
        self.points: Counter[str] = Counter()
        self.requests: list[tuple[float, str, str]] = []
        self.tokens = {"token"}
        self.sign_ins = 0
        self.latency_s = 0.0
        self.blind_s = 0.0
        """How long a new customer stays invisible to look-ups."""
        self.keys_seen: list[str] = []
        self.refuses_everything = ""
        self.poison = ""
        """E-mail whose create always fails."""
        self.fuzzy = False
        """Look-ups find whatever begins with the value."""
        self.expire_after = 0
        """Requests until the token expires; 0 for never."""
        self.accepts_new_tokens = True
        self.hidden = 0
        """Customers whom the list counts and does not show."""
        self.on_create: Callable[[], Any] = lambda: None
        self.on_refusal: Callable[[], Any] = lambda: None
        self._by_key: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    @property
    def writes(self) -> int:
        return sum(method != "GET" for _, method, _ in self.requests)

    def add(self, **fields: Any) -> dict[str, Any]:
        """Let a customer be there."""
        customer = {
            "id": f"c{next(self._numbers)}",
            **fields,
            "_at": asyncio_now(),
        }
        self.created.append(customer)
        return customer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop = asyncio.get_running_loop()
        path = request.url.raw_path.decode()
        self.requests.append((loop.time(), request.method, path))
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        plan = self.read_plan if request.method == "GET" else self.plan
        order = plan.popleft() if plan else "ok"
        if self.refuses_everything:
            order = self.refuses_everything
        if self.poison and request.method == "POST" and self.poison.encode() in request.content:
            order = "500-before"
        return await self._follow(order, request, path)

    async def _follow(self, order: str, request: httpx.Request, path: str) -> httpx.Response:
        word, _, rest = order.partition(":")
        if word in _LOST:
            self.on_refusal()
            raise _LOST[word]("lost", request=request)
        if word == "late":
            asyncio.get_running_loop().call_later(float(rest), self._apply, request, path)
            raise httpx.ReadTimeout("late", request=request)
        if word.endswith("-before") or (word.isdigit() and word != "202"):
            headers = {"Retry-After": rest} if rest else {}
            if word.startswith("3"):
                headers = {"Location": "https://elsewhere.example/"}
            return httpx.Response(int(word[:3]), headers=headers, json={})
        return await self._applied(word, self._apply(request, path), request)

    async def _applied(
        self, word: str, answer: httpx.Response, request: httpx.Request
    ) -> httpx.Response:
        if word == "stall":
            await asyncio.sleep(45)
            raise httpx.ReadTimeout("stalled", request=request)
        if word == "lost-after":
            raise httpx.RemoteProtocolError("gone", request=request)
        if word.endswith("-after"):
            return httpx.Response(int(word[:3]), json={})
        useless = {"no-id": (200, b"{}"), "garbage": (200, b"<html>"), "202": (202, b"{}")}
        if word in useless:
            status, content = useless[word]
            return httpx.Response(status, content=content)
        return answer

    def _apply(self, request: httpx.Request, path: str) -> httpx.Response:
        parts = urlsplit(path)
        if len(self.requests) == self.expire_after:
            self.tokens = set()
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/token":
            self.sign_ins += 1
            self.tokens = {f"token-{self.sign_ins}"} if self.accepts_new_tokens else set()
            return httpx.Response(200, json={"token": f"token-{self.sign_ins}"})
        if request.headers.get("authorization", "Bearer token")[7:] not in self.tokens:
            return httpx.Response(401, json={})
        if parts.path == "/whoami":
            return httpx.Response(200, json={"ok": True})
        if parts.path == "/customers":
            return self._read(query) if request.method == "GET" else self._create(request)
        return self._one(request, parts.path.split("/")[2:])

    def _visible(self) -> list[dict[str, Any]]:
        now = asyncio_now()
        return [c for c in self.created if now - c["_at"] >= self.blind_s]

    def _read(self, query: dict[str, str]) -> httpx.Response:
        found = self._visible()
        for name in ("email", "phone"):
            if name in query:
                found = [
                    c
                    for c in found
                    if c.get(name) == query[name]
                    or (self.fuzzy and str(c.get(name)).startswith(query[name]))
                ]
        total = len(found) + self.hidden
        if "page" in query:
            size = int(query["limit"])
            start = (int(query["page"]) - 1) * size
            found = found[start : start + size]
        return httpx.Response(200, json={"customers": found, "total": total})

    def _create(self, request: httpx.Request) -> httpx.Response:
        fields = json.loads(request.content)
        key = request.headers.get("idempotency-key", "")
        self.keys_seen.append(key)
        if self.promise is Promise.KEYED and key in self._by_key:
            return httpx.Response(200, json=self._by_key[key])
        same = next((c for c in self.created if c.get("email") == fields.get("email")), None)
        if same is not None and self.promise is Promise.UPSERT:
            same.update(fields)
            return httpx.Response(200, json=same)
        if same is not None and self.promise is Promise.UNIQUE:
            return httpx.Response(409, json={})
        customer = self.add(**fields)
        self.on_create()
        if key:
            self._by_key[key] = customer
        return httpx.Response(201, json=customer)

    def _one(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        found = next((c for c in self.created if c["id"] == parts[0]), None)
        if found is None:
            return httpx.Response(404, json={})
        if parts[1:] == ["points"]:
            key = request.headers.get("idempotency-key", "")
            if not key or key not in self._by_key:
                self.points[found["id"]] += json.loads(request.content)["points"]
                self._by_key[key] = found
        elif request.method == "PUT":
            found.update(json.loads(request.content))
        return httpx.Response(200, json=found)


def asyncio_now() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return 0.0


def payload(number: int, *, action: Action = Action.CREATE, **fields: Any) -> Payload:
    """Make a payload for row `number` + 1 with an e-mail of its own."""
    fields = fields or {"email": f"p{number}@example.com", "name": f"P {number}"}
    extra = fields.pop("extra", {})
    keys = {name: fields[name] for name in ("email", "phone") if fields.get(name)}
    return Payload(number + 1, keys, json.dumps(fields).encode(), action, extra)


def payloads(count: int, **more: Any) -> list[Payload]:
    return [payload(number, **more) for number in range(1, count + 1)]
