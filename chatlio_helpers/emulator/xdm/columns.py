"""XDM types as Arrow types, and records into Arrow and back.

.. code-block:: text

    object with properties          struct          string                string
    object with free keys           map             string, date-time     timestamp in milliseconds, UTC
    array                           list            string, date          date
    integer                         int64           number                double
    anything else                   JSON in a string (Parquet has no column for it), marked in the field's metadata

Which Parquet types the platform's own files have for each XDM type is documented by Adobe only in part (batch
ingestion: type table); this choice follows it, and is assumed where it is silent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa

from ..landing.lake import Unfit

Change = Callable[[Any], Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
JSON_TEXT = {b"xdm": b"json"}
SCALARS = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
FORMATS = {"date-time": pa.timestamp("ms", tz="UTC"), "date": pa.date32()}


class Columns:
    """The columns of one dataset, made from its resolved XDM schema (the ``xed-full`` form)."""

    def __init__(self, schema: dict[str, Any]) -> None:
        fields, self._in = _struct(schema)
        self._row = pa.struct(fields)
        self.schema = pa.schema(fields)

    def batch(self, records: list[dict[str, Any]]) -> pa.RecordBatch:
        """Give *records* as one Arrow batch; unknown keys are left out. Raises Unfit."""
        try:
            changed = [self._in(record) for record in records]
            return pa.RecordBatch.from_struct_array(pa.array(changed, type=self._row))
        except (ValueError, TypeError, AttributeError, OverflowError, pa.ArrowException) as error:
            raise Unfit(str(error)) from error


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """Give the rows of *table* as JSON can hold them: ISO 8601 texts for times, nothing for null."""
    outs = {field.name: _outward(field) for field in table.schema}
    return [_without_nulls(row, outs) for row in table.to_pylist(maps_as_pydicts="strict")]


def _struct(schema: dict[str, Any]) -> tuple[list[pa.Field], Change]:
    fields, changes = [], []
    for name, node in schema.get("properties", {}).items():
        field, change = _field(name, node)
        fields.append(field)
        if change is not None:
            changes.append((name, change))
    return fields, _each_key(changes)


def _field(name: str, node: dict[str, Any]) -> tuple[pa.Field, Change | None]:
    kind, change = _type(node)
    return (pa.field(name, pa.string(), metadata=JSON_TEXT), _json) if kind is None else (pa.field(name, kind), change)


def _type(node: dict[str, Any]) -> tuple[pa.DataType | None, Change | None]:
    """Give the Arrow type of a schema node (None: keep as JSON text) and how a value must change to fit it."""
    kind = node.get("type")
    if kind == "object" or "properties" in node:
        return _object_type(node)
    if kind == "array":
        inner, change = _field("item", node.get("items", {}))
        return pa.list_(inner), (lambda values: [change(value) for value in values]) if change else None
    if kind == "string" and node.get("format") in FORMATS:
        return FORMATS[node["format"]], _milliseconds if node["format"] == "date-time" else date.fromisoformat
    return SCALARS.get(kind) if isinstance(kind, str) else None, None


def _object_type(node: dict[str, Any]) -> tuple[pa.DataType | None, Change | None]:
    if node.get("properties"):
        fields, change = _struct(node)
        return pa.struct(fields), change
    free = node.get("additionalProperties")
    if not isinstance(free, dict) or not free:
        return None, None
    inner, change = _field("value", free)
    into = (lambda values: [(key, change(value)) for key, value in values.items()]) if change else _pairs
    return pa.map_(pa.string(), inner), into


def _each_key(changes: list[tuple[str, Change]]) -> Change:
    def change(value: dict[str, Any]) -> dict[str, Any]:
        changed = None
        for name, into in changes:
            part = value.get(name)
            if part is not None:
                changed = changed if changed is not None else dict(value)
                changed[name] = into(part)
        return value if changed is None else changed

    return change


def _pairs(values: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(values.items())


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MILLISECOND


def _outward(field: pa.Field) -> Change | None:
    kind = field.type
    if field.metadata == JSON_TEXT:
        return orjson.loads
    if pa.types.is_timestamp(kind):
        return lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if pa.types.is_date(kind):
        return date.isoformat
    if pa.types.is_struct(kind):
        outs = {part.name: _outward(part) for part in kind}
        return lambda row: _without_nulls(row, outs)
    if pa.types.is_list(kind):
        return _outward_list(_outward(kind.value_field))
    if pa.types.is_map(kind):
        return _outward_map(_outward(kind.item_field))
    return None


def _outward_list(change: Change | None) -> Change | None:
    return None if change is None else lambda values: [None if value is None else change(value) for value in values]


def _outward_map(change: Change | None) -> Change | None:
    if change is None:
        return None
    return lambda row: {key: None if value is None else change(value) for key, value in row.items()}


def _without_nulls(row: dict[str, Any], outs: dict[str, Change | None]) -> dict[str, Any]:
    kept = {}
    for name, value in row.items():
        if value is not None:
            change = outs[name]
            kept[name] = value if change is None else change(value)
    return kept
