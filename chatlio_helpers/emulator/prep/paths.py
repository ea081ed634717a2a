r"""Source and destination paths of a mapping: ``visitor.email``, ``messages[0].text``, ``messages[*].text``.

``${First Name}`` wraps a name that is no identifier; ``\.`` is a dot inside a name (documented: Data Prep functions).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from .expression_errors import EvaluationError, ExpressionError

LARGEST_INDEX: Final = 10_000  # a fixed index pads the array before it, so it must have a bound
_SHORT: Final = 200  # characters of a path that is remembered


class _Mark:
    """A value that no payload can hold."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


EACH: Final = _Mark("[*]")
ABSENT: Final = _Mark("ABSENT")

Step = str | int | _Mark
Reader = Callable[[Any, tuple[int, ...]], Any]
Writer = Callable[[dict[str, Any], tuple[int, ...], Any], None]

_STEP = re.compile(r"\$\{((?:\\.|[^}\\])*)\}|\[(\*|\d+)\]|((?:\\.|[^.\[\]\\{}])+)", re.S)
_IDENTIFIER = re.compile(r"(?:[^\W\d]|\$)(?:[\w$]|\\\.)*\Z")
_ESCAPE = re.compile(r"\\(.)", re.S)


@dataclass(frozen=True)
class Path:
    """Names, indexes and ``EACH`` marks from the root of a record."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        text = "".join(f".{_spelled(s)}" if isinstance(s, str) else f"[{s}]" if isinstance(s, int) else "[*]"
                       for s in self.steps)  # fmt: skip
        return text.removeprefix(".")

    @property
    def wildcards(self) -> int:
        """How many ``[*]`` the path holds."""
        return self.steps.count(EACH)


def _spelled(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")


def unescaped(name: str) -> str:
    r"""A name without its backslashes: ``First\.Name`` is the name ``First.Name``."""
    return _ESCAPE.sub(r"\1", name)


def parse_path(text: str, *, wrapped: bool = False) -> Path:
    """Read a path; raises ``ExpressionError`` with the place where it stops making sense.

    ``wrapped`` asks, as Data Prep does of source paths, that a name which is no identifier stands in ``${}``.
    """
    return (_remembered if len(text) <= _SHORT else _parsed)(text, wrapped)


def _parsed(text: str, wrapped: bool) -> Path:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        if steps and text[at] == ".":
            at += 1
            needs_name = True
        else:
            needs_name = not steps
        found = _STEP.match(text, at)
        if not found or (found[2] is not None) is needs_name:
            raise ExpressionError(f"{text!r} is not a path", at + 1)
        if wrapped and found[3] is not None and not _IDENTIFIER.match(found[3]):
            raise ExpressionError(f"{found[3]!r} is no plain name; a field of that name is written ${{...}}", at + 1)
        steps.append(_step(found, at))
        at = found.end()
    if not steps or (text.endswith(".") and not text.endswith("\\.")):
        raise ExpressionError("A path needs a name", at + 1)
    return Path(tuple(steps))


_remembered = lru_cache(maxsize=4_096)(_parsed)  # one mapping set is read when it is checked, kept, used and mapped


def _step(found: re.Match[str], at: int) -> Step:
    wrapped, index, name = found.groups()
    if index == "*":
        return EACH
    if index is not None:
        if len(index) > 9 or int(index) > LARGEST_INDEX:
            raise ExpressionError(f"An array index may be {LARGEST_INDEX} at most", at + 1)
        return int(index)
    plain = unescaped(wrapped if wrapped is not None else name)
    if not plain.strip():
        raise ExpressionError("A path needs a name", at + 1)
    return plain


def reader(path: Path) -> Reader:
    """A function ``(payload, indexes) -> value`` that gives ``ABSENT`` where the payload lacks the path.

    ``indexes`` says which element each ``[*]`` stands for; a ``[*]`` beyond them gathers all elements in a flat list.
    """
    steps = path.steps
    if all(isinstance(step, str) for step in steps):
        return _names_reader(steps)  # type: ignore[arg-type]
    return lambda payload, indexes: _walk(payload, steps, 0, indexes, 0)


def _names_reader(names: tuple[str, ...]) -> Reader:
    def read(payload: Any, _indexes: tuple[int, ...]) -> Any:
        node = payload
        for name in names:
            if not isinstance(node, dict):
                return ABSENT
            node = node.get(name, ABSENT)
        return node

    return read


def _walk(node: Any, steps: tuple[Step, ...], at: int, indexes: tuple[int, ...], seen: int) -> Any:
    for position in range(at, len(steps)):
        step = steps[position]
        if isinstance(step, str):
            node = node.get(step, ABSENT) if isinstance(node, dict) else ABSENT
        elif not isinstance(node, list):
            return ABSENT
        elif step is EACH and seen >= len(indexes):
            return _gather(node, steps, position + 1, indexes, seen + 1)
        else:
            index = indexes[seen] if step is EACH else step
            seen += step is EACH
            node = node[index] if index < len(node) else ABSENT
        if node is ABSENT:
            return ABSENT
    return node


def _gather(nodes: list[Any], steps: tuple[Step, ...], at: int, indexes: tuple[int, ...], seen: int) -> list[Any]:
    values = []
    deeper = EACH in steps[at:]
    for node in nodes:
        value = _walk(node, steps, at, indexes, seen)
        if value is ABSENT:
            continue
        values.extend(value) if deeper else values.append(value)
    return values


def length_at(path: Path, payload: Any, indexes: tuple[int, ...]) -> int:
    """How many elements the array under the ``[*]`` numbered ``len(indexes)`` has; 0 when it is absent."""
    places = [i for i, step in enumerate(path.steps) if step is EACH]
    if len(places) <= len(indexes):
        return 0
    array = _walk(payload, path.steps[: places[len(indexes)]], 0, indexes, 0)
    return len(array) if isinstance(array, list) else 0


def writer(path: Path) -> Writer:
    """A function ``(record, indexes, value)`` that sets the value, making the objects and arrays on the way.

    A null takes the attribute away, so that a later row can undo part of an object copy.
    Raises ``EvaluationError`` where something that is not an object stands in the way.
    """
    if all(isinstance(step, str) for step in path.steps):
        return _names_writer(path.steps, path)  # type: ignore[arg-type]
    return lambda record, indexes, value: _place(record, path, indexes, value)


def _names_writer(names: tuple[str, ...], path: Path) -> Writer:
    *parents, leaf = names

    def write(record: dict[str, Any], _indexes: tuple[int, ...], value: Any) -> None:
        node = record
        for name in parents:
            child = node.get(name)
            if child is None:
                if value is None:
                    return
                child = node[name] = {}
            elif type(child) is not dict:
                raise EvaluationError(f"{name} of {path} holds a value already, so nothing can be put below it")
            node = child
        if value is None:
            node.pop(leaf, None)
        else:
            node[leaf] = value

    return write


def _place(record: dict[str, Any], path: Path, indexes: tuple[int, ...], value: Any) -> None:
    node: Any = record
    left = iter(indexes)
    steps = path.steps
    for step, following in pairwise(steps):
        key = next(left, 0) if step is EACH else step
        node = _entered(node, key, dict if isinstance(following, str) else list, path)
    last = steps[-1]
    if last is EACH:
        if value is not None:
            node.append(value)
    elif isinstance(last, str):
        _set_name(node, last, value)
    elif value is not None:
        node.extend([None] * (last + 1 - len(node)))
        node[last] = value


def _set_name(node: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        node.pop(name, None)
    else:
        node[name] = value


def _entered(node: Any, key: Any, kind: type, path: Path) -> Any:
    if isinstance(key, int):
        node.extend(kind() for _ in range(key + 1 - len(node)))
        if node[key] is None:
            node[key] = kind()
        child = node[key]
    else:
        child = node.get(key)
        if child is None:
            child = node[key] = kind()
    if type(child) is not kind:
        raise EvaluationError(f"{key} of {path} holds a value already, so nothing can be put below it")
    return child
