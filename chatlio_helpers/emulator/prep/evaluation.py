"""The nodes of a Data Prep expression; each turns itself into a plain Python function of one row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from .expression_errors import EvaluationError, ExpressionError, MissingAttribute
from .functions import FUNCTIONS, Function
from .functions.operations import BINARY, METHODS, UNARY, is_true
from .functions.values import Converter, text
from .paths import ABSENT, Path, Step, parse_path, reader

DEEPEST: Final = 100  # nested calls and brackets; each costs a few Python frames when a row is worked out


@dataclass(slots=True)
class Scope:
    """One row: its payload, the time of ``now()``, which elements ``[*]`` stands for, and lambda parameters.

    ``known`` are the values, by text, of expressions that several mappings have and that were worked out already.
    """

    payload: Any
    now: datetime
    indexes: tuple[int, ...] = ()
    names: dict[str, Any] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)


Evaluator = Callable[[Scope], Any]
Transition = Callable[[Any, Scope], Any]


@dataclass
class Reading:
    """What compiling an expression gathers: the source paths it names and the lambda parameters in force."""

    paths: list[Path] = field(default_factory=list)
    names: frozenset[str] = frozenset()


class Node(ABC):
    """A part of an expression; ``depth`` counts the levels below it."""

    depth = 1

    def _rests_on(self, nodes: Sequence[Node], position: int) -> None:
        self.depth = 1 + max((node.depth for node in nodes), default=0)
        if self.depth > DEEPEST:
            raise ExpressionError(f"The expression is nested more than {DEEPEST} levels deep", position)

    @abstractmethod
    def compile(self, reading: Reading) -> Evaluator:
        """The function that works the node out for a row."""

    def compile_lenient(self, reading: Reading, absent: Any = None) -> Evaluator:
        """As ``compile``, but a path that the row does not have gives ``absent`` instead of failing it."""
        return self.compile(reading)


class Literal(Node):
    """A text, number, ``true``, ``false`` or ``null``."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def compile(self, reading: Reading) -> Evaluator:
        """A function that always gives the same value."""
        value = self.value
        return lambda _scope: value


