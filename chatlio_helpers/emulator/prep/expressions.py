"""The Data Prep expression language: ``parse("concat(visitor.name, '!')").evaluate(payload, now)``.

Source of the language: Adobe's Data Prep functions page and the descriptions of ``/languages/el``. The grammar is
in ``grammar.lark``; each function is in ``functions/``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path as File
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, v_args

from .evaluation import (
    Call,
    Collection,
    Evaluator,
    Lambda,
    Literal,
    Lookup,
    Method,
    Node,
    Operation,
    PathNode,
    Reading,
    Scope,
    Unary,
)
from .expression_errors import EvaluationError, ExpressionError, MissingAttribute
from .functions import FUNCTIONS, OPERATORS
from .functions.values import finite
from .paths import EACH, Path, unescaped

__all__ = ["FUNCTIONS", "OPERATORS", "EvaluationError", "Expression", "ExpressionError", "MissingAttribute", "parse"]

LONGEST: Final = 4096  # documented guardrail: characters in a calculated field
RESERVED: Final = frozenset((
    "new", "mod", "or", "break", "var", "lt", "for", "false", "while", "eq", "gt", "div", "not", "null",
    "continue", "else", "and", "ne", "true", "le", "if", "ge", "return", "_errors",
))  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its text, the source paths it names, and how to work it out.

    ``paths`` keeps one entry per mention. ``path`` is the source path when the whole expression is one.
    """

    text: str
    paths: tuple[Path, ...]
    path: Path | None
    compiled: Evaluator

    def evaluate(self, payload: Any, now: datetime, indexes: tuple[int, ...] = ()) -> Any:
        """The value for one payload; dates are timezone-aware ``datetime``.

        Raises ``MissingAttribute`` for a path the payload lacks, else ``EvaluationError``. The payload is never
        changed, but the value may share parts with it.
        """
        return self.work_out(Scope(payload, now, indexes))

    def work_out(self, scope: Scope) -> Any:
        """As ``evaluate``, for a row that is at hand already."""
        try:
            return finite(self.compiled(scope))
        except EvaluationError:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as problem:
            raise EvaluationError(f"{self.text} has no value: {problem}") from problem


def parse(text: str) -> Expression:
    """Read an expression. Raises ``ExpressionError`` and nothing else, with the position and plain words."""
    if not isinstance(text, str) or not text.strip():
        raise ExpressionError("The expression is empty or not a text")
    return _parsed(text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    if len(text) > LONGEST:
        raise ExpressionError(f"The expression has {len(text)} characters; {LONGEST} is the limit", LONGEST + 1)
    try:
        node: Node = _parser().parse(text)
    except UnexpectedInput as problem:
        raise _explained(text, problem) from None
    reading = Reading()
    compiled = node.compile(reading)
    path = Path(node.steps) if isinstance(node, PathNode) else None
    return Expression(text, tuple(reading.paths), path, compiled)


@cache
def _parser() -> Lark:
    grammar = File(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _explained(text: str, problem: UnexpectedInput) -> ExpressionError:
    token = getattr(problem, "token", None)
    if token is not None and token.type == "$END":
        return ExpressionError("The expression ends too early: a value or a closing bracket is missing", len(text) + 1)
    at = problem.pos_in_stream or 0
    word = re.match(r"[\w$]+|.", text[at:], re.S)
    found = word[0] if word else ""
    if found in RESERVED:
        return ExpressionError(f"{found} is a reserved word; a field of that name is written ${{{found}}}", at + 1)
    if isinstance(problem, UnexpectedCharacters) and found in "\"'":
        return ExpressionError("A text is opened here and never closed", at + 1)
    if found == "?":
        return ExpressionError("There is no ?: operator; write iif(condition, value, other value)", at + 1)
    return ExpressionError(f"{found!r} was not expected here", at + 1)


_STRING_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.S)
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", '"': '"', "'": "'"}


def _plain_text(literal: str) -> str:
    return _STRING_ESCAPE.sub(_unescaped, literal[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    return _CONTROLS.get(code, found[0])  # an unknown escape keeps its backslash, so that "\." reaches a regex


def _name(token: Token) -> str:
    return unescaped(token[2:-1] if token.type == "WRAPPED" else str(token))


def _place(token: Token) -> int:
    return (token.start_pos or 0) + 1


_OPERATOR_NAMES: Final = {"||": "or", "&&": "and", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt",
                          "<=": "le", "/": "div", "%": "mod", "!": "not"}  # fmt: skip


class _Builder(Transformer):  # type: ignore[type-arg]
    """Builds nodes while lark reads, bottom up, so that deep nesting never meets Python's recursion limit."""

    @v_args(inline=True)
    def binary(self, left: Node, operator: Token, right: Node) -> Node:
        return Operation(_OPERATOR_NAMES.get(str(operator), str(operator)), left, right, _place(operator))

    @v_args(inline=True)
    def unary(self, operator: Token, operand: Node) -> Node:
        if operator == "-" and isinstance(operand, Literal) and isinstance(operand.value, (int, float)):
            return Literal(-operand.value)
        return Unary(_OPERATOR_NAMES.get(str(operator), str(operator)), operand, _place(operator))

    @v_args(inline=True)
    def member(self, owner: Node, name: Token) -> Node:
        if isinstance(owner, PathNode):
            return PathNode((*owner.steps, _name(name)))
        return Lookup(owner, Literal(_name(name)), _place(name))

    @v_args(inline=True)
    def method(self, owner: Node, name: Token, arguments: Sequence[Node] = ()) -> Node:
        return Method(owner, str(name), arguments, _place(name))

    @v_args(inline=True)
    def each(self, owner: Node, star: Token) -> Node:
        if not isinstance(owner, PathNode):
            raise ExpressionError("[*] can only follow a source path", _place(star))
        return PathNode((*owner.steps, EACH))

    @v_args(inline=True)
    def index(self, owner: Node, key: Node) -> Node:
        if isinstance(owner, PathNode) and isinstance(key, Literal) and type(key.value) is int and key.value >= 0:
            return PathNode((*owner.steps, key.value))
        return Lookup(owner, key, 1)

    @v_args(inline=True)
    def path(self, name: Token) -> Node:
        return PathNode((_name(name),))

    @v_args(inline=True)
    def call(self, name: Token, arguments: Sequence[Node] = ()) -> Node:
        return Call(str(name), arguments, _place(name))

    def arguments(self, children: list[Node]) -> list[Node]:
        return children

    @v_args(inline=True)
    def function_of(self, name: Token, body: Node) -> Node:
        return Lambda(str(name), body, _place(name))

    @v_args(inline=True)
    def string(self, token: Token) -> Node:
        return Literal(_plain_text(token))

    @v_args(inline=True)
    def number(self, token: Token) -> Node:
        value = int(token) if token.isdigit() else float(token)
        if not -math.inf < value < math.inf:
            raise ExpressionError(f"{token} is too large for a number", _place(token))
        return Literal(value)

    def true(self, _children: list[Token]) -> Node:
        return Literal(True)

    def false(self, _children: list[Token]) -> Node:
        return Literal(False)

    def null(self, _children: list[Token]) -> Node:
        return Literal(None)

    def array(self, items: list[Node]) -> Node:
        return Collection(items, None, 1)

    def map(self, pairs: list[tuple[Node, Node]]) -> Node:
        return Collection([value for _, value in pairs], [key for key, _ in pairs], 1)

    @v_args(inline=True)
    def pair(self, key: Node, value: Node) -> tuple[Node, Node]:
        return key, value
