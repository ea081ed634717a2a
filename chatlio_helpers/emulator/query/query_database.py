"""A DuckDB database for one query: the tables of one sandbox, and nothing else within reach.

SQL is hostile. It runs as one statement that only reads, and the database may open nothing but the files of the job:
access to the outside is off, no extension loads, and the configuration is locked before the text is looked at.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import duckdb
import orjson

from .query_values import quoted

MEMORY = "256MB"
CLOSED = {
    "threads": "1", "memory_limit": MEMORY, "temp_directory": "", "allow_community_extensions": "false",
    "autoload_known_extensions": "false", "autoinstall_known_extensions": "false",
    "allow_extension_repositories": "forbidden", "allow_persistent_secrets": "false",
    "python_enable_replacements": "false", "max_expression_depth": "250",
}  # fmt: skip
NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
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


def open_sandbox(database: duckdb.DuckDBPyConnection, job: dict[str, Any]) -> None:
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


def checked(database: duckdb.DuckDBPyConnection, text: str) -> set[str]:
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
