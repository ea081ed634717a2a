"""Flow Service's specs and connections over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest
from running import CHATLIO, Client, make_chain

FLOW_SERVICE = "/flowservice"
ETAG = re.compile(r'"[0-9a-f]{8}-0000-0200-0000-[0-9a-f]{8}0000"')
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}


def source(**changes: Any) -> dict[str, Any]:
    """Give the body of a source connection."""
    return {"name": "source", "connectionSpec": CHATLIO, "data": {"format": "json"}, **changes}


@pytest.mark.parametrize(
    ("kind", "id", "name"),
    [
        ("connectionSpecs", "073127a3-26e3-496c-9d94-9f48fb93fba8", "chatlio-webhook"),
        ("connectionSpecs", "96479064-7b8a-4d69-b9ed-21c5683837ea", "customerio-webhook"),
        ("connectionSpecs", "6ff5654f-19d5-427d-bd3e-c0ebc802389a", "pendo-webhook"),
        ("connectionSpecs", "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "Streaming Connection"),
        ("connectionSpecs", "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "datalake"),
        ("flowSpecs", "e77fde5a-22a8-11ed-861d-0242ac120002", "GenericStreamingAEP"),
        ("flowSpecs", "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "Stream data with transformation"),
    ],
)
def test_the_specs_have_adobes_ids(client: Client, kind: str, id: str, name: str) -> None:
    """Each spec is looked up by Adobe's id and found by its name."""
    (found,) = client.made("GET", f"{FLOW_SERVICE}/{kind}/{id}", None)["items"]
    assert (found["name"], found["version"]) == (name, "1.0")
    listed = client.made("GET", f"{FLOW_SERVICE}/{kind}?property=name=={name}", None)
    assert [one["id"] for one in listed["items"]] == [id]


def test_the_released_flow_spec_takes_chatlio(client: Client) -> None:
    """The streaming flow spec lists Chatlio's source spec and has no schedule."""
    (spec,) = client.made("GET", f"{FLOW_SERVICE}/flowSpecs?property=name==GenericStreamingAEP", None)["items"]
    assert CHATLIO["id"] in spec["sourceConnectionSpecIds"]
    assert "scheduleSpec" not in spec
    assert spec["transformationSpecs"][0]["name"] == "Mapping"


def test_a_connection_is_made_read_changed_and_deleted(client: Client) -> None:
    """201 with id and quoted etag; a list envelope of one; PATCH under If-Match; 204; then 404 with the id named."""
    answer = client.call("POST", f"{FLOW_SERVICE}/sourceConnections", source(providerId="521eee4d"))
    assert answer.status_code == 201
    made = answer.json()
    assert ETAG.fullmatch(made["etag"])
    path = f"{FLOW_SERVICE}/sourceConnections/{made['id']}"
    assert answer.headers["location"].endswith(made["id"])
    (item,) = client.made("GET", path, None)["items"]
    assert (item["etag"], item["version"], item["state"]) == (made["etag"], made["etag"], "enabled")
    assert (item["imsOrgId"], item["sandboxName"]) == (client.keys["org_id"], "dev")
    assert item["createdClient"] == client.keys["client_id"]
    patch = [{"op": "REPLACE", "path": "/name", "value": "renamed"}]
    changed = client.made("PATCH", path, patch, headers={"If-Match": made["etag"]})
    assert set(changed) == {"id", "etag"}
    assert changed["etag"] != made["etag"]
    assert client.call("DELETE", path).status_code == 204
    gone = client.call("GET", path)
    assert (gone.status_code, gone.json()["errorMessage"]) == (
        404, f"sourceConnections not found with id = [{made['id']}]",
    )  # fmt: skip


