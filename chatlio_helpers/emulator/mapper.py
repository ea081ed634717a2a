"""Mapping sets at work: a payload in, an XDM record and the problems out. Compiled once, then a plain loop per row.

What fails a row (documented in sources/tutorials/ui/monitor-streaming.md): a syntax error, a reference in an
expression to an attribute that is not there, a type that does not fit XDM. Any other failing mapping leaves its
attribute null and is a warning. A plain ATTRIBUTE that is not there is null without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from .conversion import Convert, TypeMismatch, converter
from .expression_errors import EvaluationError, ExpressionError, MissingAttribute
from .mapping_rows import Row, destination_of, kind_of_source, read, source_of
from .paths import ABSENT, Path, Writer, length_at, reader, writer
from .time_limit import PATIENT, TooLong, within
from .xdm_shapes import Schema, at

CODE: Final = "MAPPER-3700-400"  # documented: the code of a mapper transform error
MOST_ELEMENTS: Final = 100_000  # of one mapping with nested [*]
MOST_PROBLEMS: Final = 10  # of one mapping in one row; thousands of elements may all fail for the same reason
_SLOW: Final = (
    "The transformation was given up after {} s of processor time; a regular expression of the mapping may never come "
    "to an end on this payload"
)

Value = Callable[[Any, datetime, tuple[int, ...]], Any]


@dataclass(frozen=True)
class Problem:
    """One mapping that gave no value for one row; ``fatal`` fails the row, else it is a warning."""

    code: str
    message: str
    source: str
    destination: str
    fatal: bool


@dataclass(frozen=True)
class Mapped:
    """The record, and what went wrong on the way to it."""

    record: dict[str, Any]
    problems: list[Problem]
    slow: bool = False  # given up because it took too long

    @property
    def failed(self) -> bool:
        """Whether the row must be rejected."""
        return any(problem.fatal for problem in self.problems)


@dataclass(frozen=True)
class _Step:
    """A compiled mapping."""

    source: str
    destination: str
    wildcards: int
    value: Value
    paths: tuple[Path, ...]
    convert: Convert
    write: Writer


class Mapper:
    """A compiled mapping set; ``mappings`` in either vocabulary, ``schema`` the resolved XDM schema of the target.

    Never raises for a bad mapping: such a mapping gives a fatal problem in each row.
    """

    def __init__(self, mappings: Sequence[Mapping[str, Any]], schema: Schema | None = None) -> None:
        self._broken: list[Problem] = []
        steps = [step for mapping in _objects(mappings) if (step := self._compiled(mapping, schema)) is not None]
        # Documented: single rows override the children of an object copy, so copies, which are shallower, go first.
        self._steps = [step for _, step in sorted(steps, key=lambda pair: pair[0])]

    def _compiled(self, mapping: Mapping[str, Any], schema: Schema | None) -> tuple[int, _Step] | None:
        try:
            row = read(mapping)
        except ExpressionError as problem:
            source, destination = str(source_of(mapping) or ""), destination_of(mapping)
            self._broken.append(_problem(f"The mapping cannot be read: {problem}", source, destination, fatal=True))
            return None
        return len(row.target.steps), _step(row, schema)

    def apply(self, payload: Any, now: datetime, limit: float = PATIENT) -> Mapped:
        """Map one payload; ``now`` (UTC if it names no zone) is what ``now()`` gives. The payload is not changed.

        A payload that takes more than *limit* seconds of processor time has failed (assumed: nothing of the live
        platform's limit is documented).
        """
        try:
            return within(limit, self._mapped, payload, now if now.tzinfo else now.replace(tzinfo=UTC))
        except TooLong:
            return Mapped({}, [*self._broken, _problem(_SLOW.format(limit), "", "", fatal=True)], slow=True)

    def _mapped(self, payload: Any, now: datetime) -> Mapped:
        record: dict[str, Any] = {}
        problems = list(self._broken)
        for step in self._steps:
            if step.wildcards:
                _spread(step, record, payload, now, problems)
            else:
                _attempt(step, record, payload, now, (), problems)
        return Mapped(record, problems)


def _objects(mappings: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Anything that is not an object counts as a mapping that says nothing, and is refused as such."""
    return [mapping if isinstance(mapping, Mapping) else {} for mapping in mappings]


def _step(row: Row, schema: Schema | None) -> _Step:
    value, paths = _source(row)
    field = at(schema, row.target) if schema is not None else None
    target = row.target
    return _Step(str(row.source), row.destination, target.wildcards, value, paths, converter(field), writer(target))


def _source(row: Row) -> tuple[Value, tuple[Path, ...]]:
    if row.expression is not None:
        return row.expression.evaluate, row.expression.paths
    if row.path is not None:
        read_path = reader(row.path)
        return (lambda payload, _now, indexes: read_path(payload, indexes)), (row.path,)
    return (lambda _payload, _now, _indexes: row.source), ()


def _attempt(
    step: _Step, record: dict[str, Any], payload: Any, now: datetime, indexes: tuple[int, ...], problems: list[Problem]
) -> None:
    try:
        value = step.value(payload, now, indexes)
        if value is None or value is ABSENT:
            step.write(record, indexes, None)
        elif len(indexes) < step.wildcards:
            _distribute(step, record, indexes, value)
        else:
            step.write(record, indexes, step.convert(value))
    except (EvaluationError, TypeMismatch, RecursionError) as problem:
        problems.append(_explained(step, problem))


def _spread(step: _Step, record: dict[str, Any], payload: Any, now: datetime, problems: list[Problem]) -> None:
    """Work the mapping out for each element of the source array that its ``[*]`` names."""
    todo: list[tuple[int, ...]] = [()]
    for level in range(step.wildcards):
        arrays = [path for path in step.paths if path.wildcards > level]
        if not arrays:
            break
        todo = [(*one, i) for one in todo for i in range(max(length_at(path, payload, one) for path in arrays))]
        if len(todo) > MOST_ELEMENTS:
            words = f"The mapping would give more than {MOST_ELEMENTS} elements"
            problems.append(_problem(words, step.source, step.destination, fatal=False))
            return
    found: list[Problem] = []
    for indexes in todo:
        _attempt(step, record, payload, now, indexes, found)
    problems += sorted(found, key=lambda problem: not problem.fatal)[:MOST_PROBLEMS]


def _distribute(step: _Step, record: dict[str, Any], indexes: tuple[int, ...], value: Any) -> None:
    """Lay a list over the ``[*]`` that the source does not name; a single value becomes the only element (assumed)."""
    if len(indexes) == step.wildcards:
        step.write(record, indexes, None if value is None else step.convert(value))
        return
    for i, element in enumerate(value if isinstance(value, list) else [value]):
        _distribute(step, record, (*indexes, i), element)


def _explained(step: _Step, problem: Exception) -> Problem:
    if isinstance(problem, TypeMismatch):
        words = (
            f"The value does not fit the schema at destination path {step.destination}{problem.below}. "
            f"The expected data type was: {problem.expected}, the actual data type was: {problem.actual}"
        )
        return _problem(words, step.source, step.destination, fatal=True)
    reason = "the value is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
    words = f"The transformation failed for destination path {step.destination}. Reason: {reason}"
    return _problem(words, step.source, step.destination, fatal=isinstance(problem, MissingAttribute))


def _problem(words: str, source: str, destination: str, *, fatal: bool) -> Problem:
    # The order of the parts is what Adobe's Python SDK takes such messages apart by.
    message = f"{words}. sourceField: {source} destinationField: {destination}"
    return Problem(CODE, message, source, destination, fatal)


def check_mappings(mappings: Sequence[Mapping[str, Any]], schema: Schema | None = None) -> list[dict[str, Any]]:
    """The entries of ``validationResponse``: one for each mapping, ``SUCCESS`` or ``FAILED`` with its error."""
    return [_checked(mapping, schema) for mapping in _objects(mappings)]


def _checked(mapping: Mapping[str, Any], schema: Schema | None) -> dict[str, Any]:
    try:
        row = read(mapping)
    except ExpressionError as problem:
        return _refused(mapping, str(problem))
    field = at(schema, row.target) if schema is not None else None
    if schema is not None and field is None:
        return _refused(mapping, f"The target schema has no field at {row.destination}")
    if row.kind == "STATIC" and row.source is not None and row.target.wildcards == 0:
        try:
            converter(field)(row.source)
        except TypeMismatch as problem:
            return _refused(mapping, f"The static value does not fit {row.destination}: {problem}")
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
