"""A seat, and a sandbox, sees nothing of another: every operation that takes an id is called with somebody else's.

The test is driven by the table of operations: one that is new is called, too, and fails the test until ``PLACES`` says
where its ids come from. What is asked for is more than a refusal: the answer for an id that exists elsewhere must be
the same, byte for byte, as the answer for an id that exists nowhere.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import requests
from running import DATA_LAKE, FLOW_SPEC, Chain, Client, Server, make_chain, payload, running, wait_until

from chatlio_helpers.emulator import app
from chatlio_helpers.emulator.provenance import OPERATIONS, Operation

MARK = "belongs-to-ada"
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
NO_IDS = {"uniques/{field}": "status", "tags/{namespace}": "flowId"}  # parts of a path that are words, not ids
WORDS = re.compile("|".join(map(re.escape, NO_IDS)))
OWNED = sorted(
    (
        one
        for one in OPERATIONS
        if "{" in WORDS.sub("", one.path) and one.service not in ("IMS", "Streaming collection")
    ),
    key=lambda one: (one.path, one.method),
)
LISTS = [one for one in OPERATIONS if "{" not in WORDS.sub("", one.path) and one.method == "GET"]
GLOBAL = ("/global/", "/languages/", "sandboxTypes")  # the same for all seats

# What stands before a part of a path, and the part: the kind of object whose ids it takes.
PLACES = {
    "batches/{batch}": "batches", "connectionSpecs/{id}": "connectionSpecs", "flowSpecs/{id}": "flowSpecs",
    "connections/{id}": "connections", "sourceConnections/{id}": "sourceConnections",
    "targetConnections/{id}": "targetConnections", "flows/{id}": "flows", "runs/{id}": "runs",
    "dataSets/{id}": "dataSets", "datasets/{dataset}": "dataSets", "mappingSets/{id}": "mappingSets",
    "mappings/{mapping}": "mappings", "views/{view}": "views", "files/{file}": "files", "sandboxes/{name}": "sandboxes",
    "behaviors/{id}": "schemas", "classes/{id}": "classes", "datatypes/{id}": "datatypes",
    "fieldgroups/{id}": "mixins", "mixins/{id}": "mixins", "schemas/{id}": "schemas",
    "descriptors/{id}": "descriptors", "unions/{id}": "schemas", "auditlog/{id}": "schemas",
    "export/{id}": "schemas", "sampledata/{id}": "schemas", "queries/{id}": "queries",
    "query-templates/{id}": "query-templates",
}  # fmt: skip
PATCH_TITLE = [{"op": "replace", "path": "/title", "value": "taken over"}]
PATCH_NAME = [{"op": "replace", "path": "/name", "value": "taken over"}]
RESOURCE = {"title": "taken over", "description": "d", "type": "object", "allOf": []}
BODIES: dict[str, Any] = {
    "patchDataset": {"name": "taken over"}, "putDataset": {"name": "taken over"},
    "patchConnection": PATCH_NAME, "patchFlow": PATCH_NAME, "patchSourceConnection": PATCH_NAME,
    "patchTargetConnection": PATCH_NAME, "patchSchema": PATCH_TITLE, "patchFieldGroup": PATCH_TITLE,
    "updateMixin": PATCH_TITLE, "updateClass": PATCH_TITLE, "updateDataType": PATCH_TITLE,
    "updateSchema": RESOURCE, "updateFieldGroup": RESOURCE, "replaceMixin": RESOURCE, "replaceClass": RESOURCE,
    "replaceDatatype": RESOURCE,
    "updateDescriptor": {"@type": "xdm:descriptorIdentity", "xdm:sourceSchema": "x", "xdm:sourceVersion": 1,
                         "xdm:sourceProperty": "/x"},
    "putMapping": {"sourceType": "ATTRIBUTE", "source": "a", "destination": "_id"},
    "createMapping": {"sourceType": "ATTRIBUTE", "source": "a", "destination": "_id"},
    "putMappingSet": {"outputSchema": {"schemaRef": {"id": "x", "contentType": "x"}}, "mappings": []},
    "updateConnectionSpec": {"name": "taken over", "version": "1.0"},
    "updateFlowSpec": {"name": "taken over", "version": "1.0"},
    "patchSandbox": {"title": "taken over"}, "resetSandbox": {"action": "reset"},
    "updateRun": {"state": "completed"},
    "uploadSmallFile": [{"_id": "1"}], "uploadLargeFilePart": [{"_id": "1"}],
}  # fmt: skip
QUERIES = {
    "completeBatch": "?action=COMPLETE", "completeLargeFileUpload": "?action=COMPLETE",
    "postStateTransition": "?op=disable", "performAction": "?op=disable", "performAction_1": "?op=disable",
    "performAction_2": "?op=disable", "postAction": "?op=kill", "exploreByConnectionSpecId": "?objectType=ROOT",
    "getByConnectionId": "?objectType=ROOT",
}  # fmt: skip
HEADERS = {"if-match": '"any-etag"'}
XED = {"accept": "application/vnd.adobe.xed+json; version=1"}
# Operations that answer everybody alike, whether the id is somebody's, nobody's or even one's own.
SAME_FOR_ALL = {
    "deleteDataset": "an id that is not there gives 200 and an empty array (documented)",
    "updateRun": "a user's token may not change runs",
}
# An id that the caller chooses: it must be new in the seat, whose files go by it, and may be another seat's too.
CHOSEN = {"createBatchWithId"}

OCTETS = {"content-type": "application/octet-stream"}


@dataclass
class World:
    """Two seats of one platform, and everything that the first one has, by kind."""

    server: Server
    ada: Client
    ben: Client
    chain: Chain
    other: Chain
    things: dict[str, list[str]]

    def state(self) -> list[Any]:
        """Give all that is remembered of Ada, but for tokens, and all her files."""
        query = "SELECT * FROM objects WHERE seat = 'ada' AND kind != 'tokens' ORDER BY number"
        with sqlite3.connect(self.server.folder / "state.sqlite") as database:
            rows = database.execute(query).fetchall()
        files = sorted(
            path for folder in ("lake", "imports") for path in (self.server.folder / folder / "ada").rglob("*")
        )
        return [*rows, *((str(path), path.stat().st_size) for path in files)]


def kinds_of(server: Server) -> dict[str, list[str]]:
    """Give the ids of Ada's objects by kind, as they are on disk."""
    found: dict[str, list[str]] = {}
    with sqlite3.connect(server.folder / "state.sqlite") as database:
        for kind, id in database.execute("SELECT kind, id FROM objects WHERE seat = 'ada' ORDER BY number"):
            found.setdefault(kind, []).append(id)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give Ada one of everything, and Ben a chain of his own."""
    with running(tmp_path_factory.mktemp("isolation") / "state", run_window=1) as server:
        server.control("POST", "/seats", {"names": ["ada", "ben"]})
        ada, ben = Client(server, seat="ada"), Client(server, seat="ben")
        chain, other = make_chain(ada, MARK), make_chain(ben, "bens")
        things = _everything(ada, chain)
        wait_until(lambda: chain.counts() == (1, 1))
        wait_until(lambda: all("inProgress" not in str(run) for run in chain.runs()))
        first = ada.made("GET", f"/export/batches/{next(iter(chain.batches('success')))}/files", None)["data"][0]
        mapping = ada.made("GET", f"/conversion/mappingSets/{chain.mapping}/mappings", None)
        rows = mapping["data"] if isinstance(mapping, dict) else mapping
        batch = ada.made("POST", "/import/batches", {"datasetId": chain.dataset, "inputFormat": {"format": "json"}})[
            "id"
        ]
        upload = f"/import/batches/{batch}/datasets/{chain.dataset}/files/{first['dataSetFileId']}"
        assert ada.call("PUT", upload, [{"_id": "uploaded"}], headers=OCTETS).ok
        view = ada.made("GET", f"/catalog/dataSets/{chain.dataset}", None)[chain.dataset]["viewId"]
        things |= {"views": [view], "files": [first["dataSetFileId"]], "mappings": [rows[0]["id"]]}
        yield World(server, ada, ben, chain, other, {**kinds_of(server), **things})


def _everything(ada: Client, chain: Chain) -> dict[str, list[str]]:
    """Make, in Ada's seat, what a chain does not have; gives what is found by name and not by an id of the store."""
    ours = {"type": "object", "properties": {f"_{ada.tenant}": {"type": "object", "properties": {}}}}
    for noun in ("classes", "datatypes"):
        more = {"allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}]} if noun == "classes" else ours
        ada.made("POST", f"/schemaregistry/tenant/{noun}", {"title": f"{MARK} {noun}", "type": "object", **more})
    ada.made("POST", "/schemaregistry/tenant/descriptors", {
        "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": chain.schema["id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{ada.tenant}/text", "xdm:namespace": "Email", "xdm:property": "xdm:code",
    })  # fmt: skip
    ada.made("POST", "/flowservice/connections", {
        "name": MARK, "connectionSpec": HTTP_API,
        "auth": {"specName": "Streaming Connection", "params": {"dataType": "raw", "name": MARK, "sourceId": MARK}},
    })  # fmt: skip
    for noun in ("connectionSpecs", "flowSpecs"):
        ada.made("POST", f"/flowservice/{noun}", {"name": MARK, "providerId": "p", "version": "1.0"})
    ada.made("POST", "/sandbox-management/sandboxes", {"name": "adas-lab", "title": MARK, "type": "development"})
    for one in (payload(1, text=MARK), {"id": "no day", "day": 7}):
        assert chain.post(one).status_code == 200
    query = ada.made("POST", "/query/queries", {"sql": f"SELECT '{MARK}'", "dbName": "dev:all"})
    template = ada.made("POST", "/query/query-templates", {"sql": f"SELECT '{MARK}'", "name": MARK})
    return {"sandboxes": ["adas-lab"], "queries": [query["id"]], "query-templates": [template["id"]]}


def made_up(id: str) -> str:
    """Give an id of the same shape that exists nowhere."""
    place, slash, last = id.rpartition("/")
    other = re.sub("[0-9]", lambda digit: str((int(digit.group()) + 3) % 10), last)
    return place + slash + (other if other != last else f"{last}x")


def filled(operation: Operation, things: dict[str, list[str]], *, real: bool) -> tuple[str, list[str]]:
    """Give the path of an operation with ids of *things*, or ids like them, and those ids."""
    path, used = operation.path, []
    for before, part in re.findall(r"([\w-]+)/(\{\w+\})", operation.path):
        place = f"{before}/{part}"
        assert place in PLACES, f"say in PLACES which ids {operation.method} {operation.path} takes"
        assert things.get(PLACES[place]), f"let _everything make one of {PLACES[place]}"
        id = things[PLACES[place]][-1]
        used.append(id if real else made_up(id))
        path = path.replace(part, quote(used[-1], safe=""), 1)
    return path, used


def called(client: Client, operation: Operation, path: str) -> requests.Response:
    """Call an operation with a body that it reads."""
    body = None if operation.method in ("GET", "DELETE", "HEAD") else BODIES.get(operation.name, {})
    url = f"{client.server.url}{path}{QUERIES.get(operation.name, '')}"
    headers = HEADERS | (
        {} if "/descriptors" in path or "/rpc/" in path or not path.count("/tenant/") + path.count("/global/") else XED
    )
    headers |= OCTETS if "LargeFile" in operation.name or "SmallFile" in operation.name else {}
    return client.call(operation.method, url, body, headers=headers)


def plain(answer: requests.Response, ids: list[str]) -> tuple[int, str]:
    """Give status and text of an answer without the ids that were asked for, and without what is always new."""
    text = answer.text
    for id in ids:
        for form in (id, quote(id, safe=""), json.dumps(id)[1:-1]):
            text = text.replace(form, "ID")
    text = re.sub(r'"(registryRequestId|timestamp|requestId)": ?"[^"]*"', "", text)
    return answer.status_code, text


def refused_alike(client: Client, operation: Operation, things: dict[str, list[str]]) -> str:
    """Say what is wrong with the answers to ids that are somebody else's; empty when nothing is."""
    real, used = filled(operation, things, real=True)
    unreal, invented = filled(operation, things, real=False)
    theirs, nobodys = called(client, operation, real), called(client, operation, unreal)
    if MARK in theirs.text:
        return "shows what belongs to another"
    if operation.name in SAME_FOR_ALL:
        return "" if plain(theirs, used) == plain(nobodys, invented) else "tells it from one that is nowhere"
    if theirs.status_code not in (400, 403, 404):
        return f"is not refused: {theirs.status_code} {theirs.text[:200]}"
    if operation.name in CHOSEN:
        return ""
    if (
        theirs.status_code == 400
        and theirs.text
        and "not found" not in theirs.text.lower()
        and "no " not in theirs.text.lower()
    ):
        return f"is refused for something else: {theirs.text[:200]}"
    if plain(theirs, used) != plain(nobodys, invented):
        return f"tells it from one that is nowhere: {theirs.text[:200]} / {nobodys.text[:200]}"
    return ""


@pytest.mark.parametrize("operation", OWNED, ids=lambda one: f"{one.method} {one.path}")
def test_an_id_of_another_seat_is_an_id_of_nobody(world: World, operation: Operation) -> None:
    """Whatever Ben calls with Ada's ids, he learns nothing, not even that they exist, and changes nothing."""
    before = world.state()
    assert refused_alike(world.ben, operation, world.things) == ""
    assert world.state() == before


NOT_BY_SANDBOX = ("/sandbox-management/", "/global/", "/connectionSpecs/", "/flowSpecs/")


@pytest.mark.parametrize(
    "operation", [one for one in OWNED if not any(part in one.path for part in NOT_BY_SANDBOX)],
    ids=lambda one: f"{one.method} {one.path}",
)  # fmt: skip
def test_an_id_of_another_sandbox_is_an_id_of_nobody(world: World, operation: Operation) -> None:
    """The same within one seat: in the sandbox prod nothing of the sandbox dev can be reached."""
    before = world.state()
    assert refused_alike(Client(world.server, seat="ada", sandbox="prod"), operation, world.things) == ""
    assert world.state() == before


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: f"{one.method} {one.path}")
def test_no_list_shows_what_belongs_to_another(world: World, operation: Operation) -> None:
    """Lists of Ben, and of Ada's other sandbox, hold none of her ids and none of her names."""
    inner = Client(world.server, seat="ada", sandbox="prod")
    ids = {
        id for kind, found in world.things.items() if kind not in ("sandboxes", "tokens", "auditlog") for id in found
    }
    for client in (world.ben, inner):
        if client is inner and any(part in operation.path for part in ("/sandbox-management/", "Specs")):
            continue
        path = WORDS.sub(lambda found: found.group().partition("{")[0] + NO_IDS[found.group()], operation.path)
        answer = called(client, operation, path)
        assert answer.status_code < 500
        assert MARK not in answer.text
        assert [id for id in ids if id in answer.text and len(id) > 9] == []


def test_the_operations_themselves_work(world: World) -> None:
    """What Ben is refused, Ada is given: every reading operation answers her with the same ids."""
    refused = []
    for operation in OWNED:
        if operation.method == "GET" and not any(part in operation.path for part in GLOBAL):
            path, _ = filled(operation, world.things, real=True)
            answer = called(world.ada, operation, path)
            refused += [(operation.path, answer.status_code)] if answer.status_code >= 400 else []
    # Her newest batch takes files still, so it has landed none and failed none; her schema is no class with a union.
    assert {path.rsplit("/", 2)[-1] for path, _ in refused} <= {"files", "failed", "meta", "{id}"}
    assert len(refused) <= 5


REFERENCES = {
    "/catalog/dataSets": lambda ada: {"name": "x", "schemaRef": ada["schema"]},
    "/conversion/mappingSets": lambda ada: {"outputSchema": {"schemaRef": ada["schema"]}, "mappings": []},
    "/flowservice/targetConnections": lambda ada: {
        "name": "x", "connectionSpec": DATA_LAKE, "data": {"format": "json"}, "params": {"dataSetId": ada["dataSets"]},
    },
    "/flowservice/sourceConnections": lambda ada: {
        "name": "x", "connectionSpec": HTTP_API, "baseConnectionId": ada["connections"], "data": {"format": "json"},
    },
    "/flowservice/flows": lambda ada: {
        "name": "x", "flowSpec": FLOW_SPEC, "sourceConnectionIds": [ada["sourceConnections"]],
        "targetConnectionIds": [ada["targetConnections"]],
        "transformations": [{"name": "Mapping", "params": {"mappingId": ada["mappingSets"], "mappingVersion": 0}}],
    },
    "/schemaregistry/tenant/schemas": lambda ada: {
        "title": "x", "description": "d", "type": "object",
        "allOf": [{"$ref": ada["classes"]}, {"$ref": ada["mixins"]}],
    },
    "/schemaregistry/tenant/descriptors": lambda ada: {
        "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": ada["schemas"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/_id", "xdm:namespace": "Email", "xdm:property": "xdm:code",
    },
    "/import/batches": lambda ada: {"datasetId": ada["dataSets"], "inputFormat": {"format": "json"}},
    "/flowservice/runs": lambda ada: {"flowId": ada["flows"]},
}  # fmt: skip


@pytest.mark.parametrize("path", REFERENCES)
def test_nothing_can_be_built_upon_what_belongs_to_another(world: World, path: str) -> None:
    """A body that points to Ada's objects is answered as one that points nowhere, and nothing changes for her.

    Most are refused; a connection takes any id, and a dataflow over it is refused later.
    """
    before = world.state()
    real = {kind: found[-1] for kind, found in world.things.items()}
    unreal = {kind: made_up(id) for kind, id in real.items()}
    answers = []
    for ids in (real, unreal):
        schema = {"id": ids["schemas"], "contentType": world.chain.schema["contentType"]}
        answer = world.ben.call("POST", path, REFERENCES[path]({**ids, "schema": schema}))
        assert MARK not in answer.text
        status, text = plain(answer, list(ids.values()))
        answers.append((status, text if status >= 400 else ""))
    assert answers[0] == answers[1]
    assert world.state() == before


def test_no_dataflow_leads_into_anothers_dataset(world: World) -> None:
    """A target connection may name any dataset; a dataflow over it may not, whether it is Ada's or nobody's."""
    ben, own = world.ben, world.other
    source = ben.made("GET", "/flowservice/sourceConnections", None)["items"][-1]["id"]
    transformation = {"name": "Mapping", "params": {"mappingId": own.mapping, "mappingVersion": 0}}
    answers = []
    for dataset in (world.chain.dataset, made_up(world.chain.dataset)):
        target = ben.made("POST", "/flowservice/targetConnections", {
            "name": "x", "connectionSpec": DATA_LAKE, "data": {"format": "json"}, "params": {"dataSetId": dataset},
        })["id"]  # fmt: skip
        answer = ben.call("POST", "/flowservice/flows", {
            "name": "x", "flowSpec": FLOW_SPEC, "sourceConnectionIds": [source], "targetConnectionIds": [target],
            "transformations": [transformation],
        })  # fmt: skip
        answers.append(plain(answer, [dataset, target]))
    assert answers[0] == answers[1]
    assert answers[0][0] in (400, 404)


def test_an_inlet_takes_its_own_dataflow_only(world: World) -> None:
    """Ada's inlet refuses Ben's dataflow and the other way round, one by one and in a batch; nobody gets a row."""
    before = world.chain.landed(), world.other.landed()
    crossed = [(world.chain.inlet, world.other.flow), (world.other.inlet, world.chain.flow)]
    for inlet, flow in crossed:
        for url in (inlet, inlet.replace("/collection/", "/collection/batch/")):
            body = {"messages": [payload(1)]} if "/batch/" in url else payload(1)
            answer = requests.post(f"{url}?x-adobe-flow-id={flow}", json=body, timeout=30)
            assert answer.status_code == 400 or "There is no dataflow with this id" in answer.text
            assert "There is no dataflow with this id on this inlet" in answer.text
    assert (world.chain.landed(), world.other.landed()) == before


def test_queries_by_anothers_ids_find_nothing(world: World) -> None:
    """Filters that name Ada's dataset, dataflow and batch give Ben empty lists."""
    dataset, flow, batch = world.chain.dataset, world.chain.flow, world.things["batches"][0]
    assert world.ben.made("GET", f"/catalog/batches?dataSet={dataset}", None) == {}
    assert world.ben.made("GET", f"/catalog/batches?batch={batch}", None).keys().isdisjoint({batch})
    assert world.ben.made("GET", f"/flowservice/runs?property=flowId=={flow}", None)["items"] == []
    assert world.ben.made("GET", f"/flowservice/flows?property=id=={flow}", None)["items"] == []
    assert dataset not in world.ben.call("GET", f"/catalog/dataSets?properties=name&name={MARK}").text


def test_keys_of_one_seat_with_the_token_of_another(world: World) -> None:
    """A token works with its own key and organisation only."""
    theirs = {name: world.ada.headers[name] for name in ("x-api-key", "x-gw-ims-org-id")}
    for name in theirs:
        answer = world.ben.call("GET", "/flowservice/flows", headers={name: theirs[name]})
        assert answer.status_code == 403
    assert world.ben.call("GET", "/flowservice/flows", headers=theirs).status_code == 403


def test_the_table_is_the_applications() -> None:
    """Every route with an id under /data/ is in the table, so that no route escapes these tests."""
    tabled = {(one.method, re.sub(r"\{\w+\}", "{}", one.path)) for one in OPERATIONS}
    built = {
        (method, re.sub(r"\{\w+(:path)?\}", "{}", route.path))
        for route in app.routes()
        if route.path.startswith("/data/") and "{" in route.path
        for method in route.methods
        if method != "HEAD" or route.methods == {"HEAD"}
    }
    assert built <= tabled
