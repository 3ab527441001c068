"""Voucherify's asynchronous actions: queued in order, done some time later, with a result each.

    POST -> queue -> (time passes) -> settle(): rows applied, result kept -> GET

Nothing runs in the background: every call first settles what is due by its own time, which looks
the same from outside and needs no clock of its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.voucherify import metadata as schemas
from bulkload.sandbox.voucherify import people, queries
from bulkload.sandbox.voucherify.refusals import (
    RefusedError,
    body_of,
    invalid,
    not_found,
    object_of,
    request_id,
)

ACTIONS = "voucherify/action"
_QUEUE = "voucherify/queue"
REPORTS = "voucherify/report"
_REPORT_LIFE = timedelta(days=3)
Row = Callable[[World, Mapping[str, Any], float], dict[str, Any]]


def update_in_bulk(world: World, call: Call) -> Answer:
    """POST /v1/customers/bulk/async: an array of customers with source_id each; upserts."""
    rows = body_of(call)
    if not isinstance(rows, list):
        raise invalid("Payload should be array")
    if not rows:
        raise invalid("The payload cannot be empty")
    most = world.options.voucherify.bulk_rows_max
    if most and len(rows) > most:
        raise invalid(f"Payload should NOT have more than {most} items")
    for row in rows:
        if not isinstance(row, dict):
            raise invalid("Payload items should be object")
        if not row.get("source_id"):
            raise invalid("Payload should have required property 'source_id'")
        people.check_types(row)
        if world.options.voucherify.bulk_metadata_failure == "request":
            schemas.check(world.store, row.get("metadata") or {})
    return queue(world, call, "CUSTOMERS.BULK_UPDATE", [{**row, "id": None} for row in rows])


def update_metadata_in_bulk(world: World, call: Call) -> Answer:
    """POST /v1/customers/metadata/async: the same metadata for several source_ids; upserts."""
    body = object_of(call)
    for name in ("source_ids", "metadata"):
        if name not in body:
            raise invalid(f"Payload should have required property '{name}'")
    source_ids, metadata = body["source_ids"], body["metadata"]
    if not isinstance(source_ids, list) or any(not isinstance(s, str) for s in source_ids):
        raise invalid("Property .source_ids should be array of string")
    if not isinstance(metadata, dict):
        raise invalid("Property .metadata should be object")
    if not source_ids:
        raise RefusedError(400, "not_enough_source_ids", "Specify at least 1 source_id")
    rows = [{"source_id": source_id, "metadata": metadata} for source_id in source_ids]
    return queue(world, call, "CUSTOMERS.METADATA_UPDATE", rows)


def queue(world: World, call: Call, kind: str, rows: Sequence[Mapping[str, Any]]) -> Answer:
    """Put an action behind those that wait; answer 202 with its id."""
    waiting = world.store.documents(_QUEUE)
    begins = max([call.now, *(other["ready_at"] for other in waiting)])
    action = {
        "id": f"aa_{world.hex_id(18)}",
        "type": kind,
        "created_at": people.iso(call.now),
        "request_id": request_id(world),
        "begins_at": begins,
        "ready_at": begins + world.options.voucherify.async_s,
        "base_url": call.base_url,
        "object": "async_action",
    }
    world.store.put(_QUEUE, action["id"], {**action, "rows": list(rows)}, call.now)
    world.store.put(ACTIONS, action["id"], action, call.now)
    return json_answer(202, {"async_action_id": action["id"]})


def settle(world: World, now: float) -> None:
    """Apply the queued actions that are due, in their order."""
    for action in world.store.documents(_QUEUE):
        if action["ready_at"] > now:
            return
        world.store.drop(_QUEUE, action["id"])
        rows = action.pop("rows")
        is_csv = action["type"] == "CUSTOMERS.IMPORT_CSV"
        result = _import(world, action, rows) if is_csv else _update(world, action, rows)
        took_ms = int((action["ready_at"] - action["begins_at"]) * 1000)
        done = {"status": "DONE", "progress": 100, "processing_time": took_ms}
        if not is_csv:
            done["operation_status"] = "FAILED" if rows and not result["done_count"] else "SUCCESS"
        action |= {**done, "updated_at": people.iso(action["ready_at"]), "result": result}
        world.store.put(ACTIONS, action["id"], action, now)


def get_action(world: World, call: Call, id_: str) -> Answer:
    """GET /v1/async-actions/{id}."""
    action = world.store.fetch(ACTIONS, id_)
    if action is None:
        raise not_found("async_action", id_)
    return json_answer(200, _shown(action, call.now))


def list_actions(world: World, call: Call) -> Answer:
    """GET /v1/async-actions: newest first, without results."""
    limit = queries.number(call, "limit", 10, 100)
    end = queries.when(call, "end_date")
    actions = [
        {name: value for name, value in _shown(action, call.now).items() if name != "result"}
        for action in reversed(world.store.documents(ACTIONS))
        if end is None or action["created_at"] < people.iso(end)
    ]
    body = {
        "object": "list",
        "data_ref": "async_actions",
        "async_actions": actions[:limit],
        "has_more": len(actions) > limit,
    }
    return json_answer(200, body)


def get_report(world: World, call: Call, id_: str) -> Answer:
    """GET the report file of a bulk update; the token in its address opens it."""
    report = world.store.fetch(REPORTS, id_)
    if report is None or call.query.get("token") != report["token"]:
        raise RefusedError(401, "unauthorized")
    return Answer(200, report["text"].encode(), {}, "text/csv")


def _shown(action: dict[str, Any], now: float) -> dict[str, Any]:
    shown = dict(action)
    begins, ready = shown.pop("begins_at"), shown.pop("ready_at")
    shown.pop("base_url")
    if "status" not in shown:
        share = (now - begins) / (ready - begins) if ready > begins else 0
        shown |= {
            "status": "ENQUEUED" if now < begins else "IN_PROGRESS",
            "operation_status": "UNKNOWN",
            "updated_at": shown["created_at"],
            "progress": max(0, min(99, int(100 * share))),
            "processing_time": max(0, int((now - begins) * 1000)),
        }
    return shown


def _update(
    world: World, action: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    errors, report = [], io.StringIO()
    writer = csv.writer(report, lineterminator="\n")
    writer.writerow(["source_id", "found", "updated"])
    for row in rows:
        found = people.named(world, row) is not None
        updated = True
        try:
            people.upsert(world, row, action["ready_at"])
        except RefusedError as refused:
            updated = False
            error = {
                "message": "Customer could not be updated",
                "details": refused.details,
                "key": refused.key,
            }
            with_id = action["type"] == "CUSTOMERS.BULK_UPDATE"
            errors.append(error | ({"source_id": row["source_id"]} if with_id else {}))
        writer.writerow([row["source_id"], str(found).lower(), str(updated).lower()])
    token = world.word_id("", 32)
    body = {"token": token, "text": report.getvalue()}
    world.store.put(REPORTS, action["id"], body, action["ready_at"])
    address = f"{action['base_url']}/v1/async-actions/{action['id']}/report?token={token}"
    return {
        "done_count": len(rows) - len(errors),
        "failed_count": len(errors),
        "reports": [address],
        "reports_available_till": people.iso(action["ready_at"] + _REPORT_LIFE.total_seconds()),
        "errors": errors,
    }


def _import(
    world: World, action: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    failed = []
    for number, row in enumerate(rows, start=1):
        reason = row.get("reason", "")
        if not reason:
            try:
                people.overwrite(world, row["customer"], action["ready_at"])
            except RefusedError as refused:
                reason = refused.details
        if reason:
            failed.append({"source_id": row["source_id"], "row": number, "reason": reason})
    done = len(rows) - len(failed)
    return {
        "message": f"{done} customer(s) imported successfully, {len(failed)} failed.",
        "failed": failed,
        "done_count": done,
        "failed_count": len(failed),
    }
