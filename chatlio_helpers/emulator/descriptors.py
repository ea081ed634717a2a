"""Schema Registry: descriptors, the notes on a schema's fields, of which identities matter here."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import Response

from . import accept, composition, registry
from .provenance import documented
from .schema_service import bad, not_found, paged, service
from .service import Call, answer

KIND = composition.DESCRIPTORS
IDENTITY = "xdm:descriptorIdentity"
NAMESPACES = ("AAID", "AdCloud", "CORE", "CRMID", "ECID", "Email", "Email_LC_SHA256", "GAID", "IDFA", "Phone",
              "Phone_E.164", "Phone_SHA256", "TNTID", "WAID")  # fmt: skip
_SOURCE = "xdm/api/descriptors"


@service.operation(
    "POST", "/tenant/descriptors", "createDescriptor",
    documented(_SOURCE, "which of XDM-1020 to XDM-1024 a fault has"), permission="manage-schemas",
)  # fmt: skip
def create(call: Call) -> Response:
    """Make a descriptor: 201 with the whole descriptor."""
    descriptor = _completed(call, call.body(), secrets.token_hex(20), call.now)
    call.scope.put(KIND, descriptor["@id"], descriptor, name=descriptor["xdm:sourceSchema"], now=call.now)
    return answer(descriptor, 201)


def every(call: Call, container: str) -> dict[str, Any]:
    """Give descriptors, grouped by type, or in the ``v2`` forms as a page; raises XDM-1008-400."""
    form = accept.descriptor_list_form(call)
    rows = [row.body for row in call.scope.list(KIND)] if container == "tenant" else []
    page, rest = paged(call, f"/{container}/descriptors", rows)
    shown = [(one["@type"], _as(form.removeprefix("xdm-v2").removeprefix("xdm").lstrip("-"), one)) for one in page]
    if "v2" in form:
        return {"results": [one for _, one in shown], **rest}
    groups: dict[str, Any] = {}
    for kind, one in shown:
        groups.setdefault(kind, []).append(one)
    return groups


@service.operation(
    "GET", "/tenant/descriptors", "listDescriptors", documented(_SOURCE), permission="view-schemas"
)  # fmt: skip
def of_tenant(call: Call) -> dict[str, Any]:
    """Give the tenant's descriptors."""
    return every(call, "tenant")


@service.operation(
    "GET", "/global/descriptors", "listDescriptors", documented(_SOURCE, "there are none"), permission="view-schemas"
)
def of_adobe(call: Call) -> dict[str, Any]:
    """Give the global descriptors: there are none here."""
    return every(call, "global")


@service.operation(
    "GET", "/tenant/descriptors/{id}", "retrieveDescriptor", documented(_SOURCE), permission="view-schemas"
)  # fmt: skip
def one(call: Call) -> dict[str, Any]:
    """Give one descriptor; raises XDM-1009-400."""
    accept.descriptor_form(call)
    return _read(call)


@service.operation(
    "PUT", "/tenant/descriptors/{id}", "updateDescriptor", documented(_SOURCE, "201, as the pages have it; spec: 200"),
    permission="manage-schemas",
)  # fmt: skip
def replace(call: Call) -> Response:
    """Replace a descriptor: 201 with its id."""
    old = _read(call)
    new = _completed(call, call.body(), old["@id"], old["meta:registryMetadata"]["repo:createdDate"])
    call.scope.put(KIND, new["@id"], new, name=new["xdm:sourceSchema"], now=call.now)
    return answer({"@id": new["@id"]}, 201)


@service.operation(
    "DELETE", "/tenant/descriptors/{id}", "deleteDescriptor", documented(_SOURCE), permission="manage-schemas"
)
def delete(call: Call) -> Response:
    """Delete a descriptor: 204."""
    call.scope.delete(KIND, _read(call)["@id"])
    return Response(status_code=204)


def _read(call: Call) -> dict[str, Any]:
    row = call.scope.get(KIND, call.part("id"))
    if row is None:
        raise not_found("descriptors", call.part("id"))
    return row.body


def _completed(call: Call, given: dict[str, Any], id: str, made: int) -> dict[str, Any]:
    _check(call, given, id)
    sandbox, account = call.caller.sandbox, call.caller.account
    metadata = {
        "repo:createdDate": made, "repo:lastModifiedDate": call.now,
        "xdm:createdClientId": account.client_id, "xdm:lastModifiedClientId": account.client_id,
    }  # fmt: skip
    return given | {
        "@id": id, "imsOrg": call.caller.seat.org_id, "version": "1", "meta:containerId": "tenant",
        "meta:sandboxId": sandbox.id if sandbox else "", "meta:sandboxType": sandbox.type if sandbox else "",
        "meta:registryMetadata": metadata,
    }  # fmt: skip


def _check(call: Call, given: dict[str, Any], id: str) -> None:
    if not str(given.get("@type", "")).startswith("xdm:"):
        raise bad("A descriptor needs an @type, such as xdm:descriptorIdentity.")
    schema = registry.find(call.scope, str(given.get("xdm:sourceSchema")), ("schemas",))
    if schema is None:
        raise bad(f"The xdm:sourceSchema {given.get('xdm:sourceSchema')} is not there.")
    path = str(given.get("xdm:sourceProperty", ""))
    if not path.startswith("/") or path.endswith("/") or not _has(composition.composed(call.scope, schema), path):
        raise bad(f"The xdm:sourceProperty {path!r} is no path of the schema.")
    if given["@type"] == IDENTITY:
        _check_identity(call, given, schema["$id"], id)


def _check_identity(call: Call, given: dict[str, Any], schema_id: str, id: str) -> None:
    namespace = given.get("xdm:namespace")
    if given.get("xdm:property") == "xdm:code" and namespace not in NAMESPACES:
        raise bad(f"The identity namespace {namespace!r} does not exist.", code="XDM-1020-400")
    others = [row.body for row in call.scope.find(KIND, schema_id) if row.id != id and row.body["@type"] == IDENTITY]
    if given.get("xdm:isPrimary") and any(other.get("xdm:isPrimary") for other in others):
        raise bad(f"The schema {schema_id} has a primary identity already.", code="XDM-1527-400")


def _has(schema: dict[str, Any], path: str) -> bool:
    node = schema
    for name in path[1:].split("/"):
        node = node.get("properties", {}).get(name)
        if node is None:
            return False
    return True


def _as(form: str, descriptor: dict[str, Any]) -> Any:
    if form == "id":
        return descriptor["@id"]
    return f"/tenant/descriptors/{descriptor['@id']}" if form == "link" else descriptor
