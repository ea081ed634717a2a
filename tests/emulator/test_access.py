"""Data Access and the Catalog's batches: what landed can be read back, and what failed explains itself."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from running import QUICK, Chain, Client, Server, make_chain, payload, running, wait_until

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
EXPORT, CATALOG = "/export", "/catalog"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("platform")) as shared:
        yield shared


@pytest.fixture(scope="module")
def chain(server: Server) -> Chain:
    """Give a dataset with three batches: two rows, then one row and three failed ones."""
    made = make_chain(Client(server), "shared")
    server.turn(landing_delay=3600)
    for number in (1, 2):
        made.post(payload(number))
    server.turn(landing_delay=0)
    wait_until(lambda: made.counts() == (2, 0))
    server.turn(landing_delay=3600)
    for one in (payload(3), payload(4, count="many"), payload(5, day=None, count="few"), {"day": "2026-01-02"}):
        made.post(one)
    server.turn(**QUICK)
    wait_until(lambda: made.counts() == (3, 3))
    return made


def _get(chain: Chain, path: str, /, **query: str) -> requests.Response:
    return chain.client.call("GET", path, params=query)


def _good(chain: Chain) -> str:
    """Give the id of the batch with two rows."""
    return next(iter(chain.batches("success")))


def _bad(chain: Chain) -> str:
    return next(iter(chain.batches("failed")))


def _part(chain: Chain) -> str:
    """Give the address of the Parquet file with two rows."""
    batch = _good(chain)
    return f"{EXPORT}/files/{batch}-1?path={batch}.parquet"


def test_a_batch_lists_its_files_as_the_description_types_them(chain: Chain) -> None:
    """Numbers of a dataset file are texts, and its link leads to its parts."""
    batch = _good(chain)
    body = _get(chain, f"{EXPORT}/batches/{batch}/files").json()
    (file,) = body["data"]
    assert (file["records"], file["isValid"], file["version"]) == ("2", True, "1.0.0")
    assert file["size"].isdigit()
    assert file["created"].isdigit()
    assert body["_page"] == {"limit": 100, "count": 1}
    (part,) = chain.client.call("GET", file["_links"]["self"]["href"]).json()["data"]
    assert part["length"] == file["size"]
    assert part["name"].endswith(".parquet")


def test_a_file_holds_the_rows_in_the_types_of_the_schema(chain: Chain) -> None:
    """The bytes are Parquet: structs for objects, timestamps for date-times, a map for the identities."""
    answer = chain.client.call("GET", _part(chain))
    table = pq.read_table(io.BytesIO(answer.content))
    own = table.schema.field(f"_{chain.client.tenant}").type
    assert answer.headers["content-type"] == "application/octet-stream"
    assert table.column("_id").to_pylist() == ["event-1", "event-2"]
    assert table.schema.field("timestamp").type == pa.timestamp("ms", tz="UTC")
    assert pa.types.is_map(table.schema.field("identityMap").type)
    assert own.field("count").type == pa.int64()


def test_a_file_can_be_read_in_ranges(chain: Chain) -> None:
    """Range gives 206 with that part; all parts together are the file."""
    whole = chain.client.call("GET", _part(chain)).content
    first = chain.client.call("GET", _part(chain), headers={"Range": "bytes=0-99"})
    rest = chain.client.call("GET", _part(chain), headers={"Range": "bytes=100-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.headers["content-range"] == f"bytes 0-99/{len(whole)}"
    assert first.content + rest.content == whole
    beyond = chain.client.call("GET", _part(chain), headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


def test_head_tells_the_size(chain: Chain) -> None:
    """HEAD has no body, and the length of what GET gives."""
    answer = chain.client.call("HEAD", _part(chain))
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(chain.client.call("GET", _part(chain)).content)


def test_a_failed_batch_has_no_dataset_files_but_failed_rows(chain: Chain) -> None:
    """Failed rows are one file of JSON lines, each with header, body and errors; the schema's stand apart, too."""
    batch = _bad(chain)
    assert _get(chain, f"{EXPORT}/batches/{batch}/files").json()["data"] == []
    (part,) = _get(chain, f"{EXPORT}/batches/{batch}/failed").json()["data"]
    text = chain.client.call("GET", part["_links"]["self"]["href"]).text
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(text.encode()) == int(part["length"])
    always = {"header", "body", "_errors"}
    assert [set(line) for line in lines] == [always, always, always | {"_validationErrors"}]
    assert {line["header"]["datasetId"] for line in lines} == {chain.dataset}


