"""Faults by dial: throttling, passing failures, lost answers, slow answers; the same again from the same seed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from running import CHATLIO, Client, Server, running

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
    server.turn(throttle_rate=0, fault_rate=0, lost_rate=0, latency=0)


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
