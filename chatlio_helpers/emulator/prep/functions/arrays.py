"""Array functions. Those that Adobe documents for destinations only are built too, and say so in their note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..expression_errors import EvaluationError
from .registry import category
from .strings import bounded
from .values import text

function = category("Hierarchies - Arrays")
_DESTINATIONS = "Documented for destinations only."


@function("coalesce", "Object", "The first value that is not null.", ("Object input...: values",),
          'coalesce(null, null, null, "first", null, "second")', '"first"', style="lazy", lenient="all",
          note="An absent path counts as null; later values are not worked out (assumed).")  # fmt: skip
def coalesce(*values: Callable[[], Any]) -> Any:
    """The first non-null."""
    for value in values:
        found = value()
        if found is not None:
            return found
    return None


def _all(values: tuple[Any, ...]) -> list[Any]:
    return values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)


@function("first", "Object", "The first element of an array, or the first argument; null if there is none.",
          ("Object input...: an array, or values",), 'first("1", "2", "3")', '"1"')  # fmt: skip
def first(*values: Any) -> Any:
    """The first."""
    found = _all(values)
    return found[0] if found else None


@function("last", "Object", "The last element of an array, or the last argument; null if there is none.",
          ("Object input...: an array, or values",), 'last("1", "2", "3")', '"3"')  # fmt: skip
def last(*values: Any) -> Any:
    """The last."""
    found = _all(values)
    return found[-1] if found else None


@function("add_to_array", "Array", "An array with values added at its end.",
          ("Array array: the array", "Object values...: values to add"),
          "add_to_array(['a', 'b'], 'c', 'd')", '["a","b","c","d"]')  # fmt: skip
def add_to_array(array: list[Any], *values: Any) -> list[Any]:
    """Append."""
    return [*array, *values]


@function("join_arrays", "Array", "Arrays one after the other; null arrays are left out (assumed).",
          ("Array array: the first array", "Array values...: the other arrays"),
          "join_arrays(['a', 'b'], ['c'], ['d', 'e'])", '["a","b","c","d","e"]')  # fmt: skip
def join_arrays(array: list[Any], *arrays: list[Any] | None) -> list[Any]:
    """Concatenate."""
    return [*array, *(value for other in arrays if other is not None for value in other)]


@function("to_array", "Array", "An array of the values.",
          ("Boolean include_nulls: whether nulls stay", "Object values...: the values"),
          "to_array(false, 1, null, 2, 3)", "[1,2,3]")  # fmt: skip
def to_array(include_nulls: bool, *values: Any) -> list[Any]:
    """An array with or without nulls."""
    return [value for value in values if include_nulls or value is not None]


_UPSERT = "Documented: changes Profile updates only; everywhere else it returns its input."


@function("upsert_array_append", "Array", "Marks an array to be appended in Profile.", ("Array array: the array",),
          "upsert_array_append([123, 456])", "[123,456]", note=_UPSERT)  # fmt: skip
def upsert_array_append(array: list[Any]) -> list[Any]:
    """The input."""
    return array


@function("upsert_array_replace", "Array", "Marks an array to be replaced in Profile.",
          ("Array array: the array", "Integer index?: shown in the sample only"),
          "upsert_array_replace([123, 456], 1)", "[123,456]", note=_UPSERT)  # fmt: skip
def upsert_array_replace(array: list[Any], _index: int | None = None) -> list[Any]:
    """The input."""
    return array


@function("array_to_string", "String", "The values of an array, flattened and joined.",
          ("String separator: text between two values", "Array array: the array"),
          'array_to_string(";", ["Hello", "world"])', '"Hello;world"', note=_DESTINATIONS)  # fmt: skip
def array_to_string(separator: str, array: list[Any]) -> str:
    """Flatten, then join."""
    return bounded(separator.join(text(value) for value in flattened(array) if value is not None))


@function("filterArray", "Array", "The elements for which the predicate is true.",
          ("Array array: the array", "Predicate predicate: such as x -> x > 0"),
          "filterArray([5, -6, 0, 7], x -> x > 0)", "[5,7]", note=_DESTINATIONS)  # fmt: skip
def filter_array(array: list[Any], predicate: Callable[[Any], Any]) -> list[Any]:
    """Filter."""
    return [value for value in array if predicate(value) is True]


@function("transformArray", "Array", "Each element, changed by the function.",
          ("Array array: the array", "Predicate predicate: such as x -> x + 1"),
          "transformArray([5, 6, 7], x -> x + 1)", "[6,7,8]", note=_DESTINATIONS)  # fmt: skip
def transform_array(array: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    """Map."""
    return [change(value) for value in array]


@function("flattenArray", "Array", "An array of arrays as one array.", ("Array array: the array",),
          'flattenArray([[["a", "b"]], [["c"]]])', '["a","b","c"]', note=_DESTINATIONS)  # fmt: skip
def flatten_array(array: list[Any]) -> list[Any]:
    """Flatten."""
    return flattened(array)


def flattened(array: list[Any], depth: int = 0) -> list[Any]:
    """All elements of nested arrays, in order."""
    if depth > 100:
        raise EvaluationError("the array is nested more than 100 levels deep")
    flat: list[Any] = []
    for value in array:
        flat.extend(flattened(value, depth + 1)) if isinstance(value, list) else flat.append(value)
    return flat
