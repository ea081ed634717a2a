"""Wrong types in the bodies of Flow Service's and Data Prep's rarer calls: refused or harmless, never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from running import CHATLIO, DATA_LAKE, FLOW_SPEC, Client, make_chain
from test_hostile_bodies import WRONG, places, replaced

FLOW = "/flowservice"
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
SPEC = {
    "name": "generic-streaming", "providerId": "p", "version": "1.0", "attributes": {"category": "Streaming"},
    "authSpec": [{"name": "a", "type": "t", "spec": {}}], "policy": {"fields": ["a"], "duleLabels": ["C1"]},
    "permissionsInfo": {"view": []}, "sourceSpec": {"attributes": {}},
}  # fmt: skip
FLOW_SPEC_BODY = {
    "name": "n", "providerId": "p", "version": "1.0", "sourceConnectionSpecIds": [CHATLIO["id"]],
    "targetConnectionSpecIds": [DATA_LAKE["id"]], "transformationSpecDTOS": [{"name": "Mapping"}],
}  # fmt: skip
SEARCH = {
    "queryString": "property=name==a&id!=b", "limit": 5, "orderby": "-name", "projectionFields": "id,name",
}  # fmt: skip
ACTION = {"percentCompleted": 100, "status": {"value": "COMPLETED", "errors": []}, "recordTypes": [{"type": "a"}]}


@pytest.fixture
def calls(client: Client) -> list[tuple[str, str, Any]]:
    """Give (method, path, good body) of the calls, on things of their own."""
    chain = make_chain(client)
    own = client.made("POST", f"{FLOW}/connectionSpecs", SPEC)["items"][0]["id"]
    auth = {"specName": "Streaming Connection", "params": {"dataType": "raw", "name": "n", "sourceId": "s"}}
    draft = {"name": "n", "connectionSpec": HTTP_API, "auth": auth, "data": {"format": "json"}, "params": {}}
    flow = {"name": "n", "flowSpec": FLOW_SPEC, "sourceConnectionIds": ["a"], "transformations": [{"name": "Mapping"}]}
    mapping = {"sourceType": "ATTRIBUTE", "source": "a", "destination": "_id", "identity": False}
    rows = f"/conversion/mappingSets/{chain.mapping}/mappings"
    row = client.made("GET", rows, None)[0]["id"]
    return [
        ("POST", f"{FLOW}/connectionSpecs", SPEC), ("PUT", f"{FLOW}/connectionSpecs/{own}", SPEC),
        ("POST", f"{FLOW}/flowSpecs", FLOW_SPEC_BODY), ("PUT", f"{FLOW}/flowSpecs/{FLOW_SPEC['id']}", FLOW_SPEC_BODY),
        *[("POST", f"{FLOW}/{kind}/search", SEARCH) for kind in ("flows", "connections", "flowSpecs")],
        *[("POST", f"{FLOW}/{kind}?mode=draft", draft) for kind in (
            "connections", "sourceConnections", "targetConnections")],
        ("POST", f"{FLOW}/flows?mode=draft", flow), ("POST", rows, mapping), ("PUT", f"{rows}/{row}", mapping),
    ]  # fmt: skip


def spoilt(body: Any) -> list[Any]:
    """Give a body with each of its parts replaced by each of the wrong ones."""
    return [replaced(body, way, wrong) for way in places(body) for wrong in WRONG]


def test_no_body_breaks_a_call(client: Client, calls: list[tuple[str, str, Any]]) -> None:
    """Every good body is taken, and none of its spoilt forms is a 5xx; what was stored can be read afterwards."""
    broken = []
    for method, path, body in calls:
        assert client.call(method, path, body).ok, path
        for one in spoilt(body):
            answer = client.call(method, path, one)
            broken += [(path, one, answer.text)] if answer.status_code >= 500 else []
    assert broken == []
    for kind in ("flows", "connections", "sourceConnections", "targetConnections", "connectionSpecs", "flowSpecs"):
        for query in ("limit=100", "orderby=name", "orderby=version,description", "property=name!=x"):
            assert client.call("GET", f"{FLOW}/{kind}?{query}").status_code == 200, (kind, query)


def test_no_patch_breaks_an_item(client: Client) -> None:
    """Each part of dataflows and connections is replaced by wrong types; drafts are published or refused then."""
    chain = make_chain(client)
    flow = chain.state()
    items = [("flows", chain.flow), ("sourceConnections", flow["sourceConnectionIds"][0]),
             ("targetConnections", flow["targetConnectionIds"][0])]  # fmt: skip
    fields = ("name", "flowSpec", "sourceConnectionIds", "targetConnectionIds", "transformations")
    base = {"name": "n", "connectionSpec": HTTP_API, "auth": {"specName": "Streaming Connection"}}
    drafts = [("flows", {name: flow[name] for name in fields}), ("connections", base)]
    items += [(kind, client.made("POST", f"{FLOW}/{kind}?mode=draft", body)["id"]) for kind, body in drafts]
    broken = []
    for kind, id in items:
        path = f"{FLOW}/{kind}/{id}"
        (item,) = client.made("GET", path, None)["items"]
        etag = item["etag"]
        for way in places(item):
            for wrong in (None, 1, [], {"id": 1}):
                pointer = "".join(f"/{step}" for step in way) or "/"
                patch = [{"op": "replace", "path": pointer, "value": wrong}]
                answer = client.call("PATCH", path, patch, headers={"If-Match": etag})
                etag = answer.json()["etag"] if answer.ok else etag
                broken += [(kind, pointer, wrong, answer.text)] if answer.status_code >= 500 else []
        answer = client.call("POST", f"{path}/action?op=publish")
        broken += [(kind, "publish", answer.text)] if answer.status_code >= 500 else []
    assert broken == []


@pytest.mark.parametrize("op", ["enable", "disable", "publish", "FINALIZE", "re-trigger"])
def test_no_action_breaks_a_dataflow(client: Client, op: str) -> None:
    """The body of an action may be anything; so may its subOp."""
    chain = make_chain(client)
    path = f"{FLOW}/flows/{chain.flow}/action?op={op}"
    answers = [client.call("POST", path, body) for body in spoilt(ACTION)]
    answers += [client.call("POST", f"{path}&subOp={sub}") for sub in ("", ",", "APPLY,APPLY", "%00", "x" * 5000)]
    assert [answer.text for answer in answers if answer.status_code >= 500] == []
    assert chain.state()["state"] in ("enabled", "disabled")
