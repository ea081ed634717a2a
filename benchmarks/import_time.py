"""`import chatlio_helpers`, and what it drags in, beside `import pandas`; both less a bare interpreter."""

from __future__ import annotations

import json
import sys
from statistics import median

from .children import output, seconds
from .figure import Figure

TIMES = 10
HEAVY = ("pandas", "numpy", "pyarrow", "matplotlib", "requests", "ipywidgets", "IPython", "papermill", "nbclient",
         "nbconvert", "starlette", "uvicorn", "lark", "orjson")  # fmt: skip


def measure() -> list[Figure]:
    """Give the import's milliseconds (median of ten) and the count of heavy libraries it loads."""
    ours, other = _milliseconds("chatlio_helpers", "pandas")
    what, alternative = "`import chatlio_helpers`", "`import pandas`"
    return [
        Figure(what, "ms", ours, alternative, other, at_most=80),
        Figure(f"heavy libraries that {what} loads", "", _heavy("chatlio_helpers"), alternative, _heavy("pandas"),
               at_most=0),
    ]  # fmt: skip


def _milliseconds(*modules: str) -> list[float]:
    """Give the median milliseconds that importing each module adds to a bare interpreter, measured in turns."""
    codes = ["pass", *(f"import {module}" for module in modules)]
    for code in codes:
        seconds([sys.executable, "-c", code])  # the first import after a change compiles
    turns = [[seconds([sys.executable, "-c", code]) for code in codes] for _ in range(TIMES)]
    return [1000 * median(turn[column] - turn[0] for turn in turns) for column in range(1, len(codes))]


def _heavy(module: str) -> int:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(output([sys.executable, "-c", code])))
    return len(loaded.intersection(HEAVY))
