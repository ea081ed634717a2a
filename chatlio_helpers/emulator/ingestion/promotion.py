"""Promotion of one completed batch: a process converts and validates its rows, the platform lets the result count.

The files are in place before the batch is told to have them, in one transaction with the end of the errand. Until
then nothing counts: a promotion that a crash cut off is done again from the start, and replaces what it left.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..catalog import batches
from ..landing.lake import LANDED
from ..landing.pipeline import UNFIT
from ..landing.tally import Reason
from ..platform import Platform
from ..registry import composition
from ..state import errands
from ..state.store import Row, Scope
from . import imports
from .promotion_files import put, remove
from .promotion_job import SUMMARY, Count, Job, Refused, Result
from .promotion_process import PromotionProcess

UNDER_WAY = ("loaded", "staging", "retrying")
NO_DIAGNOSTICS = "INGEST-1211-400"


class Dropped(Exception):
    """The batch does not count any more, or the platform stops: the promotion ends without a result."""


class Broken(Exception):
    """The promotion process tripped over a fault of ours; says which."""


class Promotion:
    """One batch on its way into the lake; *stopping* tells whether the platform is about to stop."""

    def __init__(self, platform: Platform, scope: Scope, batch: str, stopping: Callable[[], bool]) -> None:
        self._platform, self._scope, self._batch, self._stopping = platform, scope, batch, stopping
        self._count = Count()

    def run(self, errand: Row, attempt: int, process: PromotionProcess) -> None:
        """Carry the batch to its end, and the *errand* with it; the *attempt* is noted until it comes to an end.

        Raises Dropped, Broken, PromotionEnded, OSError, sqlite3.Error.
        """
        row = self._begun(errand, attempt)
        try:
            dataset, schema = self._target(row)
        except Refused as refused:
            self._tell(errand.id, refused.reason, 0, {})
            return
        place = self._platform.lake.path(self._scope.seat, row.name or "", self._batch, "")
        try:
            remove(place)
            result = process.promoted(self._job(row, dataset, schema, place), lambda: self._live() and None)
            self._keep(errand.id, result, place, dataset)
        except BaseException:
            remove(place)
            raise

    def _job(self, row: Row, dataset: dict[str, Any], schema: dict[str, Any], place: Path) -> Job:
        files = self._platform.importer.uploads.whole(self._scope, self._batch)
        return Job(
            files, row.body.get("inputFormat") or {}, schema,
            _validates(dataset), _switched_on(row, dataset), _threshold(row), str(place),
        )  # fmt: skip

    def _keep(self, errand: str, result: Result, place: Path, dataset: dict[str, Any]) -> None:
        if result.fault:
            raise Broken(result.fault)
        if result.disk:
            raise OSError(result.disk)
        self._count = result.count
        put(place, list(result.written))
        self._tell(errand, result.reason, result.written.get(LANDED, 0), dataset)

    def _begun(self, errand: Row, attempt: int) -> Row:
        with self._platform.store.transaction():
            row = self._live()
            errands.attempted(self._scope, errand, attempt, now=self._now())
            self._put(row, status="staging", started=row.body.get("started") or self._now())
        return self._live()

    def _live(self) -> Row:
        row = self._scope.get(batches.KIND, self._batch)
        if self._stopping() or row is None or row.body["status"] not in UNDER_WAY:
            raise Dropped
        return row

    def _target(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        dataset = self._scope.get("dataSets", row.name or "")
        if dataset is None:
            raise Dropped
        id = dataset.body["schemaRef"]["id"]
        try:
            return dataset.body, composition.resolved(self._scope, id)
        except (composition.Unresolved, composition.Conflict) as problem:
            raise Refused(UNFIT, f"The schema [{id}] of the dataset cannot be resolved: {problem}.") from problem

    def _tell(self, errand: str, reason: Reason | None, size: int, dataset: dict[str, Any]) -> None:
        """Give the batch its end: status, metrics and errors; its predecessors become inactive."""
        with self._platform.store.transaction():
            row = self._live()
            if self._scope.get("dataSets", row.name or "") is None:
                raise Dropped
            landed = self._count.good if reason is None else 0
            self._put(
                row, status="failed" if reason else "success", completed=self._now(),
                metrics=self._metrics(row, landed, size), recordCount=self._count.read,
                failedRecordCount=self._count.failed, size=self._count.bytes_in,
                errors=self._errors(reason, landed, _switched_on(row, dataset)),
            )  # fmt: skip
            if reason is None:
                self._replace(row)
            self._scope.delete(errands.KIND, errand)
            errands.remove_uploads(self._platform, self._scope, self._batch, now=self._now())

    def _metrics(self, row: Row, landed: int, size: int) -> dict[str, int]:
        return {
            "inputRecordCount": self._count.read, "outputRecordCount": landed,
            "failedRecordCount": self._count.failed, "inputByteSize": self._count.bytes_in, "outputByteSize": size,
            "inputFileCount": self._count.files, "outputFileCount": int(landed > 0), "partitionCount": int(landed > 0),
            "startTime": row.body.get("started", 0), "endTime": self._now(),
        }  # fmt: skip

    def _errors(self, reason: Reason | None, landed: int, diagnosed: bool) -> list[dict[str, Any]]:
        if reason and reason.code != SUMMARY:
            return [{"code": reason.code, "description": reason.message, "rows": []}]
        if not self._count.failed:
            return []
        if not diagnosed:
            words = "Rows could not be parsed, converted or validated. Send them again with error diagnostics enabled."
            return [{"code": NO_DIAGNOSTICS, "description": words + self._left_out(), "rows": []}]
        words = f"Encountered {self._count.failed} errors in the data. Successfully ingested {landed} rows."
        return [{"code": SUMMARY, "description": words + self._left_out(), "rows": []}, *self._count.causes.of_batch()]

    def _left_out(self) -> str:
        count = self._count
        if count.shown == count.failed:
            return ""
        return f" Only {count.shown} of {count.failed} failed rows are kept with their errors; the others are counted."

    def _replace(self, row: Row) -> None:
        for id in row.body.get("replay", {}).get("predecessors", ()):
            old = self._scope.get(batches.KIND, id)
            if old is not None and old.name == row.name and old.body["status"] in batches.LANDED:
                self._put(old, status="inactive", tags={**old.body["tags"], imports.SUCCESSOR: [row.id]})
                errands.remove(self._platform, self._scope, old.name or "", id, now=self._now())

    def _put(self, row: Row, **changes: Any) -> None:
        body = batches.touched(row.body, self._now(), row.body["updatedUser"], **changes)
        self._scope.put(batches.KIND, row.id, body, name=row.name, now=body["updated"])

    def _now(self) -> int:
        return self._platform.clock.now_ms()


def _switched_on(row: Row, dataset: dict[str, Any]) -> bool:
    return bool(dataset.get("enableErrorDiagnostics")) or row.body["tags"].get(imports.DIAGNOSTICS) == ["true"]


def _threshold(row: Row) -> float:
    """Give the percentage of rows that may fail; the tag is the caller's own text."""
    text = (row.body["tags"].get(imports.THRESHOLD) or ["0"])[0]
    return float(text) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", text) else 0.0


def _validates(dataset: dict[str, Any]) -> bool:
    """Tell whether the dataset's rows are validated; a tag switches it off (documented)."""
    return "disabled" not in (dataset["tags"].get("acp_validationContext") or ())
