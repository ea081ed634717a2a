"""Queries under way: each is a task that waits for its turn, runs in a query process and writes down what came of it.

.. code-block:: text

    SUBMITTED -> IN_PROGRESS -> SUCCESS, FAILED, KILLED (cancelled) or TIMEOUT

What a stop of the platform interrupts is FAILED after the next start; a table is never half made by it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from ..front.gateway import Caller
from ..platform import Platform
from ..state.store import Scope
from . import query_statements, query_tables
from .query_changes import About, Changes
from .query_statements import Refused, Statement
from .query_workers import Answer, Job, QueryFailed, Workers

KIND = "queries"
REST = 1.0  # seconds to wait after the disk refused
FINAL = ("SUCCESS", "FAILED", "KILLED", "TIMEOUT")

log = logging.getLogger(__name__)


class QueryRuns:
    """All queries of one platform that run; made with the application, used from its event loop."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.workers = Workers(lambda: platform.dials["query_time"])
        self.changes = Changes(platform)
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._last = 0
        platform.forgetters.append(self._forget)

    def start(self) -> None:
        """Close what a former process left open."""
        rows = self.platform.store.rows(
            f"kind = '{KIND}' AND json_extract(body, '$.state') IN ('SUBMITTED', 'IN_PROGRESS')"
        )
        for row in rows:
            why = QueryFailed(
                "57P01", "the local platform stopped in the middle of the query: run it again", of_ours=True
            )
            self._end(self.platform.store.within(row.seat, row.sandbox), row.id, "FAILED", why)

    async def stop(self) -> None:
        """End what runs; the next start closes it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.workers.stop()

    def stamp(self) -> str:
        """Give the time, later than every stamp before, since lists are paged by it."""
        self._last = max(self.platform.clock.now_ms(), self._last + 1)
        return timestamp(self._last)

    def submit(self, caller: Caller, id: str) -> None:
        """Run the query *id*, which the store has, as soon as its turn comes."""
        task = asyncio.get_running_loop().create_task(self._run(caller, id))
        self._tasks[caller.seat.name, id] = task
        task.add_done_callback(partial(self._forget_task, (caller.seat.name, id)))

    def under_way(self, seat: str) -> int:
        """Give how many queries of *seat* wait or run; those over the wire are not among them."""
        return sum(owner == seat for owner, _ in self._tasks)

    def cancel(self, scope: Scope, id: str) -> None:
        """End a query that is not over; its process is killed."""
        self._end(scope, id, "KILLED", None)
        task = self._tasks.get((scope.seat, id))
        if task:
            task.cancel()

    async def job(self, scope: Scope, select: str, values: list[Any]) -> Job:
        """Give the job that reads *select* in a sandbox."""
        lake = self.platform.lake
        tables = await asyncio.to_thread(query_tables.tables, scope, lake, select)
        return Job(f"{scope.sandbox}:all", tables, str(lake.folder.resolve()), select, values)

    @asynccontextmanager
    async def reading(self, scope: Scope, job: Job) -> AsyncIterator[AsyncIterator[Answer]]:
        """Run a reading job; see ``Workers.doing``."""
        async with self.workers.doing(scope.seat, job) as answers:
            yield answers

    async def change(
        self, caller: Caller, statement: Statement, about: About, values: list[Any], *,
        began: Callable[[], None] = lambda: None, ended: Callable[[dict[str, Any], str], None] | None = None,
    ) -> int:  # fmt: skip
        """Carry out CREATE TABLE AS, INSERT INTO or DROP TABLE; gives the number of rows.

        *ended* gets what the process told (``rows``, ``tables``) and the dataset, inside the transaction that makes
        the change. Raises QueryFailed, OSError.
        """
        if statement.kind == "drop":
            self.changes.drop(caller, statement)
            return 0
        scope = self.platform.store.within(caller.seat.name, caller.sandbox.name)
        change = self.changes.begin(caller, statement, about)
        try:
            job = self.changes.job(change, await self.job(scope, statement.select, values))
            async with self.workers.doing(scope.seat, job) as answers:
                began()
                told: dict[str, Any] = {}
                async for _, content in answers:
                    told |= orjson.loads(content)
            size = await asyncio.to_thread(self.changes.secure, change)
            with self.platform.store.transaction():
                if ended:
                    ended(told, change.dataset)
                self.changes.finish(change, told["properties"], told["rows"], size)
            return told["rows"]
        finally:
            self.changes.discard(change)

    async def _run(self, caller: Caller, id: str) -> None:
        scope = self.platform.store.within(caller.seat.name, caller.sandbox.name)
        try:
            await self._carry_out(caller, scope, id)
        except QueryFailed as failed:
            await self._close(scope, id, "TIMEOUT" if failed.code == "53400" else "FAILED", failed)
        except Refused as refused:
            await self._close(scope, id, "FAILED", QueryFailed(refused.code, str(refused)))
        except OSError as error:
            await self._close(scope, id, "FAILED", QueryFailed("58030", f"the disk refused: {error}", of_ours=True))
        except Exception as error:
            log.exception("query %s failed", id)
            why = QueryFailed("58000", f"the local platform failed ({type(error).__name__}): see its log", of_ours=True)
            await self._close(scope, id, "FAILED", why)

    async def _close(self, scope: Scope, id: str, state: str, why: QueryFailed) -> None:
        """Write down how a query ended, as soon as the disk takes it: no query hangs because a disk was full."""
        while True:
            try:
                return self._end(scope, id, state, why)
            except (sqlite3.Error, OSError) as error:
                log.warning("the end of query %s could not be written (%s); again in %s s", id, error, REST)
                await asyncio.sleep(REST)

    async def _carry_out(self, caller: Caller, scope: Scope, id: str) -> None:
        row = scope.get(KIND, id)
        if row is None:
            return
        statement = query_statements.one(row.body["effectiveSQL"])
        if statement.kind != "read":

            def ended(told: dict[str, Any], dataset: str) -> None:
                made = {"created_dataset": dataset} if statement.kind == "create" else {}
                self._succeed(scope, id, told, **made)

            about, began = About(**row.body["about"]), partial(self._begin, scope, id)
            rows = await self.change(caller, statement, about, [], began=began, ended=ended)
            if statement.kind == "drop":
                self._succeed(scope, id, {"rows": rows, "tables": []})
            return
        told: dict[str, Any] = {}
        async with self.reading(scope, replace(await self.job(scope, statement.select, []), silent=True)) as answers:
            self._begin(scope, id)
            async for kind, content in answers:
                if kind != b"D":
                    told |= orjson.loads(content)
        self._succeed(scope, id, told)

    def _begin(self, scope: Scope, id: str) -> None:
        self._write(scope, id, {"state": "IN_PROGRESS", "started": self.platform.clock.now_ms()})

    def _succeed(self, scope: Scope, id: str, told: dict[str, Any], **more: Any) -> None:
        """Write down that a query succeeded; raises QueryFailed when it was cancelled or is gone."""
        named = query_tables.datasets_by_table(scope)
        more |= {"rowCount": told["rows"], "referenced": [named[one].id for one in told["tables"] if one in named]}
        if not self._write(scope, id, {"state": "SUCCESS", **self._took(scope, id), **more}):
            raise QueryFailed("57014", "the query was cancelled")

    def _end(self, scope: Scope, id: str, state: str, failed: QueryFailed | None) -> None:
        errors = []
        if failed:
            kind = "SYSTEM_ERROR" if failed.of_ours else "USER_ERROR"
            errors = [{"code": failed.code, "message": str(failed), "errorType": kind}]
        self._write(scope, id, {"state": state, "errors": errors, **self._took(scope, id)})

    def _took(self, scope: Scope, id: str) -> dict[str, int]:
        row = scope.get(KIND, id)
        started = row.body["started"] if row else 0
        return {"elapsedTime": max(0, self.platform.clock.now_ms() - started) if started else 0}

    def _write(self, scope: Scope, id: str, changes: dict[str, Any]) -> bool:
        """Change a query that is not over yet; False when it is over or gone."""
        with self.platform.store.transaction():
            row = scope.get(KIND, id)
            if row is None or row.body["state"] in FINAL:
                return False
            body = row.body | changes | {"updated": self.stamp()}
            scope.put(KIND, id, body, name=row.name, now=self.platform.clock.now_ms())
            return True

    def _forget_task(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)

    def _forget(self, seat: str | None) -> None:
        """End the queries of a seat (None: of all) whose objects are gone."""
        for (owner, _), task in list(self._tasks.items()):
            if seat in (None, owner):
                task.cancel()


def timestamp(moment: int) -> str:
    """Give epoch milliseconds as Query Service writes times."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
