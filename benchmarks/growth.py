"""Lists, filters and creations with 10,000 objects of each kind, beside the same with 100."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode

from chatlio_helpers.onboarding import blueprint

from . import load_state, load_target
from .children import Failed, scratch
from .figure import Figure
from .servers import local_platform

FEW, MANY, ROUNDS = 100, 10_000, 15
PAGE = 20  # objects: Flow Service's own page; as many of each kind, so that there are enough with few, too
SANDBOX, KIND = "dev", load_target.KIND
_CATALOG, _FLOWS, _XDM = "/catalog/dataSets", "/flowservice", "/schemaregistry/tenant"
_PATHS = {
    "flows": f"{_FLOWS}/flows", "datasets": _CATALOG, "schemas": f"{_XDM}/schemas",
    "field groups": f"{_XDM}/fieldgroups", "source connections": f"{_FLOWS}/sourceConnections",
    "target connections": f"{_FLOWS}/targetConnections", "mapping sets": "/conversion/mappingSets",
}  # fmt: skip
_FILTERS = {  # a filter that one object fits
    "flows": "property=name==", "datasets": "name=", "schemas": "property=title==", "field groups": "property=title==",
    "source connections": None, "target connections": None, "mapping sets": "name=",
}  # fmt: skip
_BLUEPRINTS = {
    "flows": f"flows:{KIND}", "datasets": "dataSets", "schemas": "schemas", "field groups": "fieldgroups",
    "source connections": f"sourceConnections:{KIND}", "target connections": f"targetConnections:{KIND}",
    "mapping sets": f"mappingSets:{KIND}",
}  # fmt: skip
Call = Callable[["Caller"], None]


@dataclass
class Caller:
    """A client of one platform, with the ids of the chain that stands there."""

    connection: HTTPConnection
    headers: dict[str, str]
    ids: dict[str, str]
    tenant: str = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call one of Adobe's services; raises Failed when it refuses."""
        content = None if body is None else json.dumps(body)
        headers = self.headers | ({"content-type": "application/json"} if content else {})
        self.connection.request(method, "/data/foundation" + path, content, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Failed(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)


def measure() -> list[Figure]:
    """Give the milliseconds of listing, filtering and creating flows, and of the kind that grew most beside them."""
    with scratch() as home, ExitStack() as servers:
        few, many = (_caller(home / str(number), number, servers) for number in (FEW, MANY))
        return [figure for what, calls in _calls().items() for figure in _figures(what, calls, few, many)]


def _caller(home: Path, objects: int, servers: ExitStack) -> Caller:
    platform = home / "platform"
    with local_platform(platform):
        load_target.webhook(home)
    load_state.fill(platform, objects)
    server = servers.enter_context(local_platform(platform))
    keys = json.loads((platform / "credentials" / "default.json").read_text())
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/ims/token/v3?" + urlencode({
        "grant_type": "client_credentials", "client_id": keys["client_id"], "client_secret": keys["secret"],
        "scope": keys["scopes"],
    }))  # fmt: skip
    token = json.loads(connection.getresponse().read())["access_token"]
    headers = {"authorization": f"Bearer {token}", "x-api-key": keys["client_id"], "x-sandbox-name": SANDBOX,
               "x-gw-ims-org-id": keys["org_id"], "accept": "application/vnd.adobe.xed+json"}  # fmt: skip
    caller = Caller(connection, headers, {})
    caller.tenant = caller.call("GET", "/schemaregistry/stats")["tenantId"]
    _chain(caller)
    return caller


def _chain(caller: Caller) -> None:
    """Make one more chain, whose ids the creations refer to."""
    for wanted in blueprint.blueprint([KIND], prefix="growth", tenant=caller.tenant):
        kind = next(kind for kind, key in _BLUEPRINTS.items() if key == wanted.key)
        made = caller.call("POST", _PATHS[kind], wanted.body(caller.ids))
        caller.ids[wanted.key] = made[0].rpartition("/")[2] if isinstance(made, list) else made.get("$id") or made["id"]


def _calls() -> dict[str, dict[str, Call]]:
    return {
        "listing": {kind: _listing(f"{path}?limit={PAGE}") for kind, path in _PATHS.items()},
        "filtering": {
            kind: _listing(f"{_PATHS[kind]}?{text}{quote(_name(kind))}") for kind, text in _FILTERS.items() if text
        },
        "creating": {kind: _creating(kind) for kind in _PATHS},
    }


def _name(kind: str) -> str:
    return next(
        wanted.name
        for wanted in blueprint.blueprint([KIND], prefix="growth", tenant="")
        if wanted.key == _BLUEPRINTS[kind]
    )


def _listing(path: str) -> Call:
    def call(caller: Caller) -> None:
        caller.call("GET", path)

    return call


def _creating(kind: str) -> Call:
    numbers = count()

    def call(caller: Caller) -> None:
        prefix = f"made {next(numbers)}"
        plan = blueprint.blueprint([KIND], prefix=prefix, tenant=caller.tenant)
        body = next(wanted.body(caller.ids) for wanted in plan if wanted.key == _BLUEPRINTS[kind])
        caller.call("POST", _PATHS[kind], body)

    return call


def _figures(what: str, calls: dict[str, Call], few: Caller, many: Caller) -> list[Figure]:
    """Give the figure of flows, and that of the other kind whose cost grew most."""
    figures = {kind: _figure(f"{what} {kind} at {MANY:,} objects", call, few, many) for kind, call in calls.items()}
    flows = figures.pop("flows")
    return [flows, max(figures.values(), key=lambda figure: figure.ratio or 0)]


def _figure(what: str, call: Call, few: Caller, many: Caller) -> Figure:
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    call(few), call(many)
    for _ in range(ROUNDS):
        for number, caller in ((FEW, few), (MANY, many)):
            began = time.perf_counter()
            call(caller)
            times[number].append(1000 * (time.perf_counter() - began))
    return Figure(what, "ms", median(times[MANY]), f"at {FEW}", median(times[FEW]), at_most_ratio=2)
