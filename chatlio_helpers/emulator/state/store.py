"""Everything that the local platform remembers, in one SQLite file.

An object is a JSON body with an address: seat, sandbox, kind, id. What is committed survives ``kill -9``: the file is
in WAL mode and every commit waits for the disk (``synchronous=FULL``).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import orjson

from ..collection.checkpoints import Checkpoints
from ..front.filters import Condition
from . import disk, selection
from .state_file import FILE, STATE_VERSION, StateDamaged, StateError, StateOutdated, StateTooNew, opened
from .turn import Turn

__all__ = [
    "FILE",
    "STATE_VERSION",
    "Row",
    "Scope",
    "StateDamaged",
    "StateError",
    "StateOutdated",
    "StateTooNew",
    "Store",
]

_LONGEST_TURN = 0.03  # seconds of changes that share a commit; the first of them waits for the last
_COLUMNS = "seat, sandbox, kind, id, name, body, created, updated"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """One remembered object; ``created`` and ``updated`` are epoch milliseconds."""

    seat: str
    sandbox: str
    kind: str
    id: str
    name: str | None
    body: dict[str, Any]
    created: int
    updated: int


class Store:
    """The state file of *folder*; safe to share between the event loop and the landing thread.

    Raises StateDamaged or StateTooNew when the file that is there cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / FILE
        self._lock = threading.RLock()
        self._depth = 0
        self._written: Counter[str | tuple[str, str]] = Counter()
        self._otherwise = self._told = 0  # changes that no kind is known of; rows that put and delete tell of
        self._turn: Turn | None = None
        self._checkpoints = Checkpoints(self.path)
        self._joining = 0  # the thread whose transactions join the turn
        try:
            self._database = opened(self.path)
        except sqlite3.DatabaseError as error:
            if disk.refuses(error):
                raise StateError(
                    f"The state file {self.path} cannot be written ({error}).",
                    "the disk is full or read-only, or the file belongs to another user",
                    "make room on the disk, or choose another folder with --data",
                ) from error
            raise StateDamaged(
                f"The state file {self.path} cannot be read ({error}).",
                "the file was cut short or overwritten",
                "move the state folder aside and start again: the local platform begins empty",
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; on disk when the block ends. May be nested: the outermost block commits."""
        with self._lock:
            if self._joining == threading.get_ident():
                turn = self._turn or self._begin_turn()
                if not turn.at_work:
                    with self._part(turn):
                        yield self._database
                    return
            elif self._turn and not self._turn.at_work:
                self._end_turn(self._turn)
            outermost = self._depth == 0
            if outermost:
                self._begin()
            self._depth += 1
            try:
                yield self._database
                if outermost:
                    self._commit()
            except BaseException:
                if outermost:
                    self._roll_back()
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def joining(self) -> Iterator[None]:
        """Let the transactions of this block, on the event loop, share the commit of this turn of the loop.

        They are all or nothing as ever, but on disk only after :meth:`settled`. Nothing may be awaited in the block.
        """
        self._joining = threading.get_ident()
        try:
            yield
        finally:
            self._joining = 0
        if self._turn and time.monotonic() - self._turn.began > _LONGEST_TURN:
            self._end_turn(self._turn)

    async def change(self, work: Callable[[], Result]) -> Result:
        """Run *work* as one change, all or nothing, and give what it gives, once it is on disk.

        Raises what *work* raises, and sqlite3.Error when the disk refuses.
        """
        with self.joining(), self.transaction():
            result, turn = work(), self._turn
        if turn:
            await turn.over()
        return result

    async def settled(self) -> None:
        """Return when everything that a reader can see is on disk."""
        if self._turn:
            await self._turn.over()

    def _begin(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._told, self._changes = 0, self._database.total_changes

    def _commit(self) -> None:
        if self._database.total_changes - self._changes != self._told:
            self._otherwise += 1  # by SQL of its own
        self._database.execute("COMMIT")
        self._checkpoints.committed()

    def _roll_back(self) -> None:
        self._otherwise += 1
        # A commit that a full disk refused leaves the transaction open, or has ended it already.
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _begin_turn(self) -> Turn:
        self._lock.acquire()
        try:
            self._begin()
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1
        loop = asyncio.get_running_loop()
        self._turn = Turn(loop.create_future(), time.monotonic())
        loop.call_soon(self._end_turn, self._turn)
        return self._turn

    @contextmanager
    def _part(self, turn: Turn) -> Iterator[None]:
        self._database.execute("SAVEPOINT change")
        turn.at_work = True
        try:
            yield
            self._database.execute("RELEASE change")
        except BaseException as error:
            self._otherwise += 1
            if self._database.in_transaction:
                self._database.execute("ROLLBACK TO change")
                self._database.execute("RELEASE change")
            else:  # the disk refused, and SQLite has taken back the changes of the whole turn
                self._end_turn(turn, error)
            raise
        finally:
            turn.at_work = False

    def _end_turn(self, turn: Turn, failure: BaseException | None = None) -> None:
        if self._turn is not turn:
            return  # it has ended already
        self._turn = None
        self._depth -= 1
        try:
            if failure is None:
                self._commit()
        except sqlite3.Error as error:
            failure = error
            self._roll_back()
        finally:
            self._lock.release()
        turn.end(failure)

    def generation(self, kinds: Iterable[str], seat: str | None = None) -> int:
        """Give a number that rises with every change of objects of *kinds*, of any seat or of one.

        Whoever keeps what was read from them keeps the number that stood *before* the reading, and reads again when it
        is another. Costs no look into the file and waits for nobody.
        """
        keys: Iterable[str | tuple[str, str]] = kinds if seat is None else ((seat, kind) for kind in kinds)
        return self._otherwise + sum(self._written[key] for key in keys)

    def wrote(self, seat: str, kind: str, rows: int) -> None:
        """Count *rows* objects of *kind* of *seat* as changed, inside the transaction."""
        self._written[kind] += 1
        self._written[seat, kind] += 1
        self._told += rows

    def within(self, seat: str, sandbox: str) -> Scope:
        """Give the objects of one sandbox of one seat."""
        return Scope(self, seat, sandbox)

    def anywhere(self, kind: str, id: str) -> Row | None:
        """Find an object by an id that is unique over all seats (an inlet, a client, a token)."""
        return next(iter(self.rows("kind = ? AND id = ?", (kind, id))), None)

    def rows(self, where: str, values: tuple[Any, ...] = (), tail: str = "ORDER BY number") -> list[Row]:
        """Read objects by an SQL condition, oldest first unless *tail* says otherwise."""
        with self._lock:
            found = self._database.execute(f"SELECT {_COLUMNS} FROM objects WHERE {where} {tail}", values)  # noqa: S608
            return [_row(columns) for columns in found]

    def select(self, where: str, values: tuple[Any, ...], tail: str, conditions: Sequence[Condition]) -> Iterator[Row]:
        """Read objects by an SQL condition one after the other, as far as the reader goes, that fit *conditions*."""
        with self._lock:
            found = self._database.execute(f"SELECT {_COLUMNS} FROM objects WHERE {where} {tail}", values)  # noqa: S608
            for columns in found:
                row = _row(columns)
                if all(condition.holds(row.body) for condition in conditions):
                    yield row

    def fields(self, names: Sequence[str], where: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Read some fields of the bodies by an SQL condition, oldest first, without reading the bodies whole."""
        wanted = ", ".join("json_extract(body, ?)" for _ in names)
        paths = tuple(f'$."{name}"' for name in names)
        with self._lock:
            sql = f"SELECT {wanted} FROM objects WHERE {where} ORDER BY number"  # noqa: S608
            return self._database.execute(sql, (*paths, *values)).fetchall()

    def ids(self, where: str, values: tuple[Any, ...]) -> list[str]:
        """Read the ids of objects by an SQL condition."""
        with self._lock:
            return [id for (id,) in self._database.execute(f"SELECT id FROM objects WHERE {where}", values)]  # noqa: S608

    def count(self, where: str, values: tuple[Any, ...]) -> int:
        """Count objects by an SQL condition."""
        with self._lock:
            found = self._database.execute(f"SELECT count(*) FROM objects WHERE {where}", values)  # noqa: S608
            return int(found.fetchone()[0])

    def counts(self, seat: str) -> dict[str, int]:
        """Count the objects of *seat* by kind."""
        with self._lock:
            found = self._database.execute("SELECT kind, count(*) FROM objects WHERE seat = ? GROUP BY kind", (seat,))
            return dict(found.fetchall())

    def forget_seat(self, seat: str) -> None:
        """Delete every object of *seat*."""
        with self.transaction() as database:
            database.execute("DELETE FROM objects WHERE seat = ?", (seat,))

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        self._checkpoints.close()
        with self._lock:
            self._database.close()


@dataclass(frozen=True)
class Scope:
    """The objects of one sandbox of one seat."""

    store: Store
    seat: str
    sandbox: str

    def put(self, kind: str, id: str, body: dict[str, Any], *, now: int, name: str | None = None) -> None:
        """Write an object, new or over the one of the same id, which keeps its place and its creation time."""
        values = (self.seat, self.sandbox, kind, id, name, orjson.dumps(body).decode(), now, now)
        with self.store.transaction() as database:
            database.execute(
                f"INSERT INTO objects ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (seat, sandbox, kind, id) DO UPDATE SET "
                "name = excluded.name, body = excluded.body, updated = excluded.updated",
                values,
            )
            self.store.wrote(self.seat, kind, 1)

    def get(self, kind: str, id: str) -> Row | None:
        """Give one object, or None."""
        return next(iter(self._rows("kind = ? AND id = ?", (kind, id))), None)

    def list(self, kind: str) -> list[Row]:
        """Give all objects of a kind, oldest first."""
        return self._rows("kind = ?", (kind,))

    def find(self, kind: str, name: str) -> list[Row]:
        """Give the objects of a kind that were put under *name*, oldest first."""
        return self._rows("kind = ? AND name = ?", (kind, name))

    def named(self, kinds: Sequence[str], name: str) -> list[str]:
        """Give the ids of the objects of *kinds* that were put under *name*, without reading their bodies."""
        where = f"seat = ? AND sandbox = ? AND kind IN ({', '.join('?' * len(kinds))}) AND name = ?"
        return self.store.ids(where, (self.seat, self.sandbox, *kinds, name))

    def last(self, kind: str, name: str) -> Row | None:
        """Give the newest object of a kind that was put under *name*, or None."""
        return next(iter(self.newest(kind, name, 1)), None)

    def page(
        self, kind: str, *, where: Sequence[Condition] = (), order: Sequence[str] = selection.NEWEST_FIRST,
        limit: int = -1, start: int = 0,
    ) -> list[Row]:  # fmt: skip
        """Give the objects of a kind that fit all conditions, in *order*, *limit* of them (-1: all) from *start* on.

        *order*: columns (``number`` is the order of creation, ``id``, ``name``, ``created``, ``updated``), with a minus
        sign to fall; raises ValueError for another. Equality with what ``selection.INDEXED`` lists, id and name costs
        the same however many objects there are; any other condition reads objects until the page is full.
        """
        sql, values, whole = selection.narrowed(self.seat, self.sandbox, kind, where)
        tail = f"ORDER BY {selection.order_by(order, where, kind)}"
        if whole:
            return list(self.store.select(sql, (*values, limit, start), f"{tail} LIMIT ? OFFSET ?", ()))
        rows = self.store.select(sql, values, tail, where)
        return list(islice(rows, start, None if limit < 0 else start + limit))

    def count(self, kind: str, where: Sequence[Condition] = ()) -> int:
        """Count the objects of a kind that fit all conditions."""
        sql, values, whole = selection.narrowed(self.seat, self.sandbox, kind, where)
        if whole:
            return self.store.count(sql, values)
        return sum(1 for _ in self.store.select(sql, values, "", where))

    def newest(self, kind: str, name: str, most: int) -> list[Row]:
        """Give the newest objects of a kind that were put under *name*, newest first, no more than *most*."""
        return self._rows("kind = ? AND name = ?", (kind, name), f"ORDER BY number DESC LIMIT {int(most)}")

    def delete(self, kind: str, id: str) -> bool:
        """Delete one object; False when it was not there."""
        with self.store.transaction() as database:
            gone = database.execute(
                "DELETE FROM objects WHERE seat = ? AND sandbox = ? AND kind = ? AND id = ?",
                (self.seat, self.sandbox, kind, id),
            )
            self.store.wrote(self.seat, kind, gone.rowcount)
            return gone.rowcount > 0

    def _rows(self, where: str, values: tuple[Any, ...], tail: str = "ORDER BY number") -> list[Row]:
        return self.store.rows(f"seat = ? AND sandbox = ? AND {where}", (self.seat, self.sandbox, *values), tail)


def _row(columns: tuple[Any, ...]) -> Row:
    seat, sandbox, kind, id, name, body, created, updated = columns
    return Row(seat, sandbox, kind, id, name, orjson.loads(body), created, updated)
