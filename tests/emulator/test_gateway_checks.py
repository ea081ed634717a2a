"""What stands before every service: headers, tokens, organisations, permissions, sandboxes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from running import Client, Server

LIST = "/flowservice/flows"


def refused(client: Client, **changes: str | None) -> tuple[int, str]:
    """Call with some headers replaced (None: left out); gives status and gateway code."""
    headers = {**client.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
    sent = {name: value for name, value in headers.items() if value is not None}
    answer = requests.get(f"{client.server.url}/data/foundation{LIST}", headers=sent, timeout=30)
    body = answer.json()
    return answer.status_code, body.get("error_code") or body.get("errorCode")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Authorization": None}, (403, "403010")),
        ({"Authorization": "Bearer nonsense"}, (401, "401013")),
        ({"x_api_key": None}, (403, "403000")),
        ({"x_api_key": "0" * 32}, (403, "403003")),
        ({"x_gw_ims_org_id": None}, (400, "400003")),
        ({"x_gw_ims_org_id": "nobody"}, (403, "403027")),
        ({"x_sandbox_name": None}, (400, "2105-400")),
        ({"x_sandbox_name": "nowhere"}, (404, "2100-404")),
        ({"x_sandbox_name": "finance"}, (403, "2120-403")),
        ({"x_sandbox_name": "*"}, (403, "2111-403")),
        ({"x_sandbox_id": "7ec8fc9e"}, (400, "2110-400")),
    ],
)
def test_a_wrong_header_has_its_code(client: Client, changes: dict, expected: tuple[int, str]) -> None:
    """Each header that is missing or wrong gets the documented status and code."""
    assert refused(client, **changes) == expected


def test_header_names_ignore_case(client: Client) -> None:
    """Headers are found in any letter case."""
    headers = {name.upper(): value for name, value in client.headers.items()}
    assert requests.get(f"{client.server.url}/data/foundation{LIST}", headers=headers, timeout=30).status_code == 200


def test_a_token_of_another_key_is_refused(client: Client, take_seat: Callable[..., Client]) -> None:
    """A token and an API key that do not belong together are refused as an invalid key."""
    other = Client(client.server, seat="default")
    assert refused(client, x_api_key=other.keys["client_id"]) == (403, "403003")


def test_the_order_of_the_checks(client: Client) -> None:
    """With several faults at once, the token's absence is named first, the sandbox last."""
    everything = {"Authorization": None, "x_api_key": None, "x_gw_ims_org_id": None, "x_sandbox_name": None}
    codes = []
    for name in list(everything):
        codes.append(refused(client, **everything)[1])
        del everything[name]
    assert codes == ["403010", "403000", "400003", "2105-400"]


def test_a_body_needs_a_content_type(client: Client) -> None:
    """A body that is not declared as JSON gets the gateway's placeholder form."""
    url = f"{client.server.url}/data/foundation/flowservice/flows"
    answer = requests.post(url, data="{}", headers={**client.headers, "Content-Type": "text/plain"}, timeout=30)
    assert answer.status_code == 400
    assert answer.json() == {
        "type": "/placeholder/type/uri", "status": 400, "title": "BadRequestError",
        "detail": "A valid content-type must be specified",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/flowservice/flows", {"errorCode": "2118-403"}),
        ("/schemaregistry/stats", {"type": "http://ns.adobe.com/aep/errors/XDM-2010-403"}),
        ("/catalog/dataSets", {"type": "http://ns.adobe.com/aep/errors/PDP-4041-403"}),
        ("/conversion/mappingSets?limit=1&start=0", {"type": "http://ns.adobe.com/aep/errors/PDP-4041-403"}),
    ],
)
def test_a_missing_permission_is_the_services_refusal(shared_server: Server, path: str, found: dict) -> None:
    """The limited account passes the gateway and is refused by each service in its own words."""
    server = shared_server
    keys = server.control("GET", "/seats/default")["accounts"]["limited"]
    form = {
        "grant_type": "client_credentials", "client_id": keys["client_id"], "client_secret": keys["secret"],
        "scope": "openid",
    }  # fmt: skip
    token = requests.post(f"{server.url}/ims/token/v3", data=form, timeout=30).json()["access_token"]
    org = server.control("GET", "/seats/default")["org_id"]
    headers = {
        "Authorization": f"Bearer {token}", "x-api-key": keys["client_id"], "x-gw-ims-org-id": org,
        "x-sandbox-name": "prod",
    }  # fmt: skip
    answer = requests.get(f"{server.url}/data/foundation{path}", headers=headers, timeout=30)
    assert answer.status_code == 403
    assert found.items() <= answer.json().items()
    sandboxes = requests.get(f"{server.url}/data/foundation/sandbox-management/", headers=headers, timeout=30).json()
    assert [one["name"] for one in sandboxes["sandboxes"]] == ["prod", "dev"]