def test_a_good_batch_has_no_failed_rows(chain: Chain) -> None:
    """Asking a good batch for failed rows and diagnostics gives empty lists, not an error."""
    batch = _good(chain)
    assert _get(chain, f"{EXPORT}/batches/{batch}/failed").json()["data"] == []
    assert _get(chain, f"{EXPORT}/batches/{batch}/meta", path="row_errors").json()["data"] == []


def test_diagnostics_are_listed_and_read_by_path(chain: Chain) -> None:
    """row_errors lists one file for the mapping and one for the schema; each line has code, message and the record."""
    path = f"{EXPORT}/batches/{_bad(chain)}/meta"
    files = _get(chain, path, path="row_errors").json()["data"]
    assert [file["name"] for file in files] == ["conversion_errors_0.json", "validation_errors_0.json"]
    mapping, schema = (chain.client.call("GET", file["_links"]["self"]["href"]).text for file in files)
    assert [len(text.encode()) for text in (mapping, schema)] == [int(file["length"]) for file in files]
    first = json.loads(mapping.splitlines()[0])
    assert json.loads(first["_corrupt_record"])["id"] == "event-4"
    assert first["_errors"][0]["code"] == "MAPPER-3700-400"
    assert first["_filename"] == "conversion_errors_0.json"
    (only,) = schema.splitlines()
    assert json.loads(only)["_errors"][0]["code"] == "DCVS-1111-400"


@pytest.mark.parametrize("name", ["row_error_samples.json", "row_errors_sample.json"])
def test_samples_answer_to_both_of_their_names(chain: Chain, name: str) -> None:
    """Adobe's pages spell the file of samples in two ways; both work."""
    answer = _get(chain, f"{EXPORT}/batches/{_bad(chain)}/meta", path=name)
    assert len(answer.text.splitlines()) == 3


def test_the_root_of_the_diagnostics_lists_what_there_is(chain: Chain) -> None:
    """Without a path, meta lists its folder, its samples and the input files."""
    entries = _get(chain, f"{EXPORT}/batches/{_bad(chain)}/meta").json()["data"]
    assert [entry["name"] for entry in entries] == ["row_errors", "row_error_samples.json", "input_files"]


def test_lists_are_paged(chain: Chain) -> None:
    """limit and start cut the list, and the link to the next page leads on."""
    path = f"{EXPORT}/batches/{_bad(chain)}/meta"
    first = _get(chain, path, limit="2").json()
    assert first["_page"] == {"limit": 2, "count": 2}
    second = chain.client.call("GET", first["_links"]["next"]["href"]).json()
    assert [entry["name"] for entry in second["data"]] == ["input_files"]
    assert "next" not in second["_links"]
    assert _get(chain, path, start="many").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/batches/01ARZ3NDEKTSV4RRFFQ69G5FAV/files",
        "/batches/01ARZ3NDEKTSV4RRFFQ69G5FAV/failed",
        "/batches/01ARZ3NDEKTSV4RRFFQ69G5FAV/meta?path=row_errors",
        "/files/01ARZ3NDEKTSV4RRFFQ69G5FAV-1",
        "/files/x",
        "/batches/{good}/failed?path=x.json",
        "/batches/{bad}/failed?path=../../state.sqlite",
        "/batches/{bad}/meta?path=row_errors/../../x",
        "/files/{good}-1?path=../x.parquet",
        "/files/{good}-2",
        "/files/{bad}-1",
        "/datasets/0123456789abcdef01234567/preview",
    ],
)
def test_what_is_not_there_is_a_404(chain: Chain, path: str) -> None:
    """Unknown batches, files, paths and datasets are told as not found, in the short problem form."""
    answer = _get(chain, EXPORT + path.format(good=_good(chain), bad=_bad(chain)))
    assert answer.status_code == 404
    assert answer.json()["status"] == 404


def test_a_preview_shows_the_newest_batches_first(chain: Chain) -> None:
    """The first rows are those that landed last, as JSON, times as ISO texts."""
    rows = _get(chain, f"{EXPORT}/datasets/{chain.dataset}/preview").json()["data"]
    assert [row["_id"] for row in rows] == ["event-3", "event-1", "event-2"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rows[0]["timestamp"])
    assert rows[0][f"_{chain.client.tenant}"] == {"text": "hello", "count": 1, "day": "2026-01-02T00:00:00.000Z"}


def test_a_preview_has_a_hundred_rows_at_most(server: Server) -> None:
    """Of more rows only the first hundred are shown, and of none none."""
    chain = make_chain(Client(server), "many rows")
    path = f"{EXPORT}/datasets/{chain.dataset}/preview"
    assert _get(chain, path).json() == {"data": []}
    batch = chain.url.replace("/collection/", "/collection/batch/")
    requests.post(batch, json={"messages": [payload(number) for number in range(130)]}, timeout=30)
    wait_until(lambda: chain.counts() == (130, 0))
    assert len(_get(chain, path).json()["data"]) == 100


