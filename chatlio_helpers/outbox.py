"""What is to be sent, what was sent and what never can be: one SQLite file, written before any network.

.. code-block:: text

    put ──> waiting ──acknowledge──> delivered
              │  ▲
              │  └── postpone (also from dead: another try was asked for)
              └──── bury ──────────> dead

``due`` reads and changes nothing. An entry is one event for one destination (a dataflow), so putting a delivered
event again does nothing: this is what makes running a notebook twice safe. No webhook URL is ever stored.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import database
from .errors import WorkspaceError

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
VERSION = 1
_SQL_VARIABLES = 400  # destination and event ids of one query; SQLite's own limit is far above

_TABLE = """
CREATE TABLE IF NOT EXISTS entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  destination TEXT NOT NULL, event TEXT NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
  tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, changed REAL NOT NULL,
  reason TEXT NOT NULL DEFAULT '', receipt TEXT NOT NULL DEFAULT '',
  UNIQUE (destination, event)
);
CREATE INDEX IF NOT EXISTS entry_waiting ON entry (id, due, destination) WHERE state = 'waiting';
"""
_COLUMNS = "id, destination, event, kind, payload, state, tries, due, changed, reason, receipt"
_WAITING = "INDEXED BY entry_waiting WHERE state = 'waiting'"  # however many were delivered, only these are looked at


@dataclass(frozen=True)
class NewEntry:
    """An event on its way in: dataflow id, ``_id`` of the event, kind, and the JSON bytes to post."""

    destination: str
    event: str
    kind: str
    payload: bytes


@dataclass(frozen=True)
class Entry(NewEntry):
    """A line of the outbox; ``due`` and ``changed`` are epoch seconds, ``tries`` counts failed attempts too."""

    id: int
    state: str
    tries: int
    due: float
    changed: float
    reason: str
    receipt: str


@dataclass(frozen=True)
class PutReport:
    """What became of the entries of one ``put``, as event ids in the order given (a repeat counts as waiting)."""

    new: tuple[str, ...] = ()
    already_waiting: tuple[str, ...] = ()
    already_delivered: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()


class Outbox:
    """A durable list of entries; many threads and processes may use one file at once.

    Every change is on disk when its call returns (WAL, ``synchronous=FULL``). The file is readable by its owner
    only: it holds chat text. Raises WorkspaceError when the file is damaged, newer than the kit, or not writable.
    """

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock, self._lock = Path(path), clock, threading.RLock()
        with self._explained():
            self._connection = _opened(self.path)

    def __repr__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in self.counts().items() if count)
        return f"Outbox({self.path.name}: {states or 'empty'})"

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def put(self, entries: Iterable[NewEntry]) -> PutReport:
        """Store entries that are not there yet, all of them or none; returns when they are on disk."""
        found: dict[str, list[str]] = {"new": [], WAITING: [], DELIVERED: [], DEAD: []}
        given = list(entries)
        with self.together():
            for entry in given:
                found[self._put_one(entry)].append(entry.event)
        return PutReport(*(tuple(found[name]) for name in ("new", WAITING, DELIVERED, DEAD)))

    def due(self, now: float, limit: int, *, destinations: Sequence[str] | None = None) -> list[Entry]:
        """Read at most *limit* waiting entries whose time has come, oldest first; changes nothing."""
        where, values = _among("destination", destinations)
        condition = f"{_WAITING} AND due <= ? AND {where} ORDER BY id LIMIT ?"
        return self._read(condition, [now, *values, limit])

    def entries(self, *, state: str | None = None, destinations: Sequence[str] | None = None) -> list[Entry]:
        """Read entries, oldest first."""
        where, values = _among("destination", destinations)
        states, chosen = _among("state", None if state is None else [state])
        return self._read(f"WHERE {where} AND {states} ORDER BY id", [*values, *chosen])

    def find(self, destination: str, events: Sequence[str]) -> dict[str, Entry]:
        """Read the entries of these events for one destination, by event id."""
        found: dict[str, Entry] = {}
        for first in range(0, len(events), _SQL_VARIABLES):
            where, values = _among("event", events[first : first + _SQL_VARIABLES])
            rows = self._read(f"WHERE destination = ? AND {where}", [destination, *values])
            found.update((entry.event, entry) for entry in rows)
        return found

    def counts(self) -> dict[str, int]:
        """Count the entries in each state."""
        with self._lock, self._explained():
            rows = dict(self._connection.execute("SELECT state, count(*) FROM entry GROUP BY state"))
        return {state: rows.get(state, 0) for state in (WAITING, DELIVERED, DEAD)}

    def acknowledge(self, id: int, receipt: str) -> None:
        """Record that the platform received the entry; *receipt* is what it answered."""
        self._change(id, "state = 'delivered', tries = tries + 1, reason = '', receipt = ?", [receipt])

    def postpone(self, id: int, until: float, reason: str) -> None:
        """Record a failed try and when the next may be (epoch seconds); a dead entry waits again."""
        self._change(id, "state = 'waiting', tries = tries + 1, due = ?, reason = ?", [until, reason])

    def bury(self, id: int, reason: str) -> None:
        """Record that sending the entry again cannot help, and why; it is kept."""
        self._change(id, "state = 'dead', tries = tries + 1, reason = ?", [reason])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make the changes inside one commit, hence one write to the disk."""
        with self._lock, self._explained():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it already
                    self._connection.execute("ROLLBACK")
                raise

    def _put_one(self, entry: NewEntry) -> str:
        now = self._clock()
        row = (entry.destination, entry.event, entry.kind, entry.payload, now, now)
        made = self._connection.execute(
            "INSERT INTO entry (destination, event, kind, payload, due, changed) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (destination, event) DO NOTHING",
            row,
        )
        if made.rowcount:
            return "new"
        key = [entry.destination, entry.event]
        return self._value("SELECT state FROM entry WHERE destination = ? AND event = ?", key)

    def _change(self, id: int, what: str, values: list[object]) -> None:
        """Change one entry; a delivered one is never changed again, so that no slow loser undoes a success."""
        with self.together():
            self._connection.execute(
                f"UPDATE entry SET {what}, changed = ? WHERE id = ? AND state != 'delivered'",  # noqa: S608
                [*values, self._clock(), id],
            )

    def _read(self, where: str, values: list[object]) -> list[Entry]:
        with self._lock, self._explained():
            rows = self._connection.execute(f"SELECT {_COLUMNS} FROM entry {where}", values).fetchall()  # noqa: S608
        return [_entry(row) for row in rows]

    def _value(self, query: str, values: list[object]) -> object:
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchone()[0]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise WorkspaceError(
                f"The outbox {self.path} cannot be used ({error}).",
                cause="the file is damaged, its folder is not writable, or the disk is full",
                next_step="free the disk or the folder and run again; if the file is damaged, move it aside: "
                "the next run makes a new one and sends everything again with the same event ids",
            ) from error


def _opened(path: Path) -> sqlite3.Connection:
    connection = database.opened(path)
    _prepare(connection, path)
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        connection.close()
        raise WorkspaceError(
            f"The outbox {path} was written by a newer kit (version {version}; this kit knows {VERSION}).",
            cause="the workspace was used with a newer release",
            next_step="install that release again, or choose another workspace",
        )
    if version < VERSION:
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLE} PRAGMA user_version = {VERSION}; COMMIT;")


def _among(column: str, allowed: Sequence[str] | None) -> tuple[str, list[str]]:
    """Give the condition that *column* is one of *allowed* (None: anything), and its values."""
    if allowed is None:
        return "1", []
    return f"{column} IN ({', '.join('?' * len(allowed))})", list(allowed)


def _entry(row: tuple) -> Entry:
    id, destination, event, kind, payload, state, tries, due, changed, reason, receipt = row
    return Entry(destination, event, kind, bytes(payload), id, state, tries, due, changed, reason, receipt)
