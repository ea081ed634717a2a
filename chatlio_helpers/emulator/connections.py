"""Flow Service: base, source and target connections."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import Response

from . import shapes, specs
from .flow_service import (
    check_etag,
    created,
    envelope,
    keep,
    listing,
    new_item,
    patched,
    read,
    receipt,
    refuse_drafts,
    service,
)
from .problems import FlowProblem
from .provenance import Known, documented, observed
from .service import Call

BASE, SOURCE, TARGET = "connections", "sourceConnections", "targetConnections"
_TUTORIAL = "Chatlio streaming tutorial (API)"
_HTTP_API = "HTTP API source tutorial"
_REQUIRED = {BASE: (), SOURCE: ("name", "data"), TARGET: ("data",)}
_USES = {SOURCE: "sourceConnectionIds", TARGET: "targetConnectionIds"}
_SHAPE = {
    "name": str, "description": str, "providerId": str, "baseConnectionId": str, "connectionSpec": shapes.REFERENCE,
    "data": {"format": str, "schema": shapes.REFERENCE}, "params": {"dataSetId": str},
    "auth": {"specName": str, "params": dict}, "inheritedAttributes": dict,
}  # fmt: skip
_MANAGED = ("id", "etag", "version", "createdAt", "updatedAt", "state")


def create(call: Call, kind: str) -> Response:
    """Make a connection: 201 with id and etag; raises 1405, 1413, 1439 or 1455-400."""
    refuse_drafts(call)
    body = {key: value for key, value in call.body().items() if key not in _MANAGED}
    _check_shape(body)
    for field in ("connectionSpec", *_REQUIRED[kind]):
        if not body.get(field):
            raise FlowProblem("1455-400", f"Validation failed: missing field [{field}].")
    spec = _spec(body["connectionSpec"])
    base = body.get("baseConnectionId")
    if base and call.scope.get(BASE, base) is None:
        raise FlowProblem("1439-400", f"Requested {BASE} resource [{base}] not found.")
    item = new_item(call, body) | {"state": "enabled"}
    if base:
        spec_of_base = call.scope.get(BASE, base).body["connectionSpec"]
        item["inheritedAttributes"] = {"baseConnection": {"id": base, "connectionSpec": spec_of_base}}
    if kind == BASE and spec["id"] == specs.HTTP_API:
        item["auth"] = _inlet(call, item)
    keep(call, kind, item)
    return created(item, kind)


def delete(call: Call, kind: str) -> Response:
    """Delete a connection: 204; raises 1418-400 or 1447-400 while a dataflow uses it."""
    item = read(call, kind)
    _refuse_when_used(call, kind, item["id"])
    call.scope.delete(kind, item["id"])
    inlet = item.get("auth", {}).get("params", {}).get("inletId")
    if inlet:
        call.scope.delete("inlets", inlet)
    return Response(status_code=204)


def change(call: Call, kind: str) -> dict[str, Any]:
    """Change a connection by JSON Patch under ``If-Match``; raises 1403, 1404-412, 1414, 1434 or 1455-400."""
    item = read(call, kind)
    check_etag(call, item)
    result = patched(call, item)
    _check_shape(result)
    if result.get("connectionSpec") != item["connectionSpec"]:
        raise FlowProblem("1414-400", "The connection spec of a connection cannot be updated.")
    keep(call, kind, result)
    return receipt(result)


def shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """Give a connection as it is read: with its inlet's address, when it has one."""
    inlet = item.get("auth", {}).get("params", {}).get("inletId")
    if not inlet:
        return item
    params = item["auth"]["params"] | {"inletUrl": f"{call.base_url}/collection/{inlet}"}
    return item | {"auth": item["auth"] | {"params": params}}


def _check_shape(body: dict[str, Any]) -> None:
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise FlowProblem("1454-400", wrong)


def _spec(given: Any) -> dict[str, Any]:
    id = given.get("id") if isinstance(given, dict) else None
    spec = specs.known(specs.CONNECTION_SPECS).get(str(id))
    if spec is None:
        raise FlowProblem("1413-400", f"Invalid spec id [{id}].")
    return spec


def _inlet(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    auth = item.get("auth") or {}
    if auth.get("specName") != "Streaming Connection":
        raise FlowProblem("1415-400", f"Auth spec [{auth.get('specName')}] not found for the connection spec.")
    inlet = secrets.token_hex(32)
    call.scope.put("inlets", inlet, {"connectionId": item["id"]}, now=call.now, name=item["id"])
    given = auth.get("params") or {}
    defaults = {"authenticationRequired": False, "dataType": "xdm", "name": item.get("name")}
    return {"specName": auth["specName"], "params": defaults | given | {"inletId": inlet}}


def _refuse_when_used(call: Call, kind: str, id: str) -> None:
    flows = [row.body for row in call.scope.list("flows")]
    if kind in _USES:
        if any(id in flow.get(_USES[kind], ()) for flow in flows):
            raise FlowProblem("1447-400", f"Active flows contain the id [{id}].")
        return
    children = {row.id for row in call.scope.list(SOURCE) if row.body.get("baseConnectionId") == id}
    if any(children & set(flow.get("sourceConnectionIds", ())) for flow in flows):
        raise FlowProblem("1418-400", f"The base connection [{id}] is used in one or more flows: delete them first.")


def _register(kind: str, names: tuple[str, str, str, str, str], made: Known) -> None:
    paged = documented("dataflows/api/sort-and-filter", "default page size 20, newest first")
    deleted = documented("sources/errors/flow-service-errors", "1447-400 while any dataflow names the connection")

    @service.operation("POST", f"/{kind}", names[0], made, permission="manage-sources")
    def post(call: Call) -> Response:
        return create(call, kind)

    @service.operation("GET", f"/{kind}", names[1], paged, permission="view-sources")
    def every(call: Call) -> dict[str, Any]:
        return listing(call, kind, [shown(call, row.body) for row in reversed(call.scope.list(kind))])

    @service.operation("GET", f"/{kind}/{{id}}", names[2], observed(_TUTORIAL), permission="view-sources")
    def one(call: Call) -> dict[str, Any]:
        return envelope([shown(call, read(call, kind))])

    slashes = ("", "/") if kind == BASE else ("",)  # the description writes these two with a slash, the pages without
    for slash in slashes:
        path = f"/{kind}/{{id}}{slash}"
        service.operation("PATCH", path, names[3], documented("sources/tutorials/api/update"),
                          permission="manage-sources")(lambda call: change(call, kind))  # fmt: skip
        service.operation("DELETE", path, names[4], deleted, permission="manage-sources")(
            lambda call: delete(call, kind)
        )


_register(
    SOURCE,
    ("createSourceConnection", "getSourceConnections", "retrieveSourceConnection", "patchSourceConnection",
     "deleteSourceConnection"),
    observed(_TUTORIAL, "providerId is optional"),
)  # fmt: skip
_register(
    TARGET,
    ("createTargetConnection", "getTargetConnections", "retrieveTargetConnection", "patchTargetConnection",
     "deleteTargetConnection"),
    observed(_TUTORIAL),
)  # fmt: skip
_register(
    BASE,
    ("createConnection", "listConnections", "retrieveConnection", "patchConnection", "deleteConnection"),
    observed(_HTTP_API),
)  # fmt: skip
