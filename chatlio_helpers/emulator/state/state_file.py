"""The state file: its tables, its version, and what cannot be opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..collection.checkpoints import BACKSTOP
from . import migration, selection, soundness

STATE_VERSION = 1
FILE = "state.sqlite"
_CHECKED_WHOLE = 64_000_000  # bytes; to read all pages of a larger file would make the start slow

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    seat TEXT NOT NULL, sandbox TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    name TEXT, body TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    UNIQUE (seat, sandbox, kind, id)
);
CREATE INDEX IF NOT EXISTS objects_by_name ON objects (seat, sandbox, kind, name);
CREATE INDEX IF NOT EXISTS objects_by_id ON objects (kind, id);
"""


class StateError(Exception):
    """The state folder cannot be used; says what, the likely cause and the next step."""

    def __init__(self, error: str, cause: str, next_step: str) -> None:
        super().__init__(error)
        self.error, self.cause, self.next_step = error, cause, next_step


class StateDamaged(StateError):
    """The state file is not a whole database."""


class StateOutdated(StateError):
    """The state file was written by an earlier version of the kit and could not be brought up to date."""


class StateTooNew(StateError):
    """The state file was written by a later version of the kit."""


def opened(path: Path) -> sqlite3.Connection:
    """Give a connection to the state file *path*, made or brought up to date where needed.

    Raises StateTooNew, StateOutdated, or sqlite3.DatabaseError for a file that is no whole state file.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _refuse_damaged(database, path)
        _refuse_newer(database, path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA wal_autocheckpoint = {BACKSTOP}")
        _migrate(database, path)
        soundness.check(database)
        database.executescript(_TABLES)
        for statement in selection.indexes():
            database.execute(statement)
        database.execute("INSERT OR REPLACE INTO meta VALUES ('version', ?)", (str(STATE_VERSION),))
    except BaseException:
        database.close()
        raise
    return database


def _refuse_damaged(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA schema_version").fetchone()  # reads the header, which a file of another kind does not have
    small = path.stat().st_size <= _CHECKED_WHOLE
    if small and database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("its pages do not fit together")


def _refuse_newer(database: sqlite3.Connection, path: Path) -> None:
    version = migration.version_of(database) or 0
    if version > STATE_VERSION:
        raise StateTooNew(
            f"The state file {path} has version {version}; this kit knows versions up to {STATE_VERSION}.",
            "a newer version of the kit wrote it",
            "update the kit, or choose another state folder",
        )


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    try:
        migration.migrate(database, path, STATE_VERSION)
    except migration.MigrationFailed as problem:
        raise StateOutdated(
            f"The state file {path} could not be brought to version {STATE_VERSION} ({problem}).",
            "an older version of the kit wrote it, and something in it is not as that version left it",
            "use the kit that wrote it, whose file is as it was, or choose another state folder",
        ) from problem
