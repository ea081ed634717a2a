"""What is logged when the system has no more descriptors for new connections: one line a minute, not a flood.

The event loop tells of each connection that it could not accept, with a traceback, thousands of times within seconds;
that would push everything else out of the log.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from typing import Any

EVERY = 60.0  # seconds between two lines
_SHORT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger(__name__)


class AcceptErrors:
    """An exception handler for the event loop; what is not about accepting goes the usual way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = float("-inf")
        self._unsaid = 0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log, or count for the next line."""
        error = context.get("exception")
        accepting = isinstance(error, OSError) and "accept" in context.get("message", "")
        if not accepting or error.errno not in _SHORT_OF:
            loop.default_exception_handler(context)
            return
        self._unsaid += 1
        if self._clock() < self._next:
            return
        log.error("new connections cannot be accepted (%s); %d times since the last line", error, self._unsaid)
        self._next, self._unsaid = self._clock() + EVERY, 0
