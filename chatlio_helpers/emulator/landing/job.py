"""A job: the messages of one dataflow that land together, as they are handed to the mapping process.

Several jobs make a round, which is one frame: a JSON head, then each definition once, then the bodies of the messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from .tally import Reason


class Piece(NamedTuple):
    """What the mapping needs of one accepted message; ``received`` is epoch milliseconds."""

    received: int
    transaction_id: str
    inlet: str
    body: bytes


@dataclass(frozen=True)
class Target:
    """Where the messages of one dataflow land."""

    seat: str
    org_id: str
    sandbox: str
    sandbox_id: str
    flow: str
    dataset: str


@dataclass(frozen=True)
class Definition:
    """What a dataflow does: mapping, schema and its reference as JSON, and the key that stands for this content."""

    key: str
    content: bytes


@dataclass(frozen=True, eq=False)
class Job:
    """Messages of one target: mapped by *definition*, or all of them refused for *refusal*.

    ``landed`` and ``failed`` are the batch ids that the two files are named after, ``started`` is epoch milliseconds.
    """

    target: Target
    pieces: Sequence[Piece]
    landed: str
    failed: str
    started: int
    definition: Definition | None = None
    refusal: Reason | None = None


def packed(jobs: Sequence[Job]) -> list[bytes]:
    """Give a round as the parts of a frame."""
    definitions = {job.definition.key: job.definition.content for job in jobs if job.definition}
    head = {"definitions": list(definitions), "jobs": [_head(job) for job in jobs]}
    bodies = [piece.body for job in jobs for piece in job.pieces]
    return [orjson.dumps(head), *definitions.values(), *bodies]


def unpacked(parts: Sequence[bytes]) -> list[Job]:
    """Give the jobs of a frame's parts."""
    head = orjson.loads(parts[0])
    keys = head["definitions"]
    definitions = {key: Definition(key, content) for key, content in zip(keys, parts[1:], strict=False)}
    bodies = iter(parts[1 + len(keys) :])
    return [_job(one, definitions, [Piece(*piece, next(bodies)) for piece in one["pieces"]]) for one in head["jobs"]]


def _head(job: Job) -> dict[str, Any]:
    return {
        "target": job.target, "landed": job.landed, "failed": job.failed, "started": job.started,
        "definition": job.definition.key if job.definition else "",
        "refusal": tuple(job.refusal) if job.refusal else None,
        "pieces": [piece[:-1] for piece in job.pieces],
    }  # fmt: skip


def _job(head: dict[str, Any], definitions: dict[str, Definition], pieces: list[Piece]) -> Job:
    refusal = head["refusal"]
    return Job(
        Target(**head["target"]), pieces, head["landed"], head["failed"], head["started"],
        definitions.get(head["definition"]), Reason(*refusal) if refusal else None,
    )  # fmt: skip
