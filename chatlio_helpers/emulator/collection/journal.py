"""The durable journal: what the inlets accepted, in order, until it has landed.

An answer of 200 promises that a message is not lost. So an append returns only after the message is on disk, and
many requests that wait at the same time share one commit (and so one ``fsync``).

.. code-block:: text

    event loop   append -> pending ---.          .--> every waiting request answers, the next group goes out
    thread                            '--> one INSERT for all, which is one transaction

While the thread waits for the disk, the event loop takes further requests: they are the next group. A group is written
by one statement, because each statement costs a change of threads.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

TABLE = """
CREATE TABLE IF NOT EXISTS messages(
    number INTEGER PRIMARY KEY,
    seat TEXT NOT NULL, sandbox TEXT NOT NULL, flow TEXT NOT NULL, dataset TEXT NOT NULL,
    inlet TEXT NOT NULL, transaction_id TEXT NOT NULL, received INTEGER NOT NULL, body BLOB NOT NULL)
"""
INSERT = "INSERT INTO messages(seat, sandbox, flow, dataset, inlet, transaction_id, received, body) VALUES "
ONE_ROW = "(?,?,?,?,?,?,?,?)"
MOST_ROWS = 1_000  # of one statement: SQLite takes 32,766 values
SELECT = """
SELECT seat, sandbox, flow, dataset, inlet, transaction_id, received, body, number
FROM messages WHERE number > ? ORDER BY number LIMIT ?
"""
DELETE = """
DELETE FROM messages WHERE number IN (SELECT number FROM messages WHERE number < ? ORDER BY number LIMIT ?)
"""
STEP = 200  # messages
PAGE = 16_384  # bytes, of a new file: several messages fit on a page of this size, and on SQLite's own size hardly one
LONG_LOG, BACKSTOP = 500, 4_000  # pages in the write-ahead log


class JournalUnwritable(Exception):
    """The disk is full, read-only or broken: nothing of this append was accepted."""


class Message(NamedTuple):
    """One accepted message.

    ``flow`` and ``dataset`` are ids, ``transaction_id`` is the ``xactionId`` of the answer, ``received`` is epoch
    milliseconds, ``body`` the bytes as received, ``number`` its place in the journal: 0 until it is there, then rising,
    never used twice.
    """

    seat: str
    sandbox: str
    flow: str
    dataset: str
    inlet: str
    transaction_id: str
    received: int
    body: bytes
    number: int = 0


Group = list[tuple[Sequence[Message], "asyncio.Future[None]"]]


class Journal:
    """Messages on disk in the order of acceptance; append from one event loop, read and forget from any thread."""

    def __init__(self, path: Path | str, *, appended: Callable[[], None] = lambda: None) -> None:
        """*appended* is called from the journal's own thread after each group that reached the disk."""
        self.path = Path(path)
        self.appended = appended
        self._writer = self._connect("FULL")
        self._writer.execute(TABLE)
        self._writer.execute(f"PRAGMA wal_autocheckpoint={BACKSTOP}")  # see forget
        # What it deletes has landed: if a power cut brings it back, the landing's cursor has passed it all the same.
        self._reader = self._connect("NORMAL")
        self._reading = threading.Lock()
        self._pending: Group = []
        self._orders: SimpleQueue[tuple[Group, asyncio.AbstractEventLoop] | None] = SimpleQueue()
        self._writing: threading.Thread | None = None
        self._busy = False

    def _connect(self, synchronous: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.execute(f"PRAGMA page_size={PAGE}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        return connection

    async def append(self, messages: Sequence[Message]) -> None:
        """Return when *messages* are on disk, all of them; raises JournalUnwritable when none of them is."""
        if not messages:
            return
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        if not self._pending and not self._busy:
            loop.call_soon(self._order, loop)  # at the end of this turn, so that all its requests are one group
        self._pending.append((messages, waiting))
        await waiting

    def _order(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._writing is None:
            self._writing = threading.Thread(target=self._write, name="journal", daemon=True)
            self._writing.start()
        group, self._pending = self._pending, []
        self._busy = True
        self._orders.put((group, loop))

    def _write(self) -> None:
        while order := self._orders.get():
            group, loop = order
            failure = self._commit([message for messages, _ in group for message in messages])
            if failure is None:
                self.appended()
            try:
                loop.call_soon_threadsafe(self._done, group, failure, loop)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
                self._busy = False

    def _done(self, group: Group, failure: JournalUnwritable | None, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = False
        if self._pending:
            self._order(loop)
        for _, waiting in group:
            _settle(waiting, failure)

    def _commit(self, messages: list[Message]) -> JournalUnwritable | None:
        try:
            if len(messages) <= MOST_ROWS:  # a statement outside a transaction commits by itself, in one step
                self._insert(messages)
            else:
                self._writer.execute("BEGIN IMMEDIATE")
                for start in range(0, len(messages), MOST_ROWS):
                    self._insert(messages[start : start + MOST_ROWS])
                self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            return JournalUnwritable(str(error))
        return None

    def _insert(self, messages: list[Message]) -> None:
        rows = ",".join([ONE_ROW] * len(messages))
        self._writer.execute(INSERT + rows, tuple(chain.from_iterable(message[:-1] for message in messages)))

    def read(self, after: int, limit: int) -> list[Message]:
        """Give up to *limit* messages whose number is above *after*, in order."""
        with self._reading:
            return [Message(*row) for row in self._reader.execute(SELECT, (after, limit))]

    def forget(self, up_to: int) -> None:
        """Drop what has landed, up to and with number *up_to*; raises sqlite3.Error on a full disk.

        The last one stays as an empty shell, because SQLite counts on from the highest number that is there. It goes in
        small steps, between which messages are accepted. Then the write-ahead log is emptied into the database, here
        and not by the writer, whose messages would wait for it.
        """
        with self._reading:
            while self._reader.execute(DELETE, (up_to, STEP)).rowcount == STEP:
                pass
            self._reader.execute("UPDATE messages SET body = x'' WHERE number = ?", (up_to,))
            _, pages, _ = self._reader.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > LONG_LOG:
                self._reader.execute("PRAGMA wal_checkpoint(RESTART)")  # has only the last moments left to copy

    def close(self) -> None:
        """Let go of the file; the event loop must have stopped appending."""
        if self._writing is not None:
            self._orders.put(None)
            self._writing.join()
            self._writing = None
        with self._reading:
            self._reader.close()
        self._writer.close()


def _settle(waiting: asyncio.Future[None], failure: JournalUnwritable | None) -> None:
    if waiting.cancelled():
        return
    if failure is None:
        waiting.set_result(None)
    else:
        waiting.set_exception(JournalUnwritable(str(failure)))
