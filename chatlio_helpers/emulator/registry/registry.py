"""Schema Registry's resources: where they are kept, how they are named and what the service adds to them."""

from __future__ import annotations

import secrets
from typing import Any

from ..front import shapes
from ..front.service import Call
from ..state.store import Scope
from . import xdm_classes
from .schema_service import bad

TYPES = ("schemas", "classes", "mixins", "datatypes")
NAMESPACE = "https://ns.adobe.com/"
METADATA = "meta:registryMetadata"
LIBRARY = "1.0.0"  # the version of Adobe's standard resources that an answer names
# The page prints both 127 and 128 as the largest byte, and likewise for the others: either is taken.
_INTEGERS = ((128, "byte"), (32768, "short"), (2147483648, "int"))


def find(scope: Scope, id: str, kinds: tuple[str, ...] = (*TYPES, "behaviors")) -> dict[str, Any] | None:
    """Give a resource of one of *kinds* by its ``$id`` or ``meta:altId``, tenant or global, or None."""
    found = xdm_classes.GLOBAL.get(id) or _by_alt_id(id)
    if found:
        return found if found["meta:resourceType"] in kinds else None
    full = full_id(id)
    kind = full.rpartition("/")[0].rpartition("/")[2]  # of https://ns.adobe.com/{tenant}/{kind}/{key}
    row = scope.get(kind, full) if kind in kinds else None
    return row.body if row else None


def newest(scope: Scope, column: str, most: int) -> list[dict[str, Any]]:
    """Give the *most* resources of the tenant that were ``created`` or ``updated`` last."""
    rows = [row for kind in TYPES for row in scope.page(kind, order=(f"-{column}",), limit=most)]
    return [row.body for row in sorted(rows, key=lambda row: getattr(row, column), reverse=True)[:most]]


def outlines(scope: Scope) -> list[dict[str, Any]]:
    """Give class, ``$id``, title, description, ``meta:altId`` and version of every schema, read by SQL alone."""
    names = ("meta:class", "$id", "title", "description", "meta:altId", "version")
    where = "seat = ? AND sandbox = ? AND kind = 'schemas'"
    return [dict(zip(names, row, strict=True)) for row in scope.store.fields(names, where, (scope.seat, scope.sandbox))]


def identity(resource: dict[str, Any]) -> dict[str, Any]:
    """Give the four fields that name a resource in a list."""
    return {key: resource.get(key, "") for key in ("title", "$id", "meta:altId", "version")}


def standard(kind: str) -> list[dict[str, Any]]:
    """Give Adobe's own resources of a kind."""
    return [one for one in xdm_classes.GLOBAL.values() if one["meta:resourceType"] == kind]


