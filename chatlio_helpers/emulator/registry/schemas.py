"""Schema Registry: schemas, classes, field groups (old name: mixins) and data types, of the tenant and global."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ..front import patch
from ..front.service import Call, answer
from ..provenance import Known, documented, observed
from ..state.store import Scope
from . import accept, audit_log, composition, flat_form, registry, schema_checks, schema_lists, union_rules, unions
from .schema_service import bad, not_found, service

_SOURCE = "schema-registry.yaml"
_RECENT = 10  # resources in the two lists of the statistics
_LISTED = documented("xdm/api/appendix", "in the order of the last change where no order is asked for")


@service.operation("GET", "/stats", "retrieveStats", documented(_SOURCE, "classUsage as an array"),
                   permission="view-schemas")  # fmt: skip
def stats(call: Call) -> dict[str, Any]:
    """Give the tenant id and what there is."""
    scope = call.scope
    counts = {kind: scope.count(kind) for kind in registry.TYPES}
    return {
        "imsOrg": call.caller.seat.org_id,
        "tenantId": call.caller.seat.tenant,
        "counts": counts | {"unions": len({one["meta:class"] for one in union_rules.members(scope)})},
        "recentlyCreatedResources": [_outline(one) for one in registry.newest(scope, "created", _RECENT)],
        "recentlyUpdatedResources": [_outline(one) for one in registry.newest(scope, "updated", _RECENT)],
        "classUsage": _class_usage(scope),
    }


def every(call: Call, kind: str, path: str, container: str) -> dict[str, Any]:
    """Give the resources of a kind; raises XDM-1006-400."""
    form = accept.list_form(call)
    place = f"/{container}/{path}"
    if container == "global":
        page, rest = schema_lists.given(call, registry.standard(kind), place)
    else:
        page, rest = schema_lists.stored(call, kind, place)
    shown = [registry.identity(one) for one in page] if form == "-id" else page
    href = f"{call.base_url}{service.base}/global/{path}"
    return {"results": shown, **rest, "_links": rest["_links"] | {f"global_{path}": {"href": href}}}


def one(call: Call, kind: str) -> dict[str, Any]:
    """Give one resource in the form that ``Accept`` names; raises XDM-1007-400."""
    form = accept.lookup_form(call, kind)
    # Documented: a union can be looked up among the schemas, too.
    union = unions.find(call, call.part("id")) if kind == "schemas" and _container(call) == "tenant" else None
    body = (
        unions.shown(call.scope, union, form) if union else _formed(call.scope, _found(call, kind, reading=True), form)
    )
    return accept.without_text(body) if form.endswith("notext") else body


def _formed(scope: Scope, body: dict[str, Any], form: str) -> dict[str, Any]:
    if "full" in form or "deprecate" in form:
        body = composition.resolved(scope, body["$id"])
    if "deprecate" in form:
        body = composition.with_status(scope, body)
    if "desc" in form:
        body = body | {"meta:descriptors": [row.body for row in scope.find("descriptors", body["$id"])]}
    return flat_form.flattened(body) if "flat" in form else body


def create(call: Call, kind: str) -> Response:
    """Make a resource: 201 with the whole resource."""
    resource = schema_checks.checked(call, kind, registry.new(call, kind, call.body()))
    audit_log.write(call, kind, resource)
    if kind == "schemas" and union_rules.UNION in resource.get(union_rules.TAGS, ()):
        union_rules.check_merge(call.scope, resource["meta:class"])
    return answer(resource, 201)


def replace(call: Call, kind: str) -> dict[str, Any]:
    """Replace a resource: the whole new resource, one minor version up; its immutable tags stay."""
    old = _found(call, kind)
    kept = {union_rules.TAGS: old[union_rules.TAGS]} if union_rules.TAGS in old else {}
    return _changed(call, kind, old, kept | call.body())


def change(call: Call, kind: str) -> dict[str, Any]:
    """Change a resource by JSON Patch: the whole resource, one minor version up."""
    old = _found(call, kind)
    try:
        new = patch.patched(old, [_tagged(entry, old) for entry in call.body(list)])
    except patch.PatchRefused as refused:
        raise bad(f"The patch cannot be applied: {refused}.") from refused
    return _changed(call, kind, old, new)


def delete(call: Call, kind: str) -> Response:
    """Delete a resource: 204; raises a 400 while another resource or a dataset uses it (assumed)."""
    resource = _found(call, kind)
    schema_checks.refuse_when_used(call, resource)
    audit_log.delete(call, kind, resource)
    for row in call.scope.find("descriptors", resource["$id"]):
        call.scope.delete("descriptors", row.id)
    return Response(status_code=204)


def _changed(call: Call, kind: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    identity = {key: old[key] for key in ("$id", "meta:altId", "meta:resourceType", "meta:registryMetadata")}
    made = old["meta:registryMetadata"]["repo:createdDate"]
    body = {**new, **identity, "version": registry.raised(old["version"])}
    resource = schema_checks.checked(call, kind, registry.completed(call, body, made=made), old=old)
    audit_log.write(call, kind, resource, old)
    schema_checks.check_dependents(call, resource)
    return resource


def _tagged(entry: Any, old: dict[str, Any]) -> Any:
    """Read the path ``/meta:immutableTags-`` of Adobe's description and of aepp as what it means: one more tag."""
    if not isinstance(entry, dict) or entry.get("path") != f"/{union_rules.TAGS}-":
        return entry
    if union_rules.TAGS in old:
        return entry | {"path": f"/{union_rules.TAGS}/-"}
    return entry | {"path": f"/{union_rules.TAGS}", "value": [entry.get("value")]}


