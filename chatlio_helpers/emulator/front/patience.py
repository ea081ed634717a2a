"""How long a connection may keep us waiting, and how many there may be; the server library bounds neither.

Once a second all connections are looked at: one whose request line and headers, or whose body, has been incomplete for
too long is answered 408 and closed, and one that does not take what it is sent is cut off. So a request in time costs
nothing. A connection beyond the most is told 503; a few more are let in that call the control side.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

HEADERS, BODY = 15.0, 60.0  # seconds
UNREAD = 30.0  # seconds in which nothing of an answer is taken
KEEP_ALIVE = 65  # seconds; longer than clients keep theirs, so that no request meets a connection that is closing
LOOKS = 1.0  # seconds between two looks
MOST_CONNECTIONS = 1_000
RESERVED = 10  # connections beyond the most, for calls of the control side: somebody must be able to look
_SPARE_FILES = 200  # for databases, the lake and the library's own
_TO_CONTROL = re.compile(rb"[A-Z]+ /_local/")


def most_connections() -> int:
    """Give how many connections to take: fewer where the system allows few open files."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(MOST_CONNECTIONS, soft - _SPARE_FILES))


def bounded(base: type[Any], most: int) -> type[Any]:
    """Give uvicorn's protocol class *base* with a bound: a connection beyond *most* gets a 503 and is closed.

    A few more may connect, and get it when they send: it is told by the beginning of a request whom it is for.
    """

    class Bounded(base):
        refused = reserved = False

        def connection_made(self, transport: asyncio.Transport) -> None:
            taken = len(self.connections)
            self.refused, self.reserved = taken >= most + RESERVED, taken >= most
            return _refuse(transport) if self.refused else super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            if not self.refused:
                super().connection_lost(error)

        def data_received(self, data: bytes) -> None:
            if self.reserved and not _TO_CONTROL.match(data):
                return _refuse(self.transport)
            self.reserved = False  # it has shown by its first request what it is for
            return None if self.refused else super().data_received(data)

    return Bounded


class Wait(NamedTuple):
    """What a connection makes us wait for: the headers after, or the body of, uvicorn's request cycle."""

    what: str
    cycle: Any
    limit: float
    since: float


class Unread(NamedTuple):
    """How many bytes wait to be taken by the other side, and since when it has taken none."""

    size: int
    since: float


class Patience:
    """Remembers since when each connection has been waited for; *headers* and *body* are the most seconds."""

    def __init__(self, headers: float, body: float) -> None:
        self._headers, self._body, self._unread_for = headers, body, UNREAD
        self._since: dict[Any, Wait] = {}
        self._unread: dict[Any, Unread] = {}

    def look(self, connections: Iterable[Any], now: float) -> int:
        """End those of uvicorn's *connections* that are overdue at *now* (monotonic seconds); gives how many."""
        together = list(connections)
        return self._cut_off(together, now) + self._close(together, now)

    def _cut_off(self, connections: list[Any], now: float) -> int:
        """End connections that take nothing; to close them would wait for what they do not take."""
        sizes = ((connection, connection.transport.get_write_buffer_size()) for connection in connections)
        self._unread = {connection: self._left(connection, size, now) for connection, size in sizes if size}
        stuck = [connection for connection, left in self._unread.items() if now - left.since > self._unread_for]
        for connection in stuck:
            connection.transport.abort()
        return len(stuck)

    def _left(self, connection: Any, size: int, now: float) -> Unread:
        """Give what is unread; it became less, or else only more was written, and that is no sign of a reader."""
        before = self._unread.get(connection)
        return Unread(size, before.since if before and size >= before.size else now)

    def _close(self, connections: list[Any], now: float) -> int:
        waits = ((connection, self._wait(connection, now)) for connection in connections)
        self._since = {connection: wait for connection, wait in waits if wait}
        overdue = [connection for connection, wait in self._since.items() if now - wait.since > wait.limit]
        for connection in overdue:
            cycle = connection.cycle
            if cycle is None or cycle.response_complete or not cycle.response_started:
                connection.transport.write(_plain(408, "Request Timeout", "The request did not come in time."))
            connection.transport.close()
        return len(overdue)

    def _wait(self, connection: Any, now: float) -> Wait | None:
        """Give what we wait for; since when is told by the last look, if it saw the same request in the same need."""
        cycle = connection.cycle
        if connection.timeout_keep_alive_task is not None:
            return None  # nothing has come of a next request: the server library has a limit for that
        if cycle is None or cycle.response_complete:
            wait = Wait("headers", cycle, self._headers, now)
        elif cycle.more_body and not connection.flow.read_paused:
            wait = Wait("body", cycle, self._body, now)
        else:
            return None
        before = self._since.get(connection)
        return before if before and (before.what, before.cycle) == (wait.what, wait.cycle) else wait


def _refuse(transport: asyncio.Transport) -> None:
    transport.write(_plain(503, "Service Unavailable", "Too many connections.", "retry-after: 1\r\n"))
    transport.close()


def _plain(status: int, title: str, words: str, more: str = "") -> bytes:
    lines = f"HTTP/1.1 {status} {title}\r\ncontent-type: text/plain\r\ncontent-length: {len(words)}\r\n"
    return f"{lines}{more}connection: close\r\n\r\n{words}".encode()
