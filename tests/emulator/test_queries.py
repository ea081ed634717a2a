"""Query Service over REST: queries over what landed, tables that queries make, lists, templates and cancellation."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import Chain, Client, Server, make_chain, payload, running, wait_until
from test_hostile_bodies import WRONG, places, replaced

from chatlio_helpers.emulator.query import query_tables

OVER = ("SUCCESS", "FAILED", "KILLED", "TIMEOUT")
ENDLESS = "SELECT count(*) AS n FROM range(100000000000) a, range(1000) b WHERE a.range + b.range = -1"


def submit(client: Client, sql: str, **more: Any) -> dict[str, Any]:
    """Submit a query that must be taken."""
    return client.made("POST", "/query/queries", {"dbName": f"{client.sandbox}:all", "sql": sql, **more})


def state(client: Client, id: str) -> dict[str, Any]:
    """Give a query as it stands."""
    return client.call("GET", f"/query/queries/{id}").json()


def own(client: Client) -> str:
    """Give the name of the tenant's column."""
    return f"_{client.tenant}"


def query(client: Client, sql: str, **more: Any) -> dict[str, Any]:
    """Run a query to its end."""
    id = submit(client, sql, **more)["id"]
    wait_until(lambda: state(client, id)["state"] in OVER)
    return state(client, id)


def rows_of(client: Client, table: str) -> list[dict[str, Any]]:
    """Give the rows of the dataset behind a table, by way of Data Access."""
    found = client.call("GET", "/catalog/dataSets", params={"tags": f"adobe/pqs/table:{table}"}).json()
    return client.call("GET", f"/export/datasets/{next(iter(found))}/preview").json()["data"]


@pytest.fixture(scope="module")
def events(shared_server: Server) -> Chain:
    """Give a dataflow with five landed rows, in a seat of its own."""
    name = f"query-{uuid.uuid4().hex[:8]}"
    shared_server.control("POST", "/seats", {"names": [name]})
    chain = make_chain(Client(shared_server, seat=name))
    for number in range(5):
        assert chain.post(payload(number, count=number)).ok
    wait_until(lambda: chain.counts() == (5, 0))
    return chain


def test_a_query_counts_the_rows_that_landed(events: Chain) -> None:
    """A query goes from SUBMITTED to SUCCESS, counts its rows and names the dataset that it read."""
    client = events.client
    first = submit(client, "SELECT _id FROM events WHERE $own.count >= 3", queryParameters={"own": own(client)})
    assert (first["state"], first["rowCount"], first["isCTAS"], first["client"]) == ("SUBMITTED", 0, False, "API")
    wait_until(lambda: state(client, first["id"])["state"] in OVER)
    done = state(client, first["id"])
    assert (done["state"], done["rowCount"], done["errors"]) == ("SUCCESS", 2, [])
    assert [one["id"] for one in done["_links"]["referenced_datasets"]] == [events.dataset]
    assert "cancel" not in done["_links"]


def test_failed_rows_are_not_in_the_table(events: Chain) -> None:
    """Rows that the schema refused are in a batch of their own, which no query reads."""
    chain = make_chain(events.client, "mixed")
    for number in range(3):
        chain.post(payload(number, count="many" if number else 1))
    wait_until(lambda: sum(chain.counts()) == 3)
    assert query(events.client, "SELECT * FROM mixed")["rowCount"] == chain.counts()[0]


