"""Query Service over PostgreSQL's wire protocol, with unmodified clients: psycopg, and psql where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from running import Chain, Client, Server, make_chain, payload, wait_until

ENDLESS = "SELECT sum(a.range + b.range) AS n FROM range(100000000000) a, range(1000) b"


def parameters(client: Client) -> dict[str, Any]:
    """Give what psycopg needs, from the answer of connection_parameters."""
    told = client.call("GET", "/query/connection_parameters").json()
    return {
        "host": told["host"], "port": told["port"], "dbname": told["dbName"], "user": told["username"],
        "password": told["token"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def chain(shared_server: Server) -> Chain:
    """Give a dataflow with four landed rows, in a seat of its own."""
    name = f"wire-{uuid.uuid4().hex[:8]}"
    shared_server.control("POST", "/seats", {"names": [name]})
    made = make_chain(Client(shared_server, seat=name))
    for number in range(4):
        assert made.post(payload(number, count=number)).ok
    wait_until(lambda: made.counts() == (4, 0))
    return made


@pytest.fixture
def database(chain: Chain) -> Any:
    """Give a psycopg connection to the chain's sandbox."""
    with psycopg.connect(**parameters(chain.client)) as connection:
        yield connection


def test_psycopg_reads_the_rows_that_landed(database: psycopg.Connection[Any], chain: Chain) -> None:
    """Rows come with names and types; a struct is reached by dots and comes as JSON as a whole."""
    cursor = database.execute(f"SELECT _id, timestamp, _{chain.client.tenant}.count AS n FROM events ORDER BY n DESC")  # noqa: S608
    rows = cursor.fetchall()
    assert [column.name for column in cursor.description] == ["_id", "timestamp", "n"]
    assert [(row[0], row[2]) for row in rows] == [(f"event-{number}", number) for number in (3, 2, 1, 0)]
    assert rows[0][1].tzinfo is not None
    whole = database.execute(f"SELECT _{chain.client.tenant} FROM events WHERE _id = 'event-2'").fetchone()  # noqa: S608
    assert json.loads(whole[0])["count"] == 2


def test_values_of_every_common_type_arrive(database: psycopg.Connection[Any]) -> None:
    """Each type comes as the Python type that psycopg has for it."""
    row = database.execute(
        "SELECT true, false, 1::SMALLINT, 2, 3::BIGINT, 1.50::DECIMAL(4,2), 1e10::DOUBLE, 'é', NULL, "
        "DATE '2026-01-02', TIMESTAMP '2026-01-02 03:04:05', TIMESTAMPTZ '2026-01-02 03:04:05+00', [1, 2], sum(1)"
    ).fetchone()
    assert row[:9] == (True, False, 1, 2, 3, Decimal("1.50"), 1e10, "é", None)
    assert row[9:12] == (
        date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    )  # fmt: skip
    assert row[12:] == ("[1,2]", Decimal(1))


def test_parameters_are_bound(database: psycopg.Connection[Any]) -> None:
    """Parameters go apart from the text, in prepared statements too, and cannot become SQL."""
    hostile = "x' OR '1'='1"
    assert database.execute("SELECT count(*) FROM events WHERE _id = %s", (hostile,)).fetchone() == (0,)
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(7):  # psycopg prepares a statement that it sees often
        found = database.execute(
            "SELECT _id FROM events WHERE _id = %s AND timestamp > %s", (f"event-{number % 4}", moment)
        )
        assert found.fetchall() == [(f"event-{number % 4}",)]
    row = database.execute("SELECT %s + 1, %s, %s::TEXT, %s", (1, True, None, 2.5)).fetchone()
    assert row == (2, True, None, 2.5)
    assert database.execute("SELECT %b + 1", (41,)).fetchone() == (42,)


