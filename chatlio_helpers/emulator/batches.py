"""Catalog's batches: what landed in which dataset and what failed, newest questions first.

The live platform keeps the good and the failed rows of a stream apart: good rows in a batch of status ``success``,
failed ones in a batch of status ``failed`` (Adobe's SDK looks for failed streaming rows there). So one micro-batch
makes one batch or two here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from .problems import AepProblem
from .provenance import documented
from .service import Call, Service
from .store import Row, Scope
from .tally import Causes

KIND = "batches"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PRODUCER = "acp_foundation_streaming_ingest"
EQUAL = ("status", "version", "externalId", "createdClient", "createdUser", "updatedUser", "created", "updated",
         "started", "completed")  # fmt: skip
NOT_BUILT = ("recordCount", "failedRecordCount", "size", "startAfter", "startBefore", "endAfter", "endBefore",
             "property")  # fmt: skip

service = Service("Catalog", "/data/foundation/catalog")
routes = service.routes


def new_id(now: int) -> str:
    """Make a batch id as newer ones look: 26 characters that sort by time (*now*: epoch milliseconds)."""
    number = now << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in reversed(range(26)))


@dataclass(frozen=True)
class Portion:
    """What one micro-batch put, or could not put, into a dataset: the numbers of one Catalog batch."""

    org_id: str
    sandbox_id: str
    dataset: str
    flow: str
    started: int
    completed: int
    rows: int
    bytes_in: int
    bytes_out: int


def landed(portion: Portion) -> dict[str, Any]:
    """Give the body of a batch of landed rows."""
    metrics = {
        "inputRecordCount": portion.rows, "outputRecordCount": portion.rows, "failedRecordCount": 0,
        "outputByteSize": portion.bytes_out,
    }  # fmt: skip
    return _body(portion, "success", metrics, [])


def failed(portion: Portion, causes: Causes, kinds: dict[str, int]) -> dict[str, Any]:
    """Give the body of a batch of failed rows; *kinds* counts rows by what refused them, mapper or validation."""
    metrics = {
        "inputRecordCount": portion.rows, "outputRecordCount": 0, "failedRecordCount": portion.rows,
        "outputByteSize": 0, "invalidRecordCount": portion.rows,
        "invalidRecordsStreamingValidation": kinds.get("validation", 0),
        "invalidRecordsMapper": kinds.get("mapper", 0), "invalidRecordsProfile": 0, "invalidRecordsIdentity": 0,
        "invalidRecordsUnknown": kinds.get("unknown", 0),
    }  # fmt: skip
    return _body(portion, "failed", metrics, causes.of_batch())


def _body(portion: Portion, status: str, metrics: dict[str, int], errors: list[dict[str, Any]]) -> dict[str, Any]:
    metrics |= {
        "inputByteSize": portion.bytes_in, "recordsSize": portion.bytes_in, "inputFileCount": 1,
        "startTime": portion.started, "endTime": portion.completed,
    }  # fmt: skip
    return {
        "imsOrg": portion.org_id,
        "created": portion.completed, "updated": portion.completed,
        "createdClient": PRODUCER, "createdUser": f"{PRODUCER}@AdobeID", "updatedUser": f"{PRODUCER}@AdobeID",
        "started": portion.started, "completed": portion.completed,
        "status": status, "errors": errors, "version": "1.0.0", "sandboxId": portion.sandbox_id,
        "relatedObjects": [{"type": "dataSet", "id": portion.dataset}],
        "metrics": metrics, "recordCount": portion.rows, "failedRecordCount": metrics["failedRecordCount"],
        "size": portion.bytes_in,
        "tags": {
            "flowId": [portion.flow], "acp_enableErrorDiagnostics": ["true"], "acp_producer": ["streaming"],
            "acp_latestOperation": ["streaming_ingest"],
        },
        "inputFormat": {"format": "json"},
    }  # fmt: skip


def touched(body: dict[str, Any], now: int, who: str, **changes: Any) -> dict[str, Any]:
    """Give *body* with *changes*, one patch version up, and who changed it when."""
    first, _, last = body.get("version", "1.0.0").rpartition(".")
    kept = {"updated": max(now, body["updated"] + 1), "updatedUser": who, "version": f"{first}.{int(last) + 1}"}
    return {**body, **changes, **kept}


def of_dataset(scope: Scope, dataset: str) -> list[Row]:
    """Give the batches of a dataset, oldest first."""
    return scope.find(KIND, dataset)


def find(call: Call, batch: str) -> Row:
    """Give a batch of the caller's sandbox; raises AepProblem 404."""
    row = call.scope.get(KIND, batch)
    if row is None:
        raise AepProblem(404, "Not Found", f"No batch exists with id [{batch}].")
    return row


