"""The durable journal: what the inlets accepted, in order, until it has landed.

An answer of 200 promises that a message is not lost. So an append returns only after the message is on disk, and
many requests that wait at the same time share one commit (and so one ``fsync``).

.. code-block:: text

    append -> pending -> writer thread: one transaction for all that is pending -> every waiting request answers 200
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

TABLE = """
CREATE TABLE IF NOT EXISTS messages(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    seat TEXT NOT NULL, sandbox TEXT NOT NULL, flow TEXT NOT NULL, dataset TEXT NOT NULL,
    inlet TEXT NOT NULL, transaction_id TEXT NOT NULL, received INTEGER NOT NULL, body BLOB NOT NULL)
"""
INSERT = """
INSERT INTO messages(seat, sandbox, flow, dataset, inlet, transaction_id, received, body) VALUES (?,?,?,?,?,?,?,?)
"""
SELECT = """
SELECT seat, sandbox, flow, dataset, inlet, transaction_id, received, body, number
FROM messages WHERE number > ? ORDER BY number LIMIT ?
"""


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


class Journal:
    """Messages on disk in the order of acceptance; append from one event loop, read and forget from any thread."""

    def __init__(self, path: Path | str, *, appended: Callable[[], None] = lambda: None) -> None:
        self.path = Path(path)
        self.appended = appended
        self._writer = self._connect()
        self._writer.execute(TABLE)
        self._reader = self._connect()
        self._reading = threading.Lock()
        self._pending: list[tuple[Sequence[Message], asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    async def append(self, messages: Sequence[Message]) -> None:
        """Return when *messages* are on disk, all of them; raises JournalUnwritable when none of them is."""
        if not messages:
            return
        waiting = asyncio.get_running_loop().create_future()
        self._pending.append((messages, waiting))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        # Shielded: a request that is cut off must not take the others' commit with it.
        await asyncio.shield(waiting)

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            group, self._pending = self._pending, []
            failure = await loop.run_in_executor(self._pool, self._commit, [messages for messages, _ in group])
            for _, waiting in group:
                _settle(waiting, failure)
            if failure is None:
                self.appended()
        self._flushing = None

    def _commit(self, group: list[Sequence[Message]]) -> JournalUnwritable | None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.executemany(INSERT, (message[:-1] for message in itertools.chain(*group)))
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            return JournalUnwritable(str(error))
        return None

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def read(self, after: int, limit: int) -> list[Message]:
        """Give up to *limit* messages whose number is above *after*, in order."""
        with self._reading:
            return [Message(*row) for row in self._reader.execute(SELECT, (after, limit))]

    def forget(self, up_to: int) -> None:
        """Drop what has landed: all messages up to and with number *up_to*; raises sqlite3.Error on a full disk.

        It goes through the writer thread, because SQLite has one writer at a time.
        """
        self._pool.submit(self._writer.execute, "DELETE FROM messages WHERE number <= ?", (up_to,)).result()

    def close(self) -> None:
        """Finish what is being written, and let go of the file."""
        self._pool.shutdown(wait=True)
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
