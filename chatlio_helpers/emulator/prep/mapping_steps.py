"""Mappings compiled: each becomes a function that works its value out for a row and writes it into the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..xdm.xdm_shapes import Schema, at
from .conversion import Convert, TypeMismatch, converter
from .evaluation import Scope
from .expression_errors import EvaluationError, MissingAttribute
from .mapping_rows import Row
from .paths import ABSENT, EACH, Path, Writer, length_at, reader, writer

CODE: Final = "MAPPER-3700-400"  # documented: the code of a mapper transform error
MOST_ELEMENTS: Final = 100_000  # of one mapping with nested [*]
MOST_PROBLEMS: Final = 10  # of one mapping in one row; thousands of elements may all fail for the same reason

Value = Callable[[Scope], Any]


@dataclass(frozen=True)
class Problem:
    """One mapping that gave no value for one row; ``fatal`` fails the row, else it is a warning."""

    code: str
    message: str
    source: str
    destination: str
    fatal: bool


Run = Callable[[dict[str, Any], Scope, list[Problem]], None]  # record and problems are added to


@dataclass(frozen=True)
class _Step:
    """A mapping's parts; the value of a path that the row does not have is ABSENT."""

    source: str
    destination: str
    wildcards: int
    value: Value
    paths: tuple[Path, ...]
    convert: Convert
    write: Writer


def compiled(row: Row, schema: Schema | None, *, shared: bool = False) -> Run:
    """Give the function of one mapping into *schema*; *shared* tells that another mapping has the same expression."""
    field = at(schema, row.target) if schema is not None else None
    value, paths = _source(row)
    if shared and row.expression is not None and not row.target.wildcards and "uid(" not in row.expression.text:
        value = _once(row.expression.text, value)
    target = row.target
    step = _Step(str(row.source), row.destination, target.wildcards, value, paths, converter(field), writer(target))
    if not step.wildcards:
        return _single(step)
    parts = _member_of_each(row)
    return _spread(step) if parts is None else _each_member(step, row.target, *parts)


def _source(row: Row) -> tuple[Value, tuple[Path, ...]]:
    if row.expression is not None:
        return row.expression.work_out, row.expression.paths
    if row.path is not None:
        read = reader(row.path)
        return (lambda scope: read(scope.payload, scope.indexes)), (row.path,)
    return (lambda _scope: row.source), ()


def _once(text: str, value: Value) -> Value:
    """As *value*, worked out once for each row: all functions but ``uuid`` and ``guid`` give the same each time."""

    def once(scope: Scope) -> Any:
        if text not in scope.known:
            scope.known[text] = value(scope)
        return scope.known[text]

    return once


def _single(step: _Step) -> Run:
    """A mapping without ``[*]`` in its destination."""
    value, write, convert = step.value, step.write, step.convert

    def run(record: dict[str, Any], scope: Scope, problems: list[Problem]) -> None:
        try:
            found = value(scope)
            write(record, (), None if found is None or found is ABSENT else convert(found))
        except (EvaluationError, TypeMismatch, RecursionError) as error:
            problems.append(_explained(step, error))

    return run


def _spread(step: _Step) -> Run:
    """A mapping worked out for each element of the source array that its ``[*]`` names."""

    def run(record: dict[str, Any], scope: Scope, problems: list[Problem]) -> None:
        todo: list[tuple[int, ...]] = [()]
        for level in range(step.wildcards):
            arrays = [path for path in step.paths if path.wildcards > level]
            if not arrays:
                break
            todo = [
                (*one, i) for one in todo for i in range(max(length_at(path, scope.payload, one) for path in arrays))
            ]
            if len(todo) > MOST_ELEMENTS:
                problems.append(_too_many(step))
                return
        found: list[Problem] = []
        for indexes in todo:
            scope.indexes = indexes
            _attempt(step, record, scope, found)
        scope.indexes = ()
        problems += _first(found)

    return run


def _attempt(step: _Step, record: dict[str, Any], scope: Scope, problems: list[Problem]) -> None:
    indexes = scope.indexes
    try:
        value = step.value(scope)
        if value is None or value is ABSENT:
            step.write(record, indexes, None)
        elif len(indexes) < step.wildcards:
            _distribute(step, record, indexes, value)
        else:
            step.write(record, indexes, step.convert(value))
    except (EvaluationError, TypeMismatch, RecursionError) as error:
        problems.append(_explained(step, error))


