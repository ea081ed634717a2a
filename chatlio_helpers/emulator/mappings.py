"""Data Prep: mapping sets, their versions, validation and preview."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.responses import Response

from . import composition, shapes
from .problems import AepProblem, Problem
from .provenance import assumed, documented, observed
from .service import Call, Service
from .store import Scope

service = Service("Data Prep", "/data/foundation/conversion")
routes = service.routes
KIND, VERSIONS = "mappingSets", "mappingSetVersions"
LONGEST = 4096  # characters of a calculated field, a documented guardrail
_SOURCE = "data-prep.yaml; data-prep/api/mapping-set"
_NO_BODY = "the body of a refusal"
_SHAPE = {
    "name": str, "tags": (dict, list), "inputSchema": dict, "outputSchema": {"schemaRef": shapes.REFERENCE},
    "xdmSchema": str, "xdmVersion": str,
    "mappings": [{
        "sourceType": str, "source": str, "destination": str, "sourceAttribute": str, "destinationXdmPath": str,
        "name": str, "description": str, "identity": bool, "version": (int, str),
    }],
}  # fmt: skip
_TYPES = {
    "ATTRIBUTE": "ATTRIBUTE", "text/x.schema-path": "ATTRIBUTE",
    "EXPRESSION": "EXPRESSION", "text/x.aep-xl": "EXPRESSION",
    "STATIC": "STATIC",
}  # fmt: skip


def load(scope: Scope, id: str, version: int | None = None) -> dict[str, Any] | None:
    """Give a mapping set in stored form, its newest version unless one is named, or None.

    Each of its ``mappings`` has ``sourceType`` (ATTRIBUTE, EXPRESSION, STATIC), ``source``, ``destination``, and the
    same once more under the older names ``sourceAttribute`` and ``destinationXdmPath``.
    """
    row = scope.get(KIND, id) if version is None else scope.get(VERSIONS, f"{id}:{version}")
    return row.body if row else None


def schema_reference(mapping_set: dict[str, Any]) -> dict[str, Any]:
    """Give the target schema ``{"id", "contentType"}`` of a mapping set; raises a 400 when it names none."""
    _check_shape(mapping_set)
    reference = (mapping_set.get("outputSchema") or {}).get("schemaRef")
    if isinstance(reference, dict) and reference.get("id"):
        return reference
    if mapping_set.get("xdmSchema"):
        return {"id": mapping_set["xdmSchema"], "contentType": mapping_set.get("xdmVersion", "1.0")}
    raise _bad("The mapping set names no target schema: outputSchema.schemaRef.id is missing.")


def validated(call: Call, mapping_set: dict[str, Any]) -> list[dict[str, Any]]:
    """Check each mapping against the target schema; gives one entry for each, SUCCESS or FAILED with its errors."""
    from .mapper import check_mappings

    rows = _rows(mapping_set)
    return check_mappings(rows, _schema(call, mapping_set))


@service.operation(
    "POST", "/mappingSets", "createMappingSet", observed("Chatlio streaming tutorial (API)", _NO_BODY),
    permission="manage-sources",
)  # fmt: skip
def create(call: Call) -> dict[str, Any]:
    """Make a mapping set, version 0."""
    body = call.body()
    item = _stored(call, body, uuid.uuid4().hex, 0, call.now)
    if call.query("validate").lower() == "true":
        _refuse_faults(validated(call, item))
    _keep(call, item)
    return _receipt(item)


@service.operation("GET", "/mappingSets", "listMappingSets", documented(_SOURCE, _NO_BODY), permission="view-sources")
def every(call: Call) -> dict[str, Any]:
    """Give mapping sets by ``name``, ordered by ``orderBy``, paged by ``limit`` and ``start``."""
    name = call.query("name")
    items = [row.body for row in reversed(call.scope.list(KIND)) if not name or row.name == name]
    items = _ordered(items, call.query("orderBy", "-modifiedDate"))
    limit, start = _number(call, "limit", 10), _number(call, "start", 0)
    shown = [_shown(call, item) for item in items[start : start + limit]]
    links = {}
    if start + limit < len(items):
        href = f"{call.base_url}{service.base}/mappingSets?limit={limit}&start={start + limit}"
        links["next"] = {"href": href, "templated": False}
    return {"data": shown, "_page": {"limit": limit, "count": len(shown)}, "_links": links}


@service.operation(
    "GET", "/mappingSets/{id}", "retrieveMappingSet", documented(_SOURCE, _NO_BODY), permission="view-sources"
)
def one(call: Call) -> dict[str, Any]:
    """Give one mapping set, its newest version or the one in ``version``."""
    return _shown(call, _read(call))


@service.operation(
    "PUT", "/mappingSets/{id}", "putMappingSet", documented(_SOURCE, "older versions stay readable"),
    permission="manage-sources",
)  # fmt: skip
def replace(call: Call) -> dict[str, Any]:
    """Replace a mapping set: same id, next version; dataflows keep the version that they name."""
    old = _read(call)
    item = _stored(call, call.body(), old["id"], old["version"] + 1, old["createdDate"])
    _keep(call, item)
    return _receipt(item)


@service.operation(
    "DELETE", "/mappingSets/{id}", "deleteMappingSet", assumed("the status 204; Adobe's SDK has the call"),
    permission="manage-sources",
)  # fmt: skip
def delete(call: Call) -> Response:
    """Delete a mapping set with all its versions."""
    item = _read(call)
    for version in range(item["version"] + 1):
        call.scope.delete(VERSIONS, f"{item['id']}:{version}")
    call.scope.delete(KIND, item["id"])
    return Response(status_code=204)


@service.operation(
    "GET", "/mappingSets/{id}/mappings", "listMappings", documented(_SOURCE), permission="view-sources"
)  # fmt: skip
def rows_of(call: Call) -> list[dict[str, Any]]:
    """Give the mappings of a set."""
    return _read(call)["mappings"]


@service.operation(
    "GET", "/mappingSets/{id}/mappings/{mapping}", "retrieveMapping", documented(_SOURCE), permission="view-sources"
)  # fmt: skip
def row_of(call: Call) -> dict[str, Any]:
    """Give one mapping of a set."""
    for mapping in _read(call)["mappings"]:
        if mapping["id"] == call.part("mapping"):
            return mapping
    raise AepProblem(404, "Not Found", f"No mapping exists with id [{call.part('mapping')}].")


_SDK = assumed("Adobe's SDK has the call; that the set gets a new version, and the answer, are ours")


@service.operation("POST", "/mappingSets/{id}/mappings", "createMapping", _SDK, permission="manage-sources")
def add_row(call: Call) -> dict[str, Any]:
    """Add one mapping to a set, which gets the next version; gives the mapping."""
    old = _read(call)
    return _with_rows(call, old, [*old["mappings"], call.body()])["mappings"][-1]


@service.operation("PUT", "/mappingSets/{id}/mappings/{mapping}", "updateMapping", _SDK, permission="manage-sources")
def replace_row(call: Call) -> dict[str, Any]:
    """Put another mapping in the place of one, under its id; the set gets the next version."""
    old, row = _read(call), row_of(call)
    position = old["mappings"].index(row)
    rows = [*old["mappings"][:position], call.body() | {"id": row["id"]}, *old["mappings"][position + 1 :]]
    return _with_rows(call, old, rows)["mappings"][position]


@service.operation("DELETE", "/mappingSets/{id}/mappings/{mapping}", "deleteMapping", _SDK, permission="manage-sources")
def delete_row(call: Call) -> Response:
    """Take one mapping out of a set, which gets the next version; the last one cannot go."""
    old, row = _read(call), row_of(call)
    _with_rows(call, old, [one for one in old["mappings"] if one["id"] != row["id"]])
    return Response(status_code=204)


def _with_rows(call: Call, old: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Keep *old* with other rows as its next version; rows that it had keep their ids."""
    item = _stored(call, old | {"mappings": rows}, old["id"], old["version"] + 1, old["createdDate"])
    known = {one["id"] for one in old["mappings"]}
    for kept, given in zip(item["mappings"], rows, strict=True):
        if given.get("id") in known:
            kept["id"] = given["id"]
    _keep(call, item)
    return item


