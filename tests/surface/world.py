"""A seat with one object of each kind, so that a request can meet something."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.running import MAPPINGS, Chain, Client, make_chain, mapping_set, wait_until

# what a variable part of a path is called in the descriptions -> what the world calls the id
NAMES = {
    "batchid": "batch", "datasetid": "dataset", "filepath": "file_path", "datasetfileid": "file",
    "mappingsetid": "mapping_set", "mappingid": "mapping", "baseconnectionid": "connection",
    "connectionspecid": "connection_spec", "flowid": "flow", "flowspecid": "flow_spec", "runid": "run",
    "sourceconnectionid": "source_connection", "targetconnectionid": "target_connection", "sandboxname": "sandbox",
    "fieldgroupid": "field_group", "mixinid": "field_group", "schemaid": "schema", "behaviorid": "behavior",
    "classid": "class", "datatypeid": "data_type", "descriptorid": "descriptor", "unionid": "union",
    "resourceid": "schema", "connectionid": "inlet", "inlet": "inlet", "queryid": "query",
    "querytemplateid": "query_template", "tagnamespace": "tag_namespace", "field": "field", "containerid": "container",
}  # fmt: skip
PROFILE, RECORD = "https://ns.adobe.com/xdm/context/profile", "https://ns.adobe.com/xdm/data/record"


@dataclass
class World:
    """The ids of one object of each kind, and the bodies that were sent to make them, by ``METHOD path``."""

    client: Client
    ids: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, Any] = field(default_factory=dict)

    def id(self, parameter: str, template: str) -> str:
        """Give the real id for a variable part of a path; raises KeyError for a name that nobody has told yet."""
        name = re.sub(r"[^a-z]", "", parameter.lower())
        if name == "id":
            return self.ids["dataset" if "/datasets" in template.lower() else "schema"]
        return self.ids[NAMES[name]]


class Recording(Client):
    """A client that keeps the bodies it sends."""

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Call, and keep the body when the answer is good."""
        answer = super().call(method, path, body, **more)
        if answer.ok and body is not None:
            kept = self.__dict__.setdefault("kept", {})
            kept[f"{method} {path.partition('?')[0]}"] = body
        return answer


def make_world(client: Recording) -> World:
    """Make one object of each kind in the seat of *client*."""
    chain = make_chain(client, "world")
    world = World(client)
    world.ids |= _dataflow(client, chain) | _registry(client, chain) | _landed(client, chain) | _batch(client, chain)
    world.ids |= _query(client) | {
        "sandbox": "dev",
        "container": "tenant",
        "field": "status",
        "behavior": _behavior(client),
    }
    world.bodies = client.__dict__["kept"]
    return world


def _dataflow(client: Client, chain: Chain) -> dict[str, str]:
    flow = chain.state()
    rows = client.call("GET", f"/conversion/mappingSets/{chain.mapping}/mappings").json()
    listed = rows if isinstance(rows, list) else rows["data"]
    body = {"name": "world", "auth": {"specName": "Streaming Connection",
            "params": {"dataType": "xdm", "name": "world", "sourceId": "world"}},
            "connectionSpec": {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}}  # fmt: skip
    mapped = mapping_set(chain.schema, client.tenant, MAPPINGS)
    client.made(
        "POST", "/conversion/mappingSets/preview", {"data": {"id": "1", "day": "2020-01-01"}, "mappingSet": mapped}
    )
    client.made("POST", "/conversion/mappingSets/validate", mapped)
    client.made("POST", "/conversion/languages/el/validate", {"expression": 'concat("a", "b")'})
    return {
        "flow": chain.flow, "mapping_set": chain.mapping, "mapping": listed[0]["id"], "dataset": chain.dataset,
        "source_connection": flow["sourceConnectionIds"][0], "target_connection": flow["targetConnectionIds"][0],
        "connection": client.made("POST", "/flowservice/connections", body)["id"],
        "connection_spec": "073127a3-26e3-496c-9d94-9f48fb93fba8", "flow_spec": "e77fde5a-22a8-11ed-861d-0242ac120002",
        "inlet": chain.inlet.rpartition("/")[2],
    }  # fmt: skip


