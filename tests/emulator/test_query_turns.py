"""Query processes are shared fairly: no seat can keep the others waiting, however much it asks."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Any

from running import Client, Server, wait_until

from chatlio_helpers.emulator.query.query_turns import Turns

ENDLESS = "SELECT count(*) AS n FROM range(100000000000) a, range(1000) b WHERE a.range + b.range = -1"


def seats(server: Server, count: int) -> list[Client]:
    """Give clients of seats that no other test uses."""
    names = [f"turn-{uuid.uuid4().hex[:8]}" for _ in range(count)]
    server.control("POST", "/seats", {"names": names})
    return [Client(server, seat=name) for name in names]


def ask(client: Client, sql: str) -> Any:
    """Submit a query and give the answer."""
    return client.call("POST", "/query/queries", {"dbName": f"{client.sandbox}:all", "sql": sql})


def state(client: Client, id: str) -> str:
    """Give the state of a query."""
    return client.call("GET", f"/query/queries/{id}").json()["state"]


def cancel(client: Client, ids: list[str]) -> None:
    """End queries."""
    for id in ids:
        assert client.call("PATCH", f"/query/queries/{id}", {"op": "cancel"}).status_code == 202


def test_endless_queries_of_two_seats_do_not_stop_a_third(shared_server: Server) -> None:
    """With three endless queries of two seats at work, a third seat's query comes to its end at once."""
    first, second, third = seats(shared_server, 3)
    endless = [(one, ask(one, ENDLESS).json()["id"]) for one in (first, first, second)]
    try:
        wait_until(lambda: [state(one, id) for one, id in endless] == ["IN_PROGRESS"] * 3)
        id = ask(third, "SELECT 1 AS n").json()["id"]
        wait_until(lambda: state(third, id) == "SUCCESS", seconds=10)
        assert [state(one, id) for one, id in endless] == ["IN_PROGRESS"] * 3
    finally:
        for one, id in endless:
            cancel(one, [id])


def test_a_seat_queues_fifty_queries_and_no_more(shared_server: Server) -> None:
    """The fifty-first query under way is refused with 429 and Retry-After; another seat, and a freed place, are not."""
    greedy, other = seats(shared_server, 2)
    ids = [ask(greedy, ENDLESS).json()["id"] for _ in range(50)]
    try:
        refused = ask(greedy, "SELECT 1")
        assert (refused.status_code, refused.json()["error_code"]) == (429, "429050")
        assert int(refused.headers["Retry-After"]) > 0
        id = ask(other, "SELECT 1").json()["id"]
        wait_until(lambda: state(other, id) == "SUCCESS")
        cancel(greedy, [ids.pop()])
        wait_until(lambda: (again := ask(greedy, ENDLESS)).status_code == 202 and not ids.append(again.json()["id"]))
    finally:
        cancel(greedy, ids)


def test_a_seat_that_runs_none_comes_first_and_eight_run_at_most() -> None:
    """Places: two for a seat that is alone, one each when many ask, eight in all, the longest unserved seat first."""

    async def scene() -> None:
        turns, running, order = Turns(), Counter(), []
        ends: dict[str, list[asyncio.Event]] = {}

        async def one(seat: str) -> None:
            end = asyncio.Event()
            async with turns.turn(seat):
                order.append(seat)
                running[seat] += 1
                ends.setdefault(seat, []).append(end)
                await end.wait()
                running[seat] -= 1

        async with asyncio.TaskGroup() as group:
            greedy = [group.create_task(one("greedy")) for _ in range(6)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert +running == {"greedy": 2}
            others = [group.create_task(one(f"seat-{number}")) for number in range(8)]
            await asyncio.sleep(0.01)
            assert order == ["greedy"] * 2 + [f"seat-{number}" for number in range(6)]
            for _ in range(2):
                ends["greedy"].pop(0).set()
                await asyncio.sleep(0.01)
            assert order[8:] == ["seat-6", "seat-7"]
            ends["seat-0"].pop(0).set()  # all others have their turn: now the greedy one may again
            await asyncio.sleep(0.01)
            assert (order[10:], running.total()) == (["greedy"], 8)
            for task in [*greedy, *others]:
                task.cancel()
        assert turns._running.total() == 0

    asyncio.run(scene())
