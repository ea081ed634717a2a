"""Batch ingestion: batches made by a caller, from their creation to the actions upon them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ..catalog import batches
from ..front import shapes
from ..front.service import Call, answer
from ..provenance import documented
from ..state import errands
from ..state.store import Row
from .import_service import WRITE, bad, batch_of, refuse_long, service
from .uploads import OPEN

FORMATS = ("json", "parquet")
DIAGNOSTICS, THRESHOLD, SUCCESSOR = "acp_enableErrorDiagnostics", "acp_partialIngestionPercent", "acp_successor"
_UNDER_WAY = ("loaded", "staging", "staged", "retrying", "processing")
_GOOD = batches.LANDED
_FINAL = (*_GOOD, "failed", "failure", "aborted", "abandoned", "inactive", "deleted")
_SOURCE = "batch-ingestion.yaml; ingestion/batch"
_SHAPE = {
    "datasetId": str, "externalId": str, "enableErrorDiagnostics": bool, "partialIngestionPercentage": (int, float),
    "inputFormat": {"format": str, "isMultiLineJson": bool, "charset": str},
    "replay": {"reason": str, "predecessors": [str], "predecessorsByExternalId": [str]},
    "tags": {shapes.EVERY: [str]},
}  # fmt: skip


@service.operation(
    "POST", "/batches", "createBatch",
    documented(_SOURCE, "without inputFormat the files are Parquet; csv is refused; not limited to 138 a minute"),
    permission=WRITE,
)  # fmt: skip
def create(call: Call) -> Response:
    """Make a batch that takes files: 201 with the batch, whose status is loading."""
    refuse_long(call)
    body = call.body()
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise bad(wrong)
    dataset = str(body.get("datasetId") or "")
    if call.scope.get("dataSets", dataset) is None:
        raise bad(f"No dataset exists with id [{dataset}]: datasetId must name one of this sandbox.")
    id = batches.new_id(call.now)
    batch = _batch(call, id, dataset, body)
    call.scope.put(batches.KIND, id, batch, name=dataset, now=batch["created"])
    return answer({"id": id, **batch}, 201)


@service.operation(
    "POST", "/batches/{batch}", "completeBatch",
    documented(_SOURCE, "a repeated action answers as the first; ABORT works until the batch is final"),
    permission=WRITE, has_body=False,
)  # fmt: skip
def act(call: Call) -> dict[str, Any]:
    """COMPLETE, ABORT, FAIL or REVERT a batch: 200 with the batch as it is now."""
    refuse_long(call)
    row = batch_of(call)
    action = _ACTIONS.get(call.query("action").upper())
    if action is None:
        raise bad(f"The action must be one of {', '.join(_ACTIONS)}; it is [{call.query('action')}].")
    action(call, row)
    return {"id": row.id, **batch_of(call).body}


def _complete(call: Call, row: Row) -> None:
    status = row.body["status"]
    if status in (*_UNDER_WAY, *_GOOD):
        return  # documented: it is safe to complete again
    if status != "loading":
        raise _refused(row, "COMPLETE", "loading")
    waiting = [file["path"] for file in call.platform.importer.uploads.files(call.scope, row.id)
               if file["state"] == OPEN]  # fmt: skip
    if waiting:
        raise bad(f"The file [{waiting[0]}] was initialized and not completed: complete it first.")
    _put(call, row, status="loaded")
    errands.promote(call.platform, call.scope, row.id, now=call.now)


def _abort(call: Call, row: Row) -> None:
    _end(call, row, "aborted", "ABORT")


def _fail(call: Call, row: Row) -> None:
    _end(call, row, "failed", "FAIL")


def _end(call: Call, row: Row, status: str, action: str) -> None:
    if row.body["status"] == status:
        return
    if row.body["status"] not in ("loading", *_UNDER_WAY):
        raise _refused(row, action, "loading and not final")
    _put(call, row, status=status, completed=call.now)
    errands.remove(call.platform, call.scope, row.name or "", row.id, now=call.now)


def _revert(call: Call, row: Row) -> None:
    if row.body["status"] in ("inactive", "deleted"):
        return
    if row.body["status"] not in _GOOD:
        raise _refused(row, "REVERT", "success")
    _put(call, row, status="inactive")
    errands.remove(call.platform, call.scope, row.name or "", row.id, now=call.now)


_ACTIONS = {"COMPLETE": _complete, "ABORT": _abort, "FAIL": _fail, "REVERT": _revert}


def _put(call: Call, row: Row, **changes: Any) -> None:
    body = batches.touched(row.body, call.now, call.caller.account.technical_account, **changes)
    call.scope.put(batches.KIND, row.id, body, name=row.name, now=body["updated"])


def _refused(row: Row, action: str, needed: str) -> Exception:
    return bad(f"{action} needs a batch that is {needed}; the status of [{row.id}] is {row.body['status']}.")


def _batch(call: Call, id: str, dataset: str, body: dict[str, Any]) -> dict[str, Any]:
    who, sandbox, now = call.caller.account.technical_account, call.caller.sandbox, call.now
    batch = {
        "imsOrg": call.caller.seat.org_id, "created": now, "updated": now,
        "createdClient": call.caller.client_id, "createdUser": who, "updatedUser": who,
        "externalId": body.get("externalId") or id, "status": "loading", "version": "1.0.0", "errors": [],
        "sandboxId": sandbox.id if sandbox else "", "relatedObjects": [{"type": "dataSet", "id": dataset}],
        "metrics": {}, "tags": _tags(body), "inputFormat": _input_format(body.get("inputFormat")),
    }  # fmt: skip
    return batch | ({"replay": _replay(call, dataset, body["replay"])} if body.get("replay") else {})


def _input_format(given: dict[str, Any] | None) -> dict[str, Any]:
    if not given:
        return {"format": "parquet"}
    format = str(given.get("format") or "").lower()
    if format == "csv":
        raise bad("The local platform does not ingest CSV files (Adobe does, for flat schemas only): send JSON.")
    if format not in FORMATS:
        raise bad(f"inputFormat.format must be json or parquet; it is [{given.get('format')}].")
    if (given.get("charset") or "UTF-8").upper() not in ("UTF-8", "US-ASCII"):
        raise bad(f"The local platform reads files in UTF-8, not in [{given['charset']}].")
    return {**given, "format": format}


def _tags(body: dict[str, Any]) -> dict[str, list[str]]:
    tags = {key: list(values or ()) for key, values in (body.get("tags") or {}).items()}
    percentage = body.get("partialIngestionPercentage")
    if percentage is not None:
        if not 0 <= percentage <= 100:
            raise bad(f"partialIngestionPercentage must be from 0 to 100; it is {percentage}.")
        tags[THRESHOLD] = [f"{percentage:.9f}".rstrip("0").rstrip(".")]
    # Partial ingestion turns diagnostics on by itself (documented).
    if body.get("enableErrorDiagnostics") or percentage:
        tags[DIAGNOSTICS] = ["true"]
    return tags


def _replay(call: Call, dataset: str, given: dict[str, Any]) -> dict[str, Any]:
    """Give the replay with the ids as the Catalog has them; a dollar sign before an id is left away (documented)."""
    wanted = [id.removeprefix("$") for id in given.get("predecessors") or ()]
    for id in wanted:
        row = call.scope.get(batches.KIND, id)
        if row is None or row.name != dataset:
            raise bad(f"The predecessor [{id}] is no batch of the dataset [{dataset}].")
    external = [id.removeprefix("$") for id in given.get("predecessorsByExternalId") or ()]
    of_dataset = {row.body.get("externalId"): row.id for row in batches.of_dataset(call.scope, dataset)} \
        if external else {}  # fmt: skip
    for id in external:
        if id not in of_dataset:
            raise bad(f"No batch of the dataset [{dataset}] has the external id [{id}].")
    found = list(dict.fromkeys([*wanted, *(of_dataset[id] for id in external)]))
    named = {"predecessorsByExternalId": external} if external else {}
    return {"predecessors": found, **named, "reason": given.get("reason") or "replace"}
