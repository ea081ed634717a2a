"""The HTTP API source, as its tutorial and Adobe's own scripts make it: base connection, inlet, both kinds of flow."""

from __future__ import annotations

from typing import Any

import pytest
from running import DATA_LAKE, Client, Server, make_chain, payload, wait_until

HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
RAW, XDM = "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "d8a6f005-7eaf-4153-983e-e8574508b877"
CONNECTIONS = "/flowservice/connections"


def base(client: Client, **params: Any) -> str:
    """Make a base connection as the tutorial prints it."""
    auth = {"specName": "Streaming Connection", "params": {"dataType": "xdm", **params}}
    body = {"name": "ACME", "description": "for customer data", "connectionSpec": HTTP_API, "auth": auth}
    return client.made("POST", f"{CONNECTIONS}?Cache-Control=no-cache", body)["id"]


def read(client: Client, kind: str, id: str) -> dict[str, Any]:
    """Give an item."""
    return client.made("GET", f"/flowservice/{kind}/{id}", None)["items"][0]


def flow(client: Client, base_id: str, spec: str, chain: Any, **more: Any) -> dict[str, Any]:
    """Make source connection, target connection and dataflow with the tutorial's bodies; gives it once enabled."""
    body = {"name": "s", "description": "s", "baseConnectionId": base_id, "connectionSpec": HTTP_API}
    source = client.made("POST", "/flowservice/sourceConnections", body)["id"]
    schema = {"id": chain.schema["id"], "version": chain.schema["contentType"]}
    target = client.made(
        "POST", "/flowservice/targetConnections",
        {"name": "t", "description": "t", "connectionSpec": DATA_LAKE, "params": {"dataSetId": chain.dataset},
         "data": {"format": "parquet_xdm", "schema": schema, "properties": None}},
    )["id"]  # fmt: skip
    body = {"name": "f", "flowSpec": {"id": spec, "version": "1.0"}, "sourceConnectionIds": [source],
            "targetConnectionIds": [target], **more}  # fmt: skip
    id = client.made("POST", "/flowservice/flows", body)["id"]
    wait_until(lambda: read(client, "flows", id)["state"] == "enabled")
    return read(client, "flows", id)


def test_what_a_base_connection_shows(client: Client) -> None:
    """The printed fields: source id and name come from the connection's name, the inlet from the service."""
    shown = read(client, "connections", base(client))["auth"]
    params = shown["params"]
    assert shown["specName"] == "Streaming Connection"
    assert {name: params[name] for name in ("sourceId", "name", "dataType", "authenticationRequired")} == {
        "sourceId": "ACME", "name": "ACME", "dataType": "xdm", "authenticationRequired": False,
    }  # fmt: skip
    assert params["inletUrl"] == f"{client.server.url}/collection/{params['inletId']}"
    wanted = read(client, "connections", base(client, authenticationRequired=True, sourceId="own", inletId="forged"))
    params = wanted["auth"]["params"]
    assert (params["authenticationRequired"], params["sourceId"]) == (True, "own")
    assert params["inletId"] != "forged"


