"""Flow Service's common ground: how an item is made, read, patched and answered, and its etag."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from starlette.responses import Response

from ..front import patch
from ..front.dialects import FlowDialect
from ..front.problems import FlowProblem, Problem
from ..front.service import Call, Service, answer
from . import flow_fields

service = Service("Flow Service", "/data/foundation/flowservice", FlowDialect())

DRAFT = "draft"
SETTABLE_STATES = ("enabled", "disabled", "initializing")


def missing(kind: str, id: str) -> Problem:
    """Refuse an id that is not there: 404, as an answer printed by Adobe has it (its error page says 1439-400)."""
    text = f"{kind} not found with id = [{id}]"
    return Problem(404, {"errorMessage": text, "errorDetails": text})


def etag(now: int) -> str:
    """Make an etag in the printed form, quotes included: its last group is the second of the change."""
    return f'"{secrets.token_hex(4)}-0000-0200-0000-{now // 1000:08x}0000"'


def given(call: Call) -> dict[str, Any]:
    """Give the fields of the body that a client can set; raises 1405-400 for a body that cannot be read."""
    return {
        key: value for key, value in call.body().items()
        if key not in flow_fields.MANAGED and not key.startswith("_")
    }  # fmt: skip


def is_draft(call: Call) -> bool:
    """Tell whether ``mode=draft`` asks for a draft; raises 1453-400 for another mode."""
    mode = call.query("mode")
    if mode.lower() not in ("", DRAFT):
        raise FlowProblem("1453-400", f"Invalid query value mode={mode} provided in query param: draft is the one.")
    return bool(mode)


def origin(call: Call) -> dict[str, Any]:
    """Give what the service notes about the making of an item."""
    now, account, sandbox = call.now, call.caller.account, call.caller.sandbox
    return {
        "id": str(uuid.uuid4()), "createdAt": now, "updatedAt": now,
        "createdBy": account.technical_account, "updatedBy": account.technical_account,
        "createdClient": account.client_id, "updatedClient": account.client_id,
        "sandboxId": sandbox.id if sandbox else "", "sandboxName": sandbox.name if sandbox else "",
        "imsOrgId": call.caller.seat.org_id,
    }  # fmt: skip


def new_item(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Give a new item: what the client sets and what the service manages."""
    tag = etag(call.now)
    return {**origin(call), **body, "version": tag, "etag": tag}


def keep(call: Call, kind: str, item: dict[str, Any]) -> None:
    """Write an item."""
    call.scope.put(kind, item["id"], item, name=item.get("name"), now=item["updatedAt"])


def changed(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """Give *item* with a new etag, changed now and by the caller."""
    now, tag = call.now, etag(call.now)
    by = {"updatedBy": call.caller.account.technical_account, "updatedClient": call.caller.client_id}
    return item | {"updatedAt": now, "version": tag, "etag": tag} | by


def read(call: Call, kind: str) -> dict[str, Any]:
    """Give the item that the path names; raises the 404."""
    row = call.scope.get(kind, call.part("id"))
    if row is None:
        raise missing(kind, call.part("id"))
    return row.body


def created(item: dict[str, Any], kind: str) -> Response:
    """Answer 201 with id and etag."""
    return answer(receipt(item), 201, {"location": f"{service.base}/{kind}/{item['id']}"})


def receipt(item: dict[str, Any]) -> dict[str, Any]:
    """Give id and etag, which is all that a change answers with."""
    return {"id": item["id"], "etag": item["etag"]}


def check_etag(call: Call, item: dict[str, Any]) -> None:
    """Raise 1403-400 without ``If-Match`` and 1404-412 when it is not the item's etag, quotes included."""
    sent = call.request.headers.get("if-match")
    if not sent:
        raise FlowProblem("1403-400", "The header If-Match is missing.")
    if sent != item["etag"]:
        raise FlowProblem(
            "1404-412", f"Supplied version=[{sent}] does not match the current version on entity=[{item['etag']}]"
        )


def patched(call: Call, item: dict[str, Any], *, lone: bool = False) -> dict[str, Any]:
    """Give *item* with the body's JSON Patch applied and a new etag; raises 1405, 1434, 1455 or 1456-400.

    *lone*: one instruction may come without the array around it.
    """
    body = call.body((dict, list)) if lone else call.body(list)
    if not body:
        raise FlowProblem("1405-400", "The request body is empty: it has no patch instruction.")
    try:
        result = patch.patched(item, [body] if isinstance(body, dict) else body, strict=True)
    except patch.Unsupported as refused:
        raise FlowProblem("1434-400", f"Unsupported operation '{refused.operation}' received.") from refused
    except patch.PatchRefused as refused:
        raise FlowProblem("1455-400", f"An error has occurred while validating patch instructions: {refused}.") from (
            refused
        )
    if result.get("state") != item.get("state"):
        _check_state(item, result.get("state"))
    for field in item.keys() | result.keys():
        ours = field.startswith("_") or (field in flow_fields.MANAGED and field != "state")
        if ours and item.get(field) != result.get(field):
            raise FlowProblem("1455-400", f"Patch validation failed: the field {field} cannot be changed.")
    return changed(call, result)


def _check_state(item: dict[str, Any], state: Any) -> None:
    allowed = ", ".join(SETTABLE_STATES)
    if state not in SETTABLE_STATES:
        raise FlowProblem("1456-400", f"State {str(state)[:50]} is not a valid value. Allowed values are [{allowed}].")
    if item.get("state") == DRAFT:
        raise FlowProblem("1456-400", "A draft gets its state from the action publish.")
