"""Synchronous validation's limit: 60 requests a minute for each inlet (documented: streaming-ingestion.yaml)."""

from __future__ import annotations

import math
import time
from collections import deque

PER_MINUTE = 60


class SyncLimit:
    """Counts the requests of the last minute, inlet by inlet; used from the event loop only."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def allows(self, inlet: str) -> bool:
        """Count one request to *inlet*; False when it is one too many."""
        now = time.monotonic()
        times = self._times.setdefault(inlet, deque())
        while times and now - times[0] >= 60:
            times.popleft()
        if len(times) >= PER_MINUTE:
            return False
        times.append(now)
        return True

    def wait(self, inlet: str) -> int:
        """Give in how many seconds, at least 1, a request to *inlet* is allowed again."""
        times = self._times.get(inlet)
        return max(1, math.ceil(60 - (time.monotonic() - times[0]))) if times else 1
