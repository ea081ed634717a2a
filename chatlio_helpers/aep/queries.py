"""Query Service: SQL over what landed.

Documented (Adobe's Query Service guide): a query runs by itself after it was submitted, and a call gives its state and
the number of its rows, never the rows. They come by way of a dataset that the query makes (CREATE TABLE AS), or over
PostgreSQL's protocol with any client of it: ``connection()`` gives what such a client needs.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import Any

from ..errors import CheckFailed, Conflict, KitError, Unavailable
from .access import Access
from .session import Session

BASE = "/data/foundation/query"
PATIENCE = 900.0  # seconds; on the live platform a query may wait minutes for its turn
_OVER = ("SUCCESS", "FAILED", "KILLED", "TIMEOUT")
_FIRST_LOOK, _SLOWEST_LOOK = 0.2, 15.0


class Queries:
    """Submits queries, waits for them and reads the rows of their datasets."""

    def __init__(self, session: Session, access: Access) -> None:
        self._session, self._access = session, access

    def start(self, sql: str, **more: Any) -> dict[str, Any]:
        """Submit *sql* and give the query, which has an ``id``; *more*: ``name``, ``ctasParameters`` and the like."""
        body = {"dbName": f"{self._session.sandbox}:all", "sql": sql, **more}
        return self._session.call("POST", f"{BASE}/queries", json=body, what="Submitting a query").json

    def query(self, query_id: str) -> dict[str, Any]:
        """Give a query as it stands: ``state``, ``rowCount``, ``errors``."""
        return self._session.call("GET", f"{BASE}/queries/{query_id}", what="Reading a query").json

    def cancel(self, query_id: str) -> None:
        """Cancel a query that is not over; raises Conflict when it is."""
        self._session.call("PATCH", f"{BASE}/queries/{query_id}", json={"op": "cancel"}, what="Cancelling a query")

    def wait(self, query_id: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """Wait until a query succeeded and give it; raises CheckFailed when it did not.

        Raises Unavailable when it is not over after *timeout* seconds; it runs on."""
        end, pause = time.monotonic() + timeout, _FIRST_LOOK
        while (query := self.query(query_id))["state"] not in _OVER:
            if time.monotonic() >= end:
                raise Unavailable(
                    f"The query is not over after {timeout:g} s: its state is {query['state']}.",
                    cause="the platform is busy, or the query reads very much",
                    next_step=f"wait longer with wait({query_id!r}, timeout=...), or cancel({query_id!r})",
                )
            time.sleep(min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 1.5, _SLOWEST_LOOK)
        if query["state"] != "SUCCESS":
            raise _failed(query)
        return query

    def rows(self, sql: str, timeout: float = PATIENCE) -> list[dict[str, Any]]:
        """Give the rows that *sql* (one SELECT) finds, as nested dictionaries, in no certain order.

        A table is made for them, and dropped when they are read. Every column needs a name of letters, digits and _
        (``count(*) AS n``). Raises CheckFailed with the platform's words when the query fails.
        """
        table = {
            "datasetName": f"chatlio_kit_rows_{secrets.token_hex(6)}",
            "description": "made to read a query's rows",
        }
        id = str(self.start(sql, ctasParameters=table)["id"])
        try:
            done = self.wait(id, timeout)
            return list(self._access.rows(str(done["_links"]["created_dataset"]["id"])))
        except (Unavailable, KeyboardInterrupt):
            with suppress(Conflict):  # it is over by now
                self.cancel(id)
            raise
        finally:
            self.start(f"DROP TABLE IF EXISTS {table['datasetName']}")

    def connection(self) -> dict[str, Any]:
        """Give what a PostgreSQL client needs: ``host``, ``port``, ``dbName``, ``username``, ``token`` (a secret)."""
        return self._session.call("GET", f"{BASE}/connection_parameters", what="Asking how to connect").json


def _failed(query: dict[str, Any]) -> KitError:
    errors = query.get("errors") or [{}]
    code, words = errors[0].get("code", ""), errors[0].get("message", "")
    if errors[0].get("errorType") == "SYSTEM_ERROR":
        other = ("a fault of the platform", "try it again")
    elif code.startswith("53"):  # PostgreSQL's class of SQLSTATE for too few resources
        other = ("it needs more than one query may have", "ask for less: fewer rows, or fewer columns")
    else:
        other = ("the SQL does not fit the tables", "look at the names of table and columns")
    cause, next_step = {
        "KILLED": ("somebody cancelled it", "try it again"),
        "TIMEOUT": ("it took longer than the platform allows", "ask for less: fewer rows, or a shorter time"),
    }.get(query["state"], other)
    return CheckFailed(
        f"The query ended as {query['state']}: {words or 'the platform gives no reason'} ({code or 'no code'}).",
        cause=cause,
        next_step=next_step,
        expected="SUCCESS", found=query["state"],
    )  # fmt: skip
