"""State files of other versions: brought up to date in one step or left as they were, never half."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from chatlio_helpers.emulator.state import migration, state_file, store
from chatlio_helpers.emulator.state.store import StateOutdated, StateTooNew, Store

# The tables and indexes as version 1 first laid them out, before any index that came later.
VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    seat TEXT NOT NULL, sandbox TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    name TEXT, body TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    UNIQUE (seat, sandbox, kind, id)
);
CREATE INDEX objects_by_name ON objects (seat, sandbox, kind, name);
CREATE INDEX objects_by_id ON objects (kind, id);
INSERT INTO meta VALUES ('version', '1');
INSERT INTO objects VALUES (1, 'ada', 'dev', 'flows', 'f1', 'one', '{"id":"f1","state":"enabled"}', 10, 20);
INSERT INTO objects VALUES (2, 'ada', 'dev', 'flows', 'f2', 'two', '{"id":"f2","state":"disabled"}', 30, 40);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a state file of version 1, as it was first laid out."""
    database = sqlite3.connect(tmp_path / store.FILE)
    database.executescript(VERSION_1)
    database.close()
    return tmp_path


def renamed(database: sqlite3.Connection) -> None:
    """Step from version 1 to 2: a state that is called otherwise."""
    database.execute("UPDATE objects SET body = json_set(body, '$.state', 'on') WHERE name = 'one'")


def counted(database: sqlite3.Connection) -> None:
    """Step from version 2 to 3: a column more."""
    database.execute("ALTER TABLE objects ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
    database.execute("UPDATE objects SET size = length(body)")


def states(path: Path) -> list[str]:
    """Give the states of the dataflows in a state file."""
    with sqlite3.connect(path) as database:
        return [state for (state,) in database.execute("SELECT json_extract(body, '$.state') FROM objects")]


def newer_kit(monkeypatch: pytest.MonkeyPatch, version: int, steps: dict[int, migration.Step]) -> None:
    """Let the kit be one that writes *version* and knows *steps*."""
    monkeypatch.setattr(state_file, "STATE_VERSION", version)
    monkeypatch.setattr(migration, "STEPS", steps)


def test_the_first_layout_of_this_version_is_opened_as_it_is(folder: Path) -> None:
    """A file of version 1 from before later indexes opens, keeps its objects, and no copy is made."""
    opened = Store(folder)
    assert [row.id for row in opened.within("ada", "dev").list("flows")] == ["f1", "f2"]
    opened.close()
    assert list(folder.glob("*version*")) == []


def test_an_older_state_goes_through_every_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps bring version 1 to 3; the copy is the file as it was, the owner's alone; opening again does nothing."""
    newer_kit(monkeypatch, 3, {1: renamed, 2: counted})
    Store(folder).close()
    assert states(folder / store.FILE) == ["on", "disabled"]
    copy = folder / f"{store.FILE}.version-1"
    assert states(copy) == ["enabled", "disabled"]
    assert copy.stat().st_mode & 0o077 == 0
    with sqlite3.connect(folder / store.FILE) as database:
        assert database.execute("SELECT value FROM meta").fetchall() == [("3",)]
        assert database.execute("SELECT min(size) > 0 FROM objects").fetchone() == (1,)
    copy.unlink()
    Store(folder).close()
    assert not copy.exists()


def test_a_step_that_fails_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second step fails, the first is undone, too; the words say what to do; the old kit still opens it."""

    def broken(database: sqlite3.Connection) -> None:
        database.execute("UPDATE objects SET body = 'gone'")
        database.execute("SELECT nothing FROM nowhere")

    with monkeypatch.context() as patch:
        newer_kit(patch, 3, {1: renamed, 2: broken})
        with pytest.raises(StateOutdated, match="could not be brought to version 3") as caught:
            Store(folder)
        assert caught.value.next_step
    assert states(folder / store.FILE) == ["enabled", "disabled"]
    assert len(Store(folder).within("ada", "dev").list("flows")) == 2


def test_a_version_without_a_way_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version from which no step leads on is refused in words, and stays as it is."""
    newer_kit(monkeypatch, 3, {2: counted})
    with pytest.raises(StateOutdated, match="no way from version 1"):
        Store(folder)
    assert states(folder / store.FILE) == ["enabled", "disabled"]


def test_a_copy_that_the_disk_refuses_stops_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a copy there is no migration: here a folder stands in its place."""
    (folder / f"{store.FILE}.version-1").mkdir()
    newer_kit(monkeypatch, 2, {1: renamed})
    with pytest.raises(StateOutdated):
        Store(folder)
    assert states(folder / store.FILE) == ["enabled", "disabled"]


def test_a_newer_state_is_not_touched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that this kit does not know yet is refused, and the file is the same to the byte."""
    newer_kit(monkeypatch, 2, {1: renamed})
    Store(folder).close()
    before = (folder / store.FILE).read_bytes()
    monkeypatch.undo()
    with pytest.raises(StateTooNew, match="version 2"):
        Store(folder)
    assert (folder / store.FILE).read_bytes() == before
