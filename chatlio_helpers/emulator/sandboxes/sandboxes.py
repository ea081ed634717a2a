"""Sandbox management: which sandboxes there are, which of them this account may use, and their life.

Documented (Adobe's Sandbox guide): 202 for create, reset and delete; the states; that a deleted sandbox can still be
looked up; that only the title can be changed; that the default production sandbox cannot be deleted; that ``limit``
and ``offset`` come together. The codes of the refusals are printed for resets only, in cases that cannot arise here.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from ..front.service import Call, Service, answer
from ..provenance import Known, documented
from ..state.seats import Sandbox
from . import sandbox_lists, sandbox_wipe
from .sandbox_problems import SandboxDialect, SandboxProblem

service = Service("Sandbox management", "/data/foundation/sandbox-management", SandboxDialect())
TYPES = ("production", "development")
DEFAULT, REGION = "prod", "VA7"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,255}")
_BRIEF = ("name", "title", "state", "type", "region")
_PERMISSIONS = {"GET": "view-sandboxes"}


def _operation(method: str, path: str, name: str, known: Known) -> Any:
    permission = _PERMISSIONS.get(method, "manage-sandboxes")
    return service.operation(method, path, name, known, permission=permission, sandboxed=False)


@service.operation(
    "GET", "/", "listAvailableSandboxes", documented("sandboxes/api/available", "those that are deleted are left out"),
    sandboxed=False,
)  # fmt: skip
def available(call: Call) -> dict[str, Any]:
    """Give the sandboxes that this account may use; needs no permission."""
    found = [one for one in call.caller.seat.sandboxes if one.permitted and one.state_at(call.now) != "deleted"]
    return sandbox_lists.page(call, f"{service.base}/", [shown(call, one) for one in found])


@_operation(
    "GET",
    "/sandboxes",
    "listSandboxes",
    documented("sandboxes/api/sandboxes", "the full account may view them; pages of 20, as the description says"),
)
def every(call: Call) -> dict[str, Any]:
    """Give all sandboxes of the organisation, whatever their state."""
    return sandbox_lists.page(
        call, f"{service.base}/sandboxes", [shown(call, one) for one in call.caller.seat.sandboxes]
    )


@_operation("POST", "/sandboxes", "createSandbox",
            documented("sandboxes/api/sandboxes", "pattern of a name; the name of a deleted sandbox is free again; the "
                       "dial enabling_delay stands for the 30 seconds until it is active"))  # fmt: skip
def create(call: Call) -> Response:
    """Make a sandbox: 202, ``creating``; raises 400 for a bad body and 409 for a name that is taken."""
    body = call.body()
    title, name = _title(body), body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SandboxProblem(400, f"The name {name!r} cannot be one: use a-z, 0-9 and dash, at most 256 of them.")
    if body.get("type") not in TYPES:
        raise SandboxProblem(400, f"The type must be {' or '.join(TYPES)}; it was {body.get('type')!r}.")
    others = [one for one in call.caller.seat.sandboxes if one.name != name or one.state_at(call.now) != "deleted"]
    if any(one.name == name for one in others):
        raise SandboxProblem(
            409, f"A sandbox with the name {name} exists already. Choose another name, or use that one."
        )
    who, now = call.caller.account.technical_account, call.now
    made = Sandbox(str(uuid.uuid4()), name, title, body["type"], True, "creating", _ready(call), now, now, 1, who, who)
    call.platform.seats.keep(call.caller.seat.name, (*others, made), now=now)
    return _accepted(call, made, "creating")


@_operation(
    "GET", "/sandboxes/{name:path}", "retrieveSandbox", documented("sandboxes/api/sandboxes", "code of an unknown name")
)
def one(call: Call) -> dict[str, Any]:
    """Give one sandbox, a deleted one too."""
    return shown(call, _find(call))


@_operation(
    "PATCH", "/sandboxes/{name:path}", "patchSandbox", documented("sandboxes/api/sandboxes", "other fields are refused")
)
def change(call: Call) -> dict[str, Any]:
    """Change the title; raises a 400 for anything else."""
    sandbox, body = _find(call), call.body()
    if set(body) - {"title"}:
        raise SandboxProblem(400, f"Only the title can be changed, not {', '.join(sorted(set(body) - {'title'}))}.")
    _check_active(call, sandbox, "changed")
    changed = replace(sandbox, title=_title(body))
    return shown(call, _keep(call, changed))


@_operation("PUT", "/sandboxes/{name:path}", "resetSandbox",
            documented("sandboxes/api/sandboxes", "nothing here is shared with Analytics or Audience Manager, so no "
                       "reset is refused or warned of for that"))  # fmt: skip
def reset(call: Call) -> Response:
    """Empty a sandbox, its objects and its landed data: 202, ``resetting``; with validationOnly only say so."""
    sandbox = _find(call)
    if call.body().get("action") != "reset":
        raise SandboxProblem(400, 'The action must be reset: send {"action": "reset"}.')
    _check_active(call, sandbox, "reset")
    if _only_validated(call):
        return _accepted(call, sandbox, sandbox.state_at(call.now), "id")
    changed = _keep(call, replace(sandbox, state="resetting", ready=_ready(call)))
    return _accepted(call, changed, "resetting", "id", wiped=True)


@_operation(
    "DELETE", "/sandboxes/{name:path}", "deleteSandbox", documented("sandboxes/api/sandboxes", "its data goes at once")
)
def delete(call: Call) -> Response:
    """Delete a sandbox and all that is in it: 202, ``deleted``; the default production sandbox stays."""
    sandbox = _find(call)
    if sandbox.name == DEFAULT:
        raise SandboxProblem(
            400, f"The sandbox {sandbox.name} is the default production sandbox: it cannot be deleted."
        )
    _check_active(call, sandbox, "deleted")
    if _only_validated(call):
        return _accepted(call, sandbox, sandbox.state_at(call.now))
    return _accepted(call, _keep(call, replace(sandbox, state="deleted")), "deleted", wiped=True)


@_operation("GET", "/sandboxTypes", "listSandboxTypes", documented("sandboxes/api/types"))
def types(call: Call) -> dict[str, Any]:
    """Give the two types of sandboxes."""
    return {"sandboxTypes": list(TYPES)}


def shown(call: Call, sandbox: Sandbox) -> dict[str, Any]:
    """Give a sandbox as the API shows it."""
    seat = call.caller.seat
    came_with = seat.account("full").technical_account
    return {
        "name": sandbox.name, "title": sandbox.title, "state": sandbox.state_at(call.now), "type": sandbox.type,
        "region": REGION, "isDefault": sandbox.name == DEFAULT, "eTag": sandbox.version,
        "createdDate": _date(sandbox.created or seat.created),
        "lastModifiedDate": _date(sandbox.modified or seat.created),
        "createdBy": sandbox.creator or came_with, "modifiedBy": sandbox.changer or came_with,
    }  # fmt: skip


def _find(call: Call) -> Sandbox:
    name = call.part("name")
    for sandbox in call.caller.seat.sandboxes:
        if sandbox.name == name:
            return sandbox
    raise SandboxProblem(404, f"No sandbox exists with name [{name}].")


def _check_active(call: Call, sandbox: Sandbox, what: str) -> None:
    state = sandbox.state_at(call.now)
    if state != "active":
        raise SandboxProblem(400, f"The sandbox {sandbox.name} is {state}: it can be {what} only when it is active.")


def _keep(call: Call, sandbox: Sandbox) -> Sandbox:
    """Write a changed sandbox in its place, with who changed it and when."""
    who = call.caller.account.technical_account
    kept = replace(sandbox, modified=call.now, changer=who, version=sandbox.version + 1)
    everyone = tuple(kept if one.id == kept.id else one for one in call.caller.seat.sandboxes)
    call.platform.seats.keep(call.caller.seat.name, everyone, now=call.now)
    return kept


def _accepted(call: Call, sandbox: Sandbox, state: str, *more: str, wiped: bool = False) -> Response:
    whole = {**shown(call, sandbox), "state": state, "id": sandbox.id}
    if wiped:
        sandbox_wipe.empty(call.platform, call.platform.store.within(call.caller.seat.name, sandbox.name), now=call.now)
    return answer({key: whole[key] for key in (*more, *_BRIEF)}, 202)


def _title(body: dict[str, Any]) -> str:
    title = body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise SandboxProblem(400, f"The title must be a text; it was {title!r}.")
    return title


def _only_validated(call: Call) -> bool:
    return call.query("validationOnly").lower() == "true"


def _ready(call: Call) -> int:
    return call.now + int(call.platform.dials["enabling_delay"] * 1000)


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
