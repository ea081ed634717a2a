"""How a Data Prep function is described and registered; the description feeds GET /languages/el/functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from ..expression_errors import ExpressionError
from .values import CONVERTERS, Converter

JAVA: Final = {"String": "java.lang.String", "Integer": "java.lang.Integer", "Number": "java.lang.Number",
               "Long": "java.lang.Long", "BigInteger": "java.math.BigInteger", "Double": "java.lang.Double",
               "Float": "java.lang.Float", "Boolean": "java.lang.Boolean", "ZonedDateTime": "java.time.ZonedDateTime",
               "Array": "java.util.List", "Map": "java.util.Map", "Object": "java.lang.Object",
               "Predicate": "java.util.function.Function"}  # fmt: skip

FUNCTIONS: dict[str, Function] = {}


@dataclass(frozen=True)
class Parameter:
    """One parameter; written ``Type name``, ``Type name?`` (optional) or ``Type name...`` (any number), then words."""

    name: str
    type: str
    description: str
    optional: bool
    variadic: bool

    @classmethod
    def written(cls, text: str) -> Parameter:
        """Read ``"String input: the text to change"``."""
        head, _, words = text.partition(": ")
        kind, name = head.split(" ")
        return cls(name.rstrip("?."), kind, words, name.endswith("?"), name.endswith("..."))

    def entry(self, position: int) -> dict[str, Any]:
        """The parameter as the functions catalogue prints it."""
        java = JAVA[self.type]
        return {
            "name": self.name,
            "description": self.description,
            "type": self.type.lower(),
            "dataType": f"[L{java};" if self.variadic else java,
            "position": position,
        }


@dataclass(frozen=True)
class Function:
    """A function of the language.

    ``style``: ``plain`` gets converted values; ``scoped`` gets the time of ``now()`` before them; ``lazy`` gets
    functions without arguments that work one argument out; ``probe`` gets values or ``ABSENT``.
    A plain function with a null in a required parameter gives null without running, unless ``takes_null`` (assumed).
    """

    name: str
    category: str
    description: str
    returns: str
    parameters: tuple[Parameter, ...]
    example: str
    result: str
    run: Callable[..., Any]
    style: str = "plain"
    takes_null: bool = False
    lenient: str = ""
    provenance: str = "documented"
    note: str = ""

    @property
    def least(self) -> int:
        """The smallest number of arguments; a variadic parameter needs none."""
        return sum(not (p.optional or p.variadic) for p in self.parameters)

    @property
    def most(self) -> int | None:
        """The largest number of arguments, or None when any number will do."""
        return None if any(p.variadic for p in self.parameters) else len(self.parameters)

    def check_count(self, count: int, position: int) -> None:
        """Raise ``ExpressionError`` when the function cannot take so many arguments."""
        if count < self.least or (self.most is not None and count > self.most):
            wanted = str(self.least) if self.least == self.most else f"{self.least} to {self.most or 'any number'}"
            raise ExpressionError(f"{self.name}() takes {wanted} arguments, not {count}", position)

    def is_lenient(self, index: int, count: int) -> bool:
        """Whether a path given as this argument may be absent without failing the row (assumed).

        ``lenient`` is "" (never), "all", or "default": the first argument, when a default is given after it.
        """
        return self.lenient == "all" or (self.lenient == "default" and index == 0 and count == len(self.parameters))

    def converters(self, count: int) -> tuple[list[bool], list[Converter | None]]:
        """For each argument: whether a null makes the result null, and how it becomes the documented type."""
        used = [self._parameter(index) for index in range(count)]
        strict = [not (self.takes_null or p.optional or p.variadic or p.type == "Object") for p in used]
        return strict, [CONVERTERS.get(p.type) for p in used]

    def _parameter(self, index: int) -> Parameter:
        return self.parameters[min(index, len(self.parameters) - 1)]

    def entry(self) -> dict[str, Any]:
        """The function as GET /languages/el/functions prints it; ``provenance`` and ``note`` are ours."""
        types = ", ".join(p.type + ("..." if p.variadic else "") for p in self.parameters)
        return {
            "category": self.category,
            "function": self.name,
            "description": self.description,
            "syntax": f"{self.returns} {self.name}({types})",
            "returns": f"A value of type {self.returns}, or null.",
            "returnType": JAVA[self.returns],
            "example": self.example,
            "result": self.result,
            "params": [p.entry(i) for i, p in enumerate(self.parameters, start=1)],
            "since": 1,
            "provenance": self.provenance,
            "note": self.note,
        }


Register = Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]


def category(title: str) -> Register:
    """A decorator factory that registers the functions of one category."""

    def function(
        name: str,
        returns: str,
        description: str,
        parameters: tuple[str, ...] = (),
        example: str = "",
        result: str = "",
        *,
        aliases: tuple[str, ...] = (),
        **traits: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(run: Callable[..., Any]) -> Callable[..., Any]:
            written = tuple(Parameter.written(text) for text in parameters)
            made = Function(name, title, description, returns, written, example, result, run, **traits)
            FUNCTIONS[name] = made
            for alias in aliases:
                FUNCTIONS[alias] = replace(made, name=alias)
            return run

        return register

    return function
