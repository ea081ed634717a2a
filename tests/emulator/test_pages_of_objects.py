"""Pages of objects: an index makes a list faster and never different."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from chatlio_helpers.emulator.front.filters import Condition, parse
from chatlio_helpers.emulator.state import selection
from chatlio_helpers.emulator.state.store import Scope, Store

CONDITIONS = (
    "name==n3", "id==f7", "state==enabled", "state==enabled,disabled", "state!=enabled", "flowSpec.id==two",
    "sourceConnectionIds[]==s2", "sourceConnectionIds==s2", "targetConnectionIds[]==t1,t2", "description==d'1",
    "description~d", "createdAt>=30", "_pending.state==enabled", "name==n1' OR '1'='1", 'state==x" OR 1=1 --',
    "sourceConnectionIds[]==*", "no.such[].path==1",
    "note==plain text", "note==plain text,x", "note==x", "note==true", "note==True", "note==None", "note==null",
    "note==é", 'note==a"b', "note==1.5", "note==1.5,x", "note!=x", "note==a/b", "note==",
)  # fmt: skip
NOTES = (True, None, "plain text", "é", 'a"b', 1.5, ["x", "plain text"], "True", "None", "", {"x": "x"}, "a/b")
ORDERS = (("-number",), ("number",), ("-updated",), ("name",), ("-name", "created"), ("id",))


def flows(folder: Path) -> Scope:
    """Put sixty flows of every kind of form, and the same number of another seat's."""
    store = Store(folder)
    scope, draw = store.within("ada", "prod"), random.Random(7)
    for number in range(60):
        body = {
            "id": f"f{number}", "name": f"n{number % 9}", "state": draw.choice(["enabled", "disabled", "failed"]),
            "createdAt": number, "flowSpec": {"id": draw.choice(["one", "two"])}, "description": f"d'{number % 4}",
            "sourceConnectionIds": draw.choice([["s1"], ["s2"], ["s1", "s2"], [], ["*"]]),
            "targetConnectionIds": [draw.choice(["t1", "t2", "t3"])],
            **draw.choice([{}, {"_pending": {"state": "enabled", "due": 4}}]),
            "note": NOTES[number % len(NOTES)],
        }  # fmt: skip
        scope.put("flows", body["id"], body, name=body["name"], now=draw.randrange(40))
        store.within("ben", "prod").put("flows", body["id"], body, name=body["name"], now=1)
    return scope


def test_a_page_is_what_reading_all_would_give(tmp_path: Path) -> None:
    """For each condition, order and place in the list, a page is the same slice of the whole list, filtered here."""
    scope = flows(tmp_path)
    everything = scope.list("flows")
    for text in CONDITIONS:
        where = [parse(text, several=True), *([parse("flowSpec.id==one", several=True)] if "!" in text else [])]
        fitting = [row for row in everything if all(condition.holds(row.body) for condition in where)]
        assert scope.count("flows", where) == len(fitting), text
        for order in ORDERS:
            whole = scope.page("flows", where=where, order=order)
            assert {row.id for row in whole} == {row.id for row in fitting}, (text, order)
            assert [row.id for row in scope.page("flows", where=where, order=order, limit=3, start=2)] == [
                row.id for row in whole[2:5]
            ]  # fmt: skip


def test_orders_are_those_of_the_columns(tmp_path: Path) -> None:
    """Newest first is the order of creation; what is equal in a column follows the direction of that column."""
    scope = flows(tmp_path)
    oldest_first = [row.id for row in scope.list("flows")]
    assert [row.id for row in scope.page("flows")] == oldest_first[::-1]
    place = {id: number for number, id in enumerate(oldest_first)}
    rising = sorted(scope.list("flows"), key=lambda row: (row.name, place[row.id]))
    assert [row.id for row in scope.page("flows", order=("name",))] == [row.id for row in rising]
    falling = sorted(scope.list("flows"), key=lambda row: (row.updated, place[row.id]), reverse=True)
    assert [row.id for row in scope.page("flows", order=("-updated",))] == [row.id for row in falling]


@pytest.mark.parametrize("field", ["body", "number; DROP TABLE objects", "-seat", ""])
def test_only_columns_can_be_ordered_by(tmp_path: Path, field: str) -> None:
    """Whatever else is asked for, hostile or not, is refused before it comes near SQL."""
    with pytest.raises(ValueError, match="cannot be ordered"):
        flows(tmp_path).page("flows", order=(field,))


def test_equality_uses_an_index(tmp_path: Path) -> None:
    """SQLite itself says that it searches an index for each path that is said to be indexed, and scans nothing."""
    store = Store(tmp_path)
    with store.transaction() as database:
        for kind, paths in selection.INDEXED.items():
            for path in paths:
                sql, values, _ = selection.narrowed("ada", "prod", kind, [Condition(path, "==", ("x",))])
                newest = tuple(f"-{column}" for column in selection.THEN.get(kind, ("number",)))
                tail = selection.order_by(newest, [Condition(path, "==", ("x",))])
                text = f"EXPLAIN QUERY PLAN SELECT body FROM objects WHERE {sql} ORDER BY {tail}"  # noqa: S608
                plan = database.execute(text, values).fetchall()
                assert any(f"objects_{kind}_{path}" in row[3] for row in plan), (kind, path, plan)


def test_a_page_of_many_costs_what_a_page_of_few_costs(tmp_path: Path) -> None:
    """With fifty times the objects a page takes at most three times the time (the measured ratio is about one)."""
    seconds = []
    for number in (100, 5_000):
        (tmp_path / str(number)).mkdir()
        store = Store(tmp_path / str(number))
        scope = store.within("ada", "prod")
        with store.transaction():
            for each in range(number):
                body = {"id": f"f{each}", "name": f"n{each}", "state": "enabled", "sourceConnectionIds": [f"s{each}"]}
                scope.put("flows", f"f{each}", body, name=f"n{each}", now=each)
        seconds.append(min(_timed(scope) for _ in range(7)))
    assert seconds[1] < 3 * seconds[0]


def _timed(scope: Scope) -> float:
    began = time.perf_counter()
    for text in ("name==n50", "state==enabled", "sourceConnectionIds[]==s50"):
        assert scope.page("flows", where=[parse(text, several=True)], limit=20)
    assert scope.page("flows", limit=20)
    return time.perf_counter() - began
