"""Flow Service: the connection specs and flow specs of the streaming sources, with Adobe's own ids."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from .flow_service import envelope, listing, missing, service
from .provenance import observed
from .service import Call

CONNECTION_SPECS = "connectionSpecs"
FLOW_SPECS = "flowSpecs"
HTTP_API = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
_SOURCE = "Streaming SDK pages, create and update-flow-specs"
_NOTE = "labels, and that the flow spec lists the released sources"


@cache
def known(kind: str) -> dict[str, dict[str, Any]]:
    """Give the specs of a kind by id."""
    specs = orjson.loads(files(__package__).joinpath("specs.json").read_bytes())
    return {spec["id"]: spec for spec in specs[kind]}


def _register(kind: str, list_name: str, get_name: str) -> None:
    @service.operation("GET", f"/{kind}", list_name, observed(_SOURCE, _NOTE), permission="view-sources")
    def every(call: Call) -> dict[str, Any]:
        return listing(call, kind, list(known(kind).values()))

    @service.operation("GET", f"/{kind}/{{id}}", get_name, observed(_SOURCE, _NOTE), permission="view-sources")
    def one(call: Call) -> dict[str, Any]:
        spec = known(kind).get(call.part("id"))
        if spec is None:
            raise missing(kind, call.part("id"))
        return envelope([spec])


_register(CONNECTION_SPECS, "listConnectionSpecs", "retrieveConnectionSpec")
_register(FLOW_SPECS, "listFlowSpecs", "retrieveFlowSpec")
