"""Flow Service's fields: by which a list can be filtered and ordered, and which the service keeps for itself."""

from __future__ import annotations

from collections.abc import Iterable

from ..front.filters import Condition, NotACondition, parse
from ..front.problems import FlowProblem

_ITEM = {
    "id", "name", "description", "state", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient",
    "updatedClient", "sandboxId", "sandboxName", "imsOrgId", "version", "etag",
}  # fmt: skip
_CONNECTION = _ITEM | {"connectionSpec", "providerId", "params", "data", "inheritedAttributes", "providerRefId"}
_SPEC = (_ITEM - {"state", "etag"}) | {"providerId", "attributes", "type", "permissionsInfo"}
# The documentation: any property can be filtered by, as long as its path is known. So the first step has to be known,
# and the next ones where Adobe describes all that can stand there. What a client or a provider fills (params, data,
# options, attributes, inheritedAttributes, transformations, record counts) can have any field: its guide filters by
# some that no streaming source has.
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
_REFERENCE = frozenset({"id", "version"})
_INSIDE: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        _ITEM | {"flowId", "providerId", "providerRefId", "baseConnectionId", "type", "runs", "sourceConnectionIds",
                 "targetConnectionIds", "sourceConnectionSpecIds", "targetConnectionSpecIds"}, frozenset()),
    "connectionSpec": _REFERENCE,
    "flowSpec": _REFERENCE,
    "lastRunDetails": frozenset({"id", "state", "startedAtUTC", "completedAtUTC"}),
    "metrics": frozenset({"durationSummary", "latencySummary", "sizeSummary", "recordSummary", "fileSummary",
                          "statusSummary", "customSummary"}),
    "metrics.durationSummary": frozenset({"startedAtUTC", "completedAtUTC", "extensions"}),
    "metrics.latencySummary": frozenset({"minMs", "maxMs", "avgMs", "extensions"}),
    "metrics.statusSummary": frozenset({"status", "errors", "activityRefs", "extensions"}),
}  # fmt: skip
_RUN_STATUS = "metrics.statusSummary.status"
_STATUSES = {"success": "success", "failed": "failed", "partialsuccess": "partialSuccess", "inprogress": "inProgress"}
# What a client cannot set: neither when it makes an item nor by a patch.
MANAGED = _ITEM - {"name", "description"} | {"inheritedAttributes", "runs", "lastOperation", "lastRunDetails"}


def is_known(kind: str, path: str) -> bool:
    """Tell whether *path* can be there in an item of *kind*, as far as it is described what can be."""
    steps = [step.removesuffix("[]") for step in path.split(".")]
    known: Iterable[tuple[str, frozenset[str] | None]] = (
        (step, _INSIDE.get(".".join(steps[:depth]))) for depth, step in enumerate(steps[1:], 1)
    )
    return steps[0] in ROOTS[kind] and all(names is None or step in names for step, names in known)


def kept_at(kind: str, path: str) -> str:
    """Give where an item keeps what *path* asks for.

    Adobe's guide filters runs by ``state`` as well, which no run that it prints has once it is over: the state of a run
    is its status.
    """
    return _RUN_STATUS if (kind, path) == ("runs", "state") else path


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
    path = kept_at(kind, path)
    if path == _RUN_STATUS:  # Adobe's guide filters by Failed, its answers print failed
        values = tuple(_STATUSES.get(value.lower(), value) for value in values)
    return Condition(path, operator, values)


def _unknown(kind: str, path: str) -> FlowProblem:
    if kind == "connectionSpecs":
        return FlowProblem("1423-400", f"An unhandled field {path} was provided in the filter of connection specs.")
    return FlowProblem("1449-400", f"Invalid field {path} in filter params.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
