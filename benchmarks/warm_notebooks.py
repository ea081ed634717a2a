"""All seven notebooks, warm, beside the same runner on as many notebooks that only import pandas and requests."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .children import CHECKOUT, kit_home, scratch, seconds
from .figure import Figure
from .rounds import alternate

TIMES = 3


@dataclass(frozen=True)
class _Runner:
    """The runner as `make run` calls it; its reports are removed after each run."""

    home: Path

    def seconds(self, notebooks: Sequence[Path]) -> float:
        took = seconds([sys.executable, "-m", "chatlio_helpers", "run", *notebooks], self.home)
        shutil.rmtree(self.home / "runs")
        return took


def measure() -> list[Figure]:
    """Give the figure of the seven notebooks; the local platform runs already, as it does for a second run."""
    journey = sorted((CHECKOUT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    with kit_home() as home, scratch() as folder:
        imports = [_import_only(folder / f"{number:02}_imports.ipynb") for number in range(len(journey))]
        runner = _Runner(home)
        ours, other = alternate(lambda: runner.seconds(journey), lambda: runner.seconds(imports), TIMES)
    what = f"all {len(journey)} notebooks, warm"
    alternative = f"{len(journey)} notebooks that import pandas and requests only"
    return [Figure(what, "s", ours, alternative, other, at_most_ratio=2.0)]


def _import_only(path: Path) -> Path:
    from nbformat import v4, write

    write(v4.new_notebook(cells=[v4.new_code_cell("import pandas\nimport requests")]), path)
    return path
