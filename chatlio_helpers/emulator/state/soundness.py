"""What must be right inside a state file before anything is done with it.

A whole database can hold what this platform never wrote: a file that somebody edited, or an archive made to do harm.
``check`` costs a few rows and is made at every start. ``check_all`` reads every object, and is for a state that comes
from elsewhere: names of seats and ids become parts of paths, so each must be one plain name.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import orjson

from . import migration
from .seats import read_seat

_COLUMNS = "number, seat, sandbox, kind, id, name, body, created, updated"
_JOURNAL = "number, seat, sandbox, flow, dataset, inlet, transaction_id, received, body"
_OF_THE_PLATFORM = "SELECT kind, id, body FROM objects WHERE seat = '' AND sandbox = ''"
_NO_JSON = """
SELECT kind, id FROM objects
WHERE CASE WHEN typeof(body) = 'text' AND json_valid(body) THEN json_type(body) <> 'object' ELSE 1 END LIMIT 1
"""
_ACTING = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1"
_IN_PATHS = ("dataSets", "batches", "importParts")  # kinds whose ids are names of files or folders
_ODD = "[^A-Za-z0-9_-]"  # for GLOB: a character that no id of ours has
_PLAIN = re.compile(r"[A-Za-z0-9_-]*")


class Unsound(sqlite3.DatabaseError):
    """Something in a state is not as this platform writes it; says what."""


def check(database: sqlite3.Connection) -> None:
    """Check tables, seats, dials and the landing's cursor of an open state file; one that is new is sound.

    Raises Unsound, or another sqlite3.DatabaseError for a table of another shape.
    """
    if migration.version_of(database) is None:
        return
    if not database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'objects'").fetchone():
        raise Unsound("its table objects is missing")
    database.execute(f"SELECT {_COLUMNS} FROM objects LIMIT 0")  # noqa: S608
    for kind, id, text in database.execute(_OF_THE_PLATFORM):
        body = _object(kind, id, text)
        if kind == "seats":
            _check_seat(id, body)
        elif kind == "dials" and not all(_is_number(value) for value in body.values()):
            raise Unsound("a dial in it is no number")
        elif kind == "landing" and not (isinstance(body.get("number"), int) and body["number"] >= 0):
            raise Unsound("where the landing stood is no number in it")


def check_all(database: sqlite3.Connection) -> None:
    """Check what :func:`check` leaves out: every object's body and seat, and whatever becomes a part of a path.

    Raises Unsound.
    """
    if found := database.execute(_ACTING).fetchone():
        raise Unsound(f"it has a {found[0]}, which this platform makes none of: {str(found[1])[:60]!r}")
    if found := database.execute(_NO_JSON).fetchone():
        raise Unsound(f"the body of {found[0]} {str(found[1])[:60]!r} is no JSON object")
    seats = _seats(database)
    sql = f"SELECT seat FROM objects WHERE seat NOT IN ({_marks(seats)}) LIMIT 1"  # noqa: S608
    _refuse(database, sql, seats, "seat")
    kinds = (*_IN_PATHS, f"*{_ODD}*")
    sql = f"SELECT id FROM objects WHERE kind IN ({_marks(_IN_PATHS)}) AND (id = '' OR id GLOB ?) LIMIT 1"  # noqa: S608
    _refuse(database, sql, kinds, "id")
    for (text,) in database.execute("SELECT body FROM objects WHERE kind = 'errands'"):
        for name in _names(orjson.loads(text)):
            _check_name(name)


def check_journal(journal: sqlite3.Connection, database: sqlite3.Connection) -> None:
    """Check the shape of a journal, and that its messages are for seats of the state *database*.

    Raises Unsound, or another sqlite3.DatabaseError for a table of another shape.
    """
    if not journal.execute("SELECT 1 FROM sqlite_master").fetchone():
        return
    journal.execute(f"SELECT {_JOURNAL} FROM messages LIMIT 0")  # noqa: S608
    seats = _seats(database)
    sql = f"SELECT seat FROM messages WHERE seat NOT IN ({_marks(seats)}) LIMIT 1"  # noqa: S608
    _refuse(journal, sql, seats, "seat")
    _refuse(journal, "SELECT dataset FROM messages WHERE dataset GLOB ? LIMIT 1", (f"*{_ODD}*",), "dataset")


def _check_seat(id: str, body: dict[str, Any]) -> None:
    try:
        seat = read_seat(body)
    except ValueError as error:
        raise Unsound(str(error)) from error
    if seat.name != id:
        raise Unsound(f"the seat {seat.name} in it is kept under another name: {id[:60]!r}")


def _object(kind: str, id: str, text: str) -> dict[str, Any]:
    try:
        body = orjson.loads(text)
    except (TypeError, ValueError) as error:
        raise Unsound(f"the body of {kind} {str(id)[:60]!r} is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Unsound(f"the body of {kind} {str(id)[:60]!r} is no JSON object")
    return body


def _seats(database: sqlite3.Connection) -> tuple[str, ...]:
    rows = database.execute("SELECT id FROM objects WHERE seat = '' AND sandbox = '' AND kind = 'seats'")
    return ("", *(id for (id,) in rows))


def _names(errand: dict[str, Any]) -> Iterator[Any]:
    yield from (errand.get("batch", ""), errand.get("dataset", ""))
    for key in ("batches", "names"):
        more = errand.get(key, [])
        yield from more if isinstance(more, list) else [None]


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _PLAIN.fullmatch(name):
        raise Unsound(f"an errand in it is for {str(name)[:60]!r}, which no file of ours is called")


def _refuse(database: sqlite3.Connection, sql: str, values: tuple[str, ...], what: str) -> None:
    if found := database.execute(sql, values).fetchone():
        raise Unsound(f"it has a {what} that is none: {str(found[0])[:60]!r}")


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
