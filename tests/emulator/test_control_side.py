"""The control side under /_local/: token, seats, dials, reset."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import requests
from running import Client, Server, make_chain, payload, running, wait_until


def test_all_but_health_needs_the_admin_token(shared_server: Server) -> None:
    """Health is open; everything else is refused without the token of the state folder, in three plain parts."""
    health = requests.get(f"{shared_server.url}/_local/health", timeout=30).json()
    assert (health["status"], health["state_version"]) == ("up", 1)
    for path in ("/state", "/seats", "/dials", "/seats/default"):
        answer = requests.get(f"{shared_server.url}/_local{path}", headers={"x-local-token": "guess"}, timeout=30)
        assert answer.status_code == 403
        assert set(answer.json()) == {"error", "cause", "next"}


def test_seats_are_made_in_bulk_and_once(shared_server: Server) -> None:
    """Many seats come from one call; a second makes none anew; each has organisation, tenant and keys of its own."""
    names = [f"bulk-{number}" for number in range(40)]
    first = shared_server.control("POST", "/seats", {"names": names})["seats"]
    again = shared_server.control("POST", "/seats", {"names": names})["seats"]
    assert first == again
    assert len({seat["org_id"] for seat in first}) == len({seat["tenant"] for seat in first}) == 40
    assert all(Path(seat["credentials"]).is_file() for seat in first)
    assert {seat["name"] for seat in shared_server.control("GET", "/seats")["seats"]} >= set(names)


@pytest.mark.parametrize(
    "body",
    [{}, {"names": []}, {"names": ["Ada Lovelace"]}, {"names": ["../x"]}, {"names": [1]}, {"names": ["con"]},
     {"names": ["ada", "com1"]}, {"names": ["nul"]}],
)  # fmt: skip
def test_a_bad_name_makes_no_seat(shared_server: Server, body: dict) -> None:
    """A name that cannot be a file's name is refused."""
    headers = {"x-local-token": (shared_server.folder / "admin-token").read_text()}
    answer = requests.post(f"{shared_server.url}/_local/seats", json=body, headers=headers, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["next"]


def test_files_are_the_owners_alone(shared_server: Server) -> None:
    """Nobody but the owner can read any file of the state folder."""
    files = [path for path in shared_server.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    open_files = [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_files == []


def test_reset_empties_one_seat_and_keeps_its_credentials(tmp_path: Path) -> None:
    """After a reset the seat's objects and rows are gone, its token and keys still work, and others keep theirs."""
    with running(tmp_path / "state") as server:
        server.control("POST", "/seats", {"names": ["ada"]})
        mine, hers = Client(server), Client(server, seat="ada")
        chain, other = make_chain(mine), make_chain(hers)
        for one in (chain, other):
            one.post(payload(1))
            wait_until(lambda one=one: one.counts() == (1, 0))
        deleted = server.control("POST", "/seats/default/reset")["deleted"]
        assert deleted["flows"] == deleted["dataSets"] == 1
        fresh = Client(server)
        assert fresh.call("GET", "/catalog/dataSets").json() == {}
        assert chain.post(payload(2)).status_code == 400
        assert other.counts() == (1, 0)
        server.control("POST", "/reset")
        assert Client(server, seat="ada").call("GET", "/flowservice/flows").json()["items"] == []


def test_dials_are_checked_and_survive_a_restart(tmp_path: Path) -> None:
    """A dial that is unknown or out of range changes nothing; a good one is still turned after a restart."""
    with running(tmp_path / "state") as server:
        headers = {"x-local-token": (server.folder / "admin-token").read_text()}
        for wrong in ({"warp": 1}, {"latency": -1}, {"latency": "fast"}, {"latency": True}, {"lost_rate": 2},
                      {"seed": 1.7}, {"token_life": 0}):  # fmt: skip
            body = {"landing_delay": 9, **wrong}
            answer = requests.put(f"{server.url}/_local/dials", json=body, headers=headers, timeout=30)
            assert answer.status_code == 400
        assert server.control("GET", "/dials")["dials"]["landing_delay"] == 0
        server.turn(landing_delay=7)
        server.stop()
        server.start()
        assert server.control("GET", "/dials")["dials"]["landing_delay"] == 7


def test_state_sums_up(client: Client) -> None:
    """The summary counts the objects of each seat by kind."""
    body = {"name": "one", "connectionSpec": {"id": "073127a3-26e3-496c-9d94-9f48fb93fba8"}, "data": {"format": "json"}}
    client.made("POST", "/flowservice/sourceConnections", body)
    seats = client.server.control("GET", "/state")["seats"]
    assert seats[client.seat]["sourceConnections"] == 1
