"""Specs of a seat's own: made and changed as the streaming SDK's pages have it, and put to use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from running import CHATLIO, Client, make_chain, wait_until

SPECS, FLOW_SPECS = "/flowservice/connectionSpecs", "/flowservice/flowSpecs"
GENERIC = "e77fde5a-22a8-11ed-861d-0242ac120002"
ACCESS = {kind: [{"@type": "lowLevel", "name": "StreamingSource", "permissions": [may]}]
          for kind, may in (("view", "read"), ("manage", "write"))}  # fmt: skip


def template(**changes: Any) -> dict[str, Any]:
    """Give a connection spec as the SDK's template has it."""
    return {
        "name": "generic-streaming", "type": "generic-streaming", "version": "1.0", "authSpec": [],
        "providerId": "521eee4d-8cbe-4906-bb48-fb6bd4450033", "permissionsInfo": ACCESS,
        "attributes": {"category": "Streaming", "isSource": True},
        "sourceSpec": {"attributes": {"uiAttributes": {"isSource": True, "label": {"text": "Own"}}}},
        "exploreSpec": {"type": "StreamingConnection"}, **changes,
    }  # fmt: skip


def make(client: Client, **changes: Any) -> dict[str, Any]:
    """Make a connection spec; gives it."""
    answer = client.call("POST", SPECS, template(**changes))
    assert answer.status_code == 201
    (spec,) = answer.json()["items"]
    return spec


def test_a_spec_is_made_and_read_and_replaced(client: Client) -> None:
    """POST and PUT answer the spec in a list envelope with what the service notes; its version stays its own."""
    spec = make(client)
    noted = {"id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient", "sandboxId",
             "sandboxName", "imsOrgId"}  # fmt: skip
    assert set(spec) == noted | set(template())
    assert spec["version"] == "1.0"
    path = f"{SPECS}/{spec['id']}"
    assert client.made("GET", path, None)["items"] == [spec]
    (changed,) = client.made("PUT", path, template(description="for tests"))["items"]
    assert (changed["id"], changed["createdAt"], changed["description"]) == (
        spec["id"], spec["createdAt"], "for tests",
    )  # fmt: skip
    assert client.made("GET", path, None)["items"] == [changed]
    assert len(client.made("GET", f"{SPECS}?property=name==generic-streaming", None)["items"]) == 2
    assert client.made("GET", f"{path}/explore?objectType=root", None) == []
    assert client.made("GET", f"{path}/configs", None) == []


def test_a_new_source_gets_a_dataflow(client: Client) -> None:
    """As the guide has it: the spec's id is put into the flow spec, and then a dataflow of the new source is taken."""
    chain = make_chain(client)
    spec = {"id": make(client)["id"], "version": "1.0"}
    body = {"name": "own", "connectionSpec": spec, "data": {"format": "json"}}
    source = client.made("POST", "/flowservice/sourceConnections", body)["id"]
    whole = chain.state()
    flow = {name: whole[name] for name in ("name", "flowSpec", "targetConnectionIds", "transformations")}
    flow["sourceConnectionIds"] = [source]
    assert client.call("POST", "/flowservice/flows", flow).json()["errorCode"] == "1413-400"
    (known,) = client.made("GET", f"{FLOW_SPECS}/{GENERIC}", None)["items"]
    listed = [known["sourceConnectionSpecIds"][0], spec["id"]]
    answer = client.made("PUT", f"{FLOW_SPECS}/{GENERIC}", known | {"sourceConnectionSpecIds": listed})
    assert (answer["id"], answer["version"], answer["name"]) == (GENERIC, "1.0", "GenericStreamingAEP")
    assert {*listed, CHATLIO["id"]} <= set(answer["sourceConnectionSpecIds"])
    id = client.made("POST", "/flowservice/flows", flow)["id"]
    wait_until(lambda: client.made("GET", f"/flowservice/flows/{id}", None)["items"][0]["state"] == "enabled")
    assert len(client.made("GET", f"{FLOW_SPECS}?property=name==GenericStreamingAEP", None)["items"]) == 1


def test_a_flow_spec_is_made_and_searched(client: Client) -> None:
    """POST answers the spec; a search takes the conditions of a list call, an order, a projection and a count."""
    body = {"name": "Own flow", "providerId": "p", "sourceConnectionSpecIds": [CHATLIO["id"]],
            "transformationSpecDTOS": [{"name": "Mapping"}]}  # fmt: skip
    answer = client.call("POST", FLOW_SPECS, body)
    assert (answer.status_code, answer.json()["transformationSpecs"]) == (201, [{"name": "Mapping"}])
    search = f"{FLOW_SPECS}/search"
    found = client.made("POST", search, {"queryString": "property=name==Own%20flow", "projectionFields": "name"})
    assert found["items"] == [{"id": answer.json()["id"], "name": "Own flow"}]
    by_array = {"queryString": f"sourceConnectionSpecIds[]=={CHATLIO['id']}", "orderby": "name"}
    assert [one["name"] for one in client.made("POST", search, by_array)["items"]] == [
        "GenericStreamingAEP", "Own flow",
    ]  # fmt: skip
    assert client.made("POST", search, {"count": True, "queryString": ""}) == {"count": 4}


def test_own_specs_are_the_seats(client: Client, take_seat: Callable[..., Client], shared_server: Any) -> None:
    """A spec is there in the seat's other sandbox; another seat does not find it, nor can it change it."""
    id = make(client)["id"]
    assert take_seat(sandbox="prod").call("GET", f"{SPECS}/{id}").status_code == 200
    other = Client(shared_server)
    assert other.call("GET", f"{SPECS}/{id}").status_code == 404
    assert other.call("PUT", f"{SPECS}/{id}", template()).status_code == 404
    assert id not in [one["id"] for one in other.made("GET", SPECS, None)["items"]]
