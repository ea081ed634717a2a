"""Catalog: datasets."""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.responses import Response

from . import batches, filters, patch, registry, shapes
from .batches import service
from .problems import AepProblem, Problem
from .provenance import documented
from .service import Call, answer
from .xdm_classes import ADHOC, RECORD, TIME_SERIES

KIND = "dataSets"
_SOURCE = "catalog.yaml; catalog/api"
_NO_BODY = "the body of a refusal"
_SHAPE = {
    "name": str, "description": str, "schemaRef": shapes.REFERENCE, "tags": {shapes.EVERY: [str]},
    "fileDescription": dict, "observableSchema": dict, "enableErrorDiagnostics": bool, "classification": dict,
}  # fmt: skip
_OWN_TAGS = ("adobe/pqs/table",)
_PAGING = ("limit", "start", "properties", "orderBy", "property", "tags")
_MANAGED = ("created", "updated", "version", "imsOrg", "createdClient", "createdUser", "updatedUser", "viewId",
            "basePath", "files", "namespace", "state")  # fmt: skip


@service.operation(
    "POST", "/dataSets", "createDataset", documented(_SOURCE, f"a dataset must have a name and a schema; {_NO_BODY}"),
    permission="manage-datasets",
)  # fmt: skip
def create(call: Call) -> Response:
    """Make a dataset: 201 with an array of one reference. ``Pragma: validate-only`` checks and keeps nothing."""
    id, view = secrets.token_hex(12), secrets.token_hex(12)
    body = {key: value for key, value in call.body().items() if key not in _MANAGED}
    _check(call, body)
    description = {"persisted": True, "containerFormat": "parquet", "format": "parquet"}
    tags = {"adobe/pqs/table": [_table_name(call, body["name"])]} | (body.get("tags") or {})
    now, who = call.now, call.caller.account.technical_account
    dataset = {
        "version": "1.0.0", "imsOrg": call.caller.seat.org_id, **body, "tags": tags,
        "created": now, "updated": now, "createdClient": call.caller.client_id,
        "createdUser": who, "updatedUser": who, "namespace": "ACP", "state": "DRAFT",
        "viewId": view, "files": f"@/dataSets/{id}/views/{view}/files", "persistence": {},
        "observableSchema": body.get("observableSchema", {}),
        "fileDescription": description | (body.get("fileDescription") or {}),
        "enableErrorDiagnostics": body.get("enableErrorDiagnostics", False),
        "classification": _classification(call, body),
    }  # fmt: skip
    if "validate-only" not in call.request.headers.get("pragma", "").lower():
        _keep(call, id, dataset)
    return answer(_reference(id), 201, {"location": f"{service.base}/dataSets/{id}"})


