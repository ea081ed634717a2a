"""JSON functions."""

from __future__ import annotations

import json
from typing import Any

from ..expression_errors import EvaluationError
from .registry import category

function = category("JSON")


@function("json_to_object", "Object", "The value of a JSON text.", ("String string: JSON text",),
          "json_to_object('{\"info\":{\"firstName\":\"John\",\"lastName\":\"Doe\"}}')",
          '{"info":{"firstName":"John","lastName":"Doe"}}')  # fmt: skip
def json_to_object(string: str) -> Any:
    """Parse JSON; NaN and Infinity are refused."""
    return json.loads(string, parse_constant=_refused)


def _refused(name: str) -> Any:
    raise EvaluationError(f"{name} is not JSON")
