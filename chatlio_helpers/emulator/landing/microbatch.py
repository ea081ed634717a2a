"""One micro-batch: what the Catalog and the run are told of a job that was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..catalog import batches
from ..catalog.batches import Portion
from ..flowservice.run_metrics import Micro
from .job import Job, Target
from .outcome import Outcome

__all__ = ["MicroBatch", "Target", "told"]


@dataclass(eq=False)
class MicroBatch:
    """Words that have yet to be committed: batch bodies by id (each has a file), and the activity of the run."""

    target: Target
    micro: Micro
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)


def told(job: Job, outcome: Outcome, completed: int) -> MicroBatch:
    """Put the outcome of *job* in the words of Catalog and run; *completed* is epoch milliseconds."""
    target = job.target
    micro = Micro(
        started=job.started, completed=completed,
        latencies=[max(0, completed - piece.received) for piece in job.pieces],
        bytes_in=outcome.bytes_landed + outcome.bytes_failed, bytes_out=outcome.size,
        landed=outcome.landed, failed=outcome.failed, warned=outcome.warned,
        landed_batch=job.landed if outcome.landed else "", failed_batch=job.failed if outcome.failed else "",
        causes=outcome.causes, warnings=outcome.warnings,
    )  # fmt: skip
    batch = MicroBatch(target, micro)
    if outcome.landed:
        portion = _portion(target, micro, outcome.landed, outcome.bytes_landed, outcome.size)
        batch.bodies[job.landed] = batches.landed(portion)
    if outcome.failed:
        portion = _portion(target, micro, outcome.failed, outcome.bytes_failed, 0)
        batch.bodies[job.failed] = batches.failed(portion, outcome.causes, outcome.kinds)
    return batch


def _portion(target: Target, micro: Micro, rows: int, bytes_in: int, bytes_out: int) -> Portion:
    return Portion(
        org_id=target.org_id, sandbox_id=target.sandbox_id, dataset=target.dataset, flow=target.flow,
        started=micro.started, completed=micro.completed, rows=rows, bytes_in=bytes_in, bytes_out=bytes_out,
    )  # fmt: skip
