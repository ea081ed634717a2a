"""Bring a state file of an older version to the version that this kit writes.

Each step (``STEPS``) takes the file from one version to the next. All steps that are needed are one transaction, and a
copy of the file is kept beside it. When a step fails the file is as it was before.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

Step = Callable[[sqlite3.Connection], None]  # changes by execute() alone: executescript() would commit

STEPS: Mapping[int, Step] = {}  # by the version that the step starts from; version 1 is the first and the newest


class MigrationFailed(Exception):
    """The file could not be brought to the wanted version, and is as it was; says what went wrong."""


def version_of(database: sqlite3.Connection) -> int | None:
    """Give the version of a state file, None for an empty one; raises DatabaseError when it is no state file of ours.

    A file whose version is no number has version 0, from which no step leads on.
    """
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        if database.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise sqlite3.DatabaseError("it is not a state file of the local platform")
        return None
    found = database.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    return int(found[0]) if found and str(found[0]).isdecimal() else 0


def migrate(database: sqlite3.Connection, path: Path, wanted: int) -> Path | None:
    """Bring the open file at *path* to version *wanted*; gives the path of the copy that was kept, None if it was new.

    Raises MigrationFailed; the file is then as it was.
    """
    found = version_of(database)
    if found is None or found >= wanted:
        return None
    missing = [version for version in range(found, wanted) if version not in STEPS]
    if missing:
        raise MigrationFailed(f"this kit knows no way from version {missing[0]} to version {missing[0] + 1}")
    try:
        copy = _copied(database, path.with_name(f"{path.name}.version-{found}"))
        _run(database, [STEPS[version] for version in range(found, wanted)], wanted)
    except (sqlite3.Error, OSError, LookupError, TypeError, ValueError) as error:
        raise MigrationFailed(f"{type(error).__name__}: {error}") from error
    log.info("the state went from version %d to %d; a copy is at %s", found, wanted, copy)
    return copy


def _run(database: sqlite3.Connection, steps: list[Step], wanted: int) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        for step in steps:
            step(database)
        database.execute("INSERT OR REPLACE INTO meta VALUES ('version', ?)", (str(wanted),))
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _copied(database: sqlite3.Connection, place: Path) -> Path:
    """Copy the whole database, with what is still in its write-ahead log; there whole or not at all."""
    draft = place.with_name(f".{place.name}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    copy = sqlite3.connect(draft)
    try:
        database.backup(copy)
    finally:
        copy.close()
    return draft.replace(place)
