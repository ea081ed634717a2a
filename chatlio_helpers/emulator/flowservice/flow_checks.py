"""What Flow Service checks before a dataflow is made or changed."""

from __future__ import annotations

import re
from typing import Any

from ..front import shapes
from ..front.problems import FlowProblem, Problem
from ..front.service import Call
from ..prep import mapping_bodies, mappings
from . import connections, specs
from .flow_service import DRAFT

_SHAPE = {
    "name": str, "description": str, "flowSpec": shapes.REFERENCE, "sourceConnectionIds": [str],
    "targetConnectionIds": [str], "options": dict, "scheduleParams": dict,
    "transformations": [{"name": str, "params": {"mappingId": str, "mappingVersion": (str, int)}}],
}  # fmt: skip
_OPTION_KINDS: dict[str, Any] = {"boolean": bool, "number": (int, float), "integer": int, "string": str}
SchemaId = tuple[str, int]  # the $id and its major version


def check_shape(flow: dict[str, Any]) -> None:
    """Raise 1454-400 when a field of *flow* is of another type than the service reads."""
    wrong = shapes.misfit(flow, _SHAPE)
    if wrong:
        raise FlowProblem("1454-400", wrong)


def check(call: Call, flow: dict[str, Any]) -> None:
    """Raise the documented refusal when *flow* names what is not there or does not fit together."""
    check_shape(flow)
    spec = specs.named(call, specs.FLOW_SPECS, flow.get("flowSpec") or {})
    _check_options(flow, spec)
    sources = [_connection(call, connections.SOURCE, id) for id in _ids(flow, "sourceConnectionIds")]
    targets = [_connection(call, connections.TARGET, id) for id in _ids(flow, "targetConnectionIds")]
    for connection, allowed in [(one, "sourceConnectionSpecIds") for one in sources] + [
        (one, "targetConnectionSpecIds") for one in targets
    ]:
        if connection["state"] == DRAFT:
            raise FlowProblem("1455-400", f"Validation failed: [{connection['id']}] is a draft, publish it first.")
        if connection["connectionSpec"]["id"] not in spec.get(allowed, ()):
            raise FlowProblem("1413-400", f"Invalid spec id [{connection['connectionSpec']['id']}] for this flow spec.")
    schemas = [schema for target in targets for schema in _target_schemas(call, target)]
    for transformation in flow.get("transformations") or []:
        _check_mapping(call, transformation, schemas)


def inherited(call: Call, flow: dict[str, Any]) -> dict[str, Any]:
    """Give the attributes that a dataflow shows of its connections (a draft may name some that are not there)."""
    shown: dict[str, Any] = {"properties": {"isSourceFlow": True}}
    for kind in (connections.SOURCE, connections.TARGET):
        rows = [call.scope.get(kind, id) for id in flow.get(f"{kind.removesuffix('s')}Ids") or ()]
        shown[kind] = [
            {"id": row.id, "connectionSpec": row.body.get("connectionSpec")} | row.body.get("inheritedAttributes", {})
            for row in rows if row
        ]  # fmt: skip
    return shown


def taken(call: Call, flow: dict[str, Any]) -> dict[str, Any]:
    """Give what a checked dataflow keeps of its connections: ``_dataset``, the dataset's id, and ``_bases``, the ids of
    the base connections. A later change of a connection does not reach the dataflow (documented).
    """
    targets = [_connection(call, connections.TARGET, id) for id in _ids(flow, "targetConnectionIds")]
    sources = [_connection(call, connections.SOURCE, id) for id in _ids(flow, "sourceConnectionIds")]
    bases = [one["baseConnectionId"] for one in sources if one.get("baseConnectionId")]
    return {"_dataset": targets[0]["params"]["dataSetId"], "_bases": bases}


def schema_id(reference: Any) -> SchemaId | None:
    """Give ``$id`` and major version of a schema reference in any of the forms that the services use."""
    if not isinstance(reference, dict) or not reference.get("id"):
        return None
    text = str(reference.get("contentType") or reference.get("version") or "")
    found = re.search(r"version\s*=\s*(\d+)", text) or re.match(r"(\d+)", text)
    return reference["id"], int(found[1]) if found else 1


