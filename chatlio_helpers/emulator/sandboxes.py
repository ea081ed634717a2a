"""Sandbox management: which sandboxes there are and which of them this account may use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .problems import AepProblem
from .provenance import documented
from .seats import Sandbox, Seat
from .service import Call, Service

service = Service("Sandbox management", "/data/foundation/sandbox-management")
routes = service.routes
_SOURCE = "sandbox.yaml"


@service.operation("GET", "/", "listAvailableSandboxes", documented(_SOURCE), sandboxed=False)
def available(call: Call) -> dict[str, Any]:
    """Give the sandboxes that this account may use; needs no permission."""
    return _page(call, [sandbox for sandbox in call.caller.seat.sandboxes if sandbox.permitted])


@service.operation(
    "GET", "/sandboxes", "listSandboxes", documented(_SOURCE, "the full account may administer sandboxes"),
    permission="view-sandboxes", sandboxed=False,
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give all sandboxes of the organisation."""
    return _page(call, list(call.caller.seat.sandboxes))


@service.operation(
    "GET", "/sandboxes/{name}", "retrieveSandbox", documented(_SOURCE, "code of an unknown name"),
    permission="view-sandboxes", sandboxed=False,
)  # fmt: skip
def one(call: Call) -> dict[str, Any]:
    """Give one sandbox."""
    name = call.part("name")
    for sandbox in call.caller.seat.sandboxes:
        if sandbox.name == name:
            return _shown(call.caller.seat, sandbox)
    raise AepProblem(404, "Sandbox not found", f"No sandbox exists with name [{name}].")


@service.operation("GET", "/sandboxTypes", "listSandboxTypes", documented(_SOURCE), sandboxed=False)
def types(call: Call) -> dict[str, Any]:
    """Give the two types of sandboxes."""
    return {"sandboxTypes": ["production", "development"]}


def _page(call: Call, sandboxes: list[Sandbox]) -> dict[str, Any]:
    limit = int(call.query("limit")) if call.query("limit").isdigit() else 20
    start = call.query("start") or call.query("offset")
    first = int(start) if start.isdigit() else 0
    shown = [_shown(call.caller.seat, sandbox) for sandbox in sandboxes[first : first + limit]]
    href = f"{call.base_url}{service.base}{{?limit,offset}}"
    links = {"page": {"href": href, "templated": True}}
    return {"sandboxes": shown, "_page": {"limit": limit, "count": len(shown)}, "_links": links}


def _shown(seat: Seat, sandbox: Sandbox) -> dict[str, Any]:
    date = datetime.fromtimestamp(seat.created / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    who = seat.account("full").technical_account
    return {
        "name": sandbox.name, "title": sandbox.title, "state": "active", "type": sandbox.type, "region": "VA7",
        "isDefault": sandbox.name == "prod", "eTag": 1, "createdDate": date, "lastModifiedDate": date,
        "createdBy": who, "modifiedBy": who,
    }  # fmt: skip
