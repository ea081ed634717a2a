"""Query Service: queries over REST. They give a state and a count; rows come by CREATE TABLE AS or over the wire.

The SQL that is spoken is DuckDB's, with a few of Adobe's functions (``query_database``): where Adobe's dialect, which
is Spark's, differs (``struct(a as b)``, the snapshot clause, an anonymous block), the query fails in words.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.responses import Response

from ..front import shapes
from ..front.problems import GatewayProblem
from ..front.service import Call, answer
from ..provenance import assumed, documented
from ..state.store import Row
from . import query_lists, query_statements, query_templates
from .query_lists import ALL, Rules
from .query_problems import QueryProblem
from .query_runs import FINAL, KIND, QueryRuns
from .query_statements import Refused, Statement
from .query_templates import service

_SOURCE = "query-service.yaml; query-service/api/queries"
_SHAPE = {
    "dbName": str, "sql": str, "queryParameters": dict, "templateId": str, "name": str, "description": str,
    "insertIntoParameters": {"datasetName": str},
    "ctasParameters": {"datasetName": str, "description": str, "targetSchemaTitle": str},
}  # fmt: skip
MOST_OPEN = 50  # queries of a seat that wait or run
RETRY_AFTER = 5  # seconds
_CREATE_NOTE = (
    "the dialect is DuckDB's; 400 for what is no statement of a known kind, other faults of the SQL make it FAILED; "
    "permission view-datasets, and manage-datasets for CREATE TABLE AS, INSERT INTO and DROP TABLE; one query of a "
    "seat runs at once, of up to 8 seats, and a second one while fewer than 3 run in all; the seat whose last turn is "
    "longest ago goes first; with 50 queries of a seat under way the next is refused with the gateway's 429"
)


@service.operation(
    "POST", "/queries", "createQuery", documented(_SOURCE, _CREATE_NOTE), permission="view-datasets"
)  # fmt: skip
def create(call: Call) -> Response:
    """Submit a query: 202 with the query in state SUBMITTED."""
    request = call.body()
    wrong = shapes.misfit(request, _SHAPE)
    if wrong:
        raise QueryProblem(400, wrong)
    _check_database(call, request.get("dbName"))
    template = _template(call, request)
    given = {**(template.get("queryParameters") or {}), **(request.get("queryParameters") or {})}
    try:
        sql = query_statements.with_parameters(request.get("sql") or template.get("sql") or "", given)
        statement, about = _statement(query_statements.one(sql), request)
    except Refused as refused:
        raise QueryProblem(400, f"{refused} ({refused.code}).") from refused
    runs, id = _runs(call), str(uuid.uuid4())
    _check_queue(runs.under_way(call.caller.seat.name))
    stamp = runs.stamp()
    body = {
        "isInsertInto": statement.kind == "insert", "request": request, "state": "SUBMITTED", "rowCount": 0,
        "errors": [], "isCTAS": statement.kind == "create", "version": 1, "id": id, "elapsedTime": 0, "created": stamp,
        "updated": stamp, "client": "API", "userId": call.caller.account.technical_account, "started": 0,
        "effectiveSQL": statement.text, "about": about, "template": template, "deleted": False, "referenced": [],
    }  # fmt: skip
    call.scope.put(KIND, id, body, now=call.now)
    runs.submit(call.caller, id)
    return answer(_shown(call, body), 202)


@service.operation(
    "GET", "/queries", "listQueries", documented(_SOURCE, "queries over the wire protocol are not listed"),
    permission="view-datasets",
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give a page of queries, newest first unless asked otherwise."""
    query_lists.flag(call, "excludeHidden", True)
    all_of_them = not query_lists.flag(call, "excludeSoftDeleted", True)
    rows = [row.body for row in call.scope.list(KIND) if all_of_them or not row.body["deleted"]]
    page = query_lists.page(call, f"{service.base}/queries", "queries", rows, _RULES)
    return page | {"queries": [_shown(call, body) for body in page["queries"]]}


@service.operation("GET", "/queries/{id}", "retrieveQuery", documented(_SOURCE), permission="view-datasets")
def one(call: Call) -> dict[str, Any]:
    """Give one query."""
    return _shown(call, _found(call).body)


@service.operation(
    "PATCH", "/queries/{id}", "cancelQuery",
    documented(_SOURCE, "a cancelled query is KILLED at once; message of soft_delete"), permission="view-datasets",
)  # fmt: skip
def change(call: Call) -> Response:
    """Cancel a query, or take it off the lists: 202 with a message; raises 409 when it is over."""
    body, wanted = _found(call).body, call.body().get("op")
    if wanted == "soft_delete":
        return _taken_off(call, body)
    if wanted != "cancel":
        raise QueryProblem(400, "op must be cancel or soft_delete.")
    if body["state"] in FINAL:
        raise QueryProblem(409, f"The query cannot be cancelled: its state is {body['state']} already.")
    _runs(call).cancel(call.scope, body["id"])
    return answer({"message": "Query cancel request received", "statusCode": 202}, 202)


@service.operation(
    "DELETE", "/queries/{id}", "deleteQuery", assumed("Adobe's SDK (aepp) has the call; it does what soft_delete does"),
    permission="view-datasets",
)  # fmt: skip
def delete(call: Call) -> Response:
    """Take a query off the lists: 202 with a message."""
    return _taken_off(call, _found(call).body)


