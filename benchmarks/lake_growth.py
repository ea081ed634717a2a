"""What a large lake costs the landing: its rate with five million rows in the lake, beside its rate with none."""

from __future__ import annotations

import sys
from pathlib import Path

from . import landing, load_target
from .children import kit_home, output, progress
from .figure import Figure
from .rounds import alternate

ROWS = 5_000_000
WARMING, SECONDS, TIMES = 2.0, 5.0, 5


def measure() -> list[Figure]:
    """Give the rate of landing into a full lake and into an empty one, measured in turns on two platforms."""
    with kit_home() as full, kit_home() as empty:
        urls = {home: load_target.webhook(home) for home in (full, empty)}
        fill(full, ROWS)
        output([sys.executable, "-m", "chatlio_helpers", "platform", "up"], full)
        ours, other = alternate(lambda: _rate(full, urls), lambda: _rate(empty, urls), TIMES, warm=False)
    return [
        Figure("landing with 5 million rows in the lake", "rows/s", ours, "with none", other, at_least_ratio=0.9),
    ]  # fmt: skip


def fill(home: Path, rows: int) -> None:
    """Put so many rows into the lake of *home*, whose platform has a transcript dataflow; it is stopped afterwards."""
    output([sys.executable, "-m", "chatlio_helpers", "platform", "down"], home)
    spent = output([sys.executable, "-m", "benchmarks.lake_filling", home / "platform", str(rows)]).strip()
    progress(f"{rows} rows written in {spent}")


def _rate(home: Path, urls: dict[Path, str]) -> float:
    return landing.loaded(home, urls[home], SECONDS, WARMING)[0]
