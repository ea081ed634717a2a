"""What the query process answers to a job: columns and rows as PostgreSQL's messages, or a Parquet file."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any

import duckdb
import orjson

from .query_database import CLOSED, Failed, checked, open_sandbox
from .query_values import NESTED, TEXT, as_text, oid, quoted, stored

ROWS_AT_ONCE, BYTES_AT_ONCE = 500, 256_000
LARGEST_ROW = 16_000_000  # bytes
_COLUMN = re.compile(r"[A-Za-z_]\w*")
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)


def answers(job: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Carry out one job; raises Failed, MemoryError or duckdb.Error."""
    with duckdb.connect(":memory:", config=CLOSED) as database:
        open_sandbox(database, job)
        text = job["select"].replace("pg_catalog.pg_get_userbyid(", "pg_get_userbyid(")  # for psql's list of tables
        explained = _EXPLAIN.match(text)
        if explained:
            text = text[explained.end() :]
        named = checked(database, text)
        if explained:
            # In parentheses, as every text of a caller: DuckDB takes there what reads, and nothing else.
            cursor = database.execute(f"{explained[0]} SELECT * FROM (\n{text}\n)", job["values"])  # noqa: S608
            told = [{"name": name, "oid": TEXT} for name, *_ in cursor.description]
            yield b"C", orjson.dumps({"columns": told, "tables": []})
            yield from _rows(cursor, job)
            return
        columns = _columns(database, text, job["values"])
        if job["into"]:
            yield from _written(database, text, columns, job, named)
            return
        shown = [{"name": name, "oid": oid(kind)} for name, kind in columns]
        yield b"C", orjson.dumps({"columns": shown, "tables": sorted(named)})
        if job["describe"]:
            yield b"F", orjson.dumps({"rows": 0})
        else:
            picked = ", ".join(as_text(f"c{at}", kind) for at, (_, kind) in enumerate(columns))
            yield from _rows(database.execute(_wrapped(picked, text, columns), job["values"]), job)


def _columns(database: duckdb.DuckDBPyConnection, text: str, values: list[Any]) -> list[tuple[str, Any]]:
    cursor = database.execute(f"SELECT * FROM (\n{text}\n) LIMIT 0", values)  # noqa: S608
    return [(name, kind) for name, kind, *_ in cursor.description]


def _wrapped(picked: str, text: str, columns: list[tuple[str, Any]]) -> str:
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    return f"SELECT {picked} FROM (\n{text}\n) AS q({names})"  # noqa: S608


def _rows(cursor: duckdb.DuckDBPyConnection, job: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    count = 0
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        count += len(rows)
        if job["most_rows"] and count > job["most_rows"]:
            raise Failed("53400", f"the result has more than {job['most_rows']} rows: narrow it, or CREATE TABLE AS it")
        if job["silent"]:
            yield b"D", struct.pack("!I", len(rows))
        else:
            yield from _portions(rows)
    yield b"F", orjson.dumps({"rows": count})


def _portions(rows: list[tuple[str | None, ...]]) -> Iterator[tuple[bytes, bytes]]:
    """Give rows in frames of a bounded size, however long their texts are."""
    portion, size = [], 0
    for row in map(_data_row, rows):
        if len(row) > LARGEST_ROW:
            raise Failed("54000", f"a row has {len(row)} bytes, {LARGEST_ROW} are the most: choose fewer columns")
        portion.append(row)
        size += len(row)
        if size >= BYTES_AT_ONCE:
            yield b"D", struct.pack("!I", len(portion)) + b"".join(portion)
            portion, size = [], 0
    if portion:
        yield b"D", struct.pack("!I", len(portion)) + b"".join(portion)


def _data_row(row: tuple[str | None, ...]) -> bytes:
    parts = []
    for text in row:
        if text is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            content = text.encode()
            parts += (len(content).to_bytes(4, "big"), content)
    body = b"".join(parts)
    return b"D" + (len(body) + 6).to_bytes(4, "big") + len(row).to_bytes(2, "big") + body


def _written(
    database: duckdb.DuckDBPyConnection, text: str, columns: list[tuple[str, Any]], job: dict[str, Any], named: set[str]
) -> Iterator[tuple[bytes, bytes]]:
    """Write the result as one Parquet file: a new dataset's columns, or those that a dataset has already."""
    given = {name.lower(): (name, kind) for name, kind in job["columns"] or ()}
    picked, properties = [], {}
    for at, (name, kind) in enumerate(columns):
        if not _COLUMN.fullmatch(name):
            raise Failed("42P16", f"the column [{name}] needs an alias: letters, digits and _")
        sql, properties[name] = stored(kind)
        if job["columns"] is not None:
            if name.lower() not in given:
                raise Failed("42703", f"the dataset has no column [{name}]")
            name, sql = given[name.lower()]
            _check_fits(name, kind, duckdb.sqltype(sql))
        picked.append(f"CAST(c{at} AS {sql}) AS {quoted(name)}")
    place = "'" + job["into"].replace("'", "''") + "'"
    copied = f"COPY ({_wrapped(', '.join(picked), text, columns)}) TO {place} (FORMAT parquet, USE_TMP_FILE false)"
    count = int(database.execute(copied, job["values"]).fetchall()[0][0])
    yield b"C", orjson.dumps({"properties": properties, "tables": sorted(named)})
    yield b"F", orjson.dumps({"rows": count})


def _check_fits(path: str, kind: Any, wanted: Any) -> None:
    """Refuse a value that would lose fields or change its shape; raises Failed."""
    if kind.id == "null" or wanted.id not in NESTED:
        return
    if kind.id != wanted.id:
        raise Failed("42804", f"the column [{path}] is {wanted.id} in the dataset and {kind.id} in the query")
    there = dict(wanted.children)
    for name, inner in kind.children:
        if name not in there:
            raise Failed("42703", f"the dataset has no field [{path}.{name}]")
        _check_fits(f"{path}.{name}", inner, there[name])