def _taken_off(call: Call, body: dict[str, Any]) -> Response:
    call.scope.put(KIND, body["id"], body | {"deleted": True, "updated": _runs(call).stamp()}, now=call.now)
    return answer({"message": "Query soft delete request received", "statusCode": 202}, 202)


@service.operation(
    "GET", "/connection_parameters", "listConnectionParameters",
    documented(
        "query-service.yaml; query-service/api/connection-parameters",
        "host and port are those of a server on this computer that speaks PostgreSQL's protocol without TLS; "
        "compressedToken is the token; there is no websocket: its host is empty; structs, lists and maps come as JSON, "
        "as with auto_to_json; more than 100,000 rows are refused; 64 sessions at once, 16 of a seat: the next gets "
        "53300",
    ),
    permission="view-datasets",
)  # fmt: skip
def connection(call: Call) -> dict[str, Any]:
    """Give what a PostgreSQL client needs to connect: user, database, host, port, and the token as password."""
    token = call.request.headers["authorization"].partition(" ")[2].strip()
    host, port = call.request.app.state.wire.address
    return {
        "username": call.caller.seat.org_id, "dbName": f"{call.scope.sandbox}:all", "host": host, "version": 1,
        "port": port, "token": token, "compressedToken": token, "websocketHost": "", "websoketHost": "",
    }  # fmt: skip


def _statement(given: Statement, request: dict[str, Any]) -> tuple[Statement, dict[str, str]]:
    """Give the statement that is carried out, and what is said of a new dataset; raises Refused."""
    new, into = request.get("ctasParameters"), request.get("insertIntoParameters")
    if given.kind == "session":
        raise Refused("0A000", f"{given.word} needs a session: it is for connections over the wire")
    if given.kind != "read" or not (new or into):
        return given, {}
    name = (new or into).get("datasetName")
    if not name:
        raise Refused("42601", "datasetName is missing")
    if into and not new:
        return _again(f"INSERT INTO {_quoted(name)} {given.select}"), {}
    table = query_templates.table_name(name)
    about = {
        "name": name,
        "description": new.get("description") or "",
        "schema_title": new.get("targetSchemaTitle") or "",
    }
    return _again(f"CREATE TABLE {_quoted(table)} AS ({given.select})"), about


def _again(text: str) -> Statement:
    return query_statements.one(text)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _template(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    id = request.get("templateId")
    if not id:
        return {}
    row = call.scope.get(query_templates.KIND, id)
    if row is None:
        raise QueryProblem(400, f"There is no query template with id [{id}].")
    return {key: row.body[key] for key in ("id", "name", "sql", "queryParameters") if key in row.body}


def _check_database(call: Call, name: str | None) -> None:
    wanted = f"{call.scope.sandbox}:all"
    if name != wanted:
        raise QueryProblem(400, f"dbName must be [{wanted}], as the header x-sandbox-name says; it is [{name}].")


def _check_queue(under_way: int) -> None:
    """Refuse one query too many with 429, so that no seat fills the platform's memory and disk with what waits."""
    if under_way >= MOST_OPEN:
        words = f"Too many requests: {under_way} queries of the organisation are under way; cancel some, or wait."
        problem = GatewayProblem("429050", words)
        problem.headers = {"retry-after": str(RETRY_AFTER)}
        raise problem


def _found(call: Call) -> Row:
    row = call.scope.get(KIND, call.part("id"))
    if row is None:
        raise QueryProblem(404, f"No query exists with id [{call.part('id')}].")
    return row


def _runs(call: Call) -> QueryRuns:
    return call.request.app.state.queries


def _shown(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    kept = ("isInsertInto", "request", "state", "rowCount", "errors", "isCTAS", "version", "id", "elapsedTime",
            "updated", "client", "userId", "created", "effectiveSQL")  # fmt: skip
    shown = {key: body[key] for key in kept}
    if body["state"] == "IN_PROGRESS":
        shown["elapsedTime"] = max(0, call.now - body["started"])
    if body["template"]:
        shown["templateName"] = body["template"]["name"]
    return shown | {"_links": _links(call, body)}


def _links(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    href = f"{call.base_url}{service.base}/queries/{body['id']}"
    links: dict[str, Any] = {"self": {"href": href, "method": "GET"}}
    for op in ("soft_delete", *(() if body["state"] in FINAL else ("cancel",))):
        links[op] = {"href": href, "method": "PATCH", "body": json.dumps({"op": op})}
    datasets = f"{call.base_url}/data/foundation/catalog/dataSets/"
    if body["referenced"]:
        links["referenced_datasets"] = [{"id": id, "href": datasets + id} for id in body["referenced"]]
    if body.get("created_dataset"):
        links["created_dataset"] = {"id": body["created_dataset"], "href": datasets + body["created_dataset"]}
    return links


_RULES: Rules = {
    **{name: (lambda body, name=name: body[name], ALL) for name in ("created", "updated", "state", "id")},
    "referenced_datasets": (lambda body: body["referenced"], ("==",)),
    "userId": (lambda body: body["userId"], ("==",)),
    "sql": (lambda body: body["effectiveSQL"], ("~",)),
    "templateId": (lambda body: body["template"].get("id"), ("==",)),
    "templateName": (lambda body: body["template"].get("name"), ("~",)),
    "client": (lambda body: body["client"], ("==",)),
    "scheduleId": (lambda body: body.get("scheduleId"), ("==",)),  # there are no schedules
    "scheduleRunId": (lambda body: body.get("scheduleRunId"), ("==",)),
}
