"""The short form needs Adobe's descriptions; without them it is left out, and the summary says so."""

from __future__ import annotations

import os

from tests.contract.judge import VARIABLE

collect_ignore = [] if os.environ.get(VARIABLE) else ["test_surface.py"]


def pytest_terminal_summary(terminalreporter: object) -> None:
    """Say what was left out."""
    if collect_ignore:
        terminalreporter.write_line(f"left out: tests/surface, because {VARIABLE} is not set")  # type: ignore[attr-defined]
