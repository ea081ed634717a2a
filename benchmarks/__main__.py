"""Measure every figure and print the table; exits with 1 when a figure is missed, 2 when one could not be measured."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import children, machine, page, table
from .figure import Figure
from .registry import MEASUREMENTS


def main() -> int:
    """Measure what was asked for; gives the exit code."""
    options = _options()
    described = machine.described()  # before the measuring makes the machine busy
    figures, failures = _measured(options.only or list(MEASUREMENTS))
    print(table.markdown(figures))
    print("\n".join(["", described, *failures]))
    if failures:
        return 2
    if options.write:
        page.write(figures, described)
    return 0 if all(figure.reached for figure in figures) else 1


def _measured(names: Sequence[str]) -> tuple[list[Figure], list[str]]:
    """Give the figures of *names*, and a line for each that could not be measured."""
    figures: list[Figure] = []
    failures: list[str] = []
    for name in names:
        children.progress(f"{name} ...")
        try:
            figures += MEASUREMENTS[name]()
        except children.Failed as failed:
            failures.append(f"{name} could not be measured: {failed}")
    return figures, failures


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=list(MEASUREMENTS), help="measure only this; may be repeated"
    )
    parser.add_argument("--write", action="store_true", help="renew docs/figures.md; needs every measurement")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write needs every measurement: leave --only away")
    return options


if __name__ == "__main__":
    sys.exit(main())
