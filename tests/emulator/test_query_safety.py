"""SQL is hostile: the query process is asked for what it must not do, each attack in its words."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import Client, Server, running, wait_until

from chatlio_helpers.emulator.query import query_workers
from chatlio_helpers.emulator.query.query_workers import Job, Workers

ATTACKS = (
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{other}'",
    "SELECT * FROM read_parquet('{other}')",
    "SELECT * FROM read_parquet('{lake}/own/../other/rows.parquet')",
    "SELECT * FROM parquet_metadata('{other}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM glob('{lake}/*')",
    "SELECT * FROM events, LATERAL (SELECT * FROM read_text('{secret}'))",
    "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
    "COPY (SELECT 1) TO '{own}' (USE_TMP_FILE false)",
    "COPY events TO '{lake}/new.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{own}' (USE_TMP_FILE false)",
    "WITH x AS (COPY (SELECT 1) TO '{own}' (USE_TMP_FILE false)) SELECT 1",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{own}' (USE_TMP_FILE false)) SELECT 1",
    "SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{own}'' (USE_TMP_FILE false)) SELECT 1')",
    "WITH x AS (INSERT INTO quiet VALUES ('a') RETURNING *) SELECT * FROM x",
    "EXPORT DATABASE '{lake}/export'",
    "IMPORT DATABASE '{lake}'",
    "ATTACH '{lake}/new.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{secret}'",
    "SET memory_limit = '64GB'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "CALL pragma_version()",
    "CREATE SECRET (TYPE s3)",
    "SELECT getenv('HOME')",
    "SELECT 1; COPY events TO '{lake}/new.csv'",
    "SELECT 1) TO '{lake}/new.csv' --",
    "SELECT 1) UNION (SELECT 2",
    "SELECT * FROM read_parquet('http://127.0.0.1:1/a.parquet')",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{lake}/log')",
    "SELECT list(range) FROM range(300000000)",
    "SELECT repeat('x', 1000000000)",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
)


class Child:
    """A query process and one sandbox: a table with rows, an empty one, and files that belong to others."""

    def __init__(self, folder: Path) -> None:
        self.lake, self.own = folder / "lake", folder / "lake" / "own" / "rows.parquet"
        self.other, self.secret = folder / "lake" / "other" / "rows.parquet", folder / "secret.txt"
        for path in (self.own, self.other):
            path.parent.mkdir(parents=True)
            pq.write_table(pa.table({"_id": ["a", "b"]}), path)
        self.secret.write_text("do not tell")
        command = [sys.executable, "-m", "chatlio_helpers.emulator.query.query_child"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, select: str, **more: Any) -> list[tuple[bytes, bytes]]:
        """Give the frames of the answer."""
        tables = [
            {"name": "events", "columns": [("_id", "VARCHAR")], "files": [str(self.own)]},
            {"name": "quiet", "columns": [("_id", "VARCHAR")], "files": []},
        ]
        job = {
            "database": "dev:all", "tables": tables, "folder": str(self.lake), "select": select, "values": [],
            "into": "", "columns": None, "silent": False, "describe": False, "most_rows": 1000,
        }  # fmt: skip
        content = orjson.dumps(job | more)
        self.process.stdin.write(b"J" + struct.pack("!I", len(content)) + content)
        self.process.stdin.flush()
        frames: list[tuple[bytes, bytes]] = []
        while not frames or frames[-1][0] not in (b"E", b"F"):
            head = self.process.stdout.read(5)
            frames.append((head[:1], self.process.stdout.read(struct.unpack("!I", head[1:])[0])))
        return frames

    def files(self) -> dict[str, bytes]:
        """Give every file that is there."""
        return {str(path): path.read_bytes() for path in self.lake.parent.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """Run one query process for all attacks."""
    made = Child(tmp_path_factory.mktemp("child"))
    yield made
    made.process.stdin.close()
    assert made.process.wait(timeout=10) == 0
    made.process.stdout.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda text: text[:60])
def test_an_attack_fails_and_changes_nothing(child: Child, attack: str) -> None:
    """Nothing outside the tables is read, no file is written, and the next query works."""
    before = child.files()
    places = {"own": child.own, "other": child.other, "secret": child.secret, "lake": child.lake}
    frames = child.ask(attack.format(**places) if "{" in attack else attack)
    told = b"".join(content for _, content in frames)
    # What a deeply nested but harmless expression gives is its value; everything else is refused.
    assert frames[-1][0] == b"E" or "(((" in attack
    assert b"do not tell" not in told
    assert b"file system" not in told
    assert child.files() == before
    assert child.ask("SELECT count(*) AS n FROM events")[-1] == (b"F", b'{"rows":1}')


def test_a_result_is_bounded(child: Child) -> None:
    """A result with more rows than are sent is refused in words, after the rows before it."""
    kind, content = child.ask("SELECT * FROM range(5000)")[-1]
    assert (kind, orjson.loads(content)["code"]) == (b"E", "53400")


def test_frames_are_bounded_however_long_the_texts_are(child: Child) -> None:
    """Long texts come in many frames, and a row that is too long is refused in words."""
    frames = child.ask("SELECT repeat('x', 100000) FROM range(40)")
    assert frames[-1] == (b"F", b'{"rows":40}')
    assert max(len(content) for _, content in frames) < 400_000
    refused = child.ask("SELECT repeat('x', 20000000)")[-1]
    assert (refused[0], orjson.loads(refused[1])["code"]) == (b"E", "54000")


def test_an_idle_query_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has had nothing to do for a while is ended; a query within that time finds it there."""
    monkeypatch.setattr(query_workers, "IDLE", 0.5)

    others = {one.pid for one in _query_processes(os.getpid())}

    def running_now() -> set[int]:
        return {one.pid for one in _query_processes(os.getpid())} - others

    async def use() -> set[int]:
        workers = Workers(lambda: 60.0)
        ran: set[int] = set()
        for _ in range(2):
            async with workers.doing("seat", Job("dev:all", [], "/", "SELECT 1")) as answers:
                assert [kind async for kind, _ in answers] == [b"C", b"D", b"F"]
            ran |= running_now()
        end = asyncio.get_running_loop().time() + 10
        while running_now() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
        return ran

    assert len(asyncio.run(use())) == 1
    assert running_now() == set()


