"""The tables of a sandbox as queries see them: one for each dataset, under the name in its tag ``adobe/pqs/table``.

A table has the columns of the dataset's schema as it is now, and the rows of the batches that succeeded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import batches, composition, datasets
from .lake import Lake
from .query_workers import Table
from .store import Row, Scope

if TYPE_CHECKING:
    import pyarrow as pa

TAG = "adobe/pqs/table"
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
    from .columns import Columns

    reference = dataset.body.get("schemaRef") or {}
    try:
        schema = composition.resolved(scope, str(reference.get("id", "")))
    except (composition.Unresolved, composition.Conflict):
        return []
    return [(field.name, _type(field.type)) for field in Columns(schema).schema]


def _type(kind: pa.DataType) -> str:
    """Give DuckDB's name for one of the lake's types."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(_field(part) for part in kind)})"
    if pa.types.is_list(kind):
        return f"{_type(kind.value_type)}[]"
    if pa.types.is_map(kind):
        return f"MAP(VARCHAR, {_type(kind.item_type)})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    return "BIGINT" if pa.types.is_integer(kind) else "DOUBLE" if pa.types.is_floating(kind) else "VARCHAR"


def _field(field: Any) -> str:
    name = '"' + field.name.replace('"', '""') + '"'
    return f"{name} {_type(field.type)}"
