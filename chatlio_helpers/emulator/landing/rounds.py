"""A round: the messages that are committed together, cut into one job for each dataflow."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ..catalog import batches
from ..collection.journal import Message
from ..platform import Platform
from .job import Definition, Job, Piece, Target
from .pipelines import CannotMap
from .tally import Reason

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Round:
    """Jobs for *messages* messages, up to the journal's number ``last``; ``full`` when more may be waiting."""

    jobs: list[Job]
    messages: int
    last: int
    full: bool


def made(platform: Platform, messages: Sequence[Message], *, full: bool, refusal: Reason | None = None) -> Round:
    """Cut *messages* into jobs; with a *refusal* all of them fail for it. What has no dataset any more is left out."""
    groups: dict[tuple[str, str, str, str], list[Message]] = {}
    for message in messages:
        groups.setdefault((message.seat, message.sandbox, message.flow, message.dataset), []).append(message)
    jobs = [_job(platform, group, refusal) for group in groups.values()]
    return Round([job for job in jobs if job], len(messages), messages[-1].number, full)


def _job(platform: Platform, messages: list[Message], refusal: Reason | None) -> Job | None:
    target = _target(platform, messages[0])
    if target is None:
        log.warning("dropped %d messages: their dataset is gone", len(messages))
        return None
    definition, refusal = (None, refusal) if refusal else _definition(platform, target)
    pieces = [Piece(one.received, one.transaction_id, one.inlet, one.body) for one in messages]
    now = platform.clock.now_ms()
    return Job(target, pieces, batches.new_id(now), batches.new_id(now), now, definition, refusal)


def _target(platform: Platform, message: Message) -> Target | None:
    seat = platform.seats.get(message.seat)
    if seat is None or platform.store.within(message.seat, message.sandbox).get("dataSets", message.dataset) is None:
        return None
    sandbox_id = next((one.id for one in seat.sandboxes if one.name == message.sandbox), "")
    return Target(message.seat, seat.org_id, message.sandbox, sandbox_id, message.flow, message.dataset)


def _definition(platform: Platform, target: Target) -> tuple[Definition | None, Reason | None]:
    scope = platform.store.within(target.seat, target.sandbox)
    try:
        return platform.pipelines.definition(scope, target.flow, target.dataset), None
    except CannotMap as problem:
        return None, problem.reason
