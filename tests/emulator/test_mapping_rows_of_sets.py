"""Single mappings of a mapping set, as Adobe's Python SDK adds, changes and deletes them."""

from __future__ import annotations

from typing import Any

import pytest
from running import MAPPINGS, Client, make_chain

ROW = {"sourceType": "ATTRIBUTE", "source": "plan", "destination": ""}


@pytest.fixture
def place(client: Client) -> str:
    """Give the path of the mappings of a set that a dataflow uses."""
    return f"/conversion/mappingSets/{make_chain(client).mapping}/mappings"


def row(client: Client, **more: Any) -> dict[str, Any]:
    """Give a mapping that the schema of the chain has room for."""
    return ROW | {"destination": f"_{client.tenant}.plan"} | more


def version(client: Client, place: str) -> int:
    """Give the version of the set."""
    return client.made("GET", place.removesuffix("/mappings"), None)["version"]


def test_a_mapping_is_added_changed_and_deleted(client: Client, place: str) -> None:
    """Each of the three gives the set its next version, and the other mappings keep their ids."""
    before = [one["id"] for one in client.made("GET", place, None)]
    added = client.made("POST", place, row(client))
    changed = client.made("PUT", f"{place}/{added['id']}", row(client, source="level"))
    assert (changed["id"], changed["source"], changed["sourceAttribute"]) == (added["id"], "level", "level")
    assert [one["id"] for one in client.made("GET", place, None)] == [*before, added["id"]]
    assert client.call("DELETE", f"{place}/{added['id']}").status_code == 204
    assert [one["id"] for one in client.made("GET", place, None)] == before
    assert version(client, place) == 3


def test_the_last_mapping_stays(client: Client, place: str) -> None:
    """A set without mappings is refused, so its last mapping cannot be deleted."""
    for one in client.made("GET", place, None)[1:]:
        assert client.call("DELETE", f"{place}/{one['id']}").ok
    last = client.made("GET", place, None)
    assert client.call("DELETE", f"{place}/{last[0]['id']}").status_code == 400
    assert client.made("GET", place, None) == last
    assert version(client, place) == len(MAPPINGS) - 1


@pytest.mark.parametrize(("method", "part"), [("PUT", "/nothing"), ("DELETE", "/nothing")])
def test_an_unknown_mapping(client: Client, place: str, method: str, part: str) -> None:
    """Changing or deleting a mapping that is not there is a 404."""
    assert client.call(method, place + part, row(client)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"source": 1}, {"source": "a", "destination": []}, [], "text"])
def test_a_mapping_that_cannot_be(client: Client, place: str, body: Any) -> None:
    """A mapping of wrong shape is a 400 and changes nothing."""
    assert client.call("POST", place, body).status_code == 400
    assert version(client, place) == 0
