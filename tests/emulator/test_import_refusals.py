"""Every refusal of batch ingestion and Data Access that can be reached: status and problem form, by tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
import requests
from importing import Import, begun, lines, record
from running import Chain, Client, Server, make_chain, wait_until

from chatlio_helpers.emulator.ingestion import import_files

SEAT = "import-refusals"


@pytest.fixture(scope="module")
def chain(shared_server: Server) -> Chain:
    """Give a dataset of a seat that only this file uses."""
    shared_server.control("POST", "/seats", {"names": [SEAT]})
    return make_chain(Client(shared_server, seat=SEAT), "refusals")


@pytest.fixture(scope="module")
def landed(chain: Chain) -> Import:
    """Give a batch with one landed row and one failed one."""
    batch = begun(chain, partialIngestionPercentage=50)
    batch.put("rows.json", lines(record(chain, 1), b"{"))
    assert batch.completed()["status"] == "success"
    return batch


@pytest.fixture(scope="module")
def loading(chain: Chain) -> Import:
    """Give a batch that takes files, with one large file that was begun."""
    batch = begun(chain)
    assert batch.large("begun.json", "INITIALIZE").status_code == 200
    return batch


def refused(answer: requests.Response, status: int) -> None:
    """Check that an answer is a refusal in the problem form, with words."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["status"], bool(body["title"]), bool(body["detail"])) == (status, True, True)


CREATIONS: tuple[dict[str, Any] | list[Any], ...] = (
    {}, [], {"datasetId": "nope"}, {"datasetId": 5}, {"datasetId": None},
    {"inputFormat": {"format": "csv"}}, {"inputFormat": {"format": "avro"}}, {"inputFormat": "json"},
    {"inputFormat": {"format": "json", "isMultiLineJson": "yes"}}, {"inputFormat": {"format": "json", "charset": "X"}},
    {"partialIngestionPercentage": 101}, {"partialIngestionPercentage": -1}, {"partialIngestionPercentage": "5"},
    {"enableErrorDiagnostics": "yes"}, {"tags": ["x"]}, {"tags": {"x": "y"}}, {"externalId": 7},
    {"replay": {"predecessors": ["nope"]}}, {"replay": {"predecessorsByExternalId": ["nope"]}}, {"replay": ["x"]},
    {"replay": {"predecessors": "x"}},
)  # fmt: skip


@pytest.mark.parametrize("body", CREATIONS)
def test_a_batch_that_cannot_be(chain: Chain, body: Any) -> None:
    """Unknown datasets, formats that are not read, thresholds out of range, wrong types."""
    base = {"datasetId": chain.dataset, "inputFormat": {"format": "json"}}
    sent = {**base, **body} if isinstance(body, dict) and body else body
    refused(chain.client.call("POST", "/import/batches", sent), 400)


FILES: tuple[tuple[str, str, dict[str, str], int], ...] = (
    ("PUT", "../x.json", {}, 404),  # the client itself takes the dots out of the path
    ("PUT", "a/%2e%2e/x.json", {}, 400), ("PUT", "%2e%2e%2fx", {}, 400), ("PUT", "a//b", {}, 400),
    ("PUT", "a%5C..%5Cb", {}, 400), ("PUT", "a%00b", {}, 400), ("PUT", "x" * 1001, {}, 400), ("PUT", "a/", {}, 400),
    ("PUT", "x" * 2000, {}, 414), ("PUT", "x.json", {"content_type": "application/json"}, 415),
    ("PUT", "x.json", {"content_type": "multipart/form-data; boundary=x"}, 415),
    ("PUT", "x.json", {"content_length": str(600_000_000)}, 413),
    ("PATCH", "begun.json", {}, 400), ("PATCH", "begun.json", {"content_range": "bytes 5-1/9"}, 400),
    ("PATCH", "begun.json", {"content_range": "bytes=0-1"}, 400),
    ("PATCH", "begun.json", {"content_range": "bytes 0-9/10"}, 400),
    ("PATCH", "begun.json", {"content_range": "bytes 0-600000000/9"}, 400),
    ("PATCH", "begun.json", {"content_range": "bytes 999999999999990-999999999999991/9"}, 400),
    ("PATCH", "begun.json", {"content_range": "bytes 0-1", "content_type": "text/plain"}, 415),
    ("PATCH", "never.json", {"content_range": "bytes 0-1"}, 400),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "headers", "status"), FILES)
