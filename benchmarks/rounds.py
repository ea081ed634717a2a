"""Measure two things in turns, so that a machine that grows busier or warmer is so for both."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from .children import progress

Measurement = Callable[[], float]


def alternate(ours: Measurement, other: Measurement, times: int, *, warm: bool = True) -> tuple[float, float]:
    """Give the medians of *ours* and *other*, each measured *times* times; with *warm*, once more before, uncounted."""
    if warm:
        ours(), other()
    pairs = [_pair(ours, other, turn) for turn in range(times)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _pair(ours: Measurement, other: Measurement, turn: int) -> tuple[float, float]:
    if turn % 2:  # neither side always follows the other
        second = other()
        first = ours()
    else:
        first = ours()
        second = other()
    progress(f"round {turn + 1}: ours {first:.3f}, the alternative {second:.3f}")
    return first, second
