"""The store: addresses, transactions, versions, threads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from chatlio_helpers.emulator.state.store import StateDamaged, Store


def test_objects_keep_their_place_and_birth(tmp_path: Path) -> None:
    """Writing an object again keeps its creation time and its place in the list; seats and sandboxes are apart."""
    store = Store(tmp_path)
    scope, other = store.within("ada", "prod"), store.within("ben", "prod")
    scope.put("flows", "1", {"n": 1}, name="x", now=10)
    scope.put("flows", "2", {"n": 2}, name="x", now=20)
    scope.put("flows", "1", {"n": 3}, name="y", now=30)
    assert [(row.id, row.body["n"], row.created, row.updated) for row in scope.list("flows")] == [
        ("1", 3, 10, 30), ("2", 2, 20, 20),
    ]  # fmt: skip
    assert [row.id for row in scope.find("flows", "x")] == ["2"]
    assert other.list("flows") == []
    assert store.anywhere("flows", "2").seat == "ada"
    assert scope.delete("flows", "2")
    assert not scope.delete("flows", "2")
    assert [row.id for row in scope.newest("flows", "y", 5)] == ["1"]
    assert scope.last("flows", "y").id == "1"
    assert scope.last("flows", "x") is None


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    """What fails in the middle leaves nothing, also when transactions are nested."""
    store = Store(tmp_path)
    scope = store.within("ada", "prod")

    def fail_in_the_middle() -> None:
        with store.transaction():
            scope.put("flows", "1", {}, now=1)
            with store.transaction():
                scope.put("flows", "2", {}, now=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle()
    assert scope.list("flows") == []
    store.close()
    assert Store(tmp_path).within("ada", "prod").list("flows") == []


def test_threads_take_turns(tmp_path: Path) -> None:
    """Many threads that count up one object lose no step."""
    store = Store(tmp_path)
    scope = store.within("ada", "prod")
    scope.put("counter", "c", {"n": 0}, now=0)

    def count() -> None:
        for _ in range(25):
            with store.transaction():
                scope.put("counter", "c", {"n": scope.get("counter", "c").body["n"] + 1}, now=1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scope.get("counter", "c").body["n"] == 100


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """A SQLite file with other tables is not taken for ours."""
    import sqlite3

    database = sqlite3.connect(tmp_path / "state.sqlite")
    database.execute("CREATE TABLE recipes (name TEXT)")
    database.commit()
    database.close()
    with pytest.raises(StateDamaged):
        Store(tmp_path)