def test_create_table_as_makes_a_dataset_whose_rows_are_read_by_data_access(events: Chain) -> None:
    """CREATE TABLE AS makes a dataset with an ad hoc schema; INSERT INTO adds a batch; DROP TABLE takes it away."""
    client = events.client
    made = query(
        client,
        "CREATE TABLE per_count AS SELECT _id, timestamp, $own AS kept, 1 + 1 AS two FROM events",
        queryParameters={"own": own(client)},
    )
    assert (made["state"], made["isCTAS"], made["rowCount"]) == ("SUCCESS", True, 5)
    dataset = client.call("GET", f"/catalog/dataSets/{made['_links']['created_dataset']['id']}").json()
    body = next(iter(dataset.values()))
    assert body["tags"]["adobe/pqs/table"] == ["per_count"]
    schema = client.call(
        "GET", f"/schemaregistry/tenant/schemas/{body['schemaRef']['id'].replace('/', '%2F').replace(':', '%3A')}",
        headers={"Accept": "application/vnd.adobe.xed-full+json;version=1"},
    ).json()  # fmt: skip
    assert schema["meta:class"] == "https://ns.adobe.com/xdm/data/adhoc"
    assert schema["properties"]["timestamp"]["format"] == "date-time"
    landed = sorted(rows_of(client, "per_count"), key=lambda row: row["_id"])
    assert [row["_id"] for row in landed] == [f"event-{number}" for number in range(5)]
    assert (landed[4]["kept"]["count"], landed[4]["two"], landed[4]["timestamp"][-1]) == (4, 2, "Z")
    assert query(client, "INSERT INTO per_count SELECT 'more' AS _id")["rowCount"] == 1
    assert query(client, "SELECT two FROM per_count WHERE _id = 'more'")["rowCount"] == 1
    assert query(client, "CREATE TABLE per_count AS SELECT 1 AS a")["errors"][0]["code"] == "42P07"
    assert query(client, "INSERT INTO per_count SELECT 1 AS unknown")["errors"][0]["code"] == "42703"
    assert query(client, "DROP TABLE per_count")["state"] == "SUCCESS"
    assert query(client, "SELECT * FROM per_count")["errors"][0]["code"] == "42P01"
    assert query(client, "DROP TABLE events")["errors"][0]["code"] == "42501"


def test_parameters_turn_a_query_into_one_that_writes(events: Chain) -> None:
    """``ctasParameters`` and ``insertIntoParameters`` make the SQL that ``effectiveSQL`` shows."""
    client = events.client
    made = query(client, "SELECT _id FROM events", ctasParameters={"datasetName": "My Copy", "description": "a copy"})
    assert made["effectiveSQL"] == 'CREATE TABLE "my_copy" AS (SELECT _id FROM events)'
    assert made["isCTAS"]
    assert made["_links"]["referenced_datasets"][0]["id"] == events.dataset
    found = client.call("GET", "/catalog/dataSets", params={"name": "My Copy"}).json()
    assert next(iter(found.values()))["description"] == "a copy"
    added = query(client, "SELECT 'x' AS _id", insertIntoParameters={"datasetName": "My Copy"})
    assert (added["state"], added["isInsertInto"]) == ("SUCCESS", True)
    assert "created_dataset" not in added["_links"]
    assert query(client, "SELECT * FROM my_copy")["rowCount"] == 6
    wide = {"datasetName": "Wide", "targetSchemaTitle": "events"}
    assert query(client, "SELECT _id, timestamp FROM events", ctasParameters=wide)["state"] == "SUCCESS"
    assert query(client, "SELECT $own.text FROM wide", queryParameters={"own": own(client)})["rowCount"] == 5


def test_templates_keep_sql_with_default_parameters(events: Chain) -> None:
    """A template is made, counted, listed, replaced, run with other parameters, and deleted."""
    client = events.client
    sql = "SELECT * FROM $table WHERE _id = '$id'"
    kept = client.made(
        "POST",
        "/query/query-templates",
        {"sql": sql, "name": "by id", "queryParameters": {"table": "events", "id": "0"}},
    )
    path = f"/query/query-templates/{kept['id']}"
    assert client.call("GET", path).json() == kept
    assert client.call("GET", "/query/query-templates/count").json()["totalCount"] == 1
    body = {"dbName": "dev:all", "templateId": kept["id"], "queryParameters": {"id": "event-1"}}
    run = client.made("POST", "/query/queries", body)
    wait_until(lambda: state(client, run["id"])["state"] in OVER)
    done = state(client, run["id"])
    assert (done["rowCount"], done["templateName"]) == (1, "by id")
    listed = client.call("GET", "/query/queries", params={"property": f"templateId=={kept['id']}"}).json()["queries"]
    assert [one["id"] for one in listed] == [run["id"]]
    changed = client.call("PUT", path, {"sql": "SELECT 1", "name": "one"})
    assert (changed.status_code, changed.json()["sql"], changed.json()["created"]) == (202, "SELECT 1", kept["created"])
    found = client.call("GET", "/query/query-templates", params={"property": "name~on"}).json()["templates"]
    assert [one["id"] for one in found] == [kept["id"]]
    assert client.call("DELETE", path).json() == {"message": "Deleted", "statusCode": "202"}
    assert client.call("GET", path).status_code == 404


