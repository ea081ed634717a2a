"""Small files that unpack to much: what they may cost the local platform in memory, disk and time."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from importing import Import, begun, lines, record
from running import QUICK, Chain, Client, Server, make_chain, running, wait_until

from chatlio_helpers.emulator.ingestion import promotion_files
from chatlio_helpers.emulator.ingestion.importer import RESTARTS
from chatlio_helpers.emulator.ingestion.input_files import lines as rows_of_lines
from chatlio_helpers.emulator.ingestion.promotion_job import File, Job
from chatlio_helpers.emulator.ingestion.promotion_work import Work
from chatlio_helpers.emulator.state.state_file import FILE

MB = 1 << 20
SERVER = 400 * MB  # of memory, at any time
PROCESS = 1_100 * MB  # of memory, for the process that reads what was uploaded
SECONDS = 15.0  # for one batch
SLOW = 12  # thousands of rows of a batch that takes a while


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform of this file's own, because its memory is looked at."""
    with running(tmp_path_factory.mktemp("platform")) as started:
        yield started


@pytest.fixture(scope="module")
def shared(server: Server) -> Chain:
    """Give a dataset."""
    return make_chain(Client(server))


def buffered(content: bytes) -> io.BufferedReader:
    """Give bytes as an open file."""
    return io.BufferedReader(io.BytesIO(content))


def on_disk(folder: Path) -> int:
    """Give the size of all files under a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def readers(server: Server) -> list[psutil.Process]:
    """Give the promotion processes of a local platform."""
    return [child for child in psutil.Process(server.process.pid).children() if _reads(child)]


def _reads(process: psutil.Process) -> bool:
    try:
        return any("promotion_child" in word for word in process.cmdline())
    except psutil.NoSuchProcess:  # it ended meanwhile
        return False


@contextmanager
def bounded(server: Server) -> Iterator[None]:
    """Look at the memory of the server and of its promotion process all the while."""
    peaks, over = {"server": 0, "process": 0}, threading.Event()

    def look() -> None:
        own = psutil.Process(server.process.pid)
        while not over.wait(0.02):
            with suppress(psutil.NoSuchProcess):
                peaks["server"] = max(peaks["server"], own.memory_info().rss)
                for reader in readers(server):
                    peaks["process"] = max(peaks["process"], reader.memory_info().rss)

    watch = threading.Thread(target=look)
    watch.start()
    begin = time.monotonic()
    try:
        yield
    finally:
        over.set()
        watch.join()
    assert time.monotonic() - begin < SECONDS
    assert peaks["server"] < SERVER
    assert peaks["process"] < PROCESS


def parquet(table: pa.Table) -> bytes:
    """Give a table as a small Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", dictionary_pagesize_limit=1 << 30)
    return sink.getvalue()


def repeated(size: int) -> bytes:
    """Give a Parquet file of a thousand rows that all have the same long text."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000, pa.int32()), pa.array(["x" * size]))
    return parquet(pa.table({"_id": column}))


def work(chain_schema: dict[str, Any], path: Path, *contents: bytes) -> Work:
    """Give the work on files, with diagnostics and without a threshold."""
    files = []
    for number, content in enumerate(contents):
        place = path / f"in{number}"
        place.write_bytes(content)
        files.append(File(place.name, len(content), [(str(place), len(content))]))
    job = Job(files, {"format": "json"}, chain_schema, True, True, 100.0, str(path / "batch"))
    return Work(job, lambda: None)


def test_an_array_on_a_line_is_not_repeated_for_its_elements() -> None:
    """Ten thousand ones give ten thousand failed rows that together hold no more text than the line."""
    content = b"[" + b",".join([b"1"] * 10_000) + b"]"
    found = list(rows_of_lines(buffered(content)))
    assert len(found) == 10_000
    assert sum(len(row.text) for row in found) <= len(content)


def test_a_long_line_that_is_no_record_is_shown_in_part() -> None:
    """A thousand characters of it are kept, whatever they are in bytes."""
    content = b'{"broken": "' + "é".encode() * 500_000 + b'\n["a", "' + b"x" * 500_000 + b'"]\n'
    assert [len(row.text) for row in rows_of_lines(buffered(content))] == [1_000, 3, 1_000]


def test_failed_rows_beyond_the_room_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of failed rows take what they may and say that there are more; every row is counted."""
    monkeypatch.setattr(promotion_files, "MOST_BYTES", 50_000)
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    result = work(schema, tmp_path, b'{"n": true}\n' * 2_000, b"[" + b",".join([b"1"] * 10_000) + b"]").done()
    assert (result.count.failed, result.count.good) == (12_000, 0)
    assert 0 < result.count.shown < 1_000
    assert sum(result.written.values()) < 51_000
    rejected, told = (
        (tmp_path / f".batch{suffix}").read_bytes().splitlines() for suffix in (".rejected", ".conversion")
    )
    assert len(rejected) == len(told) - 1 == result.count.shown
    assert "only counted" in json.loads(told[-1])["_errors"][0]["message"]


def test_a_row_with_many_errors_names_some(tmp_path: Path) -> None:
    """A hundred of five thousand."""
    schema = {"type": "object", "properties": {"n": {"type": "array", "items": {"type": "integer"}}}}
    result = work(schema, tmp_path, json.dumps({"n": [True] * 5_000}).encode()).done()
    line = (tmp_path / ".batch.conversion").read_bytes()
    assert (result.count.failed, len(json.loads(line)["_errors"])) == (1, 100)


