"""Reading a resolved XDM schema (JSON Schema with ``meta:`` notes): kinds of fields, and the field at a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..prep.paths import EACH, Path

Schema = Mapping[str, Any]

SCALARS: Final = ("string", "integer", "number", "boolean")


def merged(schema: Schema) -> Schema:
    """The schema with its ``allOf`` parts folded in; a resolved schema mostly has none."""
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return schema
    whole: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in parts:
        if isinstance(part, Mapping):
            _fold(whole, merged(part))
    return whole


def _fold(whole: dict[str, Any], part: Schema) -> None:
    for key, value in part.items():
        if key == "properties":
            whole["properties"] = _together(whole.get("properties", {}), value)
        elif key == "required":
            whole["required"] = [*dict.fromkeys([*whole.get("required", []), *value])]
        else:
            whole.setdefault(key, value)


def _together(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: {"allOf": [first[name], second[name]]} for name in first.keys() & second.keys()}
    return {**first, **second, **both}


def kind(schema: Schema) -> str:
    """string, date-time, date, integer, number, boolean, array, object (named fields), map (any keys) or any."""
    name = schema.get("type")
    if isinstance(name, list):
        name = next((one for one in name if one != "null"), None)
    if name == "string":
        form = schema.get("format")
        return form if form in ("date-time", "date") else "string"
    if name in SCALARS or name == "array":
        return str(name)
    if "properties" in schema:
        return "object"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return "map"
    return "any"


def at(schema: Schema, path: Path) -> Schema | None:
    """The schema of the field at a path, or None when the schema has no such field."""
    node: Schema | None = merged(schema)
    for step in path.steps:
        node = _item(node) if step is EACH or isinstance(step, int) else _field(node, str(step))
        if node is None:
            return None
        node = merged(node)
    return node


def _field(schema: Schema, name: str) -> Schema | None:
    shape = kind(schema)
    if shape == "object":
        found = schema["properties"].get(name)
        more = schema.get("additionalProperties")
        return found if found is not None else more if isinstance(more, Mapping) else None
    return schema["additionalProperties"] if shape == "map" else schema if shape == "any" else None


def _item(schema: Schema) -> Schema | None:
    shape = kind(schema)
    if shape == "array":
        return schema.get("items") or {}
    return schema if shape == "any" else None
