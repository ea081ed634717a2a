"""What Flow Service's and Data Prep's calls cost with 10,000 dataflows, connections and mapping sets, beside 100."""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from running import CHATLIO, DATA_LAKE, MAPPINGS, Chain, Client, make_chain, mapping_set, payload, running, wait_until

from chatlio_helpers.emulator.state.store import Scope, Store

SIZES = {"small": 100, "large": 10_000}
ROUNDS = 10
MOST = 2.0  # times what it costs with a hundredth of the objects
SLACK = 0.005  # seconds; what a busy machine adds to the fastest of some calls, where reading all takes 0.04 and more
TRIES = 3
INSERT = """INSERT INTO objects (seat, sandbox, kind, id, name, body, created, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
FLOW, SETS = "/flowservice", "/conversion/mappingSets"
LISTS = (
    f"{FLOW}/flows", f"{FLOW}/flows?limit=100", f"{FLOW}/flows?orderby=name", f"{FLOW}/flows?orderby=-updatedAt",
    f"{FLOW}/flows?property=name==flow 7", f"{FLOW}/flows?property=id=={{flow}}",
    f"{FLOW}/flows?property=state==enabled", f"{FLOW}/flows?property=state==disabled", f"{FLOW}/flows?count=true",
    f"{FLOW}/flows?property=sourceConnectionIds[]=={{source}}", f"{FLOW}/flows?property=flowSpec.id==none",
    f"{FLOW}/flows?property=inheritedAttributes.targetConnections[].connectionSpec.id=={DATA_LAKE['id']}",
    f"{FLOW}/flows?property=name==flow 7,flow 8&orderby=-updatedAt",
    f"{FLOW}/sourceConnections?property=name==s7", f"{FLOW}/sourceConnections?property=baseConnectionId==none",
    f"{FLOW}/targetConnections?orderby=createdAt", f"{FLOW}/runs?property=flowId=={{flow}}&limit=5",
    f"{FLOW}/runs?property=state==inProgress", f"{SETS}?limit=10&start=0", f"{SETS}?limit=10&start=0&name=m7",
    f"{SETS}?limit=10&orderBy=%2BcreatedDate",
)  # fmt: skip


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Chain]]:
    """Give a chain of each seat, among copies of its parts that were put directly into the state file."""
    folder: Path = tmp_path_factory.mktemp("growth") / "state"
    with running(folder) as server:
        server.control("POST", "/seats", {"names": list(SIZES)})
        made = {seat: make_chain(Client(server, seat=seat)) for seat in SIZES}
        for chain in made.values():
            assert chain.post(payload(1)).ok
            wait_until(lambda chain=chain: [run for run in chain.runs() if "state" not in run])
    store = Store(folder)
    for seat, size in SIZES.items():
        fill(store.within(seat, "dev"), size)
    store.close()
    with running(folder) as server:
        for chain in made.values():
            chain.client = Client(server, seat=chain.client.seat)
        yield made


def fill(scope: Scope, size: int) -> None:
    """Put *size* copies of the first dataflow, source connection and mapping set, and some of the others."""
    kinds = {"flows": "flow", "sourceConnections": "s", "targetConnections": "t", "runs": "", "mappingSets": "m"}
    for kind, name in kinds.items():
        first, rows = scope.list(kind)[0], []
        for number in range(size if kind in ("flows", "sourceConnections", "mappingSets") else size // 5):
            body = copy.copy(first.body) | {"id": str(uuid.uuid4())}
            if name:
                body["name"] = f"{name} {number}" if kind == "flows" else f"{name}{number}"
            if kind == "flows":
                body["sourceConnectionIds"] = [str(uuid.uuid4())]
            at, text = first.created + number, orjson.dumps(body).decode()
            rows.append((scope.seat, scope.sandbox, kind, body["id"], body.get("name", first.name), text, at, at))
        with scope.store.transaction() as database:
            database.executemany(INSERT, rows)


def fastest(chains: dict[str, Chain], call: Callable[[Chain], Any]) -> dict[str, float]:
    """Give the time of the fastest of some calls for each seat; the seats take turns."""
    best = dict.fromkeys(SIZES, 10.0)
    for _ in range(ROUNDS):
        for seat, chain in chains.items():
            began = time.perf_counter()
            answer = call(chain)
            best[seat] = min(best[seat], time.perf_counter() - began)
            assert answer.ok, answer.text
    return best


def check(chains: dict[str, Chain], call: Callable[[Chain], Any]) -> None:
    """Fail when a call takes too many times as long with many objects, three times in a row."""
    for _ in range(TRIES):
        best = fastest(chains, call)
        if best["large"] <= MOST * best["small"] + SLACK:
            return
    raise AssertionError(best)


@pytest.mark.parametrize("path", LISTS)
def test_a_page_costs_the_same_among_many(chains: dict[str, Chain], path: str) -> None:
    """Whatever is filtered and however it is ordered, a page is found by an index or soon full."""
    sources = {seat: chain.client.made("GET", f"{FLOW}/flows/{chain.flow}", None)["items"][0]["sourceConnectionIds"][0]
               for seat, chain in chains.items()}  # fmt: skip

    def call(chain: Chain) -> Any:
        return chain.client.call("GET", path.format(flow=chain.flow, source=sources[chain.client.seat]))

    check(chains, call)


def test_making_one_costs_the_same_among_many(chains: dict[str, Chain]) -> None:
    """A connection, a mapping set and a dataflow are made without a look at the others; so is a search."""
    flows = {seat: chain.state() for seat, chain in chains.items()}
    fields = ("name", "flowSpec", "sourceConnectionIds", "targetConnectionIds", "transformations")
    source = {"name": "s", "connectionSpec": CHATLIO, "data": {"format": "json"}}
    sets = {seat: mapping_set(chain.schema, chain.client.tenant, MAPPINGS) for seat, chain in chains.items()}
    for path, bodies in (
        (f"{FLOW}/sourceConnections", dict.fromkeys(SIZES, source)),
        (SETS, sets),
        (f"{FLOW}/flows", {seat: {name: flow[name] for name in fields} for seat, flow in flows.items()}),
        (f"{FLOW}/flows/search", {seat: {"queryString": "name==flow 7"} for seat in SIZES}),
    ):
        check(
            chains, lambda chain, path=path, bodies=bodies: chain.client.call("POST", path, bodies[chain.client.seat])
        )


def test_deleting_one_costs_the_same_among_many(chains: dict[str, Chain]) -> None:
    """Whether a dataflow uses a connection is looked up by an index."""
    source = {"name": "gone", "connectionSpec": CHATLIO, "data": {"format": "json"}}
    made = {
        seat: [chain.client.made("POST", f"{FLOW}/sourceConnections", source)["id"] for _ in range(ROUNDS * TRIES)]
        for seat, chain in chains.items()
    }
    check(
        chains, lambda chain: chain.client.call("DELETE", f"{FLOW}/sourceConnections/{made[chain.client.seat].pop()}")
    )
