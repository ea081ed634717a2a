"""What can be asked of Flow Service's lists and searches beyond names: operators, nested paths, runs, other clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from running import CHATLIO, Client, Server, make_chain, payload, running, wait_until

FLOWS, RUNS, SOURCES = "/flowservice/flows", "/flowservice/runs", "/flowservice/sourceConnections"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("searches")) as shared:
        yield shared


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    """Give the full account."""
    return Client(server)


@pytest.fixture(scope="module")
def chain(client: Client) -> Any:
    """Make a dataflow with one closed run that succeeded and one that failed, and a second dataflow."""
    chain = make_chain(client)
    make_chain(client, "other")
    for number, one in enumerate((payload(1), payload(2, count="many")), 1):
        assert chain.post(one).ok
        wait_until(lambda number=number: len([run for run in chain.runs() if "state" not in run]) == number)
    return chain


def ids(client: Client, path: str, **query: Any) -> list[str]:
    """Give the ids of a list."""
    answer = client.call("GET", path, params=query)
    assert answer.ok, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_times_are_compared(client: Client, chain: Any) -> None:
    """Runs between two times, dataflows after a time; the bounds themselves belong to <= and >= only."""
    newest, oldest = client.made("GET", f"{RUNS}?property=flowId=={chain.flow}", None)["items"]
    path = "metrics.durationSummary.startedAtUTC"
    first, second = (run["metrics"]["durationSummary"]["startedAtUTC"] for run in (oldest, newest))
    assert first < second
    for operator, value, found in (
        (">", first, [newest]), (">=", first, [newest, oldest]), ("<", second, [oldest]),
        ("<=", second, [newest, oldest]), ("==", second, [newest]), ("!=", second, [oldest]),
    ):  # fmt: skip
        conditions = [f"flowId=={chain.flow}", f"{path}{operator}{value}"]
        assert ids(client, RUNS, property=conditions) == [run["id"] for run in found], operator
    assert ids(client, FLOWS, property=f"lastRunDetails.startedAtUTC>={second}") == [chain.flow]
    assert ids(client, FLOWS, property=f"lastRunDetails.startedAtUTC>{second}") == []
    made = chain.state()["createdAt"]
    assert ids(client, FLOWS, property=f"createdAt<={made}") == [chain.flow]


def test_a_run_is_found_by_its_status_in_any_case(client: Client, chain: Any) -> None:
    """The guide filters by Failed, the answers print failed."""
    (failed,) = ids(client, RUNS, property=[f"flowId=={chain.flow}", "metrics.statusSummary.status==Failed"])
    both = ids(client, RUNS, property=[f"flowId=={chain.flow}", "metrics.statusSummary.status==failed,SUCCESS"])
    assert len(both) == 2
    assert failed in both
    assert ids(client, RUNS, property="state==inProgress") == []
    assert ids(client, RUNS, property=[f"flowId=={chain.flow}", "state==Failed"]) == [failed]
    assert ids(client, RUNS, property=[f"flowId=={chain.flow}", "state==success,failed"], orderby="-state") == (
        [one for one in both if one != failed] + [failed]
    )
    assert ids(client, RUNS, property=f"id=={failed}") == [failed]
    assert client.made("GET", f"{RUNS}?count=true&property=flowId=={chain.flow}", None) == {"count": 2}
    assert ids(client, RUNS, orderby="createdAt", limit=1, property=f"flowId=={chain.flow}") == [both[1]]


def test_any_path_of_an_item_can_be_asked_for(client: Client, chain: Any) -> None:
    """Nested objects, arrays of objects, true and numbers; what no item has fits nothing but !=."""
    for condition in (
        f"transformations[].params.mappingId=={chain.mapping}",
        f"transformations[].params.mappingId==none,{chain.mapping}",
        "transformations[].params.mappingVersion==0",
        "inheritedAttributes.properties.isSourceFlow==true",
        "inheritedAttributes.properties.isDestinationFlow!=true",
        f"inheritedAttributes.sourceConnections[].connectionSpec.id=={CHATLIO['id']}",
        "lastOperation.operation==enable",
    ):
        assert chain.flow in ids(client, FLOWS, property=condition), condition
    assert ids(client, FLOWS, property="inheritedAttributes.properties.isDestinationFlow==true") == []
    assert ids(client, FLOWS, property="scheduleParams.frequency==minute") == []
    # Adobe's guide asks for these of other sources and of destinations.
    assert ids(client, SOURCES, property="params.columns[].name==firstName") == []
    assert ids(client, RUNS, property="metrics.recordSummary.targetSummaries[].entitySummaries[].id==segment:1") == []


def test_an_order_by_any_field(client: Client, chain: Any) -> None:
    """Fields without an index of their own order a list as well; several fields decide one after the other."""
    both = ids(client, FLOWS, orderby="createdAt")
    assert both[0] == chain.flow
    assert ids(client, FLOWS, orderby="-createdAt") == both[::-1]
    assert ids(client, FLOWS, orderby="state,-name") == both[::-1]
    assert ids(client, FLOWS, orderby="state,name") == both
    assert ids(client, FLOWS, orderby="-lastRunDetails.startedAtUTC,name")[-1] == chain.flow
    assert ids(client, FLOWS, orderby="-updatedAt", limit=1) == [chain.flow]


def test_a_search_asks_in_its_body_what_a_list_asks_in_its_query(client: Client, chain: Any) -> None:
    """Conditions, order, projection and pages; the next page is asked for by the token and the same body."""
    search = f"{FLOWS}/search"
    text = f"property=state==enabled&property=flowSpec.id=={chain.state()['flowSpec']['id']}"
    body = {"queryString": text, "orderby": "name", "limit": 1, "projectionFields": "name,flowSpec.id"}
    first = client.made("POST", search, body)
    assert [set(item) for item in first["items"]] == [{"id", "name", "flowSpec"}]
    second = client.made("POST", f"/flowservice{first['_links']['next']['href']}", body)
    assert [page["items"][0]["name"] for page in (first, second)] == ["events", "other"]
    assert second["_links"] == {}
    assert client.made("POST", search, {"count": True}) == {"count": 2}
    assert client.made("POST", search, {"limit": 1000})["_links"] == {}
    found = client.made("POST", "/flowservice/connections/search", {"queryString": "state==enabled"})
    assert found == {"items": [], "_links": {}}


def test_pages_as_the_sdk_asks_for_them(client: Client) -> None:
    """Adobe's SDK adds its own limit to the link once more, and sends count=False with a limit."""
    made = {client.made("POST", SOURCES, {"name": f"p{n}", "connectionSpec": CHATLIO, "data": {"format": "json"}})["id"]
            for n in range(5)}  # fmt: skip
    params, seen, href = {"limit": 2, "count": False}, [], "/sourceConnections"
    while href:
        page = client.call("GET", f"/flowservice{href}", params=params).json()
        seen += [item["id"] for item in page["items"] if item["id"] in made]
        href = page["_links"].get("next", {}).get("href", "")
    assert len(seen) == len(set(seen)) == 5


