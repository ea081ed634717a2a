"""Type conversion functions."""

from __future__ import annotations

from .registry import category

function = category("Type Conversions")


@function("to_bigint", "BigInteger", "A text as a number of any size; a whole one keeps all its digits.",
          ("Number string: the text",), 'to_bigint("1000000.34")', "1000000.34",
          note="The page's sample keeps its fraction, although the function is named after whole numbers.")  # fmt: skip
def to_bigint(value: float) -> float:
    """A number, exact when it is whole."""
    return value


@function("to_decimal", "Double", "A text as a number.", ("Number string: the text",), 'to_decimal("20.5")', "20.5")
def to_decimal(value: float) -> float:
    """A double."""
    return float(value)


@function("to_float", "Float", "A text as a number.", ("Number string: the text",), 'to_float("12.3456")', "12.3456",
          note="The page prints 12.34566.")  # fmt: skip
def to_float(value: float) -> float:
    """A float."""
    return float(value)


@function("to_integer", "Integer", "A text as a whole number; a text with a fraction is refused (assumed).",
          ("Integer string: the text",), 'to_integer("12")', "12")  # fmt: skip
def to_integer(value: int) -> int:
    """An integer."""
    return value
