"""Changes of one turn of the event loop share a commit: each is all or nothing, and told when it is on disk."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from chatlio_helpers.emulator.collection import checkpoints
from chatlio_helpers.emulator.state import store as store_module
from chatlio_helpers.emulator.state.kept import Kept
from chatlio_helpers.emulator.state.store import Scope, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a store of the test's own."""
    return Store(tmp_path)


def on_disk(store: Store) -> list[str]:
    """Give the ids that another connection to the file sees: what is committed."""
    with sqlite3.connect(store.path) as other:
        return [id for (id,) in other.execute("SELECT id FROM objects ORDER BY number")]


def put(scope: Scope, id: str) -> str:
    """Put one object."""
    scope.put("flows", id, {"id": id}, now=1)
    return id


@pytest.mark.parametrize(("longest", "expected"), [(60.0, 1), (-1.0, 50)])
def test_changes_that_come_together_share_a_commit(
    store: Store, monkeypatch: pytest.MonkeyPatch, longest: float, expected: int
) -> None:
    """Fifty changes at once need one commit, or one each when no turn may last; each is told when it is on disk."""
    monkeypatch.setattr(store_module, "_LONGEST_TURN", longest)
    scope, commits = store.within("ada", "prod"), []
    store._database.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    async def one(id: str) -> bool:
        assert await store.change(lambda: put(scope, id)) == id
        return id in on_disk(store)

    async def together() -> list[bool]:
        return await asyncio.gather(*(one(str(number)) for number in range(50)))

    assert all(asyncio.run(together()))
    assert len(commits) == expected


def test_a_refused_change_leaves_the_others(store: Store) -> None:
    """Of three changes the one in the middle fails after its writing: nothing of it stays, the others do."""
    scope = store.within("ada", "prod")

    def refused() -> None:
        put(scope, "half")
        raise ZeroDivisionError

    async def together() -> list[object]:
        works = (lambda: put(scope, "first"), refused, lambda: put(scope, "last"))
        return await asyncio.gather(*map(store.change, works), return_exceptions=True)

    first, middle, last = asyncio.run(together())
    assert (first, last) == ("first", "last")
    assert isinstance(middle, ZeroDivisionError)
    assert on_disk(store) == ["first", "last"]


def test_a_full_disk_refuses_all_and_recovers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the file cannot grow every change of the turn fails, nothing stays, and later changes work again."""
    monkeypatch.setattr(store_module, "_LONGEST_TURN", 60.0)
    scope = store.within("ada", "prod")
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count={pages}")

    def large() -> None:
        scope.put("flows", "large", {"text": "x" * 1_000_000}, now=1)

    async def together() -> list[object]:
        works = (lambda: put(scope, "small"), large)
        return await asyncio.gather(*map(store.change, works), return_exceptions=True)

    answers = asyncio.run(together())
    assert all(isinstance(answer, sqlite3.OperationalError) for answer in answers), answers
    store._database.execute("PRAGMA max_page_count=1000000")
    assert asyncio.run(store.change(lambda: put(scope, "after"))) == "after"
    assert on_disk(store) == ["after"]


def test_a_reader_waits_until_what_it_read_is_on_disk(store: Store) -> None:
    """What a reader sees of a neighbour's change is on disk once ``settled`` returns."""
    scope = store.within("ada", "prod")

    async def reader() -> list[str]:
        seen = [row.id for row in scope.list("flows")]
        await store.settled()
        assert on_disk(store) == seen
        return seen

    async def together() -> tuple[str, list[str]]:
        return await asyncio.gather(store.change(lambda: put(scope, "new")), reader())

    assert asyncio.run(together()) == ["new", ["new"]]


def test_a_plain_transaction_is_on_disk_at_its_end(store: Store) -> None:
    """A transaction outside the sharing commits at once, and with it what the turn has so far."""
    scope = store.within("ada", "prod")

    async def plain() -> None:
        put(scope, "plain")
        assert on_disk(store) == ["shared", "plain"]

    async def together() -> None:
        await asyncio.gather(store.change(lambda: put(scope, "shared")), plain())

    asyncio.run(together())


def test_who_hangs_up_does_not_end_the_waiting_of_others(store: Store) -> None:
    """A cancelled change leaves its neighbour to be told as ever."""
    scope = store.within("ada", "prod")

    async def together() -> str:
        leaving = asyncio.create_task(store.change(lambda: put(scope, "leaving")))
        staying = asyncio.create_task(store.change(lambda: put(scope, "staying")))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(together()) == "staying"
    assert on_disk(store) == ["leaving", "staying"]


def test_what_is_kept_is_made_again_after_a_change(store: Store) -> None:
    """A value holds until an object of its kinds and its seat is written, deleted by hand, or rolled back."""
    scope, kept, made = store.within("ada", "prod"), Kept(store), []

    def value() -> int:
        kept.value(("x",), "ada", ("flows",), lambda: made.append(1) or {"n": len(made)})["n"] = -1
        return kept.value(("x",), "ada", ("flows",), lambda: {"n": 0})["n"]

    assert value() == 1
    store.within("ben", "prod").put("flows", "1", {}, now=1)
    scope.put("runs", "1", {}, now=1)
    assert value() == 1
    scope.put("flows", "1", {}, now=1)
    assert value() == 2
    with store.transaction() as database:
        database.execute("DELETE FROM objects")
    assert value() == 3
    with pytest.raises(ZeroDivisionError), store.transaction():
        raise ZeroDivisionError
    assert value() == 4


def test_the_write_ahead_log_is_emptied_beside_the_work(tmp_path: Path) -> None:
    """After many commits the database itself holds what was written, though no commit had to bring it there."""
    store = Store(tmp_path)
    scope, before = store.within("ada", "prod"), store.path.stat().st_size
    for number in range(2 * checkpoints.EVERY):
        scope.put("flows", str(number), {"text": "x" * 4_000}, now=1)
    deadline = time.monotonic() + 10
    while store.path.stat().st_size < before + checkpoints.EVERY * 4_000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    store.close()
    assert len(Store(tmp_path).within("ada", "prod").list("flows")) == 2 * checkpoints.EVERY
