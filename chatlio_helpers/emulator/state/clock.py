"""What time the local platform believes it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from .dials import Dials


class Clock:
    """The computer's clock, moved by the dial ``clock_offset`` (seconds), so that a day can pass in a test."""

    def __init__(self, dials: Dials) -> None:
        self._dials = dials

    def now_ms(self) -> int:
        """Give the time as epoch milliseconds."""
        return int((time.time() + self._dials["clock_offset"]) * 1000)

    def now(self) -> datetime:
        """Give the time as an aware UTC datetime."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)