def _distribute(step: _Step, record: dict[str, Any], indexes: tuple[int, ...], value: Any) -> None:
    """Lay a list over the ``[*]`` that the source does not name; a single value becomes the only element (assumed)."""
    if len(indexes) == step.wildcards:
        step.write(record, indexes, None if value is None else step.convert(value))
        return
    for i, element in enumerate(value if isinstance(value, list) else [value]):
        _distribute(step, record, (*indexes, i), element)


def _member_of_each(row: Row) -> tuple[Path, str, tuple[str, ...], str] | None:
    """Take ``messages[*].text`` to ``chat.lines[*].text`` apart; None when the mapping is not of this common form."""
    if row.path is None:
        return None
    source, target = row.path.steps, row.target.steps
    if not (_names_each_name(source) and _names_each_name(target)):
        return None
    return Path(source[:-2]), str(source[-1]), target[:-2], str(target[-1])


def _names_each_name(steps: tuple[Any, ...]) -> bool:
    return len(steps) > 2 and steps[-2] is EACH and all(isinstance(step, str) for step in (*steps[:-2], steps[-1]))


def _each_member(step: _Step, target: Path, array: Path, name: str, parents: tuple[str, ...], member: str) -> Run:
    """As ``_spread``, for one member of each object of an array: the array is looked up once, not for each element."""
    read, convert, enter = reader(array), step.convert, _array_writer(parents, target)

    def run(record: dict[str, Any], scope: Scope, problems: list[Problem]) -> None:
        elements = read(scope.payload, ())
        if not isinstance(elements, list):
            return
        if len(elements) > MOST_ELEMENTS:
            problems.append(_too_many(step))
            return
        found: list[Problem] = []
        objects: list[Any] | None = None
        for i, element in enumerate(elements):
            value = element.get(name) if isinstance(element, dict) else None
            try:
                made = None if value is None else convert(value)
                if objects is None:
                    objects = enter(record)
                _set_member(objects, i, member, made, target)
            except (EvaluationError, TypeMismatch, RecursionError) as error:
                found.append(_explained(step, error))
        if found:
            problems += _first(found)

    return run


def _array_writer(names: tuple[str, ...], target: Path) -> Callable[[dict[str, Any]], list[Any]]:
    *parents, last = names

    def enter(record: dict[str, Any]) -> list[Any]:
        node = record
        for name in parents:
            node = _entered(node, name, dict, target)
        return _entered(node, last, list, target)

    return enter


def _entered(node: dict[str, Any], name: str, kind: type, target: Path) -> Any:
    child = node.get(name)
    if child is None:
        child = node[name] = kind()
    elif type(child) is not kind:
        raise EvaluationError(f"{name} of {target} holds a value already, so nothing can be put below it")
    return child


def _set_member(objects: list[Any], i: int, member: str, value: Any, target: Path) -> None:
    while i >= len(objects):
        objects.append({})
    owner = objects[i]
    if owner is None:
        owner = objects[i] = {}
    elif type(owner) is not dict:
        raise EvaluationError(f"{i} of {target} holds a value already, so nothing can be put below it")
    if value is None:
        owner.pop(member, None)
    else:
        owner[member] = value


def _first(found: list[Problem]) -> list[Problem]:
    return sorted(found, key=lambda problem: not problem.fatal)[:MOST_PROBLEMS]


def _too_many(step: _Step) -> Problem:
    words = f"The mapping would give more than {MOST_ELEMENTS} elements"
    return problem(words, step.source, step.destination, fatal=False)


def _explained(step: _Step, error: Exception) -> Problem:
    if isinstance(error, TypeMismatch):
        words = (
            f"The value does not fit the schema at destination path {step.destination}{error.below}. "
            f"The expected data type was: {error.expected}, the actual data type was: {error.actual}"
        )
        return problem(words, step.source, step.destination, fatal=True)
    reason = "the value is nested too deeply" if isinstance(error, RecursionError) else str(error)
    words = f"The transformation failed for destination path {step.destination}. Reason: {reason}"
    return problem(words, step.source, step.destination, fatal=isinstance(error, MissingAttribute))


def problem(words: str, source: str, destination: str, *, fatal: bool) -> Problem:
    """Give a problem; its message ends in both fields, in the order by which Adobe's Python SDK takes it apart."""
    message = f"{words}. sourceField: {source} destinationField: {destination}"
    return Problem(CODE, message, source, destination, fatal)