def test_errors_have_codes_and_end_a_transaction(database: psycopg.Connection[Any]) -> None:
    """An error has its SQLSTATE; a failed transaction takes nothing until it is rolled back."""
    with pytest.raises(psycopg.errors.UndefinedTable):
        database.execute("SELECT * FROM nope")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        database.execute("SELECT 1")
    database.rollback()
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        database.execute("COPY events TO '/tmp/x'")
    database.rollback()
    with pytest.raises(psycopg.errors.UndefinedColumn):
        database.execute("SELECT nope FROM events WHERE _id = %s", ("a",))
    database.rollback()
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        database.execute("SELECT * FROM range(200000)").fetchall()
    database.rollback()
    assert database.execute("SELECT 1").fetchone() == (1,)


def test_tables_are_made_and_dropped_over_the_wire(database: psycopg.Connection[Any], chain: Chain) -> None:
    """CREATE TABLE AS over the wire makes a dataset, which Catalog knows and further queries read."""
    assert database.execute("CREATE TABLE wired AS SELECT _id FROM events").statusmessage == "SELECT 4"
    assert database.execute("INSERT INTO wired SELECT 'more' AS _id").rowcount == 1
    assert database.execute("SELECT count(*) FROM wired").fetchone() == (5,)
    assert chain.client.call("GET", "/catalog/dataSets", params={"name": "wired"}).json()
    assert ("wired",) in database.execute("SHOW TABLES").fetchall()
    assert database.execute("DROP TABLE wired").statusmessage == "DROP TABLE"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("DROP TABLE events")


def test_a_session_is_steered_in_the_usual_words(database: psycopg.Connection[Any]) -> None:
    """SET and SHOW keep and tell settings of the session; several statements go in one message."""
    database.execute("SET auto_to_json = true")
    assert database.execute("SHOW auto_to_json").fetchone() == ("true",)
    assert database.execute("SHOW TRANSACTION ISOLATION LEVEL").fetchone() == ("read committed",)
    cursor = database.execute("SELECT 1; SELECT 2")
    assert cursor.fetchone() == (1,)
    assert cursor.nextset()
    assert cursor.fetchone() == (2,)
    assert database.execute("").statusmessage is None


def test_a_session_keeps_no_more_than_it_should(database: psycopg.Connection[Any]) -> None:
    """Prepared statements and settings are bounded, so that no session fills the platform's memory."""
    results = [database.pgconn.prepare(b"s%d" % number, b"SELECT 1") for number in range(201)]
    assert [one.error_field(psycopg.pq.DiagnosticField.SQLSTATE) for one in results[-2:]] == [None, b"53400"]
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        database.execute(";".join(f"SET setting_{number} = 1" for number in range(201)))


def test_a_running_statement_is_cancelled(database: psycopg.Connection[Any]) -> None:
    """A request to cancel ends the statement, not the connection."""
    timer = threading.Timer(0.5, database.cancel)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        database.execute(ENDLESS)
    timer.join()
    database.rollback()
    assert database.execute("SELECT 1").fetchone() == (1,)


def test_only_the_right_ones_are_let_in(chain: Chain, take_seat: Callable[..., Client]) -> None:
    """Wrong token, user, database, forbidden sandbox, an account without permission: refused; seats do not meet."""
    good = parameters(chain.client)
    limited = Client(chain.client.server, seat=chain.client.seat, role="limited")
    token = limited.headers["Authorization"].partition(" ")[2]
    for wrong in ({"password": "x"}, {"user": "x"}, {"dbname": "dev"}, {"dbname": "finance:all"}, {"password": token}):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**{**good, **wrong})
    with (
        psycopg.connect(**parameters(take_seat())) as other,
        pytest.raises(psycopg.errors.UndefinedTable),
    ):
        other.execute("SELECT * FROM events")
    with psycopg.connect(**{**good, "dbname": "prod:all"}) as prod, pytest.raises(psycopg.errors.UndefinedTable):
        prod.execute("SELECT * FROM events")