def test_a_page_holds_at_most_a_hundred(client: Client) -> None:
    """A limit above 100 is cut down to it, and the link leads on."""
    for number in range(101):
        client.made("POST", f"{SOURCES}?mode=draft", {"name": f"d{number}"})
    page = client.made("GET", f"{SOURCES}?limit=1000&property=state==draft", None)
    assert len(page["items"]) == 100
    assert len(client.made("GET", f"/flowservice{page['_links']['next']['href']}", None)["items"]) == 1


def test_a_hidden_field_stays_hidden(client: Client, chain: Any) -> None:
    """No list, search or single answer shows a field of ours."""
    answers = [client.made("GET", path, None) for path in (FLOWS, f"{FLOWS}/{chain.flow}", RUNS)]
    answers.append(client.made("POST", f"{FLOWS}/search", {}))
    assert not [key for answer in answers for item in answer["items"] for key in item if key.startswith("_")]


def test_odd_conditions_find_nothing_and_break_nothing(client: Client, chain: Any) -> None:
    """Quotes, signs of other languages and endless paths are values and paths like any other."""
    values = ("'", '"', "' OR '1'='1", "%", "\u0000", "\ud7ff", "9" * 400, "a," * 50 + "a")
    paths = ("name", "flowSpec.id", "sourceConnectionIds[]", "transformations[].a[].b")
    for condition in [f"{path}=={value}" for path in paths for value in values]:
        answer = client.call("GET", FLOWS, params={"property": condition})
        assert (answer.status_code, answer.json()["items"]) == (200, []), condition
    deep = "transformations" + "[].a" * 500
    assert client.call("GET", FLOWS, params={"property": f"{deep}==1"}).json()["items"] == []
