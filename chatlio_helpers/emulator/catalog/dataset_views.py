"""Catalog: what a dataset's ``files`` points to. Each dataset has one view, which has the files of all its batches.

Adobe's description of the service leaves these three out; its guide prints the last, and its Python SDK calls them all.
"""

from __future__ import annotations

from typing import Any

from ..front.filters import Condition
from ..front.problems import AepProblem
from ..front.service import Call
from ..provenance import assumed, documented
from ..state.store import Row
from . import batches, catalog_query, datasets
from .batches import service

_VIEW = "view-datasets"
_SOURCE = "catalog/api/appendix"
_OF_DATASET = ("version", "imsOrg", "created", "updated", "createdClient", "createdUser", "updatedUser",
               "fileDescription", "schemaRef", "observableSchema")  # fmt: skip
_OF_BATCH = ("imsOrg", "createdUser", "createdClient", "updatedUser", "created", "updated")


@service.operation("GET", "/dataSets/{id}/views", "listDataSetViews",
                   assumed("each dataset has one view", _SOURCE), permission=_VIEW)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give the view of a dataset, as an object keyed by id; raises 404."""
    query = catalog_query.read(call)
    dataset = _dataset(call)
    return {dataset.body["viewId"]: query.cut(_shown(dataset))}


@service.operation("GET", "/dataSets/{id}/views/{view}", "retrieveDataSetView",
                   assumed("what a view shows", _SOURCE), permission=_VIEW)  # fmt: skip
def one(call: Call) -> dict[str, Any]:
    """Give one view, as an object keyed by its id; raises 404."""
    query = catalog_query.read(call)
    dataset = _of_view(call)
    return {dataset.body["viewId"]: query.cut(_shown(dataset))}


@service.operation("GET", "/dataSets/{id}/views/{view}/files", "listDataSetViewFiles",
                   documented(_SOURCE, "newest first"), permission=_VIEW)  # fmt: skip
def files(call: Call) -> dict[str, Any]:
    """Give the files of a dataset, as an object keyed by id; raises 404."""
    query = catalog_query.read(call)
    dataset = _of_view(call)
    where = [batches.condition(dataset.id), Condition("status", "==", (batches.LANDED[0],))]
    rows = call.scope.page(batches.KIND, where=where, order=("-created",), limit=query.limit, start=query.start)
    return {f"{row.id}-1": query.cut(_file(row, dataset.body["viewId"])) for row in rows}


def _dataset(call: Call) -> Row:
    row = call.scope.get(datasets.KIND, call.part("id"))
    if row is None:
        raise AepProblem(404, "Not Found", f"No dataset exists with id [{call.part('id')[:200]}].")
    return row


def _of_view(call: Call) -> Row:
    row = _dataset(call)
    if row.body["viewId"] != call.part("view"):
        raise AepProblem(404, "Not Found", f"The dataset has no view with id [{call.part('view')[:200]}].")
    return row


def _shown(dataset: Row) -> dict[str, Any]:
    body = {key: dataset.body[key] for key in _OF_DATASET if key in dataset.body}
    return body | {"dataSetId": dataset.id, "isExternallyManaged": False, "files": dataset.body["files"]}


def _file(row: Row, view: str) -> dict[str, Any]:
    body = {key: row.body[key] for key in _OF_BATCH if key in row.body}
    return {"id": f"{row.id}-1", "batchId": row.id, "dataSetViewId": view, "version": "1.0.0", **body}
