"""What Schema Registry checks before it keeps a resource."""

from __future__ import annotations

from typing import Any

from . import composition, registry
from .schema_service import bad
from .service import Call
from .xdm_classes import ADHOC, RECORD, TIME_SERIES

_REQUIRED = {
    "schemas": ("title", "type", "allOf"), "classes": ("title", "type", "allOf"),
    "mixins": ("title", "type"), "datatypes": ("title", "type"),
}  # fmt: skip
_BEHAVIORS = (RECORD, TIME_SERIES, ADHOC)
_UNION = "union"


def checked(call: Call, kind: str, body: dict[str, Any], *, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give *body* with what is derived from its parts; raises a SchemaProblem when it cannot be kept."""
    for field in _REQUIRED[kind]:
        if body.get(field) in (None, "", []):
            raise bad(f"The resource needs the field {field}.")
    if body["type"] != "object":
        raise bad(f"The type of the resource must be object; it was {body['type']!r}.")
    _check_title(call, body)
    try:
        whole = composition.composed(call.scope, body)
        extended = composition.classes_of(call.scope, body)
    except composition.Unresolved as error:
        raise bad(f"A reference leads nowhere: {error}.") from error
    except composition.Conflict as error:
        raise bad(f"The parts do not fit together: {error}.", code="XDM-1413-400") from error
    if kind == "mixins":
        _check_root(call, body, whole)
    if kind in ("schemas", "classes"):
        body = body | _derived(call, kind, body, extended)
    if old is not None:
        _check_additive(call, old, whole)
    if _UNION in body.get("meta:immutableTags", ()) and kind == "schemas":
        _check_identity(call, body, whole)
    return body


def refuse_when_used(call: Call, resource: dict[str, Any]) -> None:
    """Raise a 400 when a resource of the tenant or a dataset refers to *resource* (assumed)."""
    id = resource["$id"]
    for other in registry.tenant_resources(call.scope):
        if other["$id"] != id and id in _references(other):
            raise bad(f"The resource {id} is used by {other['$id']}.")
    for row in call.scope.list("dataSets"):
        if row.body["schemaRef"]["id"] == id:
            raise bad(f"The schema {id} is used by the dataset {row.id}.")


def _check_title(call: Call, body: dict[str, Any]) -> None:
    for kind in registry.TYPES:
        for row in call.scope.find(kind, body["title"]):
            if row.id != body["$id"]:
                raise bad(
                    f"Title must be unique: '{body['title']}' is the title of {row.id}.",
                    code="XDM-1521-400", title="Title not unique",
                )  # fmt: skip


def _derived(call: Call, kind: str, body: dict[str, Any], extended: list[str]) -> dict[str, Any]:
    """Give class, references and what is extended; the first part must be a class, or of a class a behavior."""
    first = body["allOf"][0].get("$ref", "") if isinstance(body["allOf"], list) else ""
    allowed = ("classes",) if kind == "schemas" else ("behaviors", "classes")
    head = next(
        (part["$ref"] for part in body["allOf"] if registry.find(call.scope, part.get("$ref", ""), allowed)), first
    )
    if registry.find(call.scope, head, allowed) is None:
        raise bad(f"The allOf of a {'schema' if kind == 'schemas' else 'class'} needs a {' or '.join(allowed)} first.")
    refs = [part["$ref"] for part in body["allOf"] if part.get("$ref", "").startswith(registry.NAMESPACE)]
    derived: dict[str, Any] = {"refs": refs, "meta:extends": extended}
    if kind == "schemas":
        derived |= {"meta:class": head, "meta:extensible": False, "meta:abstract": False}
    else:
        derived |= {"meta:extensible": True, "meta:abstract": True}
    return derived


def _check_root(call: Call, body: dict[str, Any], whole: dict[str, Any]) -> None:
    """A field group's own fields nest under the tenant's root; standard groups that it takes in may bring others."""
    root = f"_{call.caller.seat.tenant}"
    standard: set[str] = set()
    for part in body.get("allOf", ()):
        found = registry.find(call.scope, part.get("$ref", ""))
        if found:
            standard |= set(composition.composed(call.scope, found)["properties"])
    wrong = sorted(set(whole["properties"]) - standard - {root})
    if wrong:
        raise bad(f"Custom fields must be defined under {root}; these are not: {', '.join(wrong)}.",
                  code="XDM-1021-400", title="Namespace validation error")  # fmt: skip


def _check_additive(call: Call, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Once data has landed, or the schema is in the union, only additions pass."""
    schemas = [row.body for row in call.scope.list("schemas") if _depends(call, row.body, old["$id"])]
    if not any(_is_bound(call, schema) for schema in schemas):
        return
    lost = _lost(composition.composed(call.scope, old), new, "")
    if lost:
        raise bad(f"Data has landed under this schema, so only additions are allowed; {lost[0]}.",
                  title="Breaking change")  # fmt: skip


def _depends(call: Call, schema: dict[str, Any], id: str) -> bool:
    return schema["$id"] == id or id in schema.get("meta:extends", ()) or id in _deep_references(call, schema)


def _deep_references(call: Call, resource: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = [resource]
    while waiting:
        for id in _references(waiting.pop()) - found:
            found.add(id)
            inner = registry.find(call.scope, id)
            waiting += [inner] if inner else []
    return found


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {id for one in node for id in _references(one)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if str(node.get("$ref", "")).startswith(registry.NAMESPACE) else set()
    return own | {id for value in node.values() for id in _references(value)}


def _is_bound(call: Call, schema: dict[str, Any]) -> bool:
    if _UNION in schema.get("meta:immutableTags", ()):
        return True
    datasets = [row.id for row in call.scope.list("dataSets") if row.body["schemaRef"]["id"] == schema["$id"]]
    return any(row.body.get("status") == "success" for id in datasets for row in call.scope.find("batches", id))


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


def _check_identity(call: Call, body: dict[str, Any], whole: dict[str, Any]) -> None:
    """A schema joins the union only with a primary identity or an identityMap."""
    descriptors = call.scope.find("descriptors", body["$id"])
    if "identityMap" not in whole["properties"] and not any(row.body.get("xdm:isPrimary") for row in descriptors):
        raise bad("A schema of the union needs a primary identity or an identityMap.", code="XDM-1526-400")
