"""One local platform for the tests of the control side; each test takes a seat of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import Client, Server, running


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one local platform for all tests that neither stop it nor turn its dials."""
    folder: Path = tmp_path_factory.mktemp("shared") / "state"
    with running(folder) as server:
        yield server


@pytest.fixture
def take_seat(shared_server: Server) -> Callable[..., Client]:
    """Give a client of a seat that no other test uses; a second call gives another account of the same seat."""
    name = f"s{uuid.uuid4().hex[:10]}"
    shared_server.control("POST", "/seats", {"names": [name]})

    def client(**settings: str) -> Client:
        return Client(shared_server, seat=name, **settings)

    return client


@pytest.fixture
def client(take_seat: Callable[..., Client]) -> Client:
    """Give the full account of a seat that no other test uses."""
    return take_seat()
