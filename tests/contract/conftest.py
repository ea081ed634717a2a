"""The contract tests: the client against the real local platform, in a process of its own, over a socket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlio_helpers import credentials
from chatlio_helpers.aep import Endpoints, Platform
from chatlio_helpers.local import LocalPlatform

from .judge import VARIABLE, Judge

_HERE = Path(__file__).parent
_NEEDS_ALL = "test_no_deviation_is_stale"


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """Start a local platform with a state folder of its own, for the whole session."""
    folder = tmp_path_factory.mktemp("platform")
    command = [sys.executable, "-m", "chatlio_helpers.emulator", "--data", str(folder), "--idle", "600"]
    with open(folder.with_suffix(".log"), "wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        line = process.stdout.readline() if process.stdout else b""
        assert line, folder.with_suffix(".log").read_text()
        said = json.loads(line)
        yield LocalPlatform(said["url"], said["pid"], folder)
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge | None]:
    """Give the judge when Adobe's descriptions are at hand."""
    return _judge


@pytest.fixture
def seat(request: pytest.FixtureRequest) -> str:
    """Give a name of an organisation that only this test uses."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name.removeprefix("test_"))
    return f"{words[:24].strip('-')}-{abs(hash(request.node.nodeid)) % 10**8}"


@pytest.fixture
def platform(local: LocalPlatform, seat: str) -> Iterator[Platform]:
    """Give a client of a fresh organisation; every exchange is held by the judge."""
    made = connected(local, local.seat(seat))
    yield made
    _settle_judgement()


@pytest.fixture
def limited(local: LocalPlatform, seat: str) -> Iterator[Platform]:
    """Give a client of the same organisation whose account has no role."""
    made = connected(local, local.limited_seat(seat))
    yield made
    _settle_judgement()


def connected(local: LocalPlatform, path: Path, sandbox: str = "dev") -> Platform:
    """Give a client with the credentials at *path*, watched by the judge."""
    made = Platform(credentials.load(path), Endpoints.at(local.url), sandbox=sandbox, name="local")
    if _judge:
        made.session.http.hooks["response"].append(_judge.hold)
    return made


def _settle_judgement() -> None:
    if _judge:
        found, _judge.unexplained[:] = sorted(set(_judge.unexplained)), []
        assert not found, "Adobe's descriptions say otherwise:\n" + "\n".join(found)


_judge = Judge(Path(os.environ[VARIABLE])) if os.environ.get(VARIABLE) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the check for stale deviations come last, and only when all contract tests run and there is a judge."""
    last = [item for item in items if item.name == _NEEDS_ALL]
    collected = {Path(item.path) for item in items}
    whole = collected >= set(_HERE.glob("test_*.py")) and not config.option.keyword
    items[:] = [item for item in items if item not in last] + (last if _judge and whole else [])
    if not (_judge and whole):
        config.hook.pytest_deselected(items=last)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line whether the judge ran."""
    if _judge is None:
        words = f"Adobe's API descriptions: the judge did not run ({VARIABLE} is not set)"
    else:
        words = f"Adobe's API descriptions: {_judge.held} exchanges held, {len(_judge.used)} accepted deviations used"
    terminalreporter.write_line(words)