def test_lists_are_paged_by_links_both_ways(take_seat: Callable[..., Client]) -> None:
    """The links of a page lead forth and back over all queries, each shown once; soft-deleted ones are left out."""
    client = take_seat()
    ids = [submit(client, f"SELECT {number} AS n")["id"] for number in range(5)]
    wait_until(lambda: all(state(client, id)["state"] == "SUCCESS" for id in ids))
    seen, href = [], f"{client.server.url}/data/foundation/query/queries?limit=2"
    while href:
        page = client.call("GET", href).json()
        seen += [one["id"] for one in page["queries"]]
        last, href = page, page["_links"].get("next", {}).get("href")
    assert seen == ids[::-1]
    back = client.call("GET", last["_links"]["prev"]["href"]).json()
    assert [one["id"] for one in back["queries"]] == [ids[2], ids[1]]
    oldest = client.call("GET", "/query/queries", params={"orderby": "+created", "limit": 1}).json()["queries"]
    assert oldest[0]["id"] == ids[0]
    moment = oldest[0]["created"]
    for condition, count in ((f"created>{moment}", 4), ("state==SUCCESS,sql~SELECT 3", 1), ("state!=SUCCESS", 0)):
        found = client.call("GET", "/query/queries", params={"property": condition}).json()
        assert len(found["queries"]) == count
    assert client.call("PATCH", f"/query/queries/{ids[0]}", {"op": "soft_delete"}).status_code == 202
    assert len(client.call("GET", "/query/queries").json()["queries"]) == 4
    everything = client.call("GET", "/query/queries", params={"excludeSoftDeleted": "false"}).json()["queries"]
    assert len(everything) == 5


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"sql": "SELECT 1"}, "dbName"),
        ({"dbName": "prod:all", "sql": "SELECT 1"}, "dev:all"),
        ({"dbName": "dev:all"}, "one SQL statement"),
        ({"dbName": "dev:all", "sql": "SELECT 1; SELECT 2"}, "there are 2"),
        ({"dbName": "dev:all", "sql": "SELECT $a"}, "no value for $a"),
        ({"dbName": "dev:all", "sql": "SELECT 'a"}, "no end"),
        ({"dbName": "dev:all", "sql": "selec 1"}, "syntax error"),
        ({"dbName": "dev:all", "sql": "COPY t TO 'x'"}, "COPY"),
        ({"dbName": "dev:all", "sql": "SET a = 1"}, "session"),
        ({"dbName": "dev:all", "sql": 7}, "sql"),
        ({"dbName": [], "sql": "SELECT 1"}, "dbName"),
        ({"dbName": "dev:all", "sql": "SELECT 1", "ctasParameters": []}, "ctasParameters"),
        ({"dbName": "dev:all", "sql": "SELECT 1", "ctasParameters": {"description": "x"}}, "datasetName"),
        ({"dbName": "dev:all", "templateId": "no"}, "template"),
    ],
)
def test_what_is_no_query_is_refused(events: Chain, body: dict[str, Any], words: str) -> None:
    """A body that cannot become a query gives 400 in Query Service's form, naming the fault."""
    refused = events.client.call("POST", "/query/queries", body)
    assert (refused.status_code, refused.json()["statusCode"]) == (400, 400)
    assert words in refused.json()["message"]


