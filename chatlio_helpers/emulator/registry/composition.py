"""Composing a schema: references and ``allOf`` resolved into one tree of properties (what ``xed-full`` gives)."""

from __future__ import annotations

import copy
from typing import Any

from ..state import kept
from ..state.store import Scope
from . import registry

DESCRIPTORS, IDENTITY, DEPRECATED = "descriptors", "xdm:descriptorIdentity", "xdm:descriptorDeprecated"
SOURCES = (*registry.TYPES, DESCRIPTORS)  # the kinds of objects that a resolved schema is made from
_DEEPEST = 40  # parts within parts; a data type that contains itself would never end
_MOST = 50_000  # fields; data types that each contain another twice grow without bound
_GONE = ("allOf", "definitions", "refs")
_NOT_COPIED = frozenset((*_GONE, "properties", "$id"))
_METADATA = frozenset((
    "meta:altId", "meta:registryMetadata", "meta:sandboxId", "meta:sandboxType", "meta:containerId",
    "meta:tenantNamespace", "meta:resourceType", "imsOrg", "version", "meta:extends", "meta:abstract",
    "meta:extensible",
))  # fmt: skip


class Unresolved(LookupError):
    """The resource, or one that it refers to, is not there."""


class Conflict(ValueError):
    """Two parts give one path different types."""


class _Reader:
    """What one composition reads: each resource once, and no more fields than it may have."""

    def __init__(self, scope: Scope) -> None:
        self._scope, self._fields = scope, 0
        self._found: dict[str, dict[str, Any] | None] = {}

    def find(self, id: str) -> dict[str, Any] | None:
        """Give a resource, or None."""
        if id not in self._found:
            self._found[id] = registry.find(self._scope, id)
        return self._found[id]

    def enter(self, path: str, depth: int) -> None:
        """Count a field or a part; raises Conflict for one too many, or too deep."""
        self._fields += 1
        if depth > _DEEPEST:
            raise Conflict(f"The type at {path[:200] or '/'} is nested deeper than {_DEEPEST}, or contains itself")
        if self._fields > _MOST:
            raise Conflict(f"The parts together have more than {_MOST} fields")


def resolved(scope: Scope, id: str) -> dict[str, Any]:
    """Give the schema of *id* as one JSON schema with ``properties`` and ``required``; a primary identity is required.

    Raises Unresolved when something is not there, Conflict when two parts disagree.
    """
    key = (scope.seat, scope.sandbox, id)
    return kept.of(scope.store).value(key, scope.seat, SOURCES, lambda: _resolved(scope, id))


def _resolved(scope: Scope, id: str) -> dict[str, Any]:
    body = registry.find(scope, id)
    if body is None:
        raise Unresolved(f"there is no resource {id}")
    result = composed(scope, body)
    for row in scope.find(DESCRIPTORS, body["$id"]):
        if row.body.get("xdm:isPrimary") and row.body["@type"] == IDENTITY:
            _require(result, row.body["xdm:sourceProperty"].strip("/").split("/"))
    return result


def with_status(scope: Scope, schema: dict[str, Any]) -> dict[str, Any]:
    """Give a resolved schema in which fields that a descriptor deprecates say so; changes *schema*."""
    for row in scope.find(DESCRIPTORS, schema["$id"]):
        if row.body["@type"] == DEPRECATED:
            given = row.body["xdm:sourceProperty"]
            for path in given if isinstance(given, list) else [given]:
                field = field_at(schema, path)
                if field is not None:
                    field["meta:status"] = "deprecated"
    return schema


