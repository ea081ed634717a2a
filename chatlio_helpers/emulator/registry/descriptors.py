"""Schema Registry: descriptors, the notes on a schema's fields, of which identities matter here."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import Response

from ..front.service import Call, answer
from ..provenance import documented
from . import accept, composition, descriptor_rules, registry, schema_lists
from .schema_service import not_found, service

KIND = composition.DESCRIPTORS
_SOURCE = "xdm/api/descriptors"


@service.operation(
    "POST", "/tenant/descriptors", "createDescriptor",
    documented(_SOURCE, "codes of the refusals; which of XDM-1020 to XDM-1024 an unknown namespace has"),
    permission="manage-schemas",
)  # fmt: skip
def create(call: Call) -> Response:
    """Make a descriptor: 201 with the whole descriptor."""
    descriptor_rules.check_room(call.scope)
    descriptor = _completed(call, call.body(), secrets.token_hex(20))
    _put(call, descriptor)
    return answer(descriptor, 201)


def every(call: Call, container: str) -> dict[str, Any]:
    """Give descriptors, grouped by type, or in the ``v2`` forms as a page; raises XDM-1008-400."""
    form = accept.descriptor_list_form(call)
    path = f"/{container}/descriptors"
    page, rest = schema_lists.stored(call, KIND, path) if container == "tenant" else schema_lists.given(call, (), path)
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
    "GET", "/tenant/descriptors/{id:path}", "retrieveDescriptor", documented(_SOURCE), permission="view-schemas"
)  # fmt: skip
def one(call: Call) -> dict[str, Any]:
    """Give one descriptor; raises XDM-1009-400."""
    accept.check_descriptor_form(call)
    return _read(call)


@service.operation(
    "GET", "/global/descriptors/{id:path}", "retrieveDescriptor", documented(_SOURCE, "there are none"),
    permission="view-schemas",
)  # fmt: skip
def one_of_adobe(call: Call) -> dict[str, Any]:
    """Refuse: there are no global descriptors here."""
    accept.check_descriptor_form(call)
    raise not_found("descriptors", call.part("id"))


@service.operation(
    "PUT", "/tenant/descriptors/{id:path}", "updateDescriptor",
    documented(_SOURCE, "201, as the pages have it; spec: 200"), permission="manage-schemas",
)  # fmt: skip
def replace(call: Call) -> Response:
    """Replace a descriptor: 201 with its id."""
    old, given = _read(call), call.body()
    if given.get("xdm:isPrimary") is not True:
        descriptor_rules.check_deletion(call.scope, old)
    new = _completed(call, given, old["@id"], old)
    _put(call, new)
    return answer({"@id": new["@id"]}, 201)


@service.operation(
    "DELETE", "/tenant/descriptors/{id:path}", "deleteDescriptor", documented(_SOURCE), permission="manage-schemas"
)
def delete(call: Call) -> Response:
    """Delete a descriptor: 204."""
    descriptor = _read(call)
    descriptor_rules.check_deletion(call.scope, descriptor)
    call.scope.delete(KIND, descriptor["@id"])
    return Response(status_code=204)


def _put(call: Call, descriptor: dict[str, Any]) -> None:
    now = descriptor[registry.METADATA]["repo:lastModifiedDate"]
    call.scope.put(KIND, descriptor["@id"], descriptor, name=descriptor["xdm:sourceSchema"], now=now)


def _read(call: Call) -> dict[str, Any]:
    row = call.scope.get(KIND, call.part("id"))
    if row is None:
        raise not_found("descriptors", call.part("id"))
    return row.body


def _completed(call: Call, given: dict[str, Any], id: str, old: dict[str, Any] | None = None) -> dict[str, Any]:
    descriptor_rules.check(call.scope, given, id)
    before = (old or {}).get(registry.METADATA, {})
    # A schema may be named by its meta:altId, too: it is kept as its $id, under which descriptors are found.
    schema = registry.find(call.scope, given["xdm:sourceSchema"], ("schemas",)) or {}
    return given | {
        "@id": id, "xdm:sourceSchema": schema["$id"], "version": "1", **registry.placed(call),
        **registry.metadata(call, before, before.get("repo:createdDate")),
    }  # fmt: skip


def _as(form: str, descriptor: dict[str, Any]) -> Any:
    if form == "id":
        return descriptor["@id"]
    return f"/tenant/descriptors/{descriptor['@id']}" if form == "link" else descriptor