def test_wrong_types_anywhere_are_refused_or_harmless(events: Chain) -> None:
    """A body in which any one part is of another type gives no failure of the platform's own."""
    template = {"name": "a", "sql": "SELECT 1", "queryParameters": {"a": "1"}}
    kept = events.client.made("POST", "/query/query-templates", template)["id"]
    about = {"datasetName": "fuzz", "description": "a", "targetSchemaTitle": "nope"}
    good = {
        ("POST", "/query/queries"): {
            "dbName": "dev:all", "sql": "SELECT 1 AS n", "queryParameters": {"a": "1"}, "templateId": kept, "name": "a",
            "description": "a", "ctasParameters": about, "insertIntoParameters": {"datasetName": "fuzz"},
        },
        ("POST", "/query/query-templates"): template,
        ("PUT", f"/query/query-templates/{kept}"): template,
        ("PATCH", "/query/queries/nothing"): {"op": "cancel"},
    }  # fmt: skip
    for (method, path), body in good.items():
        for way in places(body):
            for wrong in WRONG:
                answer = events.client.call(method, path, replaced(body, way, wrong))
                assert answer.status_code < 500, (method, path, way, wrong, answer.text)


@pytest.mark.parametrize("asked", ["limit=0", "limit=x", "orderby=name", "property=nope==1", "property=sql==a",
                                   "property=created>soon", "start=soon", "excludeHidden=perhaps"])  # fmt: skip
def test_lists_refuse_what_they_cannot_do(events: Chain, asked: str) -> None:
    """A parameter of a list that has no meaning gives 400."""
    assert events.client.call("GET", f"/query/queries?{asked}").status_code == 400


def test_cancelling_ends_a_query_that_runs(events: Chain) -> None:
    """PATCH cancel kills the query at once; what is over cannot be cancelled: 409."""
    client = events.client
    id = submit(client, ENDLESS)["id"]
    wait_until(lambda: state(client, id)["state"] == "IN_PROGRESS")
    assert client.call("PATCH", f"/query/queries/{id}", {"op": "stop"}).status_code == 400
    cancelled = client.call("PATCH", f"/query/queries/{id}", {"op": "cancel"})
    assert (cancelled.status_code, cancelled.json()["message"]) == (202, "Query cancel request received")
    assert state(client, id)["state"] == "KILLED"
    assert query(client, "SELECT 1 AS n")["state"] == "SUCCESS"
    assert state(client, id)["state"] == "KILLED"
    assert client.call("PATCH", f"/query/queries/{id}", {"op": "cancel"}).status_code == 409


def test_seats_and_sandboxes_see_only_their_own(events: Chain, take_seat: Callable[..., Client]) -> None:
    """Another seat, and another sandbox, finds neither query nor table; an account without permission is refused."""
    other = take_seat()
    id = submit(events.client, "SELECT 1 AS n")["id"]
    assert other.call("GET", f"/query/queries/{id}").status_code == 404
    assert query(other, "SELECT * FROM events")["errors"][0]["code"] == "42P01"
    prod = Client(events.client.server, seat=events.client.seat, sandbox="prod")
    assert query(prod, "SELECT * FROM events")["errors"][0]["code"] == "42P01"
    limited = Client(events.client.server, seat=events.client.seat, role="limited")
    assert limited.call("GET", "/query/queries").status_code == 403


def test_a_table_without_rows_has_its_columns(events: Chain) -> None:
    """A dataset to which nothing landed is an empty table, and the lists of tables know it."""
    client = events.client
    make_chain(client, "quiet")
    assert query(client, "SELECT _id, $own.day FROM quiet", queryParameters={"own": own(client)})["state"] == "SUCCESS"
    assert query(client, "SELECT * FROM information_schema.tables WHERE table_name = 'quiet'")["rowCount"] == 1
    assert query(client, "SHOW TABLES")["rowCount"] >= 2


