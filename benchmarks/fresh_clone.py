"""`make run` on a fresh clone, beside `pip install -r requirements.txt` alone, both with a warm download cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .children import CHECKOUT, base_python, output, python_in, scratch, seconds
from .figure import Figure
from .rounds import alternate

TIMES = 2


@dataclass(frozen=True)
class Runs:
    """Median seconds of both sides, and the summary.json of each run of ours that was counted."""

    ours: float
    other: float
    summaries: Sequence[dict[str, Any]]


@dataclass
class _Sides:
    folder: Path
    summaries: list[dict[str, Any]] = field(default_factory=list)

    def journey(self) -> float:
        """Clone what is committed and time `make run` in the clone, with an environment and a home of its own."""
        clone, home = self.folder / "clone", self.folder / "home"
        output(["git", "clone", "--quiet", CHECKOUT, clone])
        took = seconds(_make_run(), home, clone)
        output([python_in(clone / ".venv"), "-m", "chatlio_helpers", "platform", "down"], home, clone)
        (summary,) = home.glob("runs/*/summary.json")
        self.summaries.append(json.loads(summary.read_text("utf-8")))
        shutil.rmtree(clone)
        shutil.rmtree(home)
        return took

    def pip_alone(self) -> float:
        """Time pip on requirements.txt as committed, in an empty environment that is made before the clock starts."""
        venv, clone = self.folder / "venv", self.folder / "pip-clone"
        output(["git", "clone", "--quiet", CHECKOUT, clone])
        output([base_python(), "-m", "venv", venv])
        took = seconds([python_in(venv), "-m", "pip", "install", "-r", "requirements.txt"], cwd=clone)
        shutil.rmtree(venv)
        shutil.rmtree(clone)
        return took


@cache
def runs() -> Runs:
    """Measure both sides in turns; the uncounted first turn of each fills pip's download cache."""
    with scratch() as folder:
        sides = _Sides(folder)
        ours, other = alternate(sides.journey, sides.pip_alone, TIMES)
    return Runs(ours, other, sides.summaries[1:])


def measure() -> list[Figure]:
    """Give the figure of the whole `make run`."""
    both = runs()
    what = "`make run` on a fresh clone, seven notebooks"
    return [
        Figure(what, "s", both.ours, "`pip install -r requirements.txt` alone", both.other, at_most_ratio=2.0),
    ]


def _make_run() -> list[str]:
    if shutil.which("make"):
        return ["make", "run", f"PYTHON={base_python()}"]
    return [base_python(), "bootstrap.py", "run"]
