"""Pages of queries and templates: filters, order, and links that go on from a time (query-service.yaml)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ..front.service import Call
from .query_problems import QueryProblem

DEFAULT, MOST = 20, 1000
ALL = ("==", "!=", ">", "<", ">=", "<=", "~")
_FORM = re.compile(r"\s*(\w+)\s*(==|!=|>=|<=|>|<|~|=)(.*)", re.DOTALL)

Rules = dict[str, tuple[Callable[[dict[str, Any]], Any], tuple[str, ...]]]  # property: how to read it, its operators


def page(call: Call, path: str, key: str, objects: list[dict[str, Any]], rules: Rules) -> dict[str, Any]:
    """Give one page of *objects* (each has ``created`` and ``updated``) under *key*; raises QueryProblem 400."""
    conditions = _conditions(call.query("property"), rules)
    found = [one for one in objects if all(_holds(one, *condition, rules) for condition in conditions)]
    order, field, down = _order(call)
    found.sort(key=lambda one: one[field], reverse=down)
    before, shown, after = _cut(call, found, field, down)
    about = {"orderby": order, "count": len(shown)}
    links: dict[str, Any] = {}
    keep = {name: call.query(name) for name in ("limit", "property") if call.query(name)}
    href = f"{call.base_url}{path}?"
    if shown:
        about["start"] = shown[0][field]
    if after:
        about["next"] = after[0][field]
        links["next"] = {"href": href + urlencode({"orderby": order, "start": after[0][field]} | keep, safe=":+")}
    if before:
        back = {"orderby": order, "start": shown[0][field] if shown else before[-1][field], "isPrevLink": "true"}
        links["prev"] = {"href": href + urlencode(back | keep, safe=":+")}
    if call.query("property"):
        about["property"] = call.query("property")
    return {key: shown, "_page": about, "_links": links, "version": 1}


def matching(call: Call, objects: list[dict[str, Any]], rules: Rules) -> list[dict[str, Any]]:
    """Give the objects that the call's ``property`` asks for; raises QueryProblem 400."""
    conditions = _conditions(call.query("property"), rules)
    return [one for one in objects if all(_holds(one, *condition, rules) for condition in conditions)]


def flag(call: Call, name: str, default: bool) -> bool:
    """Give a query parameter that is true or false; raises QueryProblem 400."""
    text = call.query(name).lower()
    if text not in ("", "true", "false"):
        raise QueryProblem(400, f"{name} must be true or false; it is [{text}].")
    return text == "true" if text else default


def _order(call: Call) -> tuple[str, str, bool]:
    order = call.query("orderby").strip() or "-created"
    field = order.lstrip("+-").strip()
    if field not in ("created", "updated"):
        raise QueryProblem(400, f"orderby must be created or updated, with + or - before it; it is [{order}].")
    return order, field, order.startswith("-")


def _cut(
    call: Call, found: list[dict[str, Any]], field: str, down: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Part *found* into what comes before the page, the page, and what comes after."""
    text = call.query("limit") or str(DEFAULT)
    if not text.isdigit() or int(text) < 1:
        raise QueryProblem(400, f"limit must be a whole number from 1; it is [{text}].")
    limit, start = min(int(text), MOST), call.query("start").strip()
    if not start or (start.isdigit() and len(start) < 10):
        at = int(start or 0)  # older pages of the documentation have an offset here
    else:
        moment = _moment(start)
        inside = [_moment(one[field]) <= moment if down else _moment(one[field]) >= moment for one in found]
        at = inside.index(True) if True in inside else len(found)
    if flag(call, "isPrevLink", False):
        return found[: max(0, at - limit)], found[max(0, at - limit) : at], found[at:]
    return found[:at], found[at : at + limit], found[at + limit :]


def _conditions(text: str, rules: Rules) -> list[tuple[str, str, str]]:
    conditions = []
    for part in filter(None, text.split(",")):
        found = _FORM.fullmatch(part)
        if not found or found[1] not in rules:
            raise QueryProblem(400, f"property cannot be filtered by [{part}]; there are: {', '.join(rules)}.")
        name, operator, value = found[1], "==" if found[2] == "=" else found[2], found[3].strip()
        if operator not in rules[name][1]:
            raise QueryProblem(400, f"{name} takes only {' '.join(rules[name][1])} as an operator; it is [{part}].")
        if name in ("created", "updated") and operator != "~":
            _moment(value)
        conditions.append((name, operator, value))
    return conditions


def _holds(one: dict[str, Any], name: str, operator: str, wanted: str, rules: Rules) -> bool:
    found: Any = rules[name][0](one)
    if isinstance(found, list):
        return bool(set(wanted.split("||")) & set(found))
    if operator == "~":
        return wanted in str(found or "")
    if operator == "==" and "||" in wanted:
        return str(found) in wanted.split("||")
    left, right = (_moment(found), _moment(wanted)) if name in ("created", "updated") else (str(found), wanted)
    return {
        "==": left == right, "!=": left != right, ">": left > right, "<": left < right, ">=": left >= right,
        "<=": left <= right,
    }[operator]  # fmt: skip


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryProblem(400, f"[{text}] is no time like 2026-04-05T13:30:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