def test_a_project_without_product_profile_is_refused(take_seat: Callable[..., Client]) -> None:
    """The outsider gets a token from IMS, and the gateway refuses it whatever is asked for and however."""
    outsider = take_seat(role="outsider")
    assert outsider.keys["org_id"] == take_seat().keys["org_id"]
    for path in ("/flowservice/flows", "/catalog/dataSets", "/schemaregistry/stats", "/sandbox-management/"):
        answer = outsider.call("GET", path)
        assert (answer.status_code, answer.json()) == (
            403, {"error_code": "403025", "message": "Profile is not valid"},
        )  # fmt: skip


def test_a_seat_of_an_older_state_gets_the_outsider(tmp_path: Path) -> None:
    """A seat that was made before there was such an account has it, and its file, from the next start on, to stay."""
    server = Server(tmp_path)
    server.start()
    server.stop()
    with sqlite3.connect(tmp_path / "state.sqlite") as database:
        database.execute("UPDATE objects SET body = json_remove(body, '$.accounts[2]') WHERE kind = 'seats'")
        (left,) = database.execute(
            "SELECT json_array_length(body, '$.accounts') FROM objects WHERE kind = 'seats'"
        ).fetchone()
    database.close()
    (tmp_path / "credentials" / "default-outsider.json").unlink()
    assert left == 2
    keys = []
    for _ in range(2):
        server.start()
        try:
            keys.append(Client(server, role="outsider").keys["client_id"])
            assert refused(Client(server, role="outsider")) == (403, "403025")
            assert refused(Client(server)) == (200, None)
        finally:
            server.stop()
    assert keys[0] == keys[1]


def test_sandboxes_are_listed_as_the_account_may_use_them(client: Client) -> None:
    """The plain list has the two permitted sandboxes without a sandbox header; the administrator's list has all."""
    headers = {name: value for name, value in client.headers.items() if name != "x-sandbox-name"}
    url = f"{client.server.url}/data/foundation/sandbox-management"
    mine = requests.get(f"{url}/", headers=headers, timeout=30).json()
    every = requests.get(f"{url}/sandboxes", headers=headers, timeout=30).json()
    assert [(one["name"], one["type"], one["isDefault"]) for one in mine["sandboxes"]] == [
        ("prod", "production", True), ("dev", "development", False),
    ]  # fmt: skip
    assert [one["name"] for one in every["sandboxes"]] == ["prod", "dev", "finance"]
    assert requests.get(f"{url}/sandboxes/nowhere", headers=headers, timeout=30).status_code == 404


def test_every_answer_has_a_request_id(client: Client) -> None:
    """The caller's request id comes back; without one a new one is made."""
    assert client.call("GET", LIST, headers={"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert len(client.call("GET", LIST).headers["x-request-id"]) > 10


def test_seats_do_not_see_each_other(client: Client) -> None:
    """What one organisation makes, another does not find, and neither does another sandbox of the same one."""
    body = {
        "name": "mine",
        "connectionSpec": {"id": "073127a3-26e3-496c-9d94-9f48fb93fba8"},
        "data": {"format": "json"},
    }
    id = client.made("POST", "/flowservice/sourceConnections", body)["id"]
    path = f"/flowservice/sourceConnections/{id}"
    stranger = Client(client.server, seat="default")
    assert client.call("GET", path).status_code == 200
    assert stranger.call("GET", path).status_code == 404
    assert client.call("GET", path, headers={"x-sandbox-name": "prod"}).status_code == 404
