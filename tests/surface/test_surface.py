"""The short form of the hunt: a few requests of every shape to every operation that Adobe's descriptions list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.judge import VARIABLE, Judge
from tests.emulator.running import Server, running

from .hunt import Catch, descriptions, hunt, targets
from .world import Recording, make_world

EXAMPLES, SEED = 8, 7
FOLDER = Path(os.environ[VARIABLE])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one local platform for the whole hunt."""
    with running(tmp_path_factory.mktemp("surface") / "state") as server:
        yield server


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Read the descriptions once."""
    return Judge(FOLDER)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in descriptions(FOLDER) if targets(path)])
def test_no_request_finds_a_fault(path: Path, server: Server, judge: Judge) -> None:
    """No answer is a 5xx, has a status that is not described, or a body outside its schema, but for reasons given."""
    server.control("POST", "/seats", {"names": [path.stem]})
    world, catch = make_world(Recording(server, seat=path.stem)), Catch()
    for target in targets(path):
        hunt(target, world, judge, catch, examples=EXAMPLES, start=SEED)
    assert catch.requests >= len(targets(path)) * EXAMPLES // 2
    assert not catch.findings, "\n".join(catch.lines())
    assert "Traceback" not in (server.folder / "log").read_text(encoding="utf-8")
