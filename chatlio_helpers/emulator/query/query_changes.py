"""What queries change: CREATE TABLE AS makes a dataset, INSERT INTO adds a batch to one, DROP TABLE takes one away.

.. code-block:: text

    query process -> one Parquet file in FOLDER/query-drafts -> on disk, moved to the lake -> ONE transaction:
        schema and dataset (CREATE TABLE AS), batch, and what the caller adds (the query's own end)

A crash before the transaction leaves a file that no batch counts, which the next start removes; so a table is there
whole or not at all, and never twice.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..catalog import batches, datasets
from ..catalog.datasets import KIND
from ..front.gateway import Caller
from ..landing.lake import LANDED
from ..platform import Platform
from ..registry.xdm_classes import ADHOC
from ..state.store import Row, Scope
from . import query_tables
from .query_statements import Statement
from .query_workers import Job, QueryFailed

CLIENT = "acp_query_service"
CREATED_BY = (
    "queryService/createdBy"  # tag of a dataset that CREATE TABLE AS made; which one the live one has is assumed
)
DRAFTS = "query-drafts"
_CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"


@dataclass(frozen=True)
class About:
    """What ``ctasParameters`` may say of a new dataset: its name, description and the title of its schema."""

    name: str = ""
    description: str = ""
    schema_title: str = ""


@dataclass(frozen=True)
class Change:
    """A new batch in the making; ``schema`` is that of a new dataset when an existing one was asked for."""

    caller: Caller
    statement: Statement
    dataset: str
    batch: str
    draft: Path
    started: int
    columns: list[tuple[str, str]] | None = None
    about: About = field(default_factory=About)
    schema: dict[str, Any] | None = None


class Changes:
    """Begins and ends the changes of queries."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._drafts = platform.folder / DRAFTS
        shutil.rmtree(self._drafts, ignore_errors=True)  # what a former process left

    def begin(self, caller: Caller, statement: Statement, about: About) -> Change:
        """Prepare CREATE TABLE AS or INSERT INTO; raises QueryFailed 42P07, 42P01, 42704 or 42501."""
        _check_may(caller)
        scope, now = self._scope(caller), self._platform.clock.now_ms()
        there = query_tables.datasets_by_table(scope).get(statement.target.lower())
        batch = batches.new_id(now)
        self._drafts.mkdir(mode=0o700, exist_ok=True)
        draft = (self._drafts / f"{batch}{LANDED}").resolve()
        if statement.kind == "insert":
            row = there or next(iter(scope.find(KIND, statement.target)), None)
            if row is None:
                raise _no_table(statement.target)
            return Change(caller, statement, row.id, batch, draft, now, query_tables.columns(scope, row))
        if there:
            raise QueryFailed("42P07", f"the table {statement.target} exists already")
        schema = _schema_titled(scope, about.schema_title or statement.option("schema"))
        columns = query_tables.columns_of(scope, schema["$id"]) if schema else None
        return Change(caller, statement, secrets.token_hex(12), batch, draft, now, columns, about, schema)

    def job(self, change: Change, job: Job) -> Job:
        """Give *job* with the file that is to be written."""
        return Job(job.database, job.tables, job.folder, job.select, job.values, str(change.draft), change.columns)

    def secure(self, change: Change) -> int:
        """Force the draft to disk; gives its size in bytes; raises OSError."""
        return _on_disk(change.draft)

    def finish(self, change: Change, properties: dict[str, Any], rows: int, size: int) -> None:
        """Bring the secured file to the lake and tell the Catalog; to be called inside a transaction of the store.

        Raises QueryFailed when the table came or went meanwhile, OSError when the disk refuses.
        """
        scope = self._scope(change.caller)
        there = query_tables.datasets_by_table(scope).get(change.statement.target.lower())
        if change.statement.kind == "create" and there:
            raise QueryFailed("42P07", f"the table {change.statement.target} came to be meanwhile")
        if change.statement.kind == "insert" and scope.get(KIND, change.dataset) is None:
            raise _no_table(change.statement.target)
        if change.statement.kind == "create":
            self._make_dataset(scope, change, properties)
        if rows:
            self._platform.lake.take([change.draft], scope.seat, change.dataset)
            body = self._batch(change, rows, size)
            scope.put(batches.KIND, change.batch, body, now=body["created"], name=change.dataset)

    def discard(self, change: Change) -> None:
        """Remove the draft, if it is still there."""
        change.draft.unlink(missing_ok=True)

    def drop(self, caller: Caller, statement: Statement) -> None:
        """Delete the dataset of a table; raises QueryFailed 42P01, or 42501 when no query made it."""
        _check_may(caller)
        scope = self._scope(caller)
        row = query_tables.datasets_by_table(scope).get(statement.target.lower())
        if row is None:
            if statement.lenient:
                return
            raise _no_table(statement.target)
        if CREATED_BY not in row.body["tags"]:
            raise QueryFailed("42501", f"the table {statement.target} was not created by CREATE TABLE AS")
        with self._platform.store.transaction():
            datasets.removed(self._platform, scope, row.id, now=self._platform.clock.now_ms())

    def _scope(self, caller: Caller) -> Scope:
        return self._platform.store.within(caller.seat.name, caller.sandbox.name)

    def _make_dataset(self, scope: Scope, change: Change, properties: dict[str, Any]) -> None:
        caller, now = change.caller, self._platform.clock.now_ms()
        schema = change.schema
        if schema is None:
            schema = _adhoc_schema(caller, change.statement.target, properties, now)
            scope.put("schemas", schema["$id"], schema, name=schema["title"], now=now)
        view, who = secrets.token_hex(12), caller.account.technical_account
        dataset = {
            "version": "1.0.0", "imsOrg": caller.seat.org_id, "name": change.about.name or change.statement.target,
            "description": change.about.description, "schemaRef": {"id": schema["$id"], "contentType": _CONTENT_TYPE},
            "tags": {query_tables.TAG: [change.statement.target], CREATED_BY: [who]},
            "created": now, "updated": now, "createdClient": CLIENT, "createdUser": who, "updatedUser": who,
            "namespace": "ACP", "state": "DRAFT", "viewId": view,
            "files": f"@/dataSets/{change.dataset}/views/{view}/files", "persistence": {}, "observableSchema": {},
            "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
            "enableErrorDiagnostics": False,
            "classification": {"dataBehavior": "adhoc" if change.schema is None else "record", "managedBy": "CUSTOMER"},
        }  # fmt: skip
        scope.put(KIND, change.dataset, dataset, name=dataset["name"], now=now)

    def _batch(self, change: Change, rows: int, size: int) -> dict[str, Any]:
        seat, sandbox = change.caller.seat, change.caller.sandbox
        portion = batches.Portion(
            org_id=seat.org_id, sandbox_id=sandbox.id, dataset=change.dataset, flow="", started=change.started,
            completed=self._platform.clock.now_ms(), rows=rows, bytes_in=size, bytes_out=size,
        )  # fmt: skip
        who = change.caller.account.technical_account
        return batches.landed(portion) | {
            "createdClient": CLIENT, "createdUser": who, "updatedUser": who, "inputFormat": {"format": "parquet"},
            "tags": {"acp_producer": ["queryService"], "acp_latestOperation": [change.statement.kind]},
        }  # fmt: skip


