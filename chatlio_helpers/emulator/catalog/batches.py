"""Catalog's batches: what landed in which dataset and what failed.

The live platform keeps the good and the failed rows of a stream apart: good rows in a batch of status ``success``,
failed ones in a batch of status ``failed`` (Adobe's SDK looks for failed streaming rows there). So one micro-batch
makes one batch or two here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from ..front.filters import Condition
from ..front.problems import AepProblem
from ..front.service import Call, Service
from ..landing.tally import Causes
from ..state.store import Row, Scope

KIND = "batches"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PRODUCER = "acp_foundation_streaming_ingest"
LANDED = ("success", "active")  # the two words for the same: the rows can be read

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


@dataclass(frozen=True)
class OfDataset(Condition):
    """Holds for the batches of some datasets, which the store knows by their names."""

    def holds(self, body: dict[str, Any]) -> bool:
        """Tell whether *body* is a batch of one of them."""
        return dataset_of(body) in self.values


def condition(*datasets: str) -> Condition:
    """Give the condition of being a batch of one of *datasets*."""
    return OfDataset("dataSet", "==", datasets)


def dataset_of(body: dict[str, Any]) -> str | None:
    """Give the id of the dataset that a batch is of."""
    return next((one.get("id") for one in body["relatedObjects"] if one.get("type") == "dataSet"), None)


def last(scope: Scope, dataset: str, status: str = "") -> Row | None:
    """Give the newest batch of a dataset, or the newest of a status, or None."""
    where = [condition(dataset), *([Condition("status", "==", (status,))] if status else [])]
    return next(iter(scope.page(KIND, where=where, order=("-created",), limit=1)), None)


def of_dataset(scope: Scope, dataset: str) -> list[Row]:
    """Give the batches of a dataset, oldest first."""
    return scope.find(KIND, dataset)


def delete_all(scope: Scope, dataset: str) -> list[str]:
    """Delete the batches of a dataset; gives the ids of those that files were uploaded into."""
    place = (scope.seat, scope.sandbox)
    with scope.store.transaction() as database:
        uploaded = database.execute(
            "SELECT DISTINCT name FROM objects WHERE seat = ? AND sandbox = ? AND kind = 'importFiles' AND name IN "
            "(SELECT id FROM objects WHERE seat = ? AND sandbox = ? AND kind = 'batches' AND name = ?)",
            (*place, *place, dataset),
        )
        found = [name for (name,) in uploaded]
        database.execute(
            "DELETE FROM objects WHERE seat = ? AND sandbox = ? AND kind = 'batches' AND name = ?", (*place, dataset)
        )
    return found


def find(call: Call, batch: str) -> Row:
    """Give a batch of the caller's sandbox; raises AepProblem 404."""
    row = call.scope.get(KIND, batch)
    if row is None:
        raise AepProblem(404, "Not Found", f"No batch exists with id [{batch}].")
    return row