def _check_options(flow: dict[str, Any], spec: dict[str, Any]) -> None:
    """Raise 1454 or 1452-400 for an option that is not as the flow spec's ``optionSpec`` describes it."""
    described: Any = spec.get("optionSpec")
    for step in ("spec", "properties"):  # a seat may have put its own flow spec there, of any content
        described = described.get(step) if isinstance(described, dict) else None
    if not isinstance(described, dict):
        return
    for name, value in (flow.get("options") or {}).items():
        rule = described.get(name)
        if isinstance(rule, dict):
            _check_option(f"options.{name}", value, rule)


def _check_option(path: str, value: Any, rule: dict[str, Any]) -> None:
    kinds = _OPTION_KINDS.get(str(rule.get("type")))
    wrong = shapes.misfit(value, kinds, path) if kinds else ""
    if wrong:
        raise FlowProblem("1454-400", wrong)
    least = rule.get("exclusiveMinimum")
    numbers = [one for one in (value, least) if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) == 2 and not numbers[0] > numbers[1]:
        raise FlowProblem("1452-400", f"Invalid value {value} for field {path}: it must be more than {least}.")


def _ids(flow: dict[str, Any], field: str) -> list[str]:
    ids = flow.get(field)
    if not isinstance(ids, list) or not ids:
        raise FlowProblem("1455-400", f"Validation failed: missing field [{field}].")
    return [str(id) for id in ids]


def _connection(call: Call, kind: str, id: str) -> dict[str, Any]:
    row = call.scope.get(kind, id)
    if row is None:
        raise FlowProblem("1439-400", f"Requested {kind} resource [{id}] not found.")
    return row.body


def _target_schemas(call: Call, target: dict[str, Any]) -> list[SchemaId]:
    """Give the schema of the target's dataset, and the one that the target itself names, if any."""
    id = (target.get("params") or {}).get("dataSetId")
    row = call.scope.get("dataSets", str(id))
    if row is None:
        raise FlowProblem("1452-400", f"Invalid value [{id}] for the field params.dataSetId: no such dataset.")
    named = schema_id((target.get("data") or {}).get("schema"))
    return [schema for schema in (schema_id(row.body.get("schemaRef")), named) if schema]


def _check_mapping(call: Call, transformation: Any, schemas: list[SchemaId]) -> None:
    params = transformation.get("params") if isinstance(transformation, dict) else None
    if not isinstance(params, dict) or transformation.get("name") != "Mapping" or not params.get("mappingId"):
        raise FlowProblem("1455-400", "Validation failed: a transformation needs name Mapping and params.mappingId.")
    id, version = params["mappingId"], str(params.get("mappingVersion", 0))
    if not re.fullmatch(r"[0-9]{1,9}", version):
        raise FlowProblem("1412-400", f"Invalid mapping version [{version}].")
    found = mappings.load(call.scope, str(id), int(version))
    if found is None and mappings.load(call.scope, str(id)):
        raise FlowProblem("1412-400", f"Invalid mapping version [{version}].")
    if found is None or not _is_sound(call, found):
        raise FlowProblem("1419-400", f"Mapping [{id}] version [{version}] failed validation.")
    mapped = schema_id(mapping_bodies.schema_reference(found))
    for schema in schemas:
        if schema != mapped:
            raise FlowProblem(
                "1425-400",
                "The schema of the target dataset does not match the schema of the mapping: "
                f"{schema[0]} version {schema[1]} and {mapped[0] if mapped else None} version "
                f"{mapped[1] if mapped else None}. Both need the same id and version.",
            )


def _is_sound(call: Call, mapping_set: dict[str, Any]) -> bool:
    try:
        faults = mappings.validated(call, mapping_set)
    except Problem:
        return False
    return all(fault["status"] == "SUCCESS" for fault in faults)