def test_a_file_that_is_not_taken(
    loading: Import, method: str, path: str, headers: dict[str, str], status: int
) -> None:  # fmt: skip
    """Hostile paths, other media types, ranges that are none or do not fit what came, too much of anything."""
    folder = loading.chain.client.server.folder / "imports"
    before = [path for path in folder.rglob("*") if path.is_file()]
    if "content_length" in headers:  # announced, and never sent
        own = {**loading.chain.client.headers, "Content-Type": "application/octet-stream"}
        ready = requests.Request(method, loading.url(path), headers=own).prepare()
        ready.headers["Content-Length"] = headers["content_length"]
        answer = loading.chain.client.http.send(ready, timeout=30)
    else:
        answer = loading.send(method, path, b"{}", **headers)
    refused(answer, status)
    assert [path for path in folder.rglob("*") if path.is_file()] == before


def test_missing_media_type_is_the_gateways_refusal(loading: Import) -> None:
    """The placeholder form of the content type check."""
    headers = loading.chain.client.headers
    answer = requests.put(loading.url("x.json"), data=b"{}", headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["type"]) == (400, "/placeholder/type/uri")


@pytest.mark.parametrize("action", ["", "STOP", "REVERT"])
def test_an_action_that_a_loading_batch_does_not_take(loading: Import, action: str) -> None:
    """Unknown actions, and what only landed batches take."""
    refused(loading.action(action), 400)
    assert loading.body()["status"] == "loading"


@pytest.mark.parametrize("action", ["ABORT", "FAIL"])
def test_a_landed_batch_is_final(landed: Import, action: str) -> None:
    """It takes neither an end nor files any more; completing it again says that it is."""
    refused(landed.action(action), 400)
    refused(landed.send("PUT", "more.json", b"{}"), 400)
    refused(landed.large("more.json", "INITIALIZE"), 400)
    assert landed.action("COMPLETE").json()["status"] == "success"


def test_large_files_need_their_order(loading: Import) -> None:
    """Completing what was never begun is a 404, another action a 400; a batch waits for its files."""
    refused(loading.large("never.json", "COMPLETE"), 404)
    refused(loading.large("begun.json", "FINISH"), 400)
    refused(loading.action("COMPLETE"), 400)
    assert loading.send("HEAD", "never.json").status_code == 404


@pytest.mark.parametrize("query", ["format=csv", "nrow=x", "nrow=-1"])
def test_a_preview_that_cannot_be(loading: Import, query: str) -> None:
    """Formats that are not read, and numbers that are none."""
    path = f"/import/batches/{loading.id}/datasets/{loading.chain.dataset}/preview?{query}"
    refused(loading.chain.client.call("GET", path), 400)


def test_a_batch_takes_so_many_files(chain: Chain) -> None:
    """The limits are the documented ones; a file that is there already may come again."""
    assert (import_files.MOST_FILES, import_files.LARGEST_PART) == (1_500, 512_000_000)
    assert (import_files.LARGEST_SMALL, import_files.LARGEST_BATCH) == (256 << 20, 100 << 30)
    batch, body = begun(chain), '{"path": "x", "state": "done", "size": 1}'
    with sqlite3.connect(chain.client.server.folder / "state.sqlite", timeout=10) as database:
        database.executemany(
            "INSERT INTO objects (seat, sandbox, kind, id, name, body, created, updated) "
            "VALUES (?, 'dev', 'importFiles', ?, ?, ?, 1, 1)",
            [(SEAT, f"{batch.id}/{number}.json", batch.id, body) for number in range(import_files.MOST_FILES)],
        )
    refused(batch.large("one-more.json", "INITIALIZE"), 400)
    refused(batch.send("PUT", "one-more.json", b"{}"), 400)
    assert batch.large("7.json", "INITIALIZE").status_code == 200


CALLS = (
    ("POST", "/import/batches/{id}?action=COMPLETE", 404), ("POST", "/import/batches/{id}?action=REVERT", 404),
    ("PUT", "/import/batches/{id}/datasets/{dataset}/files/x.json", 404),
    ("PATCH", "/import/batches/{id}/datasets/{dataset}/files/x.json", 404),
    ("POST", "/import/batches/{id}/datasets/{dataset}/files/x.json?action=INITIALIZE", 404),
    ("HEAD", "/import/batches/{id}/datasets/{dataset}/files/x.json", 404),
    ("GET", "/import/batches/{id}/datasets/{dataset}/preview?format=json", 404),
    ("GET", "/export/batches/{id}/files", 404), ("GET", "/export/batches/{id}/failed", 404),
    ("GET", "/export/batches/{id}/meta", 404), ("GET", "/export/files/{id}-1", 404),
    ("GET", "/export/files/{id}-1?path={id}.parquet", 404), ("HEAD", "/export/files/{id}-1?path={id}.parquet", 404),
    ("GET", "/export/datasets/{dataset}/preview", 404),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), CALLS)
