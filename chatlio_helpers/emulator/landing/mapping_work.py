"""The work on one job: messages in, files on disk and numbers out; nothing else is touched.

.. code-block:: text

    messages -> fates -> landed rows  -> STAGING/{landed}.parquet
                      -> failed rows  -> STAGING/{failed}.failed      both -> one Outcome

Some hundred messages are worked on at a time and then let go, so that memory stays the same whatever the job.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time

import pyarrow as pa
import pyarrow.parquet as pq

from .failed_rows import line
from .job import Job, Piece
from .lake import FAILED, LANDED, Unfit, forced
from .outcome import Outcome
from .pipeline import UNFIT, Fate, Pipeline
from .tally import Reason
from .time_limit import HURRIED, PATIENT

PORTION_ROWS, PORTION_BYTES = 250, 2_000_000
SLOW = 0.5  # seconds of processor time for one row, a thousand times what a common one takes
SLOW_ENOUGH = 3  # slow rows of a job; those after them get less time, so that nobody waits for hours


class Work:
    """One job at work: what it came to so far."""

    def __init__(self, job: Job, pipeline: Pipeline | Reason) -> None:
        self._job, self._pipeline = job, pipeline
        self._outcome, self._slow = Outcome(), 0
        self._batches: list[pa.RecordBatch] = []
        self._failures: list[bytes] = []

    def add(self, pieces: Sequence[Piece]) -> None:
        """Map and validate *pieces*, or refuse them for the reason that stands in the pipeline's place."""
        if isinstance(self._pipeline, Reason):
            fates = [Fate({}, errors=[self._pipeline], refused_by="unknown")] * len(pieces)
        else:
            fates = self._fitting(self._pipeline, [self._fate(self._pipeline, piece) for piece in pieces])
        for piece, fate in zip(pieces, fates, strict=True):
            self._count(piece, fate)

    def written(self, staging: Path) -> Outcome:
        """Write the files and give the outcome, which says so when the disk refuses."""
        job, failures = self._job, self._failures
        try:
            if self._batches:
                table = pa.Table.from_batches(self._batches)
                path = staging / f"{job.landed}{LANDED}"
                self._outcome.size = forced(path, lambda file: pq.write_table(table, file))
            if failures:
                forced(staging / f"{job.failed}{FAILED}", lambda file: file.writelines(failures))
        except OSError as error:
            return Outcome(error=str(error))
        return self._outcome

    def _fate(self, pipeline: Pipeline, piece: Piece) -> Fate:
        began = process_time()
        fate = pipeline.fate_of(piece, PATIENT if self._slow < SLOW_ENOUGH else HURRIED)
        self._slow += process_time() - began > SLOW
        return fate

    def _fitting(self, pipeline: Pipeline, fates: list[Fate]) -> list[Fate]:
        """Keep the good records of *fates* as Arrow; what is valid XDM and yet does not fit (2^63) fails alone."""
        try:
            self._keep(pipeline, fates)
        except Unfit:
            fates = [_alone(pipeline, fate) for fate in fates]
            self._keep(pipeline, fates)
        return fates

    def _keep(self, pipeline: Pipeline, fates: list[Fate]) -> None:
        good = [fate.record for fate in fates if not fate.errors]
        if good:
            self._batches.append(pipeline.columns.batch(good))

    def _count(self, piece: Piece, fate: Fate) -> None:
        outcome = self._outcome
        if fate.warnings:
            outcome.warnings.add(outcome.landed + outcome.failed, fate.warnings)
        if not fate.errors:
            outcome.landed += 1
            outcome.bytes_landed += len(piece.body)
            outcome.warned += bool(fate.warnings)
            return
        outcome.causes.add(outcome.failed, fate.errors)
        outcome.failed += 1
        outcome.bytes_failed += len(piece.body)
        outcome.kinds[fate.refused_by] = outcome.kinds.get(fate.refused_by, 0) + 1
        ref = None if isinstance(self._pipeline, Reason) else self._pipeline.schema_ref
        self._failures.append(line(self._job, ref, piece, fate))


def portions(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Cut *pieces* where a portion has enough rows or bytes."""
    portion: list[Piece] = []
    size = 0
    for piece in pieces:
        portion.append(piece)
        size += len(piece.body)
        if len(portion) >= PORTION_ROWS or size >= PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _alone(pipeline: Pipeline, fate: Fate) -> Fate:
    """Give *fate*, failed when its record alone does not fit the columns."""
    if fate.errors:
        return fate
    try:
        pipeline.columns.batch([fate.record])
    except Unfit as error:
        reason = Reason(UNFIT, f"The row does not fit the dataset's columns: {error}")
        return replace(fate, errors=[reason], refused_by="validation")
    return fate
