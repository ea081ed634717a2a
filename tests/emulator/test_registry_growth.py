"""Schema Registry with many resources: what reads one page costs no more than with few."""

from __future__ import annotations

import copy
import secrets
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from running import EXPERIENCE_EVENT, Client, running

from chatlio_helpers.emulator.state.store import Scope, Store

TENANT = "/schemaregistry/tenant"
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
FEW, MANY = 50, 5000
SLACK = 0.02  # seconds; what a busy machine adds to a single call


def model(client: Client) -> dict[str, Any]:
    """Make a schema with a field group."""
    root = {"type": "object", "properties": {f"f{at}": {"type": "string", "title": "A field"} for at in range(10)}}
    own = {"type": "object", "properties": {f"_{client.tenant}": root}}
    group = {"title": "Group", "description": "d", "type": "object", "definitions": {"c": own},
             "allOf": [{"$ref": "#/definitions/c"}]}  # fmt: skip
    made = client.made("POST", f"{TENANT}/fieldgroups", group)
    return create(client, "Model", made["$id"])


def create(client: Client, title: str, *parts: str) -> dict[str, Any]:
    """Make a schema."""
    body = {"title": title, "description": "d", "type": "object",
            "allOf": [{"$ref": id} for id in (EXPERIENCE_EVENT, *parts)]}  # fmt: skip
    return client.made("POST", f"{TENANT}/schemas", body)


def multiply(scope: Scope, schema: dict[str, Any], times: int) -> None:
    """Write copies of a schema straight into the store, each with an id, a title and a time of its own."""
    metadata = "meta:registryMetadata"
    with scope.store.transaction():
        for number in range(times):
            body, key = copy.copy(schema), secrets.token_hex(24)
            now = schema[metadata]["repo:createdDate"] - number
            body["$id"] = schema["$id"].rpartition("/")[0] + f"/{key}"
            body["meta:altId"] = schema["meta:altId"].rpartition(".")[0] + f".{key}"
            body["title"] = f"Copy {number:05}"
            body[metadata] = {**schema[metadata], "repo:createdDate": now, "repo:lastModifiedDate": now}
            scope.put("schemas", body["$id"], body, name=body["title"], now=now)


def calls(client: Client, schema: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Give the calls whose cost must not grow."""
    listed, one = f"{TENANT}/schemas", f"{TENANT}/schemas/{schema['meta:altId']}"
    queries = {
        "last change": "orderby=updated", "title": "orderby=title", "a later page": "orderby=title&start=Copy 00030",
        "newest": "orderby=-created", "one title": "property=title==Copy 00007",
        "a class": f"property=meta:class=={EXPERIENCE_EVENT}",
    }  # fmt: skip
    found: dict[str, Callable[[], Any]] = {
        name: lambda query=query: client.made("GET", f"{listed}?{query}&limit=20", None, headers=IDS)
        for name, query in queries.items()
    }
    found["look-up"] = lambda: client.made("GET", one, None, headers=FULL)
    found["create"] = lambda: create(client, secrets.token_hex(8))
    found["change"] = lambda: client.made(
        "PATCH", one, [{"op": "replace", "path": "/description", "value": secrets.token_hex(4)}]
    )
    return found


def median(call: Callable[[], Any]) -> float:
    """Give the seconds of the middle one of some calls."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def test_a_page_costs_the_same_among_many(tmp_path: Path) -> None:
    """Lists by any column, filters, look-ups, new and changed schemas among 5,000 take no more than thrice as long."""
    with running(tmp_path / "state") as server:
        server.control("POST", "/seats", {"names": ["few", "many"]})
        models = {seat: model(Client(server, seat=seat)) for seat in ("few", "many")}
        server.stop()
        store = Store(server.folder)
        multiply(store.within("few", "dev"), models["few"], FEW)
        multiply(store.within("many", "dev"), models["many"], MANY)
        store.close()
        server.start()
        few, many = (calls(Client(server, seat=seat), models[seat]) for seat in ("few", "many"))
        slow = {name: (median(few[name]), median(many[name])) for name in few}
        assert {name: times for name, times in slow.items() if times[1] > 3 * times[0] + SLACK} == {}
