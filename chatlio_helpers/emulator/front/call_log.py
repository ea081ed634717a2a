"""The log of calls: one line for each, but of a flood of messages that are taken the first, and one line a second.

To write a line costs as much as to take a message.
"""

from __future__ import annotations

import asyncio
import logging
import re

from ..control.redaction import HIDDEN, Redaction

log = logging.getLogger("local-platform.calls")
_EVERY = 1.0  # seconds
_TAKEN = (200, 207)
_POSTS = "/collection"
_BY_FORM = Redaction()
_INLET = re.compile(r"^(/collection/(?:batch/)?).+")


class CallLog:
    """Writes the log of calls; used from the event loop only."""

    def __init__(self) -> None:
        self._flood, self._more, self._longest = False, 0, 0.0

    def note(self, method: str, path: str, status: int, ms: float, redaction: Redaction = _BY_FORM) -> None:
        """Tell of one request: *status* is 0 when no answer went out, *ms* how long it took in milliseconds.

        Method and path, decoded, are a stranger's; what *redaction* finds in them is not written.
        """
        if status in _TAKEN and path.startswith(_POSTS):
            if self._flood:
                self._more += 1
                self._longest = max(self._longest, ms)
                return
            self._flood = True
            asyncio.get_running_loop().call_later(_EVERY, self._tell)
        log.info("%s %s %s %.1f ms", redaction.text(method), _loggable(path, redaction), status or "cut", ms)

    def _tell(self) -> None:
        if not self._more:
            self._flood = False
            return
        log.info("POST to inlets, taken: %d more, the longest in %.1f ms", self._more, self._longest)
        self._more, self._longest = 0, 0.0
        asyncio.get_running_loop().call_later(_EVERY, self._tell)


def _loggable(path: str, redaction: Redaction) -> str:
    """Give the path as one line, without an inlet's id or another secret."""
    shown = redaction.text(_INLET.sub(rf"\1{HIDDEN}", path))
    return shown if shown.isprintable() else ascii(shown)
