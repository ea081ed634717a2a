"""One session over PostgreSQL's wire protocol: simple and prepared statements, their rows, errors and cancellation.

Transactions are there in name: clients begin and end them, and after an error nothing is taken until they do; what a
statement changed stays. A prepared statement is read twice, once to describe its columns.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson

from ..front.gateway import Caller
from ..platform import Platform
from . import query_statements, wire
from .query_changes import About
from .query_runs import QueryRuns
from .query_statements import Refused, Statement
from .query_workers import MOST_ROWS, QueryFailed
from .wire_kept import Kept

MOST_MESSAGE = 4 * query_statements.MOST_TEXT + 1000  # bytes
MOST_SETTING = 1000  # characters
LOOKS = 1.0  # how often, in seconds, to look whether the client of a running statement is still there
_SHOW = re.compile(r"show\s+(transaction\s+isolation\s+level|\w+)", re.IGNORECASE)
_TAGS = {"start": "BEGIN", "end": "COMMIT", "abort": "ROLLBACK"}

log = logging.getLogger(__name__)


class Session:
    """A client that was let in."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caller: Caller, platform: Platform,
        runs: QueryRuns, touch: Callable[[], None],
    ) -> None:  # fmt: skip
        self._reader, self._writer, self._caller, self._runs, self._touch = reader, writer, caller, runs, touch
        self._scope = platform.store.within(caller.seat.name, caller.sandbox.name)
        self._state = wire.IDLE
        self._settings = Kept({"transaction isolation level": "read committed", "standard_conforming_strings": "on"})
        self._prepared = Kept()  # Statement | None, the types of its parameters
        self._portals = Kept()  # Statement | None, the values of its parameters
        self._running: asyncio.Task[None] | None = None
        self._skipping = False  # after an error all is passed over until the client synchronises

    @property
    def seat(self) -> str:
        """The name of the client's seat."""
        return self._caller.seat.name

    def cancel(self) -> None:
        """End the statement that runs, if one does."""
        if self._running:
            self._running.cancel()

    async def run(self) -> None:
        """Serve the client until it leaves; raises Refused for what is no message, ConnectionError when it is gone."""
        while True:
            await self._writer.drain()
            letter = await self._reader.readexactly(1)
            length = int.from_bytes(await self._reader.readexactly(4), "big")
            if not 4 <= length <= MOST_MESSAGE:
                raise Refused("08P01", f"a message has {length} bytes; {MOST_MESSAGE} are the most")
            content = wire.Reader(await self._reader.readexactly(length - 4))
            self._touch()
            if letter == b"X":
                return
            if letter == b"S":
                self._skipping = False
                self._ready()
            elif letter != b"H" and not self._skipping:  # H: flush, which happens anyway
                await self._answer(letter, content)
                self._touch()

    async def _answer(self, letter: bytes, content: wire.Reader) -> None:
        try:
            handler = _HANDLERS.get(letter)
            if handler is None:
                raise Refused("08P01", f"unsupported message type {letter!r}")
            await handler(self, content)
        except (Refused, QueryFailed) as failed:
            self._fail(failed.code, str(failed))
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            self._fail("58030", f"the disk refused: {error}")
        except Exception as error:
            log.exception("a statement failed")
            self._fail("58000", f"the local platform failed ({type(error).__name__}): see its log")
        if letter == b"Q":
            self._ready()

    def _fail(self, code: str, words: str) -> None:
        self._writer.write(wire.error(code, words))
        self._skipping = True
        if self._state == wire.IN_TRANSACTION:
            self._state = wire.FAILED_TRANSACTION

    def _ready(self) -> None:
        self._skipping = False
        if self._state == wire.IDLE:
            self._portals.clear()
        self._writer.write(wire.ready(self._state))

    async def _simple(self, content: wire.Reader) -> None:
        parts = query_statements.split(content.text())
        if not parts:
            self._writer.write(wire.message(b"I"))
        for part in parts:
            await self._execute(query_statements.read(part), [], described=False)

    async def _parse(self, content: wire.Reader) -> None:
        name, sql = content.text(), content.text()
        parts = query_statements.split(sql)
        if len(parts) > 1:
            raise Refused("42601", "a prepared statement is one statement")
        statement = query_statements.read(parts[0]) if parts else None
        self._prepared.keep(name, (statement, content.numbers("I")), content.size)
        self._writer.write(wire.message(b"1"))

    async def _bind(self, content: wire.Reader) -> None:
        portal, (statement, oids) = content.text(), self._named(self._prepared, content.text())
        values = wire.bound(content, oids, max(len(oids), _places(statement)))
        size = content.size + (len(statement.text) if statement else 0)
        self._portals.keep(portal, (statement, values), size)
        self._writer.write(wire.message(b"2"))

    async def _describe(self, content: wire.Reader) -> None:
        if _kept(content) == b"S":
            statement, oids = self._named(self._prepared, content.text())
            oids = oids + [0] * (_places(statement) - len(oids))
            self._writer.write(wire.parameter_description(oids))
            values: list[Any] = [None] * len(oids)
        else:
            statement, values = self._named(self._portals, content.text())
        columns = self._shown(statement)
        if columns is None and statement and statement.kind == "read":
            columns = await self._columns(statement, values)
        self._writer.write(wire.row_description(columns) if columns else wire.message(b"n"))

    async def _run_portal(self, content: wire.Reader) -> None:
        statement, values = self._named(self._portals, content.text())
        content.number("i")  # the most rows that the client wants at once: it gets them all
        if statement is None:
            self._writer.write(wire.message(b"I"))
            return
        await self._execute(statement, values, described=True)

    async def _close(self, content: wire.Reader) -> None:
        kept = self._prepared if _kept(content) == b"S" else self._portals
        kept.pop(content.text(), None)
        self._writer.write(wire.message(b"3"))

    def _named(self, kept: dict[str, Any], name: str) -> Any:
        if name not in kept:
            raise Refused("26000" if kept is self._prepared else "34000", f"there is no [{name}]")
        return kept[name]

    async def _execute(self, statement: Statement, values: list[Any], *, described: bool) -> None:
        """Carry out one statement and say so; *described*: the client knows the columns already."""
        if statement.kind == "session":
            self._steer(statement)
        elif self._state == wire.FAILED_TRANSACTION:
            raise Refused("25P02", "the transaction failed: nothing is taken before ROLLBACK")
        elif self._shown(statement):
            self._show(statement, described)
        elif statement.kind == "read":
            await self._watched(self._read(statement, values, described))
        else:
            await self._watched(self._change(statement, values))

    def _steer(self, statement: Statement) -> None:
        word = statement.word.lower()
        tag = _TAGS.get(word, word.upper())
        if tag == "BEGIN" and self._state == wire.IDLE:
            self._state = wire.IN_TRANSACTION
        elif tag in ("COMMIT", "ROLLBACK"):
            tag = "ROLLBACK" if self._state == wire.FAILED_TRANSACTION else tag
            self._state = wire.IDLE
        elif self._state == wire.FAILED_TRANSACTION:
            raise Refused("25P02", "the transaction failed: nothing is taken before ROLLBACK")
        elif word == "set":
            found = re.fullmatch(
                r"set\s+(?:session\s+|local\s+)?(\w+)\s*(?:=|\bto\b)\s*(.*)", statement.text, re.I | re.S
            )
            if found:
                self._settings.keep(found[1].lower(), found[2].strip().strip("'")[:MOST_SETTING], len(found[1]))
        self._writer.write(wire.complete("DISCARD ALL" if tag == "DISCARD" else tag))

    def _shown(self, statement: Statement | None) -> list[dict[str, Any]] | None:
        """Give the column of SHOW for a setting of the session; None for every other statement."""
        found = _SHOW.fullmatch(statement.text) if statement else None
        name = " ".join(found[1].lower().split()) if found else ""
        return [{"name": name, "oid": wire.TEXT}] if name in self._settings else None

    def _show(self, statement: Statement, described: bool) -> None:
        columns = self._shown(statement) or []
        if not described:
            self._writer.write(wire.row_description(columns))
        self._writer.write(wire.data_row([self._settings[columns[0]["name"]]]) + wire.complete("SHOW"))

    async def _columns(self, statement: Statement, values: list[Any]) -> list[dict[str, Any]]:
        columns: list[dict[str, Any]] = []
        job = replace(await self._runs.job(self._scope, statement.select, values), describe=True)
        async with self._runs.reading(self._scope, job) as answers:
            async for _, content in answers:
                columns += orjson.loads(content).get("columns", ())
        return columns

    async def _read(self, statement: Statement, values: list[Any], described: bool) -> None:
        job = replace(await self._runs.job(self._scope, statement.select, values), most_rows=MOST_ROWS)
        async with self._runs.reading(self._scope, job) as answers:
            async for kind, content in answers:
                if kind == b"D":
                    self._writer.write(content[4:])
                    await self._writer.drain()
                elif kind == b"C" and not described:
                    self._writer.write(wire.row_description(orjson.loads(content)["columns"]))
                elif kind == b"F":
                    self._writer.write(wire.complete(f"SELECT {orjson.loads(content)['rows']}"))

    async def _change(self, statement: Statement, values: list[Any]) -> None:
        rows = await self._runs.change(self._caller, statement, About(), values)
        tags = {"create": f"SELECT {rows}", "insert": f"INSERT 0 {rows}", "drop": "DROP TABLE"}
        self._writer.write(wire.complete(tags[statement.kind]))

    async def _watched(self, work: Awaitable[None]) -> None:
        """Do *work* so that it can be cancelled, and end it when the client is gone; raises Refused 57014."""
        self._running = asyncio.ensure_future(work)
        try:
            while not self._running.done():
                await asyncio.wait({self._running}, timeout=LOOKS)
                if self._reader.at_eof():
                    self._running.cancel()
            if self._running.cancelled():
                raise Refused("57014", "the statement was cancelled by the user's request")
            self._running.result()
        finally:
            if not self._running.done():
                self._running.cancel()
                with suppress(asyncio.CancelledError):
                    await self._running
            self._running = None


def _kept(content: wire.Reader) -> bytes:
    """Read whether a message is about a prepared statement (S) or a portal (P); raises Refused."""
    kind = content.bytes(1)
    if kind not in (b"S", b"P"):
        raise Refused("08P01", f"invalid message subtype {kind!r}: S or P is expected")
    return kind


def _places(statement: Statement | None) -> int:
    """Give how many parameters a statement has."""
    found = re.findall(r"\$(\d{1,4})", statement.text) if statement else []
    return max(map(int, found), default=0)


_HANDLERS: dict[bytes, Callable[[Session, wire.Reader], Awaitable[None]]] = {
    b"Q": Session._simple, b"P": Session._parse, b"B": Session._bind, b"D": Session._describe,
    b"E": Session._run_portal, b"C": Session._close,
}  # fmt: skip
