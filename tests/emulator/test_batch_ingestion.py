"""Batch ingestion over HTTP: what is uploaded lands, what fails explains itself, and actions do what they say."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from importing import Import, begun, lines, record
from running import Chain, Client, make_chain, running, wait_until


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Give a dataset on a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("platform")) as server:
        yield make_chain(Client(server), "imports")


def table(batch: Import) -> pa.Table | None:
    """Give the landed rows of a batch by way of Data Access, or None when there are none."""
    client = batch.chain.client
    files = client.made("GET", f"/export/batches/{batch.id}/files", None)["data"]
    if not files:
        return None
    (part,) = client.made("GET", files[0]["_links"]["self"]["href"], None)["data"]
    content = client.call("GET", part["_links"]["self"]["href"]).content
    assert len(content) == int(part["length"]) == int(files[0]["size"])
    return pq.read_table(io.BytesIO(content))


def ids(batch: Import) -> list[str]:
    """Give the ids of the landed rows."""
    found = table(batch)
    return [] if found is None else found.column("_id").to_pylist()


def diagnostics(batch: Import, path: str) -> list[dict[str, Any]]:
    """Give the lines of a diagnostics file."""
    text = batch.chain.client.call("GET", f"/export/batches/{batch.id}/meta", params={"path": path}).text
    return [json.loads(line) for line in text.splitlines()]


def test_json_lines_land_under_the_batch(chain: Chain) -> None:
    """Two files become one Parquet file; the batch goes from loading to success and counts what it did."""
    batch = begun(chain)
    assert batch.body()["status"] == "loading"
    batch.put("one.json", lines(record(chain, 1), record(chain, 2)))
    batch.put("day=2/two.json", lines(record(chain, 3)) + b"\n")
    body = batch.completed()
    assert (body["status"], body["errors"]) == ("success", [])
    metrics = body["metrics"]
    assert (metrics["inputRecordCount"], metrics["outputRecordCount"], metrics["failedRecordCount"]) == (3, 3, 0)
    assert (metrics["inputFileCount"], metrics["partitionCount"]) == (2, 1)
    assert sorted(ids(batch)) == ["event-1", "event-2", "event-3"]
    inputs = diagnostics(batch, "input_files/fileMetaData1.json")
    assert inputs == [{"path": "day=2/two.json"}, {"path": "one.json"}]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_over_many_lines_lands(chain: Chain, indent: int | None) -> None:
    """With isMultiLineJson a file is one array, however it is written."""
    batch = begun(chain, input={"isMultiLineJson": True})
    batch.put("all.json", json.dumps([record(chain, number) for number in range(40)], indent=indent).encode())
    assert batch.completed()["metrics"]["outputRecordCount"] == 40


def test_parquet_lands_with_its_times(chain: Chain) -> None:
    """Timestamps with and without a zone, and decimals, become what the schema has."""
    own = pa.struct([("text", pa.string()), ("count", pa.int32()), ("day", pa.timestamp("us"))])
    schema = pa.schema([("_id", pa.string()), ("timestamp", pa.timestamp("ns", tz="Europe/Vienna")),
                        (f"_{chain.client.tenant}", own)])  # fmt: skip
    moment = pa.scalar(1_767_323_045_123_000_000, pa.timestamp("ns", tz="Europe/Vienna")).as_py()
    rows = [{"_id": "p-1", "timestamp": moment, f"_{chain.client.tenant}": {"text": "a", "count": 7, "day": moment}}]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), buffer)
    batch = begun(chain, "Parquet")
    batch.put("rows.parquet", buffer.getvalue())
    assert batch.completed()["status"] == "success"
    (row,) = table(batch).to_pylist()
    assert (row["_id"], row[f"_{chain.client.tenant}"]["count"]) == ("p-1", 7)
    assert row["timestamp"] == moment.replace(microsecond=123_000)


def test_values_become_the_type_of_their_field(chain: Chain) -> None:
    """Texts become numbers and numbers texts, epoch milliseconds become times, null counts as missing."""
    batch = begun(chain)
    odd = record(chain, 1, text=5, count="17", day=1767323045123, plan=None)
    batch.put("odd.json", lines({**odd, "timestamp": 1767323045000}))
    assert batch.completed()["errors"] == []
    (row,) = table(batch).to_pylist()
    own = row[f"_{chain.client.tenant}"]
    assert (own["text"], own["count"], own["plan"]) == ("5", 17, None)
    assert own["day"].isoformat() == "2026-01-02T03:04:05.123000+00:00"


def test_one_bad_row_fails_a_batch_that_allows_none(chain: Chain) -> None:
    """Without partial ingestion nothing lands; without diagnostics the batch says no more than that."""
    batch = begun(chain)
    batch.put("rows.json", lines(record(chain, 1), b"{not json"))
    body = batch.completed()
    assert (body["status"], body["errors"][0]["code"]) == ("failed", "INGEST-1211-400")
    assert (body["metrics"]["failedRecordCount"], body["metrics"]["outputRecordCount"]) == (1, 0)
    assert table(batch) is None
    assert diagnostics(batch, "row_errors") == [] or not diagnostics(batch, "row_errors")[0]["data"]
    (part,) = chain.client.made("GET", f"/export/batches/{batch.id}/failed", None)["data"]
    failed = [json.loads(line) for line in chain.client.call("GET", part["_links"]["self"]["href"]).text.splitlines()]
    assert [one["_corrupt_record"] for one in failed] == ["{not json"]


def test_partial_ingestion_lands_the_good_rows(chain: Chain) -> None:
    """Below the threshold the batch succeeds, and each kind of failed row has its diagnostics."""
    batch = begun(chain, partialIngestionPercentage=50, enableErrorDiagnostics=True)
    good = [record(chain, number) for number in range(4)]
    missing = {"timestamp": "2026-01-02T03:04:05Z"}
    batch.put("rows.json", lines(*good, b"[1]", record(chain, 5, count="many"), missing))
    body = batch.completed()
    assert (body["status"], body["metrics"]["outputRecordCount"], body["failedRecordCount"]) == ("success", 4, 3)
    codes = {error["code"]: error for error in body["errors"]}
    assert next(iter(codes)) == "INGEST-1212-400"
    assert (codes["INGEST-1401-400"]["recordCount"], codes["INGEST-1555-400"]["rows"]) == (1, ["6"])
    assert sorted(ids(batch)) == [f"event-{number}" for number in range(4)]
    listed = chain.client.made("GET", f"/export/batches/{batch.id}/meta?path=row_errors", None)["data"]
    kinds = ["conversion_errors_0.json", "parsing_errors_0.json", "validation_errors_0.json"]
    assert [one["name"] for one in listed] == kinds
    (parsing,) = diagnostics(batch, "row_errors/parsing_errors_0.json")
    assert parsing["_corrupt_record"] == "[1]"
    assert (parsing["_errors"][0]["code"], parsing["_filename"]) == ("1401", "parsing_errors_0.json")
    assert len(diagnostics(batch, "row_errors_sample.json")) == 3


def test_above_the_threshold_the_whole_batch_fails(chain: Chain) -> None:
    """Two of three rows are more than half."""
    batch = begun(chain, partialIngestionPercentage=50)
    batch.put("rows.json", lines(record(chain, 1), b"x", b"y"))
    body = batch.completed()
    assert (body["status"], body["metrics"]["outputRecordCount"]) == ("failed", 0)
    assert body["errors"][0]["code"] == "INGEST-1212-400"
    assert table(batch) is None


@pytest.mark.parametrize(
    ("format", "content", "code"),
    [("json", b"", "106"), ("parquet", b"PAR1 no", "INGEST-1401-400"), ("json", None, "106")],
)
def test_a_file_that_cannot_be_read_fails_the_batch(
    chain: Chain, format: str, content: bytes | None, code: str
) -> None:  # fmt: skip
    """An empty file, one of another format, and no file at all."""
    batch = begun(chain, format)
    if content is not None:
        batch.put("file", content)
    body = batch.completed()
    assert (body["status"], body["errors"][0]["code"]) == ("failed", code)


def test_a_large_file_comes_in_parts_in_any_order(chain: Chain) -> None:
    """Parts may come in any order and twice; HEAD tells what is there without a gap."""
    content = lines(*(record(chain, number) for number in range(50)))
    cut, end = len(content) // 3, len(content)
    batch = begun(chain)
    assert batch.large("a/big.json", "initialize").json() == {"name": "a/big.json", "sizeInBytes": 0}
    batch.send("PATCH", "a/big.json", content[cut:], content_range=f"bytes {cut}-{end - 1}/{end}")
    assert "range" not in batch.send("HEAD", "a/big.json").headers
    for _ in range(2):
        answer = batch.send("PATCH", "a/big.json", content[:cut], content_range=f"bytes 0-{cut - 1}")
        assert (answer.status_code, answer.json()["sizeInBytes"]) == (200, cut)
    assert batch.send("HEAD", "a/big.json").headers["range"] == f"bytes=0-{end - 1}"
    assert batch.action("COMPLETE").status_code == 400
    assert batch.large("a/big.json", "COMPLETE").json()["sizeInBytes"] == end
    assert batch.completed()["metrics"]["outputRecordCount"] == 50


@pytest.mark.parametrize(
    ("ranges", "word"), [(((0, 9), (5, 19)), "overlap"), (((0, 9), (12, 19)), "missing"), (((3, 9),), "missing")]
)
def test_parts_that_do_not_fit_are_told_at_the_end(
    chain: Chain, ranges: tuple[tuple[int, int], ...], word: str
) -> None:
    """Overlaps and gaps show when the file is completed, not before; INITIALIZE begins it anew."""
    batch = begun(chain)
    batch.large("big.json", "INITIALIZE")
    for first, last in ranges:
        part = batch.send("PATCH", "big.json", b"x" * (last - first + 1), content_range=f"bytes {first}-{last}/20")
        assert part.status_code == 200
    answer = batch.large("big.json", "COMPLETE")
    assert (answer.status_code, word in answer.json()["detail"]) == (400, True)
    batch.large("big.json", "INITIALIZE")
    assert batch.large("big.json", "COMPLETE").json()["sizeInBytes"] == 0


def test_a_file_of_the_same_name_is_replaced(chain: Chain) -> None:
    """The last PUT of a name counts, and the bytes of the earlier go."""
    batch = begun(chain)
    batch.put("rows.json", lines(record(chain, "old"), record(chain, "older")))
    batch.put("rows.json", lines(record(chain, "new")))
    folder = chain.client.server.folder / "imports" / "default" / batch.id
    wait_until(lambda: len(list(folder.iterdir())) == 1)
    batch.completed()
    assert ids(batch) == ["event-new"]
    wait_until(lambda: not folder.exists())


def test_a_reverted_batch_cannot_be_read(chain: Chain) -> None:
    """REVERT makes a batch inactive and takes its rows away; twice is as good as once."""
    batch = begun(chain)
    batch.put("rows.json", lines(record(chain, "reverted")))
    batch.completed()
    assert batch.action("REVERT").json()["status"] == "inactive"
    assert table(batch) is None
    assert chain.client.call("GET", f"/export/files/{batch.id}-1").status_code == 404
    assert "event-reverted" not in chain.client.call("GET", f"/export/datasets/{chain.dataset}/preview").text
    place = chain.client.server.folder / "lake" / "default" / chain.dataset / f"{batch.id}.parquet"
    wait_until(lambda: not place.exists())
    assert batch.action("REVERT").status_code == 200
    assert batch.action("COMPLETE").status_code == 400


def test_a_batch_can_be_aborted_until_it_is_final(chain: Chain) -> None:
    """Also when it was completed already, as long as it has not landed."""
    chain.client.server.turn(landing_delay=600)
    batch = begun(chain)
    batch.put("rows.json", lines(record(chain, 1)))
    assert batch.action("COMPLETE").json()["status"] == "loaded"
    assert batch.action("COMPLETE").status_code == 200
    assert batch.action("abort").json()["status"] == "aborted"
    chain.client.server.turn(landing_delay=0)
    other = begun(chain)
    other.put("rows.json", lines(record(chain, 2)))
    assert other.completed()["status"] == "success"
    assert (batch.body()["status"], table(batch)) == ("aborted", None)
    assert other.action("ABORT").status_code == 400


def test_a_caller_can_fail_its_batch(chain: Chain) -> None:
    """FAIL ends a batch that is loading."""
    batch = begun(chain)
    assert batch.action("FAIL").json()["status"] == "failed"
    assert batch.send("PUT", "rows.json", b"x").status_code == 400


def test_a_replay_takes_the_place_of_its_predecessors(chain: Chain) -> None:
    """When the new batch lands the old ones become inactive and name their successor."""
    old = [begun(chain, externalId=f"mine-{number}") for number in (1, 2)]
    for number, batch in enumerate(old):
        batch.put("rows.json", lines(record(chain, f"old-{number}")))
        batch.completed()
    replay = {"predecessors": [f"${old[0].id}"], "predecessorsByExternalId": ["$mine-2"], "reason": "replace"}
    new = begun(chain, replay=replay)
    assert new.body()["replay"]["predecessors"] == [old[0].id, old[1].id]
    new.put("rows.json", lines(record(chain, "new")))
    new.completed()
    assert [batch.body()["status"] for batch in old] == ["inactive"] * 2
    assert old[0].body()["tags"]["acp_successor"] == [new.id]
    assert (table(old[0]), ids(new)) == (None, ["event-new"])


def test_uploads_can_be_previewed(chain: Chain) -> None:
    """Columns have numbers and paths, rows have texts; rows that cannot be read are left out."""
    batch = begun(chain)
    batch.put("rows.json", lines(record(chain, 1), b"{", record(chain, 2)))
    where = f"/import/batches/{batch.id}/datasets/{chain.dataset}/preview"
    body = chain.client.made("GET", where, None, params={"format": "json", "nrow": "5"})
    assert (body["formatParams"]["format"], body["formatParams"]["delimiter"]) == ("json", ",")
    names = {column["cid"]: column["name"] for column in body["preview"]["columns"]}
    rows = [{names[cid]: text for cid, text in row.items()} for row in body["preview"]["rows"]]
    assert [row["_id"] for row in rows] == ["event-1", "event-2"]
    assert rows[0][f"_{chain.client.tenant}/count"] == "1"
    assert len(chain.client.made("GET", where, None, params={"nrow": "1"})["preview"]["rows"]) == 1


def test_what_does_not_fit_its_column_fails_alone(chain: Chain) -> None:
    """A whole number beyond 64 bits is valid XDM and no Parquet: the row fails, the others land."""
    batch = begun(chain, partialIngestionPercentage=50)
    batch.put("rows.json", lines(*(record(chain, number, count=2**62 << (number == 3) * 5) for number in range(8))))
    body = batch.completed()
    assert (body["metrics"]["outputRecordCount"], body["failedRecordCount"]) == (7, 1)


def test_a_dataset_without_validation_takes_what_fits(chain: Chain) -> None:
    """The documented tag switches validation off."""
    made = {"name": "lax", "schemaRef": chain.schema, "tags": {"acp_validationContext": ["disabled"]}}
    dataset = chain.client.made("POST", "/catalog/dataSets", made)[0].rpartition("/")[2]
    lax = begun(Chain(chain.client, dataset, "", "", "", {}))
    lax.put("rows.json", lines({"_id": "only"}))
    assert lax.completed()["metrics"]["outputRecordCount"] == 1
