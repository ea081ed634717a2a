"""Carrying resources from one sandbox or organisation to another: the payload of an export, and its import.

Documented (Adobe's pages on export and import): the payload holds a resource after all that it is made of, the tenant
id is a placeholder, ids stay, ``$id`` and title must be free where they arrive, and a conflict is XDM-3005-400.
That the tag ``union`` stays behind is assumed: a payload has no descriptors, without which it would not be allowed.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from ..front.problems import SchemaProblem
from ..front.service import Call
from . import audit_log, registry, schema_checks
from .schema_service import bad
from .union_rules import TAGS

PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"
_LEFT_BEHIND = ("refs", "imsOrg", registry.METADATA, "meta:containerId", "meta:tenantNamespace", TAGS)


def exported(call: Call, resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what an import needs to make *resource* elsewhere; Adobe's own resources are everywhere already."""
    found = [*registry.needed(call.scope, resource), resource]
    carried = [
        {key: value for key, value in one.items() if key not in _LEFT_BEHIND}
        for one in found
        if one["meta:containerId"] == "tenant"
    ]
    text = orjson.dumps(carried).decode()
    return orjson.loads(text.replace(call.caller.seat.tenant, PLACEHOLDER))


def imported(call: Call, payload: list[Any]) -> list[dict[str, Any]]:
    """Make every resource of *payload*, or none: raises XDM-3005-400."""
    text = orjson.dumps(payload).decode()
    try:
        written = [_written(call, one) for one in orjson.loads(text.replace(PLACEHOLDER, call.caller.seat.tenant))]
        checked = [schema_checks.checked(call, one["meta:resourceType"], one) for one in written]
    except SchemaProblem as problem:  # what was written goes again with the transaction of this call
        words = problem.body["detail"]
        raise _failed(words) from problem
    for one in checked:
        audit_log.write(call, one["meta:resourceType"], one)
    return checked


def _written(call: Call, given: Any) -> dict[str, Any]:
    """Write one resource as it came, so that the others can refer to it when they are checked."""
    if not isinstance(given, dict):
        raise bad("each entry of the payload must be a resource.")
    kind, id, tenant = given.get("meta:resourceType"), given.get("$id"), call.caller.seat.tenant
    if kind not in registry.TYPES:
        raise bad(f"the meta:resourceType must be one of {', '.join(registry.TYPES)}; it was {kind!r}.")
    found = re.fullmatch(rf"{registry.NAMESPACE}{tenant}/{kind}/([A-Za-z0-9_-]{{1,100}})", str(id))
    if found is None:
        raise bad(f"the $id {id!r} is none of {PLACEHOLDER} or of this organisation for {kind}.")
    if call.scope.get(kind, str(id)):
        raise bad(f"$id must be unique. An object {id} already exists")
    own = {key: value for key, value in given.items() if key not in _LEFT_BEHIND}
    version = own.get("version") if re.fullmatch(r"1\.\d{1,6}", str(own.get("version"))) else "1.0"
    managed = {"meta:altId": f"_{tenant}.{kind}.{found[1]}", "version": version}
    body = registry.completed(call, {**own, **managed})
    if not isinstance(body.get("title"), str) or not body["title"]:
        raise bad(f"the resource {id} needs a title.")
    registry.put(call, kind, body)
    return body


def _failed(why: str) -> SchemaProblem:
    return bad(f"Failed to import resources. Error: {why}", code="XDM-3005-400", title="Import Resource Failed")
