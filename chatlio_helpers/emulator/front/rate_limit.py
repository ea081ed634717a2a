"""So many requests a second for each name: a bucket that holds one second's worth and fills evenly."""

from __future__ import annotations

import math
from collections import OrderedDict

MOST_KEPT = 4096  # names; the one that was asked about longest ago is forgotten first, and then has a full bucket


class RateLimit:
    """The buckets of all names."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is in it, and when that was true

    def wait(self, name: str, rate: float, now: float) -> int:
        """Take one request of *name*: 0 when it may pass, else the whole seconds after which one may.

        *rate* is in requests a second, *now* in seconds of a clock that never goes back.
        """
        full = max(1.0, rate)
        held, at = self._buckets.pop(name, (full, now))
        held = min(full, held + (now - at) * rate)
        passes = held >= 1
        self._buckets[name] = (held - 1 if passes else held, now)
        while len(self._buckets) > MOST_KEPT:
            self._buckets.popitem(last=False)
        return 0 if passes else math.ceil((1 - held) / rate)
