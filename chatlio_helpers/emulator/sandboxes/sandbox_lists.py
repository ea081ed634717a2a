"""Sandbox management's lists: filters, order and pages.

Documented (Adobe's description): without ``limit`` the first 20 come (the Sandbox guide's appendix says 50, its printed
answer has 20). Documented (the guide): ``limit`` and ``offset`` have to be sent together; ``property=name==test``;
``orderBy=asc:created``.
"""

from __future__ import annotations

from typing import Any

from ..front import filters
from ..front.service import Call
from .sandbox_problems import SandboxProblem

DEFAULT_LIMIT, MOST = 20, 1000
_ALIASES = {"created": "createdDate", "updated": "lastModifiedDate"}
Shown = dict[str, Any]


def page(call: Call, path: str, sandboxes: list[Shown]) -> dict[str, Any]:
    """Give the page of *sandboxes* that the query asks for; raises a 400 for a bad parameter."""
    limit, offset = _bounds(call)
    found = _ordered(call, [one for one in sandboxes if all(each.holds(one) for each in _conditions(call))])
    there = found[offset : offset + limit]
    base = f"{call.base_url}{path}"
    links: dict[str, Any] = {"page": {"href": f"{base}?limit={{limit}}&offset={{offset}}", "templated": True}}
    if offset + limit < len(found):
        links["next"] = {"href": f"{base}?limit={limit}&offset={offset + limit}", "templated": False}
    if offset:
        links["prev"] = {"href": f"{base}?limit={limit}&offset={max(0, offset - limit)}", "templated": False}
    return {"sandboxes": there, "_page": {"limit": limit, "count": len(there)}, "_links": links}


def _bounds(call: Call) -> tuple[int, int]:
    query = call.request.query_params
    if ("limit" in query) != ("offset" in query):
        raise SandboxProblem(400, "The parameters limit and offset must be sent together.")
    return _number(call, "limit", DEFAULT_LIMIT, 1), _number(call, "offset", 0, 0)


def _number(call: Call, name: str, default: int, least: int) -> int:
    text = call.query(name, str(default))
    if not text.isdecimal() or len(text) > 9 or int(text) < least or (name == "limit" and int(text) > MOST):
        raise SandboxProblem(400, f"The parameter {name} must be a whole number from {least}; it was {text!r}.")
    return int(text)


def _conditions(call: Call) -> list[filters.Condition]:
    try:
        return [filters.parse(text, several=False) for text in call.request.query_params.getlist("property")]
    except filters.NotACondition as error:
        raise SandboxProblem(400, f"The filter property={error} cannot be read; an example: name==dev.") from error


def _ordered(call: Call, sandboxes: list[Shown]) -> list[Shown]:
    order = call.query("orderBy")
    if not order:
        return sandboxes
    direction, _, fields = order.partition(":")
    names = [_ALIASES.get(name, name) for name in fields.split(",")]
    if direction not in ("asc", "desc") or any(sandboxes and name not in sandboxes[0] for name in names):
        raise SandboxProblem(400, f"The parameter orderBy must look like asc:created,name; it was {order!r}.")
    return sorted(sandboxes, key=lambda one: [one[name] for name in names], reverse=direction == "desc")
