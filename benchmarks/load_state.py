"""A state folder with many objects: copies of those that a chain made through the services has."""

from __future__ import annotations

import secrets
import uuid
from pathlib import Path

import orjson

from chatlio_helpers.emulator.state.store import Row, Store

KINDS = ("mixins", "schemas", "dataSets", "sourceConnections", "targetConnections", "mappingSets", "flows")
_DATES = ("createdAt", "updatedAt", "created", "updated", "createdDate", "modifiedDate", "repo:createdDate",
          "repo:lastModifiedDate")  # fmt: skip


def fill(platform: Path, most: int) -> None:
    """Copy the newest object of each kind, each copy under an id and a name of its own, until there are *most*."""
    store = Store(platform)
    try:
        with store.transaction():
            for kind in KINDS:
                rows = store.rows("kind = ?", (kind,))
                for number in range(most - len(rows)):
                    _copy(store, rows[-1], number)
    finally:
        store.close()


def _copy(store: Store, row: Row, number: int) -> None:
    old = row.id.rpartition("/")[2]
    new = str(uuid.uuid4()) if "-" in old else secrets.token_hex(len(old) // 2)
    body = orjson.loads(orjson.dumps(row.body).decode().replace(old, new))
    name = f"{row.name} {number}"
    body["title" if "title" in body else "name"] = name
    if "_inlet" in body:
        body["_inlet"] = secrets.token_hex(32)
    created = row.created + number + 1
    for dates in (body, body.get("meta:registryMetadata", {})):
        dates |= {key: created for key in _DATES if key in dates}
    store.within(row.seat, row.sandbox).put(row.kind, row.id.replace(old, new), body, name=name, now=created)
