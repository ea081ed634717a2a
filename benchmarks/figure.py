"""One measured figure: ours, the alternative measured in the same run, and the limit it is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure and its limit: ``at_most`` in its own unit, or ``at_most_ratio`` times the alternative.

    ``ours`` is None when it could not be read. A figure without a limit is reached once it was measured.
    """

    what: str
    unit: str
    ours: float | None
    alternative: str
    other: float
    at_most: float | None = None
    at_most_ratio: float | None = None

    @property
    def ratio(self) -> float | None:
        """Give ours divided by the alternative, None when there is nothing to divide."""
        return self.ours / self.other if self.ours is not None and self.other else None

    @property
    def reached(self) -> bool:
        """Tell whether the figure keeps its limit."""
        if self.ours is None:
            return False
        if self.at_most_ratio is not None:
            return self.ratio is not None and self.ratio <= self.at_most_ratio
        return self.at_most is None or self.ours <= self.at_most
