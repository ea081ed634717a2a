"""Promotion of one completed batch: every row converted and validated, good rows to the lake, failed rows kept.

The files are in place before the batch is told to have them, in one transaction with the end of the errand. Until
then nothing counts: a promotion that a crash cut off is done again from the start, and replaces what it left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from ..catalog import batches
from ..landing.lake import Unfit
from ..landing.pipeline import UNFIT
from ..landing.tally import Causes, Reason
from ..platform import Platform
from ..registry import composition
from ..state import errands
from ..state.store import Row, Scope
from . import imports
from .import_checks import Checker
from .input_files import Row as Input
from .input_files import Unreadable, rows
from .promotion_files import Output

CHUNK = 1_000  # rows that are checked together, between two looks at whether the batch still counts
UNDER_WAY = ("loaded", "staging", "retrying")
CORRUPT = Reason("INGEST-1401-400", "The row is corrupt: it cannot be read as a JSON object.")
SUMMARY, NO_DIAGNOSTICS = "INGEST-1212-400", "INGEST-1211-400"
EMPTY = "106"


class Dropped(Exception):
    """The batch does not count any more, or the platform stops: the promotion ends without a result."""


class Refused(Exception):
    """The batch fails as a whole, for a reason."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.reason = Reason(code, why)


class Numbered(NamedTuple):
    """One row of the batch by its number, from 0 on over all its files; *text* where it is no record."""

    number: int
    record: dict[str, Any] | None
    text: str = ""


@dataclass
class Count:
    """What became of the rows of a batch so far."""

    files: int = 0
    bytes_in: int = 0
    good: int = 0
    failed: int = 0
    causes: Causes = field(default_factory=Causes)

    @property
    def read(self) -> int:
        """All rows."""
        return self.good + self.failed


class Promotion:
    """One batch on its way into the lake; *stopping* tells whether the platform is about to stop."""

    def __init__(self, platform: Platform, scope: Scope, batch: str, stopping: Callable[[], bool]) -> None:
        self._platform, self._scope, self._batch, self._stopping = platform, scope, batch, stopping
        self._count = Count()

    def run(self, errand: str) -> None:
        """Carry the batch to its end, and the *errand* with it; raises Dropped, OSError, sqlite3.Error."""
        row = self._begun()
        try:
            dataset, schema = self._target(row)
        except Refused as refused:
            self._tell(errand, refused.reason, 0, {})
            return
        from ..xdm.columns import Columns

        diagnosed = _switched_on(row, dataset)
        output = Output(
            self._platform.lake, self._scope.seat, row.name or "", self._batch, Columns(schema), diagnosed
        )  # fmt: skip
        try:
            reason = self._read(row, Checker(schema, validates=_validates(dataset)), output)
            size = output.keep(landed=reason is None and self._count.good > 0)
            self._tell(errand, reason, size, dataset)
        except BaseException:
            output.drop()
            raise

    def _begun(self) -> Row:
        with self._platform.store.transaction():
            row = self._live()
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

    def _read(self, row: Row, checker: Checker, output: Output) -> Reason | None:
        """Read all files; gives why the batch fails as a whole, or None."""
        try:
            found = self._inputs(row)
            while chunk := list(islice(found, CHUNK)):
                self._live()
                self._sort(chunk, checker, output)
        except Refused as refused:
            return refused.reason
        return self._verdict(row)

    def _inputs(self, row: Row) -> Iterator[Input]:
        uploads = self._platform.importer.uploads
        files = uploads.files(self._scope, self._batch)
        if not files:
            raise Refused(EMPTY, "The batch has no file.")
        for file in files:
            self._count.files += 1
            self._count.bytes_in += file["size"]
            if not file["size"]:
                raise Refused(EMPTY, f"The file {file['path']} is empty: upload a file with data.")
            with uploads.open(self._scope, self._batch, file["path"]) as opened:
                try:
                    yield from rows(opened, row.body.get("inputFormat") or {})
                except Unreadable as why:
                    raise Refused("INGEST-1401-400", f"The file {file['path']} cannot be read: {why}.") from why

    def _sort(self, chunk: list[Input], checker: Checker, output: Output) -> None:
        good: list[Numbered] = []
        for number, (record, text, _) in enumerate(chunk, self._count.read):
            if record is None:
                self._reject(output, Numbered(number, None, text), "parsing", [CORRUPT])
                continue
            converted, kind, reasons = checker.checked(record)
            if reasons:
                self._reject(output, Numbered(number, record), kind, reasons)
            else:
                good.append(Numbered(number, converted))
        self._land(good, output)

    def _land(self, good: list[Numbered], output: Output) -> None:
        if not good:
            return
        try:
            output.land([one.record for one in good if one.record is not None])
            self._count.good += len(good)
        except Unfit as error:
            if len(good) == 1:
                why = Reason(UNFIT, f"The row does not fit the dataset's columns: {error}")
                self._reject(output, good[0], "conversion", [why])
                return
            for half in (good[: len(good) // 2], good[len(good) // 2 :]):
                self._land(half, output)

    def _reject(self, output: Output, row: Numbered, kind: str, reasons: list[Reason]) -> None:
        output.reject(row.record, row.text, kind, reasons)
        self._count.causes.add(row.number, reasons)
        self._count.failed += 1

    def _verdict(self, row: Row) -> Reason | None:
        count = self._count
        if not count.failed:
            return None
        allowed = _threshold(row)
        share = 100 * count.failed / count.read
        if share <= allowed and count.good:
            return None
        return Reason(SUMMARY, f"{count.failed} of {count.read} rows failed; allowed are {allowed:g} %.")

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
            return [{"code": NO_DIAGNOSTICS, "description": words, "rows": []}]
        words = f"Encountered {self._count.failed} errors in the data. Successfully ingested {landed} rows."
        return [{"code": SUMMARY, "description": words, "rows": []}, *self._count.causes.of_batch()]

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