@pytest.mark.parametrize("other", [{"sandbox": "prod"}, {"seat": "eve"}], ids=["another sandbox", "another seat"])
def test_rows_are_seen_from_their_own_sandbox_only(server: Server, chain: Chain, other: dict[str, str]) -> None:
    """Another sandbox or organisation sees neither batches nor rows."""
    server.control("POST", "/seats", {"names": ["eve"]})
    stranger = Client(server, **other)
    for path in (f"/batches/{_good(chain)}/files", f"/files/{_good(chain)}-1", f"/datasets/{chain.dataset}/preview"):
        assert stranger.call("GET", EXPORT + path).status_code == 404
    assert stranger.call("GET", f"{CATALOG}/batches").json() == {}


def test_an_account_without_permission_reads_nothing(server: Server, chain: Chain) -> None:
    """The role must allow datasets to be viewed."""
    limited = Client(server, role="limited")
    for path in (f"{EXPORT}/datasets/{chain.dataset}/preview", f"{CATALOG}/batches"):
        assert limited.call("GET", path).status_code == 403


def _ids(chain: Chain, **query: str) -> list[str]:
    return list(_get(chain, f"{CATALOG}/batches", **{"dataSet": chain.dataset, **query}).json())


def test_batches_are_keyed_by_id_newest_first(chain: Chain) -> None:
    """Ids look like the live ones and sort by time; the default order is newest first."""
    newest_first = _ids(chain)
    assert len(newest_first) == 3
    assert all(ULID.fullmatch(id) for id in newest_first)
    assert newest_first == _ids(chain, orderBy="asc:created")[::-1]
    one = _get(chain, f"{CATALOG}/batches/{newest_first[0]}").json()
    assert list(one) == newest_first[:1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "success"}, 2),
        ({"status": "failed"}, 1),
        ({"limit": "2"}, 2),
        ({"start": "2"}, 1),
        ({"limit": "2", "start": "2"}, 1),
        ({"createdAfter": "4000000000000"}, 0),
        ({"createdBefore": "4000000000000"}, 3),
        ({"tags": "flowId:*"}, 3),
        ({"tags": "flowId:another"}, 0),
        ({"dataSet": "another"}, 0),
    ],
)
def test_batches_can_be_filtered(chain: Chain, query: dict[str, str], count: int) -> None:
    """Every filter that is built leaves what it should."""
    assert len(_ids(chain, **query)) == count


def test_properties_choose_what_is_shown(chain: Chain) -> None:
    """Only the asked for keys of each batch come back."""
    found = _get(chain, f"{CATALOG}/batches", dataSet=chain.dataset, properties="status,metrics").json()
    assert all(set(batch) == {"status", "metrics"} for batch in found.values())


@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": "0"}, 400), ({"limit": "x"}, 400), ({"orderBy": "up:created"}, 400), ({"limit": "101"}, 400)],
)
def test_a_wrong_question_is_refused(chain: Chain, query: dict[str, str], status: int) -> None:
    """A limit of nothing and a wrong order are refused; a filter that is not built says so."""
    assert _get(chain, f"{CATALOG}/batches", **query).status_code == status


def test_a_batch_speaks_of_its_dataflow_and_dataset(chain: Chain) -> None:
    """The tags name the dataflow, the related objects the dataset first, as Adobe's SDK reads them."""
    (batch,) = chain.batches("failed").values()
    assert batch["tags"]["flowId"] == [chain.flow]
    assert batch["relatedObjects"][0] == {"type": "dataSet", "id": chain.dataset}
    assert batch["failedBatchLocation"].endswith("/failed")
    assert batch["metrics"]["invalidRecordCount"] == batch["metrics"]["inputRecordCount"] == 3
    assert batch["metrics"]["recordsSize"] > 0


def test_last_batches_and_the_dataset_agree(chain: Chain) -> None:
    """The last batch, the last good one and the last failed one are told for a dataset, in both places."""
    last: dict[str, Any] = _get(chain, f"{CATALOG}/lastBatches", dataSetId=f"{chain.dataset},another").json()
    dataset = _get(chain, f"{CATALOG}/dataSets/{chain.dataset}").json()[chain.dataset]
    assert list(last) == [chain.dataset]
    answer = last[chain.dataset]
    assert answer["lastFailedBatchId"] == _bad(chain)
    assert answer["lastSuccessfulBatchId"] == list(chain.batches("success"))[-1]
    assert dataset["lastBatchId"] == answer["lastBatchId"] == list(chain.batches())[-1]
