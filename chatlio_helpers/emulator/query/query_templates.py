"""Query Service: query templates, which are kept SQL texts with default parameters."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.responses import Response

from ..front import shapes
from ..front.service import Call, Service, answer
from ..provenance import documented
from ..state.store import Row
from . import query_lists
from .query_lists import Rules
from .query_problems import QueryDialect, QueryProblem

KIND = "query-templates"
_SOURCE = "query-service.yaml; query-service/api/query-templates"
_SHAPE = {"sql": str, "name": str, "queryParameters": dict}
_VIEW = "view-datasets"

service = Service("Query Service", "/data/foundation/query", QueryDialect())


@service.operation("GET", "/query-templates", "listQueryTemplates", documented(_SOURCE), permission=_VIEW)
def every(call: Call) -> dict[str, Any]:
    """Give a page of templates, newest first unless asked otherwise."""
    rows = [row.body for row in call.scope.list(KIND)]
    page = query_lists.page(call, f"{service.base}/query-templates", "templates", rows, _RULES)
    return page | {"templates": [_shown(call, body) for body in page["templates"]]}


@service.operation("GET", "/query-templates/count", "retrieveQueryTemplateCount", documented(_SOURCE), permission=_VIEW)
def count(call: Call) -> dict[str, Any]:
    """Give the number of templates, of one user when ``property`` asks for it."""
    rows = [row.body for row in call.scope.list(KIND)]
    return {"totalCount": len(query_lists.matching(call, rows, {"userId": _RULES["userId"]})), "version": 1}


@service.operation(
    "POST", "/query-templates", "createQueryTemplate", documented(_SOURCE, "the SQL is not checked"), permission=_VIEW
)  # fmt: skip
def create(call: Call) -> Response:
    """Keep a template: 202 with the template."""
    id, stamp, who = str(uuid.uuid4()), call.request.app.state.queries.stamp(), call.caller.account.technical_account
    body = _given(call) | {"id": id, "updated": stamp, "userId": who, "lastUpdatedBy": who, "created": stamp}
    call.scope.put(KIND, id, body, now=call.now)
    return answer(_shown(call, body), 202)


@service.operation(
    "GET", "/query-templates/{id}", "retrieveQueryTemplate", documented(_SOURCE), permission=_VIEW
)  # fmt: skip
def one(call: Call) -> dict[str, Any]:
    """Give one template."""
    return _shown(call, _found(call).body)


@service.operation("PUT", "/query-templates/{id}", "updateQueryTemplate", documented(_SOURCE), permission=_VIEW)
def replace(call: Call) -> Response:
    """Replace a template: 202 with the new one."""
    old = _found(call).body
    kept = {key: old[key] for key in ("id", "userId", "created")}
    now = {"updated": call.request.app.state.queries.stamp(), "lastUpdatedBy": call.caller.account.technical_account}
    body = _given(call) | kept | now
    call.scope.put(KIND, body["id"], body, now=call.now)
    return answer(_shown(call, body), 202)


@service.operation("DELETE", "/query-templates/{id}", "deleteQueryTemplate", documented(_SOURCE), permission=_VIEW)
def delete(call: Call) -> Response:
    """Delete a template: 202 with a message."""
    call.scope.delete(KIND, _found(call).id)
    return answer({"message": "Deleted", "statusCode": "202"}, 202)


def table_name(name: str) -> str:
    """Give the table name that a dataset of this name would have."""
    return re.sub(r"\W+", "_", name.lower()).strip("_") or "dataset"


def _given(call: Call) -> dict[str, Any]:
    body = call.body()
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise QueryProblem(400, wrong)
    missing = [name for name in ("name", "sql") if not body.get(name)]
    if missing:
        raise QueryProblem(400, f"A query template needs {' and '.join(missing)}.")
    return {key: body[key] for key in _SHAPE if body.get(key) is not None}


def _found(call: Call) -> Row:
    row = call.scope.get(KIND, call.part("id"))
    if row is None:
        raise QueryProblem(404, f"No query template exists with id [{call.part('id')}].")
    return row


def _shown(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    href = f"{call.base_url}{service.base}/query-templates/{body['id']}"
    example = '{"sql": "new sql", "name": "new name"}'
    links = {
        "self": {"href": href, "method": "GET"},
        "delete": {"href": href, "method": "DELETE"},
        "update": {"href": href, "method": "PUT", "body": example},
    }
    return body | {"_links": links}


_RULES: Rules = {
    "name": (lambda body: body["name"], ("~", "==")),
    "userId": (lambda body: body["userId"], ("==",)),
    "lastUpdatedBy": (lambda body: body["lastUpdatedBy"], ("==",)),
}
