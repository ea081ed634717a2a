"""Other people's clients against a real local platform; aepp has an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from installed import HOW, aepp_python, missing

from chatlio_helpers import local

QUICK = {"landing_delay": 0.0, "enabling_delay": 0.0, "run_window": 0.5, "run_close_delay": 0.0}
HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of a client out where it is not installed, unless it is demanded; the summary says so."""
    absent = missing()
    left_out = [item for item in items if any(mark.args[0] in absent for mark in item.iter_markers("client"))]
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line for each client whose tests did not run how to run them."""
    for name in missing():
        terminalreporter.write_line(f"Tests with {name}: left out, it is not installed; {HOW[name]}")


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
            f"{python} is not there, and these tests run Adobe's SDK in it. Next step: {HOW['aepp']}.",
            pytrace=False,
        )
    command = [str(python), str(HERE / "aepp_journey.py"), quick_platform.url, str(quick_platform.seat("aepp"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["step"]: line for line in lines}
