"""The query process: DuckDB, one query at a time, each in a new database that knows one sandbox and no other file.

The platform starts it (``python -m chatlio_helpers.emulator.query_child``), writes jobs to its standard input and
reads answers from its standard output, both in frames: a kind (one byte), a length (four bytes), the content.

.. code-block:: text

    in   J  a job, as JSON (see ``query_workers.Job``)
    out  C  the columns of the result, as JSON: name and PostgreSQL type id; of a new dataset the XDM properties
         D  rows: four bytes with their number, then the rows as PostgreSQL's DataRow messages
         F  finished, as JSON: rows
         E  failed, as JSON: code (SQLSTATE), message

SQL is hostile. It runs as one reading statement, and the database may open nothing but the files of the job: access
to the outside is off, no extension loads, and the configuration is locked before the text is looked at.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

import duckdb
import orjson

from .query_values import NESTED, TEXT, as_text, oid, quoted, stored

MEMORY = "256MB"
ADDRESSES = 2 << 30  # bytes of address space: what DuckDB does not count as its own memory has a limit too
ROWS_AT_ONCE, BYTES_AT_ONCE = 500, 256_000
LARGEST_ROW = 16_000_000  # bytes
LARGEST_FILE = 2 << 30  # bytes
CLOSED = {
    "threads": "1", "memory_limit": MEMORY, "temp_directory": "", "allow_community_extensions": "false",
    "autoload_known_extensions": "false", "autoinstall_known_extensions": "false",
    "allow_extension_repositories": "forbidden", "allow_persistent_secrets": "false",
    "python_enable_replacements": "false", "max_expression_depth": "250",
}  # fmt: skip
NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_COLUMN = re.compile(r"[A-Za-z_]\w*")
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (duckdb.ParserException, "42601"), (duckdb.SyntaxException, "42601"), (duckdb.BinderException, "42703"),
    (duckdb.PermissionException, "42501"), (duckdb.OutOfMemoryException, "53200"), (MemoryError, "53200"),
    (duckdb.ConversionException, "22P02"), (duckdb.OutOfRangeException, "22003"),
    (duckdb.NotImplementedException, "0A000"), (duckdb.InvalidInputException, "22023"),
    (duckdb.IOException, "58030"), (duckdb.Error, "58000"),
)  # fmt: skip
# What Adobe's dialect (Spark's) has and DuckDB has not, or has with another meaning.
_MACROS = (
    "to_timestamp(x) AS CAST(x AS TIMESTAMPTZ)",
    "to_date(x) AS CAST(x AS DATE)",
    "from_utc_timestamp(x, z) AS timezone(z, CAST(x AS TIMESTAMPTZ))",
    "to_utc_timestamp(x, z) AS timezone('UTC', timezone(z, CAST(x AS TIMESTAMP)))",
    "nvl(a, b) AS coalesce(a, b)",
    "size(x) AS len(x)",
    "collect_list(x) AS list(x)",
    "collect_set(x) AS list(DISTINCT x)",
    "explode(x) AS unnest(x)",
    "pg_get_userbyid(x) AS 'query service'",
)


class Failed(Exception):
    """The statement is refused here and not by DuckDB."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def main() -> None:
    """Do jobs until the platform lets go of us; its end ends us, too, in the middle of a query."""
    _limit()
    jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
    source, out = sys.stdin.buffer, sys.stdout.buffer
    threading.Thread(target=_listen, args=(source, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        try:
            for kind, content in answers(job):
                _send(out, kind, content)
        except (Failed, MemoryError, duckdb.Error) as error:
            _send(out, b"E", orjson.dumps(_told(error, job["folder"])))


def answers(job: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Carry out one job; raises Failed, MemoryError or duckdb.Error."""
    with duckdb.connect(":memory:", config=CLOSED) as database:
        _open_sandbox(database, job)
        text = job["select"].replace("pg_catalog.pg_get_userbyid(", "pg_get_userbyid(")  # for psql's list of tables
        explained = _EXPLAIN.match(text)
        if explained:
            text = text[explained.end() :]
        named = _checked(database, text)
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


def _open_sandbox(database: duckdb.DuckDBPyConnection, job: dict[str, Any]) -> None:
    """Make the tables of the sandbox, and close the database to everything else."""
    name = quoted(job["database"])
    database.execute(f"ATTACH ':memory:' AS {name}; CREATE SCHEMA {name}.public; USE {name}.public")
    database.execute(";".join(f"CREATE MACRO {macro}" for macro in _MACROS))
    allowed = [file for table in job["tables"] for file in table["files"]] + ([job["into"]] if job["into"] else [])
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET allowed_paths = ?", [allowed])
    database.execute("SET enable_external_access = false")
    for table in job["tables"]:
        _make_table(database, table)
    database.execute("SET lock_configuration = true")


def _make_table(database: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Make a view over the files of a dataset, or an empty table; the columns of its schema are there either way."""
    name = quoted(table["name"])
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(column)}" for column, kind in table["columns"])
    empty = f"SELECT {columns or 'NULL AS _id'} WHERE false"
    if not table["files"]:
        with contextlib.suppress(
            duckdb.CatalogException, duckdb.BinderException
        ):  # the name or a column is there twice
            database.execute(f"CREATE TABLE {name} AS {empty}")
        return
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in table["files"])
    landed = f"SELECT * FROM read_parquet([{files}], union_by_name = true)"  # noqa: S608
    database.execute(f"CREATE OR REPLACE VIEW {name} AS {f'({empty}) UNION ALL BY NAME ' if columns else ''}{landed}")


def _checked(database: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """Give the names of the tables that *text* reads, in lower case.

    Raises Failed or duckdb.Error for all that is not one statement which only reads, also inside of WITH.
    """
    statements = database.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise Failed("0A000", "only SELECT, CREATE TABLE AS, INSERT INTO and DROP TABLE are taken")
    serialized = database.execute("SELECT json_serialize_sql(?)", [text]).fetchall()[0][0]
    try:
        tree = orjson.loads(serialized)
    except orjson.JSONDecodeError as error:
        raise Failed("54001", "the statement is nested too deeply") from error
    if tree["error"]:
        raise Failed("0A000", tree["error_message"])
    parts = list(_objects(tree))
    others = {str(part.get("type")) for part in parts if str(part.get("type")).endswith("_NODE")} - NODES
    if others:
        raise Failed("0A000", f"a query may only read; this one has {', '.join(sorted(others))}")
    return {str(part["table_name"]).lower() for part in parts if part.get("table_name")}


def _objects(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give all JSON objects of a tree."""
    left: list[Any] = [tree]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
        left += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


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


def _told(error: Exception, folder: str) -> dict[str, str]:
    code = error.code if isinstance(error, Failed) else next(code for kind, code in _CODES if isinstance(error, kind))
    message = re.sub(r"\n\s*\n", "\n", str(error).replace(folder, "lake")).strip() or "the query needs too much memory"
    if isinstance(error, duckdb.CatalogException):
        code = "42P01" if message.startswith("Catalog Error: Table") else "42883"
    elif isinstance(error, duckdb.BinderException) and "Referenced column" not in message:
        code = "42804"
    return {"code": code, "message": message[:2000]}


def _send(out: BinaryIO, kind: bytes, content: bytes) -> None:
    out.write(kind + struct.pack("!I", len(content)) + content)
    out.flush()


def _listen(source: BinaryIO, jobs: SimpleQueue[dict[str, Any]]) -> None:
    while len(head := source.read(5)) == 5:
        jobs.put(orjson.loads(source.read(struct.unpack("!I", head[1:])[0])))
    os._exit(0)


def _limit() -> None:
    """Bound what one query may take from the computer, where the system has such bounds."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    worst = Path("/proc/self/oom_score_adj")
    if worst.exists():  # when memory runs out, Linux ends this process and not the platform
        worst.write_text("1000")


if __name__ == "__main__":
    main()
