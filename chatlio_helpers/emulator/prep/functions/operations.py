"""What the operators and methods of the language do, and the catalogue for GET /languages/el/operators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ..expression_errors import EvaluationError
from .values import boolean, finite, integer, kind_of, number, text


def is_true(value: Any) -> bool:
    """A condition; null counts as false (assumed)."""
    return value is not None and boolean(value)


def _number(value: Any) -> int | float:
    if value is None:
        raise EvaluationError("null cannot be used in arithmetic")
    return number(value)


def _plus(left: Any, right: Any) -> Any:
    # Assumed, as in the expression language it follows: plus joins as soon as one side is no number.
    if isinstance(left, str) or isinstance(right, str):
        return text(left if left is not None else "") + text(right if right is not None else "")
    return finite(_number(left) + _number(right))


def _divided(left: Any, right: Any) -> int | float:
    # Assumed: two whole numbers divide to a whole number, cut towards zero, as in Java.
    above, below = _number(left), _number(right)
    if isinstance(above, int) and isinstance(below, int) and below:
        whole = abs(above) // abs(below)
        return whole if (above < 0) is (below < 0) else -whole
    return finite(above / below)


def _rest(left: Any, right: Any) -> int | float:
    above, below = _number(left), _number(right)
    times = int(above / below) if isinstance(above, float) else _divided(above, below)
    return finite(above - below * times)


def equal(left: Any, right: Any) -> bool:
    """Equality by value; 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def in_order(left: Any, right: Any) -> int:
    """-1, 0 or 1 by natural order of numbers, texts or dates; a number and a numeric text compare as numbers."""
    if left is None or right is None:
        raise EvaluationError("null cannot be compared by order")
    if not isinstance(left, str) or not isinstance(right, str):
        left, right = _comparable(left, right)
    return (left > right) - (left < right)


def _comparable(left: Any, right: Any) -> tuple[Any, Any]:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left, right
    if isinstance(left, bool) and isinstance(right, bool):
        return left, right
    if kind_of(left) in ("MAP", "LIST") or kind_of(right) in ("MAP", "LIST"):
        raise EvaluationError(f"{kind_of(left)} and {kind_of(right)} have no order")
    return number(left), number(right)


UNARY: Final[dict[str, Callable[[Any], Any]]] = {
    "-": lambda value: -_number(value),
    "not": lambda value: not is_true(value),
    "~": lambda value: ~integer(_number(value)),
}
BINARY: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": _plus,
    "-": lambda left, right: finite(_number(left) - _number(right)),
    "*": lambda left, right: finite(_number(left) * _number(right)),
    "div": _divided,
    "mod": _rest,
    "eq": equal,
    "ne": lambda left, right: not equal(left, right),
    "gt": lambda left, right: in_order(left, right) > 0,
    "ge": lambda left, right: in_order(left, right) >= 0,
    "lt": lambda left, right: in_order(left, right) < 0,
    "le": lambda left, right: in_order(left, right) <= 0,
}


def _get(owner: Any, key: Any) -> Any:
    if owner is None:
        return None
    if not isinstance(owner, dict):
        raise EvaluationError(f"get() needs an object, not a value of type {kind_of(owner)}")
    return owner.get(text(key)) if key is not None else None


def _equals(owner: Any, other: Any) -> bool:
    return owner is not None and other is not None and text(owner) == text(other)


def _equals_ignoring_case(owner: Any, other: Any) -> bool:
    return owner is not None and other is not None and text(owner).lower() == text(other).lower()


METHODS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "equals": _equals,
    "equalsIgnoreCase": _equals_ignoring_case,
    "get": _get,
}


def _operator(symbol: str, method: str, operands: int, description: str, example: str) -> dict[str, Any]:
    return {"operatorSymbol": symbol, "methodName": method, "numberOfOperands": operands, "description": description,
            "example": example}  # fmt: skip


OPERATORS: Final[list[dict[str, Any]]] = [
    _operator("+", "add", 2, "The sum of two numbers; joins when one side is text", "1 + 2"),
    _operator("-", "subtract", 2, "The difference of two numbers", "3 - 2"),
    _operator("*", "multiply", 2, "The product of two numbers", "2 * 3"),
    _operator("/", "divide", 2, "The quotient of two numbers; also written div", "1 / 2"),
    _operator("%", "mod", 2, "The rest of a division; also written mod", "5 mod 2"),
    _operator("-", "negate", 1, "The number with the other sign", "-12"),
    _operator("~", "complement", 1, "The bits of a whole number turned round", "~44"),
    _operator("!", "not", 1, "True when the condition is false; also written not", "!cond1"),
    _operator("&&", "and", 2, "True when both conditions are; also written and", "cond1 and cond2"),
    _operator("||", "or", 2, "True when one of the conditions is; also written or", "cond1 or cond2"),
    _operator("==", "equals", 2, "True when both sides are equal; also written eq", "val1 == val2"),
    _operator("!=", "notEquals", 2, "True when the sides differ; also written ne", "val1 != val2"),
    _operator(">", "greaterThan", 2, "True when the left side is greater; also written gt", "val1 > val2"),
    _operator(">=", "greaterThanOrEqual", 2, "True when the left side is not smaller; also written ge", "val1 >= val2"),
    _operator("<", "lessThan", 2, "True when the left side is smaller; also written lt", "val1 < val2"),
    _operator("<=", "lessThanOrEqual", 2, "True when the left side is not greater; also written le", "val1 <= val2"),
]


def _method(
    name: str, returns: str, description: str, parameter: str, words: str, example: str, result: str
) -> dict[str, Any]:
    """A method's entry in the functions catalogue."""
    owner, group = ("Map", "Hierarchies - Objects") if name == "get" else ("String", "String")
    return {"category": group, "function": name, "description": description,
            "syntax": f"{returns} {owner}.{name}(String)", "returns": f"A value of type {returns}, or null.",
            "returnType": f"java.lang.{returns}", "example": example, "result": result,
            "params": [{"name": parameter, "description": words, "type": "string", "dataType": "java.lang.String",
                        "position": 1}],
            "since": 1, "provenance": "documented", "note": "A method, written after a value and a dot."}  # fmt: skip


METHOD_ENTRIES: Final[list[dict[str, Any]]] = [
    _method("equals", "Boolean", "Whether two texts are the same.", "string2", "the other text",
            '"string1".equals("STRING1")', "false"),
    _method("equalsIgnoreCase", "Boolean", "Whether two texts are the same but for capital letters.", "string2",
            "the other text", '"string1".equalsIgnoreCase("STRING1")', "true"),
    _method("get", "Object", "The value of a key of an object.", "key", "the key",
            'str_to_object("firstName=John", "=", ",").get("firstName")', '"John"'),
]  # fmt: skip
