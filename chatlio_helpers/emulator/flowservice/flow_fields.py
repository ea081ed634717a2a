"""Flow Service's fields: by which a list can be filtered and ordered, and which the service keeps for itself."""

from __future__ import annotations

from ..front.filters import Condition, NotACondition, parse
from ..front.problems import FlowProblem

_ITEM = {
    "id", "name", "description", "state", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient",
    "updatedClient", "sandboxId", "sandboxName", "imsOrgId", "version", "etag",
}  # fmt: skip
_CONNECTION = _ITEM | {"connectionSpec", "providerId", "params", "data", "inheritedAttributes", "providerRefId"}
_SPEC = (_ITEM - {"state", "etag"}) | {"providerId", "attributes", "type", "permissionsInfo"}
# The documentation: any property can be filtered by, as long as its path is known; so the first step has to be known.
ROOTS: dict[str, set[str]] = {
    "connectionSpecs": _SPEC | {"authSpec", "sourceSpec", "targetSpec", "exploreSpec"},
    "flowSpecs": _SPEC | {
        "sourceConnectionSpecIds", "targetConnectionSpecIds", "optionSpec", "transformationSpecs", "scheduleSpec",
    },
    "connections": _CONNECTION | {"auth"},
    "sourceConnections": _CONNECTION | {"baseConnectionId"},
    "targetConnections": _CONNECTION | {"baseConnectionId"},
    "flows": _ITEM | {
        "flowSpec", "sourceConnectionIds", "targetConnectionIds", "transformations", "inheritedAttributes", "options",
        "scheduleParams", "lastOperation", "lastRunDetails", "providerRefId", "policy", "runs",
    },
    "runs": _ITEM - {"name", "description"} | {"flowId", "flowSpec", "providerRefId", "metrics", "activities"},
}  # fmt: skip
_OBJECTS = {
    "connectionSpec", "params", "data", "auth", "inheritedAttributes", "attributes", "flowSpec", "options", "metrics",
    "scheduleParams", "lastOperation", "lastRunDetails", "sourceSpec", "targetSpec", "exploreSpec", "optionSpec",
    "permissionsInfo", "policy", "scheduleSpec", "metrics.durationSummary", "metrics.statusSummary",
}  # fmt: skip
_RUN_STATUS = "metrics.statusSummary.status"
_STATUSES = {"success": "success", "failed": "failed", "partialsuccess": "partialSuccess", "inprogress": "inProgress"}
# What a client cannot set: neither when it makes an item nor by a patch.
MANAGED = _ITEM - {"name", "description"} | {"inheritedAttributes", "runs", "lastOperation", "lastRunDetails"}


def is_known(kind: str, path: str) -> bool:
    """Tell whether the first step of *path* is a field of *kind*."""
    return path.split(".")[0].removesuffix("[]") in ROOTS[kind]


def condition(kind: str, text: str) -> Condition:
    """Read one filter; raises the documented refusals 1423, 1440, 1443, 1448 to 1450 and 1452 to 1454."""
    try:
        found = parse(text, several=True)
    except NotACondition as error:
        raise FlowProblem("1450-400", f"Invalid operator in filter params: [{text}].") from error
    path, operator, values = found.path, found.operator, found.values
    if not is_known(kind, path):
        raise _unknown(kind, path)
    if operator == "~":
        raise FlowProblem("1440-400", "Operator '~' not implemented.")
    if not all(values):
        raise FlowProblem("1453-400", f"Invalid query value {text} provided in query param.")
    if path == "id" and operator not in ("==", "!="):
        raise FlowProblem("1448-400", f"Operator {operator} not supported for field id.")
    if path in _OBJECTS:
        raise FlowProblem("1454-400", f"Unhandled filter value type: {path} is an object, name a field in it.")
    if operator not in ("==", "!=") and len(values) > 1:
        raise FlowProblem("1443-400", f"Operator '{operator}' is not allowed for multiple values.")
    if path.endswith(("edAt", "AtUTC")) and not (len(values) == 1 and _is_number(values[0])):
        raise FlowProblem("1452-400", f"Invalid value {','.join(values)} for field {path}: one time in milliseconds.")
    if path == _RUN_STATUS:  # Adobe's guide filters by Failed, its answers print failed
        values = tuple(_STATUSES.get(value.lower(), value) for value in values)
    return Condition(path, operator, values)


def _unknown(kind: str, path: str) -> FlowProblem:
    if kind == "connectionSpecs":
        return FlowProblem("1423-400", f"An unhandled field {path} was provided in the filter of connection specs.")
    return FlowProblem("1449-400", f"Invalid field {path} in filter params.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
