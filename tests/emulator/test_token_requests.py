"""IMS: what a token request gets."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from running import Client, Server, running

SCOPE = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext"


def form(server: Server, **changes: str) -> dict[str, str]:
    """Give the fields of a good token request for the default seat, with changes."""
    keys = server.control("GET", "/seats/default")["accounts"]["full"]
    good = {
        "grant_type": "client_credentials", "client_id": keys["client_id"], "client_secret": keys["secret"],
        "scope": SCOPE,
    }  # fmt: skip
    return {**good, **changes}


def test_a_token_by_form_body_and_by_query(shared_server: Server) -> None:
    """Version 3 with a form body and version 2 with a query and an empty body both give a token for a day."""
    fields = form(shared_server)
    for answer in (
        requests.post(f"{shared_server.url}/ims/token/v3", data=fields, timeout=30),
        requests.post(f"{shared_server.url}/ims/token/v2", params=fields, timeout=30),
    ):
        body = answer.json()
        assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "bearer", 86399)
        assert body["access_token"].count(".") == 2


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"client_secret": "wrong"}, "invalid_client", "invalid client_secret parameter"),
        ({"client_id": "nobody"}, "invalid_client", "invalid client_id parameter"),
        ({"scope": "openid,everything"}, "invalid_scope", None),
        ({"grant_type": "password"}, "unsupported_grant_type", None),
    ],
)
def test_refusals(shared_server: Server, changes: dict[str, str], error: str, words: str | None) -> None:
    """Each fault of a token request is a 400 with IMS's error name, and where documented its words."""
    answer = requests.post(f"{shared_server.url}/ims/token/v3", data=form(shared_server, **changes), timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert words is None or answer.json()["error_description"] == words


def test_tokens_expire_and_can_be_revoked(tmp_path: Path) -> None:
    """A token stops working when its life is over or it is revoked; another seat's token goes on."""
    with running(tmp_path / "state") as server:
        server.control("POST", "/seats", {"names": ["ada"]})
        first, other = Client(server), Client(server, seat="ada")
        assert server.control("POST", "/tokens/revoke", {"seat": "default"})["revoked"] >= 1
        assert first.call("GET", "/flowservice/flows").json()["error_code"] == "401013"
        assert other.call("GET", "/flowservice/flows").status_code == 200
        server.turn(token_life=50)
        second = Client(server)
        server.turn(clock_offset=60)
        assert second.call("GET", "/flowservice/flows").status_code == 401


def test_no_token_is_kept_in_clear(tmp_path: Path) -> None:
    """The state file holds only the hash of a token."""
    with running(tmp_path / "state") as server:
        token = Client(server).headers["Authorization"].removeprefix("Bearer ")
        written = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("state.sqlite*"))
        assert token.encode() not in written
