"""The ledger: every object that the kit made on a platform, written down before and after the call that makes it.

A row goes ``intended`` -> ``made`` -> ``deleting`` -> ``deleted``. A crash between two writes leaves a row that says
what to look for, so running again finds the object instead of making a second one. No secret, no token and no webhook
URL is ever written here.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import database
from .errors import WorkspaceError

VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  place    TEXT NOT NULL,      -- platform name, organisation and sandbox
  prefix   TEXT NOT NULL,
  key      TEXT NOT NULL,      -- what it is for, e.g. "flows:transcript"
  resource TEXT NOT NULL,      -- Adobe's noun, e.g. "flows"
  name     TEXT NOT NULL,
  marker   TEXT NOT NULL,      -- the text in its description by which we know it again
  state    TEXT NOT NULL CHECK (state IN ('intended', 'made', 'deleting', 'deleted')),
  id       TEXT NOT NULL DEFAULT '',
  changed  REAL NOT NULL,      -- epoch seconds of the last change of state
  PRIMARY KEY (place, prefix, key)
) STRICT;
"""


@dataclass(frozen=True)
class Entry:
    """One object of ours: ``state`` as above, ``changed`` in epoch seconds."""

    key: str
    resource: str
    name: str
    marker: str
    state: str
    id: str
    changed: float


class Ledger:
    """The objects of one prefix in one sandbox of one organisation, in a SQLite file (0600)."""

    def __init__(self, path: Path, *, place: str, prefix: str) -> None:
        self.path, self.place, self.prefix = path, place, prefix
        self._lock = threading.RLock()  # a panel applies a plan in another thread
        self._db = self._prepared()

    def entries(self, *states: str) -> list[Entry]:
        """List entries in the order they were first written; only those in *states* when given."""
        with self._change() as db:
            rows = db.execute(
                "SELECT key, resource, name, marker, state, id, changed FROM objects"
                " WHERE place = ? AND prefix = ? ORDER BY rowid",
                (self.place, self.prefix),
            ).fetchall()
        entries = [Entry(*row) for row in rows]
        return [entry for entry in entries if entry.state in states] if states else entries

    def entry(self, key: str) -> Entry | None:
        """Give the entry of *key*, or None."""
        return next((entry for entry in self.entries() if entry.key == key), None)

    def intend(self, key: str, resource: str, name: str, marker: str) -> None:
        """Write down that an object is about to be made; an older, deleted entry of the key is replaced."""
        with self._change() as db:
            db.execute("DELETE FROM objects WHERE place = ? AND prefix = ? AND key = ?", (self.place, self.prefix, key))
            db.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, 'intended', '', ?)",
                (self.place, self.prefix, key, resource, name, marker, time.time()),
            )

    def made(self, key: str, object_id: str) -> None:
        """Write down that the object exists, under *object_id*."""
        self._set(key, "made", object_id)

    def deleting(self, key: str) -> None:
        """Write down that the object is about to be deleted."""
        self._set(key, "deleting")

    def deleted(self, key: str) -> None:
        """Write down that the object is gone."""
        self._set(key, "deleted")

    def _set(self, key: str, state: str, object_id: str | None = None) -> None:
        with self._change() as db:
            db.execute(
                "UPDATE objects SET state = ?, id = coalesce(?, id), changed = ?"
                " WHERE place = ? AND prefix = ? AND key = ?",
                (state, object_id, time.time(), self.place, self.prefix, key),
            )

    def _prepared(self) -> sqlite3.Connection:
        """Give the one connection of the ledger's life: closing the last one would write the whole log back."""
        try:
            db = database.opened(self.path)
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found < VERSION:
                db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        except sqlite3.DatabaseError as error:
            raise WorkspaceError(
                f"The ledger {self.path} cannot be read ({error}).",
                cause="the file is damaged, or is not a ledger",
                next_step="move the file away (keep it: it lists what was made) and run again; "
                "objects that exist are then found by name and reused",
            ) from error
        if found > VERSION:
            db.close()
            raise WorkspaceError(
                f"The ledger {self.path} was written by a newer version of the kit.",
                cause=f"it has version {found}; this kit knows versions up to {VERSION}",
                next_step="update the kit, or choose another folder with the parameter `workspace`",
            )
        return db

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection for one transaction, on disk when the block ends."""
        if not self.path.exists():
            raise WorkspaceError(
                f"The ledger {self.path} was deleted while it was in use.",
                cause="the kit's folder was removed by hand",
                next_step="connect again: `aep = kit.connect(...)`; objects that exist are found by name and reused",
            )
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:  # commits, or rolls back when the block raises
                yield self._db
