"""Every code of Flow Service's error page: the request that meets it, or why no request can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from running import CHATLIO, DATA_LAKE, Client, Server, make_chain, mapping_set, payload, running, wait_until

FLOW = "/flowservice"
GENERIC_STREAMING = {"id": "e77fde5a-22a8-11ed-861d-0242ac120002", "version": "1.0"}
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
AUTH = {"specName": "Streaming Connection", "params": {"dataType": "raw"}}
SOURCE = {"name": "s", "connectionSpec": CHATLIO, "data": {"format": "json"}}
BASE = {"name": "b", "connectionSpec": HTTP_API, "auth": AUTH}
SPEC = {"name": "generic-streaming", "providerId": "521eee4d-8cbe-4906-bb48-fb6bd4450033"}
RENAME = [{"op": "replace", "path": "/name", "value": "x"}]
NOTHING: Any = object()  # no body at all

PAGE = {
    *(f"{code}-{status}" for code, status in ((1101, 404), (1102, 500), (1103, 503), (1104, 504), (1400, 500),
                                               (1404, 412))),
    *(f"{code}-400" for code in (1100, *range(1401, 1459)) if code != 1404),
    *(f"{code}-401" for code in (2000, 2001, 2002)),
    *(f"{code}-404" for code in (2100, 2101, 2103, 2106)),
    *(f"{code}-500" for code in (2102, 2104, 2107, 2108, 2116, 2117, 2200, 2250)),
    *(f"{code}-400" for code in (2105, 2110, 2112, 2113, 2114, 2115, 2119)),
    *(f"{code}-403" for code in (2111, 2118, 2120, 2121)),
}  # fmt: skip
OUT_OF_REACH = {
    "1400-500": "the local platform says 1102-500 when the fault dial has it fail",
    "1409-400": "FINALIZE is refused before the state is looked at (1402-400), and no flow is ever enabled-finalizing",
    "1411-400": "a path that the service does not have is a 404 (1101) before any operation reads an id from it",
    "1421-400": "an update takes effect at once, so no flow is ever updating",
    "1424-400": "a query over all sandboxes is refused as a whole (2111-403)",
    "1428-400": "runs cannot be created with a user token (1427-400)",
    "1429-400": "runs cannot be created with a user token (1427-400)",
    "1430-400": "runs cannot be created with a user token (1427-400)",
    "1438-400": "no documented request names an aggregate operation",
    "1444-400": "no flow is ever in the state pending",
    "1445-400": "patching connections is always enabled",
    "1446-400": "runs cannot be created with a user token (1427-400)",
    "1457-400": "a delete takes effect at once, so no flow is ever delete-finalizing",
    "1458-400": "a delete takes effect at once, so no flow is ever delete-finalizing",
    "2000-401": "the gateway refuses another organisation before the service is reached (403027)",
    "2001-401": "the gateway refuses a missing organisation before the service is reached (400003)",
    "2002-401": "the gateway refuses a missing organisation before the service is reached (400003)",
    "2101-404": "the twin of 2100-404, which is what an unknown sandbox meets",
    "2102-500": "the sandbox service is part of the same process",
    "2103-404": "x-sandbox-id is refused with a user token (2110-400)",
    "2104-500": "x-sandbox-id is refused with a user token (2110-400)",
    "2106-404": "a call without a sandbox is refused (2105-400), no default is looked up",
    "2107-500": "a call without a sandbox is refused (2105-400), no default is looked up",
    "2108-500": "a query over all sandboxes is refused as a whole (2111-403)",
    "2112-400": "only service tokens may query over all sandboxes",
    "2113-400": "only service tokens may query over all sandboxes",
    "2114-400": "the gateway refuses a missing token before the service is reached (403010)",
    "2115-400": "the gateway refuses an invalid token before the service is reached (401013)",
    "2116-500": "tokens are looked up, not decoded",
    "2117-500": "permissions are part of the account",
    "2119-400": "no built operation wants the parameter specId",
    "2121-403": "a missing permission is 2118-403",
    "2200-500": "the Catalog is part of the same process",
    "2250-500": "Data Prep is part of the same process",
}


@dataclass(frozen=True)
class Case:
    """A request that must be refused with *code*; ``{words}`` in path, body and headers stand for things of the world.

    *role*, *sandbox*: of the account that asks.
    """

    code: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] | None = None
    role: str = "full"
    sandbox: str = "dev"


def listed(code: str, query: str, kind: str = "flows") -> Case:
    """Give a list call."""
    return Case(code, "GET", f"/{kind}?{query}")


def patched(code: str, body: Any, what: str = "flow", tag: str = "{etag}") -> Case:
    """Give a patch."""
    return Case(code, "PATCH", {"flow": "/flows/{flow}", "source": "/sourceConnections/{source}"}[what], body,
                {"If-Match": tag} if tag else None)  # fmt: skip


def finalized(code: str, sub: str, **body: Any) -> Case:
    """Give an action that only a provider may ask for."""
    return Case(code, "POST", f"/flows/{{flow}}/action?op=FINALIZE&subOp={sub}", body)


CASES = [
    Case("1100-400", "POST", "/runs/{failed_run}/action?op=RE_TRIGGER"),
    Case("1101-404", "GET", "/baseConnections/123"),
    listed("1401-400", "limit=2&count=true"),
    Case("1401-400", "POST", "/flows/search", {"limit": 2, "count": True}),
    Case("1402-400", "POST", "/flows/{flow}/action?op=FINALIZE"),
    Case("1402-400", "POST", "/flows/{flow}/action?op=FINALIZE_UPDATE&subOp=APPLY", {"percentCompleted": 100}),
    Case("1402-400", "POST", "/connections/{base}/action?op=FINALIZE"),
    patched("1403-400", RENAME, tag=""),
    patched("1404-412", RENAME, tag='"00000000-0000-0200-0000-000000000000"'),
    patched("1404-412", RENAME, tag="{bare_etag}"),
    patched("1404-412", RENAME, tag="*"),
    Case("1404-412", "POST", "/flows/{flow}/action?op=disable", headers={"If-Match": '"stale"'}),
    Case("1405-400", "POST", "/flows", NOTHING),
    Case("1405-400", "POST", "/sourceConnections", []),
    Case("1405-400", "POST", "/flows/search", "text"),
    patched("1405-400", []),
    patched("1405-400", [], "source", "{source_etag}"),
    finalized("1406-400", "PROGRESS&subOp=APPLY"),
    finalized("1406-400", "APPLY,PROGRESS"),
    finalized("1407-400", "PROGRESS", status={"value": "FAILED"}),
    finalized("1408-400", "APPLY", status={"value": "COMPLETED"}, percentCompleted=50),
    finalized("1408-400", "APPLY", status={"value": "FAILED"}, percentCompleted=99.5),
    Case("1410-400", "POST", "/flows", {"state": "enabled"}),
    Case("1410-400", "POST", "/flows?mode=draft", {"state": "enabled"}),
    Case("1412-400", "POST", "/flows", {"transformations": [{"name": "Mapping", "params": {
        "mappingId": "{mapping}", "mappingVersion": 7}}]}),
    Case("1412-400", "POST", "/flows", {"transformations": [{"name": "Mapping", "params": {
        "mappingId": "{mapping}", "mappingVersion": "seven"}}]}),
    Case("1413-400", "POST", "/flows", {"flowSpec": {"id": "none"}}),
    Case("1413-400", "POST", "/flows", {"flowSpec": GENERIC_STREAMING | {"version": "9.9"}}),
    Case("1413-400", "POST", "/sourceConnections", SOURCE | {"connectionSpec": {"id": "none"}}),
    Case("1413-400", "POST", "/sourceConnections", SOURCE | {"connectionSpec": CHATLIO | {"version": "7.0"}}),
    Case("1413-400", "POST", "/sourceConnections", SOURCE | {"connectionSpec": DATA_LAKE}),
    Case("1413-400", "POST", "/targetConnections", SOURCE),
    Case("1413-400", "POST", "/flowSpecs", SPEC | {"sourceConnectionSpecIds": ["none"]}),
    patched("1414-400", [{"op": "replace", "path": "/connectionSpec/id", "value": HTTP_API["id"]}], "source",
            "{source_etag}"),
    Case("1415-400", "POST", "/connections", BASE | {"auth": {"specName": "Basic"}}),
    Case("1415-400", "POST", "/connections", {"name": "b", "connectionSpec": HTTP_API}),
    Case("1416-400", "DELETE", "/flows/{disabling}"),
    Case("1417-400", "DELETE", "/flows/{initializing}"),
    Case("1417-400", "PATCH", "/flows/{initializing}", RENAME, {"If-Match": "{initializing_etag}"}),
    Case("1418-400", "DELETE", "/connections/{used_base}"),
    Case("1418-400", "DELETE", "/connections/{used_base}/"),
    Case("1419-400", "POST", "/flows", {"transformations": [{"name": "Mapping", "params": {"mappingId": "none"}}]}),
    Case("1419-400", "POST", "/flows", {"transformations": [{"name": "Mapping", "params": {
        "mappingId": "{broken_mapping}", "mappingVersion": 0}}]}),
    Case("1420-400", "PATCH", "/flows/{disabling}", RENAME, {"If-Match": "{disabling_etag}"}),
    Case("1422-400", "POST", "/flows/{flow}/action?op=enable"),
    Case("1422-400", "POST", "/flows/{flow}/action?op=publish"),
    Case("1422-400", "POST", "/sourceConnections/{source}/action?op=PUBLISH"),
    Case("1422-400", "POST", "/runs/{good_run}/action?op=re-trigger"),
    listed("1423-400", "property=baseSpec==x", "connectionSpecs"),
    Case("1425-400", "POST", "/flows", {"transformations": [{"name": "Mapping", "params": {
        "mappingId": "{other_mapping}", "mappingVersion": 0}}]}),
    Case("1426-400", "PUT", f"/connectionSpecs/{CHATLIO['id']}", SPEC),
    Case("1427-400", "POST", "/runs", {"flowId": "{flow}", "status": "active"}),
    Case("1427-400", "PUT", "/runs/{good_run}", {"flowId": "{flow}"}),
    Case("1431-400", "POST", "/connectionSpecs", SPEC | {"policy": {"fields": []}}),
    listed("1432-400", "orderby=*name"),
    listed("1433-400", "orderby=colour"),
    Case("1433-400", "POST", "/flows/search", {"orderby": "colour"}),
    *[patched("1434-400", [{"op": op, "from": "/name", "path": "/title", "value": "x"}])
      for op in ("move", "copy", "TEST", "dance")],
    Case("1435-400", "POST", "/flows/{flow}/action?op=reverse"),
    Case("1435-400", "POST", "/flows/{flow}/action"),
    Case("1435-400", "POST", "/sourceConnections/{source}/action?op=enable"),
    Case("1435-400", "POST", "/runs/{good_run}/action?op=stop"),
    Case("1436-400", "POST", "/flows/{flow}/action?op=enable&subOp=PROGRESS"),
    finalized("1437-400", "APPLY", status={"value": "started"}),
    Case("1439-400", "POST", "/flows", {"sourceConnectionIds": ["none"]}),
    Case("1439-400", "POST", "/sourceConnections", SOURCE | {"baseConnectionId": "none"}),
    listed("1440-400", "property=name~a"),
    Case("1441-400", "POST", "/flowSpecs/search", {"groupByProperty": "name"}),
    Case("1442-400", "POST", "/flowSpecs/search", {"groupByProperty": "id"}),
    listed("1443-400", "property=name<=a,b"),
    Case("1447-400", "DELETE", "/sourceConnections/{source}"),
    Case("1447-400", "DELETE", "/targetConnections/{target}"),
    listed("1448-400", "property=id>=a"),
    listed("1449-400", "property=colour==red"),
    listed("1449-400", "property=_inlet==x"),
    listed("1449-400", "property=_pending.state==enabled"),
    *[listed("1449-400", f"property={path}==1") for path in ("flowSpec.bogus", "name.first", "lastRunDetails.bogus",
                                                             "sourceConnectionIds[].id")],
    *[listed("1449-400", f"property={path}==1", "runs") for path in (
        "metrics.bogus", "metrics.statusSummary.bogus", "metrics.durationSummary.startedAt", "flowId.id")],
    listed("1433-400", "orderby=flowSpec.bogus"),
    Case("1449-400", "POST", "/flows/search", {"projectionFields": "colour"}),
    Case("1449-400", "POST", "/flowSpecs/search", {"groupByProperty": "colour"}),
    listed("1450-400", "property=name!>a"),
    listed("1450-400", "property=name"),
    Case("1450-400", "POST", "/connections/search", {"queryString": "name"}),
    listed("1451-400", "colour=red"),
    listed("1452-400", "property=createdAt==1676643256,1676643210"),
    listed("1452-400", "property=createdAt>yesterday"),
    *[listed("1452-400", f"limit={limit}") for limit in ("0", "-1", "two", "%C2%B2", "9" * 5000)],
    Case("1452-400", "POST", "/flows/search", {"limit": 1001}),
    Case("1452-400", "GET", "/connections/{base}/explore?objectType=MOON"),
    Case("1452-400", "POST", "/flows", {"targetConnectionIds": ["{lost_target}"]}),
    Case("1452-400", "POST", "/flows", {"options": {"partialIngestionPercent": 0}}),
    patched("1452-400", [{"op": "add", "path": "/options", "value": {"partialIngestionPercent": -1}}]),
    listed("1453-400", "property=createdAt=="),
    *[listed("1453-400", f"continuationToken={token}") for token in ("%21", "ZnJvbTotNQ==", "ZnJvbTp4", "8J-YgA==")],
    Case("1453-400", "POST", "/flows?mode=sketch", {}),
    listed("1454-400", "property=flowSpec==x"),
    Case("1454-400", "POST", "/flows", {"targetConnectionIds": "one"}),
    Case("1454-400", "POST", "/flows", {"options": {"errorDiagnosticsEnabled": "yes"}}),
    Case("1454-400", "POST", "/flows/search", {"limit": "many"}),
    Case("1454-400", "POST", "/connectionSpecs", SPEC | {"authSpec": "none"}),
    patched("1454-400", [{"op": "replace", "path": "/name", "value": 1}]),
    finalized("1454-400", "APPLY", status="done"),
    patched("1455-400", [{"op": "remove", "path": "/keyWhichDoesNotExist"}]),
    patched("1455-400", [{"op": "replace", "path": "/keyWhichDoesNotExist", "value": 1}]),
    patched("1455-400", [{"op": "replace", "path": "/name"}]),
    patched("1455-400", [{"path": "/name", "value": "x"}]),
    patched("1455-400", ["replace"]),
    patched("1455-400", [{"op": "add", "path": "/sourceConnectionIds/\u00b2", "value": "x"}]),
    *[patched("1455-400", [{"op": "add", "path": f"/{field}", "value": "x"}])
      for field in ("id", "etag", "imsOrgId", "createdBy", "_inlet", "_new", "inheritedAttributes")],
    Case("1455-400", "POST", "/connections", {"name": "b"}),
    Case("1455-400", "POST", "/sourceConnections", {"connectionSpec": CHATLIO, "data": {"format": "json"}}),
    Case("1455-400", "POST", "/flows", {"sourceConnectionIds": ["{draft_source}"]}),
    Case("1455-400", "POST", "/flowSpecs", {"name": "no provider"}),
    patched("1456-400", [{"op": "replace", "path": "/state", "value": "delete-finalizing"}]),
    patched("1456-400", [{"op": "remove", "path": "/state"}]),
    patched("1456-400", [{"op": "replace", "path": "/state", "value": {}}], "source", "{source_etag}"),
    Case("2100-404", "GET", "/flows", sandbox="nowhere"),
    Case("2105-400", "GET", "/flows", headers={"x-sandbox-name": ""}),
    Case("2110-400", "GET", "/flows", headers={"x-sandbox-id": "1"}),
    Case("2111-403", "GET", "/flows", headers={"x-sandbox-name": "*"}),
    Case("2118-403", "POST", "/flows", {}, role="limited"),
    Case("2120-403", "GET", "/flows", sandbox="finance"),
]  # fmt: skip
TRANSIENT = {"1102-500": 500, "1103-503": 503, "1104-504": 504}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("refusals")) as shared:
        yield shared


@pytest.fixture(scope="module")
def callers(server: Server) -> dict[str, Client]:
    """Give the accounts by their role."""
    return {role: Client(server, role=role) for role in ("full", "limited")}


@pytest.fixture(scope="module")
def client(callers: dict[str, Client]) -> Client:
    """Give the full account."""
    return callers["full"]


@pytest.fixture(scope="module")
def world(server: Server, client: Client) -> dict[str, Any]:
    """Make what the cases name, each thing in the state that its name says."""
    chain = make_chain(client)
    world: dict[str, Any] = {"flow": chain.flow, "mapping": chain.mapping}
    world["good_run"], world["failed_run"] = closed_run(chain, payload(1)), closed_run(chain, payload(2, count="many"))
    flow = chain.state()
    world |= {"etag": flow["etag"], "bare_etag": flow["etag"].strip('"')}
    world["source"], world["target"] = flow["sourceConnectionIds"][0], flow["targetConnectionIds"][0]
    (source,) = client.made("GET", f"{FLOW}/sourceConnections/{world['source']}", None)["items"]
    world["source_etag"] = source["etag"]
    world["good"] = {name: flow[name] for name in ("name", "flowSpec", "sourceConnectionIds", "targetConnectionIds",
                                                   "transformations")}  # fmt: skip
    world |= mapping_sets(client, chain) | connections(client, world)
    server.turn(enabling_delay=3600)
    made = client.made("POST", f"{FLOW}/flows", world["good"])
    world |= {"initializing": made["id"], "initializing_etag": made["etag"]}
    return world


def closed_run(chain: Any, *payloads: dict[str, Any]) -> str:
    """Send payloads and give the run that they landed in, once it is closed."""
    before = {run["id"] for run in chain.runs()}
    for one in payloads:
        assert chain.post(one).ok

    def new() -> list[dict[str, Any]]:
        return [run for run in chain.runs() if run["id"] not in before and "state" not in run]

    wait_until(new)
    return new()[0]["id"]


def mapping_sets(client: Client, chain: Any) -> dict[str, str]:
    """Make a mapping set with a fault, and one into another schema."""
    profile = "https://ns.adobe.com/xdm/context/profile"
    body = {"title": "Other", "description": "d", "type": "object", "allOf": [{"$ref": profile}]}
    other = client.made("POST", "/schemaregistry/tenant/schemas", body)["$id"]
    rows = (("ATTRIBUTE", "id", "_id"),)
    sets = {
        "broken_mapping": mapping_set(chain.schema, client.tenant, (("EXPRESSION", "concat(", "_id"),)),
        "other_mapping": mapping_set(chain.schema | {"id": other}, client.tenant, rows),
    }
    return {name: client.made("POST", "/conversion/mappingSets", body)["id"] for name, body in sets.items()}


def connections(client: Client, world: dict[str, Any]) -> dict[str, str]:
    """Make base connections, one that a dataflow uses; a draft; a target without a dataset; a disabling dataflow."""

    def made(kind: str, body: dict[str, Any]) -> str:
        return client.made("POST", f"{FLOW}/{kind}", body)["id"]

    base, used = made("connections", BASE), made("connections", BASE)
    source = made("sourceConnections", SOURCE | {"connectionSpec": HTTP_API, "baseConnectionId": used})
    spec = {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"}
    flow = made("flows", world["good"] | {"sourceConnectionIds": [source], "flowSpec": spec})
    wait_until(lambda: client.made("GET", f"{FLOW}/flows/{flow}", None)["items"][0]["state"] == "enabled")
    client.server.turn(enabling_delay=3600)
    etag = client.made("POST", f"{FLOW}/flows/{flow}/action?op=disable", None)["etag"]
    return {
        "base": base, "used_base": used, "disabling": flow, "disabling_etag": etag,
        "draft_source": made("sourceConnections?mode=draft", SOURCE),
        "lost_target": made("targetConnections", {"connectionSpec": DATA_LAKE, "data": {"format": "json"},
                                                  "params": {"dataSetId": "none"}}),
    }  # fmt: skip


def filled(value: Any, world: dict[str, Any]) -> Any:
    """Put the things of the world in the place of their names."""
    if isinstance(value, str):
        for name, thing in world.items():
            value = value.replace(f"{{{name}}}", thing) if isinstance(thing, str) else value
        return value
    if isinstance(value, dict):
        return {name: filled(one, world) for name, one in value.items()}
    return [filled(one, world) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.method} {case.path[:60]}")
def test_a_request_meets_its_code(callers: dict[str, Client], world: dict[str, Any], case: Case) -> None:
    """The request is refused with the code's status; the body has text, details and code."""
    body = filled(case.body, world)
    if (case.method, case.path) == ("POST", "/flows") and isinstance(body, dict):
        body = world["good"] | body
    headers = {"x-sandbox-name": case.sandbox} | filled(case.headers or {}, world)
    if case.body is NOTHING:
        body, headers = None, headers | {"Content-Type": "application/json"}
    answer = callers[case.role].call(case.method, FLOW + filled(case.path, world), body, headers=headers)
    said = answer.json()
    assert (answer.status_code, said.get("errorCode")) == (int(case.code[-3:]), case.code), said
    assert set(said) == {"errorMessage", "errorDetails", "errorCode"}
    assert len(said["errorMessage"]) > 10