def _registry(client: Client, chain: Chain) -> dict[str, str]:
    own = {"type": "object", "properties": {f"_{client.tenant}": {"type": "object", "properties": {
        "size": {"type": "integer", "minimum": 0}}}}}  # fmt: skip
    extend = {"type": "object", "definitions": {"customFields": own}, "allOf": [{"$ref": "#/definitions/customFields"}]}
    kinds = {
        "data_type": ("datatypes", {"title": "size", "type": "object", "properties": {"size": {"type": "integer"}}}),
        "field_group": ("fieldgroups", {"title": "more", "meta:intendedToExtend": [PROFILE], **extend}),
        "class": ("classes", {"title": "thing", "meta:extends": [RECORD], "type": "object",
                              "allOf": [{"$ref": RECORD}]}),
    }  # fmt: skip
    made = {name: client.made("POST", f"/schemaregistry/tenant/{kind}", body) for name, (kind, body) in kinds.items()}
    person = client.made("POST", "/schemaregistry/tenant/schemas", {
        "title": "person", "description": "d", "type": "object",
        "allOf": [{"$ref": PROFILE}, {"$ref": "https://ns.adobe.com/xdm/context/identitymap"}],
        "meta:immutableTags": ["union"]})  # fmt: skip
    descriptor = client.made("POST", "/schemaregistry/tenant/descriptors", {
        "@type": "xdm:alternateDisplayInfo", "xdm:sourceSchema": chain.schema["id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/text", "xdm:title": {"en_us": "Text"}})  # fmt: skip
    assert person["$id"]
    return {name: body["meta:altId"] for name, body in made.items()} | {
        "schema": client.call("GET", "/schemaregistry/tenant/schemas", headers={
            "Accept": "application/vnd.adobe.xed-id+json"}).json()["results"][0]["meta:altId"],
        "descriptor": descriptor["@id"], "union": "_xdm.context.profile__union"}  # fmt: skip


def _landed(client: Client, chain: Chain) -> dict[str, str]:
    assert chain.post({"id": "one", "text": "hello", "count": 1, "day": "2020-01-01"}).ok
    assert chain.post({"id": 2, "text": "hello", "count": "many", "day": "2020-01-01"}).ok
    wait_until(lambda: sum(chain.counts()) == 2)
    wait_until(lambda: any(run["metrics"]["statusSummary"]["status"] != "inProgress" for run in chain.runs()))
    batch = next(iter(chain.batches("success")))
    files = client.call("GET", f"/export/batches/{batch}/files").json()["data"]
    return {"batch": batch, "file": files[0]["dataSetFileId"], "run": chain.runs()[0]["id"], "file_path": "rows.json"}


def _batch(client: Client, chain: Chain) -> dict[str, str]:
    """Upload a batch of the caller's own, so that its bodies are known."""
    body = {"datasetId": chain.dataset, "inputFormat": {"format": "json"}}
    batch = client.made("POST", "/import/batches", body)["id"]
    client.http.put(
        f"{client.server.url}/data/foundation/import/batches/{batch}/datasets/{chain.dataset}/files/rows.json",
        data=b'{"_id": "3", "timestamp": "2020-01-01T00:00:00Z"}\n',
        headers=client.headers | {"Content-Type": "application/octet-stream"}, timeout=30,
    )  # fmt: skip
    return {"open_batch": batch, "tag_namespace": "adobe"}


def _query(client: Client) -> dict[str, str]:
    asked = client.made("POST", "/query/queries", {"dbName": f"{client.sandbox}:all", "sql": "SELECT 1", "name": "one"})
    template = client.made("POST", "/query/query-templates", {"sql": "SELECT 1", "name": "one", "queryParameters": {}})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if client.call("GET", f"/query/queries/{asked['id']}").json()["state"] in ("SUCCESS", "FAILED"):
            break
        time.sleep(0.2)
    return {"query": asked["id"], "query_template": template["id"]}


def _behavior(client: Client) -> str:
    page = client.call(
        "GET", "/schemaregistry/global/behaviors", headers={"Accept": "application/vnd.adobe.xed-id+json"}
    )
    return page.json()["results"][0]["meta:altId"]
