"""Data Prep: the expression language's check and catalogues."""

from __future__ import annotations

from typing import Any

import orjson

from ..front.problems import AepProblem
from ..front.service import Call
from ..provenance import documented
from .mapping_bodies import bad
from .mappings import load, service


@service.operation(
    "POST", "/languages/el/validate", "validateExpression",
    documented("data-prep/api/functions; data-prep.yaml", "the object form of the answer, not the description's bare "
               "boolean; with sampleData the expression is worked out on it, too"),
    permission="view-sources",
)  # fmt: skip
def validate_expression(call: Call) -> dict[str, Any]:
    """Check the syntax of one expression, and with sample data whether it gives a value without an error."""
    body = call.body()
    expression = body.get("expression")
    if isinstance(expression, dict):  # so the description's own example has it
        expression = expression.get("expression")
    if not isinstance(expression, str) or not expression.strip():
        raise bad("The body has no expression.")
    id = body.get("mappingSetId")
    if id is not None and load(call.scope, str(id)) is None:
        raise AepProblem(404, "Not Found", f"No mapping set exists with id [{str(id)[:50]}].")
    fault = _fault(call, expression, _sample(body.get("sampleData")))
    return {"validationStatus": "failed" if fault else "succeeded", "error": fault or "none"}


def _sample(given: Any) -> dict[str, Any] | None:
    """Give the sample payload, which comes as JSON in a text (or as an object: assumed); raises a 400 for another."""
    if given in (None, ""):
        return None
    try:
        sample = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError as error:
        raise bad(f"The sampleData is not JSON: {error}.") from error
    if not isinstance(sample, dict):
        raise bad("The sampleData must be a JSON object.")
    return sample


def _fault(call: Call, expression: str, sample: dict[str, Any] | None) -> str:
    from .expression_errors import ExpressionError
    from .expressions import parse
    from .mapper import Mapper

    try:
        parse(expression)
    except ExpressionError as error:
        return str(error)
    if sample is None:
        return ""
    mapping = {"sourceType": "EXPRESSION", "source": expression, "destination": "result"}
    problems = Mapper([mapping]).apply(sample, call.platform.clock.now()).problems
    return problems[0].message if problems else ""


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
