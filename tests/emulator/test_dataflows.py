"""Dataflows over HTTP: checks, states, etags, inlets."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import EXPERIENCE_EVENT, Chain, Client, make_chain, payload, running, wait_until

FLOWS = "/flowservice/flows"


def body_of(chain: Chain) -> dict[str, Any]:
    """Give the body that would make the chain's dataflow again."""
    flow = chain.state()
    fields = ("name", "flowSpec", "sourceConnectionIds", "targetConnectionIds", "transformations")
    return copy.deepcopy({name: flow[name] for name in fields})


def code(client: Client, body: dict[str, Any]) -> str:
    """Post a dataflow that must be refused; gives the code."""
    answer = client.call("POST", FLOWS, body)
    assert answer.status_code == int(answer.json()["errorCode"][-3:])
    return answer.json()["errorCode"]


def other_schema(client: Client) -> dict[str, str]:
    """Make a second schema; gives a reference to it."""
    body = {"title": "Other", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    id = client.made("POST", "/schemaregistry/tenant/schemas", body)["$id"]
    return {"id": id, "contentType": "application/vnd.adobe.xed-full+json;version=1"}


def test_a_dataflow_enables_itself(tmp_path: Path) -> None:
    """It starts as initializing without an address; then it is enabled, with an address and another etag."""
    with running(tmp_path / "state", enabling_delay=0.6) as server:
        client = Client(server)
        chain = make_chain(client)
        answer = client.call("POST", FLOWS, body_of(chain))
        assert answer.status_code == 201
        made = answer.json()
        path = f"{FLOWS}/{made['id']}"
        (early,) = client.made("GET", path, None)["items"]
        assert (early["state"], early["etag"], early.get("options")) == ("initializing", made["etag"], None)
        patch = [{"op": "replace", "path": "/name", "value": "x"}]
        refused = client.call("PATCH", path, patch, headers={"If-Match": made["etag"]})
        assert refused.json()["errorCode"] == client.call("DELETE", path).json()["errorCode"] == "1417-400"
        wait_until(lambda: client.made("GET", path, None)["items"][0]["state"] == "enabled")
        (late,) = client.made("GET", path, None)["items"]
        assert late["etag"] == late["version"] != made["etag"]
        assert re.fullmatch(rf"{server.url}/collection/[0-9a-f]{{64}}", late["options"]["inletUrl"])
        assert 600 <= late["updatedAt"] - late["createdAt"] < 700
        assert client.call("PATCH", path, patch, headers={"If-Match": made["etag"]}).status_code == 412


def test_what_a_dataflow_may_carry(client: Client) -> None:
    """Options as the flow spec describes them, its version as a number, and the schedule that Adobe's SDK sends."""
    chain = make_chain(client)
    options = {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5, "other": "kept"}
    schedule = {"frequency": "minute", "interval": "15"}
    for spec in (1, "1", None):
        reference = {"id": body_of(chain)["flowSpec"]["id"], "version": spec}
        body = body_of(chain) | {"flowSpec": reference, "options": options, "scheduleParams": schedule}
        made = client.made("POST", FLOWS, body)["id"]
        (flow,) = client.made("GET", f"{FLOWS}/{made}", None)["items"]
        assert flow["scheduleParams"] == schedule
        assert flow["options"].items() >= options.items()


def test_a_dataflow_is_read_as_the_tutorial_prints_it(client: Client) -> None:
    """The item has every field of the printed answer and nothing of ours."""
    item = make_chain(client).state()
    printed = {
        "id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient", "sandboxId",
        "sandboxName", "imsOrgId", "name", "flowSpec", "state", "version", "etag", "sourceConnectionIds",
        "targetConnectionIds", "inheritedAttributes", "options", "transformations", "runs", "providerRefId",
        "lastOperation",
    }  # fmt: skip
    assert set(item) == printed
    assert item["runs"] == f"/runs?property=flowId=={item['id']}"
    assert item["lastOperation"] == {"started": 0, "updated": 0, "operation": "enable"}
    inherited = item["inheritedAttributes"]
    assert inherited["properties"] == {"isSourceFlow": True}
    assert [one["id"] for one in inherited["sourceConnections"]] == item["sourceConnectionIds"]
    assert [one["id"] for one in inherited["targetConnections"]] == item["targetConnectionIds"]


def test_two_dataflows_have_two_addresses(client: Client) -> None:
    """Names need not be unique, and each dataflow has its own inlet."""
    chain = make_chain(client)
    twin = client.made("POST", FLOWS, body_of(chain))["id"]
    wait_until(lambda: client.made("GET", f"{FLOWS}/{twin}", None)["items"][0]["state"] == "enabled")
    (item,) = client.made("GET", f"{FLOWS}/{twin}", None)["items"]
    assert item["options"]["inletUrl"] != chain.inlet


def spoilt(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Give a function that puts *value* at a dotted path of a body."""

    def spoil(body: dict[str, Any]) -> None:
        *ways, last = [int(way) if way.isdigit() else way for way in path.split(".")]
        node: Any = body
        for way in ways:
            node = node[way]
        node[last] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (spoilt("state", "enabled"), "1410-400"),
        (spoilt("flowSpec.id", "none"), "1413-400"),
        (spoilt("flowSpec.id", "c1a19761-d2c7-4702-b9fa-fe91f0613e81"), "1413-400"),
        (spoilt("flowSpec", None), "1413-400"),
        (spoilt("sourceConnectionIds", ["0000"]), "1439-400"),
        (spoilt("sourceConnectionIds", []), "1455-400"),
        (spoilt("targetConnectionIds", "0000"), "1454-400"),
        (spoilt("transformations.0.name", "mapping"), "1455-400"),
        (spoilt("transformations.0.params.mappingVersion", 5), "1412-400"),
        (spoilt("transformations.0.params.mappingId", "0000"), "1419-400"),
    ],
)
def test_a_dataflow_that_cannot_be(client: Client, spoil: Callable, expected: str) -> None:
    """Each fault has the code of Adobe's error page."""
    body = body_of(make_chain(client))
    spoil(body)
    assert code(client, body) == expected


def test_the_version_may_be_a_text(client: Client) -> None:
    """``mappingVersion`` may be 0 or "0"."""
    body = body_of(make_chain(client))
    spoilt("transformations.0.params.mappingVersion", "0")(body)
    assert client.call("POST", FLOWS, body).status_code == 201


def test_schemas_must_agree(client: Client) -> None:
    """A mapping set of another schema than the dataset's, as the tutorial prints it, is 1425-400."""
    chain = make_chain(client)
    mapping = {
        "outputSchema": {"schemaRef": other_schema(client)},
        "mappings": [{"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"}],
    }
    body = body_of(chain)
    id = client.made("POST", "/conversion/mappingSets", mapping)["id"]
    spoilt("transformations.0.params.mappingId", id)(body)
    answer = client.call("POST", FLOWS, body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "1425-400")
    assert chain.schema["id"] in answer.json()["errorMessage"]


def test_a_mapping_with_a_fault_is_refused(client: Client) -> None:
    """A mapping set that fails its validation is 1419-400, when the dataflow is made and when it is changed."""
    chain = make_chain(client)
    mapping = {
        "outputSchema": {"schemaRef": chain.schema},
        "mappings": [{"sourceType": "EXPRESSION", "source": "concat(", "destination": "_id"}],
    }
    id = client.made("POST", "/conversion/mappingSets", mapping)["id"]
    body = body_of(chain)
    spoilt("transformations.0.params.mappingId", id)(body)
    assert code(client, body) == "1419-400"
    flow = chain.state()
    patch = [{"op": "replace", "path": "/transformations/0", "value": body["transformations"][0]}]
    answer = client.call("PATCH", f"{FLOWS}/{chain.flow}", patch, headers={"If-Match": flow["etag"]})
    assert answer.json()["errorCode"] == "1419-400"
    assert chain.state()["etag"] == flow["etag"]


def test_a_new_mapping_version_the_right_way(client: Client) -> None:
    """PUT the mapping set, read the etag, PATCH the dataflow: it names the new version and keeps its address."""
    chain = make_chain(client)
    stored = client.made("GET", f"/conversion/mappingSets/{chain.mapping}", None)
    rows = [{key: row[key] for key in ("sourceType", "source", "destination")} for row in stored["mappings"]]
    body = {"outputSchema": {"schemaRef": chain.schema}, "mappings": rows}
    assert client.made("PUT", f"/conversion/mappingSets/{chain.mapping}", body)["version"] == 1
    value = {"name": "Mapping", "params": {"mappingId": chain.mapping, "mappingVersion": 1}}
    patch = [{"op": "Replace", "path": "/transformations/0", "value": value}]
    changed = client.made("PATCH", f"{FLOWS}/{chain.flow}", patch, headers={"If-Match": chain.state()["etag"]})
    item = chain.state()
    assert (item["etag"], item["transformations"], item["options"]["inletUrl"]) == (
        changed["etag"], [value], chain.inlet,
    )  # fmt: skip
    assert (item["lastOperation"]["operation"], item["lastOperation"]["percentCompleted"]) == ("update", 100.0)


def test_pause_and_resume(client: Client) -> None:
    """Disable and enable answer id and etag, keep the address, and are refused in the wrong state."""
    chain = make_chain(client)
    action = f"{FLOWS}/{chain.flow}/action?op="
    assert client.call("POST", f"{action}enable").json()["errorCode"] == "1422-400"
    assert set(client.made("POST", f"{action}disable", None)) == {"id", "etag"}
    wait_until(lambda: chain.state()["state"] == "disabled")
    assert client.call("POST", f"{action}DISABLE").json()["errorCode"] == "1422-400"
    client.made("POST", f"{action}ENABLE", None)
    wait_until(lambda: chain.state()["state"] == "enabled")
    assert chain.state()["options"]["inletUrl"] == chain.inlet
    assert client.call("POST", f"{action}dance").json()["errorCode"] == "1435-400"


def test_a_changed_connection_does_not_reach_the_dataflow(client: Client) -> None:
    """As Adobe's guide warns: what is patched in a source or target connection is not what its dataflow works with."""
    chain = make_chain(client)
    flow = chain.state()
    for kind, field in (("targetConnections", "/params"), ("sourceConnections", "/data")):
        path = f"/flowservice/{kind}/{flow[kind[:-1] + 'Ids'][0]}"
        (item,) = client.made("GET", path, None)["items"]
        patch = [{"op": "replace", "path": field, "value": {"dataSetId": "another"}}]
        client.made("PATCH", path, patch, headers={"If-Match": item["etag"]})
    assert chain.state()["etag"] == flow["etag"]
    assert chain.post(payload(1)).status_code == 200
    wait_until(lambda: chain.counts() == (1, 0))
    wait_until(lambda: "lastRunDetails" in chain.state())  # the end of its run gives the dataflow a new etag
    rename = [{"op": "replace", "path": "/name", "value": "x"}]
    answer = client.call("PATCH", f"{FLOWS}/{chain.flow}", rename, headers={"If-Match": chain.state()["etag"]})
    assert answer.json()["errorCode"] == "1452-400"  # a change of the dataflow itself looks at its connections again


def test_a_deleted_dataflow_is_gone_with_its_address(client: Client) -> None:
    """After DELETE the dataflow is a 404 and its webhook address is refused."""
    chain = make_chain(client)
    assert client.call("DELETE", f"{FLOWS}/{chain.flow}").status_code == 204
    gone = client.call("GET", f"{FLOWS}/{chain.flow}")
    assert (gone.status_code, gone.json()["errorMessage"]) == (404, f"flows not found with id = [{chain.flow}]")
    assert client.call("DELETE", f"{FLOWS}/{chain.flow}").status_code == 404
    assert chain.post({"id": "1"}).status_code == 400


def test_the_last_closed_run_is_shown(client: Client) -> None:
    """Once a run has closed, the dataflow tells of it, and its etag is another one."""
    chain = make_chain(client)
    before = chain.state()
    assert "lastRunDetails" not in before
    chain.post(payload(1))
    wait_until(lambda: "lastRunDetails" in chain.state())
    after = chain.state()
    details = after["lastRunDetails"]
    assert set(details) == {"id", "state", "startedAtUTC", "completedAtUTC"}
    assert (details["id"], details["state"]) == (chain.runs()[0]["id"], "success")
    assert after["etag"] != before["etag"]