def references(node: Any) -> set[str]:
    """Give the ``$id`` of all that a resource refers to directly."""
    if isinstance(node, list):
        return {id for one in node for id in references(one)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if str(node.get("$ref", "")).startswith(NAMESPACE) else set()
    return own | {id for value in node.values() for id in references(value)}


def needed(scope: Scope, resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the tenant's resources that *resource* is made of, each after those that it refers to itself."""
    found: dict[str, dict[str, Any]] = {}
    _need(scope, resource, found, set())
    return [one for one in found.values() if one["$id"] != resource["$id"]]


def referring(scope: Scope, id: str, kinds: tuple[str, ...] = TYPES) -> list[dict[str, Any]]:
    """Give the tenant's resources of *kinds* that refer to *id* directly; only those are read that mention it."""
    marks = ", ".join("?" * len(kinds))
    where = f"seat = ? AND sandbox = ? AND kind IN ({marks}) AND instr(body, ?) > 0"
    rows = scope.store.rows(where, (scope.seat, scope.sandbox, *kinds, id))
    return [row.body for row in rows if row.id != id and id in references(row.body)]


def schemas_with(scope: Scope, resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the tenant's schemas that *resource* is part of, over however many steps; a schema is part of itself."""
    seen, waiting = {resource["$id"]: resource}, [resource]
    while waiting:
        part = waiting.pop()
        if part["meta:resourceType"] == "schemas":  # which is part of nothing
            continue
        more = [one for one in referring(scope, part["$id"]) if one["$id"] not in seen]
        seen |= {one["$id"]: one for one in more}
        waiting += more
    return [one for one in seen.values() if one["meta:resourceType"] == "schemas"]


def put(call: Call, kind: str, body: dict[str, Any]) -> None:
    """Write a resource."""
    call.scope.put(kind, body["$id"], body, name=body["title"], now=body[METADATA]["repo:lastModifiedDate"])


def new(call: Call, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a new resource, version 1.0, with what the service adds."""
    tenant, key = call.caller.seat.tenant, secrets.token_hex(24)
    managed = {
        "$id": f"{NAMESPACE}{tenant}/{kind}/{key}", "meta:altId": f"_{tenant}.{kind}.{key}",
        "meta:resourceType": kind, "version": "1.0",
    }  # fmt: skip
    own = {name: value for name, value in body.items() if name != METADATA}
    return completed(call, {**own, **managed})


def completed(call: Call, body: dict[str, Any], *, made: int | None = None) -> dict[str, Any]:
    """Give *body* with the managed fields: types, organisation, container, metadata; raises a 400 for no schema."""
    wrong = shapes.schema_misfit(body)
    if wrong:
        raise bad(wrong)
    return annotated(body) | {
        "meta:xdmType": "object", **placed(call), **metadata(call, body.get(METADATA, {}), made),
        "meta:tenantNamespace": f"_{call.caller.seat.tenant}",
    }  # fmt: skip


def placed(call: Call) -> dict[str, Any]:
    """Give the fields that say whose a resource is and in which sandbox."""
    sandbox = call.caller.sandbox
    return {
        "imsOrg": call.caller.seat.org_id, "meta:containerId": "tenant",
        "meta:sandboxId": sandbox.id if sandbox else "", "meta:sandboxType": sandbox.type if sandbox else "",
    }  # fmt: skip


def metadata(call: Call, old: dict[str, Any], made: int | None) -> dict[str, Any]:
    """Give the registry's metadata: who made and changed the resource, and when (*made*: None for a new one)."""
    account, now = call.caller.account, call.now
    who = {"ClientId": account.client_id, "UserId": account.technical_account}
    created = {f"xdm:created{key}": old.get(f"xdm:created{key}", value) for key, value in who.items()}
    found = {
        "repo:createdDate": now if made is None else made, "repo:lastModifiedDate": now, **created,
        **{f"xdm:lastModified{key}": value for key, value in who.items()},
        "eTag": secrets.token_hex(32), "meta:globalLibVersion": LIBRARY,
    }  # fmt: skip
    return {METADATA: found}


def raised(version: str) -> str:
    """Give the next minor version."""
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor or 0) + 1}"


def annotated(node: Any) -> Any:
    """Give a JSON schema with ``meta:xdmType`` wherever a type is."""
    if isinstance(node, list):
        return [annotated(one) for one in node]
    if not isinstance(node, dict):
        return node
    result = {key: value if _is_opaque(key) else annotated(value) for key, value in node.items()}
    if "$ref" in node and "type" not in node:
        result |= {"type": "object"}
    if isinstance(result.get("type"), str):
        result.setdefault("meta:xdmType", xdm_type(result))
    return result


def xdm_type(node: dict[str, Any]) -> str:
    """Give the XDM type of a JSON schema node (the table of field types in Adobe's field constraints page)."""
    kind = node["type"]
    if kind == "string":
        return node["format"] if node.get("format") in ("date", "date-time") else "string"
    if kind == "object" and "additionalProperties" in node and "properties" not in node:
        return "map"
    if kind != "integer":
        return kind
    least, most = node.get("minimum") or 0, node.get("maximum", 2147483647)
    return next((name for limit, name in _INTEGERS if -limit <= least and most <= limit), "long")


def _is_opaque(key: str) -> bool:
    """Tell whether what stands under *key* is data and not a schema, so that nothing in it may be touched."""
    return key.startswith("meta:") or key in ("default", "enum", "examples")


def _need(scope: Scope, resource: dict[str, Any], found: dict[str, dict[str, Any]], seen: set[str]) -> None:
    seen.add(resource["$id"])
    for id in sorted(references(resource)):
        inner = find(scope, id)
        if inner and inner["meta:containerId"] == "tenant" and id not in seen:
            _need(scope, inner, found, seen)
    found[resource["$id"]] = resource


def full_id(id: str) -> str:
    """Give the ``$id`` of a ``meta:altId`` (``_tenant.kind.key``); other texts as they are."""
    parts = id.removeprefix("_").split(".")
    return NAMESPACE + "/".join(parts) if id.startswith("_") and len(parts) == 3 else id


def _by_alt_id(id: str) -> dict[str, Any] | None:
    return next((one for one in xdm_classes.GLOBAL.values() if one["meta:altId"] == id), None)
