"""What Catalog's calls cost with 10,000 objects, beside what they cost with 100, on one local platform."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import EXPERIENCE_EVENT, Client, running

from chatlio_helpers.emulator.catalog import batches
from chatlio_helpers.emulator.catalog.batches import Portion
from chatlio_helpers.emulator.platform import assemble

SIZES = {"small": 100, "large": 10_000}
ROUNDS, MOST_ROUNDS = 10, 60
SCHEMA = {"title": "s", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
MOST = 2.0  # times what it costs with a hundredth of the objects
LISTS = (
    "/catalog/dataSets", "/catalog/dataSets?name=d7", "/catalog/dataSets?orderBy=asc:name&start=20",
    "/catalog/dataSets?property=created>1000&properties=name", "/catalog/batches",
    "/catalog/batches?dataSet=d7&orderBy=desc:created&limit=10", "/catalog/batches?status=failed",
    "/catalog/batches?dataSet=d7&status=success", "/catalog/batches?createdAfter=1050&limit=50",
    "/catalog/batches?createdBefore=1010", "/catalog/batches?version=9.9.9", "/catalog/batches?recordCount=12345",
    "/catalog/batches?orderBy=asc:size", "/catalog/batches?orderBy=desc:status&status=!x",
    "/catalog/batches?property=recordCount<3", "/catalog/lastBatches?dataSetId=d7,d8", "/export/batches/b5/files",
)  # fmt: skip


def filled(folder: Path) -> None:
    """Make two seats with so many datasets and batches, directly in the state file."""
    platform = assemble(folder)
    platform.seats.create(list(SIZES), now=1_000)
    portion = Portion("org", "sandbox", "d7", "flow", 1, 2, 3, 4, 5)
    for seat, size in SIZES.items():
        scope = platform.store.within(seat, "dev")
        with platform.store.transaction():
            for number in range(size):
                body = batches.landed(portion) | {"created": 1_000 + number, "updated": 1_000 + number}
                body["status"] = "failed" if number % 50 == 7 else "success"
                body["relatedObjects"] = [{"type": "dataSet", "id": f"d{number % 10}"}]
                scope.put("batches", f"b{number}", body, now=1_000 + number, name=f"d{number % 10}")
                made = {"name": f"d{number}", "tags": {"adobe/pqs/table": [f"d{number}"]}, "created": 1_000 + number,
                        "updated": 1_000 + number, "viewId": "v", "schemaRef": {"id": "x"}}  # fmt: skip
                scope.put("dataSets", f"d{number}", made, now=1_000 + number, name=made["name"])
    platform.store.close()


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """Give a client of each seat."""
    folder = tmp_path_factory.mktemp("cost") / "state"
    folder.mkdir(mode=0o700)
    filled(folder)
    with running(folder) as server:
        yield {seat: Client(server, seat=seat) for seat in SIZES}


def ratio(clients: dict[str, Client], call: Any) -> tuple[float, dict[str, float]]:
    """Give how many times as long the fastest of some calls takes with many objects; they take turns."""
    best = dict.fromkeys(SIZES, 10.0)
    for number in range(MOST_ROUNDS):
        if number >= ROUNDS and best["large"] <= MOST * best["small"]:
            break  # a busy machine needs more rounds until each side has had a quiet moment
        for seat, client in clients.items():
            began = time.perf_counter()
            answer = call(client)
            best[seat] = min(best[seat], time.perf_counter() - began)
            assert answer.ok, answer.text
    return best["large"] / best["small"], best


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_many_costs_what_a_list_of_few_costs(clients: dict[str, Client], path: str) -> None:
    """Whatever is filtered and however it is ordered, a page is found by an index."""
    found, best = ratio(clients, lambda client: client.call("GET", path))
    assert found <= MOST, best


def test_making_one_among_many_costs_what_it_costs_among_few(clients: dict[str, Client]) -> None:
    """A dataset looks for its table's name, a batch for its id: both by an index."""
    references = {}
    for seat, client in clients.items():
        id = client.made("POST", "/schemaregistry/tenant/schemas", SCHEMA)["$id"]
        references[seat] = {"id": id, "contentType": "application/vnd.adobe.xed+json;version=1"}
    found, best = ratio(
        clients,
        lambda client: client.call("POST", "/catalog/dataSets", {"name": "d7", "schemaRef": references[client.seat]}),
    )
    assert found <= MOST, best
    found, best = ratio(clients, lambda client: client.call("POST", "/catalog/batches", {"status": "success"}))
    assert found <= MOST, best


@pytest.mark.parametrize("query", ["tags=flowId:other", "property=inputFormat.format==avro", "tags=team:a*"])
def test_what_no_object_has_is_not_looked_for_in_each(clients: dict[str, Client], query: str) -> None:
    """Without an index, too, a text that occurs nowhere is found out sooner than by reading all objects."""

    def fastest(asked: str) -> float:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            assert clients["large"].made("GET", f"/catalog/batches?{asked}", None) == {}
            times.append(time.perf_counter() - began)
        return min(times)

    assert fastest(query) < fastest("property=inputFormat.format==12345") * 0.7
