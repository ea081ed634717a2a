"""Schema Registry's common ground: refusals, lists with filters and pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from . import filters
from .dialects import SchemaDialect
from .problems import SchemaProblem
from .service import Call, Service

service = Service("Schema Registry", "/data/foundation/schemaregistry", SchemaDialect())

UNKNOWN_CODE = "XDM-0000-400"  # no source prints the live code; this one is not Adobe's
NOT_FOUND = {
    "behaviors": "XDM-1010-404", "classes": "XDM-1011-404", "schemas": "XDM-1012-404", "mixins": "XDM-1013-404",
    "datatypes": "XDM-1014-404", "descriptors": "XDM-1015-404",
}  # fmt: skip
DEFAULT_LIMIT, MOST = 300, 500
_SORT = {
    "updated": ("meta:registryMetadata", "repo:lastModifiedDate"),
    "created": ("meta:registryMetadata", "repo:createdDate"),
}


def not_found(kind: str, id: str) -> SchemaProblem:
    """Refuse an id that is not there; only the number for schemas is documented."""
    return SchemaProblem(NOT_FOUND[kind], "Resource Not found", f"Requested resource {id} with version 1 is not found")


def bad(detail: str, *, code: str = UNKNOWN_CODE, title: str = "Bad request") -> SchemaProblem:
    """Refuse a body or a parameter."""
    return SchemaProblem(code, title, detail)


def paged(call: Call, path: str, resources: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Filter, sort and page *resources* as the query says; gives those of this page, and ``_page`` with ``_links``."""
    conditions = [_condition(text) for text in call.request.query_params.getlist("property")]
    found = [one for one in resources if all(condition.holds(one) for condition in conditions)]
    order = call.query("orderby")
    found = _after(call, _sorted(found, order or "-updated"), order)
    limit = _limit(call)
    page = found[:limit]
    following = _value(page[-1], order.split(",")[0].lstrip("+- ")) if order and page and len(found) > limit else None
    links: dict[str, Any] = {"next": None}
    if following is not None:
        href = f"{call.base_url}{service.base}{path}?orderby={quote(order)}&start={quote(str(following))}&limit={limit}"
        links["next"] = {"href": href}
    return page, {"_page": {"orderby": order or "updated", "next": following, "count": len(page)}, "_links": links}


def _condition(text: str) -> filters.Condition:
    try:
        return filters.parse(text, several=False)
    except filters.NotACondition:
        return filters.Condition(text, "exists", ())


def _sorted(resources: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    for part in reversed(order.split(",")):
        name = part.lstrip("+- ")
        resources = sorted(resources, key=lambda one: _value(one, name), reverse=part.startswith("-"))
    return resources


def _after(call: Call, resources: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Give the entries beyond ``start``, which is a value of the primary sort field and not an offset."""
    start = call.query("start")
    if not start or not order:
        return resources
    primary = order.split(",")[0]
    name, down = primary.lstrip("+- "), primary.startswith("-")
    bound: Any = start
    if resources and isinstance(_value(resources[0], name), int):
        bound = int(start) if start.isdigit() else 0
    return [one for one in resources if (_value(one, name) < bound if down else _value(one, name) > bound)]


def _value(resource: dict[str, Any], name: str) -> Any:
    if name in _SORT:
        part, key = _SORT[name]
        return resource.get(part, {}).get(key, 0)
    return str(resource.get(name, ""))


def _limit(call: Call) -> int:
    text = call.query("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or int(text) > MOST:
        raise bad(f"The parameter limit must be a whole number from 0 to {MOST}; it was {text!r}.")
    return int(text)
