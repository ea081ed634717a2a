"""Mapping sets at work: a payload in, an XDM record and the problems out. Compiled once, then a plain loop per row.

What fails a row (documented in sources/tutorials/ui/monitor-streaming.md): a syntax error, a reference in an
expression to an attribute that is not there, a type that does not fit XDM. Any other failing mapping leaves its
attribute null and is a warning. A plain ATTRIBUTE that is not there is null without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ..landing.time_limit import PATIENT, TooLong, within
from ..xdm.xdm_shapes import Schema, at
from .conversion import TypeMismatch, converter
from .evaluation import Scope
from .expression_errors import ExpressionError
from .mapping_rows import destination_of, kind_of_source, read, source_of
from .mapping_steps import Problem, Run, compiled, problem

_SLOW: Final = (
    "The transformation was given up after {} s of processor time; a regular expression of the mapping may never come "
    "to an end on this payload"
)


@dataclass(frozen=True)
class Mapped:
    """The record, and what went wrong on the way to it."""

    record: dict[str, Any]
    problems: list[Problem]

    @property
    def failed(self) -> bool:
        """Whether the row must be rejected."""
        return any(problem.fatal for problem in self.problems)


class Mapper:
    """A compiled mapping set; ``mappings`` in either vocabulary, ``schema`` the resolved XDM schema of the target.

    Never raises for a bad mapping: such a mapping gives a fatal problem in each row.
    """

    def __init__(self, mappings: Sequence[Mapping[str, Any]], schema: Schema | None = None) -> None:
        self._broken: list[Problem] = []
        sources = Counter(str(source_of(mapping)) for mapping in _objects(mappings))
        shared = {source for source, mentions in sources.items() if mentions > 1}
        runs = [run for mapping in _objects(mappings) if (run := self._compiled(mapping, schema, shared)) is not None]
        # Documented: single rows override the children of an object copy, so copies, which are shallower, go first.
        self._runs = [run for _, run in sorted(runs, key=lambda pair: pair[0])]

    def _compiled(self, mapping: Mapping[str, Any], schema: Schema | None, shared: set[str]) -> tuple[int, Run] | None:
        try:
            row = read(mapping)
        except ExpressionError as error:
            source, destination = str(source_of(mapping) or ""), destination_of(mapping)
            self._broken.append(problem(f"The mapping cannot be read: {error}", source, destination, fatal=True))
            return None
        return len(row.target.steps), compiled(row, schema, shared=str(row.source) in shared)

    def apply(self, payload: Any, now: datetime, limit: float = PATIENT) -> Mapped:
        """Map one payload; ``now`` (UTC if it names no zone) is what ``now()`` gives. The payload is not changed.

        A payload that takes more than *limit* seconds of processor time has failed (assumed: nothing of the live
        platform's limit is documented).
        """
        try:
            return within(limit, self._mapped, payload, now if now.tzinfo else now.replace(tzinfo=UTC))
        except TooLong:
            return Mapped({}, [*self._broken, problem(_SLOW.format(limit), "", "", fatal=True)])

    def _mapped(self, payload: Any, now: datetime) -> Mapped:
        record: dict[str, Any] = {}
        problems = list(self._broken)
        scope = Scope(payload, now)
        for run in self._runs:
            run(record, scope, problems)
        return Mapped(record, problems)


def _objects(mappings: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Anything that is not an object counts as a mapping that says nothing, and is refused as such."""
    return [mapping if isinstance(mapping, Mapping) else {} for mapping in mappings]


def check_mappings(mappings: Sequence[Mapping[str, Any]], schema: Schema | None = None) -> list[dict[str, Any]]:
    """The entries of ``validationResponse``: one for each mapping, ``SUCCESS`` or ``FAILED`` with its error."""
    return [_checked(mapping, schema) for mapping in _objects(mappings)]


def _checked(mapping: Mapping[str, Any], schema: Schema | None) -> dict[str, Any]:
    try:
        row = read(mapping)
    except ExpressionError as error:
        return _refused(mapping, str(error))
    field = at(schema, row.target) if schema is not None else None
    if schema is not None and field is None:
        return _refused(mapping, f"The target schema has no field at {row.destination}")
    if row.kind == "STATIC" and row.source is not None and row.target.wildcards == 0:
        try:
            converter(field)(row.source)
        except TypeMismatch as error:
            return _refused(mapping, f"The static value does not fit {row.destination}: {error}")
    return {"status": "SUCCESS", "errors": None}


def _refused(mapping: Mapping[str, Any], words: str) -> dict[str, Any]:
    try:
        kind = kind_of_source(mapping)
    except ExpressionError:
        kind = str(mapping.get("sourceType"))
    source = source_of(mapping)
    error = {"destination": destination_of(mapping), "exception": words, "source": source, "columnName": source,
             "sourceType": kind}  # fmt: skip
    return {"status": "FAILED", "errors": [error]}