@pytest.mark.parametrize("spec", [RAW, XDM])
def test_both_kinds_of_dataflow_take_their_messages(client: Client, spec: str) -> None:
    """Raw payloads are mapped, XDM messages are taken as they are; both come by the base connection's inlet."""
    chain = make_chain(client)
    transformation = {"name": "Mapping", "params": {"mappingId": chain.mapping, "mappingVersion": 0}}
    made = flow(client, base(client), spec, chain, **({"transformations": [transformation]} if spec == RAW else {}))
    message = payload(1)
    if spec == XDM:
        reference = {"id": chain.schema["id"], "contentType": chain.schema["contentType"]}
        entity = {"_id": "1", "timestamp": "2026-01-02T00:00:00Z"}
        message = {"header": {"schemaRef": reference, "flowId": made["id"], "datasetId": chain.dataset},
                   "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}  # fmt: skip
    sent = client.http.post(
        made["options"]["inletUrl"], json=message, headers={"x-adobe-flow-id": made["id"]}, timeout=30
    )
    assert sent.status_code == 200
    wait_until(lambda: chain.counts() == (1, 0))


def test_a_patch_keeps_the_inlet(client: Client) -> None:
    """New parameters, in an array or as the one instruction of the description's body, leave the inlet as it is."""
    id = base(client)
    before = read(client, "connections", id)
    whole = [{"op": "replace", "path": "/auth/params", "value": {"dataType": "raw", "authenticationRequired": True}}]
    etag = client.made("PATCH", f"{CONNECTIONS}/{id}/", whole, headers={"If-Match": before["etag"]})["etag"]
    params = read(client, "connections", id)["auth"]["params"]
    assert (params["dataType"], params["authenticationRequired"]) == ("raw", True)
    assert params["inletUrl"] == before["auth"]["params"]["inletUrl"]
    alone = {"op": "ADD", "path": "/description", "value": "x"}
    client.made("PATCH", f"{CONNECTIONS}/{id}", alone, headers={"If-Match": etag})
    assert read(client, "connections", id)["description"] == "x"


def test_an_authenticated_inlet_wants_a_token(client: Client, shared_server: Server) -> None:
    """Without a good token of the organisation the documented 401; with one the message lands; batches alike."""
    chain = make_chain(client)
    transformation = {"name": "Mapping", "params": {"mappingId": chain.mapping, "mappingVersion": 0}}
    made = flow(client, base(client, authenticationRequired=True), RAW, chain, transformations=[transformation])
    url, inlet = made["options"]["inletUrl"], made["options"]["inletUrl"].rsplit("/", 1)[1]
    query = f"x-adobe-flow-id={made['id']}"
    good, others = client.headers["Authorization"], Client(shared_server).headers["Authorization"]
    places = [(f"{url}?{query}", payload(1)),
              (f"{url.replace('/collection/', '/collection/batch/')}?{query}", {"messages": [payload(2)]})]  # fmt: skip
    for place, body in places:
        refused = dict.fromkeys(("", "Basic x", "Bearer "), "empty") | dict.fromkeys(
            ("Bearer x", others), "invalid or expired"
        )
        for given, why in refused.items():
            headers = {"Authorization": given} if given else {}
            answer = client.http.post(place, json=body, headers=headers, timeout=30)
            assert (answer.status_code, answer.json()) == (401, {
                "type": "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",
                "status": "401", "title": "Authorization",
                "report": {"message": f"[{inlet}] Ims service token is {why}"},
            })  # fmt: skip
        assert client.http.post(place, json=body, headers={"Authorization": good}, timeout=30).ok
        assert client.http.post(place, json=body, timeout=30).status_code == 401
    wait_until(lambda: chain.counts() == (2, 0))


def test_no_connection_takes_the_inlet_of_another(client: Client) -> None:
    """Whatever a client names as an inlet, in whatever connection, is left out, so that deleting it harms nobody."""
    victim = read(client, "connections", base(client))
    inlet = victim["auth"]["params"]["inletId"]
    auth = {"specName": "Streaming Connection", "params": {"dataType": "raw", "inletId": inlet, "inletUrl": "x"}}
    body = {"name": "n", "connectionSpec": HTTP_API, "auth": auth, "data": {"format": "json"}}
    for kind, mode in (("connections", "?mode=draft"), ("connections", ""), ("sourceConnections", "")):
        id = client.made("POST", f"/flowservice/{kind}{mode}", body)["id"]
        headers = {"If-Match": read(client, kind, id)["etag"]}
        patch = [{"op": "add", "path": "/auth/params/inletId", "value": inlet}]
        assert client.call("PATCH", f"/flowservice/{kind}/{id}", patch, headers=headers).ok
        params = read(client, kind, id)["auth"]["params"]
        assert params.get("inletId") != inlet
        assert client.call("DELETE", f"/flowservice/{kind}/{id}").status_code == 204
    sent = client.http.post(victim["auth"]["params"]["inletUrl"], json={"a": 1}, timeout=30)
    assert "There is no inlet" not in sent.text


def test_a_disabled_connection_does_not_pass_its_test(client: Client) -> None:
    """The state of a base connection can be patched to the values that Adobe's page allows."""
    id = base(client)
    assert client.made("GET", f"{CONNECTIONS}/{id}/test", None) == {"result": True}
    headers = {"If-Match": read(client, "connections", id)["etag"]}
    client.made("PATCH", f"{CONNECTIONS}/{id}", [{"op": "replace", "path": "/state", "value": "disabled"}],
                headers=headers)  # fmt: skip
    assert client.made("GET", f"{CONNECTIONS}/{id}/test", None) == {"result": False}
    assert client.made("GET", f"{CONNECTIONS}/{id}/explore?objectType=ROOT", None) == []
    assert client.made("GET", f"{CONNECTIONS}/{id}/configs", None) == []


def test_the_order_of_deleting(client: Client) -> None:
    """A base connection goes only after the dataflows on it; its inlet goes with it."""
    chain = make_chain(client)
    transformation = {"name": "Mapping", "params": {"mappingId": chain.mapping, "mappingVersion": 0}}
    id = base(client)
    made = flow(client, id, RAW, chain, transformations=[transformation])
    assert client.call("DELETE", f"{CONNECTIONS}/{id}/").json()["errorCode"] == "1418-400"
    assert client.call("DELETE", f"/flowservice/flows/{made['id']}/").status_code == 204
    assert client.call("DELETE", f"{CONNECTIONS}/{id}/").status_code == 204
    assert client.call("GET", f"{CONNECTIONS}/{id}").status_code == 404
    sent = client.http.post(made["options"]["inletUrl"], json=payload(1), timeout=30)
    assert sent.status_code == 400


def test_a_patch_is_told_in_the_last_operation(client: Client) -> None:
    """A dataflow shows what its last patch asked for, as the guide prints it."""
    chain = make_chain(client)
    asked = [{"op": "Add", "path": "/description", "value": "new"}, {"op": "REPLACE", "path": "/name", "value": "n"}]
    client.made("PATCH", f"/flowservice/flows/{chain.flow}", asked, headers={"If-Match": chain.state()["etag"]})
    last = chain.state()["lastOperation"]
    assert last["ops"] == [one | {"op": one["op"].lower()} for one in asked]
    assert (last["operation"], last["status"]) == ("update", {"value": "completed", "errors": []})