def test_ids_of_another_seat_are_not_found(
    landed: Import, take_seat: Callable[..., Client], method: str, path: str, status: int
) -> None:  # fmt: skip
    """As little as ids that nobody has."""
    other = take_seat()
    headers = {"Content-Type": "application/octet-stream"}
    where = path.format(id=landed.id, dataset=landed.chain.dataset)
    answer = other.call(method, where, headers=headers)
    assert answer.status_code == status
    assert other.call(method, path.format(id="nope", dataset="nope"), headers=headers).status_code == status


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in CALLS])
def test_an_account_without_a_role_is_refused(landed: Import, method: str, path: str) -> None:
    """The permission comes first."""
    limited = Client(landed.chain.client.server, seat=SEAT, role="limited")
    answer = limited.call(method, path.format(id=landed.id, dataset=landed.chain.dataset))
    assert answer.status_code == 403


EXPORTS = (
    ("/export/batches/{id}/files?start=x", 400), ("/export/batches/{id}/files?limit=-1", 400),
    ("/export/batches/{id}/failed?path=x.json", 404), ("/export/batches/{id}/failed?path=../../state.sqlite", 404),
    ("/export/batches/{id}/meta?path=row_errors/nope", 404), ("/export/batches/{id}/meta?path=nope", 404),
    ("/export/batches/{id}/meta?path=row_errors/../input_files", 404), ("/export/files/{id}-1?path=x.parquet", 404),
    ("/export/files/{id}-2", 404), ("/export/files/{id}", 404),
)  # fmt: skip


@pytest.mark.parametrize(("path", "status"), EXPORTS)
def test_what_data_access_does_not_have(landed: Import, path: str, status: int) -> None:
    """Files and folders that are not there, and pages that are none."""
    refused(landed.chain.client.call("GET", path.format(id=landed.id)), status)


@pytest.mark.parametrize("range", ["bytes=x-1", "rows=0-1", "bytes=", "bytes=5-1", "bytes=-0", "bytes=999999999-",
                                   "bytes=0-1,999999999-", f"bytes={'9' * 5000}-"])  # fmt: skip
def test_ranges_outside_a_file(landed: Import, range: str) -> None:
    """What is no range of the file is a 416 that tells its size."""
    url = f"/export/files/{landed.id}-1?path={landed.id}.parquet"
    answer = landed.chain.client.call("GET", url, headers={"Range": range})
    refused(answer, 416)
    size = landed.chain.client.call("HEAD", url).headers["content-length"]
    assert answer.headers["content-range"] == f"bytes */{size}"


def test_ranges_inside_a_file(landed: Import) -> None:
    """The end of it, several parts of it, and HEAD with a range."""
    client, url = landed.chain.client, f"/export/files/{landed.id}-1?path={landed.id}.parquet"
    whole = client.call("GET", url).content
    end = client.call("GET", url, headers={"Range": "bytes=-4"})
    assert (end.status_code, end.content) == (206, b"PAR1")
    assert client.call("GET", url, headers={"Range": f"bytes=-{10**9}"}).content == whole
    several = client.call("GET", url, headers={"Range": "bytes=0-3, 10-13"})
    assert (several.status_code, several.headers["content-type"].partition(";")[0]) == (206, "multipart/byteranges")
    head = client.call("HEAD", url, headers={"Range": "bytes=0-3"})
    assert (head.content, head.headers["content-length"]) == (b"", "4")
    refused(client.call("GET", f"/export/files/{landed.id}-1?start=x"), 400)
    assert client.call("HEAD", f"/export/files/{landed.id}-1").status_code == 400


def test_a_reverted_batch_is_not_found_by_its_file(chain: Chain) -> None:
    """Its account stays, its rows do not."""
    batch = begun(chain)
    batch.put("rows.json", lines(record(chain, 1)))
    batch.completed()
    batch.action("REVERT")
    refused(chain.client.call("GET", f"/export/files/{batch.id}-1"), 404)
    wait_until(lambda: batch.body()["status"] == "inactive")
