"""Many connections to the PostgreSQL port: they are counted when they come, and the surplus is told so at once."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from pathlib import Path

import psycopg
import pytest
from running import Client, running
from test_wire import parameters

from chatlio_helpers.emulator.front.accept_errors import EVERY, AcceptErrors
from chatlio_helpers.emulator.query.wire_server import MOST_CONNECTIONS, MOST_OF_A_SEAT


def test_silent_connections_are_bounded_before_they_say_a_word(tmp_path: Path) -> None:
    """Connections that never begin take a bounded number of places; when they are gone, clients come in again."""
    with running(tmp_path / "state") as server:
        good = parameters(Client(server))
        silent = [socket.create_connection((good["host"], good["port"]), timeout=5) for _ in range(MOST_CONNECTIONS)]
        for _ in range(3):
            with socket.create_connection((good["host"], good["port"]), timeout=5) as surplus:
                told = surplus.recv(1000)
                assert told[:1] == b"E"
                assert b"C53300\0" in told
                assert surplus.recv(1000) == b""
        for one in silent:
            one.close()
        with psycopg.connect(**good, connect_timeout=5) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)
        assert "Traceback" not in "".join(
            one.read_text() for one in (tmp_path / "state").rglob("*log") if one.is_file()
        )


def test_one_seat_does_not_take_all_sessions(tmp_path: Path) -> None:
    """A seat's sessions are bounded; another seat is let in while that one has all of its own."""
    with running(tmp_path / "state") as server:
        server.control("POST", "/seats", {"names": ["other"]})
        good, others = parameters(Client(server)), parameters(Client(server, seat="other"))
        open_ones = [psycopg.connect(**good) for _ in range(MOST_OF_A_SEAT)]
        with pytest.raises(psycopg.OperationalError, match="sessions already"):
            psycopg.connect(**good)
        psycopg.connect(**others).close()
        for one in open_ones:
            one.close()


def test_what_cannot_be_accepted_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """A thousand refused accepts give one line without a traceback; other faults of the loop are logged as ever."""
    now = [100.0]
    handler, loop = AcceptErrors(lambda: now[0]), asyncio.new_event_loop()
    failed = OSError(errno.EMFILE, "Too many open files")
    with caplog.at_level(logging.ERROR):
        for _ in range(1000):
            handler(loop, {"message": "socket.accept() out of system resource", "exception": failed})
        assert [(one.levelname, one.exc_info) for one in caplog.records] == [("ERROR", None)]
        now[0] += EVERY
        handler(loop, {"message": "socket.accept() out of system resource", "exception": failed})
        assert "1000 times" in caplog.messages[-1]
        handler(loop, {"message": "a callback failed", "exception": ValueError("x")})
        assert caplog.records[-1].name == "asyncio"
    loop.close()