class PathNode(Node):
    """A source path, or the parameter of a lambda."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps

    def compile(self, reading: Reading) -> Evaluator:
        """A function that fails the row when it lacks the path."""
        name = str(Path(self.steps))
        if all(isinstance(step, str) for step in self.steps) and self.steps[0] not in reading.names:
            reading.paths.append(Path(self.steps))
            return _member_by_names(self.steps, name)
        read = self.compile_lenient(reading, ABSENT)

        def value(scope: Scope) -> Any:
            found = read(scope)
            if found is ABSENT:
                raise MissingAttribute(name)
            return found

        return value

    def compile_lenient(self, reading: Reading, absent: Any = None) -> Evaluator:
        """A function that gives ``absent`` when the row lacks the path."""
        path = Path(self.steps)
        read = reader(path)
        if self.steps[0] in reading.names:
            return lambda scope: _or(read(scope.names, scope.indexes), absent)
        reading.paths.append(path)
        return lambda scope: _or(read(scope.payload, scope.indexes), absent)


def _member_by_names(names: Sequence[Any], path: str) -> Evaluator:
    """As ``PathNode.compile`` for ``visitor.email``: by far the most common path, so in one function."""

    def value(scope: Scope) -> Any:
        node = scope.payload
        for name in names:
            if not isinstance(node, dict) or name not in node:
                raise MissingAttribute(path)
            node = node[name]
        return node

    return value


def _or(value: Any, absent: Any) -> Any:
    return absent if value is ABSENT else value


class Collection(Node):
    """``[1, 2]`` or ``{"a": 1}``."""

    def __init__(self, items: Sequence[Node], keys: Sequence[Node] | None, position: int) -> None:
        self.items, self.keys = items, keys
        self._rests_on([*items, *(keys or ())], position)

    def compile(self, reading: Reading) -> Evaluator:
        """A function that makes a new list or dict."""
        items = [item.compile(reading) for item in self.items]
        if self.keys is None:
            return lambda scope: [item(scope) for item in items]
        keys = [key.compile(reading) for key in self.keys]
        return lambda scope: {text(key(scope)): item(scope) for key, item in zip(keys, items, strict=True)}


class Link(Node):
    """What works on the value of the node to its left: ``1 + 1 + 1`` is a chain of links.

    A chain is worked out in a loop, however long it is: only what stands to the right of a link is a level deeper.
    """

    def __init__(self, left: Node, others: Sequence[Node], position: int) -> None:
        self.left = left
        self._rests_on(others, position)
        self.depth = max(self.depth, left.depth if isinstance(left, Link) else 1 + left.depth)

    @abstractmethod
    def step(self, reading: Reading) -> Transition:
        """The function of the value to the left and the row."""

    def start(self, reading: Reading) -> Evaluator:
        """The function that works out what the first link of a chain begins with."""
        return self.left.compile(reading)

    def compile(self, reading: Reading) -> Evaluator:
        """A function that goes along the chain from its left end."""
        links = [self]
        while isinstance(links[-1].left, Link):
            links.append(links[-1].left)
        first = links[-1].start(reading)
        steps = [link.step(reading) for link in reversed(links)]
        if len(steps) == 1:
            only = steps[0]
            return lambda scope: only(first(scope), scope)

        def value(scope: Scope) -> Any:
            found = first(scope)
            for step in steps:
                found = step(found, scope)
            return found

        return value


class Lookup(Link):
    """A member of a worked-out value: ``json_to_object(x).info`` or ``explode(x, ",")[0]``; null if it has none."""

    def __init__(self, owner: Node, key: Node, position: int) -> None:
        self.key = key
        super().__init__(owner, [key], position)

    def step(self, reading: Reading) -> Transition:
        """A function that looks one key or index up."""
        key = self.key.compile(reading)
        return lambda owner, scope: _member(owner, key(scope))


def _member(owner: Any, key: Any) -> Any:
    if isinstance(owner, dict):
        return owner.get(str(key))
    if isinstance(owner, list) and isinstance(key, (int, float)) and not isinstance(key, bool):
        return owner[int(key)] if 0 <= key < len(owner) else None
    return None


class Unary(Node):
    """An operator with one operand."""

    def __init__(self, name: str, operand: Node, position: int) -> None:
        self.name, self.operand = name, operand
        self._rests_on([operand], position)

    def compile(self, reading: Reading) -> Evaluator:
        """A function that works the operand out first."""
        operand, apply = self.operand.compile(reading), UNARY[self.name]
        return lambda scope: apply(operand(scope))


class Operation(Link):
    """An operator between two operands."""

    def __init__(self, name: str, left: Node, right: Node, position: int) -> None:
        self.name, self.right = name, right
        # Assumed: comparing a path with null is how an author asks whether it is there.
        self._asks = name in ("eq", "ne") and any(
            isinstance(node, Literal) and node.value is None for node in (left, right)
        )
        super().__init__(left, [right], position)

    def start(self, reading: Reading) -> Evaluator:
        """As of every link; a path that is compared with null may be absent."""
        return self.left.compile_lenient(reading) if self._asks else self.left.compile(reading)

    def step(self, reading: Reading) -> Transition:
        """A function that works the right operand out and combines; ``and`` and ``or`` stop as soon as they know."""
        right = self.right.compile_lenient(reading) if self._asks else self.right.compile(reading)
        if self.name == "and":
            return lambda left, scope: is_true(left) and is_true(right(scope))
        if self.name == "or":
            return lambda left, scope: is_true(left) or is_true(right(scope))
        combine = BINARY[self.name]
        return lambda left, scope: combine(left, right(scope))


class Method(Link):
    """``text.equals(other)``, ``text.equalsIgnoreCase(other)``, ``object.get(key)``."""

    def __init__(self, owner: Node, name: str, arguments: Sequence[Node], position: int) -> None:
        if name not in METHODS:
            raise ExpressionError(f"There is no method {name}; the methods are {', '.join(METHODS)}", position)
        if len(arguments) != 1:
            raise ExpressionError(f"The method {name} takes one argument, not {len(arguments)}", position)
        self.name, self.argument = name, arguments[0]
        super().__init__(owner, arguments, position)

    def step(self, reading: Reading) -> Transition:
        """A function that calls the method on the worked-out owner."""
        argument, apply = self.argument.compile(reading), METHODS[self.name]
        return lambda owner, scope: apply(owner, argument(scope))


class Lambda(Node):
    """``x -> x > 0``: the second argument of ``filterArray`` and ``transformArray``."""

    def __init__(self, name: str, body: Node, position: int) -> None:
        self.name, self.body = name, body
        self._rests_on([body], position)

    def compile(self, reading: Reading) -> Evaluator:
        """A function that gives a one-argument Python function bound to the row."""
        inner = Reading(reading.paths, reading.names | {self.name})
        body, name = self.body.compile(inner), self.name

        def bind(scope: Scope) -> Callable[[Any], Any]:
            return lambda value: body(Scope(scope.payload, scope.now, scope.indexes, {**scope.names, name: value}))

        return bind


class Call(Node):
    """A call of a documented function."""

    def __init__(self, name: str, arguments: Sequence[Node], position: int) -> None:
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(f"There is no function {name}{_meant(name)}", position)
        function.check_count(len(arguments), position)
        self.function, self.arguments = function, arguments
        self._rests_on(arguments, position)

    def compile(self, reading: Reading) -> Evaluator:
        """A function that works the arguments out, converts them to the documented types and calls."""
        function = self.function
        evaluators = [self._argument(node, index, reading) for index, node in enumerate(self.arguments)]
        if function.style == "lazy":
            run = function.run
            return lambda scope: run(*[_thunk(evaluator, scope) for evaluator in evaluators])
        return _eager(function, evaluators)

    def _argument(self, node: Node, index: int, reading: Reading) -> Evaluator:
        function = self.function
        if function.style == "probe":
            if isinstance(node, Literal) and isinstance(node.value, str):
                node = PathNode(parse_path(node.value).steps)
            return node.compile_lenient(reading, ABSENT)
        if function.is_lenient(index, len(self.arguments)):
            return node.compile_lenient(reading)
        return node.compile(reading)


def _meant(name: str) -> str:
    close = get_close_matches(name.lower(), [known.lower() for known in FUNCTIONS], n=1)
    return f"; did you mean {next(known for known in FUNCTIONS if known.lower() == close[0])}?" if close else ""


def _thunk(evaluator: Evaluator, scope: Scope) -> Callable[[], Any]:
    return lambda: evaluator(scope)


def _eager(function: Function, evaluators: list[Evaluator]) -> Evaluator:
    needed, converters = function.converters(len(evaluators))
    arguments = list(zip(evaluators, converters, needed, strict=True))
    scoped = function.style == "scoped"
    if len(arguments) == 1 and not scoped:
        return _of_one(function, *arguments[0])
    run = function.run

    def call(scope: Scope) -> Any:
        values = [scope.now] if scoped else []
        for evaluator, convert, required in arguments:
            value = evaluator(scope)
            if value is None:
                if required:
                    return None
            elif convert is not None:
                value = convert(value)
            values.append(value)
        try:
            return run(*values)
        except EvaluationError:
            raise
        except _FAULTS as problem:
            raise EvaluationError(f"{function.name}() failed: {problem}") from problem

    return call


def _of_one(function: Function, evaluator: Evaluator, convert: Converter | None, required: bool) -> Evaluator:
    """As ``_eager`` for a function of one argument."""
    run = function.run

    def call(scope: Scope) -> Any:
        value = evaluator(scope)
        if value is None:
            if required:
                return None
        elif convert is not None:
            value = convert(value)
        try:
            return run(value)
        except EvaluationError:
            raise
        except _FAULTS as problem:
            raise EvaluationError(f"{function.name}() failed: {problem}") from problem

    return call


_FAULTS: Final = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError)  # of a function at work
