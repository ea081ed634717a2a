"""Faults by dial: throttling, passing failures, lost answers, slow answers; the same again from the same seed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from running import CHATLIO, QUICK, Client, Server, running

SOURCES = "/flowservice/sourceConnections"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform whose dials these tests may turn."""
    with running(tmp_path_factory.mktemp("faults") / "state") as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Give a client, and turn the faults off afterwards."""
    yield Client(server)
    server.control("POST", "/reset")
    server.turn(**QUICK)


def test_throttling_and_failures_say_when_to_come_back(client: Client, server: Server) -> None:
    """429 in the gateway's form, 503 in the service's, both with Retry-After; the control side is never touched."""
    server.turn(throttle_rate=1)
    answer = client.call("GET", SOURCES)
    assert (answer.status_code, answer.json()["error_code"], answer.headers["retry-after"]) == (429, "429050", "1")
    server.turn(throttle_rate=0, fault_rate=1)
    answer = client.call("GET", SOURCES)
    assert (answer.status_code, answer.json()["errorCode"], answer.headers["retry-after"]) == (503, "1103-503", "1")
    inlet = requests.post(f"{server.url}/collection/{'0' * 64}", json={}, timeout=30)
    assert (inlet.status_code, inlet.json()["status"]) == (503, 503)


def test_a_lost_answer_is_work_done(client: Client, server: Server) -> None:
    """The connection is cut, and yet the object was made."""
    server.turn(lost_rate=1)
    body = {"name": "lost", "connectionSpec": CHATLIO, "data": {"format": "json"}}
    with pytest.raises(requests.RequestException):
        client.call("POST", SOURCES, body)
    server.turn(lost_rate=0)
    found = Client(server).made("GET", f"{SOURCES}?property=name==lost", None)["items"]
    assert len(found) == 1


def test_the_same_seed_gives_the_same_faults(client: Client, server: Server) -> None:
    """Two rounds from one seed meet the same faults; another seed meets others."""

    def round_of(seed: int) -> list[int]:
        server.turn(throttle_rate=0.3, fault_rate=0.3, seed=seed)
        return [client.call("GET", SOURCES).status_code for _ in range(20)]

    first, other, again = round_of(7), round_of(8), round_of(7)
    assert first == again != other
    assert set(first) == {200, 429, 503}


def test_latency(client: Client, server: Server) -> None:
    """Each answer is late by the dial's seconds."""
    server.turn(latency=0.3)
    began = time.monotonic()
    client.call("GET", SOURCES)
    assert time.monotonic() - began >= 0.3


RATES = {"throttle_rate": 0.15, "fault_rate": 0.15, "token_refusal_rate": 0.15, "latency_jitter": 0.001}


def test_setting_the_seed_starts_the_draws_anew(client: Client, server: Server) -> None:
    """The same seed, set again, gives the same faults again, also when the process was started anew in between."""

    def round_of() -> list[int]:
        server.turn(seed=3, **RATES)
        return [client.call("GET", SOURCES).status_code for _ in range(30)]

    first, second = round_of(), round_of()
    server.stop()
    server.start()
    assert first == second == round_of()
    assert set(first) == {200, 401, 429, 503}


def test_a_good_token_is_refused_at_its_rate(client: Client, server: Server) -> None:
    """401 in the gateway's words and in the inlet's; IMS itself still gives tokens."""
    server.turn(token_refusal_rate=1)
    answer = client.call("GET", SOURCES)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "401013")
    inlet = requests.post(f"{server.url}/collection/{'0' * 64}", json={}, timeout=30)
    assert (inlet.status_code, inlet.json()["status"], inlet.json()["title"]) == (401, "401", "Authorization")
    assert Client(server).headers["Authorization"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_every_passing_failure(client: Client, server: Server, status: int) -> None:
    """The dial fault_status says which 5xx; every service and the inlet answer it with a body of words."""
    server.turn(fault_rate=1, fault_status=status)
    for path in ("/flowservice/flows", "/schemaregistry/stats", "/catalog/dataSets", "/conversion/mappingSets"):
        answer = client.call("GET", path)
        assert answer.status_code == status
        assert answer.json()
    assert requests.post(f"{server.url}/collection/{'0' * 64}", json={}, timeout=30).status_code == status


def test_a_seat_over_its_limit_is_told_when_to_come_back(client: Client, server: Server) -> None:
    """Five requests a second for each seat: the sixth is a 429 whose wait is true; another seat is not touched."""
    server.control("POST", "/seats", {"names": ["ben"]})
    other = Client(server, seat="ben")
    server.turn(seat_limit=5)
    statuses = [client.call("GET", SOURCES) for _ in range(8)]
    assert [answer.status_code for answer in statuses][:6] == [200] * 5 + [429]
    assert other.call("GET", SOURCES).status_code == 200
    time.sleep(float(statuses[-1].headers["retry-after"]))
    assert client.call("GET", SOURCES).status_code == 200


def test_an_inlet_over_its_limit(client: Client, server: Server) -> None:
    """Each inlet has a limit of its own, answered in the inlet's form."""
    server.turn(inlet_limit=2)
    one, other = (f"{server.url}/collection/{digit * 64}" for digit in "01")
    statuses = [requests.post(one, json={}, timeout=30).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    assert requests.post(other, json={}, timeout=30).status_code == 400


def test_a_freeze_holds_everything_and_ends_by_itself(client: Client, server: Server) -> None:
    """Nothing is answered while the platform is frozen, its control side included; then all goes on."""
    server.turn(freeze=0.6)
    began = time.monotonic()
    with pytest.raises(requests.Timeout):
        requests.get(f"{server.url}/_local/health", timeout=0.2)
    assert client.call("GET", SOURCES).status_code == 200
    assert 0.5 <= time.monotonic() - began < 5
    assert server.control("GET", "/dials")["dials"]["freeze"] == 0


def test_a_dial_takes_only_what_it_can_do(server: Server) -> None:
    """A status that is no passing failure, and a freeze without end, are refused."""
    headers = {"x-local-token": (server.folder / "admin-token").read_text()}
    for wrong in ({"fault_status": 501}, {"freeze": 100_000}, {"seat_limit": -1}):
        assert requests.put(f"{server.url}/_local/dials", json=wrong, headers=headers, timeout=30).status_code == 400
