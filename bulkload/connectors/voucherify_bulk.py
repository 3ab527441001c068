"""Voucherify's two ways of sending many customers in one call.

    bulk/async   a JSON array by source_id, up to 10 MB; patches: what a row does not say stays
    importCSV    a file, up to 10 MB; overwrites: what a row does not say is gone

Both answer 202 with the id of an async action, and are worked off in the order of submission. DONE
does not mean that the rows succeeded: counts and errors tell, and what they do not account for is
UNKNOWN. Both repeat without harm, because the source_id is the key.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bulkload.connectors.answers import masked, text_of
from bulkload.connectors.base import UNTOLD, BulkBatch, BulkProgress, Meaning, Outcome, Problem
from bulkload.connectors.voucherify_answers import words
from bulkload.records import Action, Payload, Status
from bulkload.wire import Request, Response

MAX_BYTES = 10_000_000
MAX_ROWS = 2_500

CSV_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Source_id": ("source_id",),
    "Name": ("name",),
    "Email": ("email",),
    "Phone": ("phone",),
    "Birthdate": ("birthdate",),
    "Description": ("description",),
    "Address_line_1": ("address", "line_1"),
    "Address_line_2": ("address", "line_2"),
    "City": ("address", "city"),
    "Postal_Code": ("address", "postal_code"),
    "State": ("address", "state"),
    "Country": ("address", "country"),
}
"""Headers of the official template; the written documentation differs from it for the address."""


@dataclass(frozen=True)
class _Lane(ABC):
    """What both lanes share: cutting, polling and reading the result."""

    max_bytes: int = MAX_BYTES
    max_rows: int = MAX_ROWS
    danger: str = ""

    @abstractmethod
    def takes(self, payload: Payload) -> bool:
        """Whether this payload can go by the lane."""

    @abstractmethod
    def made_of(self, payloads: tuple[Payload, ...]) -> BulkBatch:
        """Return these payloads as one request."""

    def batches(self, payloads: Iterable[Payload]) -> Iterator[BulkBatch]:
        """Cut payloads into requests below `max_bytes` and `max_rows`, no source_id twice in one."""
        taken: list[Payload] = []
        keys: set[str] = set()
        size = 0
        for payload in payloads:
            key, grown = source_id_of(payload), size + len(payload.body) + 1
            if taken and (grown > self.max_bytes or len(taken) >= self.max_rows or key in keys):
                yield self.made_of(tuple(taken))
                taken, keys, grown = [], set(), len(payload.body) + 1
            taken.append(payload)
            keys.add(key)
            size = grown
        if taken:
            yield self.made_of(tuple(taken))

    def halves(self, batch: BulkBatch) -> tuple[BulkBatch, ...]:
        """Return the batch as two; itself if it has one row."""
        middle = len(batch.payloads) // 2
        if not middle:
            return (batch,)
        return self.made_of(batch.payloads[:middle]), self.made_of(batch.payloads[middle:])

    def poll(self, job: str) -> Request:
        """Return the read of the async action."""
        return Request("GET", f"/v1/async-actions/{quote(job, safe='')}")

    def progress(self, batch: BulkBatch, response: Response) -> BulkProgress:
        """Return what the action says, by row once it is done."""
        return _progress(batch, response)


@dataclass(frozen=True)
class AsyncLane(_Lane):
    """`POST /v1/customers/bulk/async`."""

    def takes(self, payload: Payload) -> bool:
        """Whether the row has a source_id and no id: the array knows source ids only."""
        body = json.loads(payload.body)
        return bool(body.get("source_id")) and "id" not in body

    def made_of(self, payloads: tuple[Payload, ...]) -> BulkBatch:
        """Return these payloads as one array."""
        body = b"[" + b",".join(payload.body for payload in payloads) + b"]"
        return BulkBatch(payloads, Request("POST", "/v1/customers/bulk/async", body))


@dataclass(frozen=True)
class CsvLane(_Lane):
    """`POST /v1/customers/importCSV`, on request only."""

    max_bytes: int = MAX_BYTES // 2
    """Of the payloads' JSON; a cell may take up to twice its room in the file."""
    danger: str = (
        "importCSV overwrites customers that exist: what a row does not say, metadata included,"
        " is erased"
    )

    def takes(self, payload: Payload) -> bool:
        """Whether the row has a source_id, no id and nothing nested deeper than a CSV can say."""
        body = json.loads(payload.body)
        metadata = body.get("metadata") or {}
        flat = all(not isinstance(value, Mapping) for value in metadata.values())
        return bool(body.get("source_id")) and not {"id", "birthday"} & body.keys() and flat

    def made_of(self, payloads: tuple[Payload, ...]) -> BulkBatch:
        """Return these payloads as one multipart upload."""
        text = _csv_of([json.loads(payload.body) for payload in payloads]).encode()
        boundary = hashlib.blake2b(text, digest_size=16).hexdigest()
        head = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="customers.csv"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        )
        body = head.encode() + text + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        request = Request("POST", "/v1/customers/importCSV", body, content_type=kind)
        return BulkBatch(payloads, request)


