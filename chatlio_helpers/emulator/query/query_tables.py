"""The tables of a sandbox as queries see them: one for each dataset, under the name in its tag ``adobe/pqs/table``.

A table has the columns of the dataset's schema as it is now, and the rows of the batches that succeeded.
"""

from __future__ import annotations

import re
from typing import Any

from ..catalog import batches, datasets
from ..landing.lake import Lake
from ..registry import composition
from ..state.store import Row, Scope
from .query_workers import Table

TAG = "adobe/pqs/table"
SCALARS = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
MOMENTS = {"date-time": "TIMESTAMP WITH TIME ZONE", "date": "DATE"}
# A statement with one of these words may look at the list of tables, so that all of them must be there.
_METADATA = re.compile(r"\b(information_schema|pg_\w+|duckdb_\w+|show|describe|desc|summarize|sqlite_\w+)\b", re.I)


def datasets_by_table(scope: Scope) -> dict[str, Row]:
    """Give the datasets of a sandbox by table name in lower case; the oldest one keeps a name that two have."""
    found: dict[str, Row] = {}
    for row in scope.list(datasets.KIND):
        name = table_of(row)
        if name:
            found.setdefault(name.lower(), row)
    return found


def table_of(dataset: Row) -> str:
    """Give the table name of a dataset, or "" when its tag was taken away."""
    tags = dataset.body.get("tags")
    names = tags.get(TAG) if isinstance(tags, dict) else None
    return str(names[0]) if isinstance(names, list) and names else ""


def mentioned(scope: Scope, select: str) -> dict[str, Row]:
    """Give the datasets whose table names occur in the text of a query; some may stand there by chance."""
    text = select.lower()
    return {name: row for name, row in datasets_by_table(scope).items() if name in text}


def tables(scope: Scope, lake: Lake, select: str) -> list[Table]:
    """Give what a query needs: the tables that it names with their rows, and all others when it may list them."""
    named = mentioned(scope, select)
    found = [Table(table_of(row), columns(scope, row), files(scope, lake, row.id)) for row in named.values()]
    if _METADATA.search(select):
        others = [row for name, row in datasets_by_table(scope).items() if name not in named]
        found += [Table(table_of(row), columns(scope, row), []) for row in others]
    return found


def files(scope: Scope, lake: Lake, dataset: str) -> list[str]:
    """Give the Parquet files of a dataset's successful batches, oldest first."""
    landed = [row.id for row in batches.of_dataset(scope, dataset) if row.body["status"] == "success"]
    paths = (lake.path(scope.seat, dataset, batch).resolve() for batch in landed)
    return [str(path) for path in paths if path.is_file()]


def columns(scope: Scope, dataset: Row) -> list[tuple[str, str]]:
    """Give names and DuckDB types of a dataset's columns, as its schema is now; none when the schema is gone."""
    reference = dataset.body.get("schemaRef") or {}
    return columns_of(scope, str(reference.get("id", "")))


def columns_of(scope: Scope, schema_id: str) -> list[tuple[str, str]]:
    """Give names and DuckDB types of the columns that a schema makes; none when it is gone or does not fit together."""
    try:
        schema = composition.resolved(scope, schema_id)
    except (composition.Unresolved, composition.Conflict):
        return []
    return [(name, type_of(node)) for name, node in schema.get("properties", {}).items()]


def type_of(node: dict[str, Any]) -> str:
    """Give the DuckDB type in which a file of the lake is read that was written for a schema's field.

    The files' own types are those of ``columns``, which is not asked because it needs pyarrow: the platform's process
    does without as long as it can.
    """
    kind = node.get("type")
    if kind == "object" or "properties" in node:
        return _object(node)
    if kind == "array":
        return f"{type_of(node.get('items', {}))}[]"
    if kind == "string":
        return MOMENTS.get(str(node.get("format")), "VARCHAR")
    return SCALARS.get(kind, "VARCHAR") if isinstance(kind, str) else "VARCHAR"


def _object(node: dict[str, Any]) -> str:
    if node.get("properties"):
        parts = ('"' + name.replace('"', '""') + f'" {type_of(part)}' for name, part in node["properties"].items())
        return f"STRUCT({', '.join(parts)})"
    free = node.get("additionalProperties")
    return f"MAP(VARCHAR, {type_of(free)})" if isinstance(free, dict) and free else "VARCHAR"