def field_at(schema: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Give the field of a resolved schema at a path such as ``/person/name``, or None; arrays are passed through."""
    node: Any = schema
    for name in path.strip("/").split("/"):
        while node.get("type") == "array" and isinstance(node.get("items"), dict):
            node = node["items"]
        node = node.get("properties", {}).get(name)
        if not isinstance(node, dict):
            return None
    return node


def composed(scope: Scope, body: dict[str, Any]) -> dict[str, Any]:
    """Give *body* with every reference resolved; raises Unresolved or Conflict."""
    parts = _merged(_Reader(scope), body, body, "", 0)
    rest = {key: value for key, value in body.items() if key not in _GONE}
    return rest | {"type": "object"} | parts


def classes_of(scope: Scope, body: dict[str, Any]) -> list[str]:
    """Give the ``$id`` of all that *body* extends, directly and through others, without repeats."""
    found: dict[str, None] = {}
    _extend(_Reader(scope), body, found)
    return list(found)


def _extend(reader: _Reader, body: dict[str, Any], found: dict[str, None]) -> None:
    for part in body.get("allOf", ()):
        id = part.get("$ref", "")
        if id.startswith(registry.NAMESPACE) and id not in found:
            found[id] = None
            _extend(reader, reader.find(id) or {}, found)


def _merged(reader: _Reader, root: dict[str, Any], node: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
    """Give ``properties`` (and ``required``) of *node* with those of its parts."""
    reader.enter(path, depth)
    result: dict[str, Any] = {"properties": {}}
    required = list(node.get("required", ()))
    for part in node.get("allOf", ()):
        home, target = _target(reader, root, part)
        inner = _merged(reader, home, {"allOf": [target]} if "$ref" in target else target, path, depth + 1)
        required += inner.pop("required", ())
        _join(result["properties"], inner["properties"], path)
    own = {
        name: _node(reader, root, field, f"{path}/{name}", depth + 1)
        for name, field in node.get("properties", {}).items()
    }
    _join(result["properties"], own, path)
    return result | ({"required": list(dict.fromkeys(required))} if required else {})


def _node(reader: _Reader, root: dict[str, Any], node: Any, path: str, depth: int) -> dict[str, Any]:
    reader.enter(path, depth)
    if not isinstance(node, dict):
        raise Conflict(f"The field at {path} is not an object")
    if "$ref" in node:
        home, target = _target(reader, root, node)
        words = {key: node[key] for key in ("title", "description") if key in node}
        return _node(reader, home, target, path, depth + 1) | words
    result = {key: _copied(value) for key, value in node.items() if key not in _NOT_COPIED}
    if "properties" in node or "allOf" in node:
        result |= _merged(reader, root, node, path, depth)
    if isinstance(node.get("items"), dict):
        result["items"] = _node(reader, root, node["items"], f"{path}/[]", depth + 1)
    if isinstance(node.get("additionalProperties"), dict):
        result["additionalProperties"] = _node(reader, root, node["additionalProperties"], f"{path}/*", depth + 1)
    return _without_metadata(result)


def _copied(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, dict | list) else value


def _without_metadata(node: dict[str, Any]) -> dict[str, Any]:
    """Take away what belongs to a referred resource and not to the field that it describes."""
    return {key: value for key, value in node.items() if key not in _METADATA}


def _target(reader: _Reader, root: dict[str, Any], part: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what a part of ``allOf`` or a field refers to, and the resource in which its own references are read."""
    reference = part.get("$ref")
    if reference is None:
        return root, part
    if reference.startswith("#/"):
        node: Any = root
        for step in reference[2:].split("/"):
            node = node.get(step) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            raise Unresolved(f"there is nothing at {reference}")
        return root, node
    found = reader.find(reference)
    if found is None:
        raise Unresolved(f"there is no resource {reference}")
    return found, found


def _join(into: dict[str, Any], more: dict[str, Any], path: str) -> None:
    for name, field in more.items():
        there = into.get(name)
        if there is None:
            into[name] = field
        elif there.get("type") != field.get("type"):
            raise Conflict(
                f"Cannot merge incompatible data types. The path {path}/{name} has already been defined using a "
                f"different data type. Types: {there.get('type')}, {field.get('type')}"
            )
        elif "properties" in there and "properties" in field:
            _join(there["properties"], field["properties"], f"{path}/{name}")
            required = [*there.get("required", ()), *field.get("required", ())]
            if required:
                there["required"] = list(dict.fromkeys(required))


def _require(schema: dict[str, Any], path: list[str]) -> None:
    node = schema
    for name in path:
        if name not in node.get("properties", {}):
            return
        if name not in node.setdefault("required", []):
            node["required"].append(name)
        node = node["properties"][name]