def _adhoc_schema(caller: Caller, title: str, properties: dict[str, Any], now: int) -> dict[str, Any]:
    """Give the schema of a new dataset: of the behavior *ad hoc*, its fields at the root (documented for CTAS)."""
    tenant, key = caller.seat.tenant, secrets.token_hex(24)
    who = {"ClientId": caller.client_id, "UserId": caller.account.technical_account}
    metadata = {f"xdm:{act}{key}": value for act in ("created", "lastModified") for key, value in who.items()}
    return {
        "$id": f"https://ns.adobe.com/{tenant}/schemas/{key}", "meta:altId": f"_{tenant}.schemas.{key}",
        "meta:resourceType": "schemas", "version": "1.0", "title": title, "type": "object",
        "description": "Made by CREATE TABLE AS.", "properties": properties, "meta:class": ADHOC,
        "meta:extends": [ADHOC], "imsOrg": caller.seat.org_id, "meta:extensible": False, "meta:abstract": False,
        "meta:xdmType": "object", "meta:containerId": "tenant", "meta:sandboxId": caller.sandbox.id,
        "meta:sandboxType": caller.sandbox.type, "meta:tenantNamespace": f"_{tenant}",
        "meta:registryMetadata": metadata | {
            "repo:createdDate": now, "repo:lastModifiedDate": now, "eTag": secrets.token_hex(32),
            "meta:globalLibVersion": "1.0.0",
        },
    }  # fmt: skip


def _schema_titled(scope: Scope, title: str) -> dict[str, Any] | None:
    if not title:
        return None
    found: Row | None = next(iter(scope.find("schemas", title)), None)
    if found is None:
        raise QueryFailed("42704", f"there is no schema with the title [{title}]")
    return found.body


def _check_may(caller: Caller) -> None:
    if not caller.may("manage-datasets"):
        raise QueryFailed("42501", "the account's role lacks the permission manage-datasets")


def _no_table(name: str) -> QueryFailed:
    return QueryFailed("42P01", f"there is no table [{name}]")


def _on_disk(path: Path) -> int:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return file.seek(0, os.SEEK_END)
