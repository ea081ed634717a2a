"""Schema Registry's resources: where they are kept, how they are named and what the service adds to them."""

from __future__ import annotations

import secrets
from typing import Any

from . import shapes, xdm_classes
from .schema_service import bad
from .service import Call
from .store import Scope

TYPES = ("schemas", "classes", "mixins", "datatypes")
NAMESPACE = "https://ns.adobe.com/"
_INTEGERS = ((127, "byte"), (32767, "short"), (2147483647, "int"))


def find(scope: Scope, id: str, kinds: tuple[str, ...] = (*TYPES, "behaviors")) -> dict[str, Any] | None:
    """Give a resource of one of *kinds* by its ``$id`` or ``meta:altId``, tenant or global, or None."""
    found = xdm_classes.GLOBAL.get(id) or _by_alt_id(id)
    if found:
        return found if found["meta:resourceType"] in kinds else None
    for kind in kinds:
        row = scope.get(kind, _full_id(id))
        if row:
            return row.body
    return None


def tenant_resources(scope: Scope) -> list[dict[str, Any]]:
    """Give all resources of the tenant in this sandbox, oldest first within each kind."""
    return [row.body for kind in TYPES for row in scope.list(kind)]


def put(call: Call, kind: str, body: dict[str, Any]) -> None:
    """Write a resource."""
    call.scope.put(kind, body["$id"], body, name=body["title"], now=call.now)


def new(call: Call, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a new resource, version 1.0, with what the service adds."""
    tenant, key = call.caller.seat.tenant, secrets.token_hex(24)
    managed = {
        "$id": f"{NAMESPACE}{tenant}/{kind}/{key}", "meta:altId": f"_{tenant}.{kind}.{key}",
        "meta:resourceType": kind, "version": "1.0",
    }  # fmt: skip
    return completed(call, {**body, **managed}, made=call.now)


def completed(call: Call, body: dict[str, Any], *, made: int) -> dict[str, Any]:
    """Give *body* with the managed fields: types, organisation, container, metadata; raises a 400 for no schema."""
    wrong = shapes.schema_misfit(body)
    if wrong:
        raise bad(wrong)
    sandbox, account = call.caller.sandbox, call.caller.account
    who = {"ClientId": account.client_id, "UserId": account.technical_account}
    meta = body.get("meta:registryMetadata", {})
    created = {f"xdm:created{key}": meta.get(f"xdm:created{key}", value) for key, value in who.items()}
    metadata = {
        "repo:createdDate": made, "repo:lastModifiedDate": call.now, **created,
        **{f"xdm:lastModified{key}": value for key, value in who.items()},
        "eTag": secrets.token_hex(32), "meta:globalLibVersion": "1.0.0",
    }  # fmt: skip
    return annotated(body) | {
        "imsOrg": call.caller.seat.org_id, "meta:xdmType": "object", "meta:registryMetadata": metadata,
        "meta:containerId": "tenant", "meta:sandboxId": sandbox.id if sandbox else "",
        "meta:sandboxType": sandbox.type if sandbox else "", "meta:tenantNamespace": f"_{call.caller.seat.tenant}",
    }  # fmt: skip


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
    most = node.get("maximum", 2147483647)
    return next((name for limit, name in _INTEGERS if most <= limit), "long")


def _is_opaque(key: str) -> bool:
    """Tell whether what stands under *key* is data and not a schema, so that nothing in it may be touched."""
    return key.startswith("meta:") or key in ("default", "enum", "examples")


def _full_id(id: str) -> str:
    """Give the ``$id`` of a ``meta:altId`` (``_tenant.kind.key``); other texts as they are."""
    parts = id.removeprefix("_").split(".")
    return NAMESPACE + "/".join(parts) if id.startswith("_") and len(parts) == 3 else id


def _by_alt_id(id: str) -> dict[str, Any] | None:
    return next((one for one in xdm_classes.GLOBAL.values() if one["meta:altId"] == id), None)
