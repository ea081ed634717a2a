"""Many seats on one platform: made at once, reset one by one while the others work, and none of them notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Chain, Client, Server, make_chain, payload, running, wait_until

MANY = 500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform of these tests' own."""
    with running(tmp_path_factory.mktemp("class") / "state") as server:
        yield server


def test_five_hundred_seats_in_one_call(server: Server) -> None:
    """They take a few seconds, have organisations of their own, and every credential of them works at once."""
    names = [f"seat-{number:03}" for number in range(MANY)]
    began = time.monotonic()
    made = server.control("POST", "/seats", {"names": names})["seats"]
    seconds = time.monotonic() - began
    assert seconds < 8
    assert len({seat["org_id"] for seat in made}) == len({seat["tenant"] for seat in made}) == MANY
    assert all(Path(seat["credentials"]).stat().st_mode & 0o077 == 0 for seat in made)
    first, last = (Client(server, seat=name) for name in (names[0], names[-1]))
    assert first.tenant != last.tenant
    began = time.monotonic()
    assert server.control("POST", "/seats", {"names": names})["seats"] == made
    assert time.monotonic() - began < 8


class Worker(threading.Thread):
    """A seat at work: it posts events, reads its dataflow and makes connections until it is told to stop."""

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self.chain, self.enough = chain, threading.Event()
        self.accepted: list[str] = []
        self.odd: list[str] = []

    def run(self) -> None:
        """Work; whatever is not as it should be is written down."""
        number = 0
        while not self.enough.is_set():
            number += 1
            answers = [
                self.chain.post(payload(number)),
                self.chain.client.call("GET", f"/flowservice/flows/{self.chain.flow}"),
                self.chain.client.call("GET", "/catalog/dataSets"),
            ]
            self.odd += [f"{answer.status_code} {answer.text[:200]}" for answer in answers if not answer.ok]
            if answers[0].ok:
                self.accepted.append(f"event-{number}")


def test_a_reset_disturbs_nobody_else(server: Server) -> None:
    """While three seats work, a fourth is reset again and again: no error elsewhere, and every row of theirs lands."""
    names = ["one", "two", "three", "reset"]
    server.control("POST", "/seats", {"names": names})
    chains = [make_chain(Client(server, seat=name)) for name in names]
    workers = [Worker(chain) for chain in chains[:3]]
    for worker in workers:
        worker.start()
    victim = chains[3]
    for _ in range(4):
        for number in range(10):
            victim.post(payload(number))
        assert server.control("POST", "/seats/reset/reset")["deleted"]["flows"] == 1
        assert victim.post(payload(1)).status_code == 400
        assert Client(server, seat="reset").call("GET", "/catalog/batches").json() == {}
        victim = make_chain(Client(server, seat="reset"))
    for worker in workers:
        worker.enough.set()
        worker.join()
    assert [worker.odd for worker in workers] == [[], [], []]
    for worker in workers:
        wait_until(lambda worker=worker: worker.chain.counts()[0] >= len(worker.accepted))
        assert sorted(row["_id"] for row in worker.chain.landed()) == sorted(worker.accepted)
        assert worker.chain.failed() == []
        assert len(worker.accepted) > 5


def test_after_a_reset_nothing_of_a_seat_is_left_on_disk(server: Server) -> None:
    """Its files are gone from the lake, and a restart finds nothing of it again."""
    server.control("POST", "/seats", {"names": ["gone"]})
    chain = make_chain(Client(server, seat="gone"))
    chain.post(payload(1))
    wait_until(lambda: chain.counts() == (1, 0))
    server.control("POST", "/seats/gone/reset")
    wait_until(lambda: not list((server.folder / "lake" / "gone").rglob("*.parquet")))
    server.stop()
    server.start()
    kept = server.control("GET", "/state")["seats"]["gone"]
    assert set(kept) <= {"tokens"}
