"""Other people's clients against a real local platform; aepp has an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatlio_helpers import local

DEMANDED = "CHATLIO_KIT_CLIENT_TESTS"  # set where a missing environment must fail, as in continuous integration
QUICK = {"landing_delay": 0.0, "enabling_delay": 0.0, "run_window": 0.5, "run_close_delay": 0.0}
HERE = Path(__file__).parent


def aepp_python() -> Path:
    """Give the Python of the clients' environment, there or not."""
    inside = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
    return Path(sys.prefix, "clients") / inside


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of aepp out where it is not installed, unless they are demanded; the summary says so."""
    if aepp_python().is_file() or os.environ.get(DEMANDED):
        return
    left_out = [item for item in items if item.get_closest_marker("aepp")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line that the tests of aepp did not run, and how to run them."""
    if not aepp_python().is_file() and not os.environ.get(DEMANDED):
        terminalreporter.write_line(
            f"Tests with Adobe's SDK aepp: left out; {DEMANDED}=1 make test installs and runs it"
        )


@pytest.fixture(scope="package")
def quick_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalPlatform]:
    """Run a local platform of its own, with quick dials."""
    folder = tmp_path_factory.mktemp("clients") / "state"
    running = local.start(folder)
    running.dials(**QUICK)
    yield running
    local.stop(folder)


@pytest.fixture(scope="package")
def journey(quick_platform: local.LocalPlatform) -> dict[str, Any]:
    """Run the script once with the SDK's own Python; gives what each step printed, by its name."""
    python = aepp_python()
    if not python.is_file():
        pytest.fail(
            f"{python} is not there, and these tests run Adobe's SDK in it. "
            f"Next step: {DEMANDED}=1 make test, which makes it.",
            pytrace=False,
        )
    command = [str(python), str(HERE / "aepp_journey.py"), quick_platform.url, str(quick_platform.seat("aepp"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["step"]: line for line in lines}
