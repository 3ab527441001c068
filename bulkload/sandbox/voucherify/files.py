"""Voucherify's CSV import: a multipart upload becomes rows that overwrite whole customers."""

from __future__ import annotations

import csv
import io
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from bulkload.sandbox.calls import Answer, Call, World
from bulkload.sandbox.voucherify import metadata as schemas
from bulkload.sandbox.voucherify.actions import queue
from bulkload.sandbox.voucherify.refusals import invalid

_COLUMNS = {name: name for name in ("id", "name", "email", "phone", "birthdate", "birthday",
                                    "source_id", "description")}  # fmt: skip
_ADDRESS = {
    # The reference's headers and the official template's headers differ; both are taken.
    "address_line_1": "line_1",
    "address_line_2": "line_2",
    "address_city": "city",
    "address_state": "state",
    "address_postal_code": "postal_code",
    "address_country": "country",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country": "country",
}
_FEWEST_DIGITS = 5


def import_csv(world: World, call: Call) -> Answer:
    """POST /v1/customers/importCSV: multipart part `file`, comma-separated, with a header row."""
    content = _part(call, "file")
    if content is None:
        raise invalid("Payload should have required property 'file'")
    try:
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError:
        raise invalid("The file is not UTF-8") from None
    except csv.Error as error:
        raise invalid(f"The file is not CSV: {error}") from None
    if not table or not any(table[0]):
        raise invalid("The file has no header row")
    headers = table[0]
    if any(" " in header.strip() for header in headers):
        raise invalid("Headers should not contain spaces")
    properties, _ = schemas.declared(world.store)
    rows = [_row(headers, cells, properties) for cells in table[1:] if cells]
    return queue(world, call, "CUSTOMERS.IMPORT_CSV", rows)


def _row(headers: list[str], cells: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    customer: dict[str, Any] = {"address": {}, "metadata": {}}
    reason = "" if len(cells) <= len(headers) else "Row has more cells than headers"
    for header, cell in zip(headers, cells, strict=False):
        folded = header.strip().lower()
        if folded in _COLUMNS:
            customer[_COLUMNS[folded]] = cell
        elif folded in _ADDRESS:
            customer["address"][_ADDRESS[folded]] = cell
        else:
            try:
                customer["metadata"][header] = schemas.from_cell(properties.get(header), cell)
            except (ValueError, KeyError, OverflowError):
                reason = reason or f"{header}: must be a {properties[header]['type']}"
    phone = customer.get("phone", "")
    if phone and sum(c.isdigit() for c in phone) < _FEWEST_DIGITS:
        reason = reason or "Invalid phone format"
    customer["address"] = {name: cell for name, cell in customer["address"].items() if cell}
    customer = {name: value for name, value in customer.items() if value}
    if "id" in customer:
        customer.pop("source_id", None)
    return {"source_id": customer.get("source_id", ""), "customer": customer, "reason": reason}


def _part(call: Call, name: str) -> bytes | None:
    content_type = call.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + call.body)
    if not message.is_multipart():
        return None
    for part in message.iter_parts():
        if part.get_param("name", header="content-disposition") == name:
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else None
    return None