def _found(call: Call, kind: str, *, reading: bool = False) -> dict[str, Any]:
    """Give the resource of the path; observed in Adobe's SDK: a global one can be read by way of the tenant's path."""
    resource = registry.find(call.scope, call.part("id"), (kind,))
    container = _container(call)
    places = ("tenant", "global") if reading and container == "tenant" else (container,)
    if resource is None or resource["meta:containerId"] not in places:
        raise not_found(kind, call.part("id"))
    return resource


def _container(call: Call) -> str:
    return call.request.url.path.removeprefix(service.base).split("/")[1]


def _outline(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: resource.get(key) or "" for key in ("title", "description", "$id", "meta:altId", "version")}


def _class_usage(scope: Scope) -> list[dict[str, Any]]:
    by_class: dict[str, list[dict[str, Any]]] = {}
    for schema in registry.outlines(scope):
        by_class.setdefault(str(schema.pop("meta:class")), []).append(_outline(schema))
    classes = {id: registry.find(scope, id, ("classes",)) or {} for id in by_class}
    return [
        {"$id": id, "title": classes[id].get("title", ""), "numberOfSchemas": len(schemas), "schemas": schemas}
        for id, schemas in by_class.items()
    ]


def _register(kind: str, path: str, names: tuple[str, ...], made: Known) -> None:
    """Mark the six operations of a kind under one path; *names* in the order list, get, post, put, patch, delete."""
    read, write = {"permission": "view-schemas"}, {"permission": "manage-schemas"}
    lookup = documented(
        "xdm/api/schemas", "which 404 number a kind has, but for schemas and classes; xed-deprecatefield is resolved, "
        "as the page's table and the sample of the page on deprecation have it"
    )  # fmt: skip
    removal = documented(_SOURCE, "refused while in use")
    for container in ("tenant", "global"):
        service.operation("GET", f"/{container}/{path}", names[0], _LISTED, **read)(
            lambda call, container=container: every(call, kind, path, container)
        )
        service.operation("GET", f"/{container}/{path}/{{id:path}}", names[1], lookup, **read)(
            lambda call: one(call, kind)
        )
    tenant = f"/tenant/{path}"
    service.operation("POST", tenant, names[2], made, **write)(lambda call: create(call, kind))
    changes = ((replace, "PUT", names[3]), (change, "PATCH", names[4]))
    for handler, method, name in changes:
        known = documented("xdm/api", "breaking changes are refused once data has landed, with a code of ours")
        service.operation(method, f"{tenant}/{{id:path}}", name, known, **write)(
            lambda call, handler=handler: handler(call, kind)
        )
    service.operation("DELETE", f"{tenant}/{{id:path}}", names[5], removal, **write)(lambda call: delete(call, kind))


_register("schemas", "schemas",
          ("listSchemas", "retrieveSchema", "createSchema", "updateSchema", "patchSchema", "deleteSchema"),
          observed("xdm/api/schemas",
                   "code of a missing field; a body without type is taken, as Adobe's SDK sends it"))  # fmt: skip
_register("classes", "classes",
          ("listClasses", "retrieveClass", "createClass", "replaceClass", "updateClass", "removeClass"),
          documented(_SOURCE, "code of a missing behavior; a body without description is taken, as Adobe's SDK sends "
                     "it"))  # fmt: skip
_register("mixins", "fieldgroups",
          ("listFieldGroups", "retrieveFieldGroup", "createFieldGroup", "updateFieldGroup", "patchFieldGroup",
           "removeFieldGroup"),
          documented("xdm/api/field-groups",
                     "code of a field outside the tenant's root; a body that has definitions may leave "
                     "out meta:intendedToExtend, as Adobe's SDK lets it"))  # fmt: skip
_register("mixins", "mixins",
          ("listMixins", "lookupMixin", "createMixin", "replaceMixin", "updateMixin", "removeMixin"),
          documented(_SOURCE))  # fmt: skip
_register("datatypes", "datatypes",
          ("listDataTypes", "retrieveDataType", "createDataType", "replaceDatatype", "updateDataType",
           "deleteDatatype"), documented(_SOURCE))  # fmt: skip


@service.operation("GET", "/global/behaviors", "listBehaviors", documented(_SOURCE), permission="view-schemas")
def behaviors(call: Call) -> dict[str, Any]:
    """Give the three behaviors."""
    return every(call, "behaviors", "behaviors", "global")


@service.operation(
    "GET", "/global/behaviors/{id:path}", "retrieveBehavior", documented(_SOURCE), permission="view-schemas"
)  # fmt: skip
def behavior(call: Call) -> dict[str, Any]:
    """Give one behavior."""
    return one(call, "behaviors")
