"""Shared by all tests: a home of their own, and one local platform that real clients talk to over a socket."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_HOME = tempfile.TemporaryDirectory(prefix="kit-", ignore_cleanup_errors=True)
os.environ["CHATLIO_KIT_HOME"] = _HOME.name  # before anything asks for it: no test touches the reader's own home
os.environ.setdefault("CHATLIO_KIT_HEADLESS", "1")

from chatlio_helpers import local  # noqa: E402
from chatlio_helpers.connection import Connection, connect  # noqa: E402


@pytest.fixture(scope="session")
def platform() -> Iterator[local.LocalPlatform]:
    """One local platform process for the whole session, stopped at its end."""
    running = local.start()
    yield running
    local.stop()


@pytest.fixture
def open_seat(platform: local.LocalPlatform, tmp_path: Path) -> Callable[..., Connection]:
    """Connect to a seat that nobody has used: an organisation, a workspace and a ledger of its own."""
    name = f"t{uuid.uuid4().hex[:10]}"

    def connected(**settings: str) -> Connection:
        return connect("local", **{"seat": name, "workspace": str(tmp_path / "workspace"), **settings})

    return connected


@pytest.fixture
def aep(open_seat: Callable[..., Connection]) -> Connection:
    """A connection to a fresh seat."""
    return open_seat()
