"""DuckDB's types as PostgreSQL's and as XDM's. Runs in the query process only, which has DuckDB.

.. code-block:: text

    DuckDB                          over the wire (type id)     in a new dataset (XDM)
    BOOLEAN                         bool 16                     boolean
    TINYINT SMALLINT                int2 21                     integer
    INTEGER                         int4 23                     integer
    BIGINT                          int8 20                     integer
    UINTEGER UBIGINT HUGEINT ...    numeric 1700                integer
    FLOAT, DOUBLE                   float4 700, float8 701      number
    DECIMAL                         numeric 1700                number
    DATE                            date 1082                   string, date
    TIMESTAMP, with time zone       1114, 1184                  string, date-time
    STRUCT LIST MAP                 text 25, as JSON            object, array, map
    anything else                   text 25                     string
"""

from __future__ import annotations

from typing import Any

OIDS = {
    "boolean": 16, "tinyint": 21, "smallint": 21, "utinyint": 21, "usmallint": 23, "integer": 23, "bigint": 20,
    "uinteger": 20, "ubigint": 1700, "hugeint": 1700, "uhugeint": 1700, "decimal": 1700, "float": 700, "double": 701,
    "date": 1082, "time": 1083, "timestamp": 1114, "timestamp_s": 1114, "timestamp_ms": 1114, "timestamp_ns": 1114,
    "timestamp with time zone": 1184, "interval": 1186, "uuid": 2950,
}  # fmt: skip
SIZES = {16: 1, 21: 2, 23: 4, 20: 8, 700: 4, 701: 8, 1082: 4, 1083: 8, 1114: 8, 1184: 8, 1186: 16, 2950: 16}
TEXT = 25
NESTED = ("struct", "list", "map", "array", "union", "variant")
_WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint",
          "uhugeint")  # fmt: skip
_LONG = {"type": "integer", "meta:xdmType": "long"}
_NUMBER = {"type": "number", "meta:xdmType": "number"}
_STRING = {"type": "string", "meta:xdmType": "string"}
_DATE = {"type": "string", "format": "date", "meta:xdmType": "date"}
_MOMENT = {"type": "string", "format": "date-time", "meta:xdmType": "date-time"}


def oid(kind: Any) -> int:
    """Give the PostgreSQL type id of a DuckDB type."""
    return OIDS.get(kind.id, TEXT)


def as_text(column: str, kind: Any) -> str:
    """Give the SQL expression for the text of a column as PostgreSQL writes it; *column* is a safe name of ours."""
    if kind.id == "boolean":
        return f"CASE WHEN {column} THEN 't' WHEN NOT {column} THEN 'f' END"
    if kind.id in NESTED:
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def stored(kind: Any) -> tuple[str, dict[str, Any]]:
    """Give the DuckDB type in which a column of a new dataset is kept, and its XDM schema.

    They are the types that the lake's own files have, so that what a query made reads like what was ingested.
    """
    if kind.id in _WHOLE:
        return "BIGINT", dict(_LONG)
    if kind.id in ("float", "double", "decimal"):
        return "DOUBLE", dict(_NUMBER)
    if kind.id == "boolean":
        return "BOOLEAN", {"type": "boolean", "meta:xdmType": "boolean"}
    if kind.id == "date":
        return "DATE", dict(_DATE)
    if kind.id.startswith("timestamp"):
        return "TIMESTAMP WITH TIME ZONE", dict(_MOMENT)
    return _stored_nested(kind) if kind.id in NESTED else ("VARCHAR", dict(_STRING))


def quoted(name: str) -> str:
    """Give *name* as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _stored_nested(kind: Any) -> tuple[str, dict[str, Any]]:
    parts = dict(kind.children) if kind.id in ("struct", "list", "map", "array") else {}
    if kind.id == "struct":
        inner = {name: stored(part) for name, part in parts.items()}
        fields = ", ".join(f"{quoted(name)} {sql}" for name, (sql, _) in inner.items())
        properties = {name: schema for name, (_, schema) in inner.items()}
        return f"STRUCT({fields})", {"type": "object", "meta:xdmType": "object", "properties": properties}
    if kind.id in ("list", "array"):
        sql, schema = stored(parts["child"])
        return f"{sql}[]", {"type": "array", "meta:xdmType": "array", "items": schema}
    if kind.id == "map" and parts["key"].id == "varchar":
        sql, schema = stored(parts["value"])
        return f"MAP(VARCHAR, {sql})", {"type": "object", "meta:xdmType": "map", "additionalProperties": schema}
    return "VARCHAR", dict(_STRING)
