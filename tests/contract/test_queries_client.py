"""Query Service through the client: rows of a query, its failures in words, patience and cancellation."""

from __future__ import annotations

import time
from string import Template
from typing import Any

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform

from . import chain

ENDLESS = "SELECT count(*) AS n FROM range(100000000000) a, range(1000) b WHERE a.range + b.range = -1"


def test_the_rows_of_a_query_are_read_and_leave_nothing_behind(platform: Platform) -> None:
    """Landed events are counted by SQL; the dataset in between is gone afterwards."""
    made = chain.build(platform)
    for number in range(3):
        platform.collection.post(
            made.webhook, {"id": number, "message": "hello", "visitor": {"email": ""}, "score": number}
        )
    table = platform.catalog.dataset(made.dataset)["tags"]["adobe/pqs/table"][0]
    deadline = time.monotonic() + 20
    names = {"table": table, "own": f"_{made.tenant}"}

    def rows(sql: str) -> list[dict[str, Any]]:
        return platform.queries.rows(Template(sql).substitute(names))

    while rows("SELECT count(*) AS n FROM $table") != [{"n": 3}]:
        assert time.monotonic() < deadline
    found = rows("SELECT _id, $own AS fields FROM $table WHERE $own.score = 2")
    assert [(row["_id"], row["fields"]["message"]) for row in found] == [("2", "hello")]
    assert rows("SELECT _id FROM $table WHERE _id = 'nobody'") == []
    while [one["id"] for one in platform.catalog.datasets()] != [made.dataset]:
        assert time.monotonic() < deadline


def test_a_query_that_fails_says_why(platform: Platform) -> None:
    """The platform's code and words are in the error, with what to do next."""
    with pytest.raises(errors.CheckFailed, match=r"42P01.*") as failed:
        platform.queries.rows("SELECT * FROM no_such_table")
    assert "no_such_table" in str(failed.value)
    with pytest.raises(errors.CheckFailed, match="53200") as greedy:
        platform.queries.rows("SELECT list(range) AS n FROM range(1000000000)")
    assert "more than one query may have" in greedy.value.cause
    assert "SET " not in str(greedy.value)
    with pytest.raises(errors.Rejected, match="statement"):
        platform.queries.start("SELECT 1; SELECT 2")
    with pytest.raises(errors.NotFound):
        platform.queries.query("nothing")


def test_patience_ends_and_a_query_is_cancelled(platform: Platform) -> None:
    """Waiting ends in words; a cancelled query is KILLED, and cancelling again is a conflict."""
    id = platform.queries.start(ENDLESS, name="endless")["id"]
    with pytest.raises(errors.Unavailable, match="not over after"):
        platform.queries.wait(id, timeout=0.3)
    platform.queries.cancel(id)
    with pytest.raises(errors.CheckFailed, match="KILLED"):
        platform.queries.wait(id)
    with pytest.raises(errors.Conflict):
        platform.queries.cancel(id)


def test_connection_parameters_name_database_and_user(platform: Platform) -> None:
    """A PostgreSQL client is told the sandbox's database, the organisation as user, and a port."""
    told = platform.queries.connection()
    assert (told["dbName"], told["username"]) == ("dev:all", platform.credentials.org_id)
    assert told["port"] > 0
