"""Schema Registry's lists: filters, order and pages.

Documented (Adobe's appendix on query parameters): ``start`` is a value of the first field of ``orderby`` and not an
offset; what comes back lies strictly beyond it. So a page never ends between two entries of one value: it is rather
longer than ``limit``, which is "a hint". Without ``orderby`` the order is that of the last change, as a printed answer
says; ``limit`` and ``start`` are taken then as well, because Adobe's client aepp sends them so (assumed).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from ..front import filters
from ..front.filters import Condition
from ..front.problems import SchemaProblem
from ..front.service import Call
from ..state import selection
from .schema_service import bad, service

Resource = dict[str, Any]
DEFAULT_LIMIT, MOST = 300, 500
DEFAULT_ORDER = "updated"
_METADATA = "meta:registryMetadata"
_MOMENTS = {"updated": "repo:lastModifiedDate", "created": "repo:createdDate"}
_COLUMNS = {"title": "name", "$id": "id", "updated": "updated", "created": "created"}
_OPERATORS = "=!<>~"
_LIKE_NO_TEXT = re.compile(r"[+-]?[\d.].*|true|false|none|nan|[+-]?inf(inity)?", re.IGNORECASE)


def stored(call: Call, kind: str, path: str) -> tuple[list[Resource], dict[str, Any]]:
    """Give the page of the caller's objects of *kind* that the query asks for, and ``_page`` with ``_links``.

    Reads no more objects than the page needs, when it is ordered by one column. Raises a 400 for a bad parameter.
    """
    where, order = _conditions(call), _order(call)
    if len(order) == 1 and order[0].lstrip("-") in _COLUMNS:
        return _page(call, path, _in_columns(call, kind, where, order[0]), order)
    bodies = [row.body for row in call.scope.page(kind, where=where, order=("number",))]
    return _page(call, path, _sorted(call, bodies, order), order)


def given(call: Call, resources: Iterable[Resource], path: str) -> tuple[list[Resource], dict[str, Any]]:
    """As ``stored``, for resources that are in no table: Adobe's own, and unions."""
    where, order = _conditions(call), _order(call)
    bodies = [one for one in resources if all(condition.holds(one) for condition in where)]
    return _page(call, path, _sorted(call, bodies, order), order)


def _conditions(call: Call) -> list[Condition]:
    return [_condition(text) for text in call.request.query_params.getlist("property")]


def _condition(text: str) -> Condition:
    try:
        return filters.parse(text, several=False)
    except filters.NotACondition:
        if not text or any(sign in text for sign in _OPERATORS):
            raise bad(f"The filter property={text} cannot be read; an example: property=title==Orders.") from None
        return Condition(text, "exists", ())


def _order(call: Call) -> list[str]:
    parts = [part.strip() for part in (call.query("orderby") or DEFAULT_ORDER).split(",")]
    if "" in (part.lstrip("+-") for part in parts):
        raise bad(f"The parameter orderby cannot be read: {call.query('orderby')!r}; an example: orderby=-title.")
    return [part.removeprefix("+").strip() for part in parts]


def _in_columns(call: Call, kind: str, where: Sequence[Condition], order: str) -> Iterator[Resource]:
    """Give the objects in *order* beyond ``start``, read one after the other."""
    column, down = _COLUMNS[order.lstrip("-")], order.startswith("-")
    scope, start = call.scope, call.query("start")
    sql, values, _ = selection.narrowed(scope.seat, scope.sandbox, kind, where)
    for text in _mentioned(where):
        sql, values = f"{sql} AND instr(body, ?) > 0", (*values, text)
    if start:
        sql += f" AND {column} {'<' if down else '>'} ?"
        values = (*values, start if column in ("name", "id") else _moment(start))  # type: ignore[assignment]
    tail = f"ORDER BY {selection.order_by((f'-{column}' if down else column,), where)}"
    for row in scope.store.select(sql, values, tail, where):
        yield row.body


def _mentioned(where: Sequence[Condition]) -> Iterator[str]:
    """Give the texts that an object must hold somewhere to fit: those that are equal to a text, which JSON writes so.

    Numbers and truth values have more than one way to be written, so that they say nothing here.
    """
    for condition in where:
        value = condition.values[0] if condition.operator == "==" else ""
        if value and not _LIKE_NO_TEXT.fullmatch(value):
            yield orjson.dumps(value).decode()


def _sorted(call: Call, resources: list[Resource], order: Sequence[str]) -> Iterator[Resource]:
    for part in reversed(order):
        resources = sorted(resources, key=_key_of(part.lstrip("-")), reverse=part.startswith("-"))
    start = call.query("start")
    if not start:
        return iter(resources)
    name, down = order[0].lstrip("-"), order[0].startswith("-")
    key = _key_of(name)
    numeric = bool(resources) and not isinstance(_value(resources[0], name), str)
    bound = (0, _number(start), "") if numeric else (1, 0, start)
    return (one for one in resources if (key(one) < bound if down else key(one) > bound))


def _page(
    call: Call, path: str, entries: Iterator[Resource], order: Sequence[str]
) -> tuple[list[Resource], dict[str, Any]]:
    limit, name = _limit(call), order[0].lstrip("-")
    page: list[Resource] = []
    following: str | None = None
    for entry in entries:
        if len(page) >= limit and (not page or _value(page[-1], name) != _value(entry, name)):
            following = str(_value(page[-1], name)) if page else None
            break
        page.append(entry)
    links: dict[str, Any] = {"next": None}
    if following is not None:
        links["next"] = f"{call.base_url}{service.base}{path}?{_query(call, following, limit)}"
    shown = {"orderby": ",".join(order), "next": following, "count": len(page)}
    return page, {"_page": shown, "_links": links}


def _query(call: Call, following: str, limit: int) -> str:
    kept = [("property", text) for text in call.request.query_params.getlist("property")]
    order = call.query("orderby")
    return urlencode([*kept, *([("orderby", order)] if order else []), ("start", following), ("limit", limit)])


def _value(resource: Resource, name: str) -> Any:
    """Give what *resource* is ordered by: a text, or a number."""
    if name in _MOMENTS:
        moment = resource.get(_METADATA, {}).get(_MOMENTS[name], 0)
        return moment if isinstance(moment, int) else 0
    value = next(filters.at(resource, name), "")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _key_of(name: str) -> Callable[[Resource], tuple[int, float, str]]:
    def key(resource: Resource) -> tuple[int, float, str]:
        value = _value(resource, name)
        return (1, 0, value) if isinstance(value, str) else (0, value, "")

    return key


def _moment(start: str) -> int:
    if not start.isdecimal() or len(start) > 18:
        raise _bad_start(start)
    return int(start)


def _number(start: str) -> float:
    try:
        return float(start)
    except ValueError as error:
        raise _bad_start(start) from error


def _bad_start(start: str) -> SchemaProblem:
    return bad(f"The parameter start must be a value of the field that the list is ordered by; it was {start!r}.")


def _limit(call: Call) -> int:
    text = call.query("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or len(text) > 3 or int(text) > MOST:
        raise bad(f"The parameter limit must be a whole number from 0 to {MOST}; it was {text!r}.")
    return int(text)
