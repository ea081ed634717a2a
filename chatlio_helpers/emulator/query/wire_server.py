"""The server that PostgreSQL's clients reach: on this computer only, without TLS, one connection for each session.

The user is the organisation, the password an access token, the database ``{sandbox}:all`` (documented in the answer of
connection_parameters). A connection sees the tables of its seat and sandbox.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable

from ..folder import Folder
from ..front.gateway import Caller
from ..platform import Platform
from . import wire
from .query_runs import QueryRuns
from .query_statements import Refused
from .wire_session import Session

HOST = "127.0.0.1"
MOST_SESSIONS = 64
MOST_OF_A_SEAT = 16  # sessions
MOST_CONNECTIONS = MOST_SESSIONS + 32  # with those that have not begun yet
PATIENCE = 15.0  # seconds that a client may take to begin
MOST_GREETING = 10_000  # bytes
VERSION = "13.0 (local platform)"

log = logging.getLogger(__name__)


class WireServer:
    """Listens, lets clients in and runs their sessions; *touch* is called whenever a client says something."""

    def __init__(self, platform: Platform, folder: Folder, runs: QueryRuns, touch: Callable[[], None]) -> None:
        self._platform, self._folder, self._runs, self._touch = platform, folder, runs, touch
        self._server: asyncio.Server | None = None
        self._sessions: dict[tuple[int, int], Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = (HOST, 0)

    async def start(self) -> None:
        """Listen on the remembered port, else on a free one; raises StateError."""
        bound = self._folder.bind(HOST, None, remembered_as="query-port")
        self.address = bound.getsockname()[:2]
        self._server = await asyncio.start_server(self._met, sock=bound)

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection in a task; one too many is told so and closed before it has said a word."""
        if len(self._tasks) >= MOST_CONNECTIONS:
            writer.write(wire.error("53300", "sorry, too many clients already: close some connections", "FATAL"))
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._attend(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop listening and end the sessions."""
        if self._server:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as error:
            log.debug("a connection ended: %r", error)
        except Refused as refused:
            writer.write(wire.error(refused.code, str(refused), "FATAL"))
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(PATIENCE):
            settings = await self._greeted(reader, writer)
            if settings is None:
                return
            caller = await self._let_in(reader, writer, settings)
        self._check_room(caller.seat.name)
        named = (secrets.randbits(31), secrets.randbits(32))
        session = Session(reader, writer, caller, self._platform, self._runs, self._touch)
        self._sessions[named] = session
        try:
            about = {"server_version": VERSION, "server_encoding": "UTF8", "client_encoding": "UTF8"}
            about |= {"DateStyle": "ISO, MDY", "TimeZone": "UTC", "integer_datetimes": "on"}
            about |= {"standard_conforming_strings": "on", "application_name": settings.get("application_name", "")}
            told = b"".join(wire.parameter(name, value) for name, value in about.items())
            writer.write(wire.authentication(wire.AUTHENTICATED) + told + wire.key(*named) + wire.ready(wire.IDLE))
            await session.run()
        finally:
            del self._sessions[named]

    def _check_room(self, seat: str) -> None:
        """Refuse one session too many, also of one seat, so that it does not keep the others out."""
        if len(self._sessions) >= MOST_SESSIONS:
            raise Refused("53300", f"there are {MOST_SESSIONS} sessions already: come back when some have ended")
        if sum(session.seat == seat for session in self._sessions.values()) >= MOST_OF_A_SEAT:
            raise Refused("53300", f"the organisation has {MOST_OF_A_SEAT} sessions already: close some")

    async def _greeted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, str] | None:
        """Give what the client begins with, or None when it only asked to cancel; raises Refused."""
        while True:
            length = int.from_bytes(await reader.readexactly(4), "big")
            if not 8 <= length <= MOST_GREETING:
                raise Refused("08P01", "this is not a PostgreSQL client")
            content = wire.Reader(await reader.readexactly(length - 4))
            code = content.number("I")
            if code in (wire.SSL, wire.GSS):
                writer.write(b"N")  # neither is there: the connection does not leave the computer
                continue
            if code == wire.CANCEL:
                session = self._sessions.get((content.number("I"), content.number("I")))
                if session:
                    session.cancel()
                return None
            if code >> 16 != wire.PROTOCOL >> 16:
                raise Refused("0A000", f"the protocol {code >> 16}.{code & 0xFFFF} is not spoken: only 3.0 is")
            if code != wire.PROTOCOL:
                writer.write(wire.message(b"v", wire.PROTOCOL.to_bytes(4, "big") + b"\0\0\0\0"))
            return wire.pairs(content)

    async def _let_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: dict[str, str]
    ) -> Caller:
        writer.write(wire.authentication(wire.ASK_PASSWORD))
        letter, length = await reader.readexactly(1), int.from_bytes(await reader.readexactly(4), "big")
        if letter != b"p" or not 4 <= length <= MOST_GREETING:
            raise Refused("28000", "a password in clear text is expected: it is the access token")
        token = wire.Reader(await reader.readexactly(length - 4)).text()
        now = self._platform.clock.now_ms()
        found = self._platform.seats.account(self._platform.tokens.owner(token, now=now) or "")
        if found is None or settings.get("user") != found[0].org_id:
            raise Refused("28P01", "the user must be the organisation and the password a token of it that is not over")
        seat, account = found
        wanted = settings.get("database", "")
        sandbox = next((one for one in seat.sandboxes if f"{one.name}:all" == wanted and one.permitted), None)
        if sandbox is None or sandbox.state_at(now) != "active":
            raise Refused("42P12", f"no tables were found for dbName [{wanted}]: it is the sandbox's name and :all")
        caller = Caller(seat, account, sandbox)
        if not caller.may("view-datasets"):
            raise Refused("42501", "the account's role lacks the permission view-datasets")
        return caller
