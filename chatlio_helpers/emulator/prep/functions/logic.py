"""Logical and aggregation functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from .operations import equal, in_order, is_true
from .registry import category

function = category("Logical Operators")
aggregation = category("Aggregation")

Thunk = Callable[[], Any]


@function("iif", "Object", "One of two values, chosen by a condition.",
          ("Boolean expression: the condition", "Object true_value: if it is true", "Object false_value: if it is not"),
          'iif("s".equalsIgnoreCase("S"), "True", "False")', '"True"', style="lazy", lenient="all",
          note="Only the chosen value is worked out; a plain path may be absent and is then null (assumed).",
          )  # fmt: skip
def iif(condition: Thunk, chosen: Thunk, otherwise: Thunk) -> Any:
    """Choose."""
    return chosen() if is_true(condition()) else otherwise()


@function("decode", "Object", "The value that goes with a key, or the default, or null.",
          ("Object key: what to look for", "Object options...: key, value, key, value ..., default"),
          'decode("ca", "ca", "California", "pa", "Pennsylvania", "N/A")', '"California"', style="lazy", lenient="all",
          note="Only the chosen value is worked out; a plain path may be absent and is then null (assumed).",
          )  # fmt: skip
def decode(key: Thunk, *options: Thunk) -> Any:
    """Look the key up."""
    wanted = key()
    for candidate, value in zip(options[::2], options[1::2], strict=False):
        if equal(candidate(), wanted):
            return value()
    return options[-1]() if len(options) % 2 else None


def _candidates(values: tuple[Any, ...]) -> list[Any]:
    found = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return [value for value in found if value is not None]


@aggregation("min", "Object", "The smallest value by natural order; nulls are left out (assumed).",
             ("Object options...: values, or one array",), "min(3, 1, 4)", "1")  # fmt: skip
def smallest(*values: Any) -> Any:
    """The smallest."""
    found = _candidates(values)
    return min(found, key=cmp_to_key(in_order)) if found else None


@aggregation("max", "Object", "The largest value by natural order; nulls are left out (assumed).",
             ("Object options...: values, or one array",), "max(3, 1, 4)", "4")  # fmt: skip
def largest(*values: Any) -> Any:
    """The largest."""
    found = _candidates(values)
    return max(found, key=cmp_to_key(in_order)) if found else None
