"""Flow Service's lists: what a query or the body of a search asks for, checked, and one page of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

import orjson
from starlette.datastructures import QueryParams

from ..front import shapes
from ..front.filters import Condition, at
from ..front.problems import FlowProblem
from ..front.service import Call
from ..state.store import Scope
from . import flow_fields

DEFAULT_LIMIT, MOST, MOST_FOUND = 20, 100, 1000
Item = dict[str, Any]
_PARAMETERS = {"property", "orderby", "limit", "continuationToken", "count"}
_SEARCH = {
    "queryString": str, "limit": int, "orderby": str, "count": bool, "projectionFields": str, "groupByProperty": str,
}  # fmt: skip
_LARGEST = 10**9
# The columns of the store that hold a field; the creation of an item gives it its number.
_COLUMNS = {"id": "id", "name": "name", "createdAt": "number", "updatedAt": "updated"}


@dataclass(frozen=True)
class Wish:
    """What is asked for: conditions, fields to order by (a minus sign: falling), and which part of it."""

    conditions: tuple[Condition, ...]
    order: tuple[str, ...]
    limit: int
    start: int
    only_count: bool
    fields: tuple[str, ...] = ()


class Source(Protocol):
    """Where the items of a list come from."""

    def page(self, conditions: Sequence[Condition], order: Sequence[str], limit: int, start: int) -> list[Item]:
        """Give up to *limit* items that fit, from *start* on."""

    def count(self, conditions: Sequence[Condition]) -> int:
        """Tell how many items fit."""


@dataclass(frozen=True)
class Stored:
    """The items of a kind in the store: what an index answers costs the same however many there are."""

    scope: Scope
    kind: str

    def page(self, conditions: Sequence[Condition], order: Sequence[str], limit: int, start: int) -> list[Item]:
        """Give up to *limit* items that fit, from *start* on; an order without a column is made after reading all."""
        columns = [_column(self.kind, field) for field in order]
        if all(columns):
            rows = self.scope.page(self.kind, where=conditions, order=columns, limit=limit, start=start)
            return [row.body for row in rows]
        rows = self.scope.page(self.kind, where=conditions)
        return ordered([row.body for row in rows], order)[start : start + limit]

    def count(self, conditions: Sequence[Condition]) -> int:
        """Tell how many items fit."""
        return self.scope.count(self.kind, conditions)


@dataclass(frozen=True)
class Given:
    """Items that are at hand, newest first."""

    items: list[Item]

    def page(self, conditions: Sequence[Condition], order: Sequence[str], limit: int, start: int) -> list[Item]:
        """Give up to *limit* items that fit, from *start* on."""
        found = [item for item in self.items if all(condition.holds(item) for condition in conditions)]
        return ordered(found, order)[start : start + limit]

    def count(self, conditions: Sequence[Condition]) -> int:
        """Tell how many items fit."""
        return len(self.page(conditions, (), len(self.items), 0))


def listing(
    call: Call, kind: str, show: Callable[[Item], Item], source: Source | None = None, usual: int = DEFAULT_LIMIT
) -> Item:
    """Answer a list call as its query asks; raises the documented refusals. *usual*: the page size unless asked."""
    unknown = sorted(set(call.request.query_params) - _PARAMETERS)
    if unknown:
        raise FlowProblem("1451-400", f"Invalid params {', '.join(unknown)} provided in query params.")
    start, query = _continued(call)
    counted = query.get("count", "").lower() == "true"
    if counted and "limit" in query:
        raise _both()
    conditions = tuple(flow_fields.condition(kind, text) for text in query.getlist("property"))
    limit = min(_number(query.get("limit", str(usual))), MOST)
    wish = Wish(conditions, _order(kind, query.get("orderby", "")), limit, start, counted)
    return _answer(wish, source or Stored(call.scope, kind), show, f"/{kind}", query.multi_items())


def search(
    call: Call, kind: str, show: Callable[[Item], Item], source: Source | None = None, usual: int = DEFAULT_LIMIT
) -> Item:
    """Answer a search, whose body asks what the query of a list call does; raises the documented refusals.

    ``queryString`` holds the conditions of a list call, joined by ``&``, each with or without ``property=`` before it:
    its grammar is assumed, since no source prints one.
    """
    body = call.body()
    wrong = shapes.misfit(body, _SEARCH)
    if wrong:
        raise FlowProblem("1454-400", wrong)
    counted, limit = bool(body.get("count")), body.get("limit")
    if counted and limit is not None:
        raise _both()
    if limit is not None and not 0 < limit <= MOST_FOUND:
        raise FlowProblem("1452-400", f"Invalid value {limit} for field limit: 1 to {MOST_FOUND}.")
    if body.get("groupByProperty"):
        raise _grouping(kind, body["groupByProperty"])
    texts = [unquote(part).removeprefix("property=") for part in (body.get("queryString") or "").split("&") if part]
    conditions = tuple(flow_fields.condition(kind, text) for text in texts)
    fields = tuple(name.strip() for name in (body.get("projectionFields") or "").split(",") if name.strip())
    for name in fields:
        if not flow_fields.is_known(kind, name):
            raise FlowProblem("1449-400", f"Invalid field {name} in projectionFields.")
    wish = Wish(
        conditions, _order(kind, body.get("orderby") or ""), limit or usual, _continued(call)[0], counted, fields
    )
    return _answer(wish, source or Stored(call.scope, kind), show, f"/{kind}/search", [])


def envelope(items: Sequence[Item], next_href: str = "") -> Item:
    """Give a list as the service wraps it; a single item comes so too. Our own fields are left out."""
    shown = [{key: value for key, value in item.items() if not key.startswith("_")} for item in items]
    return {"items": shown, "_links": {"next": {"href": next_href}} if next_href else {}}


def ordered(items: list[Item], order: Sequence[str]) -> list[Item]:
    """Sort by fields, the first one first; what is equal keeps its place, what is not there comes last."""
    for field in reversed(order):
        path = field.removeprefix("-")
        items = sorted(items, key=lambda item: _sort_key(item, path), reverse=field.startswith("-"))
    return items


def _answer(wish: Wish, source: Source, show: Callable[[Item], Item], path: str, kept: list[tuple[str, str]]) -> Item:
    if wish.only_count:
        return {"count": source.count(wish.conditions)}
    found = source.page(wish.conditions, wish.order, wish.limit + 1, wish.start)  # one more tells of a next page
    items = [_projected(show(item), wish.fields) for item in found[: wish.limit]]
    if len(found) <= wish.limit:
        return envelope(items)
    return envelope(items, f"{path}?continuationToken={_token(wish.start + wish.limit, kept)}")


def _projected(item: Item, fields: tuple[str, ...]) -> Item:
    """Give the root fields that are named (by dotted paths, too) and the id, or the whole item."""
    if not fields:
        return item
    roots = {"id"} | {field.split(".")[0].removesuffix("[]") for field in fields}
    return {name: value for name, value in item.items() if name in roots}


def _order(kind: str, text: str) -> tuple[str, ...]:
    fields = []
    for part in text.split(",") if text else []:
        found = re.fullmatch(r"([-+ ]?)([A-Za-z.]+)", part)  # a plus sign arrives as a space when it is not encoded
        if not found:
            raise FlowProblem("1432-400", f"Sort order [{part}] is not correct: put + or - before the field name.")
        sign, field = found.groups()
        if not flow_fields.is_known(kind, field):
            raise FlowProblem("1433-400", f"Incorrect field= {field} passed in orderBy, examples are +name, -name.")
        place = flow_fields.kept_at(kind, field)
        fields.append(f"-{place}" if sign == "-" else place)
    return tuple(fields) or ("-createdAt",)


def _column(kind: str, field: str) -> str:
    path = field.removeprefix("-")
    column = "name" if (kind, path) == ("runs", "flowId") else _COLUMNS.get(path, "")
    return f"-{column}" if column and field.startswith("-") else column


def _sort_key(item: Item, path: str) -> tuple[int, float, str]:
    value = next(at(item, path), None)
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value or ""))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)) or not int(text):
        raise FlowProblem("1452-400", f"Invalid value {text[:50]} for field limit.")
    return int(text)


def _token(start: int, query: list[tuple[str, str]]) -> str:
    """Give what a next page needs, in one word without an equals sign.

    Flow Service's description prints the address of a next page with nothing but the token in it, and Adobe's SDK
    (aepp) takes what stands between the first two equals signs for the token.
    """
    return base64.urlsafe_b64encode(orjson.dumps([start, query])).decode().rstrip("=")


def _continued(call: Call) -> tuple[int, QueryParams]:
    """Give where the page begins, and the query: with a token, what the query leaves out is as it was before."""
    given = [pair for pair in call.request.query_params.multi_items() if pair[0] != "continuationToken"]
    token = call.query("continuationToken")
    if not token:
        return 0, QueryParams(given)
    start, before = _read(token)
    names = {name for name, _ in given}
    return start, QueryParams([*given, *((name, value) for name, value in before if name not in names)])


def _read(token: str) -> tuple[int, list[tuple[str, str]]]:
    refused = FlowProblem("1453-400", "Invalid query value continuationToken provided in query param.")
    try:
        value = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise refused from error
    match value:
        case [int(start), list(pairs)] if 0 <= start <= _LARGEST and all(map(_is_pair, pairs)):
            return start, [(name, text) for name, text in pairs]
        case _:
            raise refused


def _is_pair(given: Any) -> bool:
    match given:
        case [str(name), str()]:
            return name in _PARAMETERS
        case _:
            return False


def _both() -> FlowProblem:
    return FlowProblem("1401-400", "The limit and count parameters cannot be given together in the same request.")


def _grouping(kind: str, field: str) -> FlowProblem:
    """Refuse to group: Adobe's page has the codes, no source says what a grouped answer looks like."""
    if field == "id":
        return FlowProblem("1442-400", "Aggregation not allowed on field id.")
    if not flow_fields.is_known(kind, field):
        return FlowProblem("1449-400", f"Invalid field {field} in groupByProperty.")
    return FlowProblem("1441-400", f"Aggregation by {field} is not implemented.")
