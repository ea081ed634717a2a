"""Catalog: datasets."""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.responses import Response

from ..front import patch, shapes
from ..front.filters import Condition
from ..front.problems import AepProblem, Problem
from ..front.service import Call, answer
from ..platform import Platform
from ..provenance import documented
from ..registry import registry
from ..registry.xdm_classes import ADHOC, RECORD, TIME_SERIES
from ..state import errands
from ..state.store import Scope
from . import batches, catalog_query
from .batches import service
from .catalog_query import bad, check_etag, etag

KIND = "dataSets"
_SOURCE = "catalog.yaml; catalog/api"
_NO_BODY = "the body of a refusal"
_SHAPE = {
    "name": str, "description": str, "schemaRef": shapes.REFERENCE, "tags": {shapes.EVERY: [str]},
    "fileDescription": dict, "observableSchema": dict, "enableErrorDiagnostics": bool,
    "classification": {"dataBehavior": str, "managedBy": str},
    "extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": str}}},
}  # fmt: skip
_DURATION = re.compile(r"P(?=[0-9T])([0-9]{1,6}Y)?([0-9]{1,6}M)?([0-9]{1,6}W)?([0-9]{1,6}D)?(T([0-9]{1,6}[HMS])+)?")
_OWN_TAGS = ("adobe/pqs/table",)
_MANAGED = ("created", "updated", "version", "imsOrg", "createdClient", "createdUser", "updatedUser", "viewId",
            "basePath", "files", "namespace", "state")  # fmt: skip
_OF_BATCHES = ("lastBatchId", "lastBatchStatus", "lastSuccessfulBatch", "lastFailedBatch")
_SORTABLE = (*_SHAPE, *(name for name in _MANAGED if name != "basePath"), "persistence")


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
    "GET", "/dataSets", "listDatasets",
    documented(_SOURCE, "newest first where no order is asked for; 400 for an order by an unknown field; basePath is "
               "an address of ours; no schema, which is the old name of schemas of /xdms only"),
    permission="view-datasets",
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give the datasets that fit the query, as an object keyed by id."""
    query = catalog_query.read(call, order="desc:created", own=("requestDataSource", "expansion"), sortable=_SORTABLE)
    rows = query.page(call, KIND, {name: name for name in ("name", "created", "updated")})
    return {row.id: query.cut(_shown(call, row.id, row.body)) for row in rows}


@service.operation(
    "GET", "/dataSets/{id}", "retrieveDataset",
    documented(_SOURCE, "several ids with commas between; 304 for If-None-Match with the ETag"),
    permission="view-datasets",
)  # fmt: skip
def one(call: Call) -> Response:
    """Give one dataset or several, as an object keyed by id; ``ETag`` in the header; raises 404."""
    query = catalog_query.read(call, own=("requestDataSource", "expansion"))
    ids = call.part("id").split(",")
    rows = [row for row in (call.scope.get(KIND, id) for id in ids[: catalog_query.MOST]) if row]
    if not rows:
        raise _unknown(call.part("id"))
    shown = {row.id: _shown(call, row.id, row.body) for row in rows}
    headers = {"etag": etag(rows[0].body, *map(shown[rows[0].id].get, _OF_BATCHES))} if len(ids) == 1 else {}
    if headers and catalog_query.is_known(call, headers["etag"]):
        return Response(status_code=304, headers=headers)
    return answer({id: query.cut(body) for id, body in shown.items()}, headers=headers)


@service.operation(
    "PATCH", "/dataSets/{id}", "patchDataset", documented(_SOURCE, _NO_BODY), permission="manage-datasets"
)  # fmt: skip
def change(call: Call) -> list[str]:
    """Change a dataset: keys are merged, or JSON Patch is applied when the content type says so."""
    old = _read(call)
    check_etag(call, old)
    if "patch" not in call.request.headers.get("content-type", ""):
        return _replaced(call, old, old | call.body())
    try:
        return _replaced(call, old, patch.patched(old, call.body(list)))
    except patch.PatchRefused as refused:
        raise bad(f"The patch cannot be applied: {refused}.") from refused


@service.operation(
    "PATCH", "/v2/dataSets/{id}", "patchDataSetV2",
    documented("catalog.yaml", "objects are merged at every depth, anything else is replaced"),
    permission="manage-datasets",
)  # fmt: skip
def change_deep(call: Call) -> list[str]:
    """Change nested fields of a dataset; objects on the way to them are made."""
    old = _read(call)
    check_etag(call, old)
    return _replaced(call, old, _merged(old, call.body()))


@service.operation("PUT", "/dataSets/{id}", "putDataset", documented(_SOURCE, _NO_BODY), permission="manage-datasets")
def replace(call: Call) -> list[str]:
    """Replace a dataset."""
    old = _read(call)
    check_etag(call, old)
    return _replaced(call, old, call.body())


@service.operation(
    "DELETE", "/dataSets/{id}", "deleteDataset",
    documented(_SOURCE, "an unknown id gives 200 and an empty array; its batches and files go too"),
    permission="manage-datasets",
)  # fmt: skip
def delete(call: Call) -> list[str]:
    """Delete a dataset with its batches and all their files."""
    id = call.part("id")
    if call.scope.get(KIND, id) is None:
        return []
    removed(call.platform, call.scope, id, now=call.now)
    return _reference(id)


def base_path(call: Call, id: str) -> str:
    """Give the name of the place where a dataset's files are: there is no storage account (assumed)."""
    return f"{call.base_url}/data/foundation/dataset/datasets/{id}/"