@service.operation(
    "GET", "/batches", "listBatches",
    documented("catalog.yaml", "default order desc:created; failed rows of a stream have a batch of their own"),
    permission="view-datasets",
)  # fmt: skip
def list_batches(call: Call) -> dict[str, Any]:
    """Give batches as an object keyed by id, newest first unless asked otherwise."""
    refused = [name for name in NOT_BUILT if name in call.request.query_params]
    if refused:
        raise AepProblem(501, "Not Implemented", f"The local platform does not filter batches by {refused[0]}.")
    dataset = call.query("dataSet")
    rows = of_dataset(call.scope, dataset) if dataset else call.scope.list(KIND)
    rows = _ordered([row for row in rows if _wanted(row, call)], call.query("orderBy") or "desc:created")
    start, limit = _number(call, "start", 0, 0), _number(call, "limit", 20, 1)
    return {row.id: _shown(row, call) for row in rows[start : start + min(limit, 100)]}


@service.operation("GET", "/batches/{batch}", "retrieveBatch", documented("catalog.yaml"), permission="view-datasets")
def one_batch(call: Call) -> dict[str, Any]:
    """Give one batch, as an object keyed by its id."""
    row = find(call, call.part("batch"))
    return {row.id: _shown(row, call)}


@service.operation(
    "GET", "/lastBatches", "listLastBatches", documented("catalog.yaml", "filters other than dataSetId are not built"),
    permission="view-datasets",
)  # fmt: skip
def last_batches(call: Call) -> dict[str, Any]:
    """Give the last batch, last good one and last failed one of each dataset asked for that has any."""
    asked = [name for name in call.query("dataSetId").split(",") if name]
    datasets = asked or list(dict.fromkeys(row.name for row in call.scope.list(KIND) if row.name))
    answers = {dataset: _last(call.scope, dataset) for dataset in datasets}
    return {dataset: answer for dataset, answer in answers.items() if answer}


def _last(scope: Scope, dataset: str) -> dict[str, Any]:
    rows = of_dataset(scope, dataset)
    if not rows:
        return {}
    newest, body = rows[-1], rows[-1].body
    answer = {"lastBatchId": newest.id, "lastBatchStatus": body["status"]}
    for status, key in (("success", "lastSuccessfulBatchId"), ("failed", "lastFailedBatchId")):
        of_status = [row.id for row in rows if row.body["status"] == status]
        answer |= {key: of_status[-1]} if of_status else {}
    return answer | {
        "imsOrg": body["imsOrg"], "sandboxId": body["sandboxId"],
        "created": rows[0].created, "updated": newest.updated,
    }  # fmt: skip


def _wanted(row: Row, call: Call) -> bool:
    query = call.request.query_params
    body = row.body
    if any(name in query and str(body.get(name)) != query[name] for name in EQUAL):
        return False
    if "batch" in query and row.id != query["batch"]:
        return False
    if "tags" in query and not _tagged(body["tags"], query["tags"]):
        return False
    after = _number(call, "createdAfter", -1, 0)
    before = _number(call, "createdBefore", 1 << 62, 0)
    return after < body["created"] < before


def _tagged(tags: dict[str, list[str]], wanted: str) -> bool:
    key, _, value = wanted.partition(":")
    return key in tags and (value in ("", "*") or value in tags[key])


def _ordered(rows: list[Row], order: str) -> list[Row]:
    direction, _, fields = order.partition(":")
    if direction not in ("asc", "desc") or not fields:
        raise AepProblem(400, "Bad Request", f"orderBy must look like desc:created; it is [{order}].")
    # The list comes in order of creation, which also decides between equal ones.
    rows = rows[::-1] if direction == "desc" else rows
    for name in reversed(fields.split(",")):
        rows = sorted(rows, key=lambda row, name=name: _sortable(row.body.get(name)), reverse=direction == "desc")
    return rows


def _sortable(value: Any) -> tuple[bool, bool, Any]:
    return (value is not None, isinstance(value, str), value if isinstance(value, str | int | float) else 0)


def _shown(row: Row, call: Call) -> dict[str, Any]:
    body = dict(row.body)
    if body["status"] == "failed":
        body["failedBatchLocation"] = f"{call.base_url}/data/foundation/export/batches/{row.id}/failed"
    wanted = [name for name in call.query("properties").split(",") if name]
    return {name: body[name] for name in wanted if name in body} if wanted else body


def _number(call: Call, name: str, default: int, least: int) -> int:
    text = call.query(name)
    if not text:
        return default
    if not text.isdigit() or int(text) < least:
        raise AepProblem(400, "Bad Request", f"{name} must be a whole number from {least}; it is [{text}].")
    return int(text)
