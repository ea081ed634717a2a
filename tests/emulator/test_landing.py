"""What an inlet accepted lands exactly once, or is a failed row, whatever happens to the process."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import MAPPINGS, QUICK, Chain, Client, Server, make_chain, mapping_set, payload, running, wait_until

from chatlio_helpers.emulator.collection.journal import Message
from chatlio_helpers.emulator.landing.pipeline import Pipeline, SchemaRef


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("platform")) as shared:
        yield shared


@pytest.fixture
def chain(server: Server, request: pytest.FixtureRequest) -> Iterator[Chain]:
    """Give a dataflow of the test's own."""
    yield make_chain(Client(server), request.node.name)
    server.turn(**QUICK)


def _landed_ids(chain: Chain) -> list[str]:
    return [row["_id"] for row in chain.landed()]


def _all_settled(chain: Chain, rows: int) -> None:
    wait_until(lambda: sum(chain.counts()) >= rows, 30)


def test_a_posted_payload_becomes_a_row(chain: Chain) -> None:
    """The landed row holds what the mapping made of the payload, in the types of the schema."""
    chain.post(payload(1, text="grüße ✓", count="7"))
    _all_settled(chain, 1)
    row = chain.landed()[0]
    own = row[f"_{chain.client.tenant}"]
    assert row["_id"] == "event-1"
    assert (own["text"], own["count"], own["day"].isoformat()) == ("grüße ✓", 7, "2026-01-02T00:00:00+00:00")
    assert abs(row["timestamp"].timestamp() - time.time()) < 60


def test_good_and_failed_rows_go_apart(chain: Chain) -> None:
    """One bad row of each sort does not hold up the good ones, and all counts add up."""
    chain.client.server.turn(landing_delay=3600)
    bad_type, no_id = payload(2, count="many"), payload(3)
    del no_id["id"]
    for one in (payload(1), bad_type, no_id, payload(4, day="some day")):
        assert chain.post(one).status_code == 200
    chain.client.server.turn(landing_delay=0)
    _all_settled(chain, 4)
    assert _landed_ids(chain) == ["event-1", "event-4"]
    success, failed = chain.batches("success"), chain.batches("failed")
    assert len(success) == len(failed) == 1
    (bad,) = failed.values()
    assert (bad["metrics"]["invalidRecordsMapper"], bad["metrics"]["invalidRecordsStreamingValidation"]) == (1, 1)
    assert {error["code"]: error["rows"] for error in bad["errors"]} == {
        "DPMAP-3700-400": ["0"],
        "MAPPER-3700-400": ["0"],
        "DCVS-1111-400": ["1"],
    }


def test_a_failed_row_says_which_it_was_and_why(chain: Chain) -> None:
    """A row refused by the mapping keeps its payload; one refused by the schema shows the record and the violation."""
    refused = payload("x", count="many")
    answer = chain.post(refused).json()
    chain.post({"text": "no id", "day": "2026-01-02"})
    _all_settled(chain, 2)
    by_mapper, by_schema = chain.failed()
    assert by_mapper["header"]["xactionId"] == answer["xactionId"]
    assert by_mapper["body"] == refused
    assert by_mapper["_errors"][0]["code"] == "MAPPER-3700-400"
    assert by_mapper["_errors"][0]["sourceField"] == "count"
    assert by_schema["body"]["xdmEntity"][f"_{chain.client.tenant}"]["text"] == "no id"
    assert by_schema["body"]["xdmMeta"]["schemaRef"] == chain.schema
    assert by_schema["_errors"]["_streamingValidation"][0]["message"] == "required key [_id] not found"


def test_a_value_too_large_for_its_column_fails_alone(chain: Chain) -> None:
    """An integer that JSON can hold and Parquet cannot fails its own row, not its neighbours."""
    chain.client.server.turn(landing_delay=3600)
    for number, count in enumerate((1, 2**63 + 5, 3)):
        chain.post(payload(number, count=count))
    chain.client.server.turn(landing_delay=0)
    _all_settled(chain, 3)
    assert chain.counts() == (2, 1)
    assert _landed_ids(chain) == ["event-0", "event-2"]


def test_the_mapping_version_at_landing_time_counts(chain: Chain) -> None:
    """Rows are mapped with the version that the dataflow names when they land; a later one waits for a patch."""
    changed = (*MAPPINGS[:2], ("EXPRESSION", 'concat("new: ", text)', "_{tenant}.text"))
    body = mapping_set(chain.schema, chain.client.tenant, changed)
    chain.client.made("PUT", f"/conversion/mappingSets/{chain.mapping}", body)
    chain.post(payload("before"))
    _all_settled(chain, 1)
    chain.client.server.turn(landing_delay=3600)
    chain.post(payload("during"))
    value = {"name": "Mapping", "params": {"mappingId": chain.mapping, "mappingVersion": 1}}
    patch = [{"op": "replace", "path": "/transformations/0", "value": value}]
    path = f"/flowservice/flows/{chain.flow}"
    chain.client.made("PATCH", path, patch, headers={"If-Match": chain.state()["etag"]})
    chain.client.server.turn(landing_delay=0)
    _all_settled(chain, 2)
    texts = {row["_id"]: row[f"_{chain.client.tenant}"]["text"] for row in chain.landed()}
    assert texts == {"event-before": "hello", "event-during": "new: hello"}


