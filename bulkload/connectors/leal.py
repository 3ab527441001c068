"""Leal: customers of one store.

e-mail, phone        unique per store: a second create is refused with 422 "taken"
external_references  bulkload writes its own on every create, by which `find_own` is exact
card_id              enrols at create only, and gives the card's initial stamps as a welcome
stamps               the balance that the file says, reached by stamping what is missing
send_card_links      off, unless the mapping and the confirmation both say so
repeating a create   what a card or a link does then is not documented: look up, never resend
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from bulkload.connectors import leal_answers as answers
from bulkload.connectors.answers import seconds_of, usable_id, whole
from bulkload.connectors.base import (
    Allowance,
    Connector,
    Effect,
    EffectRefusedError,
    Limit,
    Meaning,
    Page,
    PayloadCounts,
    Promise,
    Promises,
    SideEffect,
)
from bulkload.connectors.changes import differing
from bulkload.contacts import email_key, phone_key
from bulkload.errors import BulkloadError
from bulkload.records import Action, Customer, Field, Kind, Payload, Schema
from bulkload.wire import Request, Response

PAGE_SIZE = 100
OWN_SOURCE = "bulkload"
REFERENCES = "external_references"
BESIDES = frozenset({"id", "card_id", "send_card_links", "stamps"})
"""Fields of the payload that are not attributes of the customer."""
UNTIL_TOLD = Limit(60, 60, "until /api/v1/status tells")

SCHEMA = Schema(
    name="Customer",
    fields=(
        Field("id"),
        Field("first_name", required=True),
        Field("last_name"),
        Field("email", Kind.EMAIL),
        Field("phone", Kind.PHONE),
        Field("birthday", Kind.DATE),
        Field("card_id", Kind.INTEGER, minimum=1),
        Field("stamps", Kind.INTEGER, minimum=0),
        Field("send_card_links", Kind.BOOLEAN),
        Field(REFERENCES, Kind.JSON),
    ),
    open_prefixes=("metadata.", f"{REFERENCES}."),
    one_of=("email", "phone"),
    keys=("id", "email", "phone"),
)


@dataclass(frozen=True)
class Leal:
    """Leal for one store."""

    program: str
    """Id of the store (account)."""
    own_reference: bool = True
    """Write bulkload's own external reference on every create."""
    card_links_confirmed: bool = False
    """The user agreed that links go out to the customers whose rows ask for them."""
    bare: bool = False
    """The mapping neither enrols nor sends links, so that uniqueness alone protects a repetition."""
    limit: Limit | None = UNTIL_TOLD

    name = "leal"
    schema = SCHEMA

    def promises(self) -> Promises:
        """Say what delivery may rely on: uniqueness, but not what a card does when repeated."""
        return Promises(
            create=Promise.UNIQUE if self.bare else Promise.CREATE,
            actions=frozenset(Action),
            lookup_keys=("id", f"{REFERENCES}.", "email", "phone"),
            page_size=PAGE_SIZE,
            side_effects=("card links by e-mail or SMS", "welcome stamps of the card"),
            limits=(self.limit,) if self.limit else (),
        )

    def authorization(self, token: str) -> Mapping[str, str]:
        """Return the bearer header."""
        return {"Authorization": f"Bearer {token}"} if token else {}

    def sign_in(self) -> Request | None:
        """Return None: tokens are made at https://app.getleal.com/api_tokens."""
        return None

    def token_of(self, response: Response) -> str | None:  # noqa: ARG002
        """Return None."""
        return None

    def whoami(self) -> Request:
        """Return the list of stores."""
        return Request("GET", "/api/v1/accounts")

    def create(self, payload: Payload, *, idempotency_key: str) -> Request:  # noqa: ARG002 - Leal documents none
        """Return `POST customers` with the payload's attributes under `customer`."""
        spoken = json.loads(payload.body)
        body: dict[str, Any] = {"customer": self._attributes(spoken)}
        if self.own_reference:
            own = {"source": OWN_SOURCE, "external_id": self._own_id(spoken)}
            body["customer"].setdefault(REFERENCES, []).append(own)
        if spoken.get("card_id") is not None:
            body["card_id"] = spoken["card_id"]
        body["send_card_links"] = bool(self.card_links_confirmed and spoken.get("send_card_links"))
        return Request("POST", self._customers(), _compact(body))

    def update(
        self,
        payload: Payload,
        current: Customer,
        *,
        idempotency_key: str,  # noqa: ARG002 - a PATCH may be sent twice
    ) -> Request | None:
        """Return a PATCH of what differs; None if nothing does.

        Metadata is merged by Leal name by name, so a name that differs is sent whole.
        """
        wanted = self._attributes(json.loads(payload.body))
        references = wanted.pop(REFERENCES, [])
        changes = differing(wanted, current.fields)
        if isinstance(changes.get("metadata"), Mapping):
            changes["metadata"] = {k: wanted["metadata"][k] for k in changes["metadata"]}
        held = answers.references(current.fields)
        if missing := [r for r in references if held.get(r["source"]) != r["external_id"]]:
            changes[REFERENCES] = missing
        if not changes:
            return None
        path = f"{self._customers()}/{quote(current.remote_id, safe='')}"
        return Request("PATCH", path, _compact({"customer": changes}))

    def effects(self, payload: Payload, remote_id: str) -> Sequence[Effect]:
        """Return the stamps: up to the balance that the row says, or on top of what is there.

        Both begin with a read, because a stamp needs the id of the customer's card. Only the first
        may begin again after an answer that proves nothing: it finds what is missing by itself.
        """
        spoken = json.loads(payload.body)
        customer = f"{self._customers()}/{quote(remote_id, safe='')}"
        card = usable_id(spoken.get("card_id"))
        found: list[Effect] = []
        wanted, added = spoken.get("stamps"), payload.extra.get("stamps_add")
        if isinstance(wanted, int):
            found.append(
                Effect(
                    "stamps",
                    Request("GET", customer),
                    then=lambda response: _stamp_up_to(customer, card, wanted, response),
                )
            )
        if isinstance(added, int) and added:
            found.append(
                Effect(
                    "stamps_add",
                    Request("GET", customer),
                    then=lambda response: _stamp(customer, _card(response, card), added),
                )
            )
        return found

    def meaning(self, request: Request, response: Response) -> Meaning:
        """Say what an answer means."""
        return answers.meaning(request, response)

    def find(self, key: str, value: str) -> Request:
        """Return the read by id, the exact look-up by reference, or the search over everything."""
        if key == "id":
            return self.get(value)
        if key.startswith(f"{REFERENCES}."):
            return self._by_reference(key.removeprefix(f"{REFERENCES}."), value)
        query = urlencode({"search": value, "items": PAGE_SIZE})
        return Request("GET", f"{self._customers()}?{query}")

    def find_own(self, payload: Payload) -> Request | None:
        """Return the exact look-up by the reference that `create` writes."""
        if not self.own_reference:
            return None
        return self._by_reference(OWN_SOURCE, self._own_id(json.loads(payload.body)))

    def get(self, remote_id: str) -> Request:
        """Return the read of one customer with cards."""
        return Request("GET", f"{self._customers()}/{quote(remote_id, safe='')}")

    def customers(self, response: Response) -> Sequence[Customer]:
        """Return the customers of a list or of a single read."""
        return answers.customers(response)

    def keys_of(self, customer: Customer) -> Mapping[str, str]:
        """Return id, e-mail, phone and every external reference."""
        found = {
            "id": customer.remote_id,
            "email": email_key(customer.fields.get("email")),
            "phone": phone_key(customer.fields.get("phone")),
        }
        for source, external_id in answers.references(customer.fields).items():
            found[f"{REFERENCES}.{source}"] = external_id
        return {name: key for name, key in found.items() if key}

    def page(self, cursor: str | None) -> Request:
        """Return one page; a cursor is its number."""
        query = urlencode({"page": cursor or "1", "items": PAGE_SIZE})
        return Request("GET", f"{self._customers()}?{query}")

    def page_of(self, cursor: str | None, response: Response) -> Page:
        """Return a page's customers; the answer says how many pages there are."""
        found, number = answers.customers(response), int(cursor or "1")
        total, pages = answers.pagination(response)
        more = bool(found) and (pages is None or number < pages)
        return Page(found, str(number + 1) if more else None, total)

    def programs(self) -> Request | None:
        """Return the list of stores."""
        return Request("GET", "/api/v1/accounts")

    def programs_of(self, response: Response) -> Mapping[str, str]:
        """Return the stores' names by id."""
        body = response.json()
        stores = (
            [item for item in body if isinstance(item, Mapping)] if isinstance(body, list) else []
        )
        return {
            found: str(store.get("store_name") or store.get("name") or "")
            for store in stores
            if (found := usable_id(store.get("id")))
        }

    def observe(self, response: Response, *, now_epoch_s: float) -> Allowance | None:
        """Return what `RateLimit-*` says, on every answer."""
        headers = response.headers
        limit, remaining = (whole(headers.get(f"ratelimit-{n}")) for n in ("limit", "remaining"))
        if limit is None and remaining is None:
            return None
        reset_s = seconds_of(headers.get("ratelimit-reset"), now_epoch_s=now_epoch_s)
        return Allowance(limit, remaining, reset_s)

    def limits(self) -> Request | None:
        """Return the read of the status, which needs no token; None where no limit holds."""
        return Request("GET", "/api/v1/status") if self.limit else None

    def limits_of(self, response: Response) -> tuple[Limit, ...]:
        """Return the limit that the status tells; the cautious one if it tells none."""
        body = response.json()
        told = body.get("rate_limit") if isinstance(body, Mapping) else None
        if isinstance(told, Mapping):
            calls, window_s = told.get("limit"), told.get("window_seconds")
            if (
                isinstance(calls, int)
                and isinstance(window_s, int | float)
                and calls > 0 < window_s
            ):
                return (Limit(calls, float(window_s), str(told.get("scope") or "status")),)
        return (UNTIL_TOLD,)

    def told(self, response: Response) -> Connector:
        """Return this connector at the pace that the status allows."""
        return replace(self, limit=self.limits_of(response)[0])

    def fitted(self, fields: Sequence[Field], *, agreed: frozenset[str]) -> Connector:
        """Return this connector for a mapping: uniqueness is enough where no card is in play."""
        names = {mapped.name for mapped in fields}
        return replace(
            self,
            bare=not names & {"card_id", "send_card_links"},
            card_links_confirmed=self.card_links_confirmed or "card_links" in agreed,
        )

    def side_effects(self, counts: PayloadCounts) -> tuple[SideEffect, ...]:
        """Return card links, welcome stamps and stamps that will be given."""
        found: list[SideEffect] = []
        if links := counts.by_field.get("send_card_links", 0):
            text = f"card links go out by e-mail or SMS to {links:,} customers"
            if not self.card_links_confirmed:
                text = f"card links would go out to {links:,} customers; they are off"
            found.append(SideEffect("card_links", links, text, wanted=self.card_links_confirmed))
        if cards := counts.by_field.get("card_id", 0):
            text = f"{cards:,} new customers are put on a card and get its welcome stamps"
            found.append(SideEffect("cards", cards, text))
        if stamps := counts.by_field.get("stamps", 0) + counts.by_field.get("stamps_add", 0):
            text = f"{stamps:,} customers are stamped (without notification); rewards may unlock"
            found.append(SideEffect("stamps", stamps, text))
        return tuple(found)

    def _customers(self) -> str:
        if not self.program:
            raise BulkloadError(
                "no Leal store is named",
                fix="add --program ID or `program:` to the profile; `bulkload doctor` lists the stores",
            )
        return f"/api/v1/accounts/{quote(self.program, safe='')}/customers"

    def _attributes(self, spoken: Mapping[str, Any]) -> dict[str, Any]:
        attributes = {k: v for k, v in spoken.items() if k not in BESIDES and k != REFERENCES}
        references = spoken.get(REFERENCES) or {}
        if isinstance(references, list):
            # An export has them as the system's own list.
            references = answers.references({REFERENCES: references})
        listed = [
            {"source": source, "external_id": str(external_id)}
            for source, external_id in references.items()
            if external_id not in (None, "") and source != OWN_SOURCE
        ]
        return {**attributes, REFERENCES: listed} if listed else attributes

    def _own_id(self, spoken: Mapping[str, Any]) -> str:
        """Return an id that the same customer gets from every run, on every machine."""
        contacts = "\0".join(
            (self.program, email_key(spoken.get("email")), phone_key(spoken.get("phone")))
        )
        return hashlib.blake2b(
            contacts.encode(), digest_size=16, person=b"bulkload-own"
        ).hexdigest()

    def _by_reference(self, source: str, external_id: str) -> Request:
        query = urlencode({"source": source, "external_id": external_id})
        return Request("GET", f"{self._customers()}?{query}")