def test_a_patch_is_refused_with_its_code(client: Client) -> None:
    """No If-Match, a stale or unquoted one, ``move``, another spec and a dead path have their codes."""
    made = client.made("POST", f"{FLOW_SERVICE}/sourceConnections", source())
    path = f"{FLOW_SERVICE}/sourceConnections/{made['id']}"
    good = {"If-Match": made["etag"]}
    rename = [{"op": "replace", "path": "/name", "value": "x"}]
    cases = [
        (rename, {}, "1403-400"),
        (rename, {"If-Match": '"stale"'}, "1404-412"),
        (rename, {"If-Match": made["etag"].strip('"')}, "1404-412"),
        ([{"op": "move", "from": "/name", "path": "/title"}], good, "1434-400"),
        ([{"op": "replace", "path": "/connectionSpec/id", "value": HTTP_API["id"]}], good, "1414-400"),
        ([{"op": "remove", "path": "/nothing/here"}], good, "1455-400"),
        ([{"op": "replace", "path": "/name"}], good, "1455-400"),
    ]
    for patch, headers, code in cases:
        answer = client.call("PATCH", path, patch, headers=headers)
        assert (answer.json()["errorCode"], answer.status_code) == (code, int(code[-3:]))
    stale = client.call("PATCH", path, rename, headers={"If-Match": '"stale"'}).json()["errorMessage"]
    assert stale == f'Supplied version=["stale"] does not match the current version on entity=[{made["etag"]}]'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (source(connectionSpec={"id": "none"}), "1413-400"),
        (source(connectionSpec=None), "1455-400"),
        (source(name=""), "1455-400"),
        (source(data=None), "1455-400"),
        (source(data="json"), "1454-400"),
        (source(baseConnectionId="0000"), "1439-400"),
    ],
)
def test_a_connection_that_cannot_be(client: Client, body: dict, code: str) -> None:
    """An unknown spec, a missing field, a field of another type and a dead base connection have their codes."""
    answer = client.call("POST", f"{FLOW_SERVICE}/sourceConnections", body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_parts_of_a_dataflow_stay(client: Client) -> None:
    """Source and target connection of a dataflow are refused with 1447-400 until the dataflow is gone."""
    chain = make_chain(client)
    flow = chain.state()
    paths = [
        f"{FLOW_SERVICE}/sourceConnections/{flow['sourceConnectionIds'][0]}",
        f"{FLOW_SERVICE}/targetConnections/{flow['targetConnectionIds'][0]}",
    ]
    assert [client.call("DELETE", path).json()["errorCode"] for path in paths] == ["1447-400", "1447-400"]
    assert client.call("DELETE", f"{FLOW_SERVICE}/flows/{chain.flow}").status_code == 204
    assert [client.call("DELETE", path).status_code for path in paths] == [204, 204]


def test_an_http_api_connection_has_an_inlet(client: Client) -> None:
    """The base connection of the HTTP API source shows its inlet, and its paths work with and without a last slash."""
    auth = {"specName": "Streaming Connection", "params": {"dataType": "raw", "name": "inlet"}}
    body = {"name": "http", "connectionSpec": HTTP_API, "auth": auth}
    made = client.made("POST", f"{FLOW_SERVICE}/connections", body)
    path = f"{FLOW_SERVICE}/connections/{made['id']}"
    (item,) = client.made("GET", path, None)["items"]
    params = item["auth"]["params"]
    assert re.fullmatch(r"[0-9a-f]{64}", params["inletId"])
    assert params["inletUrl"] == f"{client.server.url}/collection/{params['inletId']}"
    child = source(connectionSpec=HTTP_API, baseConnectionId=made["id"])
    id = client.made("POST", f"{FLOW_SERVICE}/sourceConnections", child)["id"]
    (shown,) = client.made("GET", f"{FLOW_SERVICE}/sourceConnections/{id}", None)["items"]
    assert shown["inheritedAttributes"]["baseConnection"]["id"] == made["id"]
    patch = [{"op": "replace", "path": "/name", "value": "renamed"}]
    assert client.call("PATCH", f"{path}/", patch, headers={"If-Match": made["etag"]}).status_code == 200
    assert client.call("DELETE", f"{path}/").status_code == 204
    wrong = {**body, "auth": {"specName": "Basic"}}
    assert client.call("POST", f"{FLOW_SERVICE}/connections", wrong).json()["errorCode"] == "1415-400"
