"""Flow Service: dataflows, their states and their inlets.

A new dataflow is ``initializing`` and enables itself after the dial ``enabling_delay``, with a new etag: the etag of
the POST is stale by then. Disabling and enabling pass through ``disabling`` and ``enabling`` in the same way. A change
that is due is made when somebody next looks (:func:`current`), dated when it was due.
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from starlette.responses import Response

from ..front.filters import Condition
from ..front.problems import FlowProblem
from ..front.service import Call
from ..platform import Platform
from ..provenance import documented, observed
from ..state.store import Scope
from . import actions, connections, flow_checks, listings
from .flow_service import (
    DRAFT,
    changed,
    check_etag,
    created,
    etag,
    given,
    is_draft,
    keep,
    missing,
    new_item,
    patched,
    receipt,
    service,
)
from .listings import envelope

KIND = "flows"
INLETS = "inlets"
_TUTORIAL = "Chatlio streaming tutorial (API)"
_ERRORS = "sources/errors/flow-service-errors"
SETTLED_EACH_TIME = 20  # when a dataflow is made: who makes thousands does not wait for them at the first list
_SETTLED = ("enabled", "disabled", DRAFT)
_PENDING = Condition("_pending.state", "==", ("enabled", "disabled"))
_OPERATIONS = ("enable", "disable", "publish", *actions.FINALIZING)
_APPLIES_TO = {"enable": "disabled", "disable": "enabled", "publish": DRAFT}


def current(platform: Platform, scope: Scope, flow_id: str) -> dict[str, Any] | None:
    """Give a dataflow as it stands now, in stored form, or None.

    Its inlet's id is at ``_inlet``; the inlet points back: ``store.anywhere("inlets", inlet_id)`` is a row with the
    seat, the sandbox and the body ``{"flowId": ...}`` (an HTTP API connection's: ``{"connectionId": ...}``). Dataset
    and base connections are told by :func:`dataset` and :func:`bases`.
    """
    row = scope.get(KIND, flow_id)
    return _settled(platform, scope, row.body) if row else None


def touch(platform: Platform, scope: Scope, flow_id: str) -> None:
    """Tell a dataflow of its last closed run; its etag changes by that, as on the live platform."""
    flow = current(platform, scope, flow_id)
    if flow:
        _keep(scope, _marked(flow | _last_run(scope, flow_id), platform.clock.now_ms()))


def dataset(scope: Scope, flow: dict[str, Any]) -> str:
    """Give the id of the dataset that a dataflow in stored form writes to, or "" when its connection is gone."""
    if "_dataset" in flow:
        return flow["_dataset"]
    rows = (scope.get(connections.TARGET, id) for id in flow["targetConnectionIds"])
    return next((row.body["params"]["dataSetId"] for row in rows if row), "")


def bases(scope: Scope, flow: dict[str, Any]) -> list[str]:
    """Give the ids of the base connections of a dataflow in stored form."""
    if "_bases" in flow:
        return flow["_bases"]
    rows = (scope.get(connections.SOURCE, id) for id in flow["sourceConnectionIds"])
    return [row.body["baseConnectionId"] for row in rows if row and row.body.get("baseConnectionId")]


@service.operation(
    "POST", "/flows", "createFlow",
    observed(_TUTORIAL, "the order of the checks; the dataset's schema is compared at once; options are held against "
             "the flow spec; a schedule is kept and does nothing: Adobe's SDK (aepp) sends one with any flow spec"),
    permission="manage-sources",
)  # fmt: skip
def create(call: Call) -> Response:
    """Make a dataflow, which enables itself, or with ``mode=draft`` a draft of one: 201 with id and etag."""
    if "state" in call.body():
        raise FlowProblem("1410-400", "`State` is not allowed in the create flow request.")
    flow = new_item(call, given(call))
    flow |= {"runs": f"/runs?property=flowId=={flow['id']}", "providerRefId": str(uuid.uuid4())}
    if is_draft(call):
        flow_checks.check_shape(flow)
        keep(call, KIND, flow | {"state": DRAFT, "inheritedAttributes": flow_checks.inherited(call, flow)})
    else:
        flow_checks.check(call, flow)
        _settle(call, SETTLED_EACH_TIME)
        _start(call, flow)
    return created(flow, KIND)


@service.operation(
    "GET", "/flows", "listFlows", documented("dataflows/api/sort-and-filter", "default page size 20, newest first"),
    permission="view-sources",
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give the dataflows that fit the query."""
    _settle(call)
    return listings.listing(call, KIND, lambda flow: _shown(call, flow))


@service.operation(
    "POST", "/flows/search", "getFlowsByFilters",
    documented("flow-service.yaml", "queryString takes the conditions of a list call"), permission="view-sources",
)  # fmt: skip
def search(call: Call) -> dict[str, Any]:
    """Give the dataflows that fit the body."""
    _settle(call)
    return listings.search(call, KIND, lambda flow: _shown(call, flow))


@service.operation(
    "GET", "/flows/{id}", "retrieveFlow", observed(_TUTORIAL, "the inlet's URL is there only once enabled"),
    permission="view-sources",
)  # fmt: skip
def one(call: Call) -> dict[str, Any]:
    """Give one dataflow, in a list envelope."""
    return envelope([_shown(call, _read(call))])


@service.operation(
    "PATCH", "/flows/{id}", "patchFlow", documented(_ERRORS, "takes effect at once"), permission="manage-sources"
)
def change(call: Call) -> dict[str, Any]:
    """Change a dataflow by JSON Patch under ``If-Match``: id and new etag. A draft is not checked yet."""
    flow = _read(call)
    check_etag(call, flow)
    _refuse_unsettled(flow, "update")
    result = patched(call, flow)
    if result["state"] != flow["state"]:
        raise FlowProblem("1456-400", "The state cannot be patched: use the action enable or disable.")
    if flow["state"] == DRAFT:
        flow_checks.check_shape(result)
    else:
        flow_checks.check(call, result)
        result["lastOperation"] = {
            "started": call.now, "updated": call.now, "percentCompleted": 100.0,
            "status": {"value": "completed", "errors": []}, "operation": "update",
            "ops": [one | {"op": one["op"].lower()} for one in call.body(list)],
        }  # fmt: skip
        result |= flow_checks.taken(call, result)
    result["inheritedAttributes"] = flow_checks.inherited(call, result)
    keep(call, KIND, result)
    return receipt(result)


@service.operation("DELETE", "/flows/{id}", "deleteByFlow", documented(_ERRORS), permission="manage-sources")
def delete(call: Call) -> Response:
    """Delete a dataflow and its inlet: 204."""
    flow = _read(call)
    _refuse_unsettled(flow, "delete")
    call.scope.delete(KIND, flow["id"])
    call.scope.delete(INLETS, flow.get("_inlet", ""))
    return Response(status_code=204)


@service.operation(
    "POST", "/flows/{id}/action", "postStateTransition",
    documented("sources/tutorials/api/update-dataflows, draft", "the transition takes the dial enabling_delay"),
    permission="manage-sources", has_body=False,
)  # fmt: skip
def act(call: Call) -> dict[str, Any]:
    """Enable, disable or publish a dataflow: id and new etag; raises 1422-400 in the wrong state.

    Publishing makes a dataflow of a draft: what was not checked so far is checked now.
    """
    flow = _read(call)
    if call.request.headers.get("if-match"):
        check_etag(call, flow)
    operation = actions.operation(call, *_OPERATIONS)
    if flow["state"] != _APPLIES_TO[operation]:
        raise FlowProblem("1422-400", f"The action {operation} cannot be applied on the current state {flow['state']}.")
    result = changed(call, flow)
    if operation == "publish":
        flow_checks.check(call, result)
        return receipt(_start(call, result))
    result |= {
        "state": f"{operation[:-1]}ing",
        "lastOperation": {"started": call.now, "updated": call.now, "operation": operation},
    }
    keep(call, KIND, _pending(call, result, f"{operation}d"))
    return receipt(result)


def _start(call: Call, flow: dict[str, Any]) -> dict[str, Any]:
    """Put a checked dataflow to use: it gets its inlet and is on its way to be enabled."""
    inlet = secrets.token_hex(32)
    flow = flow | {
        "state": "initializing",
        "inheritedAttributes": flow_checks.inherited(call, flow),
        "lastOperation": {"started": 0, "updated": 0, "operation": "enable"},
        "_inlet": inlet,
        **flow_checks.taken(call, flow),
    }
    keep(call, KIND, _pending(call, flow, "enabled"))
    call.scope.put(INLETS, inlet, {"flowId": flow["id"]}, name=flow["id"], now=call.now)
    return flow


def _read(call: Call) -> dict[str, Any]:
    flow = current(call.platform, call.scope, call.part("id"))
    if flow is None:
        raise missing(KIND, call.part("id"))
    return flow


def _pending(call: Call, flow: dict[str, Any], state: str) -> dict[str, Any]:
    due = call.now + int(call.platform.dials["enabling_delay"] * 1000)
    return flow | {"_pending": {"state": state, "due": due}}


def _settled(platform: Platform, scope: Scope, flow: dict[str, Any]) -> dict[str, Any]:
    pending = flow.get("_pending")
    if not pending or pending["due"] > platform.clock.now_ms():
        return flow
    result = _marked({key: value for key, value in flow.items() if key != "_pending"}, pending["due"])
    result["state"] = pending["state"]
    _keep(scope, result)
    return result


def _settle(call: Call, most: int = -1) -> None:
    """Make the changes of state that are due, so that a list can filter by what is stored; at *most* so many."""
    waiting = call.scope.page(KIND, where=[_PENDING], order=("number",), limit=most)
    due = [row for row in waiting if row.body["_pending"]["due"] <= call.now]
    if due:
        with call.platform.store.transaction():
            for row in due:
                current(call.platform, call.scope, row.id)  # read again: it may have changed before the transaction


def _marked(flow: dict[str, Any], at: int) -> dict[str, Any]:
    tag = etag(at)
    return flow | {"updatedAt": at, "etag": tag, "version": tag}


def _keep(scope: Scope, flow: dict[str, Any]) -> None:
    scope.put(KIND, flow["id"], flow, name=flow.get("name"), now=flow["updatedAt"])


def _refuse_unsettled(flow: dict[str, Any], operation: str) -> None:
    state = flow["state"]
    if state == "initializing":
        raise FlowProblem("1417-400", "A flow in the state initializing cannot be changed with a user token.")
    if (state, operation) == ("disabling", "update"):
        raise FlowProblem("1420-400", "The current state disabling cannot be updated.")
    if state not in _SETTLED:
        raise FlowProblem("1416-400", f"Delete and update are for the states enabled and disabled, not {state}.")


def _shown(call: Call, flow: dict[str, Any]) -> dict[str, Any]:
    options = dict(flow.get("options") or {})
    if flow["state"] not in ("initializing", DRAFT):
        options["inletUrl"] = _inlet_url(call, flow)
    return flow | ({"options": options} if options else {})


def _inlet_url(call: Call, flow: dict[str, Any]) -> str:
    """Give the dataflow's own inlet, or for an HTTP API source the inlet of its base connection."""
    for id in bases(call.scope, flow):
        row = call.scope.get(connections.BASE, id)
        inlet = row and row.body.get("auth", {}).get("params", {}).get("inletId")
        if inlet:
            return f"{call.base_url}/collection/{inlet}"
    return f"{call.base_url}/collection/{flow['_inlet']}"


def _last_run(scope: Scope, flow_id: str) -> dict[str, Any]:
    """Give what a dataflow says of its last closed run: of the two newest runs at most one is still open."""
    for row in scope.newest("runs", flow_id, 2):
        metrics = row.body["metrics"]
        times, state = metrics["durationSummary"], metrics["statusSummary"]["status"]
        if state != "inProgress":
            times = {name: times[name] for name in ("startedAtUTC", "completedAtUTC")}
            return {"lastRunDetails": {"id": row.id, "state": state, **times}}
    return {}