def _card(response: Response, card: str) -> Mapping[str, Any]:
    cards = answers.cards(response.json())
    fitting = [c for c in cards if not card or usable_id(c.get("card_id")) == card]
    if len(fitting) == 1 and usable_id(fitting[0].get("id")):
        return fitting[0]
    on = f"on card {card}" if card else "on a card"
    raise EffectRefusedError(
        f"the customer is not {on}, so no stamps can be given"
        if not fitting
        else "the customer is on several cards, and the row does not say which one to stamp",
        fix="Leal puts customers on a card only when they are created; `card_id` names it",
    )


def _stamp_up_to(customer: str, card: str, wanted: int, response: Response) -> Request | None:
    held = _card(response, card)
    count = held.get("stamps_count")
    if isinstance(count, bool) or not isinstance(count, int):
        raise EffectRefusedError("Leal does not show how many stamps the customer has")
    if wanted < count:
        raise EffectRefusedError(
            f"the customer has {count} stamps, the row says {wanted}; Leal cannot take stamps away",
            fix="welcome stamps count as well: see the card's initial stamps",
        )
    return _stamp(customer, held, wanted - count) if wanted > count else None


def _stamp(customer: str, card: Mapping[str, Any], stamps: int) -> Request:
    path = f"{customer}/customer_cards/{quote(usable_id(card.get('id')), safe='')}/stamp"
    return Request("POST", path, _compact({"stamps": stamps, "skip_notifications": True}))


def _compact(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
