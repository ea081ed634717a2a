"""What a dataflow does to one payload: mapping, validation, and the columns that it will land in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ..collection import envelopes
from ..xdm import event_time
from .tally import Reason
from .time_limit import PATIENT

if TYPE_CHECKING:
    from ..collection.journal import Message
    from ..prep.mapping_steps import Problem as MappingProblem
    from ..xdm.columns import Columns
    from .job import Piece

log = logging.getLogger(__name__)

MAPPING_FAILED = "MAPPER-3700-400"
UNFIT = "INGEST-1212-400"
# Codes of streaming validation as a receiver of such messages published them; Adobe's own pages list none.
VALIDATION_CODES = {
    "type": "DCVS-1104-400", "format": "DCVS-1105-400", "enum": "DCVS-1106-400", "required": "DCVS-1111-400",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one payload: a record that may land when there are no ``errors``.

    ``violations`` are the validator's own words (Adobe's ``causingExceptions``), ``refused_by`` is ``mapper``,
    ``validation``, ``unknown`` or "". ``wrapped`` tells that it came as an XDM message.
    """

    record: dict[str, Any]
    warnings: list[Reason] = field(default_factory=list)
    errors: list[Reason] = field(default_factory=list)
    violations: list[dict[str, Any]] = field(default_factory=list)
    refused_by: str = ""
    wrapped: bool = False


class SchemaRef(NamedTuple):
    """A schema's id and the content type that it is referred to with."""

    id: str
    content_type: str

    def body(self) -> dict[str, str]:
        """Give the reference as messages carry it."""
        return {"id": self.id, "contentType": self.content_type}


class Pipeline:
    """The compiled mapping, validation and columns of one mapping set version and one schema.

    Without *mappings* (None) it takes XDM messages for *dataset* and only validates. What it needs is imported when the
    first one is made: the server starts without the expression language, without its parser and without pyarrow.
    """

    def __init__(
        self, mappings: list[dict[str, Any]] | None, schema: dict[str, Any], schema_ref: SchemaRef, dataset: str = ""
    ) -> None:
        from ..prep.mapper import Mapper
        from ..xdm.validation import Validator

        self.schema_ref, self._schema, self._dataset = schema_ref, schema, dataset
        self._mapper = None if mappings is None else Mapper(mappings, schema)
        self._validator, self._of_events = Validator(schema), event_time.is_event(schema)

    @classmethod
    def of(cls, definition: dict[str, Any]) -> Pipeline:
        """Make the pipeline of a definition: ``mappings``, ``schema``, ``ref`` (id and content type), ``dataset``."""
        return cls(definition["mappings"], definition["schema"], SchemaRef(*definition["ref"]), definition["dataset"])

    @cached_property
    def columns(self) -> Columns:
        """The columns that landed records have."""
        from ..xdm.columns import Columns

        return Columns(self._schema)

    def fate(self, payload: dict[str, Any], received: int, limit: float = PATIENT) -> Fate:
        """Map and validate *payload*.

        *received* (epoch milliseconds) is what ``now()`` gives, so that landing a message again after a crash gives the
        same record; the live platform's ``now()`` is a moment later (assumed). *limit* is in seconds.
        """
        if self._mapper is None:
            return self._unwrapped(payload, received)
        mapped = self._mapper.apply(payload, datetime.fromtimestamp(received / 1000, UTC), limit)
        fatal = [_reason(problem) for problem in mapped.problems if problem.fatal]
        warnings = [_reason(problem) for problem in mapped.problems if not problem.fatal]
        if fatal:
            return Fate(mapped.record, warnings, fatal, refused_by="mapper")
        return self._checked(mapped.record, received, warnings)

    def _unwrapped(self, message: dict[str, Any], received: int) -> Fate:
        record = envelopes.entity(message) or {}
        found = envelopes.mismatches(message, self.schema_ref.id, self._dataset)
        if found:
            errors = [Reason(UNFIT, words, destination=place) for place, words in found]
            return Fate(record, errors=errors, refused_by="validation", wrapped=True)
        return replace(self._checked(record, received), wrapped=True)

    def _checked(self, record: dict[str, Any], received: int, warnings: Sequence[Reason] = ()) -> Fate:
        violations = self._validator.violations(record)
        if self._of_events and (late := event_time.violation(record, received)):
            violations.append(late)
        if violations:
            reasons = [violation_reason(one) for one in violations]
            return Fate(record, list(warnings), reasons, violations, refused_by="validation")
        return Fate(record, list(warnings))

    def fate_of(self, message: Message | Piece, limit: float = PATIENT) -> Fate:
        """Give the fate of an accepted message; one that trips over a fault of ours fails alone, and is logged."""
        try:
            return self.fate(orjson.loads(message.body), message.received, limit)
        except Exception as error:
            log.exception("message %s could not be mapped", message.transaction_id)
            reason = Reason(MAPPING_FAILED, f"The local platform failed while mapping: {type(error).__name__}: {error}")
            return Fate({}, errors=[reason], refused_by="unknown")


def violation_reason(violation: dict[str, Any]) -> Reason:
    """Give a violation as a reason: the code by its keyword, the text with the place."""
    code = VALIDATION_CODES.get(violation.get("keyword", ""), UNFIT)
    return Reason(code, f"{violation.get('pointerToViolation', '#')}: {violation.get('message', '')}")


def _reason(problem: MappingProblem) -> Reason:
    return Reason(problem.code, problem.message, problem.source, problem.destination)
