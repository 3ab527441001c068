"""What LoyaltyDog tells about one person: the access request's export, and an empty history."""

from __future__ import annotations

import csv
import io
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, dumps, json_answer
from bulkload.sandbox.loyaltydog import consents
from bulkload.sandbox.loyaltydog.customers import customer_of, horizon_of
from bulkload.sandbox.loyaltydog.programs import program_of
from bulkload.sandbox.loyaltydog.shapes import ExportQuery, query_of


def export_customer(world: World, call: Call, program_id: str, customer_id: str) -> Answer:
    """GET /customers/{id}/export: one person's data as JSON or CSV."""
    asked = query_of(call, ExportQuery)
    program_of(world, program_id)
    customer = customer_of(world, program_id, customer_id, horizon_of(world, call))
    parts: dict[str, Any] = {
        "identity": {n: customer[n] for n in ("id", "firstName", "lastName", "email", "phone")},
        "loyalty": {n: customer[n] for n in ("points", "referrerId", "customFields")},
        "consents": consents.latest(world, customer_id),
        "activities": [],
    }
    if asked.format == "json":
        return json_answer(200, parts)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["section", "data"])
    writer.writerows([name, dumps(part).decode()] for name, part in parts.items())
    return Answer(200, out.getvalue().encode(), {}, "text/csv")


def no_history(world: World, call: Call, program_id: str, *customer_id: str) -> Answer:
    """GET activities, transactions and offers: nothing ever happens in the sandbox."""
    program_of(world, program_id)
    for id_ in customer_id:
        customer_of(world, program_id, id_, horizon_of(world, call))
    return json_answer(200, [])