@service.operation(
    "GET", "/dataSets", "listDatasets", documented(_SOURCE, "newest first where no order is asked for"),
    permission="view-datasets",
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give the datasets that fit the query, as an object keyed by id."""
    limit, start = _number(call, "limit", 20, 1), _number(call, "start", 0, 0)
    rows = [(row.id, _shown(call, row.id, row.body)) for row in reversed(call.scope.list(KIND))]
    rows = [(id, body) for id, body in rows if _fits(call, body)]
    rows = _ordered(rows, call.query("orderBy"))[start : start + min(limit, 100)]
    return {id: _cut(call, body) for id, body in rows}


@service.operation("GET", "/dataSets/{id}", "retrieveDataset", documented(_SOURCE), permission="view-datasets")
def one(call: Call) -> Response:
    """Give one dataset, as an object keyed by its id; ``ETag`` in the header."""
    body = _read(call)
    shown = _shown(call, call.part("id"), body)
    return answer({call.part("id"): _cut(call, shown)}, headers={"etag": _etag(body)})


@service.operation(
    "PATCH", "/dataSets/{id}", "patchDataset", documented(_SOURCE, _NO_BODY), permission="manage-datasets"
)  # fmt: skip
def change(call: Call) -> list[str]:
    """Change a dataset: keys are merged, or JSON Patch is applied when the content type says so."""
    old = _read(call)
    _check_etag(call, old)
    if "patch" not in call.request.headers.get("content-type", ""):
        return _replaced(call, old, old | call.body())
    try:
        return _replaced(call, old, patch.patched(old, call.body(list)))
    except patch.PatchRefused as refused:
        raise _bad(f"The patch cannot be applied: {refused}.") from refused


@service.operation("PUT", "/dataSets/{id}", "putDataset", documented(_SOURCE, _NO_BODY), permission="manage-datasets")
def replace(call: Call) -> list[str]:
    """Replace a dataset."""
    old = _read(call)
    _check_etag(call, old)
    return _replaced(call, old, call.body())


@service.operation(
    "DELETE", "/dataSets/{id}", "deleteDataset",
    documented(_SOURCE, "an unknown id gives 200 and an empty array; its batches go too"), permission="manage-datasets",
)  # fmt: skip
def delete(call: Call) -> list[str]:
    """Delete a dataset and the account of its batches."""
    id = call.part("id")
    if not call.scope.delete(KIND, id):
        return []
    for row in batches.of_dataset(call.scope, id):
        call.scope.delete(batches.KIND, row.id)
    return _reference(id)


def _replaced(call: Call, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    _check(call, new)
    if new["schemaRef"]["id"] != old["schemaRef"]["id"]:
        raise _bad("The schema of a dataset cannot be changed.")
    managed = {key: old[key] for key in _MANAGED if key in old}
    tags = {key: old["tags"][key] for key in _OWN_TAGS if key in old["tags"]} | (new.get("tags") or {})
    kept = managed | {"tags": tags, "updated": max(call.now, old["updated"] + 1)}
    kept["updatedUser"] = call.caller.account.technical_account
    kept["classification"] = _classification(call, new)
    _keep(call, call.part("id"), {**new, **kept})
    return _reference(call.part("id"))


def _check(call: Call, body: dict[str, Any]) -> None:
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise _bad(wrong)
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise _bad("A dataset needs a name.")
    reference = body.get("schemaRef")
    id = reference.get("id") if isinstance(reference, dict) else None
    schema = registry.find(call.scope, str(id), ("schemas",))
    if schema is None:
        raise _bad(f"The schemaRef of the dataset names no schema of this sandbox: {id}.")
    profile = (body.get("tags") or {}).get("unifiedProfile") or []
    enabled = any("enabled" in tag and "true" in tag for tag in profile)
    if enabled and "union" not in schema.get("meta:immutableTags", ()):
        raise _bad(f"A dataset can be enabled for Profile only when its schema is: {id} has no tag union.")


def _classification(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Give how the dataset is classified: the behavior of its schema (catalog.yaml), kept by the customer."""
    schema = registry.find(call.scope, body["schemaRef"]["id"], ("schemas",)) or {}
    behaviors = {RECORD: "record", TIME_SERIES: "time-series", ADHOC: "adhoc"}
    found = [name for id, name in behaviors.items() if id in schema.get("meta:extends", ())]
    return {"dataBehavior": found[0] if found else "record", "managedBy": "CUSTOMER"} | (
        body.get("classification") or {}
    )


def _table_name(call: Call, name: str) -> str:
    """Give a Query Service table name that no other dataset has."""
    table = re.sub(r"\W+", "_", name.lower()).strip("_") or "dataset"
    taken = {table for row in call.scope.list(KIND) for table in row.body["tags"].get("adobe/pqs/table", ())}
    return table if table not in taken else f"{table}_{secrets.token_hex(2)}"


def _keep(call: Call, id: str, dataset: dict[str, Any]) -> None:
    call.scope.put(KIND, id, dataset, name=dataset["name"], now=dataset["updated"])


def _read(call: Call) -> dict[str, Any]:
    row = call.scope.get(KIND, call.part("id"))
    if row is None:
        raise AepProblem(404, "Not Found", f"No dataset exists with id [{call.part('id')}].")
    return row.body


def _shown(call: Call, id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a dataset with what its batches say of it."""
    rows = batches.of_dataset(call.scope, id)
    if not rows:
        return body
    result = body | {"lastBatchId": rows[-1].id, "lastBatchStatus": rows[-1].body["status"]}
    for row in rows:
        result["lastSuccessfulBatch" if row.body["status"] == "success" else "lastFailedBatch"] = row.id
    return result


def _cut(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    wanted = [name for name in call.query("properties").split(",") if name]
    return {name: body[name] for name in wanted if name in body} if wanted else body


def _fits(call: Call, body: dict[str, Any]) -> bool:
    for name, text in call.request.query_params.multi_items():
        if name == "tags" and not _tagged(body["tags"], text):
            return False
        if name == "property" and not _condition(text).holds(body):
            return False
        if name not in _PAGING and not filters.Condition(name, "==", tuple(text.split(","))).holds(body):
            return False
    return True


def _condition(text: str) -> filters.Condition:
    """Read Catalog's conditions, in which one equals sign is enough."""
    try:
        return filters.parse(text, several=True)
    except filters.NotACondition:
        name, sign, value = text.partition("=")
        return filters.Condition(name, "==" if sign else "exists", tuple(value.split(",")))


def _tagged(tags: dict[str, list[str]], wanted: str) -> bool:
    key, _, value = wanted.partition(":")
    pattern = re.escape(value or "*").replace(r"\*", ".*")
    return any(re.fullmatch(pattern, one) for one in tags.get(key, ()))


def _ordered(rows: list[tuple[str, dict[str, Any]]], order: str) -> list[tuple[str, dict[str, Any]]]:
    if not order:
        return rows
    direction, _, fields = order.partition(":")
    if direction not in ("asc", "desc") or not fields:
        raise _bad(f"orderBy must look like desc:created; it was {order!r}.")
    for name in reversed(fields.split(",")):
        rows = sorted(rows, key=lambda row: (isinstance(row[1].get(name), str), row[1].get(name, 0)),
                      reverse=direction == "desc")  # fmt: skip
    return rows


def _etag(body: dict[str, Any]) -> str:
    return f'"{body["updated"]}"'


def _check_etag(call: Call, body: dict[str, Any]) -> None:
    given = call.request.headers.get("if-match")
    if given and given not in ("*", _etag(body)):
        raise AepProblem(412, "Precondition Failed", f"If-Match is {given}; the dataset's etag is {_etag(body)}.")


def _reference(id: str) -> list[str]:
    return [f"@/dataSets/{id}"]


def _number(call: Call, name: str, default: int, least: int) -> int:
    text = call.query(name, str(default))
    if not text.isdigit() or int(text) < least:
        raise _bad(f"{name} must be a whole number from {least}; it was {text!r}.")
    return int(text)


def _bad(why: str) -> Problem:
    return AepProblem(400, "Bad Request", why)
