"""docs/figures.md: the last table that was measured, and how to measure it again."""

from __future__ import annotations

from collections.abc import Sequence

from . import table
from .children import CHECKOUT
from .figure import Figure

PAGE = CHECKOUT / "docs" / "figures.md"
_TEXT = """# Figures

What `make bench` measured last. Each figure stands beside what you would use instead, measured in turns in the same
run; every number is a median. `make bench` exits with 1 when a figure misses its limit.

{table}

Measured with {machine}.

- *Fresh clone*: `git clone` into an empty folder, then `make run` there, with an environment and a home of its own.
  The alternative is pip alone, in an environment that is made before its clock starts. An uncounted turn of both
  fills pip's download cache. The first landed, verified event is what the same runs report in `summary.json`.
- *Warm*: the environment is there and the local platform runs, as in a second `make run`. The alternative is executed
  by the same runner, with the same report.
- *Local platform*: its process on an empty state folder, watched from outside: seconds from the start of the process
  to the first answer of `/_local/health`; resident memory after two seconds without a request.
- *Inlet*: 32 kept-alive connections from a process of its own post transcripts for two seconds a turn. Ours are on disk
  before the answer and land meanwhile; the alternative is a handler of the same framework that parses the JSON and
  forgets it. In batches: 300 events a request, four connections; the rate counts events.
- *Control plane*: a process of its own plays 100 seats at once; each makes schema, field group, dataset, connections,
  mapping set and dataflow, and reads until it is enabled. The 99th percentile over all calls, median of three rounds.
- *Landing*: transcripts arrive in batches from another process and are mapped with the kit's transcript mapping,
  validated and written as Parquet, for a minute. The alternative parses the same JSON and writes it unmapped, in one
  process, with no promise about crashes. Memory is that of all the platform's processes.
- *Rows in the lake*: five million rows of real batches lie there first; the rates are taken in turns.
- *Growth*: each kind of call with 10,000 objects of each kind, and with 100, in turns on two platforms.
- *Import*: a Python process that imports, less one that does nothing.
- What is measured runs without `PYTHONDONTWRITEBYTECODE`, should it be set: with it, the kit alone would be compiled
  at every start, while everything that pip installs is compiled once.

This page is written by `python -m benchmarks --write`, and only then.
"""


def write(figures: Sequence[Figure], machine: str) -> None:
    """Renew the page."""
    PAGE.write_text(_TEXT.format(table=table.markdown(figures), machine=machine), encoding="utf-8")
