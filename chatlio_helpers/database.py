"""SQLite files that several processes share: on disk when a call returns, private, and patient at the first opening."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

PATIENCE = 30.0  # seconds to wait for another process that writes


def opened(path: Path) -> sqlite3.Connection:
    """Open *path* (0600, made if needed) with a write-ahead log, every commit on disk; may be used by several threads.

    Statements commit by themselves unless a transaction was begun. Raises sqlite3.DatabaseError when the file is no
    database or stays locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its -wal and -shm files the same mode
    path.chmod(0o600)
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite itself does not wait for a lock here (observed), so this does."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as busy:
            if "locked" not in str(busy) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