def test_a_schema_may_grow_under_its_rows(events: Chain) -> None:
    """Rows that landed before a field was added have null in it."""
    client = events.client
    chain = make_chain(client, "growing")
    chain.post(payload(1))
    wait_until(lambda: chain.counts() == (1, 0))
    groups = client.call(
        "GET", "/schemaregistry/tenant/fieldgroups", headers={"Accept": "application/vnd.adobe.xed+json"}
    )
    group = next(one for one in groups.json()["results"] if one["title"] == "growing fields")
    place = f"/definitions/customFields/properties/_{client.tenant}/properties/more"
    patched = client.call(
        "PATCH", f"/schemaregistry/tenant/fieldgroups/{group['meta:altId']}",
        [{"op": "add", "path": place, "value": {"type": "string", "title": "more"}}],
    )  # fmt: skip
    assert patched.ok, patched.text
    assert query(client, "SELECT $own.more FROM growing", queryParameters={"own": own(client)})["rowCount"] == 1


def test_types_of_tables_are_those_of_the_files() -> None:
    """Every kind of XDM field has the DuckDB type in which its column of a landed file is read."""
    import duckdb
    import pyarrow as pa

    from chatlio_helpers.emulator.xdm.columns import Columns

    text = {"type": "string"}
    properties = {
        "a": text, "b": {"type": "integer"}, "c": {"type": "number"}, "d": {"type": "boolean"},
        "e": text | {"format": "date-time"}, "f": text | {"format": "date"}, "g": {"type": "array", "items": text},
        "h": {"type": "object", "properties": {"x": {"type": "integer"}}}, "i": {"type": "object"},
        "j": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}},
        "k": {}, "l": text | {"format": "uri"},
    }  # fmt: skip
    empty: pa.Table = Columns({"properties": properties}).schema.empty_table()
    read = duckdb.connect().from_arrow(empty)
    found = dict(zip(read.columns, map(str, read.types), strict=True))
    wanted = {name: str(duckdb.sqltype(query_tables.type_of(node))) for name, node in properties.items()}
    assert found == wanted


def test_a_query_that_takes_too_long_ends_as_timeout(tmp_path: Path) -> None:
    """The dial query_time ends a query: TIMEOUT, with the documented code."""
    with running(tmp_path / "state", query_time=0.5) as server:
        client = Client(server)
        done = query(client, ENDLESS)
        assert (done["state"], done["errors"][0]["code"]) == ("TIMEOUT", "53400")
        server.turn(query_time=60)
        assert query(client, "SELECT 1 AS n")["state"] == "SUCCESS"


def test_a_power_cut_leaves_no_query_hanging_and_no_half_table(tmp_path: Path) -> None:
    """After kill -9 in the middle of queries they are FAILED, their tables are not there, and the next query runs."""
    server = Server(tmp_path / "state")
    server.start()
    try:
        client = Client(server)
        slow = "CREATE TABLE half AS " + ENDLESS
        ids = [submit(client, sql)["id"] for sql in (slow, ENDLESS, ENDLESS)]
        wait_until(lambda: state(client, ids[0])["state"] == "IN_PROGRESS")
        time.sleep(0.2)
        port = client.call("GET", "/query/connection_parameters").json()["port"]
        server.kill()
        server.start()
        assert client.call("GET", "/query/connection_parameters").json()["port"] == port
        ended = [state(client, id) for id in ids]
        assert {one["state"] for one in ended} == {"FAILED"}
        assert {one["errors"][0]["errorType"] for one in ended} == {"SYSTEM_ERROR"}
        assert client.call("GET", "/catalog/dataSets").json() == {}
        assert query(client, "CREATE TABLE half AS SELECT 1 AS n")["state"] == "SUCCESS"
        assert not list((tmp_path / "state" / "query-drafts").glob("*"))
    finally:
        server.stop()