@service.operation(
    "POST", "/mappingSets/validate", "validateMappingSet", documented(_SOURCE, "words of an exception"),
    permission="view-sources",
)  # fmt: skip
def validate(call: Call) -> dict[str, Any]:
    """Check a mapping set without keeping it."""
    return {"validationResponse": validated(call, call.body())}


@service.operation(
    "POST", "/mappingSets/preview", "previewMappingSet", documented(_SOURCE, "data may be one object or an array"),
    permission="view-sources",
)  # fmt: skip
def preview(call: Call) -> list[dict[str, Any]]:
    """Map sample data without keeping anything: one entry for each payload."""
    from .mapper import Mapper

    body = call.body()
    mapping_set, data = body.get("mappingSet"), body.get("data")
    payloads = data if isinstance(data, list) else [data]
    if not isinstance(mapping_set, dict) or not all(isinstance(payload, dict) for payload in payloads):
        raise _bad("A preview needs data (an object or an array of objects) and mappingSet.")
    mapper, now = Mapper(_rows(mapping_set), _schema(call, mapping_set)), call.platform.clock.now()
    return [_previewed(mapper.apply(payload, now)) for payload in payloads]


def _stored(call: Call, body: dict[str, Any], id: str, version: int, made: int) -> dict[str, Any]:
    reference = schema_reference(body)
    _schema(call, body)
    who, now = call.caller.account.technical_account, call.now
    managed = {"version": version, "createdDate": made, "modifiedDate": now, "createdBy": who, "modifiedBy": who}
    rows = [
        {**row, "id": uuid.uuid4().hex, **managed, "version": 0, "identity": bool(row.get("identity")),
         "primaryIdentity": bool(row.get("primaryIdentity")), "matchScore": 0.0, "functionVersion": 1}
        for row in _rows(body)
    ]  # fmt: skip
    given = {key: body[key] for key in ("name", "tags", "inputSchema", "description") if key in body}
    return {
        "id": id, **managed, "supportVersion": "1.1", **given,
        "outputSchema": {"id": uuid.uuid4().hex, "version": 0, "schemaRef": reference},
        "mappings": rows, "status": "PUBLISHED", "strictMapping": False, "allowNullValues": False,
        "xdmVersion": "1.0", "schemaRef": reference, "xdmSchema": reference["id"],
    }  # fmt: skip


