"""Schema Registry: unions, the read-only views over all schemas of a class that are enabled for Profile."""

from __future__ import annotations

import hashlib
from typing import Any

from ..front.service import Call
from ..provenance import documented
from ..state.store import Scope
from . import accept, composition, registry, schema_lists, union_rules
from .schema_service import not_found, service
from .xdm_classes import IDENTITY_MAP, RECORD, SEGMENTATION

MARK = "__union"
_SOURCE = "xdm/api/unions"
_EVENTS = {"timeSeriesEvents": {"title": "Time-series events", "type": "array", "items": {"type": "object"},
                                "description": "The events that belong to the record."}}  # fmt: skip


@service.operation(
    "GET", "/tenant/unions", "listUnionSchemas", documented(_SOURCE, "version 1.0, as the description prints it"),
    permission="view-schemas",
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give the unions, one for each class that has a schema with the tag ``union``; raises XDM-1006-400."""
    form = accept.list_form(call)
    page, rest = schema_lists.given(call, bodies(call), "/tenant/unions")
    shown = [registry.identity(one) for one in page] if form == "-id" else page
    return {"results": shown, **rest}


@service.operation(
    "GET", "/tenant/unions/{id:path}", "retrieveUnionSchema", documented(_SOURCE), permission="view-schemas"
)
def one(call: Call) -> dict[str, Any]:
    """Give one union in the form that ``Accept`` names; raises XDM-1007-400."""
    form = accept.lookup_form(call, "unions")
    found = find(call, call.part("id"))
    if found is None:
        raise not_found("unions", call.part("id"))
    whole = shown(call.scope, found, form)
    return accept.without_text(whole) if form.endswith("notext") else whole


def shown(scope: Scope, union: dict[str, Any], form: str) -> dict[str, Any]:
    """Give a union as it is, or with all references resolved."""
    return composition.composed(scope, union) if "full" in form or "deprecate" in form else union


def find(call: Call, id: str) -> dict[str, Any] | None:
    """Give the union of an ``$id`` or ``meta:altId``, or None."""
    base = registry.find(call.scope, id.removesuffix(MARK), ("classes",)) if id.endswith(MARK) else None
    schemas = union_rules.members(call.scope, base["$id"]) if base else []
    return _body(call, base, schemas) if base and schemas else None


def bodies(call: Call) -> list[dict[str, Any]]:
    """Give every union, in the order in which their classes got their first schema."""
    by_class: dict[str, list[dict[str, Any]]] = {}
    for schema in union_rules.members(call.scope):
        by_class.setdefault(schema["meta:class"], []).append(schema)
    classes = {id: registry.find(call.scope, id, ("classes",)) for id in by_class}
    return [_body(call, base, by_class[id]) for id, base in classes.items() if base]


def _body(call: Call, base: dict[str, Any], schemas: list[dict[str, Any]]) -> dict[str, Any]:
    # The registry puts the last two into every union by itself.
    ids = dict.fromkeys([base["$id"], *union_rules.parts(schemas), IDENTITY_MAP, SEGMENTATION])
    parts: list[dict[str, Any]] = [{"$ref": id} for id in ids]
    if RECORD in base.get("meta:extends", ()):
        parts.append({"type": "object", "properties": _EVENTS})
    extends = dict.fromkeys(id for one in schemas for id in (one["$id"], *one.get("meta:extends", ())))
    mark = hashlib.sha256("".join(one[registry.METADATA]["eTag"] for one in schemas).encode()).hexdigest()
    return {
        "$id": base["$id"] + MARK, "meta:altId": base["meta:altId"] + MARK, "meta:resourceType": "unions",
        "version": "1.0", "title": base["title"], "type": "object", "description": base.get("description", ""),
        "allOf": parts, "meta:extends": list(extends), "meta:xdmType": "object", "meta:class": base["$id"],
        registry.METADATA: {"eTag": mark, "meta:globalLibVersion": registry.LIBRARY}, **registry.placed(call),
    }  # fmt: skip
