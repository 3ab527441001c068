"""Reference, cookbook and schema say what the program does."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bulkload.mapping import shipped_mappings
from bulkload.mapping.reference import reference
from bulkload.mapping.schema import FILE_NAME, mapping_schema, schema_text
from bulkload.mapping.strict_yaml import read_yaml
from tests.mapping.cookbook import cases, records_of

MAPPINGS = Path(__file__).parent.parent.parent / "mappings"
COOKBOOK = cases()


def test_the_reference_is_what_the_models_say() -> None:
    """`mappings/REFERENCE.md` is the output of `python -m bulkload.mapping.reference`."""
    assert (MAPPINGS / "REFERENCE.md").read_text(encoding="utf-8") == reference()


def test_the_schema_is_what_the_models_say() -> None:
    """The shipped JSON Schema is the output of `bulkload mapping schema`, and a valid schema."""
    assert (MAPPINGS / FILE_NAME).read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(mapping_schema())


def test_the_cookbook_has_twenty_cases() -> None:
    """Twenty real cases at least."""
    assert len(COOKBOOK) >= 20


@pytest.mark.parametrize("title", COOKBOOK)
def test_a_case_of_the_cookbook_runs(title: str) -> None:
    """The rows of the case give exactly the records that stand below them."""
    mappings, rows, records = COOKBOOK[title]
    assert records_of(mappings, rows) == records


VALIDATOR = jsonschema.Draft202012Validator(mapping_schema())


@pytest.mark.parametrize("name", shipped_mappings())
def test_editors_accept_shipped_mappings(name: str) -> None:
    """The schema finds nothing wrong with a mapping that is right."""
    data = read_yaml(shipped_mappings()[name].read_bytes(), file=name).data
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []


@pytest.mark.parametrize("title", COOKBOOK)
def test_editors_accept_the_cookbook(title: str) -> None:
    """Short forms of the cookbook are in the schema as well."""
    for text in COOKBOOK[title][0]:
        data = read_yaml(text, file=title).data
        data = {key: value for key, value in data.items() if key != "extends"}
        data["fields"] = {k: v for k, v in data["fields"].items() if v is not None}
        assert [error.message for error in VALIDATOR.iter_errors(data)] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("fields: {email: {colum: A}}", id="unknown-key"),
        pytest.param("fields: {email: {column: A, case: Lower}}", id="wrong-word"),
        pytest.param("fields: {}", id="no-fields"),
        pytest.param("fields: {email: {column: A, required: maybe}}", id="wrong-type"),
        pytest.param("fields: {phone: {column: A, region: Germany}}", id="wrong-region"),
        pytest.param("felder: {email: A}", id="other-language"),
    ],
)
def test_editors_see_mistakes(text: str) -> None:
    """What the program refuses, the schema marks while it is typed."""
    assert not VALIDATOR.is_valid(read_yaml(text, file="m.yaml").data)


def test_the_schema_explains_every_key() -> None:
    """Hovering over a key shows what it means."""
    schema = mapping_schema()
    definitions = [schema, *schema["$defs"].values()]
    for node in definitions:
        long = next((part for part in node.get("anyOf", []) if "properties" in part), node)
        for name, key in long.get("properties", {}).items():
            assert key.get("description"), f"{name} has no description: {json.dumps(key)[:80]}"
