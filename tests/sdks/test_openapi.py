"""Answers against the vendors' OpenAPI documents, for whoever has them.

    BULKLOAD_OPENAPI=folder python -m pytest tests/sdks/test_openapi.py

The folder holds `voucherify.json` and, if the PyYAML package is there to read it, `leal.yaml`.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulkload.sandbox import SandboxOptions, VoucherifySwitches
from bulkload.sandbox.calls import World
from bulkload.sandbox.door import SYSTEMS
from bulkload.sandbox.store import Store
from tests.sandbox.conftest import START, Desk

FOLDER = os.environ.get("BULKLOAD_OPENAPI", "")
needs_documents = pytest.mark.skipif(
    not FOLDER, reason="BULKLOAD_OPENAPI names no folder with the vendors' OpenAPI documents"
)
KEYS = {"x-app-id": "sandbox-app-id", "x-app-token": "sandbox-app-token"}
ANN: dict[str, Any] = {"source_id": "ann", "name": "Ann", "email": "a@x.org", "birthdate": "1990-05-01",
                       "address": {"city": "Rome"}, "metadata": {"lang": "it"}}  # fmt: skip
VOUCHERIFY: list[tuple[str, str, Any]] = [
    ("POST", "/v1/customers", ANN),
    ("POST", "/v1/customers", {"name": 5}),
    ("GET", "/v1/customers", None),
    ("GET", "/v1/customers/ann", None),
    ("PUT", "/v1/customers/ann", {"name": "New"}),
    ("GET", "/v1/customers/nobody", None),
    ("PUT", "/v1/customers/nobody", {}),
    ("POST", "/v1/customers/bulk/async", [ANN | {"source_id": "b"}]),
    ("POST", "/v1/customers/metadata/async", {"source_ids": ["ann"], "metadata": {"a": 1}}),
    ("GET", "/v1/async-actions", None),
    ("GET", "/v1/async-actions?end_date=soon", None),
    ("GET", "/v1/async-actions/aa_1", None),
    ("POST", "/v1/exports", {"exported_object": "customer"}),
    ("POST", "/v1/exports", {"exported_object": "cat"}),
    ("GET", "/v1/exports", None),
    ("GET", "/v1/exports/exp_1", None),
    ("DELETE", "/v1/exports/exp_1", None),
    ("POST", "/v1/oauth/token", b"grant_type=client_credentials&scope=api"),
    ("POST", "/v1/oauth/token", b"grant_type=magic"),
    ("POST", "/v1/customers/ann/permanent-deletion", None),
    ("DELETE", "/v1/customers/nobody", None),
    ("DELETE", "/v1/customers/b", None),
]
CONTRADICTORY = {("POST", "/v1/exports", 200)}
"""Here the schema wants a text as user_id where the same document's example has null."""
STORE = "/api/v1/accounts/12"
ADA: dict[str, Any] = {
    "first_name": "Ada", "last_name": "L", "email": "a@x.org", "phone": "+12025550143",
    "birthday": "1990-05-01",
    "external_references": [{"source": "square", "external_id": "1", "metadata": {}}],
}  # fmt: skip
LEAL: list[tuple[str, str, Any]] = [
    ("GET", "/api/v1/status", None),
    ("GET", "/api/v1/accounts", None),
    ("GET", STORE, None),
    ("GET", "/api/v1/accounts/99", None),
    ("POST", STORE + "/customers", {"customer": ADA, "card_id": 7}),
    ("POST", STORE + "/customers", {"customer": {"first_name": "B", "email": "a@x.org"}}),
    ("GET", STORE + "/customers", None),
    ("GET", STORE + "/customers/501", None),
    ("PATCH", STORE + "/customers/501", {"customer": {"first_name": "Augusta"}}),
    ("GET", STORE + "/customers/501/customer_cards", None),
    ("GET", STORE + "/customers/501/customer_cards/900", None),
    ("POST", STORE + "/customers/501/customer_cards/900/stamp", {"stamps": 10}),
    ("POST", STORE + "/customers/501/customer_cards/900/redeem", {"reward_id": 31}),
    ("GET", STORE + "/rewards", None),
]


def document(name: str) -> Any:
    """Return an OpenAPI document with its nullable schemas as JSON Schema says them."""
    path = Path(FOLDER) / name
    if not path.exists():
        pytest.skip(f"{name} is not in the folder")
    text = path.read_text("utf-8")
    if name.endswith(".json"):
        return _nullable(json.loads(text))
    try:
        yaml = importlib.import_module("yaml")
    except ModuleNotFoundError:
        ruamel = importlib.import_module("ruamel.yaml")
        return ruamel.YAML(typ="safe", pure=True).load(text)
    return yaml.safe_load(text)


def _nullable(part: Any) -> Any:
    if isinstance(part, list):
        return [_nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    # Official examples match several branches of a `oneOf`, so any branch will do.
    known = {"anyOf" if name == "oneOf" else name: _nullable(value) for name, value in part.items()}
    return {"anyOf": [known, {"type": "null"}]} if part.get("nullable") is True else known


def response_schema(openapi: Any, method: str, path: str, status: int) -> Any:
    """Return the schema of an answer; None where the document has none."""
    plain = path.partition("?")[0]
    for pattern, item in openapi["paths"].items():
        if not re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), plain):
            continue
        responses = item.get(method.lower(), {}).get("responses", {})
        found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        content = (found or {}).get("content", {}).get("application/json")
        if content:
            return content["schema"]
    return None


def check(desk: Desk, name: str, calls: list[tuple[str, str, Any]]) -> int:
    """Make the calls; return how many answers had a schema, all of which they fit."""
    openapi, checked = document(name), 0
    for method, path, body in calls:
        answer = desk.send(method, path, body)
        desk.now += 1
        schema = response_schema(openapi, method, path, answer.status)
        if schema is None or (method, path, answer.status) in CONTRADICTORY:
            continue
        rooted = {**schema, "components": openapi["components"]}
        jsonschema.Draft202012Validator(rooted).validate(json.loads(answer.body))
        checked += 1
    return checked


@needs_documents
@pytest.mark.parametrize(
    ("name", "headers", "calls", "least"),
    [
        pytest.param("voucherify.json", KEYS, VOUCHERIFY, 15, id="voucherify"),
        pytest.param(
            "leal.yaml", {"authorization": "Bearer sandbox-leal-token"}, LEAL, 12, id="leal"
        ),
    ],
)
def test_answers_fit_the_vendors_documents(
    name: str, headers: dict[str, str], calls: list[tuple[str, str, Any]], least: int
) -> None:
    """Successes and errors fit the schemas that the vendor's own document gives for them."""
    store = Store(None)
    for system in SYSTEMS:
        system.prepare(store, START)
    options = SandboxOptions(voucherify=VoucherifySwitches(async_s=0, export_s=60))
    desk = Desk(World(store, options, random.Random(1)), headers=headers)

    assert check(desk, name, calls) >= least
    store.close()