def _rows(mapping_set: dict[str, Any]) -> list[dict[str, Any]]:
    _check_shape(mapping_set)
    given = mapping_set.get("mappings")
    if not isinstance(given, list) or not given:
        raise _bad("The mapping set has no mappings.")
    return [_row(row) for row in given]


def _row(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _bad("Each mapping must be an object.")
    source, destination = given.get("source"), given.get("destination")
    source = given.get("sourceAttribute") if source is None else source
    destination = given.get("destinationXdmPath") if destination is None else destination
    if not isinstance(source, str) or not isinstance(destination, str) or not destination:
        raise _bad("Each mapping needs source and destination (or sourceAttribute and destinationXdmPath).")
    kind = _TYPES.get(given.get("sourceType") or "ATTRIBUTE")
    if kind is None:
        raise _bad(f"The sourceType {given['sourceType']!r} is none of ATTRIBUTE, EXPRESSION, STATIC.")
    if kind == "EXPRESSION" and len(source) > LONGEST:
        raise _bad(f"A calculated field holds at most {LONGEST} characters; that of {destination} has {len(source)}.")
    both = {"sourceType": kind, "source": source, "destination": destination}
    return {**given, **both, "sourceAttribute": source, "destinationXdmPath": destination}


def _check_shape(mapping_set: dict[str, Any]) -> None:
    wrong = shapes.misfit(mapping_set, _SHAPE)
    if wrong:
        raise _bad(wrong)


def _schema(call: Call, mapping_set: dict[str, Any]) -> dict[str, Any]:
    id = schema_reference(mapping_set)["id"]
    try:
        return composition.resolved(call.scope, id)
    except composition.Unresolved as error:
        raise _bad(f"The target schema {id} cannot be read: {error}.") from error


def _keep(call: Call, item: dict[str, Any]) -> None:
    call.scope.put(KIND, item["id"], item, name=item.get("name"), now=call.now)
    call.scope.put(VERSIONS, f"{item['id']}:{item['version']}", item, now=call.now)


def _read(call: Call) -> dict[str, Any]:
    id, version = call.part("id"), call.query("version")
    item = load(call.scope, id, int(version) if version.isdigit() else None)
    if item is None:
        raise AepProblem(404, "Not Found", f"No mapping set exists with id [{id}]{version and f' version {version}'}.")
    return item


def _receipt(item: dict[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in ("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy")}


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    if call.query("expandSchema").lower() != "true":
        return item
    return item | {"outputSchema": item["outputSchema"] | {"jsonSchema": _schema(call, item)}}


def _previewed(mapped: Any) -> dict[str, Any]:
    errors = [
        {"code": one.code, "message": one.message, "source": one.source, "destination": one.destination}
        for one in mapped.problems
    ]
    return {"data": mapped.record, "errors": errors or None}


def _refuse_faults(entries: list[dict[str, Any]]) -> None:
    faults = [error for entry in entries if entry["status"] != "SUCCESS" for error in entry["errors"] or ()]
    if faults:
        raise _bad("; ".join(f"{fault['destination']}: {fault['exception']}" for fault in faults))


def _ordered(items: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    found = re.fullmatch(r"([-+ ]?)(createdDate|modifiedDate|updatedDate|lastUpdateDate|name)", order)
    if not found:
        raise _bad(f"Mapping sets cannot be ordered by {order!r}.")
    field = {"updatedDate": "modifiedDate", "lastUpdateDate": "modifiedDate"}.get(found[2], found[2])
    return sorted(items, key=lambda item: str(item.get(field, "")), reverse=found[1] == "-")


def _number(call: Call, name: str, default: int) -> int:
    text = call.query(name, str(default))
    if not text.isdigit():
        raise _bad(f"The parameter {name} must be a whole number; it was {text!r}.")
    return int(text)


def _bad(why: str) -> Problem:
    return AepProblem(400, "Bad Request", why)
