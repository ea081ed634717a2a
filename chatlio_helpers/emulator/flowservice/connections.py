"""Flow Service: base, source and target connections.

A draft (``mode=draft``) is only looked at for its types; the action publish checks it and puts it to use.
"""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import Response

from ..front import shapes
from ..front.filters import Condition
from ..front.problems import FlowProblem
from ..front.service import Call
from ..provenance import Known, documented, observed
from . import actions, listings, specs
from .flow_service import (
    DRAFT,
    changed,
    check_etag,
    created,
    given,
    is_draft,
    keep,
    new_item,
    patched,
    read,
    receipt,
    service,
)
from .listings import envelope

BASE, SOURCE, TARGET = "connections", "sourceConnections", "targetConnections"
INLETS = "inlets"
_TUTORIAL = "Chatlio streaming tutorial (API)"
_HTTP_API = "HTTP API source tutorial"
_DESCRIPTION = "flow-service.yaml"
_REQUIRED = {BASE: (), SOURCE: ("name", "data"), TARGET: ("data",)}
_USES = {SOURCE: "sourceConnectionIds[]", TARGET: "targetConnectionIds[]"}
_IN_USE = {
    BASE: "1418-400 while a dataflow, not a draft, takes one of its source connections",
    **dict.fromkeys((SOURCE, TARGET), "1447-400 while a dataflow, not a draft, names the connection"),
}
_PUBLISH = {BASE: ("publish", *actions.FINALIZING), SOURCE: ("publish",), TARGET: ("publish",)}
_SHAPE = {
    "name": str, "description": str, "providerId": str, "baseConnectionId": str, "connectionSpec": shapes.REFERENCE,
    "data": {"format": str, "schema": shapes.REFERENCE}, "params": {"dataSetId": str},
    "auth": {"specName": str, "params": {"authenticationRequired": bool, "dataType": str, "name": str,
                                         "sourceId": str}},
}  # fmt: skip


def create(call: Call, kind: str) -> Response:
    """Make a connection: 201 with id and etag; raises 1405, 1413, 1415, 1439, 1453, 1454 or 1455-400."""
    body = given(call)
    _check_shape(body)
    item = _with_own_inlet(new_item(call, body), "")
    item = item | {"state": DRAFT} if is_draft(call) else _ready(call, kind, item)
    keep(call, kind, item)
    return created(item, kind)


def delete(call: Call, kind: str) -> Response:
    """Delete a connection: 204; raises 1418-400 or 1447-400 while a dataflow uses it."""
    item = read(call, kind)
    _refuse_when_used(call, kind, item["id"])
    call.scope.delete(kind, item["id"])
    inlet = _inlet_id(item)
    if inlet:
        call.scope.delete(INLETS, inlet)
    return Response(status_code=204)


def change(call: Call, kind: str) -> dict[str, Any]:
    """Change a connection by JSON Patch under ``If-Match``; raises 1403, 1404-412, 1414, 1434 or 1454 to 1456-400."""
    item = read(call, kind)
    check_etag(call, item)
    result = patched(call, item, lone=kind == BASE)
    _check_shape(result)
    result = _with_own_inlet(result, _inlet_id(item))
    if item["state"] != DRAFT:
        if result.get("connectionSpec") != item["connectionSpec"]:
            raise FlowProblem("1414-400", "The connection spec of a connection cannot be updated.")
        result = _with_inlet(call, kind, _with_base(call, _checked(call, kind, result)))
    keep(call, kind, result)
    return receipt(result)


def act(call: Call, kind: str) -> dict[str, Any]:
    """Publish a draft, which is checked now: id and new etag; raises 1422-400 for what is no draft."""
    item = read(call, kind)
    if call.request.headers.get("if-match"):
        check_etag(call, item)
    operation = actions.operation(call, *_PUBLISH[kind])
    if item["state"] != DRAFT:
        raise FlowProblem("1422-400", f"The action {operation} cannot be applied on the current state {item['state']}.")
    result = _ready(call, kind, changed(call, item))
    keep(call, kind, result)
    return receipt(result)


def shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """Give a connection as it is read: with its inlet's address, when it has one."""
    inlet = _inlet_id(item)
    if not inlet:
        return item
    params = item["auth"]["params"] | {"inletUrl": f"{call.base_url}/collection/{inlet}"}
    return item | {"auth": item["auth"] | {"params": params}}


def _check_shape(body: dict[str, Any]) -> None:
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise FlowProblem("1454-400", wrong)


def _ready(call: Call, kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """Give a new connection, or a draft to publish, as it goes into use."""
    return _with_inlet(call, kind, _with_base(call, _checked(call, kind, item) | {"state": "enabled"}))


def _with_base(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """Give a connection what it shows of its base connection, which is there."""
    base = item.get("baseConnectionId")
    if not base:
        return {name: value for name, value in item.items() if name != "inheritedAttributes"}
    spec = call.scope.get(BASE, base).body["connectionSpec"]
    return item | {"inheritedAttributes": {"baseConnection": {"id": base, "connectionSpec": spec}}}


def _checked(call: Call, kind: str, item: dict[str, Any]) -> dict[str, Any]:
    base = item.get("baseConnectionId")
    for field in ("connectionSpec", *_REQUIRED[kind]):
        # The HTTP API tutorial makes source connections without data, which the description requires.
        if not item.get(field) and not (field == "data" and base and kind == SOURCE):
            raise FlowProblem("1455-400", f"Validation failed: missing field [{field}].")
    spec, id = specs.named(call, specs.CONNECTION_SPECS, item["connectionSpec"]), item["connectionSpec"]["id"]
    _check_side(kind, spec)
    if base:
        _check_base(call, base)
    named = (item.get("auth") or {}).get("specName")
    wants_one = kind == BASE and id == specs.HTTP_API
    if (named or wants_one) and named not in [one.get("name") for one in spec.get("authSpec") or []]:
        raise FlowProblem("1415-400", f"The auth spec '{named}' could not be found for the connection spec ID {id}.")
    return item


def _check_side(kind: str, spec: dict[str, Any]) -> None:
    """Raise 1413-400 for a source with a spec that says it is a target's only, and the other way round."""
    attributes = spec.get("attributes") or {}
    is_source, is_target = attributes.get("isSource") is True, attributes.get("isTarget") is True
    if (kind == SOURCE and is_target and not is_source) or (kind == TARGET and is_source and not is_target):
        raise FlowProblem("1413-400", f"The spec ID provided is invalid for {kind}: [{spec['id']}].")


def _check_base(call: Call, id: str) -> None:
    row = call.scope.get(BASE, id)
    if row is None:
        raise FlowProblem("1439-400", f"The requested {BASE} resource {id} is not found.")
    if row.body["state"] == DRAFT:
        raise FlowProblem("1455-400", f"Validation failed: the base connection {id} is a draft, publish it first.")


def _inlet_id(item: dict[str, Any]) -> str:
    return ((item.get("auth") or {}).get("params") or {}).get("inletId") or ""


def _with_own_inlet(item: dict[str, Any], inlet: str) -> dict[str, Any]:
    """Give a connection with *inlet* (none: ""), whatever inlet the client named in its parameters."""
    auth = item.get("auth")
    if not auth:
        return item
    sent = auth.get("params") or {}
    own = {name: value for name, value in sent.items() if name not in ("inletId", "inletUrl") and value is not None}
    return item | {"auth": auth | {"params": own | ({"inletId": inlet} if inlet else {})}}


def _with_inlet(call: Call, kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """Give an HTTP API connection its inlet, a new one unless it has one; the inlet's row tells who may send to it."""
    if kind != BASE or item["connectionSpec"]["id"] != specs.HTTP_API:
        return item
    inlet, name = _inlet_id(item) or secrets.token_hex(32), item.get("name")
    defaults = {"sourceId": name, "authenticationRequired": False, "dataType": "xdm", "name": name}
    params = defaults | item["auth"]["params"] | {"inletId": inlet}
    row = {"connectionId": item["id"], "authenticationRequired": params["authenticationRequired"]}
    call.scope.put(INLETS, inlet, row, now=call.now, name=item["id"])
    return item | {"auth": item["auth"] | {"params": params}}


def _refuse_when_used(call: Call, kind: str, id: str) -> None:
    if kind in _USES:
        if _is_used(call, kind, id):
            raise FlowProblem("1447-400", f"Found active flows containing id {id}.")
        return
    children = call.scope.page(SOURCE, where=[Condition("baseConnectionId", "==", (id,))])
    if any(_is_used(call, SOURCE, row.id) for row in children):
        raise FlowProblem("1418-400", f"The base connection {id} is used in one or more flows: delete them first.")


def _is_used(call: Call, kind: str, id: str) -> bool:
    """Tell whether a dataflow that is no draft names the source or target connection."""
    named, no_draft = Condition(_USES[kind], "==", (id,)), Condition("state", "!=", (DRAFT,))
    return call.scope.count("flows", [named, no_draft]) > 0


@service.operation(
    "POST", "/connections/search", "getConnectionsByFilters",
    documented(_DESCRIPTION, "queryString takes the conditions of a list call"), permission="view-sources",
)  # fmt: skip
def search(call: Call) -> dict[str, Any]:
    """Give the base connections that fit the body."""
    return listings.search(call, BASE, lambda item: shown(call, item))


@service.operation(
    "GET", "/connections/{id}/test", "testConnection",
    documented(_DESCRIPTION, "false for a draft and for a disabled connection"), permission="view-sources",
)  # fmt: skip
def works(call: Call) -> dict[str, Any]:
    """Tell whether a base connection works."""
    return {"result": read(call, BASE)["state"] == "enabled"}


@service.operation(
    "GET", "/connections/{id}/explore", "getByConnectionId",
    documented(_DESCRIPTION, "always empty: a streaming source has nothing to look into"), permission="view-sources",
)  # fmt: skip
def explore(call: Call) -> Response:
    """Give the objects of a base connection's source."""
    read(call, BASE)
    return specs.explored(call)


@service.operation(
    "GET", "/connections/{id}/configs", "exploreConfigByConnectionId",
    documented(_DESCRIPTION, "always empty: a streaming source has nothing to configure"), permission="view-sources",
)  # fmt: skip
def configs(call: Call) -> Response:
    """Give the configuration options of a base connection."""
    read(call, BASE)
    return specs.explored(call)


def _register(kind: str, names: tuple[str, str, str, str, str, str], made: Known) -> None:
    paged = documented("dataflows/api/sort-and-filter", "default page size 20, newest first")
    deleted = documented("sources/errors/flow-service-errors", _IN_USE[kind])
    published = documented("sources/tutorials/api/draft", "checked as for a new one; 1422-400 for what is no draft")

    @service.operation("POST", f"/{kind}", names[0], made, permission="manage-sources")
    def post(call: Call) -> Response:
        return create(call, kind)

    @service.operation("GET", f"/{kind}", names[1], paged, permission="view-sources")
    def every(call: Call) -> dict[str, Any]:
        return listings.listing(call, kind, lambda item: shown(call, item))

    @service.operation("GET", f"/{kind}/{{id}}", names[2], observed(_TUTORIAL), permission="view-sources")
    def one(call: Call) -> dict[str, Any]:
        return envelope([shown(call, read(call, kind))])

    @service.operation(
        "POST", f"/{kind}/{{id}}/action", names[5], published, permission="manage-sources", has_body=False
    )  # fmt: skip
    def action(call: Call) -> dict[str, Any]:
        return act(call, kind)

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
     "deleteSourceConnection", "performAction_1"),
    observed(_TUTORIAL, "providerId is optional"),
)  # fmt: skip
_register(
    TARGET,
    ("createTargetConnection", "getTargetConnections", "retrieveTargetConnection", "patchTargetConnection",
     "deleteTargetConnection", "performAction_2"),
    observed(_TUTORIAL),
)  # fmt: skip
_register(
    BASE,
    ("createConnection", "listConnections", "retrieveConnection", "patchConnection", "deleteConnection",
     "performAction"),
    observed(_HTTP_API),
)  # fmt: skip