def source_id_of(payload: Payload) -> str:
    """Return the key by which both lanes answer."""
    return text_of(json.loads(payload.body).get("source_id"))


def _progress(batch: BulkBatch, response: Response) -> BulkProgress:
    body = response.json()
    if response.status == 404:  # noqa: PLR2004
        return _given_up(batch, "the system does not know the batch any more")
    if response.status != 200 or not isinstance(body, Mapping):  # noqa: PLR2004
        return BulkProgress(finished=False)
    told = body.get("progress")
    progress = told / 100 if isinstance(told, int | float) else 0.0
    result = body.get("result")
    result = result if isinstance(result, Mapping) else {}
    if body.get("status") == "FAILED":
        return _given_up(batch, masked(str(result.get("message") or "the async action failed")))
    if body.get("status") != "DONE":
        return BulkProgress(finished=False, progress=progress)
    return BulkProgress(finished=True, outcomes=_outcomes(batch, result), progress=1.0)


def _given_up(batch: BulkBatch, message: str) -> BulkProgress:
    unknown = {p.row_number: Meaning(Outcome.UNKNOWN, message=message) for p in batch.payloads}
    return BulkProgress(finished=True, failed=True, message=message, outcomes=unknown)


def _outcomes(batch: BulkBatch, result: Mapping[str, Any]) -> dict[int, Meaning]:
    complaints = _by_source_id(result.get("errors")) | _by_source_id(result.get("failed"))
    found_before = _by_source_id(result.get("results"))
    done, failed = result.get("done_count"), result.get("failed_count")
    refused = sum(source_id_of(p) in complaints for p in batch.payloads)
    adds_up = done == len(batch.payloads) - refused and failed in (refused, None)
    outcomes: dict[int, Meaning] = {}
    for payload in batch.payloads:
        key = source_id_of(payload)
        if complaint := complaints.get(key):
            outcomes[payload.row_number] = _refusal(complaint)
        elif adds_up or found_before.get(key, {}).get("updated") is True:
            outcomes[payload.row_number] = _applied(payload, key, found_before.get(key))
        else:
            message = "the bulk report does not account for this row"
            outcomes[payload.row_number] = Meaning(Outcome.UNKNOWN, message=message)
    return outcomes


def _applied(payload: Payload, key: str, report: Mapping[str, Any] | None) -> Meaning:
    """Say what became of a row; whether its customer is new, not every report tells."""
    if report is not None:
        status = Status.UPDATED if report.get("found") is True else Status.CREATED
        return Meaning(Outcome.APPLIED, status, key)
    if payload.action is Action.CREATE:
        return Meaning(Outcome.APPLIED, Status.CREATED, key)
    return Meaning(Outcome.APPLIED, Status.UPDATED, key, message=UNTOLD)


def _refusal(complaint: Mapping[str, Any]) -> Meaning:
    reason = complaint.get("reason")
    if isinstance(reason, str):
        return Meaning(
            Outcome.REFUSED, message=masked(reason), problems=(Problem("", masked(reason)),)
        )
    message, problems = words(complaint)
    return Meaning(Outcome.REFUSED, message=message, problems=problems)


def _by_source_id(entries: Any) -> dict[str, Mapping[str, Any]]:
    return {
        text_of(entry.get("source_id")): entry
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and text_of(entry.get("source_id"))
    }


def _csv_of(bodies: list[dict[str, Any]]) -> str:
    metadata = list(dict.fromkeys(name for body in bodies for name in body.get("metadata") or {}))
    used = [
        header
        for header, path in CSV_COLUMNS.items()
        if any(_at(body, path) is not None for body in bodies)
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*used, *metadata])
    for body in bodies:
        row = [_cell(_at(body, CSV_COLUMNS[header])) for header in used]
        row += [_cell((body.get("metadata") or {}).get(name)) for name in metadata]
        writer.writerow(row)
    return out.getvalue()


def _at(body: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = body
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_cell(item) for item in value)
    return str(value)
