"""The log of calls: one line for each, but for messages that were taken, of which there is one line a second."""

from __future__ import annotations

import asyncio
import logging
import re

log = logging.getLogger("local-platform.calls")
_EVERY = 1.0  # seconds
_TAKEN = (200, 207)
_POSTS = "/collection"
_INLET = re.compile(r"^(/collection/(?:batch/)?).+")


class CallLog:
    """Writes the log of calls; used from the event loop only. To write a line costs as much as to take a message."""

    def __init__(self) -> None:
        self._posts, self._longest = 0, 0.0

    def note(self, method: str, path: str, status: int, ms: float) -> None:
        """Tell of one request: *status* is 0 when no answer went out, *ms* how long it took in milliseconds."""
        if status not in _TAKEN or not path.startswith(_POSTS):
            log.info("%s %s %s %.1f ms", method, _loggable(path), status or "cut", ms)
            return
        if not self._posts:
            asyncio.get_running_loop().call_later(_EVERY, self._tell)
        self._posts += 1
        self._longest = max(self._longest, ms)

    def _tell(self) -> None:
        log.info("%d posts to inlets were taken; the longest took %.1f ms", self._posts, self._longest)
        self._posts, self._longest = 0, 0.0


def _loggable(path: str) -> str:
    """Give the path as one line, without an inlet's id."""
    return _INLET.sub(r"\1•••", path if path.isprintable() else ascii(path))
