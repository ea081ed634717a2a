"""Catalog: several requests in one (deprecated by Adobe): carried out in order, all of them or none.

A text ``<<id.name>>`` in a later request stands for a value in the body of an earlier answer; the reference that a
POST, PUT or PATCH answers with is called ``id`` (catalog/api/appendix).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from ..front import shapes
from ..front.problems import AepProblem, Problem
from ..front.service import Call, answer
from ..provenance import assumed, documented
from . import catalog_query, datasets
from .batches import KIND, service
from .catalog_query import bad

MOST = 100  # requests in one (assumed)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SHAPE = [{"id": str, "method": str, "resource": str, "headers": {shapes.EVERY: str}}]
_REFERENCE = re.compile(r"<<([^<>.]{1,200})\.([^<>]{1,200})>>")


@service.operation(
    "GET", "/", "listBatchedRequest",
    assumed("where each kind of object is listed: the description has three texts without words", "catalog.yaml"),
    permission="view-datasets",
)  # fmt: skip
def resources(call: Call) -> dict[str, Any]:
    """Give where the kinds of objects are."""
    query = catalog_query.read(call)
    return query.cut({"dataSet": f"@/{datasets.KIND}", "batch": f"@/{KIND}"})


@service.operation(
    "POST", "/", "createBatchedRequest",
    documented("catalog/api/appendix", "answers 200, as printed; a refused change undoes all, and is the answer"),
    permission="manage-datasets",
)  # fmt: skip
def several(call: Call) -> list[dict[str, Any]]:
    """Carry out requests: each with its id, its status and the body of its answer; raises the first refused change."""
    asked = call.body(list)
    wrong = shapes.misfit(asked, _SHAPE)
    if wrong:
        raise bad(wrong)
    if len(asked) > MOST:
        raise bad(f"At most {MOST} requests go into one; there are {len(asked)}.")
    answers: dict[str, Any] = {}
    outcomes = []
    for number, one in enumerate(asked):
        outcome = _outcome(call, _filled(one, answers), str(one.get("id") or number))
        answers[outcome["id"]] = outcome["body"]
        outcomes.append(outcome)
    return outcomes


def _outcome(call: Call, one: dict[str, Any], id: str) -> dict[str, Any]:
    method = str(one.get("method") or "").upper()
    if method not in METHODS:
        raise bad(f"The method of the request [{id[:200]}] must be one of {', '.join(METHODS)}.")
    try:
        given = _carried_out(call, one, method)
    except Problem as problem:
        if method == "GET":
            return {"id": id, "code": problem.status, "body": problem.body}
        why = f"The request [{id[:200]}] was refused with {problem.status}, nothing was changed: {_detail(problem)}"
        raise AepProblem(problem.status, "Batched request refused", why) from problem
    return {"id": id, "code": given.status_code, "body": orjson.loads(given.body)}


def _carried_out(call: Call, one: dict[str, Any], method: str) -> Response:
    inner, name = _inner(call, one, method)
    handler, permission = service.handlers[name]
    if permission and not call.caller.may(permission):
        raise service.dialect.forbidden(permission)
    content = b"" if one.get("body") is None else orjson.dumps(one["body"])
    return answer(handler(Call(inner, call.platform, call.caller, content, call.dialect)))


def _inner(call: Call, one: dict[str, Any], method: str) -> tuple[Request, str]:
    """Give the request as one of its own, and the name of the operation; raises 404 when there is none."""
    parts = urlsplit(str(one.get("resource") or ""))
    path = service.base + parts.path
    kept = [(name, value) for name, value in call.request.scope["headers"] if not name.startswith(b"if-")]
    own = [(name.lower().encode("latin-1", "replace"), str(value).encode("latin-1", "replace"))
           for name, value in (one.get("headers") or {}).items()]  # fmt: skip
    names = {name for name, _ in own}
    headers = [(name, value) for name, value in kept if name not in names] + own
    scope = {**call.request.scope, "method": method, "path": path, "raw_path": path.encode(), "headers": headers,
             "query_string": parts.query.encode(), "path_params": {}}  # fmt: skip
    for route in service.routes:
        match, found = route.matches(scope)
        if match is Match.FULL and parts.path not in ("", "/"):
            return Request({**scope, **found}), route.name
    raise AepProblem(404, "Not Found", f"Catalog has no {method} {parts.path[:200]}.")


def _filled(value: Any, answers: dict[str, Any]) -> Any:
    """Give a request with every reference to an earlier answer filled in."""
    if isinstance(value, dict):
        return {key: _filled(one, answers) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, answers) for one in value]
    return _REFERENCE.sub(lambda found: _referred(answers, *found.groups()), value) if isinstance(value, str) else value


def _referred(answers: dict[str, Any], id: str, name: str) -> str:
    body = answers.get(id)
    if isinstance(body, list) and name == "id" and body:
        return str(body[0]).rpartition("/")[2]
    if isinstance(body, dict) and name in body:
        return str(body[name])
    raise bad(f"<<{id}.{name}>> refers to nothing in an earlier answer.")


def _detail(problem: Problem) -> str:
    return str(problem.body.get("detail", "")) if isinstance(problem.body, dict) else ""


# The guide calls the root without a slash at its end, the description with one.
service.routes.extend(
    [Route(service.base, route.endpoint, methods=list(route.methods or ())) for route in service.routes
     if route.path == f"{service.base}/"]
)  # fmt: skip
