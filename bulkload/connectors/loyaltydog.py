"""LoyaltyDog: requests for payloads, meanings of answers, for one program and one kind of key.

What the vendor documents and what not decides what is promised here:

    JWT or app key   nothing is promised about a create that is sent twice
    `ld_*` key       the same Idempotency-Key gives the first answer again for 24 hours
    PUT              declares `points: 0`, so the balance is always sent along, as it was read
    customFields     merge or replace is undocumented, so the held ones are sent along as well
    list items       may be short: `get` shows the whole customer
    e-mail filter    may be fuzzy: compare `keys_of` what it finds
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from bulkload.connectors import loyaltydog_answers as answers
from bulkload.connectors.answers import id_of, seconds_of, usable_id, whole
from bulkload.connectors.base import (
    Allowance,
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
from bulkload.contacts import email_key, phone_key
from bulkload.errors import BulkloadError, CredentialsError, SafetyStopError
from bulkload.records import Action, Customer, Field, Kind, Payload, Schema
from bulkload.wire import Request, Response

CONSENT_TYPES = ("marketing_email", "marketing_sms", "analytics", "data_sharing")
CONSENT_METHODS = ("migration", "checkbox", "api", "paper", "verbal", "pos_terminal")
KEY_LIFETIME_S = 24 * 3600.0
PAGE_SIZE = 250

SCHEMA = Schema(
    name="CreateCustomerPayload",
    fields=(
        Field("id"),
        Field("firstName"),
        Field("lastName"),
        Field("email", Kind.EMAIL),
        Field("phone", Kind.PHONE),
        Field("points", Kind.INTEGER),
        Field("referrerId", Kind.HEX_ID),
        Field("currentMessage"),
        *(Field(f"consents.{consent}", Kind.BOOLEAN) for consent in CONSENT_TYPES),
        Field("consents.policyVersion"),
        Field("consents.method", Kind.CHOICE, choices=CONSENT_METHODS),
    ),
    open_prefixes=("customFields.", "initialConsentGranted."),
    # Any other text might be taken for a yes.
    open_kinds={"initialConsentGranted.": Kind.BOOLEAN},
    one_of=("email", "phone"),
    keys=("id", "email", "phone"),
)
NOT_IN_CREATE = frozenset({"id", "consents", "currentMessage"})
NOT_IN_UPDATE = frozenset({"id", "consents", "referrerId", "initialConsentGranted"})

EDGE = Limit(300, 10, "edge")
KEY_LIMITS = (
    Limit(60, 60, "burst"),
    Limit(1_000, 3_600, "hour"),
    Limit(10_000, 31 * 86_400, "month", hard=True, calendar_month=True),
    EDGE,
)


@dataclass(frozen=True)
class LoyaltyDog:
    """LoyaltyDog for one program."""

    program: str
    keyed: bool = False
    """The credentials are an `ld_*` key."""
    unlimited: bool = False
    """The address is not behind the vendor's limits (the sandbox)."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    name = "loyaltydog"
    schema = SCHEMA
    key_header = "Idempotency-Key"

    def promises(self) -> Promises:
        """Say what delivery may rely on; an `ld_*` key is promised more and allowed less."""
        limits = () if self.unlimited else (KEY_LIMITS if self.keyed else (EDGE,))
        return Promises(
            create=Promise.KEYED if self.keyed else Promise.CREATE,
            actions=frozenset(Action),
            lookup_keys=("id", "email", "phone"),
            key_lifetime_s=KEY_LIFETIME_S if self.keyed else 0.0,
            page_size=PAGE_SIZE,
            side_effects=("points that the program gives for an e-mail address or a phone number",),
            limits=limits,
        )

    def authorization(self, token: str) -> Mapping[str, str]:
        """Return the bearer header, for both kinds of key."""
        return {"Authorization": f"Bearer {token}"} if token else {}

    def sign_in(self) -> Request | None:
        """Return the log-in of the dashboard, `POST /v2/token`; None without a password."""
        if not (self.username and self.password):
            return None
        form = {"grant_type": "password", "username": self.username, "password": self.password}
        return Request(
            "POST",
            "/v2/token",
            urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
        )

    def token_of(self, response: Response) -> str | None:
        """Return the access token of a log-in.

        Raises:
            CredentialsError: The account asks for a second factor, which no run can answer.
        """
        body = response.json()
        if not isinstance(body, Mapping):
            return None
        if body.get("mfaPending") is True:
            raise CredentialsError(
                "LoyaltyDog asks for a second factor to log in",
                fix="use an app key from https://app.loyalty.dog/account/appkeys instead",
            )
        token = body.get("accessToken")
        return token if isinstance(token, str) and token else None

    def whoami(self) -> Request:
        """Return the check of the credentials; for `ld_*` keys the one read they surely may do."""
        return Request("GET", "/v2/loyalty/programs" if self.keyed else "/v2/token")

    def create(self, payload: Payload, *, idempotency_key: str) -> Request:
        """Return `POST customers` with the payload's body as it is."""
        body = payload.body
        if any(f'"{name}":'.encode() in body for name in NOT_IN_CREATE):
            kept = {k: v for k, v in json.loads(body).items() if k not in NOT_IN_CREATE}
            body = _compact(kept)
        return Request("POST", self._customers(), body, headers=self._key(idempotency_key))

    def update(
        self, payload: Payload, current: Customer, *, idempotency_key: str
    ) -> Request | None:
        """Return a PUT of what differs, with the balance as it is; None if nothing differs.

        Raises:
            SafetyStopError: `current` shows no balance, and PUT would set it to the declared 0.
        """
        wanted = {k: v for k, v in json.loads(payload.body).items() if k not in NOT_IN_UPDATE}
        changes = differing(wanted, current.fields)
        if not changes:
            return None
        if "customFields" in changes:
            held = current.fields.get("customFields")
            changes["customFields"] = merged(
                held if isinstance(held, Mapping) else {}, changes["customFields"]
            )
        if changes.get("points") is None:
            changes["points"] = _balance(current)
        path = f"{self._customers()}/{quote(current.remote_id, safe='')}"
        return Request("PUT", path, _compact(changes), headers=self._key(idempotency_key))

    def effects(self, payload: Payload, remote_id: str) -> Sequence[Effect]:
        """Return the points to add and the consents to record."""
        customer = f"{self._customers()}/{quote(remote_id, safe='')}"
        found: list[Effect] = []
        if points := payload.extra.get("points_add"):
            found.append(
                Effect(
                    "points",
                    Request("POST", f"{customer}/points/add", _compact({"points": int(points)})),
                    promise=Promise.KEYED if self.keyed else Promise.CREATE,
                    key_header=self.key_header if self.keyed else "",
                )
            )
        consents = json.loads(payload.body).get("consents") if b'"consents":' in payload.body else 0
        if isinstance(consents, Mapping):
            path = f"{customer}/consents"
            found.append(
                Effect(
                    "consents",
                    Request("GET", path),
                    promise=Promise.UPSERT,
                    then=lambda response: _consents_to_record(path, consents, response),
                )
            )
        return found

    def meaning(self, request: Request, response: Response) -> Meaning:
        """Say what an answer means, for both callers' error shapes."""
        return answers.meaning(request, response)

    def find(self, key: str, value: str) -> Request:
        """Return the look-up by id, or the list filtered by e-mail or phone."""
        if key == "id":
            return self.get(value)
        return Request("GET", f"{self._customers()}?{urlencode({key: value, 'limit': PAGE_SIZE})}")

    def get(self, remote_id: str) -> Request:
        """Return the read of one whole customer."""
        return Request("GET", f"{self._customers()}/{quote(remote_id, safe='')}")

    def delete(self, remote_id: str) -> Request:
        """Return the soft delete; the vendor deletes for good after 30 days."""
        return Request("DELETE", f"{self._customers()}/{quote(remote_id, safe='')}")

    def customers(self, response: Response) -> Sequence[Customer]:
        """Return the customers of a list, bare or with a total, or of a single read."""
        return answers.customers(response)

    def keys_of(self, customer: Customer) -> Mapping[str, str]:
        """Return id, e-mail and phone as they are compared."""
        found = {
            "id": customer.remote_id,
            "email": email_key(customer.fields.get("email")),
            "phone": phone_key(customer.fields.get("phone")),
        }
        return {name: key for name, key in found.items() if key}

    def page(self, cursor: str | None) -> Request:
        """Return one page; a cursor is `page:customers seen before it`."""
        number = int(cursor.partition(":")[0]) if cursor else 1
        query = {"page": number, "limit": PAGE_SIZE, "includeTotal": "true"}
        return Request("GET", f"{self._customers()}?{urlencode(query)}")

    def page_of(self, cursor: str | None, response: Response) -> Page:
        """Return a page's customers.

        The last page is the one that reaches the total; where no total is told, the empty one: a
        short page may only mean that the server allows less than was asked for.
        """
        number, _, seen = (cursor or "1:0").partition(":")
        found, total = answers.customers(response), answers.total(response)
        reached = int(seen or 0) + len(found)
        more = bool(found) and (total is None or reached < total)
        return Page(found, f"{int(number) + 1}:{reached}" if more else None, total)

    def programs(self) -> Request | None:
        """Return the list of programs."""
        return Request("GET", "/v2/loyalty/programs")

    def programs_of(self, response: Response) -> Mapping[str, str]:
        """Return name by id."""
        body = response.json()
        items = body if isinstance(body, list) else []
        return {
            found: str(item.get("name") or "")
            for item in items
            if (found := id_of(item, "id", "_id"))
        }

    def definitions(self) -> Request:
        """Return the read of the program's custom fields."""
        return Request("GET", f"{self._program()}/customFields")

    def definitions_of(self, response: Response) -> Definitions:
        """Return the custom fields; the vendor accepts others too, but shows them nowhere."""
        body = response.json()
        found = (
            [item for item in body if isinstance(item, Mapping)] if isinstance(body, list) else []
        )
        by_name = {
            name: Definition(
                name,
                str(item.get("type") or "text"),
                required=item.get("required") is True,
                choices=_choices(item.get("options")),
            )
            for item in found
            if (name := usable_id(item.get("name")))
        }
        return Definitions("customFields.", by_name)

    def check(self, definitions: Definitions, fields: Sequence[Field]) -> tuple[Problem, ...]:
        """Return what the program does not know or would lose of the mapped fields."""
        problems = list(check_definitions(definitions, fields))
        names = {mapped.name for mapped in fields}
        if "consents.policyVersion" not in names and any(n.startswith("consents.") for n in names):
            problems.append(
                Problem(
                    "consents.policyVersion",
                    "LoyaltyDog records a consent only with the version of the policy that was"
                    " agreed to; add it as a constant",
                )
            )
        return tuple(problems)

    def observe(self, response: Response, *, now_epoch_s: float) -> Allowance | None:
        """Return what `X-RateLimit-*` says; only `ld_*` answers carry them."""
        headers = response.headers
        limit, remaining = (whole(headers.get(f"x-ratelimit-{n}")) for n in ("limit", "remaining"))
        reset_s = seconds_of(headers.get("x-ratelimit-reset"), now_epoch_s=now_epoch_s)
        if limit is None and remaining is None:
            return None
        return Allowance(limit, remaining, reset_s, "burst")

    def limits(self) -> Request | None:
        """Return None: LoyaltyDog announces its limits in headers only."""
        return None

    def limits_of(self, response: Response) -> tuple[Limit, ...]:
        """Return the documented limits; no answer tells them."""
        return self.promises().limits if response.status else ()

    def told(self, response: Response) -> Connector:  # noqa: ARG002
        """Return this connector: no answer of its own tells the limits."""
        return self

    def side_effects(self, counts: PayloadCounts) -> tuple[SideEffect, ...]:
        """Return the points that the program may add by itself, and the consents recorded."""
        found: list[SideEffect] = []
        for contact, spoken in (("email", "e-mail address"), ("phone", "phone number")):
            if number := counts.by_field.get(contact, 0):
                text = f"the program may add points of its own for the {spoken} of {number:,} customers"
                found.append(SideEffect(f"points-for-{contact}", number, text))
        consents = max((counts.by_field.get(f"consents.{c}", 0) for c in CONSENT_TYPES), default=0)
        if consents:
            text = (
                f"consents of {consents:,} customers are recorded for good (they cannot be erased)"
            )
            found.append(SideEffect("consents", consents, text))
        return tuple(found)

    def _program(self) -> str:
        if not self.program:
            raise BulkloadError(
                "no LoyaltyDog program is named",
                fix="add --program ID or `program:` to the profile; `bulkload program list` shows them",
            )
        return f"/v2/loyalty/programs/{quote(self.program, safe='')}"

    def _customers(self) -> str:
        return f"{self._program()}/customers"

    def _key(self, idempotency_key: str) -> Mapping[str, str]:
        return {self.key_header: idempotency_key} if self.keyed and idempotency_key else {}


