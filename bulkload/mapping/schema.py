"""The mapping language as JSON Schema, for completion and hover in editors.

# yaml-language-server: $schema=mapping.schema.json      first line of a mapping
"""

from __future__ import annotations

import json
from typing import Any

from bulkload.mapping.document import Mapping

FILE_NAME = "mapping.schema.json"
_WORD: dict[str, Any] = {"type": ["string", "number"]}
_WORDS: dict[str, Any] = {"type": "array", "items": _WORD, "minItems": 1}
_SHORT_FORMS: dict[str, list[dict[str, Any]]] = {
    "Column": [_WORD, _WORDS],
    "Value": [_WORD, _WORDS],
    "FieldRules": [_WORD, _WORDS],
    "PhoneRegion": [{"type": "string", "pattern": "^[A-Z]{2}$"}],
    "Numbers": [{"$ref": "#/$defs/LocaleName"}],
    "Dates": [{"enum": ["DMY", "MDY", "YMD"]}],
    "Otherwise": [{"enum": ["reject", "keep", "blank"]}],
    "ActionRules": [_WORD, _WORDS],
}
_ONE_OR_MANY = {
    ("Condition", "is"),
    ("Condition", "is_not"),
    ("Value", "replace"),
    ("FieldRules", "replace"),
    ("", "extends"),
}


def mapping_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mapping, draft 2020-12."""
    schema = Mapping.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    locales = next(
        part["enum"] for part in schema["properties"]["locale"]["anyOf"] if "enum" in part
    )
    definitions["LocaleName"] = {"enum": locales, "description": "A locale, such as `de`."}
    for owner, name in _ONE_OR_MANY:
        properties = (definitions[owner] if owner else schema)["properties"]
        _accept_one(properties[name])
    _accept_bare_skip_rules(definitions)
    for name, forms in _SHORT_FORMS.items():
        long = definitions[name]
        described = {key: long[key] for key in ("description",) if key in long}
        definitions[name] = {**described, "anyOf": [*forms, long]}
    for node in (schema, *definitions.values()):
        _without_titles(node)
    schema["title"] = "bulkload mapping"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """Return the schema as the file that is shipped."""
    return json.dumps(mapping_schema(), ensure_ascii=False, indent=1) + "\n"


def _accept_one(node: dict[str, Any]) -> None:
    """Let a list be written as its only item."""
    listed = node
    if "anyOf" in node:
        listed = next(part for part in node["anyOf"] if part.get("type") == "array")
    alone = listed["items"]
    if "anyOf" in node:
        node["anyOf"].insert(0, alone)
    else:
        rest = {key: node.pop(key) for key in ("type", "items", "minItems") if key in node}
        node["anyOf"] = [alone, rest]


def _accept_bare_skip_rules(definitions: dict[str, Any]) -> None:
    """Let the condition of `skip_if` stand beside its reason, without `when:`."""
    rule = definitions["SkipRule"]
    condition = definitions["Condition"]
    bare = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**condition["properties"], "reason": rule["properties"]["reason"]},
    }
    definitions["SkipRule"] = {"description": rule.get("description", ""), "anyOf": [rule, bare]}


def _without_titles(node: Any) -> None:
    """Remove Pydantic's titles: they only repeat the names of keys and models."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for value in node.values():
            _without_titles(value)
    elif isinstance(node, list):
        for value in node:
            _without_titles(value)
