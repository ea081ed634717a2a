"""Catalog: the view of a dataset and the files that can be read through it; a dataset has one view for its life.

The address of the files is what the dataset's own field ``files`` points at, and the ETL guide prints the answer.
Adobe's SDK (aepp) reads the views themselves, too; what they look like is assumed.
"""

from __future__ import annotations

from typing import Any

from . import batches, datasets
from .batches import service
from .catalog_query import LIMIT, MOST, START, bad, whole_number
from .filters import Condition
from .problems import AepProblem
from .provenance import assumed, documented
from .service import Call
from .store import Row

_VIEW = "view-datasets"
_LOOKS = assumed("Adobe's SDK has the call; the answer has what the dataset itself says of its view")


@service.operation("GET", "/dataSets/{id}/views", "listDatasetViews", _LOOKS, permission=_VIEW)
def every(call: Call) -> dict[str, Any]:
    """Give the one view of a dataset by its id."""
    dataset = _dataset(call)
    return {dataset["viewId"]: _shown(dataset)}


@service.operation("GET", "/dataSets/{id}/views/{view}", "retrieveDatasetView", _LOOKS, permission=_VIEW)
def one(call: Call) -> dict[str, Any]:
    """Give a view by its id; raises 404."""
    dataset = _viewed(call)
    return {dataset["viewId"]: _shown(dataset)}


@service.operation(
    "GET", "/dataSets/{id}/views/{view}/files", "listDatasetViewFiles",
    documented("etl/workflow", "newest first; one file for a batch that can be read; limit, start as elsewhere"),
    permission=_VIEW,
)  # fmt: skip
def files(call: Call) -> dict[str, Any]:
    """Give the files of a view, each as ``{"{batch}-1": {"batchId", ...}}``, the ids that Data Access knows."""
    dataset = _viewed(call)
    limit, start = whole_number(call, "limit", LIMIT, 1), whole_number(call, "start", START, 0)
    if limit > MOST:
        raise bad(f"limit must be from 1 to {MOST}; it is {limit}.")
    where = [batches.condition(call.part("id")), Condition("status", "==", batches.LANDED)]
    rows = call.scope.page(batches.KIND, where=where, order=("-created",), limit=limit, start=start)
    return {f"{row.id}-1": _file(dataset, row) for row in rows}


def _dataset(call: Call) -> dict[str, Any]:
    row = call.scope.get(datasets.KIND, call.part("id"))
    if row is None:
        raise AepProblem(404, "Not Found", f"No dataset exists with id [{call.part('id')}].")
    return row.body


def _viewed(call: Call) -> dict[str, Any]:
    dataset = _dataset(call)
    if dataset["viewId"] != call.part("view"):
        raise AepProblem(404, "Not Found", f"The dataset has no view with id [{call.part('view')}].")
    return dataset


def _shown(dataset: dict[str, Any]) -> dict[str, Any]:
    kept = ("imsOrg", "version", "created", "updated", "createdClient", "createdUser", "updatedUser", "files")
    return {name: dataset[name] for name in kept if name in dataset} | {"status": "enabled"}


def _file(dataset: dict[str, Any], row: Row) -> dict[str, Any]:
    kept = ("imsOrg", "createdUser", "createdClient", "updatedUser", "version", "created", "updated")
    names = {name: row.body[name] for name in kept if name in row.body}
    return {"batchId": row.id, "dataSetViewId": dataset["viewId"], "availableDates": {}} | names
