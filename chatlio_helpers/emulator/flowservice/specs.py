"""Flow Service: connection specs and flow specs, Adobe's released ones and those that a seat adds.

A seat's own specs are there in all its sandboxes. A released connection spec cannot be changed; a released flow spec
can, since Adobe's guide has a new source added to it (its released sources stay in it: assumed).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from starlette.responses import Response

from ..front import shapes
from ..front.problems import FlowProblem
from ..front.service import Call, answer
from ..provenance import documented, observed
from ..state.store import Scope
from . import listings
from .flow_service import changed, given, missing, origin, service
from .listings import envelope

CONNECTION_SPECS = "connectionSpecs"
FLOW_SPECS = "flowSpecs"
HTTP_API = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
_SOURCE = "Streaming SDK pages, create and update-flow-specs"
_NOTE = "labels, and that the flow spec lists the released sources"
_DESCRIPTION = "flow-service.yaml"
_SHAPE = {
    "name": str, "providerId": str, "version": str, "type": str, "description": str, "attributes": dict,
    "settings": dict, "authSpec": [{"name": str, "type": str, "spec": dict}], "encryptionSpecs": [dict],
    "sourceSpec": dict, "targetSpec": dict, "exploreSpec": dict, "permissionsInfo": dict, "entitlementInfo": list,
    "policy": {"fields": list, "duleLabels": [str], "enforcementRefs": [str]}, "optionSpec": dict,
    "transformationSpecs": list, "transformationSpecDTOS": list, "scheduleSpec": dict, "runSpec": dict,
    "sourceConnectionSpecIds": [str], "targetConnectionSpecIds": [str],
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_EXPLORED = ("ROOT", "TABLE", "FILE", "FOLDER", "REST")


@cache
def released(kind: str) -> dict[str, dict[str, Any]]:
    """Give Adobe's specs of a kind by id."""
    specs = orjson.loads(files(__package__).joinpath("specs.json").read_bytes())
    return {spec["id"]: spec for spec in specs[kind]}


def find(call: Call, kind: str, id: Any) -> dict[str, Any] | None:
    """Give a spec that the caller's seat has, its own one before the released one of the same id, or None."""
    row = _own(call).get(kind, str(id))
    return row.body if row else released(kind).get(str(id))


def named(call: Call, kind: str, reference: dict[str, Any]) -> dict[str, Any]:
    """Give the spec that a reference names by id and, if it likes, version; raises 1413-400 for what is not there."""
    id, version = reference.get("id"), reference.get("version")
    spec = find(call, kind, id)
    if spec is None:
        raise FlowProblem("1413-400", f"The spec ID provided is invalid: [{id}].")
    if version is not None and not _same_version(str(version), str(spec.get("version", "1.0"))):
        raise FlowProblem("1413-400", f"The spec ID provided is invalid: [{id}] has no version [{str(version)[:50]}].")
    return spec


def explored(call: Call) -> Response:
    """Answer what there is to explore or to configure in a streaming source: nothing; raises 1452-400."""
    asked = call.query("objectType")
    if asked and asked.upper() not in _EXPLORED:
        raise FlowProblem("1452-400", f"Invalid value {asked[:50]} for field objectType: {', '.join(_EXPLORED)}.")
    return answer([])


def _same_version(sent: str, own: str) -> bool:
    """Tell whether two versions are the same: a client may write 1 or 1.0 for "1.0" (assumed)."""
    return sent == own or bool(_NUMBER.fullmatch(sent) and _NUMBER.fullmatch(own) and float(sent) == float(own))


def _own(call: Call) -> Scope:
    return call.platform.store.within(call.caller.seat.name, "")


def _every(call: Call, kind: str) -> listings.Given:
    own = {row.id: row.body for row in reversed(_own(call).list(kind))}
    return listings.Given([*own.values(), *(spec for id, spec in released(kind).items() if id not in own)])


def _read(call: Call, kind: str) -> dict[str, Any]:
    spec = find(call, kind, call.part("id"))
    if spec is None:
        raise missing(kind, call.part("id"))
    return spec


def _body(call: Call, kind: str) -> dict[str, Any]:
    """Give the body of a spec to keep; raises 1405, 1413, 1431, 1454 or 1455-400."""
    body = given(call)
    version = call.body().get("version", "1.0")
    wrong = shapes.misfit(body | {"version": version}, _SHAPE)
    if wrong:
        raise FlowProblem("1454-400", wrong)
    for field in ("name", "providerId"):
        if not body.get(field):
            raise FlowProblem("1455-400", f"Validation failed: missing field [{field}].")
    if (body.get("policy") or {}).get("fields") == []:
        raise FlowProblem("1431-400", "Empty array 'fields' is not allowed in policy.")
    for field in ("sourceConnectionSpecIds", "targetConnectionSpecIds") if kind == FLOW_SPECS else ():
        for id in body.get(field) or []:
            if find(call, CONNECTION_SPECS, id) is None:
                raise FlowProblem("1413-400", f"The spec ID provided is invalid: {field} has [{id}].")
    transformations = body.pop("transformationSpecDTOS", None)  # what the description calls transformationSpecs
    return body | {"version": version} | ({"transformationSpecs": transformations} if transformations else {})