def _balance(current: Customer) -> int:
    points = current.fields.get("points", "")
    if points is None:
        return 0
    if isinstance(points, bool) or not isinstance(points, int | float) or points != int(points):
        raise SafetyStopError(
            "LoyaltyDog does not show the balance of a customer that is to be updated;"
            " an update could set it to 0",
            where=f"customer {current.remote_id}",
            fix="map a column or a constant to `points`, so that every update says the balance",
        )
    return int(points)


def _consents_to_record(path: str, wanted: Mapping[str, Any], response: Response) -> Request | None:
    """Return the consents that the customer's latest records do not say already."""
    body = response.json()
    records = body.get("consents", []) if isinstance(body, Mapping) else body
    latest: dict[str, Any] = {}
    for record in records if isinstance(records, list) else []:
        if isinstance(record, Mapping):
            latest.setdefault(str(record.get("consentType")), record.get("granted"))
    method = str(wanted.get("method") or CONSENT_METHODS[0])
    missing = [
        {"consentType": consent, "granted": wanted[consent], "method": method}
        for consent in CONSENT_TYPES
        if isinstance(wanted.get(consent), bool) and latest.get(consent) is not wanted[consent]
    ]
    if not missing:
        return None
    version = str(wanted.get("policyVersion") or "not stated")
    return Request("POST", path, _compact({"consents": missing, "policyVersion": version}))


def _choices(options: Any) -> tuple[str, ...]:
    """Return the choices of a selection; how the vendor separates them is not documented."""
    if not isinstance(options, str):
        return ()
    parts = options.replace("\n", ",").replace(";", ",").replace("|", ",").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _compact(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
