"""JSON functions."""

from __future__ import annotations

import json
from typing import Any

from ..expression_errors import EvaluationError
from .registry import category
from .values import finite

function = category("JSON")


@function("json_to_object", "Object", "The value of a JSON text.", ("String string: JSON text",),
          "json_to_object('{\"info\":{\"firstName\":\"John\",\"lastName\":\"Doe\"}}')",
          '{"info":{"firstName":"John","lastName":"Doe"}}')  # fmt: skip
def json_to_object(string: str) -> Any:
    """Parse JSON; NaN, Infinity and numbers beyond a double are refused."""
    return json.loads(string, parse_constant=_refused, parse_float=_double, parse_int=_whole)


def _double(digits: str) -> float:
    return finite(float(digits))


def _whole(digits: str) -> int:
    return finite(int(digits))


def _refused(name: str) -> Any:
    raise EvaluationError(f"{name} is not JSON")
