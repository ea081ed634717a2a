"""Data Prep: the expression language's check and catalogues."""

from __future__ import annotations

from typing import Any

from .mappings import service
from .problems import AepProblem
from .provenance import documented
from .service import Call


@service.operation(
    "POST", "/languages/el/validate", "validateExpression",
    documented("data-prep/api/functions", "the object form of the answer, not the description's bare boolean"),
    permission="view-sources",
)  # fmt: skip
def validate_expression(call: Call) -> dict[str, Any]:
    """Check the syntax of one expression."""
    from .expression_errors import ExpressionError
    from .expressions import parse

    expression = call.body().get("expression")
    if not isinstance(expression, str):
        raise AepProblem(400, "Bad Request", "The body has no expression.")
    try:
        parse(expression)
    except ExpressionError as error:
        return {"validationStatus": "failed", "error": str(error)}
    return {"validationStatus": "succeeded", "error": "none"}


@service.operation(
    "GET", "/languages/el/functions", "listMappingSetFunctions", documented("data-prep/functions"),
    permission="view-sources",
)  # fmt: skip
def functions(call: Call) -> list[dict[str, Any]]:
    """Give the catalogue of functions."""
    from .functions import FUNCTIONS

    return [function.entry() for function in FUNCTIONS.values()]


@service.operation(
    "GET", "/languages/el/operators", "listMappingSetOperators", documented("data-prep/functions"),
    permission="view-sources",
)  # fmt: skip
def operators(call: Call) -> list[dict[str, Any]]:
    """Give the catalogue of operators."""
    from .functions import OPERATORS

    return list(OPERATORS)
