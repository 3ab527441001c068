"""Voucherify: customers of one project, which the keys name.

POST with `source_id` or `id`   creates or updates: twice sent is once created
POST without both               a new customer every time, so such rows are refused beforehand
PUT                             leaves what it does not name unchanged; `source_id` never changes
address, metadata               merge or replace is undocumented: what is held is sent along
list                            99 pages of 100, then a window that begins at the newest date seen
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from bulkload.connectors import voucherify_answers as answers
from bulkload.connectors.answers import seconds_of, text_of, whole
from bulkload.connectors.base import (
    Allowance,
    BulkLane,
    Connector,
    Definition,
    Definitions,
    Effect,
    Limit,
    Meaning,
    Page,
    PayloadCounts,
    Problem,
    Promise,
    Promises,
    SideEffect,
)
from bulkload.connectors.changes import differing, merged
from bulkload.connectors.definitions import check as check_definitions
from bulkload.connectors.voucherify_bulk import AsyncLane, CsvLane
from bulkload.contacts import email_key, phone_key
from bulkload.errors import BulkloadError, did_you_mean
from bulkload.records import Action, Customer, Field, Kind, Payload, Schema
from bulkload.wire import Request, Response

CLUSTERS = {
    "eu": "https://api.voucherify.io",
    "us1": "https://us1.api.voucherify.io",
    "as1": "https://as1.api.voucherify.io",
}
PAGE_SIZE = 100
LAST_PAGE = 99
KEPT_WHOLE = ("address", "metadata")
NOT_IN_UPDATE = frozenset({"id", "source_id"})
ADDRESS = ("line_1", "line_2", "city", "postal_code", "state", "country")

SCHEMA = Schema(
    name="Customer",
    fields=(
        Field("id"),
        Field("source_id"),
        Field("name"),
        Field("description"),
        Field("email", Kind.EMAIL),
        Field("phone", Kind.PHONE),
        Field("birthdate", Kind.DATE),
        Field("birthday", Kind.DATE),
        *(Field(f"address.{part}") for part in ADDRESS),
    ),
    open_prefixes=("metadata.",),
    one_of=("source_id", "id"),
    keys=("source_id", "id", "email", "phone"),
)

_CYCLE_S = 31 * 86_400
PLANS: Mapping[str, tuple[Limit, ...]] = {
    "business": (Limit(100, 60, "minute"), Limit(100_000, _CYCLE_S, "cycle", hard=True)),
    "organization": (Limit(2_000, 60, "minute"), Limit(300_000, _CYCLE_S, "cycle", hard=True)),
    "sandbox": (Limit(100, 3_600, "hour"),),
    "none": (),
}
"""What each plan allows; bulk calls have a bucket of their own without published numbers."""


@dataclass(frozen=True)
class Voucherify:
    """Voucherify for one project and one kind of credentials."""

    app_id: str = ""
    app_token: str = field(default="", repr=False)
    """For OAuth only: what signs in for the tokens; otherwise the token is this."""
    oauth: bool = False
    scope: str = "customers async-actions metadata-schemas"
    plan: str = "business"

    name = "voucherify"
    schema = SCHEMA

    def __post_init__(self) -> None:
        if self.plan not in PLANS:
            raise BulkloadError(
                f"Voucherify has no plan `{self.plan}`",
                fix=did_you_mean(self.plan, PLANS) + f"known: {', '.join(PLANS)}",
            )

    def promises(self) -> Promises:
        """Say what delivery may rely on: same source_id, same customer."""
        return Promises(
            create=Promise.UPSERT,
            actions=frozenset(Action),
            lookup_keys=("id", "source_id", "email"),
            page_size=PAGE_SIZE,
            limits=PLANS[self.plan],
        )

    def authorization(self, token: str) -> Mapping[str, str]:
        """Return the headers of the application keys, or the bearer header of OAuth."""
        if self.oauth:
            return {"Authorization": f"Bearer {token}"} if token else {}
        return {"X-App-Id": self.app_id, "X-App-Token": token}

    def sign_in(self) -> Request | None:
        """Return the request for an OAuth token (lives 15 minutes); None for application keys."""
        if not self.oauth:
            return None
        form = {"grant_type": "client_credentials", "scope": self.scope}
        return Request(
            "POST",
            "/v1/oauth/token",
            urlencode(form).encode(),
            headers={"X-App-Id": self.app_id, "X-App-Token": self.app_token},
            content_type="application/x-www-form-urlencoded",
        )

    def token_of(self, response: Response) -> str | None:
        """Return the access token."""
        body = response.json()
        token = body.get("access_token") if isinstance(body, Mapping) else None
        return token if isinstance(token, str) and token else None

    def whoami(self) -> Request:
        """Return the smallest read of customers: it succeeds with the scope that is needed."""
        return Request("GET", "/v1/customers?limit=1")

    def create(self, payload: Payload, *, idempotency_key: str) -> Request:  # noqa: ARG002 - the source_id is the key
        """Return the upsert with the payload's body as it is."""
        return Request("POST", "/v1/customers", payload.body)

    def update(
        self,
        payload: Payload,
        current: Customer,
        *,
        idempotency_key: str,  # noqa: ARG002 - a PUT may be sent twice
    ) -> Request | None:
        """Return a PUT of what differs; None if nothing does."""
        wanted = {k: v for k, v in json.loads(payload.body).items() if k not in NOT_IN_UPDATE}
        changes = differing(wanted, current.fields)
        for name in KEPT_WHOLE:
            held = current.fields.get(name)
            if name in changes and isinstance(held, Mapping) and isinstance(changes[name], Mapping):
                changes[name] = merged(held, changes[name])
        if not changes:
            return None
        body = json.dumps(changes, ensure_ascii=False, separators=(",", ":")).encode()
        return Request("PUT", self._customer(current.remote_id), body)

    def effects(self, payload: Payload, remote_id: str) -> Sequence[Effect]:  # noqa: ARG002
        """Return nothing: all that Voucherify's customers hold stands in the payload."""
        return ()

    def meaning(self, request: Request, response: Response) -> Meaning:
        """Say what an answer means."""
        return answers.meaning(request, response)

    def find(self, key: str, value: str) -> Request:
        """Return the read by id or source_id (one path for both), or the list by e-mail."""
        if key in ("id", "source_id"):
            return self.get(value)
        return Request("GET", f"/v1/customers?{urlencode({'limit': PAGE_SIZE, key: value})}")

    def get(self, remote_id: str) -> Request:
        """Return the read of one customer."""
        return Request("GET", self._customer(remote_id))

    def delete(self, remote_id: str) -> Request:
        """Return the deletion of the customer."""
        return Request("DELETE", self._customer(remote_id))

    def customers(self, response: Response) -> Sequence[Customer]:
        """Return the customers of a list or of a single read."""
        return answers.customers(response)

    def keys_of(self, customer: Customer) -> Mapping[str, str]:
        """Return source_id, id, e-mail and phone; the first two are compared to the letter."""
        fields = customer.fields
        found = {
            "source_id": text_of(fields.get("source_id")),
            "id": customer.remote_id,
            "email": email_key(fields.get("email")),
            "phone": phone_key(fields.get("phone")),
        }
        return {name: key for name, key in found.items() if key}

    def page(self, cursor: str | None) -> Request:
        """Return one page, oldest first; a cursor is `beginning of the window|page|seen`."""
        since, number, _ = _window(cursor)
        query: dict[str, str | int] = {"limit": PAGE_SIZE, "page": number, "order": "created_at"}
        if since:
            query["created_at[after]"] = since
        return Request("GET", f"/v1/customers?{urlencode(query)}")

    def page_of(self, cursor: str | None, response: Response) -> Page:
        """Return a page's customers; a new window overlaps the last by its newest millisecond.

        Customers on the border come twice and are to be told apart by id.

        Raises:
            BulkloadError: More than 9,900 customers share one millisecond of creation.
        """
        since, number, seen = _window(cursor)
        found, body = answers.customers(response), response.json()
        told = body.get("total") if isinstance(body, Mapping) else None
        total = told if isinstance(told, int) and not since else None
        reached = seen + len(found)
        more = bool(found) and (total is None or reached < total)
        if isinstance(body, Mapping) and body.get("has_more") is False:
            more = False
        if not more:
            return Page(found, None, total)
        if number < LAST_PAGE:
            return Page(found, f"{since}|{number + 1}|{reached}", total)
        newest = _before(max(str(c.fields.get("created_at") or "") for c in found))
        if newest <= since:
            raise BulkloadError(
                "Voucherify lists more than 9,900 customers of the same millisecond, and no further",
                where=f"customers created after {since}",
                fix="take an export of the project in Voucherify's dashboard",
            )
        return Page(found, f"{newest}|1|{reached}", total)

    def programs(self) -> Request | None:
        """Return None: the keys name the project."""
        return None

    def programs_of(self, response: Response) -> Mapping[str, str]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def definitions(self) -> Request:
        """Return the read of the customers' metadata schema."""
        return Request("GET", "/v1/metadata-schemas/customer")

    def definitions_of(self, response: Response) -> Definitions:
        """Return the declared metadata; a project without a schema answers 404 and allows any."""
        body = response.json()
        properties = body.get("properties") if isinstance(body, Mapping) else None
        by_name = {
            str(name): Definition(
                str(name),
                str(rule.get("type") or "string"),
                required=rule.get("optional") is False and not rule.get("deleted"),
                choices=tuple(str(c) for c in rule.get("eq") or () if isinstance(c, str | int)),
                array=rule.get("array") is True,
            )
            for name, rule in (properties.items() if isinstance(properties, Mapping) else ())
            if isinstance(rule, Mapping)
        }
        closed = isinstance(body, Mapping) and body.get("allow_defined_only") is True
        return Definitions("metadata.", by_name, closed=closed)

    def check(self, definitions: Definitions, fields: Sequence[Field]) -> tuple[Problem, ...]:
        """Return what the schema would refuse, or keep as text only."""
        return check_definitions(definitions, fields)

    def observe(self, response: Response, *, now_epoch_s: float) -> Allowance | None:
        """Return what `X-Rate-Limit-*` says, on every answer."""
        headers = response.headers
        limit, remaining = (whole(headers.get(f"x-rate-limit-{n}")) for n in ("limit", "remaining"))
        if limit is None and remaining is None:
            return None
        reset_s = seconds_of(headers.get("x-rate-limit-retry"), now_epoch_s=now_epoch_s)
        return Allowance(limit, remaining, reset_s, headers.get("x-rate-limit-type", ""))

    def limits(self) -> Request | None:
        """Return None: the limits stand in every answer's headers."""
        return None

    def limits_of(self, response: Response) -> tuple[Limit, ...]:
        """Return the plan's limits, with what the answer's own headers say in its place."""
        told = whole(response.headers.get("x-rate-limit-limit"))
        return tuple(
            Limit(told, limit.per_s, limit.name) if told and not limit.hard else limit
            for limit in PLANS[self.plan]
        )

    def told(self, response: Response) -> Connector:  # noqa: ARG002
        """Return this connector: no answer of its own tells the limits."""
        return self

    def bulk_lane(self, kind: str = "") -> BulkLane:
        """Return `bulk/async`, which patches; `csv` for importCSV, which overwrites.

        Raises:
            BulkloadError: `kind` is another word.
        """
        if kind not in ("", "csv"):
            raise BulkloadError(
                f"Voucherify has no bulk lane `{kind}`", fix="leave it out, or say `csv`"
            )
        return CsvLane() if kind else AsyncLane()

    def side_effects(self, counts: PayloadCounts) -> tuple[SideEffect, ...]:
        """Return what automations in the project may do with each new customer."""
        if not counts.payloads:
            return ()
        text = (
            f"automations of the project that start with a new or changed customer"
            f" may run {counts.payloads:,} times (by the bulk lane, none for changed ones)"
        )
        return (SideEffect("automations", counts.payloads, text),)

    def _customer(self, remote_id: str) -> str:
        return f"/v1/customers/{quote(remote_id, safe='')}"


def _window(cursor: str | None) -> tuple[str, int, int]:
    since, number, seen = (cursor or "|1|0").split("|")
    return since, int(number), int(seen)


def _before(moment: str) -> str:
    """Return the timestamp one millisecond earlier, as Voucherify writes it."""
    try:
        parsed = dt.datetime.fromisoformat(moment)
    except ValueError as error:
        raise BulkloadError(
            "Voucherify's list has customers without a date of creation; it cannot be read on",
            fix="take an export of the project in Voucherify's dashboard",
        ) from error
    earlier: dt.datetime = parsed - dt.timedelta(milliseconds=1)
    return (
        earlier.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{earlier.microsecond // 1000:03d}Z"
    )