def test_noise_on_the_port_is_turned_away(chain: Chain) -> None:
    """What is no PostgreSQL client gets an error or nothing, and the server lives on."""
    good = parameters(chain.client)
    startup = b"\0\3\0\0" + b"user\0x\0\0"
    for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x08\0\0\0\x01", b"\xff" * 64, b"",
                  struct.pack("!I", len(startup) + 4) + startup + b"Q\0\0\0\x05x"):  # fmt: skip
        with socket.create_connection((good["host"], good["port"]), timeout=5) as raw:
            raw.sendall(noise)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(1000):
                pass
    with psycopg.connect(**good) as database:
        assert database.execute("SELECT 1").fetchone() == (1,)


def test_malformed_messages_of_a_session_are_answered(chain: Chain) -> None:
    """A session that sends cut or unknown messages gets a code for each and goes on after Sync."""
    good = parameters(chain.client)

    def frame(letter: bytes, content: bytes = b"") -> bytes:
        return letter + struct.pack("!I", len(content) + 4) + content

    settings = b"".join(one.encode() + b"\0" for one in ("user", good["user"], "database", good["dbname"])) + b"\0"
    with socket.create_connection((good["host"], good["port"]), timeout=10) as raw:
        raw.sendall(struct.pack("!II", len(settings) + 8, 196608) + settings)
        raw.sendall(frame(b"p", good["password"].encode() + b"\0"))
        for cut in (frame(b"B", b"\0"), frame(b"B", b"\0\0\0\1"), frame(b"D", b"S"), frame(b"E", b"no\0\0\0\0\0"),
                    frame(b"f", b"x"), frame(b"P", b"\xff\0SELECT 1\0\0\0"), frame(b"Q", b"\xff\xfe\0")):  # fmt: skip
            raw.sendall(cut + frame(b"S"))
        raw.sendall(frame(b"Q", b"SELECT 'still here'\0") + frame(b"X"))
        got = b""
        while part := raw.recv(10_000):
            got += part
    assert {code for code in ("08P01", "26000", "34000", "22021") if f"C{code}\0".encode() in got} == {
        "08P01", "26000", "34000", "22021"
    }  # fmt: skip
    assert b"still here" in got


def test_a_client_that_goes_away_ends_its_statement(chain: Chain) -> None:
    """A statement whose client is gone does not run on: its place is free for others."""
    good = parameters(chain.client)
    for _ in range(3):
        database = psycopg.connect(**good)
        runner = threading.Thread(target=_swallow, args=(database,), daemon=True)
        runner.start()
        time.sleep(0.2)
        with socket.socket(fileno=os.dup(database.pgconn.socket)) as raw:
            raw.shutdown(socket.SHUT_RDWR)
        runner.join()
    with psycopg.connect(**good) as database:
        assert database.execute("SELECT 1").fetchone() == (1,)


def test_psql_reads_rows_where_it_is_installed(chain: Chain) -> None:
    """Unmodified psql prints the rows and lists the tables; where there is none, psycopg has shown the same."""
    good = parameters(chain.client)
    names = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    settings = os.environ | {names[key]: str(value) for key, value in good.items()}
    psql = shutil.which("psql")
    shown = [
        subprocess.run([psql, "-X", "-A", "-t", "-c", words], env=settings, capture_output=True, text=True, timeout=60)
        for words in ("SELECT _id, 1 AS one FROM events ORDER BY _id LIMIT 2", "\\dt", "SHOW TABLES")
        if psql
    ]
    assert [one.stderr for one in shown] == [""] * len(shown)
    assert [one.stdout.splitlines()[0] for one in shown[:1]] == ["event-0|1"] * bool(psql)
    assert all("events" in one.stdout for one in shown[1:])
    refused = [
        subprocess.run([psql, "-X", "-c", words], env=settings, capture_output=True, text=True, timeout=60)
        for words in ("\\l", "\\du", "\\d events")
        if psql
    ]
    assert all("DESCRIBE name tells the columns" in one.stderr for one in refused)


def _swallow(database: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error):
        database.execute(ENDLESS)
