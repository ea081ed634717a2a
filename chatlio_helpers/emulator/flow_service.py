"""Flow Service's common ground: list envelope, etags, filters, paging; how an item is made, read and changed."""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from . import filters, patch
from .dialects import FlowDialect
from .problems import FlowProblem, NotBuilt, Problem
from .service import Call, Service, answer

service = Service("Flow Service", "/data/foundation/flowservice", FlowDialect())

DEFAULT_LIMIT, MOST = 20, 100
_PARAMETERS = {"property", "orderby", "limit", "continuationToken", "count"}
_SORTABLE = {"id", "name", "description", "state", "createdAt", "updatedAt", "flowId"}
_FIELDS = {
    "connectionSpecs": ("id", "name", "providerId", "attributes."),
    "flowSpecs": ("id", "name", "providerId", "attributes.", "sourceConnectionSpecIds[]"),
    "connections": ("id", "name", "description", "connectionSpec.id", "state"),
    "sourceConnections": ("id", "name", "connectionSpec.id", "baseConnectionId"),
    "targetConnections": ("id", "name", "connectionSpec.id", "baseConnectionId"),
    "flows": (
        "id", "name", "description", "flowSpec.id", "state", "sourceConnectionIds[]", "targetConnectionIds[]",
        "inheritedAttributes.",
    ),
    "runs": (
        "id", "flowId", "state", "metrics.durationSummary.startedAtUTC", "metrics.durationSummary.completedAtUTC",
        "metrics.statusSummary.status",
    ),
}  # fmt: skip


def missing(kind: str, id: str) -> Problem:
    """Refuse an id that is not there: 404, as an answer printed by Adobe has it (its error page says 1439-400)."""
    text = f"{kind} not found with id = [{id}]"
    return Problem(404, {"errorMessage": text, "errorDetails": text})


def etag(now: int) -> str:
    """Make an etag in the printed form, quotes included: its last group is the second of the change."""
    return f'"{secrets.token_hex(4)}-0000-0200-0000-{now // 1000:08x}0000"'


def new_item(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Give a new item: the client's fields, with what the service manages put over them."""
    now, seat, account, sandbox = call.now, call.caller.seat, call.caller.account, call.caller.sandbox
    tag = etag(now)
    return {
        "id": str(uuid.uuid4()), "createdAt": now, "updatedAt": now,
        "createdBy": account.technical_account, "updatedBy": account.technical_account,
        "createdClient": account.client_id, "updatedClient": account.client_id,
        "sandboxId": sandbox.id if sandbox else "", "sandboxName": sandbox.name if sandbox else "",
        "imsOrgId": seat.org_id, **body, "version": tag, "etag": tag,
    }  # fmt: skip


def refuse_drafts(call: Call) -> None:
    """Raise 501 for ``mode=draft``, which is not built."""
    if call.query("mode"):
        raise NotBuilt(f"mode={call.query('mode')}", call.request.method, call.request.url.path)


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


def envelope(items: list[dict[str, Any]], next_href: str = "") -> dict[str, Any]:
    """Give a list as the service wraps it; a single item comes so too."""
    shown = [{key: value for key, value in item.items() if not key.startswith("_")} for item in items]
    return {"items": shown, "_links": {"next": {"href": next_href}} if next_href else {}}


def check_etag(call: Call, item: dict[str, Any]) -> None:
    """Raise 1403-400 without ``If-Match`` and 1404-412 when it is not the item's etag, quotes included."""
    given = call.request.headers.get("if-match")
    if not given:
        raise FlowProblem("1403-400", "The header If-Match is missing.")
    if given != item["etag"]:
        raise FlowProblem(
            "1404-412",
            f"Supplied version=[{given}] does not match the current version on entity=[{item['etag']}]",
        )


def patched(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """Give *item* with the body's JSON Patch applied and a new etag; raises 1434-400 or 1455-400."""
    try:
        result = patch.patched(item, call.body(list))
    except patch.PatchRefused as refused:
        code = "1434-400" if refused.operation in ("move", "copy", "test") else "1455-400"
        raise FlowProblem(code, f"Patch validation failed: {refused}.") from refused
    if result["id"] != item["id"]:
        raise FlowProblem("1455-400", "Patch validation failed: the id cannot be changed.")
    return changed(call, result)


def listing(call: Call, kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Filter, sort and page *items* as the query says; raises the documented refusals.

    *items* come newest first, which also decides between those that are equal in the order asked for.
    """
    query = call.request.query_params
    unknown = sorted(set(query) - _PARAMETERS)
    if unknown:
        raise FlowProblem("1451-400", f"Invalid query parameter: {', '.join(unknown)}.")
    conditions = [_condition(kind, text) for text in query.getlist("property")]
    found = [item for item in items if all(condition.holds(item) for condition in conditions)]
    if query.get("count", "").lower() == "true":
        if "limit" in query:
            raise FlowProblem("1401-400", "limit and count cannot be in one request.")
        return {"count": len(found)}
    return _page(call, kind, _sorted(found, query.get("orderby", "-createdAt")))


def _condition(kind: str, text: str) -> filters.Condition:
    try:
        condition = filters.parse(text, several=True)
    except filters.NotACondition as error:
        raise FlowProblem("1450-400", f"Invalid operator in the filter [{text}].") from error
    allowed = _FIELDS[kind]
    if not any(condition.path == field or (field[-1] == "." and condition.path.startswith(field)) for field in allowed):
        raise FlowProblem("1449-400", f"Invalid field [{condition.path}] in the filter.")
    if condition.operator == "~":
        raise FlowProblem("1440-400", "The operator ~ is not implemented.")
    if not all(condition.values):
        raise FlowProblem("1453-400", f"Invalid query value in [{text}].")
    if condition.path == "id" and condition.operator not in ("==", "!="):
        raise FlowProblem("1448-400", f"The operator {condition.operator} is not supported for the field id.")
    if condition.operator not in ("==", "!=") and len(condition.values) > 1:
        raise FlowProblem("1443-400", f"The operator {condition.operator} is not allowed for multiple values.")
    return condition


def _sorted(items: list[dict[str, Any]], orderby: str) -> list[dict[str, Any]]:
    for part in reversed(orderby.split(",")):
        found = re.fullmatch(r"([-+ ]?)([A-Za-z.]+)", part)  # a plus sign arrives as a space when it is not encoded
        if not found:
            raise FlowProblem("1432-400", f"Wrong sort order [{part}]: put + or - before the field.")
        sign, field = found.groups()
        if field not in _SORTABLE:
            raise FlowProblem("1433-400", f"Wrong field [{field}] in orderby.")
        items = sorted(items, key=lambda item: _sort_key(item.get(field)), reverse=sign == "-")
    return items


def _sort_key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value or ""))


def _page(call: Call, kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    query = call.request.query_params
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not limit.isdigit() or not int(limit):
        raise FlowProblem("1452-400", f"Invalid value [{limit}] for the field limit.")
    start, size = _start(query.get("continuationToken", "")), min(int(limit), MOST)
    if start + size >= len(items):
        return envelope(items[start:])
    token = base64.urlsafe_b64encode(f"from:{start + size}".encode()).decode()
    kept = [(key, value) for key, value in query.multi_items() if key != "continuationToken"]
    href = f"/{kind}?{urlencode([*kept, ('continuationToken', token)], quote_via=quote)}"
    return envelope(items[start : start + size], href)


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from:"))
    except ValueError as error:
        raise FlowProblem("1453-400", "Invalid query value in [continuationToken].") from error