def removed(platform: Platform, scope: Scope, id: str, *, now: int) -> None:
    """Remove a dataset, its batches and, as soon as that is on disk, all their files; inside a transaction."""
    scope.delete(KIND, id)
    errands.forget(platform, scope, id, batches.delete_all(scope, id), now=now)


def _replaced(call: Call, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    _check(call, new)
    if new["schemaRef"]["id"] != old["schemaRef"]["id"]:
        raise bad("The schema of a dataset cannot be changed.")
    managed = {key: old[key] for key in _MANAGED if key in old}
    tags = {key: old["tags"][key] for key in _OWN_TAGS if key in old["tags"]} | (new.get("tags") or {})
    kept = managed | {"tags": tags, "classification": _classification(call, new)}
    if "validate-only" not in call.request.headers.get("pragma", "").lower():
        _keep(call, call.part("id"), batches.touched({**new, **kept}, call.now, call.caller.account.technical_account))
    return _reference(call.part("id"))


def _check(call: Call, body: dict[str, Any]) -> None:
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise bad(wrong)
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise bad("A dataset needs a name.")
    reference = body.get("schemaRef")
    id = reference.get("id") if isinstance(reference, dict) else None
    schema = registry.find(call.scope, str(id), ("schemas",))
    if schema is None:
        raise bad(f"The schemaRef of the dataset names no schema of this sandbox: {id}.")
    _check_settings(body)
    profile = (body.get("tags") or {}).get("unifiedProfile") or []
    enabled = any("enabled" in tag and "true" in tag for tag in profile)
    if enabled and "union" not in schema.get("meta:immutableTags", ()):
        raise bad(f"A dataset can be enabled for Profile only when its schema is: {id} has no tag union.")


def _check_settings(body: dict[str, Any]) -> None:
    """Raise a 400 for a classification or a row expiration that cannot be (catalog.yaml)."""
    managed = (body.get("classification") or {}).get("managedBy")
    if managed not in (None, "CUSTOMER", "SYSTEM"):
        raise bad(f"classification.managedBy must be CUSTOMER or SYSTEM; it is [{managed[:100]}].")
    node: Any = body.get("extensions")
    for step in ("adobe_lakeHouse", "rowExpiration", "ttlValue"):
        node = (node or {}).get(step)
    if node is not None and not _DURATION.fullmatch(node):
        raise bad(f"rowExpiration.ttlValue must be an ISO 8601 duration such as P3Y; it is [{node[:100]}].")


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
    taken = call.scope.page(KIND, where=[Condition("tags.adobe/pqs/table[]", "==", (table,))], limit=1)
    return f"{table}_{secrets.token_hex(2)}" if taken else table


def _keep(call: Call, id: str, dataset: dict[str, Any]) -> None:
    call.scope.put(KIND, id, dataset, name=dataset["name"], now=dataset["updated"])


def _read(call: Call) -> dict[str, Any]:
    row = call.scope.get(KIND, call.part("id"))
    if row is None:
        raise _unknown(call.part("id"))
    return row.body


def _unknown(id: str) -> Problem:
    return AepProblem(404, "Not Found", f"No dataset exists with id [{id[:200]}].")


def _shown(call: Call, id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a dataset with where its files are and what its batches say of it."""
    result = body | {"basePath": base_path(call, id)}
    last = batches.last(call.scope, id)
    if last is None:
        return result
    result |= {"lastBatchId": last.id, "lastBatchStatus": last.body["status"]}
    for status, key in (("success", "lastSuccessfulBatch"), ("failed", "lastFailedBatch")):
        found = batches.last(call.scope, id, status)
        result |= {key: found.id} if found else {}
    return result


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    both = {name: _merged(old[name], value) for name, value in new.items()
            if isinstance(value, dict) and isinstance(old.get(name), dict)}  # fmt: skip
    return {**old, **new, **both}


def _reference(id: str) -> list[str]:
    return [f"@/dataSets/{id}"]