def _create(call: Call, kind: str) -> dict[str, Any]:
    spec = {**origin(call), **_body(call, kind)}
    _own(call).put(kind, spec["id"], spec, name=spec["name"], now=call.now)
    return spec


def _replace(call: Call, kind: str) -> dict[str, Any]:
    old = _read(call, kind)
    if kind == CONNECTION_SPECS and _own(call).get(kind, old["id"]) is None:
        raise FlowProblem("1426-400", "The user token is unauthorized to update a connection spec of Adobe's.")
    body = _body(call, kind)
    for field in ("sourceConnectionSpecIds", "targetConnectionSpecIds") if kind == FLOW_SPECS else ():
        kept = released(kind).get(old["id"], {}).get(field, [])
        body[field] = list(dict.fromkeys([*kept, *(body.get(field) or [])]))
    made = {name: old.get(name, value) for name, value in origin(call).items()}
    spec = {**changed(call, made), **body}
    del spec["etag"]  # a spec has none, and its version is its own
    _own(call).put(kind, spec["id"], spec, name=spec["name"], now=call.now)
    return spec


def _register(kind: str, list_name: str, get_name: str) -> None:
    @service.operation("GET", f"/{kind}", list_name, observed(_SOURCE, _NOTE), permission="view-sources")
    def every(call: Call) -> dict[str, Any]:
        return listings.listing(call, kind, dict, _every(call, kind), listings.MOST)

    @service.operation("GET", f"/{kind}/{{id}}", get_name, observed(_SOURCE, _NOTE), permission="view-sources")
    def one(call: Call) -> dict[str, Any]:
        return envelope([_read(call, kind)])


_register(CONNECTION_SPECS, "listConnectionSpecs", "retrieveConnectionSpec")
_register(FLOW_SPECS, "listFlowSpecs", "retrieveFlowSpec")


@service.operation(
    "POST", "/connectionSpecs", "createConnectionSpec",
    observed("Streaming SDK page create", "required fields as described; good for all sandboxes of the seat"),
    permission="manage-sources",
)  # fmt: skip
def create_connection_spec(call: Call) -> Response:
    """Add a connection spec: 201 with the spec in a list envelope, as the guide prints it."""
    return answer(envelope([_create(call, CONNECTION_SPECS)]), 201)


@service.operation(
    "PUT", "/connectionSpecs/{id}", "updateConnectionSpec",
    observed("Streaming SDK page update-connection-specs", "1426-400 for a released spec"),
    permission="manage-sources",
)  # fmt: skip
def replace_connection_spec(call: Call) -> dict[str, Any]:
    """Replace a connection spec of the seat's own; raises 1426-400 for one of Adobe's."""
    return envelope([_replace(call, CONNECTION_SPECS)])


@service.operation(
    "POST", "/flowSpecs", "createFlowSpec", documented(_DESCRIPTION, "good for all sandboxes of the seat"),
    permission="manage-sources",
)  # fmt: skip
def create_flow_spec(call: Call) -> Response:
    """Add a flow spec: 201 with the spec; raises 1413-400 for a connection spec that is not there."""
    return answer(_create(call, FLOW_SPECS), 201)


@service.operation(
    "PUT", "/flowSpecs/{id}", "updateFlowSpec",
    observed("Streaming SDK page update-flow-specs", "released connection specs stay in a released flow spec"),
    permission="manage-sources",
)  # fmt: skip
def replace_flow_spec(call: Call) -> dict[str, Any]:
    """Replace a flow spec, for this seat: so a new connection spec gets into it. Gives the spec without an envelope."""
    return _replace(call, FLOW_SPECS)


@service.operation(
    "POST", "/flowSpecs/search", "searchFlowSpecs",
    documented(_DESCRIPTION, "queryString takes the conditions of a list call; groupByProperty is refused"),
    permission="view-sources",
)  # fmt: skip
def search_flow_specs(call: Call) -> dict[str, Any]:
    """Give the flow specs that fit the body."""
    return listings.search(call, FLOW_SPECS, dict, _every(call, FLOW_SPECS), listings.MOST)


@service.operation(
    "GET", "/connectionSpecs/{id}/explore", "exploreByConnectionSpecId",
    documented(_DESCRIPTION, "always empty: a streaming source has nothing to look into"), permission="view-sources",
)  # fmt: skip
def explore(call: Call) -> Response:
    """Give the objects of a connection spec's source."""
    _read(call, CONNECTION_SPECS)
    return explored(call)


@service.operation(
    "GET", "/connectionSpecs/{id}/configs", "configByConnectionSpecId",
    documented(_DESCRIPTION, "always empty: a streaming source has nothing to configure"), permission="view-sources",
)  # fmt: skip
def configs(call: Call) -> Response:
    """Give the configuration options of a connection spec."""
    _read(call, CONNECTION_SPECS)
    return explored(call)
