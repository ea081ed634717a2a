"""Batch ingestion over power cuts: what was acknowledged is on disk, and what was completed lands exactly once."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from importing import Import, begun, lines, record
from running import QUICK, Chain, Client, Server, make_chain, running, wait_until

KILLS = 3
ROWS = 1_500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that the tests kill one after the other."""
    with running(tmp_path_factory.mktemp("platform")) as started:
        yield started


@pytest.fixture(scope="module")
def shared(server: Server) -> Chain:
    """Give a dataset."""
    return make_chain(Client(server))


def restarted(server: Server, chain: Chain) -> None:
    """End the process as a power cut would, and start it again."""
    server.kill()
    server.start()
    server.turn(**QUICK)
    chain.client.headers = Client(server).headers


def files(folder: Path) -> list[str]:
    """Give the names of all files under a folder."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_completed_batches_land_exactly_once(server: Server, shared: Chain) -> None:
    """Killed at any moment after the 200, a batch lands whole under its id, and no half-done file is left."""
    chain = shared
    content = lines(*(record(chain, number) for number in range(ROWS)))
    draw, batches = random.Random(7), []
    for number in range(KILLS):
        batch = begun(chain)
        batch.put("rows.json", content)
        assert batch.action("COMPLETE").status_code == 200
        batches.append(batch)
        time.sleep(draw.random() * 0.2 * number)
        restarted(server, chain)
    for batch in batches:
        body = batch.ended()
        assert (body["status"], body["metrics"]["outputRecordCount"]) == ("success", ROWS)
    landed = chain.landed()
    assert len(landed) == KILLS * ROWS
    assert {row["_id"] for row in landed} == {f"event-{number}" for number in range(ROWS)}
    wait_until(lambda: files(server.folder / "imports") == [])
    landed_files = files(server.folder / "lake" / "default" / chain.dataset)
    assert landed_files == sorted(f"{batch.id}.parquet" for batch in batches)


def test_uploads_survive_and_what_nobody_knows_goes(server: Server, shared: Chain) -> None:
    """Acknowledged files and parts are there after a kill; a file that no answer spoke of is removed."""
    chain = shared
    batch = begun(chain)
    batch.put("small.json", lines(record(chain, "small")))
    content = lines(record(chain, "large"))
    batch.large("large.json", "INITIALIZE")
    batch.send("PATCH", "large.json", content[:9], content_range="bytes 0-8")
    folder = server.folder / "imports" / "default" / batch.id
    (folder / "0123456789abcdef").write_bytes(b"half a part")
    restarted(server, chain)
    assert len(files(folder)) == 2
    batch.send("PATCH", "large.json", content[9:], content_range=f"bytes 9-{len(content) - 1}")
    assert batch.large("large.json", "COMPLETE").status_code == 200
    assert batch.completed()["metrics"]["outputRecordCount"] == 2


def test_a_cut_upload_leaves_nothing(server: Server, shared: Chain) -> None:
    """A sender that hangs up in the middle has sent nothing; the batch goes on."""
    chain = shared
    batch = begun(chain)
    folder = server.folder / "imports" / "default" / batch.id
    _cut(batch, b"x" * 1_000, folder)
    wait_until(lambda: files(folder) == [])
    assert batch.send("HEAD", "cut.json").status_code == 404
    batch.put("rows.json", lines(record(chain, 1)))
    assert batch.completed()["status"] == "success"


def test_a_disk_that_refuses_is_tried_again(server: Server, shared: Chain) -> None:
    """The batch shows that it is retried, others go on, and it lands when the disk takes it."""
    body = {"name": "refused", "schemaRef": shared.schema}
    dataset = shared.client.made("POST", "/catalog/dataSets", body)[0].rpartition("/")[2]
    blocked, free = begun(Chain(shared.client, dataset, "", "", "", {})), begun(shared)
    place = server.folder / "lake" / "default" / dataset
    place.write_text("a file where a folder should be")
    for batch in (blocked, free):
        batch.put("rows.json", lines(record(shared, 1)))
        assert batch.action("COMPLETE").status_code == 200
    wait_until(lambda: blocked.body()["status"] == "retrying")
    assert free.ended()["status"] == "success"
    place.unlink()
    assert blocked.ended()["status"] == "success"
    assert files(place) == [f"{blocked.id}.parquet"]


def test_a_deleted_dataset_takes_its_files_along(server: Server, shared: Chain) -> None:
    """Landed rows and uploads go at once."""
    body = {"name": "short-lived", "schemaRef": shared.schema}
    dataset = shared.client.made("POST", "/catalog/dataSets", body)[0].rpartition("/")[2]
    chain = Chain(shared.client, dataset, "", "", "", {})
    landed, loading = begun(chain), begun(chain)
    for batch in (landed, loading):
        batch.put("rows.json", lines(record(chain, 1)))
    landed.completed()
    assert chain.client.call("DELETE", f"/catalog/dataSets/{chain.dataset}").status_code == 200
    assert chain.client.call("GET", f"/export/batches/{landed.id}/files").status_code == 404
    folders = (server.folder / "lake" / "default" / dataset, server.folder / "imports" / "default" / loading.id)
    wait_until(lambda: not any(map(files, folders)), 3)
    assert chain.client.made("GET", f"/catalog/batches?dataSet={dataset}", None) == {}


def _cut(batch: Import, part: bytes, folder: Path) -> None:
    """Begin to send a file and hang up."""
    client = batch.chain.client
    connection = http.client.HTTPConnection(client.server.url.removeprefix("http://"), timeout=10)
    connection.putrequest("PUT", batch.url("cut.json").removeprefix(client.server.url))
    for name, value in {**client.headers, "Content-Type": "application/octet-stream"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(10 * len(part)))
    connection.endheaders()
    connection.send(part)
    wait_until(lambda: files(folder) != [])
    connection.close()
