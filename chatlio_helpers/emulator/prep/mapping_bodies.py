"""Data Prep: the body of a mapping set, in any of its vocabularies, and the form in which it is kept."""

from __future__ import annotations

import uuid
from typing import Any

from ..front import shapes
from ..front.problems import AepProblem, Problem
from ..front.service import Call
from ..registry import composition

LONGEST = 4096  # characters of a calculated field, a documented guardrail
STATUSES = ("DRAFT", "PUBLISHED")
_MAPPING = {
    "sourceType": str, "source": str, "destination": str, "sourceAttribute": str, "destinationXdmPath": str,
    "name": str, "description": str, "identity": bool, "primaryIdentity": bool, "identityGroup": str,
    "namespaceCode": str, "version": (int, str),
}  # fmt: skip
_SHAPE = {
    "name": str, "description": str, "tags": (dict, list), "inputSchema": dict, "status": str,
    "outputSchema": {"schemaRef": shapes.REFERENCE}, "schemaRef": shapes.REFERENCE, "xdmSchema": str,
    "xdmVersion": str, "transformScript": str, "strictMapping": bool, "allowNullValues": bool, "mappings": [_MAPPING],
}  # fmt: skip
_KEPT = ("name", "description", "tags", "inputSchema", "transformScript", "status", "strictMapping", "allowNullValues")
_TYPES = {
    "ATTRIBUTE": "ATTRIBUTE", "text/x.schema-path": "ATTRIBUTE",
    "EXPRESSION": "EXPRESSION", "text/x.aep-xl": "EXPRESSION",
    "STATIC": "STATIC",
}  # fmt: skip
_OLD_NAMES = {"source": "sourceAttribute", "destination": "destinationXdmPath"}


def bad(why: str) -> Problem:
    """Refuse a body or a query."""
    return AepProblem(400, "Bad Request", why)


def schema_reference(mapping_set: dict[str, Any]) -> dict[str, Any]:
    """Give the target schema ``{"id", "contentType"}`` of a mapping set; raises a 400 when it names none.

    It stands in ``outputSchema``, in older bodies at the top (``schemaRef``), in the oldest as ``xdmSchema``.
    """
    _check_shape(mapping_set)
    for place in (mapping_set.get("outputSchema") or {}, mapping_set):
        reference = place.get("schemaRef")
        if reference and reference.get("id"):
            return reference
    if mapping_set.get("xdmSchema"):
        return {"id": mapping_set["xdmSchema"], "contentType": mapping_set.get("xdmVersion") or "1.0"}
    raise bad("The mapping set names no target schema: outputSchema.schemaRef.id is missing.")


def schema(call: Call, mapping_set: dict[str, Any]) -> dict[str, Any]:
    """Give the resolved target schema of a mapping set; raises a 400 when it cannot be read."""
    id = schema_reference(mapping_set)["id"]
    try:
        return composition.resolved(call.scope, id)
    except (composition.Unresolved, composition.Conflict) as error:
        raise bad(f"The target schema {id} cannot be read: {error}.") from error


def rows(mapping_set: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the mappings of a set, each in both vocabularies; raises a 400 for one that says too little."""
    _check_shape(mapping_set)
    given = mapping_set.get("mappings")
    if not given:
        raise bad("The mapping set has no mappings.")
    return [row(one) for one in given]


def row(given: dict[str, Any]) -> dict[str, Any]:
    """Give one mapping in both vocabularies; raises a 400 when it says too little or a formula is too long."""
    wrong = shapes.misfit(given, _MAPPING, "The mapping")
    if wrong:
        raise bad(wrong)
    source, destination = (given.get(new) if given.get(new) is not None else given.get(old)
                           for new, old in _OLD_NAMES.items())  # fmt: skip
    if source is None or not destination:
        raise bad("Each mapping needs source and destination (or sourceAttribute and destinationXdmPath).")
    kind = _TYPES.get(given.get("sourceType") or "ATTRIBUTE")
    if kind is None:
        raise bad(f"The sourceType {given['sourceType'][:50]!r} is none of ATTRIBUTE, EXPRESSION, STATIC.")
    if kind == "EXPRESSION" and len(source) > LONGEST:
        raise bad(f"A calculated field holds at most {LONGEST} characters; that of {destination} has {len(source)}.")
    both = {"sourceType": kind, "source": source, "destination": destination}
    return {**given, **both, "sourceAttribute": source, "destinationXdmPath": destination}


def stored_row(call: Call, given: dict[str, Any], id: str = "", made: int | None = None) -> dict[str, Any]:
    """Give one mapping as it is kept: with an id of its own and what the service notes."""
    who, now = call.caller.account.technical_account, call.now
    return {
        **row(given), "id": id or uuid.uuid4().hex, "version": 0, "createdDate": now if made is None else made,
        "modifiedDate": now, "createdBy": who, "modifiedBy": who, "identity": bool(given.get("identity")),
        "primaryIdentity": bool(given.get("primaryIdentity")), "matchScore": 0.0, "functionVersion": 1,
    }  # fmt: skip


def stored(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Give a new mapping set as it is kept, version 0; raises a 400 for a body that is not one."""
    reference = schema_reference(body)
    schema(call, body)
    rows(body)
    status = body.get("status") or "PUBLISHED"
    if status not in STATUSES:
        raise bad(f"The status {status[:50]!r} is none of {', '.join(STATUSES)}.")
    who, now = call.caller.account.technical_account, call.now
    return {
        "id": uuid.uuid4().hex, "version": 0, "createdDate": now, "modifiedDate": now, "createdBy": who,
        "modifiedBy": who, "supportVersion": "1.1", "strictMapping": False, "allowNullValues": False,
        **{key: body[key] for key in _KEPT if body.get(key) is not None}, "status": status,
        "outputSchema": {"id": uuid.uuid4().hex, "version": 0, "schemaRef": reference},
        "mappings": [stored_row(call, one) for one in body["mappings"]],
        "xdmVersion": "1.0", "schemaRef": reference, "xdmSchema": reference["id"],
    }  # fmt: skip


def next_version(call: Call, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Give *new* as the version after *old*: same id, made when *old* was."""
    who = call.caller.account.technical_account
    kept = {name: old[name] for name in ("id", "createdDate", "createdBy")}
    return new | kept | {"version": old["version"] + 1, "modifiedDate": call.now, "modifiedBy": who}


def _check_shape(mapping_set: dict[str, Any]) -> None:
    wrong = shapes.misfit(mapping_set, _SHAPE)
    if wrong:
        raise bad(wrong)