@pytest.mark.parametrize("code", TRANSIENT)
def test_what_passes_by_itself(server: Server, client: Client, code: str) -> None:
    """The codes of a service in trouble come by dial."""
    server.turn(fault_rate=1, fault_status=TRANSIENT[code])
    try:
        answer = client.call("GET", f"{FLOW}/flows")
    finally:
        server.turn(fault_rate=0)
    assert (answer.status_code, answer.json()["errorCode"]) == (TRANSIENT[code], code)


@pytest.mark.parametrize(
    "kind", ["flows", "connections", "sourceConnections", "targetConnections", "runs", "connectionSpecs", "flowSpecs"]
)
def test_what_is_not_there(client: Client, kind: str) -> None:
    """Every way to name an item that is not there is a 404 with the printed text."""
    calls = [("GET", ""), ("POST", "/action?op=publish")]
    if kind.endswith("Specs"):
        calls = [("GET", ""), ("PUT", "")]
    elif kind != "runs":
        calls += [("PATCH", ""), ("DELETE", "")]
    for method, rest in calls:
        answer = client.call(method, f"{FLOW}/{kind}/none{rest}", RENAME if method == "PATCH" else {})
        text = f"{kind} not found with id = [none]"
        assert (answer.status_code, answer.json()) == (404, {"errorMessage": text, "errorDetails": text}), method


def test_every_code_is_accounted_for() -> None:
    """Each code of the page is driven by a case here or stands in the list of what is out of reach, never in both."""
    driven = {case.code for case in CASES} | set(TRANSIENT)
    assert driven | set(OUT_OF_REACH) == PAGE
    assert driven & set(OUT_OF_REACH) == set()
    assert all(len(reason) > 20 for reason in OUT_OF_REACH.values())
