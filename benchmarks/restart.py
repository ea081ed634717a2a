"""The restart of a local platform with a million landed rows, to its first answer, beside one that has none."""

from __future__ import annotations

from pathlib import Path

from . import lake_growth, load_target
from .children import kit_home
from .figure import Figure
from .rounds import alternate
from .servers import cold_platform, local_platform

ROWS = 1_000_000
TIMES = 5


def measure() -> list[Figure]:
    """Give the seconds from the start of the process to its first answer, watched from outside."""
    with kit_home() as home:
        load_target.webhook(home)
        lake_growth.fill(home, ROWS)
        ours, other = alternate(lambda: _start(home), cold_platform, TIMES)
    return [Figure("local platform, restart with a million rows", "s", ours, "an empty one", other, at_most=1.5)]


def _start(home: Path) -> float:
    with local_platform(home / "platform") as server:
        return server.seconds
