"""Catalog: datasets, and the batches that land in them.

Documented (Adobe's Catalog guide and API description): answers are objects keyed by id; a page has at most 100 entries,
and ``start`` is an offset; creating answers a list with one reference, ``@/dataSets/{id}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import NotFound, PlatformError
from .session import Session

BASE = "/data/foundation/catalog"
_PAGE = 100
_FAILED = frozenset({"failed", "failure"})  # Adobe uses both words


class Catalog:
    """Datasets and batches; every object given has its ``id`` among its fields."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_dataset(self, body: Mapping[str, Any]) -> str:
        """Create a dataset and give its id (24 hexadecimal digits)."""
        answer = self._session.call(
            "POST", f"{BASE}/dataSets", json=body, params={"requestDataSource": "true"}, what="Creating the dataset"
        )
        reference = str(answer.json[0]) if isinstance(answer.json, list) and answer.json else ""
        if not reference.startswith("@/dataSets/"):
            raise PlatformError(
                "Creating the dataset: the answer does not name the new dataset.",
                cause="the platform answers in a form that the kit does not know",
                next_step="look the dataset up by its name before creating it again",
                status=answer.status,
            )
        return reference.removeprefix("@/dataSets/")

    def datasets(self, **filters: Any) -> list[dict[str, Any]]:
        """List datasets; *filters* are Catalog's own query parameters, such as ``name`` or ``tags``."""
        return self._keyed("/dataSets", {"orderBy": "asc:created", **filters}, "Listing datasets")

    def find_dataset(self, name: str) -> dict[str, Any] | None:
        """Give the dataset of exactly this *name*, the oldest should there be several, or None."""
        return next((dataset for dataset in self.datasets(name=name) if dataset.get("name") == name), None)

    def dataset(self, dataset_id: str) -> dict[str, Any]:
        """Give one dataset; raises NotFound when it is not there."""
        return self._one("/dataSets", dataset_id, "Reading the dataset")

    def delete_dataset(self, dataset_id: str) -> None:
        """Delete a dataset and its rows; raises NotFound when it is not there."""
        answer = self._session.call("DELETE", f"{BASE}/dataSets/{dataset_id}", what="Deleting the dataset")
        if answer.parsed == []:  # documented: nothing matched
            raise _gone("Deleting the dataset", dataset_id)

    def batches(self, dataset_id: str = "", **filters: Any) -> list[dict[str, Any]]:
        """List the batches of a dataset, newest first; *filters* such as ``status``, ``createdAfter`` (epoch ms).

        A ``limit`` is the number of batches wanted in all.
        """
        chosen = {"dataSet": dataset_id} if dataset_id else {}
        return self._keyed("/batches", {**chosen, "orderBy": "desc:created", **filters}, "Listing batches")

    def batch(self, batch_id: str) -> dict[str, Any]:
        """Give one batch with its status, metrics and errors; raises NotFound when it is not there."""
        return self._one("/batches", batch_id, "Reading the batch")

    @staticmethod
    def failed(batch: Mapping[str, Any]) -> bool:
        """Tell whether *batch* failed as a whole, in either of Adobe's words."""
        return str(batch.get("status", "")).lower() in _FAILED

    def _keyed(self, path: str, params: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
        """Follow the pages of an object keyed by id; a ``limit`` in *params* is the number wanted in all."""
        wanted = int(params["limit"]) if "limit" in params else None
        found: dict[str, dict[str, Any]] = {}
        start = 0
        while True:
            limit = min(_PAGE, wanted - start) if wanted is not None else _PAGE
            page = self._session.call(
                "GET", BASE + path, params={**params, "limit": limit, "start": start}, what=what
            ).json
            found |= page
            start += len(page)
            if len(page) < limit or (wanted is not None and start >= wanted):
                return [{"id": object_id, **body} for object_id, body in found.items()]

    def _one(self, path: str, object_id: str, what: str) -> dict[str, Any]:
        page = self._session.call("GET", f"{BASE}{path}/{object_id}", what=what).json
        if object_id not in page:
            raise _gone(what, object_id)
        return {"id": object_id, **page[object_id]}


def _gone(what: str, object_id: str) -> NotFound:
    return NotFound(
        f"{what}: there is none with the id {object_id}.",
        cause="it was deleted, never made, or is in another sandbox or organisation",
        next_step="check the id and the sandbox",
        status=404,
    )
