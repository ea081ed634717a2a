"""Catalog: batches that a caller accounts for itself: made, replaced, changed and deleted."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from ..front import patch, shapes
from ..front.service import Call, answer
from ..provenance import documented
from ..state import errands
from ..state.store import Row
from . import batches, catalog_query
from .batches import KIND, service
from .catalog_query import bad

STATUSES = (
    "processing", "success", "failure", "queued", "retrying", "stalled", "aborted", "abandoned", "inactive", "failed",
    "loading", "loaded", "staged", "active", "staging", "deleted",
)  # fmt: skip
_WRITE = "manage-datasets"
_SOURCE = "catalog.yaml; catalog/api"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # an id names files of ours
_NUMBER = (int, float)
_SHAPE = {
    "externalId": str, "started": int, "completed": int, "status": str, "recordCount": int, "failedRecordCount": int,
    "size": int, "errors": [{"code": str, "rows": [str], "description": str}], "metrics": dict,
    "availableDates": {"startDate": _NUMBER, "endDate": _NUMBER},
    "relatedObjects": [{"type": str, "id": str}], "tags": {shapes.EVERY: [str]},
    "replay": {"predecessors": [str], "reason": str},
    "inputFormat": {"format": str, "isMultiLineJson": bool, "charset": str},
}  # fmt: skip
_MANAGED = ("imsOrg", "created", "updated", "createdClient", "createdUser", "updatedUser", "version", "sandboxId",
            "failedBatchLocation")  # fmt: skip
FIELDS = (*_SHAPE, *_MANAGED)


@service.operation(
    "POST", "/batches", "createBatch", documented(_SOURCE, "nothing is landed: the caller says what it did"),
    permission=_WRITE,
)  # fmt: skip
def create(call: Call) -> Response:
    """Make a batch: 201 with an array of one reference."""
    return _created(call, batches.new_id(call.now))


@service.operation("POST", "/batches/{batch}", "createBatchWithId",
                   documented(_SOURCE, "an id that is taken is refused with 400"), permission=_WRITE)  # fmt: skip
def create_with_id(call: Call) -> Response:
    """Make a batch of a given id: 201 with an array of one reference."""
    id = call.part("batch")
    if not _ID.fullmatch(id):
        raise bad("A batch's id has 1 to 64 of letters, digits, dash and underscore, a letter or digit first.")
    # An id names files of the seat, whatever the sandbox.
    if call.platform.store.rows("kind = ? AND id = ? AND seat = ?", (KIND, id, call.scope.seat)):
        raise bad(f"The id [{id}] is taken.")
    return _created(call, id)


@service.operation("PUT", "/batches/{batch}", "updateBatch", documented(_SOURCE), permission=_WRITE)
def replace(call: Call) -> list[str]:
    """Replace what a caller may say of a batch; raises 404, 412."""
    row = _read(call)
    kept = {key: row.body[key] for key in _MANAGED if key in row.body}
    return _changed(call, row, {**_given(call.body()), **kept})


@service.operation(
    "PATCH", "/batches/{batch}", "patchBatch",
    documented(_SOURCE, "keys are merged, or JSON Patch by the content type"), permission=_WRITE,
)  # fmt: skip
def change(call: Call) -> list[str]:
    """Change some of what a caller may say of a batch; raises 404, 412."""
    row = _read(call)
    if "patch" not in call.request.headers.get("content-type", ""):
        return _changed(call, row, {**row.body, **_given(call.body())})
    try:
        patched = patch.patched(row.body, call.body(list))
    except patch.PatchRefused as refused:
        raise bad(f"The patch cannot be applied: {refused}.") from refused
    return _changed(call, row, {**patched, **{key: row.body[key] for key in _MANAGED if key in row.body}})


@service.operation("DELETE", "/batches/{batch}", "deleteBatch",
                   documented(_SOURCE, "deprecated by Adobe: batch ingestion's REVERT keeps the account"),
                   permission=_WRITE)  # fmt: skip
def delete(call: Call) -> list[str]:
    """Delete a batch with its rows; raises 404."""
    row = _read(call)
    call.scope.delete(KIND, row.id)
    errands.remove(call.platform, call.scope, row.name or "", row.id, now=call.now)
    return _reference(row.id)


def _created(call: Call, id: str) -> Response:
    given = _given(call.body())
    who, sandbox, now = call.caller.account.technical_account, call.caller.sandbox, call.now
    managed = {
        "imsOrg": call.caller.seat.org_id, "created": now, "updated": now,
        "createdClient": call.caller.client_id, "createdUser": who, "updatedUser": who, "version": "1.0.0",
        "sandboxId": sandbox.id if sandbox else "",
    }  # fmt: skip
    body = {"externalId": id, "errors": [], "relatedObjects": [], "metrics": {}, "tags": {}, **given, **managed}
    _check(body)
    if "validate-only" not in call.request.headers.get("pragma", "").lower():
        call.scope.put(KIND, id, body, name=batches.dataset_of(body), now=now)
    return answer(_reference(id), 201, {"location": f"{service.base}/batches/{id}"})


def _changed(call: Call, row: Row, body: dict[str, Any]) -> list[str]:
    whole = {"errors": [], "relatedObjects": [], "metrics": {}, "tags": {}, **body}
    _check(whole)
    if batches.dataset_of(whole) != row.name:
        raise bad("A batch stays with its dataset: relatedObjects names another one.")
    new = batches.touched(whole, call.now, call.caller.account.technical_account)
    call.scope.put(KIND, row.id, new, name=row.name, now=new["updated"])
    return _reference(row.id)


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in _MANAGED and value is not None}


def _check(body: dict[str, Any]) -> None:
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise bad(wrong)
    null = next((key for key in _SHAPE if key in body and body[key] is None), "")
    if null:
        raise bad(f"{null} must not be null.")
    if body.get("status") not in STATUSES:
        raise bad(f"status must be one of {', '.join(STATUSES)}; it is [{body.get('status', '')}].")


def _read(call: Call) -> Row:
    row = batches.find(call, call.part("batch"))
    catalog_query.check_etag(call, row.body)
    return row


def _reference(id: str) -> list[str]:
    return [f"@/batches/{id}"]
