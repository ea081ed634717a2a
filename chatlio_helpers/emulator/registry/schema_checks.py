"""What Schema Registry checks before it keeps a resource."""

from __future__ import annotations

from typing import Any

import orjson

from ..front.filters import Condition
from ..front.service import Call
from . import composition, field_rules, registry, union_rules, xdm_classes
from .schema_service import bad
from .union_rules import UNION

# Documented (the description's required fields). Observed in Adobe's SDK (aepp), and therefore tolerated: a schema
# without a type, a class without a description, a field group that has definitions and does not say what it extends.
_REQUIRED = {
    "schemas": ("title", "description", "type", "allOf"), "classes": ("title", "type", "allOf"),
    "mixins": ("title", "type", "meta:intendedToExtend"), "datatypes": ("title", "type"),
}  # fmt: skip
_EXTENDS = "meta:intendedToExtend"
_TAGS = "meta:immutableTags"
_COMPOSING = ("allOf", "properties", "definitions")


def checked(call: Call, kind: str, body: dict[str, Any], *, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give *body* with what is derived from its parts; raises a SchemaProblem when it cannot be kept."""
    if kind == "schemas":
        body = {"type": "object"} | body
    for field in _REQUIRED[kind]:
        if body.get(field) in (None, "", []) and not (field == _EXTENDS and body.get("definitions")):
            raise bad(f"The resource needs the field {field}.")
    if body["type"] != "object":
        raise bad(f"The type of the resource must be object; it was {body['type']!r}.")
    _check_title(call, body)
    whole, extended = _composed(call, body)
    if kind in ("mixins", "classes"):
        _check_fields(call, body, whole)
    if kind in ("schemas", "classes"):
        body = body | _derived(call, kind, body, extended)
    else:
        body = body | {"refs": sorted(registry.references(body)), "meta:extensible": True, "meta:abstract": True}
    if old is not None:
        _check_additive(call, old, whole)
    if kind == "schemas":
        union_rules.check_membership(call.scope, body, whole, old)
    return body


def check_dependents(call: Call, resource: dict[str, Any]) -> None:
    """Raise XDM-1413-400 when *resource*, a schema that it is part of, or the union of its class cannot be any more.

    *resource* is written already; the refusal takes that back with the whole call.
    """
    schemas = registry.schemas_with(call.scope, resource)
    alike = {orjson.dumps([one.get(key) for key in _COMPOSING]): one for one in (resource, *schemas)}
    for one in alike.values():  # those of the same parts fit together or not alike
        try:
            composition.composed(call.scope, one)
        except composition.Conflict as error:
            raise union_rules.merge_error(error) from error
    for class_id in {schema["meta:class"] for schema in schemas if UNION in schema.get(_TAGS, ())}:
        union_rules.check_merge(call.scope, class_id)


def refuse_when_used(call: Call, resource: dict[str, Any]) -> None:
    """Raise a 400 when a resource of the tenant or a dataset refers to *resource*, or it is in a union (assumed)."""
    id = resource["$id"]
    for other in registry.referring(call.scope, id):
        raise bad(f"The resource {id} is used by {other['$id']}.")
    for row in call.scope.page("dataSets", where=[Condition("schemaRef.id", "==", (id,))], limit=1):
        raise bad(f"The schema {id} is used by the dataset {row.id}.")
    if UNION in resource.get(_TAGS, ()):
        raise bad(f"The schema {id} is enabled for Profile, which cannot be undone.")


def _composed(call: Call, body: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    try:
        return composition.composed(call.scope, body), composition.classes_of(call.scope, body)
    except composition.Unresolved as error:
        raise bad(f"A reference leads nowhere: {error}.") from error
    except composition.Conflict as error:
        raise union_rules.merge_error(error) from error


def _check_title(call: Call, body: dict[str, Any]) -> None:
    for id in call.scope.named(tuple(registry.TYPES), body["title"]):
        if id != body["$id"]:
            raise bad(
                f"Object titles must be unique. An object {id} already exists with the same title",
                code="XDM-1521-400", title="Title not unique",
            )  # fmt: skip


def _derived(call: Call, kind: str, body: dict[str, Any], extended: list[str]) -> dict[str, Any]:
    """Give class, references and what is extended; a schema is made of a class, and a class of a behavior."""
    base, of = ("classes", "a schema needs a class") if kind == "schemas" else ("behaviors", "a class needs a behavior")
    head = next(
        (part["$ref"] for part in body["allOf"] if registry.find(call.scope, part.get("$ref", ""), (base,))), None
    )
    if head is None:
        some = "" if kind == "schemas" else f", such as {xdm_classes.RECORD} or {xdm_classes.TIME_SERIES}"
        raise bad(f"The allOf of {of} first{some}.")
    refs = [part["$ref"] for part in body["allOf"] if part.get("$ref", "").startswith(registry.NAMESPACE)]
    derived: dict[str, Any] = {"refs": refs, "meta:extends": extended}
    if kind == "schemas":
        derived |= {"meta:class": head, "meta:extensible": False, "meta:abstract": False}
    else:
        derived |= {"meta:extensible": True, "meta:abstract": True}
    return derived


def _check_fields(call: Call, body: dict[str, Any], whole: dict[str, Any]) -> None:
    """A tenant's own fields stand under its root; standard resources that are taken in may bring others."""
    root = f"_{call.caller.seat.tenant}"
    used = {id for one in (body, *registry.needed(call.scope, body)) for id in registry.references(one)}
    parts = [{"$ref": id} for id in sorted(used) if id in xdm_classes.GLOBAL]
    field_rules.check_places(root, whole, composition.composed(call.scope, {"allOf": parts}))
    field_rules.check_names(root, body)


def _check_additive(call: Call, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Once data has landed, or the schema is in the union, only additions pass."""
    lost = _lost(composition.composed(call.scope, old), new, "")
    if lost and any(_is_bound(call, schema) for schema in registry.schemas_with(call.scope, old)):
        raise bad(f"Data has landed under this schema, or it is enabled for Profile: only additions are allowed now; "
                  f"{lost[0]}.", title="Breaking change")  # fmt: skip


def _is_bound(call: Call, schema: dict[str, Any]) -> bool:
    if UNION in schema.get(_TAGS, ()):
        return True
    datasets = call.scope.page("dataSets", where=[Condition("schemaRef.id", "==", (schema["$id"],))])
    return any(row.body.get("status") == "success" for one in datasets for row in call.scope.find("batches", one.id))


def _lost(old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
    """Say what of *old* is gone, has another type, or is newly required in *new*."""
    found = []
    for name, field in old.get("properties", {}).items():
        there = new.get("properties", {}).get(name)
        if there is None:
            found.append(f"{path}/{name} would be removed")
        elif there.get("type") != field.get("type"):
            found.append(f"{path}/{name} would change its type from {field.get('type')} to {there.get('type')}")
        else:
            found += _lost(field, there, f"{path}/{name}")
    newly = sorted(set(new.get("required", ())) - set(old.get("required", ())))
    return found + [f"{path}/{name} would become required" for name in newly]
