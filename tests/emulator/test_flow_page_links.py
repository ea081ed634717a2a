"""The address of a next page of Flow Service: what Adobe's description prints and its SDK can read."""

from __future__ import annotations

import base64
import json

import pytest
from running import CHATLIO, Client


def test_the_sdk_finds_the_token_of_the_next_page(client: Client) -> None:
    """The address of a next page has nothing but the token, which has no equals sign and remembers the question."""
    for number in range(5):
        body = {"name": f"paged {number}", "connectionSpec": CHATLIO, "data": {"format": "json"}}
        client.made("POST", "/flowservice/sourceConnections", body)
    wanted = {"limit": "2", "orderby": "name", "property": "name!=paged 0"}
    page = client.call("GET", "/flowservice/sourceConnections", params=wanted).json()
    href = page["_links"]["next"]["href"]
    assert href.count("=") == 1
    names = [item["name"] for item in page["items"]]
    page = client.call("GET", f"/flowservice{href}").json()
    assert names + [item["name"] for item in page["items"]] == [f"paged {number}" for number in (1, 2, 3, 4)]
    assert page["_links"] == {}
    again = client.call(
        "GET", "/flowservice/sourceConnections", params=wanted | {"continuationToken": href.split("=")[1]}
    )
    assert again.json() == page


@pytest.mark.parametrize(
    "value", [[1], [-1, []], ["1", []], [1, [["limit"]]], [1, [["limit", 5]]], [1, [["a", "b"]]], 7]
)
def test_a_token_made_up_by_hand(client: Client, value: object) -> None:
    """A token that the service did not give is refused, whatever is in it."""
    token = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    answer = client.call("GET", "/flowservice/flows", params={"continuationToken": token})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "1453-400")
