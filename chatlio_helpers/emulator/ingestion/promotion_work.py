"""The work on one batch in the promotion process: every row read, converted, validated and written, good or failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..landing.lake import Unfit
from ..landing.pipeline import UNFIT
from ..landing.tally import ROWS_NAMED, Reason
from ..xdm.columns import Columns
from .import_checks import Checker
from .input_files import Row, Unreadable, rows
from .promotion_files import Output
from .promotion_job import SUMMARY, Count, Job, Refused, Result

CHUNK_ROWS = 1_000  # that are checked together, between two looks at whether the batch still counts
CHUNK_BYTES = 8 << 20  # of rows as they came: what is made of them takes several times as much
CORRUPT = Reason("INGEST-1401-400", "The row is corrupt: it cannot be read as a JSON object.")
NO_RECORD = [CORRUPT]
EMPTY = "106"
OURS = "500"
TOO_MUCH = Reason(
    OURS, "The files unpack to more than the local platform's memory limit for a batch: send shorter rows or values."
)  # fmt: skip


class Numbered(NamedTuple):
    """One row of the batch by its number, from 0 on over all its files; *text* where it is no record."""

    number: int
    record: dict[str, Any] | None
    text: str = ""


class Work:
    """One batch; *between* is called before every chunk of rows."""

    def __init__(self, job: Job, between: Callable[[], None]) -> None:
        self._job, self._between = job, between
        self._checker = Checker(job.schema, validates=job.validates)
        self._output = Output(Path(job.place), Columns(job.schema), job.diagnosed)
        self._count = Count()

    def done(self) -> Result:
        """Do it; the files are written and forced to disk, and not in place. Raises OSError."""
        try:
            reason = self._read()
            return Result(self._count, reason, self._output.written(landed=reason is None and self._count.good > 0))
        except MemoryError:
            self._output.drop()
            return Result(self._count, TOO_MUCH)
        except BaseException:
            self._output.drop()
            raise

    def _read(self) -> Reason | None:
        """Read all files; gives why the batch fails as a whole, or None."""
        try:
            for chunk in _chunks(self._inputs()):
                self._between()
                self._sort(chunk)
        except Refused as refused:
            return refused.reason
        return self._verdict()

    def _verdict(self) -> Reason | None:
        count, allowed = self._count, self._job.threshold
        if not count.failed or (100 * count.failed / count.read <= allowed and count.good):
            return None
        return Reason(SUMMARY, f"{count.failed} of {count.read} rows failed; allowed are {allowed:g} %.")

    def _inputs(self) -> Iterator[Row]:
        if not self._job.files:
            raise Refused(EMPTY, "The batch has no file.")
        for file in self._job.files:
            self._count.files += 1
            self._count.bytes_in += file.size
            if not file.size:
                raise Refused(EMPTY, f"The file {file.name} is empty: upload a file with data.")
            with file.open() as source:
                try:
                    yield from rows(source, self._job.input_format)
                except Unreadable as why:
                    raise Refused("INGEST-1401-400", f"The file {file.name} cannot be read: {why}.") from why

    def _sort(self, chunk: list[Row]) -> None:
        good: list[Numbered] = []
        for number, (record, text, _) in enumerate(chunk, self._count.read):
            if record is None:
                self._reject(Numbered(number, None, text), "parsing", NO_RECORD)
                continue
            converted, kind, reasons = self._checker.checked(record)
            if reasons:
                self._reject(Numbered(number, record), kind, reasons)
            else:
                good.append(Numbered(number, converted))
        self._land(good)

    def _land(self, good: list[Numbered]) -> None:
        if not good:
            return
        try:
            self._output.land([one.record for one in good if one.record is not None])
            self._count.good += len(good)
        except Unfit as error:
            if isinstance(error.__cause__, MemoryError):
                raise error.__cause__ from error
            if len(good) == 1:
                why = Reason(UNFIT, f"The row does not fit the dataset's columns: {error}")
                self._reject(good[0], "conversion", [why])
                return
            for half in (good[: len(good) // 2], good[len(good) // 2 :]):
                self._land(half)

    def _reject(self, row: Numbered, kind: str, reasons: list[Reason]) -> None:
        self._count.shown += self._output.reject(row.record, row.text, kind, reasons)
        self._count.failed += 1
        known = self._count.causes.by_code.get(CORRUPT.code)
        if reasons is NO_RECORD and known and len(known.rows) == ROWS_NAMED:
            known.count += 1  # there may be millions of these in a small file, and nothing else is to be said of them
        else:
            self._count.causes.add(row.number, reasons)


def _chunks(found: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in found:
        chunk.append(row)
        size += row.size
        if len(chunk) == CHUNK_ROWS or size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
