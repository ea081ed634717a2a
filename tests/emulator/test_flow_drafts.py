"""Drafts: made without checks, patched, and checked by the action that publishes them."""

from __future__ import annotations

from typing import Any

import pytest
from running import CHATLIO, DATA_LAKE, Chain, Client, make_chain, wait_until

FLOWS = "/flowservice/flows"
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}


def read(client: Client, kind: str, id: str) -> dict[str, Any]:
    """Give an item."""
    return client.made("GET", f"/flowservice/{kind}/{id}", None)["items"][0]


def patch(client: Client, kind: str, id: str, *entries: dict[str, Any]) -> Any:
    """Patch an item as it is now."""
    headers = {"If-Match": read(client, kind, id)["etag"]}
    return client.call("PATCH", f"/flowservice/{kind}/{id}", list(entries), headers=headers)


@pytest.fixture
def chain(client: Client) -> Chain:
    """Make a whole chain, whose parts the drafts name."""
    return make_chain(client)


def test_a_draft_is_patched_and_published_as_the_guide_has_it(client: Client, chain: Chain) -> None:
    """The guide's three calls: POST with mode=draft, PATCH that adds the mapping, action publish; then it runs."""
    whole = chain.state()
    body = {name: whole[name] for name in ("name", "flowSpec", "sourceConnectionIds", "targetConnectionIds")}
    answer = client.call("POST", f"{FLOWS}?mode=draft", body)
    assert (answer.status_code, set(answer.json())) == (201, {"id", "etag"})
    id = answer.json()["id"]
    draft = read(client, "flows", id)
    assert (draft["state"], draft.get("options"), draft["etag"]) == ("draft", None, answer.json()["etag"])
    add = {"op": "add", "path": "/transformations", "value": whole["transformations"]}
    assert patch(client, "flows", id, add).status_code == 200
    assert set(client.made("POST", f"{FLOWS}/{id}/action?op=publish", None)) == {"id", "etag"}
    wait_until(lambda: read(client, "flows", id)["state"] == "enabled")
    made = read(client, "flows", id)
    assert made["options"]["inletUrl"] not in ("", chain.inlet)
    assert made["lastOperation"]["operation"] == "enable"
    posted = client.http.post(
        f"{made['options']['inletUrl']}?x-adobe-flow-id={id}", json={"id": "1", "text": "a"}, timeout=30
    )
    assert posted.status_code == 200
    again = client.call("POST", f"{FLOWS}/{id}/action?op=publish")
    assert again.json()["errorCode"] == "1422-400"


def test_a_draft_is_checked_when_it_is_published(client: Client, chain: Chain) -> None:
    """What makes no sense stays a draft until it is mended; nothing but its types is looked at before."""
    id = client.made("POST", f"{FLOWS}?mode=draft", {"name": "bare"})["id"]
    publish = f"{FLOWS}/{id}/action?op=publish"
    assert client.call("POST", publish).json()["errorCode"] == "1413-400"
    assert patch(client, "flows", id, {"op": "add", "path": "/sourceConnectionIds", "value": ["none"]}).ok
    assert patch(client, "flows", id, {"op": "add", "path": "/sourceConnectionIds", "value": 1}).status_code == 400
    whole = chain.state()
    fields = ("flowSpec", "sourceConnectionIds", "targetConnectionIds")
    assert patch(client, "flows", id, *[{"op": "add", "path": f"/{one}", "value": whole[one]} for one in fields]).ok
    assert read(client, "flows", id)["inheritedAttributes"]["sourceConnections"][0]["connectionSpec"] == CHATLIO
    assert client.call("POST", f"{publish}&subOp=APPLY").ok


def test_a_draft_holds_nothing_and_goes_at_once(client: Client, chain: Chain) -> None:
    """A draft keeps no connection from being deleted, takes no enable, and is deleted like any other."""
    source = client.made(
        "POST", "/flowservice/sourceConnections", {"name": "s", "connectionSpec": CHATLIO, "data": {"format": "json"}}
    )["id"]  # fmt: skip
    id = client.made("POST", f"{FLOWS}?mode=DRAFT", {"sourceConnectionIds": [source]})["id"]
    assert client.call("POST", f"{FLOWS}/{id}/action?op=enable").json()["errorCode"] == "1422-400"
    assert client.call("DELETE", f"/flowservice/sourceConnections/{source}").status_code == 204
    assert read(client, "flows", id)["sourceConnectionIds"] == [source]
    assert [one["id"] for one in client.made("GET", f"{FLOWS}?property=state==draft", None)["items"]] == [id]
    assert client.call("DELETE", f"{FLOWS}/{id}").status_code == 204
    assert client.call("GET", f"{FLOWS}/{id}").status_code == 404


@pytest.mark.parametrize("kind", ["sourceConnections", "targetConnections", "connections"])
def test_connections_have_drafts_too(client: Client, kind: str) -> None:
    """A connection without its fields is a draft; publish names what is missing, then puts it to use."""
    id = client.made("POST", f"/flowservice/{kind}?mode=draft", {"name": "early"})["id"]
    assert read(client, kind, id)["state"] == "draft"
    publish = f"/flowservice/{kind}/{id}/action?op=PUBLISH"
    refused = client.call("POST", publish).json()
    assert (refused["errorCode"], "connectionSpec" in refused["errorMessage"]) == ("1455-400", True)
    used = DATA_LAKE if kind == "targetConnections" else HTTP_API
    spec, data = {"op": "add", "path": "/connectionSpec", "value": used}, {"format": "json"}
    assert patch(client, kind, id, spec, {"op": "Add", "path": "/data", "value": data}).ok
    if kind == "connections":
        assert client.call("POST", publish).json()["errorCode"] == "1415-400"
        auth = {"specName": "Streaming Connection", "params": {"dataType": "raw"}}
        assert patch(client, kind, id, {"op": "add", "path": "/auth", "value": auth}).ok
    assert client.made("POST", publish, None)["id"] == id
    item = read(client, kind, id)
    assert item["state"] == "enabled"
    assert ("inletUrl" in item.get("auth", {}).get("params", {})) == (kind == "connections")


def test_a_draft_is_no_ground_to_build_on(client: Client) -> None:
    """A connection on a draft base connection is refused until that is published."""
    auth = {"specName": "Streaming Connection", "params": {"dataType": "raw"}}
    base = client.made("POST", "/flowservice/connections?mode=draft", {"connectionSpec": HTTP_API, "auth": auth})["id"]
    assert client.made("GET", f"/flowservice/connections/{base}/test", None) == {"result": False}
    body = {"name": "s", "connectionSpec": HTTP_API, "data": {"format": "json"}, "baseConnectionId": base}
    assert client.call("POST", "/flowservice/sourceConnections", body).json()["errorCode"] == "1455-400"
    client.made("POST", f"/flowservice/connections/{base}/action?op=publish", None)
    assert client.made("GET", f"/flowservice/connections/{base}/test", None) == {"result": True}
    assert client.call("POST", "/flowservice/sourceConnections", body).status_code == 201
