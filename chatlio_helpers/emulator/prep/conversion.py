"""How a mapped value becomes the type of its XDM field (documented in data-prep/data-handling.md where not marked)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ..xdm.xdm_shapes import Schema, kind, merged
from .dates import iso
from .expression_errors import EvaluationError
from .functions.values import boolean, kind_of, moment, number, text

Convert = Callable[[Any], Any]

_LARGEST: Final = 2**63
_WORDS: Final = {"string": "STRING", "date-time": "DATETIME", "date": "DATE", "integer": "LONG", "number": "DOUBLE",
                 "boolean": "BOOLEAN", "array": "LIST", "object": "MAP", "map": "MAP"}  # fmt: skip


class TypeMismatch(ValueError):
    """A value that cannot become the type of its field; ``below`` is the way from the mapping's target to the field."""

    def __init__(self, expected: str, value: Any, below: str = "") -> None:
        super().__init__(f"expected {expected}, got {kind_of(value)}")
        self.expected, self.actual, self.below = expected, kind_of(value), below

    def under(self, step: str) -> TypeMismatch:
        """The same mismatch seen from one level further up."""
        self.below = f"{step}{self.below}"
        return self


def plain(value: Any) -> Any:
    """A deep copy made of JSON values only: dates become ISO text in UTC; a number of more than 64 bits is refused."""
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    if isinstance(value, int) and not -_LARGEST <= value < 2 * _LARGEST:
        raise EvaluationError("a whole number has more than 64 bits")
    return iso(value) if isinstance(value, datetime) else value


def converter(schema: Schema | None) -> Convert:
    """A function that makes a non-null value fit a field; it raises ``TypeMismatch`` and copies, never changes.

    Without a schema the value is only copied.
    """
    if schema is None:
        return plain
    whole = merged(schema)
    shape = kind(whole)
    if shape == "object":
        return _object_converter(whole)
    if shape == "map":
        return _map_converter(converter(whole["additionalProperties"]))
    if shape == "array":
        return _array_converter(converter(whole.get("items")))
    return _SCALARS.get(shape, plain)


def _object_converter(schema: Schema) -> Convert:
    children = {name: converter(child) for name, child in schema["properties"].items()}
    more = schema.get("additionalProperties")
    other = converter(more) if isinstance(more, dict) else plain if more is True else None

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeMismatch("MAP", value)
        made = {}
        for name, child in value.items():
            fit = children.get(name, other)
            if fit is not None and child is not None:  # equally named children only; a null is not copied
                made[name] = _inside(fit, child, f".{name}")
        return made

    return convert


def _map_converter(fit: Convert) -> Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeMismatch("MAP", value)
        return {str(key): _inside(fit, child, f".{key}") for key, child in value.items() if child is not None}

    return convert


def _array_converter(fit: Convert) -> Convert:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeMismatch("LIST", value)
        return [None if child is None else _inside(fit, child, f"[{i}]") for i, child in enumerate(value)]

    return convert


def _inside(fit: Convert, value: Any, step: str) -> Any:
    try:
        return fit(value)
    except TypeMismatch as problem:
        raise problem.under(step) from None


def _scalar(shape: str, fit: Convert, ready: type | None = None) -> Convert:
    """Make the converter of a scalar; a value whose type is *ready* fits as it is."""

    def convert(value: Any) -> Any:
        if type(value) is ready:
            return value
        try:
            return fit(value)
        except EvaluationError:
            raise TypeMismatch(_WORDS[shape], value) from None

    return convert


def _whole(value: Any) -> int:
    found = number(value)
    if isinstance(found, float) and not found.is_integer():
        raise EvaluationError("not a whole number")
    if not -_LARGEST <= found < _LARGEST:
        raise EvaluationError("more than 64 bits")
    return int(found)


def _number(value: Any) -> int | float:
    found = number(value)
    if isinstance(found, int) and not -_LARGEST <= found < _LARGEST:
        found = _as_float(found)
    return found


def _as_float(value: int) -> float:
    try:
        made = float(value)
    except OverflowError as problem:
        raise EvaluationError("the number is too large") from problem
    if not math.isfinite(made):
        raise EvaluationError("the number is too large")
    return made


def _date_time(value: Any) -> str:
    try:
        return iso(value if type(value) is datetime else moment(value))
    except EvaluationError:
        raise TypeMismatch("DATETIME", value) from None


def _date(value: Any) -> str:
    return iso(moment(value))[:10]


_SCALARS: Final[dict[str, Convert]] = {
    "string": _scalar("string", text, str),
    "date-time": _date_time,
    "date": _scalar("date", _date),
    "integer": _scalar("integer", _whole),
    "number": _scalar("number", _number),
    "boolean": _scalar("boolean", boolean, bool),
}
