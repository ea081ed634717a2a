"""One micro-batch: the messages of one dataflow that land together, from their fates to files and numbers.

.. code-block:: text

    messages -> fates -> landed rows  -> Parquet file   -> batch ``success``
                      -> failed rows  -> JSON-lines file -> batch ``failed``      both -> one activity of the run

The files are on disk before anything is said about them; the words are committed by the landing, all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from . import batches
from .batches import Portion
from .journal import Message
from .lake import FAILED, LANDED, Lake, Unfit
from .pipeline import UNFIT, Fate, Pipeline, SchemaRef
from .run_metrics import Micro
from .tally import Causes, Reason

Now = Callable[[], int]  # the platform's time in epoch milliseconds


@dataclass(frozen=True)
class Target:
    """Where the messages of one dataflow land."""

    seat: str
    org_id: str
    sandbox: str
    sandbox_id: str
    flow: str
    dataset: str


@dataclass(eq=False)
class MicroBatch:
    """Files written, and what the Catalog and the run have yet to be told: batch bodies by id, and the activity."""

    target: Target
    micro: Micro
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)

    def discard(self, lake: Lake) -> None:
        """Remove the files again: their dataset went away meanwhile."""
        for batch in self.bodies:
            for suffix in (LANDED, FAILED):
                lake.path(self.target.seat, self.target.dataset, batch, suffix).unlink(missing_ok=True)


def written(lake: Lake, target: Target, pipeline: Pipeline, messages: list[Message], now: Now) -> MicroBatch:
    """Map and validate *messages* and write both files; raises OSError when the disk refuses."""
    started = now()
    fates = [pipeline.fate_of(message) for message in messages]
    return _write(lake, target, pipeline, messages, fates, started, now)


def refused(lake: Lake, target: Target, messages: list[Message], reason: Reason, now: Now) -> MicroBatch:
    """Write all *messages* as failed rows: the dataflow cannot map at all, for *reason*."""
    fate = Fate({}, errors=[reason], refused_by="unknown")
    return _write(lake, target, None, messages, [fate] * len(messages), now(), now)


def _write(
    lake: Lake, target: Target, pipeline: Pipeline | None, messages: list[Message], fates: list[Fate], started: int,
    now: Now,
) -> MicroBatch:  # fmt: skip
    good = [fate.record for fate in fates if not fate.errors]
    batch, size = batches.new_id(started), 0
    if good and pipeline:
        try:
            size = lake.write(target.seat, target.dataset, batch, good, pipeline.columns)
        except Unfit:
            fates = [_fitting(pipeline, fate) for fate in fates]
            good = [fate.record for fate in fates if not fate.errors]
            size = lake.write(target.seat, target.dataset, batch, good, pipeline.columns) if good else 0
    return _told(lake, target, pipeline, list(zip(messages, fates, strict=True)), batch, size, started, now())


def _fitting(pipeline: Pipeline, fate: Fate) -> Fate:
    """Give *fate*, failed when its record is valid XDM but does not fit the file (an integer over 64 bits)."""
    if fate.errors:
        return fate
    try:
        pipeline.columns.batch([fate.record])
    except Unfit as error:
        reason = Reason(UNFIT, f"The row does not fit the dataset's columns: {error}")
        return Fate(fate.record, fate.warnings, [reason], refused_by="validation")
    return fate


def _told(
    lake: Lake, target: Target, pipeline: Pipeline | None, rows: list[tuple[Message, Fate]], batch: str, size: int,
    started: int, completed: int,
) -> MicroBatch:  # fmt: skip
    landed = [row for row in rows if not row[1].errors]
    failed = [row for row in rows if row[1].errors]
    micro = _micro(rows, len(landed), size, started, completed)
    told = MicroBatch(target, micro)
    if landed:
        micro.landed_batch = batch
        told.bodies[batch] = batches.landed(_portion(target, micro, landed, size))
    if failed:
        micro.failed_batch = batches.new_id(started)
        try:
            _write_failed(lake, target, pipeline, micro.failed_batch, failed)
        except OSError:
            told.discard(lake)
            raise
        kinds: dict[str, int] = {}
        for _, fate in failed:
            kinds[fate.refused_by] = kinds.get(fate.refused_by, 0) + 1
        told.bodies[micro.failed_batch] = batches.failed(_portion(target, micro, failed, 0), micro.causes, kinds)
    return told


def _micro(rows: list[tuple[Message, Fate]], landed: int, size: int, started: int, completed: int) -> Micro:
    causes, warnings = Causes(), Causes()
    failed = 0
    for number, (_, fate) in enumerate(rows):
        warnings.add(number, fate.warnings)
        if fate.errors:
            causes.add(failed, fate.errors)
            failed += 1
    return Micro(
        started=started, completed=completed,
        latencies=[max(0, completed - message.received) for message, _ in rows],
        bytes_in=sum(len(message.body) for message, _ in rows), bytes_out=size,
        landed=landed, failed=failed, warned=sum(1 for _, fate in rows if fate.warnings and not fate.errors),
        causes=causes, warnings=warnings,
    )  # fmt: skip


def _portion(target: Target, micro: Micro, rows: list[tuple[Message, Fate]], size: int) -> Portion:
    return Portion(
        org_id=target.org_id, sandbox_id=target.sandbox_id, dataset=target.dataset, flow=target.flow,
        started=micro.started, completed=micro.completed, rows=len(rows),
        bytes_in=sum(len(message.body) for message, _ in rows), bytes_out=size,
    )  # fmt: skip


def _write_failed(
    lake: Lake, target: Target, pipeline: Pipeline | None, batch: str, failed: list[tuple[Message, Fate]]
) -> None:
    ref = pipeline.schema_ref if pipeline else None
    lines = [
        {"row": _line(target, ref, message, fate), "reasons": [(one.code, one.message) for one in fate.errors],
         "refused_by": fate.refused_by}
        for message, fate in failed
    ]  # fmt: skip
    lake.write_failed(target.seat, target.dataset, batch, lines)


def _line(target: Target, ref: SchemaRef | None, message: Message, fate: Fate) -> dict[str, Any]:
    """Give a failed row as the live platform's failed files have it: ``header``, ``body``, ``_errors``.

    The three keys are documented (Adobe's SDK reads them), and so are both forms of the errors: the validator's, and
    code and message. Assumed: what is in the header, and that a row which the mapping refused keeps its payload as it
    came, while one that the schema refused shows the mapped record; and that the mapping's warnings stand beside the
    violations, because a required field is often missing for no other reason than that its expression failed.
    """
    header = {
        "imsOrgId": target.org_id, "datasetId": target.dataset, "flowId": target.flow,
        "createdAt": str(message.received), "xactionId": message.transaction_id, "inletId": message.inlet,
    }  # fmt: skip
    if fate.refused_by == "validation" and ref:
        violations = fate.violations or [{"message": one.message} for one in fate.errors]
        body = {"xdmMeta": {"schemaRef": ref.body()}, "xdmEntity": fate.record}
        errors = {
            "_streamingValidation": violations,
            **({"_mapperWarnings": _said(fate.warnings)} if fate.warnings else {}),
        }
        return {"header": header | {"schemaRef": ref.body()}, "body": body, "_errors": errors}
    return {"header": header, "body": _payload(message), "_errors": _said(fate.errors)}


def _said(reasons: list[Reason]) -> list[dict[str, Any]]:
    return [
        {"code": one.code, "message": one.message, "sourceField": one.source, "destinationField": one.destination}
        for one in reasons
    ]


def _payload(message: Message) -> Any:
    try:
        return orjson.loads(message.body)
    except orjson.JSONDecodeError:
        return message.body.decode("utf-8", "replace")
