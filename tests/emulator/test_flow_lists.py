"""Flow Service's lists: filters, order, pages, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from running import CHATLIO, Client, make_chain

SOURCES = "/flowservice/sourceConnections"


@pytest.fixture
def five(client: Client) -> dict[str, str]:
    """Make five source connections; gives their ids by name."""
    return {
        name: client.made("POST", SOURCES, {"name": name, "connectionSpec": CHATLIO, "data": {"format": "json"}})["id"]
        for name in ("c", "a", "e", "b", "d")
    }


def names(answer: Any) -> list[str]:
    """Give the names of the items of a list."""
    return [item["name"] for item in answer["items"]]


def test_newest_first_and_sorted(client: Client, five: dict[str, str]) -> None:
    """Without an order the newest comes first; orderby takes a sign and several fields."""
    assert names(client.made("GET", SOURCES, None)) == ["d", "b", "e", "a", "c"]
    assert names(client.made("GET", f"{SOURCES}?orderby=name", None)) == list("abcde")
    assert names(client.made("GET", f"{SOURCES}?orderby=%2Bname", None)) == list("abcde")
    assert names(client.made("GET", f"{SOURCES}?orderby=-name,createdAt", None)) == list("edcba")


def test_filters(client: Client, five: dict[str, str]) -> None:
    """Conditions are joined by and, values by or; ``!=`` leaves out."""
    assert names(client.made("GET", f"{SOURCES}?property=name==a", None)) == ["a"]
    assert names(client.made("GET", f"{SOURCES}?property=name==a,b&orderby=name", None)) == ["a", "b"]
    both = f"{SOURCES}?property=name==a,b&property=id=={five['b']}"
    assert names(client.made("GET", both, None)) == ["b"]
    assert names(client.made("GET", f"{SOURCES}?property=name!=a,b&orderby=name", None)) == ["c", "d", "e"]
    assert len(client.made("GET", f"{SOURCES}?property=connectionSpec.id=={CHATLIO['id']}", None)["items"]) == 5
    assert names(client.made("GET", f"{SOURCES}?property=name==nobody", None)) == []


def test_dataflows_are_found_by_their_parts(client: Client) -> None:
    """Dataflows are filtered by arrays of ids and by what they inherit."""
    chain = make_chain(client)
    flow = chain.state()
    for condition in (
        f"sourceConnectionIds[]=={flow['sourceConnectionIds'][0]},other",
        f"inheritedAttributes.targetConnections[].connectionSpec.id=={'c604ff05-7f1a-43c0-8e18-33bf874cb11c'}",
        f"flowSpec.id=={flow['flowSpec']['id']}",
        "state==enabled",
    ):
        found = client.made("GET", f"/flowservice/flows?property={condition}", None)["items"]
        assert [one["id"] for one in found] == [chain.flow], condition
    assert client.made("GET", "/flowservice/flows?property=state==disabled", None)["items"] == []


def test_pages_lead_on(client: Client, five: dict[str, str]) -> None:
    """The next page's link is relative and keeps the query; the last page has none; count alone gives a number."""
    seen, href = [], "/sourceConnections?orderby=name&limit=2&property=name!=e"
    while href:
        page = client.made("GET", f"/flowservice{href}", None)
        seen.append(names(page))
        href = page["_links"].get("next", {}).get("href")
    assert seen == [["a", "b"], ["c", "d"]]
    assert client.made("GET", f"{SOURCES}?count=true", None) == {"count": 5}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=2&count=true", "1401-400"),
        ("orderby=*name", "1432-400"),
        ("orderby=colour", "1433-400"),
        ("property=name~a", "1440-400"),
        ("property=name<=a,b", "1443-400"),
        ("property=id>=a", "1448-400"),
        ("property=colour==red", "1449-400"),
        ("property=name", "1450-400"),
        ("colour=red", "1451-400"),
        ("limit=0", "1452-400"),
        ("property=name==", "1453-400"),
        ("continuationToken=%21", "1453-400"),
    ],
)
def test_refusals(client: Client, query: str, code: str) -> None:
    """Each fault of a list's query has its code."""
    answer = client.call("GET", f"{SOURCES}?{query}")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