def test_a_schema_change_reaches_the_next_rows(chain: Chain) -> None:
    """A field added to the schema becomes a column of the next batch."""
    chain.post(payload(1))
    _all_settled(chain, 1)
    groups = chain.client.call(
        "GET", "/schemaregistry/tenant/fieldgroups", headers={"Accept": "application/vnd.adobe.xed-id+json"}
    ).json()["results"]
    group = next(one for one in groups if one["title"] == "test_a_schema_change_reaches_the_next_rows fields")
    own = f"/definitions/customFields/properties/_{chain.client.tenant}/properties/added"
    patch = [{"op": "add", "path": own, "value": {"type": "string"}}]
    chain.client.made("PATCH", f"/schemaregistry/tenant/fieldgroups/{group['meta:altId']}", patch)
    chain.post(payload(2))
    _all_settled(chain, 2)
    columns = [set(row[f"_{chain.client.tenant}"]) for row in chain.landed()]
    assert "added" not in columns[0]
    assert "added" in columns[1]


def test_events_of_a_deleted_dataflow_are_failed_rows(chain: Chain) -> None:
    """What was accepted before the dataflow went is not lost: it is kept as failed, with the reason."""
    chain.client.server.turn(landing_delay=3600)
    chain.post(payload(1))
    chain.client.call("DELETE", f"/flowservice/flows/{chain.flow}")
    chain.client.server.turn(landing_delay=0)
    _all_settled(chain, 1)
    (failure,) = chain.failed()
    assert failure["body"] == payload(1)
    assert "was deleted before its events landed" in failure["_errors"][0]["message"]


def test_a_reset_seat_takes_its_files_along(server: Server) -> None:
    """Resetting one seat empties its lake and its journal's part, and leaves the other seat's rows."""
    server.control("POST", "/seats", {"names": ["ada", "ben"]})
    ada, ben = (make_chain(Client(server, seat)) for seat in ("ada", "ben"))
    for chain in (ada, ben):
        chain.post(payload(1))
        _all_settled(chain, 1)
    server.turn(landing_delay=3600)
    ada.post(payload(2))
    server.control("POST", "/seats/ada/reset")
    server.turn(landing_delay=0)
    assert list((server.folder / "lake").glob("ada/*/*")) == []
    assert _landed_ids(ben) == ["event-1"]
    ben.post(payload(2))
    _all_settled(ben, 2)
    assert Client(server, "ada").call("GET", "/catalog/batches").json() == {}


def test_a_turned_clock_leaves_no_message_behind(chain: Chain) -> None:
    """A message that is due must not pull the cursor over an older one that is not, when the clock was turned back."""
    chain.client.server.turn(landing_delay=3600)
    chain.post(payload("before"))
    chain.client.server.turn(clock_offset=100)
    chain.post(payload("ahead"))
    chain.client.server.turn(clock_offset=0)
    time.sleep(0.4)
    assert chain.counts() == (0, 0)
    chain.client.server.turn(landing_delay=0)
    _all_settled(chain, 2)
    assert _landed_ids(chain) == ["event-before", "event-ahead"]


def test_a_message_that_trips_the_platform_fails_alone() -> None:
    """A fault while mapping one message gives that message a failed fate instead of stopping the landing."""
    pipeline = Pipeline([], {"type": "object", "properties": {"_id": {"type": "string"}}}, SchemaRef("s", "c"))
    fate = pipeline.fate_of(Message("s", "dev", "f", "d", "i", "1:1:1", 1, b"not json"))
    assert fate.refused_by == "unknown"
    assert "The local platform failed while mapping" in fate.errors[0].message


def test_accepted_messages_land_after_a_crash(tmp_path: Path) -> None:
    """Messages that were accepted and had not landed when the process was killed land at the next start, once."""
    with running(tmp_path, landing_delay=3600) as server:
        chain = make_chain(Client(server))
        for number in range(20):
            assert chain.post(payload(number)).status_code == 200
        server.kill()
        server.start()
        assert sum(chain.counts()) == 0
        server.turn(landing_delay=0)
        _all_settled(chain, 20)
        assert Counter(_landed_ids(chain)) == Counter(f"event-{number}" for number in range(20))


def test_files_of_an_uncommitted_batch_are_removed_at_start(tmp_path: Path) -> None:
    """A Parquet file without its batch, as a crash leaves it, is gone after the next start."""
    with running(tmp_path) as server:
        chain = make_chain(Client(server))
        chain.post(payload(1))
        _all_settled(chain, 1)
        (kept,) = (tmp_path / "lake").glob("*/*/*.parquet")
        server.kill()
        (kept.parent / "01ARZ3NDEKTSV4RRFFQ69G5FAV.parquet").write_bytes(kept.read_bytes())
        (kept.parent / ".01ARZ3NDEKTSV4RRFFQ69G5FAW.parquet").write_bytes(b"PAR1")
        server.start()
        assert list(kept.parent.iterdir()) == [kept]
        assert _landed_ids(chain) == ["event-1"]