def test_errors_carry_the_codes_that_postgresql_clients_know(child: Child) -> None:
    """Each kind of failure has its SQLSTATE."""
    cases = {
        "SELECT nope FROM events": "42703", "SELECT * FROM nope": "42P01", "SELECT nope(1)": "42883",
        "SELECT 'a'::INTEGER": "22P02", "SELECT FROM WHERE": "42601", "SELECT 1 + [1]": "42804",
    }  # fmt: skip
    for sql, code in cases.items():
        assert orjson.loads(child.ask(sql)[-1][1])["code"] == code, sql


@pytest.mark.parametrize("source", ["read_csv('{path}')", "read_text('{path}')", "'{path}'", "glob('{path}')"])
def test_a_file_is_refused_in_the_service_s_own_words(child: Child, source: str) -> None:
    """Whoever names a file is told that there are none, and nothing of where the platform keeps its own."""
    for path in (child.other, child.lake / "a.csv"):
        told = orjson.loads(child.ask(f"SELECT * FROM {source.format(path=path)}")[-1][1])  # noqa: S608
        assert told["code"] == "42501"
        assert told["message"].startswith("there are no files here")
        assert "lake" not in told["message"]
        assert path.name not in told["message"]


def test_queries_come_after_the_platform_s_own_work(child: Child) -> None:
    """A query process yields the processor to the platform, however many queries run."""
    child.ask("SELECT 1")
    assert psutil.Process(child.process.pid).nice() > psutil.Process().nice()


def test_adobes_common_functions_are_there(child: Child) -> None:
    """Functions of Adobe's dialect that DuckDB has not, or has with another meaning, give what Adobe documents."""
    sql = """
        SELECT to_timestamp('2021-01-21 12:00:00'), to_utc_timestamp('2021-08-31', 'Asia/Seoul'),
               from_utc_timestamp('2021-08-31 14:40:00.0', 'Asia/Seoul'), nvl(NULL, 'b'), size([1, 2]),
               collect_set(_id) = ['x'], current_timestamp > to_timestamp('2020-01-01')
        FROM (SELECT 'x' AS _id)
    """
    row = next(content for kind, content in child.ask(sql) if kind == b"D")
    for text in (b"2021-01-21 12:00:00+00", b"2021-08-30 15:00:00", b"2021-08-31 23:40:00", b"b", b"2", b"t"):
        assert struct.pack("!I", len(text)) + text in row


def test_the_order_of_a_query_is_kept(child: Child) -> None:
    """Rows come in the order that the query asks for, though each value is made a text around it."""
    frames = child.ask("SELECT range FROM range(900) ORDER BY hash(range)")
    wanted = child.ask("SELECT list(range ORDER BY hash(range)) FROM range(900)")
    numbers = []
    for content in (content[4:] for kind, content in frames if kind == b"D"):
        at = 0
        while at < len(content):
            length = struct.unpack("!I", content[at + 7 : at + 11])[0]
            numbers.append(int(content[at + 11 : at + 11 + length]))
            at += 11 + length
    assert orjson.loads(wanted[1][1][15:]) == numbers


def test_a_query_process_that_dies_takes_one_query_with_it(tmp_path: Path) -> None:
    """A killed process fails its query in words; and the next query works."""
    with running(tmp_path / "state") as server:
        client = Client(server)
        assert not _children(server)
        id = client.made(
            "POST", "/query/queries", {"dbName": "dev:all", "sql": "SELECT sum(range) AS n FROM range(1e12::BIGINT)"}
        )["id"]
        wait_until(lambda: _state(client, id)["state"] == "IN_PROGRESS")
        for process in _children(server):
            process.send_signal(signal.SIGKILL)
        wait_until(lambda: _state(client, id)["state"] == "FAILED")
        assert "the query process ended" in _state(client, id)["errors"][0]["message"]
        id = client.made("POST", "/query/queries", {"dbName": "dev:all", "sql": "SELECT 1 AS n"})["id"]
        wait_until(lambda: _state(client, id)["state"] == "SUCCESS")


def test_the_platform_itself_never_loads_duckdb() -> None:
    """The application is imported without DuckDB and pyarrow: they cost time and memory before there is a query."""
    code = "import sys, chatlio_helpers.emulator.app; print({'duckdb', 'pyarrow'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "set()"


def _children(server: Server) -> list[psutil.Process]:
    return _query_processes(server.process.pid)


def _query_processes(parent: int) -> list[psutil.Process]:
    found = []
    for one in psutil.Process(parent).children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if any("emulator.query.query_child" in word for word in one.cmdline()):
                found.append(one)
    return found


def _state(client: Client, id: str) -> dict[str, Any]:
    return client.call("GET", f"/query/queries/{id}").json()
