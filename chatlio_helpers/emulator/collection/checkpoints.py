"""Emptying the state file's write-ahead log in a thread of its own, so that no change waits for it.

SQLite would do it within the commit that makes the log long, and with it hold up everybody who waits for that commit.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

EVERY = 100  # commits between two times
BACKSTOP = 16_000  # pages (of 4 KB) from which on SQLite does it within a commit after all

log = logging.getLogger(__name__)


class Checkpoints:
    """Copies what the log of the database at *path* holds into the database, each time that it is woken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commits, self._closing = 0, False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """Count a commit."""
        self._commits += 1
        if self._commits % EVERY == 0:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
                self._thread.start()
            self._wake.set()

    def close(self) -> None:
        """Let go of the file."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        database = sqlite3.connect(self._path, isolation_level=None, timeout=1)
        while self._wake.wait() and not self._closing:
            self._wake.clear()
            try:
                database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error as error:
                log.warning("the write-ahead log could not be emptied, it is tried again later: %s", error)
        database.close()
