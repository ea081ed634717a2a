"""Schema Registry's audit log: what was changed in a resource, by whom and when.

The form is documented (Adobe's page on the audit log). That making and deleting are recorded too, and that the log of
a deleted resource can still be read, is assumed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..front.service import Call
from ..state.store import Row
from . import registry

KIND = "auditlog"
# What the registry derives or counts by itself is no change of anybody's.
_DERIVED = (registry.METADATA, "version", "refs", "imsOrg", "meta:extends", "meta:class", "meta:containerId",
            "meta:sandboxId", "meta:sandboxType", "meta:tenantNamespace", "meta:xdmType", "meta:altId", "$id",
            "meta:resourceType", "meta:extensible", "meta:abstract")  # fmt: skip


def write(call: Call, kind: str, resource: dict[str, Any], old: dict[str, Any] | None = None) -> None:
    """Write a resource, and what it changes of *old* (None: it is new)."""
    registry.put(call, kind, resource)
    changes = list(_differences(_own(old or {}), _own(resource), ""))
    if changes or old is None:
        _record(call, kind, resource["$id"], changes)


def delete(call: Call, kind: str, resource: dict[str, Any]) -> None:
    """Delete a resource, and record that."""
    call.scope.delete(kind, resource["$id"])
    _record(call, kind, resource["$id"], [{"action": "remove", "path": "", "value": resource["title"]}])


def read(call: Call, id: str) -> list[dict[str, Any]] | None:
    """Give the changes of a resource and of what it is made of, newest first; None for an id that never was."""
    resource = registry.find(call.scope, id)
    if resource is None:
        rows = call.scope.find(KIND, registry.full_id(id))
        return [row.body for row in reversed(rows)] or None
    found = call.scope.find(KIND, resource["$id"])
    for part in registry.needed(call.scope, resource):
        found += _since(call, part, resource)
    found = sorted(found, key=lambda row: row.created)  # what came in one millisecond stays in its order
    return [row.body | {"id": resource["$id"]} for row in reversed(found)]


def _since(call: Call, part: dict[str, Any], resource: dict[str, Any]) -> list[Row]:
    """Give the changes of a part since *resource* is there."""
    made = resource.get(registry.METADATA, {}).get("repo:createdDate", 0)
    return [row for row in call.scope.find(KIND, part["$id"]) if row.created > made]


def _record(call: Call, kind: str, id: str, changes: list[dict[str, Any]]) -> None:
    account, sandbox, now = call.caller.account, call.caller.sandbox, call.now
    entry = {
        "id": id, "updatedUser": account.technical_account, "imsOrg": call.caller.seat.org_id,
        "updatedTime": datetime.fromtimestamp(now / 1000, UTC).strftime("%m-%d-%Y %H:%M:%S"),
        "requestId": secrets.token_urlsafe(24), "clientId": account.client_id,
        "sandBoxId": sandbox.id if sandbox else "",
        "updates": [{"id": id, "xdmType": kind, **change} for change in changes],
    }  # fmt: skip
    call.scope.put(KIND, secrets.token_hex(16), entry, name=id, now=now)


def _own(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key not in _DERIVED}


def _differences(old: Any, new: Any, path: str) -> Iterator[dict[str, Any]]:
    """Give action, JSON Pointer and value of each place where *new* differs from *old*."""
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = old, new
    elif isinstance(old, list) and isinstance(new, list):
        before, after = ({str(at): value for at, value in enumerate(each)} for each in (old, new))
    else:
        if old != new:
            yield {"action": "replace", "path": path, "value": new}
        return
    for key in before.keys() - after.keys():
        yield {"action": "remove", "path": f"{path}/{_escaped(key)}", "value": before[key]}
    for key, value in after.items():
        if key in before:
            yield from _differences(before[key], value, f"{path}/{_escaped(key)}")
        else:
            yield {"action": "add", "path": f"{path}/{_escaped(key)}", "value": value}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
