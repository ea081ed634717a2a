"""Change a mapping the right way: a new version of the mapping set, then a dataflow that points to it.

Documented (Adobe, update dataflows): PUT of a mapping set makes the next version; a dataflow goes on with the version
it names until it is patched, with the etag just read in ``If-Match``.
"""

from __future__ import annotations

from typing import Any

from ..connection import Connection
from .blueprint import transformation


def with_row(connection: Connection, mapping_id: str, source: str, target: str) -> dict[str, Any]:
    """Give the body of the next version of a mapping set: all its rows, and *target* filled from *source*.

    *target* is a path below the tenant, such as ``chatlio.visitor.handle``; an older row for it is replaced.
    """
    current = connection.mappings.get(mapping_id)
    destination = f"_{connection.schemas.tenant_id()}.{target}"
    kept = [_plain(row) for row in current["mappings"] if row.get("destination") != destination]
    body = {name: value for name, value in current.items() if name in ("name", "outputSchema")}
    return {**body, "mappings": [*kept, {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}]}


def to_version(mapping_id: str, version: int) -> dict[str, Any]:
    """Give the JSON Patch operation that points a dataflow to *version* of a mapping set."""
    return {"op": "replace", "path": "/transformations/0", "value": transformation(mapping_id, version)}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("sourceType", "source", "destination")}
