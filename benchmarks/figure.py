"""One measured figure: ours, the alternative measured in the same run, and the limit it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from operator import ge, le


@dataclass(frozen=True)
class Figure:
    """A figure and its limit: ``at_most`` or ``at_least`` in its own unit, or the same as a ratio to the alternative.

    ``ours`` is None when it could not be read. A figure without a limit is reached once it was measured.
    """

    what: str
    unit: str
    ours: float | None
    alternative: str
    other: float
    at_most: float | None = None
    at_most_ratio: float | None = None
    at_least: float | None = None
    at_least_ratio: float | None = None

    @property
    def ratio(self) -> float | None:
        """Give ours divided by the alternative, None when there is nothing to divide."""
        return self.ours / self.other if self.ours is not None and self.other else None

    @property
    def reached(self) -> bool:
        """Tell whether the figure keeps its limit."""
        if self.ours is None:
            return False
        return all(
            limit is None or (value is not None and keeps(value, limit))
            for value, limit, keeps in (
                (self.ours, self.at_most, le),
                (self.ours, self.at_least, ge),
                (self.ratio, self.at_most_ratio, le),
                (self.ratio, self.at_least_ratio, ge),
            )
        )