def test_an_array_of_ones_is_bounded(server: Server, shared: Chain) -> None:
    """A hundred thousand ones fail as rows in a bounded time on a bounded disk, and others go on."""
    before = on_disk(server.folder)
    batch, other = begun(shared, enableErrorDiagnostics=True), begun(shared)
    batch.put("ones.json", b"[" + b",".join([b"1"] * 100_000) + b"]")
    other.put("rows.json", lines(record(shared, 1)))
    with bounded(server):
        body = batch.completed()
        assert other.completed()["status"] == "success"
    assert (body["status"], body["metrics"]["failedRecordCount"]) == ("failed", 100_000)
    assert on_disk(server.folder) - before < 50 * MB


@pytest.mark.parametrize("size", [2 * MB, 20 * MB])
def test_a_repeated_text_in_parquet_is_bounded(server: Server, shared: Chain, size: int) -> None:
    """A thousand times a long text fails the batch with words, and gives the memory back."""
    batch, other = begun(shared, "parquet"), begun(shared)
    content = repeated(size)
    assert len(content) < 10_000
    batch.put("bomb.parquet", content)
    other.put("rows.json", lines(record(shared, 1)))
    with bounded(server):
        body = batch.completed()
        assert other.completed()["status"] == "success"
    assert (body["status"], body["errors"][0]["code"]) == ("failed", "500")
    assert "memory" in body["errors"][0]["description"]
    assert all(reader.memory_info().rss < 250 * MB for reader in readers(server))


def test_a_huge_cell_in_parquet_is_bounded(server: Server, shared: Chain) -> None:
    """One cell of 50 MB is no row that lands, and a preview of it gives no rows."""
    batch = begun(shared, "parquet")
    batch.put("bomb.parquet", parquet(pa.table({"_id": ["x" * (50 * MB)]})))
    with bounded(server):
        path = f"/import/batches/{batch.id}/datasets/{shared.dataset}/preview"
        assert shared.client.made("GET", path, None)["preview"]["rows"] == []
        body = batch.completed()
    assert body["status"] == "failed"


def test_a_preview_of_a_bomb_is_bounded(server: Server, shared: Chain) -> None:
    """What unpacks to too much shows no rows."""
    batch = begun(shared, "parquet")
    batch.put("bomb.parquet", repeated(2 * MB))
    with bounded(server):
        path = f"/import/batches/{batch.id}/datasets/{shared.dataset}/preview"
        assert shared.client.made("GET", path, None)["preview"] == {"columns": [], "rows": []}


def slow(server: Server, chain: Chain) -> Import:
    """Give a batch whose promotion is under way, and takes some seconds."""
    batch = begun(chain)
    batch.put("rows.json", b"\n".join([lines(*(record(chain, number) for number in range(1_000)))] * SLOW))
    assert batch.action("COMPLETE").status_code == 200
    wait_until(lambda: batch.body()["status"] == "staging" and on_disk(server.folder / "lake"))
    return batch


def attempts(server: Server, change: int | None = None) -> list[int]:
    """Give how often the errands were begun without an end, and write another number when one is given."""
    with closing(sqlite3.connect(server.folder / FILE)) as database, database:
        if change is not None:
            statement = "UPDATE objects SET body = json_set(body, '$.attempts', ?) WHERE kind = 'errands'"
            database.execute(statement, (change,))
        bodies = database.execute("SELECT body FROM objects WHERE kind = 'errands'").fetchall()
    return [json.loads(body).get("attempts", 0) for (body,) in bodies]


def test_a_promotion_process_that_ends_is_tried_once_more(server: Server, shared: Chain) -> None:
    """Killed once, the batch lands exactly once; killed again and again it fails with words, and leaves no file."""
    batch = slow(server, shared)
    folder = server.folder / "lake" / "default" / shared.dataset
    for reader in readers(server):
        reader.kill()
    body = batch.ended()
    assert (body["status"], body["metrics"]["outputRecordCount"]) == ("success", SLOW * 1_000)
    again = slow(server, shared)
    for _ in range(2):
        wait_until(lambda: readers(server))
        reader = readers(server)[0]
        wait_until(lambda: (folder / f".{again.id}.parquet").exists())
        reader.kill()
        reader.wait(5)
    body = again.ended()
    assert (body["status"], body["errors"][0]["code"]) == ("failed", "500")
    assert "ended 2 times" in body["errors"][0]["description"]
    assert not list(folder.glob(f"*{again.id}*"))
    other = begun(shared)
    other.put("rows.json", lines(record(shared, 1)))
    assert other.completed()["status"] == "success"


def test_a_batch_in_which_the_platform_ends_does_not_loop(server: Server, shared: Chain) -> None:
    """The attempts are on disk; a good end takes them away, and with too many the batch is not begun again."""
    batch = slow(server, shared)
    reader = readers(server)[0]
    server.kill()
    assert reader.wait(5) is None or not reader.is_running()
    assert max(attempts(server)) == 1
    attempts(server, RESTARTS)
    server.start()
    shared.client.headers = Client(server).headers
    server.turn(**QUICK)
    body = batch.ended()
    assert (body["status"], body["errors"][0]["code"]) == ("failed", "500")
    assert f"ended {RESTARTS} times" in body["errors"][0]["description"]
    wait_until(lambda: attempts(server) == [])


def test_a_stop_in_good_order_is_no_attempt(server: Server, shared: Chain) -> None:
    """A batch may be interrupted by as many stops as there are; it lands after them."""
    batch = slow(server, shared)
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < 5
    assert max(attempts(server)) == 0
    server.start()
    shared.client.headers = Client(server).headers
    server.turn(**QUICK)
    body = batch.ended()
    assert (body["status"], body["metrics"]["outputRecordCount"]) == ("success", SLOW * 1_000)
